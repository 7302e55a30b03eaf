"""What is remembered of decisions, and of what became of approvals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from domain.events import (
    ApprovalExtended,
    ApprovalRescinded,
    CourseApproved,
    Determination,
    Event,
    ImportedFrom,
    PastDeterminationImported,
    RequestDenied,
    RequestReferred,
)
from domain.history.frozen import changed
from domain.history.patient import PatientHistory
from domain.history.requests import request_of, took_part_in, with_part, with_request
from domain.people import Actor

DecisionKind = Literal["approved", "denied", "referred", "imported"]


@dataclass(frozen=True, slots=True)
class PastDetermination:
    """A determination that another record told of; it holds no assessment."""

    outcome: str
    decided_by: str | None
    edition: str
    rationale: str | None
    imported_from: ImportedFrom | None


@dataclass(frozen=True, slots=True)
class Decision:
    """One determination as it was recorded, at event number `version`; `past` for an imported one."""

    kind: DecisionKind
    on: date
    by: Actor
    citing: tuple[str, ...]
    version: int
    determination: Determination | None
    past: PastDetermination | None = None
    appeal_id: str | None = None


@dataclass(frozen=True)
class Approval:
    """Doses of one course, valid on the days from `valid_from` through `valid_through`.

    `version` is that of the event that approved. From `rescinded_on` on it covers nothing;
    `rescinded_version` is that of the event that took it back.
    """

    request_id: str
    course: int
    doses_approved: int
    valid_from: date
    valid_through: date
    left_out: str | None
    citing: tuple[str, ...]
    version: int = 0
    extensions: int = 0
    rescinded_on: date | None = None
    rescinded_version: int | None = None
    appeal_id: str | None = None
    imported_from: ImportedFrom | None = None

    def covers(self, day: date) -> bool:
        in_time = self.valid_from <= day <= self.valid_through
        return in_time and (self.rescinded_on is None or self.rescinded_on > day)

    def is_rescinded_by(self, day: date) -> bool:
        return self.rescinded_on is not None and self.rescinded_on <= day


def _approved(history: PatientHistory, event: CourseApproved) -> PatientHistory:
    approval = Approval(
        event.request_id,
        event.course,
        event.doses_approved,
        event.valid_from,
        event.valid_through,
        event.left_out,
        event.citing,
        event.originator_version,
        appeal_id=event.appeal_id,
        imported_from=event.imported_from,
    )
    decided = _decided(history, event, "approved", appeal_id=event.appeal_id)
    return decided.changed(approvals=(*history.approvals, approval))


def _decided(
    history: PatientHistory,
    event: CourseApproved | RequestDenied | RequestReferred,
    status: Literal["approved", "denied", "referred"],
    citing: tuple[str, ...] = (),
    appeal_id: str | None = None,
) -> PatientHistory:
    request = request_of(history, event.request_id)
    made = event.determination
    decision = Decision(
        status,
        made.decided_on,
        event.actor,
        event.citing if not isinstance(event, RequestReferred) else (),
        event.originator_version,
        made,
        appeal_id=appeal_id,
    )
    closed_on, closed_at = (made.decided_on, event.recorded_at) if status != "referred" else (None, None)
    if appeal_id is not None and request.closed_on is not None:
        # What an appeal brings was decided later; the request itself was closed in its own time.
        closed_on, closed_at = request.closed_on, request.closed_at
    return with_request(
        history,
        event.request_id,
        status=status,
        determination=made,
        decided_by=event.actor,
        citing=citing,
        closed_on=closed_on,
        closed_at=closed_at,
        decisions=(*request.decisions, decision),
        held_by=None if status != "referred" else request.held_by,
        took_part=with_part(request, event.actor),
    )


def _past(history: PatientHistory, event: PastDeterminationImported) -> PatientHistory:
    request = request_of(history, event.request_id)
    past = PastDetermination(event.outcome, event.decided_by, event.edition, event.rationale, event.imported_from)
    decision = Decision(
        "imported", event.decided_on, event.actor, event.citing, event.originator_version, None, past=past
    )
    after = with_request(
        history,
        event.request_id,
        status="denied" if event.outcome == "denied" else "approved",
        citing=event.citing,
        closed_on=event.decided_on,
        closed_at=event.recorded_at,
        decisions=(*request.decisions, decision),
    )
    if event.valid_from is None or event.valid_through is None or event.course is None or event.doses_approved is None:
        return after
    approval = Approval(
        event.request_id,
        event.course,
        event.doses_approved,
        event.valid_from,
        event.valid_through,
        event.rationale if event.outcome == "partly_approved" else None,
        event.citing,
        event.originator_version,
        imported_from=event.imported_from,
    )
    return after.changed(approvals=(*history.approvals, approval))


def _extended(history: PatientHistory, event: ApprovalExtended) -> PatientHistory:
    approvals = tuple(
        changed(one, valid_through=event.valid_through, extensions=one.extensions + 1)
        if one.version == event.approval_version
        else one
        for one in history.approvals
    )
    return took_part_in(history.changed(approvals=approvals), event.request_id, event.actor)


def _rescinded(history: PatientHistory, event: ApprovalRescinded) -> PatientHistory:
    approvals = tuple(
        changed(one, rescinded_on=event.rescinded_on, rescinded_version=event.originator_version)
        if one.version == event.approval_version
        else one
        for one in history.approvals
    )
    return took_part_in(history.changed(approvals=approvals), event.request_id, event.actor)


REMEMBERS: Final[dict[type[Event], Callable[[PatientHistory, Any], PatientHistory]]] = {
    CourseApproved: _approved,
    RequestDenied: lambda history, event: _decided(history, event, "denied", event.citing),
    RequestReferred: lambda history, event: _decided(history, event, "referred"),
    ApprovalExtended: _extended,
    ApprovalRescinded: _rescinded,
    PastDeterminationImported: _past,
}
