"""What stands against a request now, and could be appealed: a denial, what was left out, or an approval taken back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from domain.history import Appeal, PatientHistory, Request

AdverseKind = Literal["denial", "partial_approval", "rescission"]


@dataclass(frozen=True, slots=True)
class Adverse:
    """`version` is of the event that says so, `on` its day; `appealed` the last appeal that was decided of it."""

    kind: AdverseKind
    version: int
    on: date
    appealed: Appeal | None


def standing_against(history: PatientHistory, request: Request) -> Adverse | None:
    """The latest determination of a decided request, where it is adverse in whole or in part; None where it is not."""
    if not request.is_decided:
        return None
    decision = request.decisions[-1]
    if request.status == "denied":
        return _appealed(history, request, "denial", decision.version, decision.on)
    approval = history.approval(request.request_id)
    if approval is None:
        return None
    if approval.rescinded_on is not None and approval.rescinded_version is not None:
        return _appealed(history, request, "rescission", approval.rescinded_version, approval.rescinded_on)
    if approval.left_out is not None:
        return _appealed(history, request, "partial_approval", decision.version, decision.on, approval.appeal_id)
    return None


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
