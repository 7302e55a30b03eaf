"""What a person decides of a request, always from an assessment that was looked at."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictInt

from domain.calendar import Day
from domain.commands.patient import WithReason
from domain.commands.requests import Digest, ShownVersion
from domain.events.base import RequestId
from domain.events.determinations import PastOutcome, RescissionGround
from domain.facts import FrozenModel, Name, Text
from domain.people import Credential


class Approval(FrozenModel):
    """`doses` and `valid_from` default to the policy's quantity and today.

    `path` is asked for only where the history does not decide it; `left_out` and `citing` where
    fewer doses are approved than were asked for, which is adverse in that part.
    """

    assessment_digest: Digest
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
    """`citing` the specific criteria; the rationale says it in plain language."""

    assessment_digest: Digest
    history_version: ShownVersion = None
    citing: Annotated[tuple[Name, ...], Field(min_length=1, max_length=40)]
    rationale: Text


class DenyRequest(Denial):
    request_id: RequestId


class Referral(FrozenModel):
    assessment_digest: Digest
    history_version: ShownVersion = None
    rationale: Text | None = None


class ReferRequest(Referral):
    request_id: RequestId


class Extension(FrozenModel):
    """Thirty days more for the approval in force, from a fresh assessment that recommends `approve` (R10)."""

    assessment_digest: Digest
    history_version: ShownVersion = None
    rationale: Text | None = None


class ExtendApproval(Extension):
    request_id: RequestId


class Rescission(WithReason):
    ground: RescissionGround


class RescindApproval(Rescission):
    request_id: RequestId


class PastDetermination(FrozenModel):
    """A determination as another record tells it; `edition` is a review date, or `unknown`."""

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
    ApproveCourse | DenyRequest | ReferRequest | ExtendApproval | RescindApproval | ImportPastDetermination
)
