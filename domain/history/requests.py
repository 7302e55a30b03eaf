"""How events about requests change the history: statements, requests for information, deadlines, notices."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from domain.events.base import Event
from domain.events.receipts import ReceiptCorrected
from domain.events.requests import (
    ClockExtended,
    ExpeditingRefused,
    InformationRequested,
    NoticeDelivered,
    NoticeIssued,
    PeerToPeerHeld,
    PeerToPeerOffered,
    PlannedInfusionChanged,
    PrescriberChanged,
    ReminderSent,
    RequestAssigned,
    RequestDismissed,
    RequestExpedited,
    RequestReleased,
    RequestReopened,
    RequestSubmitted,
    RequestWithdrawn,
    Statement,
)
from domain.facts import AggressiveDisease
from domain.frozen import changed
from domain.history.receipts import Receipt
from domain.history.records import Notice, Request
from domain.history.request_times import Asking, GrantedExtension, Reopening
from domain.history.state import PatientHistory
from domain.people import DOCUMENT_READERS, Actor, Prescriber


def with_request(history: PatientHistory, request_id: str, **changes: Any) -> PatientHistory:
    """The history with these fields of the request changed."""
    requests = tuple(changed(one, **changes) if one.request_id == request_id else one for one in history.requests)
    return history.changed(requests=requests)


def request_of(history: PatientHistory, request_id: str) -> Request:
    """The request that an event names. It exists, because `decide` refuses a command for any other."""
    request = history.request(request_id)
    assert request is not None, f"{request_id} is not on record"
    return request


_NOTHING_STATED: Final = Statement().aggressive_disease
_SIGNS: Final = tuple(AggressiveDisease.model_fields)


def _submitted(history: PatientHistory, event: RequestSubmitted) -> PatientHistory:
    request = Request(
        request_id=event.request_id,
        received_at=event.received_at,
        received_on=event.received_on,
        line_of_business=event.line_of_business,
        urgency=event.urgency,
        prescriber=event.prescriber,
        consultation=event.consultation,
        planned_first_infusion_on=event.planned_first_infusion_on,
        statement=event.statement,
        submitted_by=event.actor,
        submitted_version=event.originator_version,
        attested=attested((), _NOTHING_STATED, event.statement.aggressive_disease, event.actor),
        agents_stated=((event.originator_version, event.received_on),) * len(event.statement.agents),
        planned_site=event.planned_site,
        retrospective_for=event.retrospective_for,
        imported_from=event.imported_from,
        statement_submitted=event.statement,
        prescriber_submitted=event.prescriber,
        receipts=(_receipt(event),),
    )
    return history.changed(requests=(*history.requests, request), requesters=history.requesters_with(event.actor))


def _receipt(event: RequestSubmitted | ReceiptCorrected) -> Receipt:
    return Receipt(
        event.received_at,
        event.received_on,
        event.receipt_source,
        event.actor,
        event.clock_at or event.recorded_at,
        event.originator_version,
        event.reason if isinstance(event, ReceiptCorrected) else None,
    )


def _receipt_corrected(history: PatientHistory, event: ReceiptCorrected) -> PatientHistory:
    """What the request stated when it was received was stated on its corrected day; what came later keeps its day."""
    request = request_of(history, event.request_id)

    def stated_on(version: int, on: date) -> date:
        # A corrected statement has the day of what was stated last before it.
        was_supplied = any(supplied <= version and day == on for supplied, _, day in request.supplied)
        return on if was_supplied or on != request.received_on else event.received_on

    return with_request(
        history,
        event.request_id,
        received_at=event.received_at,
        received_on=event.received_on,
        receipts=(*request.receipts, _receipt(event)),
        agents_stated=tuple((version, stated_on(version, on)) for version, on in request.agents_stated),
    )


def attested(before: tuple[str, ...], signs: AggressiveDisease, now: AggressiveDisease, by: Actor) -> tuple[str, ...]:
    """The signs for which a reviewer recorded the supporting document as read (R14).

    `before` are the signs that were attested so far. An unchanged sign keeps its status. A changed sign is attested if
    the document is attached and `by` may review documents.
    """
    names = []
    for name in _SIGNS:
        was, sign = getattr(signs, name), getattr(now, name)
        if sign.documentation != "attached":
            continue
        if (name in before) if was == sign else (by.role in DOCUMENT_READERS):
            names.append(name)
    return tuple(names)


def agents_stated(request: Request, now: Statement, version: int, on: date) -> tuple[tuple[int, date], ...]:
    """For each agent of the statement `now`, the version of the event that stated it, and the day.

    An unchanged entry keeps its version and its day. `version` and `on` are for the others.
    """
    before = dict(zip(request.statement.agents, request.agents_stated, strict=True))
    return tuple(before.get(one, (version, on)) for one in now.agents)


def _information_requested(history: PatientHistory, event: InformationRequested) -> PatientHistory:
    request = request_of(history, event.request_id)
    asking = Asking(event.asked, event.at, event.answer_by, version=event.originator_version)
    after = with_request(history, event.request_id, askings=(*request.askings, asking))
    return with_participant(after, event.request_id, event.actor)


def with_participant(history: PatientHistory, request_id: str, actor: Actor) -> PatientHistory:
    """The history in which the user took part in the request."""
    request = request_of(history, request_id)
    before, now = request.took_part, participants_with(request, actor)
    return history if now is before else with_request(history, request_id, took_part=now)


def participants_with(request: Request, actor: Actor) -> tuple[Actor, ...]:
    """The users who took part in the request, including this user.

    The same tuple is returned if the user is in it already.
    """
    if any(one.id == actor.id for one in request.took_part):
        return request.took_part
    return (*request.took_part, actor)


def _reopened(history: PatientHistory, event: RequestReopened) -> PatientHistory:
    request = request_of(history, event.request_id)
    assert request.closed_on is not None, "only a closed request can be reopened"
    reopening = Reopening(request.status, request.closed_on, event.at)
    return with_request(
        history,
        event.request_id,
        status="open",
        reopenings=(*request.reopenings, reopening),
        closed_on=None,
        closed_at=None,
        expediting_refused=False,
        determination=None,
        decided_by=None,
        citing=(),
    )


def _notice_issued(history: PatientHistory, event: NoticeIssued) -> PatientHistory:
    notice = Notice(
        event.notice_id,
        event.request_id,
        event.appeal_id,
        event.kind,
        event.channel,
        event.addressee,
        event.issued_at,
        appeal_rights=event.appeal_rights,
    )
    return history.changed(notices=(*history.notices, notice))


def _notice_delivered(history: PatientHistory, event: NoticeDelivered) -> PatientHistory:
    notices = tuple(
        changed(one, delivered_at=event.delivered_at) if one.notice_id == event.notice_id else one
        for one in history.notices
    )
    return history.changed(notices=notices)


def _clock_extended(history: PatientHistory, event: ClockExtended) -> PatientHistory:
    request = request_of(history, event.request_id)
    extension = GrantedExtension(event.at, event.days, event.for_information)
    return with_request(history, event.request_id, extensions=(*request.extensions, extension))


def _peer_to_peer(history: PatientHistory, event: PeerToPeerHeld) -> PatientHistory:
    after = with_request(history, event.request_id, peer_to_peer_held=True)
    return with_participant(after, event.request_id, event.actor)


FOLDS: Final[dict[type[Event], Callable[[PatientHistory, Any], PatientHistory]]] = {
    RequestSubmitted: _submitted,
    ReceiptCorrected: _receipt_corrected,
    InformationRequested: _information_requested,
    ReminderSent: lambda history, event: with_request(
        history, event.request_id, reminders=request_of(history, event.request_id).reminders + 1
    ),
    PlannedInfusionChanged: lambda history, event: with_request(
        history,
        event.request_id,
        planned_first_infusion_on=event.planned_first_infusion_on,
        planned_site=event.planned_site,
    ),
    PrescriberChanged: lambda history, event: with_request(
        history, event.request_id, prescriber=event.prescriber, consultation=event.consultation
    ),
    RequestAssigned: lambda history, event: with_request(history, event.request_id, held_by=event.to),
    RequestReleased: lambda history, event: with_request(history, event.request_id, held_by=None),
    RequestWithdrawn: lambda history, event: with_request(
        history, event.request_id, status="withdrawn", closed_on=event.on, closed_at=event.at, held_by=None
    ),
    RequestDismissed: lambda history, event: with_request(
        history, event.request_id, status="dismissed", closed_on=event.on, closed_at=event.at, held_by=None
    ),
    RequestReopened: _reopened,
    PeerToPeerOffered: lambda history, event: with_request(history, event.request_id, peer_to_peer_offered=True),
    PeerToPeerHeld: _peer_to_peer,
    RequestExpedited: lambda history, event: with_request(history, event.request_id, expedited_at=event.asked_at),
    ExpeditingRefused: lambda history, event: with_request(history, event.request_id, expediting_refused=True),
    ClockExtended: _clock_extended,
    NoticeIssued: _notice_issued,
    NoticeDelivered: _notice_delivered,
}


def is_same_request(one: Request, other: Request) -> bool:
    """Whether both were received on one day and stated the same when they were submitted.

    Later information and corrections do not count. Requests that list different doses are about different doses.
    """
    return (
        one.received_on == other.received_on
        and one.statement_submitted == other.statement_submitted
        and one.retrospective_for == other.retrospective_for
        and _is_same_prescriber(one.prescriber_submitted, other.prescriber_submitted)
    )


def _is_same_prescriber(one: Prescriber | None, other: Prescriber | None) -> bool:
    """Whether both are one prescriber: by the NPI if both have one, otherwise by the name."""
    if one is None or other is None:
        return False
    if one.npi is not None and other.npi is not None:
        return one.npi == other.npi
    return one.name.casefold().split() == other.name.casefold().split()
