"""When a request was received: the server's time for what an office submits, and corrections by the plan (R21, R23)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Final

from domain.commands import Command
from domain.commands.context import CommandContext, Occasion
from domain.commands.requests import CorrectReceipt, SubmitRequest
from domain.decisions.consequences import DecisionFunction
from domain.decisions.preconditions import Precondition, request_on_record
from domain.errors import InvalidCommand
from domain.events import PatientEvent
from domain.events.receipts import ReceiptCorrected
from domain.history.records import Request
from domain.history.state import PatientHistory


def check_receipt(history: PatientHistory, command: SubmitRequest, context: CommandContext) -> None:
    """Raises InvalidCommand if the submitted request can't have been received at the stated time or in the stated way.

    What a provider office submits is received now: only the plan records another time, such as that of a fax.
    """
    if context.actor.role == "requester" and context.imported_from is None:
        _check_submitted_by_office(command, context)
    if command.received_at is not None:
        _check_time(history, command.received_at, context)


def _check_submitted_by_office(command: SubmitRequest, context: CommandContext) -> None:
    if command.received_at not in (None, context.at):
        raise InvalidCommand(
            "a request that a provider office submits is received when it is submitted",
            field="received_at",
            remedy="leave this field out; the plan corrects the receipt of a request that it received earlier",
        )
    if command.receipt_source not in (None, "portal", "electronic"):
        raise InvalidCommand(
            "a request that a provider office submits was not received by fax, mail or phone",
            field="receipt_source",
            remedy="leave this field out; the plan corrects the receipt of a request that it received earlier",
        )


def _check_time(history: PatientHistory, received: datetime, occasion: Occasion) -> None:
    """Raises InvalidCommand if the time is in the future or before the patient's birth."""
    if received > occasion.at:
        raise InvalidCommand(
            "the time of receipt is in the future",
            field="received_at",
            remedy="send the time at which the request was received",
        )
    if history.birth_date is not None and occasion.day_of(received) < history.birth_date.earliest:
        raise InvalidCommand(
            "the time of receipt is before the patient's birth date",
            field="received_at",
            remedy="send the time at which the request was received, or correct the birth date first",
        )


def correct_receipt(
    history: PatientHistory, command: CorrectReceipt, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """Correct when and how the request was received. A determination on record keeps what it was made from."""
    request = request_on_record(history, command.request_id, context)
    if (command.received_at, command.receipt_source) == (request.received_at, request.receipt_source):
        raise InvalidCommand(
            "this receipt is already on record", field="received_at", remedy="send the corrected time or source"
        )
    _check_time(history, command.received_at, context)
    received_on = context.day_of(command.received_at)
    _check_before_what_followed(history, request, command.received_at, context)
    for dose in history.doses:
        if dose.dose_id in request.retrospective_for and dose.stands and dose.on >= received_on:
            raise InvalidCommand(
                f"the request lists a dose of {dose.on}, which was given before the request was received",
                field="received_at",
                remedy=f"send a time after {dose.on}",
            )
    return (
        context.event(
            ReceiptCorrected,
            request_id=request.request_id,
            received_at=command.received_at,
            received_on=received_on,
            receipt_source=command.receipt_source,
            reason=command.reason,
        ),
    )


def _check_before_what_followed(
    history: PatientHistory, request: Request, received: datetime, occasion: Occasion
) -> None:
    """Raises InvalidCommand if something that followed the receipt was before this time."""
    followed, what = min(_followed(history, request, occasion))
    if received > followed:
        raise InvalidCommand(
            f"the request was received before that: {what} at {followed.isoformat(timespec='seconds')}",
            field="received_at",
            remedy="send an earlier time",
        )


def _followed(history: PatientHistory, request: Request, occasion: Occasion) -> Iterator[tuple[datetime, str]]:
    """What followed the receipt of the request, and when. A day counts by its end."""

    def end_of(day: date) -> datetime:
        return datetime.combine(day, time.max, occasion.zone)

    yield request.recorded_at, "the request was recorded"
    yield from ((at, "information was received") for _, at, _ in request.supplied)
    if request.expedited_at is not None:
        yield request.expedited_at, "expediting was requested"
    yield from ((end_of(one.on), "the request was decided") for one in request.decisions)
    yield from ((end_of(one.closed_on), "the request was closed") for one in request.reopenings)
    if request.closed_on is not None:
        yield end_of(request.closed_on), "the request was closed"
    yield from (
        (one.received_at, "an appeal was received") for one in history.appeals if one.request_id == request.request_id
    )


DECISIONS: Final[dict[type[Command], DecisionFunction]] = {CorrectReceipt: correct_receipt}
PRECONDITIONS: Final[dict[type[Command], Precondition]] = {CorrectReceipt: request_on_record}
