"""Changes the deadline of a request: the request is expedited, expediting is refused, or the deadline is extended."""

from __future__ import annotations

from typing import Final

from domain.commands import Command
from domain.commands.context import CommandContext, Occasion
from domain.commands.requests import ExpediteRequest, Expediting, ExtendClock, RefuseExpediting
from domain.deadline_terms.terms import Days
from domain.deadlines.requests import terms_of, why_not_extended
from domain.decisions.consequences import DecisionFunction
from domain.decisions.preconditions import Precondition, request_open
from domain.errors import Conflict, InvalidCommand
from domain.events import PatientEvent
from domain.events.requests import ClockExtended, ExpeditingRefused, RequestExpedited
from domain.history.records import Request
from domain.history.state import PatientHistory


def expedite_request(
    history: PatientHistory, command: ExpediteRequest, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """Expedite the request. This is possible also after expediting was refused."""
    request = to_expedite(history, command.request_id, context)
    _check_asked_at(request, command, context)
    return (
        context.event(
            RequestExpedited, request_id=request.request_id, asked_at=command.asked_at, reason=command.reason
        ),
    )


def refuse_expediting(
    history: PatientHistory, command: RefuseExpediting, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """Record that the plan refused to expedite the request."""
    request = to_refuse_expediting(history, command.request_id, context)
    _check_asked_at(request, command, context)
    return (
        context.event(
            ExpeditingRefused, request_id=request.request_id, asked_at=command.asked_at, reason=command.reason
        ),
    )


def to_expedite(history: PatientHistory, request_id: str, occasion: Occasion) -> Request:
    """The open request, which is not urgent yet."""
    request = request_open(history, request_id, occasion)
    if request.urgency == "urgent" or request.expedited_at is not None:
        since = "was received as urgent" if request.urgency == "urgent" else "is already expedited"
        raise Conflict(f"the request {since}", field="request_id", remedy="decide the request by its urgent deadline")
    return request


def to_refuse_expediting(history: PatientHistory, request_id: str, occasion: Occasion) -> Request:
    """The open request, which is not urgent and for which expediting was not refused yet."""
    request = to_expedite(history, request_id, occasion)
    if request.expediting_refused:
        raise Conflict("the request to expedite was already refused", field="request_id", remedy="no action is needed")
    return request


def _check_asked_at(request: Request, command: Expediting, context: CommandContext) -> None:
    if not request.received_at <= command.asked_at <= context.at:
        raise InvalidCommand(
            "the request to expedite can't be before the request was received, or in the future",
            field="asked_at",
            remedy="send the time at which expediting was requested",
        )


def extend_clock(history: PatientHistory, command: ExtendClock, context: CommandContext) -> tuple[PatientEvent, ...]:
    """Extend the deadline within the terms of the line of business, with a notice to the claimant."""
    request, _ = to_extend_clock(history, command.request_id, context)
    if command.for_information and request.awaits is None:
        raise InvalidCommand(
            "no requested information is missing",
            field="for_information",
            remedy="request the information and extend the deadline for it in the same act, or leave this field out",
        )
    return (
        context.event(
            ClockExtended,
            request_id=request.request_id,
            days=days_of_extension(history, command.request_id, command.days, context),
            reason=command.reason,
            notice=command.notice,
            for_information=command.for_information,
        ),
    )


def days_of_extension(
    history: PatientHistory, request_id: str, days: int | None, occasion: Occasion, field: str = "days"
) -> int:
    """The length of an extension, by default the longest that is allowed.

    Raises InvalidCommand if it is longer, and Conflict if the request can't be extended.
    """
    request, allowed = to_extend_clock(history, request_id, occasion)
    if days is None:
        return allowed.count
    if days > allowed.count:
        source = terms_of(history, request, occasion.table).source_of("extension")
        raise InvalidCommand(
            f"{days} days exceed the {allowed} that are allowed ({source})",
            field=field,
            remedy=f"send at most {allowed.count}, or leave this field out",
        )
    return days


def to_extend_clock(history: PatientHistory, request_id: str, occasion: Occasion) -> tuple[Request, Days]:
    """The open request, and the longest extension that its terms allow."""
    request = request_open(history, request_id, occasion)
    allowed = terms_of(history, request, occasion.table).extension
    reason_against = why_not_extended(history, request, occasion.at, occasion.zone, occasion.table)
    if reason_against is not None or allowed is None:
        raise Conflict(
            reason_against or "no extension is allowed", field="request_id", remedy="decide the request by its deadline"
        )
    return request, allowed


DECISIONS: Final[dict[type[Command], DecisionFunction]] = {
    ExpediteRequest: expedite_request,
    RefuseExpediting: refuse_expediting,
    ExtendClock: extend_clock,
}
PRECONDITIONS: Final[dict[type[Command], Precondition]] = {
    ExpediteRequest: to_expedite,
    RefuseExpediting: to_refuse_expediting,
    ExtendClock: to_extend_clock,
}
