"""The adverse determination of a request that is in effect and can be appealed.

It is a denial, the part that an approval left out, or the rescission of an approval.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from domain.history.records import Appeal, ApprovalRecord, Request
from domain.history.state import PatientHistory

AdverseKind = Literal["denial", "partial_approval", "rescission"]


@dataclass(frozen=True, slots=True)
class Adverse:
    """An adverse determination that is in effect.

    `version` is the version of the event that decided it, and `on` is its day. `appealed` is the last decided appeal of
    this determination, or None.
    """

    kind: AdverseKind
    version: int
    on: date
    appealed: Appeal | None


def adverse_determination(history: PatientHistory, request: Request) -> Adverse | None:
    """The latest determination of a decided request if it is adverse in whole or in part, or else None.

    A denial is in effect again if the request was reopened and then dismissed, because a dismissal decides nothing.
    """
    decided = [one for one in request.decisions if one.kind != "referred"]
    if not decided or not (request.is_decided or request.status == "dismissed"):
        return None
    decision = decided[-1]
    if request.status != "approved":
        return _adverse(history, request, "denial", decision.version, decision.on)
    approval = history.approval(request.request_id)
    if approval is None:
        return None
    rescinded = _rescinded_since(history, approval)
    if rescinded is not None and rescinded.rescinded_on is not None and rescinded.rescinded_version is not None:
        return _adverse(history, request, "rescission", rescinded.rescinded_version, rescinded.rescinded_on)
    if approval.left_out is not None:
        return _adverse(history, request, "partial_approval", decision.version, decision.on, approval.appeal_id)
    return None


def _rescinded_since(history: PatientHistory, latest: ApprovalRecord) -> ApprovalRecord | None:
    """An approval of the request that was rescinded after the latest approval was given.

    The rescinded approval is not always the latest one, which may have expired by then.
    """
    rescissions = [
        one
        for one in history.approvals
        if one.request_id == latest.request_id and (one.rescinded_version or 0) > latest.version
    ]
    return max(rescissions, key=lambda one: one.rescinded_version or 0, default=None)


def _adverse(
    history: PatientHistory,
    request: Request,
    kind: AdverseKind,
    version: int,
    on: date,
    overturned_by: str | None = None,
) -> Adverse:
    """The adverse determination, with the last decided appeal of it.

    `overturned_by` is the appeal that overturned only in part, so that the rest is still adverse.
    """
    decided = [
        one
        for one in history.appeals
        if one.request_id == request.request_id
        and (one.appeal_id == overturned_by or (one.decision_version == version and one.status == "upheld"))
    ]
    return Adverse(kind, version, on, decided[-1] if decided else None)
