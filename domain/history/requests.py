"""What is remembered of requests: their facts as they stand, what was asked, their clock and notices."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from domain.events.base import Event
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
from domain.history.records import Asking, Notice, Reopening, Request
from domain.history.state import PatientHistory
from domain.people import DOCUMENT_READERS, Actor


def with_request(history: PatientHistory, request_id: str, **changes: Any) -> PatientHistory:
    requests = tuple(changed(one, **changes) if one.request_id == request_id else one for one in history.requests)
    return history.changed(requests=requests)


def request_of(history: PatientHistory, request_id: str) -> Request:
    """The request that an event names; `decide` let no other through."""
    found = history.request(request_id)
    assert found is not None, f"{request_id} is not on record"
    return found


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
        agents_told=((event.originator_version, event.received_on),) * len(event.statement.agents),
        planned_site=event.planned_site,
        retrospective_for=event.retrospective_for,
        imported_from=event.imported_from,
    )
    return history.changed(requests=(*history.requests, request), requesters=history.requesters_with(event.actor))


def attested(before: tuple[str, ...], signs: AggressiveDisease, now: AggressiveDisease, by: Actor) -> tuple[str, ...]:
    """The signs whose document was recorded as read by somebody who may read it; one that stands as it was stays so."""
    found = []
    for name in _SIGNS:
        was, is_ = getattr(signs, name), getattr(now, name)
        if is_.documentation != "attached":
            continue
        if (name in before) if was == is_ else (by.role in DOCUMENT_READERS):
            found.append(name)
    return tuple(found)


def agents_told(request: Request, now: Statement, version: int, on: date) -> tuple[tuple[int, date], ...]:
    """Which event told of each agent, and when: an entry that stands as it was is as old as it was."""
    before = dict(zip(request.statement.agents, request.agents_told, strict=True))
    return tuple(before.get(one, (version, on)) for one in now.agents)


def _information_requested(history: PatientHistory, event: InformationRequested) -> PatientHistory:
    request = request_of(history, event.request_id)
    asking = Asking(event.asked, event.recorded_at, event.answer_by, version=event.originator_version)
    after = with_request(history, event.request_id, askings=(*request.askings, asking))
    return took_part_in(after, event.request_id, event.actor)


def took_part_in(history: PatientHistory, request_id: str, actor: Actor) -> PatientHistory:
    request = request_of(history, request_id)
    before, now = request.took_part, with_part(request, actor)
    return history if now is before else with_request(history, request_id, took_part=now)


def with_part(request: Request, actor: Actor) -> tuple[Actor, ...]:
    """Who took part, and now this person too; the very same where she did already."""
    if any(one.id == actor.id for one in request.took_part):
        return request.took_part
    return (*request.took_part, actor)


def _reopened(history: PatientHistory, event: RequestReopened) -> PatientHistory:
    request = request_of(history, event.request_id)
    assert request.closed_on is not None, "only a closed request can be reopened"
    reopening = Reopening(request.status, request.closed_on, event.recorded_at)
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


def _notice(history: PatientHistory, event: NoticeIssued) -> PatientHistory:
    notice = Notice(
        event.notice_id,
        event.request_id,
        event.appeal_id,
        event.kind,
        event.channel,
        event.addressee,
        event.issued_at,
    )
    return history.changed(notices=(*history.notices, notice))


def _delivered(history: PatientHistory, event: NoticeDelivered) -> PatientHistory:
    notices = tuple(
        changed(one, delivered_at=event.delivered_at) if one.notice_id == event.notice_id else one
        for one in history.notices
    )
    return history.changed(notices=notices)


def _clock_extended(history: PatientHistory, event: ClockExtended) -> PatientHistory:
    request = request_of(history, event.request_id)
    return with_request(history, event.request_id, extensions=(*request.extensions, (event.recorded_at, event.days)))


def _peer_to_peer(history: PatientHistory, event: PeerToPeerHeld) -> PatientHistory:
    after = with_request(history, event.request_id, peer_to_peer_held=True)
    return took_part_in(after, event.request_id, event.actor)


REMEMBERS: Final[dict[type[Event], Callable[[PatientHistory, Any], PatientHistory]]] = {
    RequestSubmitted: _submitted,
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
        history, event.request_id, status="withdrawn", closed_on=event.on, closed_at=event.recorded_at, held_by=None
    ),
    RequestDismissed: lambda history, event: with_request(
        history, event.request_id, status="dismissed", closed_on=event.on, closed_at=event.recorded_at, held_by=None
    ),
    RequestReopened: _reopened,
    PeerToPeerOffered: lambda history, event: with_request(history, event.request_id, peer_to_peer_offered=True),
    PeerToPeerHeld: _peer_to_peer,
    RequestExpedited: lambda history, event: with_request(history, event.request_id, expedited_at=event.asked_at),
    ExpeditingRefused: lambda history, event: with_request(history, event.request_id, expediting_refused=True),
    ClockExtended: _clock_extended,
    NoticeIssued: _notice,
    NoticeDelivered: _delivered,
}
