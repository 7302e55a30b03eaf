"""What stands against a request now, and could be appealed: a denial, what was left out, or an approval taken back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from domain.history.records import Appeal, ApprovalRecord, Request
from domain.history.state import PatientHistory

AdverseKind = Literal["denial", "partial_approval", "rescission"]


@dataclass(frozen=True, slots=True)
class Adverse:
    """`version` is of the event that says so, `on` its day; `appealed` the last appeal that was decided of it."""

    kind: AdverseKind
    version: int
    on: date
    appealed: Appeal | None


def standing_against(history: PatientHistory, request: Request) -> Adverse | None:
    """The latest determination of a decided request, where it is adverse in whole or in part; None where it is not.

    A denial that was taken up again stands where that was dismissed: a dismissal decides nothing.
    """
    decided = [one for one in request.decisions if one.kind != "referred"]
    if not decided or not (request.is_decided or request.status == "dismissed"):
        return None
    decision = decided[-1]
    if request.status != "approved":
        return _appealed(history, request, "denial", decision.version, decision.on)
    approval = history.approval(request.request_id)
    if approval is None:
        return None
    taken_back = _taken_back_since(history, approval)
    if taken_back is not None and taken_back.rescinded_on is not None and taken_back.rescinded_version is not None:
        return _appealed(history, request, "rescission", taken_back.rescinded_version, taken_back.rescinded_on)
    if approval.left_out is not None:
        return _appealed(history, request, "partial_approval", decision.version, decision.on, approval.appeal_id)
    return None


def _taken_back_since(history: PatientHistory, latest: ApprovalRecord) -> ApprovalRecord | None:
    """An approval of the request that was taken back after the latest was given; that one may have lapsed by then."""
    found = [
        one
        for one in history.approvals
        if one.request_id == latest.request_id and (one.rescinded_version or 0) > latest.version
    ]
    return max(found, key=lambda one: one.rescinded_version or 0, default=None)


def _appealed(
    history: PatientHistory, request: Request, kind: AdverseKind, version: int, on: date, brought_by: str | None = None
) -> Adverse:
    """`brought_by` is the appeal that overturned only in part, and so left what stands."""
    decided = [
        one
        for one in history.appeals
        if one.request_id == request.request_id
        and (one.appeal_id == brought_by or (one.decision_version == version and one.status == "upheld"))
    ]
    return Adverse(kind, version, on, decided[-1] if decided else None)
