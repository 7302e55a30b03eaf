"""Notices: what the plan sent, to whom, and when it was delivered. Each notice is about something on record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from domain.commands import Command
from domain.commands.context import CommandContext, Occasion
from domain.commands.requests import IssueNotice, RecordDelivery
from domain.deadlines.appeal_rights import appeal_rights
from domain.deadlines.appealable import adverse_determination
from domain.deadlines.appeals import NOTICES_OF
from domain.deadlines.requests import terms_of
from domain.decisions.consequences import DecisionFunction
from domain.decisions.preconditions import Precondition, request_on_record
from domain.errors import Conflict, InvalidCommand, NotFound
from domain.events import PatientEvent
from domain.events.appeal_rights import AppealRights
from domain.events.requests import NoticeDelivered, NoticeIssued, NoticeKind
from domain.history.records import Appeal, Notice, Request
from domain.history.state import PatientHistory

SUBJECTS: Final[dict[NoticeKind, str]] = {
    "approval": "an approval",
    "denial": "a denial, a partial approval or a rescission",
    "information_needed": "a request for information",
    "clock_extended": "an extension of the deadline",
    "dismissal": "a dismissal",
    "appeal_decision": "a decided appeal",
}
"""What a notice of each kind is about."""


def issue_notice(history: PatientHistory, command: IssueNotice, context: CommandContext) -> tuple[PatientEvent, ...]:
    """Record a notice about something on record.

    A notice is not sent before that happened, by the days of the plan's zone.
    """
    request = request_on_record(history, command.request_id, context)
    appeal = _appeal(history, request, command.appeal_id)
    if command.kind == "appeal_decision" and appeal is None:
        raise InvalidCommand(
            "a notice of an appeal decision must name the appeal", field="appeal_id", remedy="send the id of the appeal"
        )
    days = sorted(_days_of_subjects(history, request, appeal, command.kind, context))
    if not days:
        raise InvalidCommand(
            f"a notice of this kind is about {SUBJECTS[command.kind]}, and none is on record",
            field="kind",
            remedy="record what the notice is about first",
        )
    if command.issued_at > context.at:
        raise InvalidCommand(
            "the time of sending is in the future", field="issued_at", remedy="record the notice after it was sent"
        )
    if context.day_of(command.issued_at) < days[0]:
        raise InvalidCommand(
            "the notice was sent before the event that it is about",
            field="issued_at",
            remedy=f"send a time on {days[0]} or later",
        )
    return (
        context.event(
            NoticeIssued,
            notice_id=f"{history.patient_id}.n{len(history.notices) + 1}",
            request_id=request.request_id,
            appeal_id=command.appeal_id,
            kind=command.kind,
            channel=command.channel,
            addressee=command.addressee,
            issued_at=command.issued_at,
            appeal_rights=_appeal_rights(history, request, appeal, command, context),
        ),
    )


def _appeal_rights(
    history: PatientHistory, request: Request, appeal: Appeal | None, command: IssueNotice, context: CommandContext
) -> AppealRights | None:
    """What the notice says about appeals, by the terms of today; None for a notice of nothing adverse."""
    adverse = adverse_determination(history, request)
    if adverse is None:
        return None
    if command.kind == "appeal_decision":
        is_stated = adverse.appealed is not None and adverse.appealed == appeal
    else:
        is_stated = adverse.appealed is None and command.kind in NOTICES_OF[adverse.kind]
    if not is_stated:
        return None
    terms = terms_of(history, request, context.table)
    return appeal_rights(terms, context.day_of(command.issued_at), after=adverse.appealed)


def _appeal(history: PatientHistory, request: Request, appeal_id: str | None) -> Appeal | None:
    if appeal_id is None:
        return None
    appeal = history.appeal(appeal_id)
    if appeal is None or appeal.request_id != request.request_id:
        raise NotFound(
            "the request has no such appeal", field="appeal_id", remedy="use an id from the request's list of appeals"
        )
    return appeal


def _days_of_subjects(
    history: PatientHistory, request: Request, appeal: Appeal | None, kind: NoticeKind, context: CommandContext
) -> Iterator[date]:
    """The days of everything on record that a notice of this kind can be about."""
    match kind:
        case "approval":
            yield from _approved(request)
        case "denial":
            yield from _adverse(history, request)
        case "information_needed":
            yield from (context.day_of(one.asked_at) for one in request.askings)
        case "clock_extended":
            yield from (context.day_of(one.at) for one in request.extensions)
        case "dismissal":
            closed = [(one.was, one.closed_on) for one in request.reopenings]
            closed += [(request.status, request.closed_on)] if request.closed_on is not None else []
            yield from (on for was, on in closed if was == "dismissed")
        case "appeal_decision":
            if appeal is not None and appeal.closed_on is not None and appeal.determination is not None:
                yield appeal.closed_on


def _approved(request: Request) -> Iterator[date]:
    """The days of approvals, in full or in part."""
    for one in request.decisions:
        if one.kind == "approved" or (one.past is not None and one.past.outcome != "denied"):
            yield one.on


def _adverse(history: PatientHistory, request: Request) -> Iterator[date]:
    """The days of denials, partial approvals and rescissions."""
    approvals = [one for one in history.approvals if one.request_id == request.request_id]
    partial = {one.version for one in approvals if one.left_out is not None}
    for one in request.decisions:
        past = one.past is not None and one.past.outcome in ("denied", "partly_approved")
        if one.kind == "denied" or past or one.version in partial:
            yield one.on
    yield from (one.rescinded_on for one in approvals if one.rescinded_on is not None)


def record_delivery(
    history: PatientHistory, command: RecordDelivery, context: CommandContext
) -> tuple[PatientEvent, ...]:
    notice = to_deliver(history, command.notice_id, context)
    if not notice.issued_at <= command.delivered_at <= context.at:
        raise InvalidCommand(
            "the time of delivery is before the notice was sent, or in the future",
            field="delivered_at",
            remedy=f"send a time from {notice.issued_at.isoformat()} until now",
        )
    return (context.event(NoticeDelivered, notice_id=notice.notice_id, delivered_at=command.delivered_at),)


def to_deliver(history: PatientHistory, notice_id: str, _: Occasion) -> Notice:
    """The notice, whose delivery is not on record yet."""
    notice = history.notice(notice_id)
    if notice is None:
        raise NotFound(
            "the notice was not found", field="notice_id", remedy="use an id from the request's list of notices"
        )
    if notice.delivered_at is not None:
        raise Conflict("the delivery is already recorded", field="notice_id", remedy="no action is needed")
    return notice


DECISIONS: Final[dict[type[Command], DecisionFunction]] = {
    IssueNotice: issue_notice,
    RecordDelivery: record_delivery,
}
PRECONDITIONS: Final[dict[type[Command], Precondition]] = {
    IssueNotice: request_on_record,
    RecordDelivery: to_deliver,
}
