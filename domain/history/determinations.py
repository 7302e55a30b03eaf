"""How events about determinations, and about extended or rescinded approvals, change the history."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal

from domain.events.base import Event
from domain.events.determinations import (
    ApprovalConfirmed,
    ApprovalExtended,
    ApprovalRescinded,
    CourseApproved,
    PastDeterminationImported,
    RequestDenied,
    RequestReferred,
)
from domain.frozen import changed
from domain.history.records import ApprovalRecord, DeterminationRecord, ImportedDetermination
from domain.history.requests import participants_with, request_of, with_participant, with_request
from domain.history.state import PatientHistory


def _approved(history: PatientHistory, event: CourseApproved) -> PatientHistory:
    approval = ApprovalRecord(
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
    determination = event.determination
    decision = DeterminationRecord(
        status,
        determination.decided_on,
        event.actor,
        event.citing if not isinstance(event, RequestReferred) else (),
        event.originator_version,
        determination,
        appeal_id=appeal_id,
        line=request.line_of_business,
    )
    closed_on, closed_at = (determination.decided_on, event.at) if status != "referred" else (None, None)
    if appeal_id is not None and request.closed_on is not None:
        # A decision on appeal does not change when the request itself was closed.
        closed_on, closed_at = request.closed_on, request.closed_at
    return with_request(
        history,
        event.request_id,
        status=status,
        determination=determination,
        decided_by=event.actor,
        citing=citing,
        closed_on=closed_on,
        closed_at=closed_at,
        decisions=(*request.decisions, decision),
        held_by=None if status != "referred" else request.held_by,
        took_part=participants_with(request, event.actor),
    )


def _past_determination_imported(history: PatientHistory, event: PastDeterminationImported) -> PatientHistory:
    request = request_of(history, event.request_id)
    past = ImportedDetermination(
        event.outcome, event.decided_by, event.edition, event.rationale, event.imported_from, event.deadline_row
    )
    decision = DeterminationRecord(
        "imported",
        event.decided_on,
        event.actor,
        event.citing,
        event.originator_version,
        None,
        past=past,
        line=request.line_of_business,
    )
    after = with_request(
        history,
        event.request_id,
        status="denied" if event.outcome == "denied" else "approved",
        citing=event.citing,
        closed_on=event.decided_on,
        closed_at=event.at,
        decisions=(*request.decisions, decision),
    )
    if event.valid_from is None or event.valid_through is None or event.course is None or event.doses_approved is None:
        return after
    approval = ApprovalRecord(
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
    return with_participant(history.changed(approvals=approvals), event.request_id, event.actor)


def _rescinded(history: PatientHistory, event: ApprovalRescinded) -> PatientHistory:
    approvals = tuple(
        changed(one, rescinded_on=event.rescinded_on, rescinded_version=event.originator_version)
        if one.version == event.approval_version
        else one
        for one in history.approvals
    )
    return with_participant(history.changed(approvals=approvals), event.request_id, event.actor)


def _confirmed(history: PatientHistory, event: ApprovalConfirmed) -> PatientHistory:
    approvals = tuple(
        changed(one, confirmed_version=event.originator_version) if one.version == event.approval_version else one
        for one in history.approvals
    )
    return with_participant(history.changed(approvals=approvals), event.request_id, event.actor)


FOLDS: Final[dict[type[Event], Callable[[PatientHistory, Any], PatientHistory]]] = {
    CourseApproved: _approved,
    RequestDenied: lambda history, event: _decided(history, event, "denied", event.citing),
    RequestReferred: lambda history, event: _decided(history, event, "referred"),
    ApprovalExtended: _extended,
    ApprovalRescinded: _rescinded,
    ApprovalConfirmed: _confirmed,
    PastDeterminationImported: _past_determination_imported,
}
