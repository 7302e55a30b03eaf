"""What a person decides about a request, always from an assessment that the person viewed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictInt

from domain.calendar import Day
from domain.commands.patient import WithReason
from domain.commands.requests import Digest, ShownVersion, ViewedDigest
from domain.events.base import RequestId
from domain.events.determinations import PastOutcome, RescissionGround
from domain.facts import FrozenModel, Name, Text
from domain.people import Credential


class Approval(FrozenModel):
    """Approves a course. `doses` defaults to the quantity of the policy, and `valid_from` to today.

    `path` is needed only if the history does not determine it. `left_out` and `citing` are needed if fewer doses are
    approved than were requested; the determination is adverse in that part.
    """

    assessment_digest: ViewedDigest = None
    history_version: ShownVersion = None
    doses: Annotated[StrictInt, Field(ge=1, le=5)] | None = None
    valid_from: Day | None = None
    path: Literal["A", "B"] | None = None
    left_out: Text | None = None
    citing: Annotated[tuple[Name, ...], Field(max_length=40)] = ()
    rationale: Text | None = None


class ApproveCourse(Approval):
    request_id: RequestId


class Denial(FrozenModel):
    """Denies a request. `citing` lists the specific criteria; the rationale is in plain language."""

    assessment_digest: ViewedDigest = None
    history_version: ShownVersion = None
    citing: Annotated[tuple[Name, ...], Field(min_length=1, max_length=40)]
    rationale: Text


class DenyRequest(Denial):
    request_id: RequestId


class Referral(FrozenModel):
    """Sends a request to clinical review."""

    assessment_digest: ViewedDigest = None
    history_version: ShownVersion = None
    rationale: Text | None = None


class ReferRequest(Referral):
    request_id: RequestId


class Extension(FrozenModel):
    """Extends the approval in effect by thirty days, from a new assessment that recommends `approve` (R10)."""

    assessment_digest: Digest
    history_version: ShownVersion = None
    rationale: Text | None = None


class ExtendApproval(Extension):
    request_id: RequestId


class Rescission(WithReason):
    """Rescinds the approval of a request."""

    ground: RescissionGround


class RescindApproval(Rescission):
    request_id: RequestId


class ConfirmApproval(WithReason):
    """States why an approval stays, although a later report speaks against its path or its twelve months (R27)."""

    request_id: RequestId


class PastDetermination(FrozenModel):
    """A determination as another record states it. `edition` is a review date, or `unknown`."""

    outcome: PastOutcome
    decided_on: Day
    decided_by: Name | None = None
    credential: Credential | None = None
    edition: Name = "unknown"
    citing: Annotated[tuple[Name, ...], Field(max_length=40)] = ()
    rationale: Text | None = None
    doses_approved: Annotated[StrictInt, Field(ge=1, le=5)] | None = None
    valid_from: Day | None = None
    valid_through: Day | None = None


class ImportPastDetermination(PastDetermination):
    request_id: RequestId


DeterminationCommand = (
    ApproveCourse
    | DenyRequest
    | ReferRequest
    | ExtendApproval
    | RescindApproval
    | ConfirmApproval
    | ImportPastDetermination
)
