"""What persons decided of a request, whole as they saw it; and what became of an approval."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field, StrictBool, StrictInt

from domain.calendar import Day
from domain.events.base import About, AppealId, Event, RequestId, is_none
from domain.facts import FrozenModel, Name, Text
from domain.people import Credential
from domain.policy.assessment import Assessment

RescissionGround = Literal["coverage_ended", "drug_stopped", "safety"]
PastOutcome = Literal["approved", "partly_approved", "denied"]


class Determination(FrozenModel):
    """What a person decided from, whole: it is rendered later and never evaluated again.

    `history_version` is the last event that was seen; `departs` says that the person decided
    otherwise than recommended; `decided_on` is the day in the plan's zone.
    """

    assessment: Assessment
    assessment_digest: str
    history_version: StrictInt
    decided_on: Day
    rationale: Text | None
    departs: StrictBool


class CourseApproved(Event):
    """Doses of one course, to be given within thirty days.

    `left_out` says what of the request was not approved, and is adverse in that part; `citing`
    are the criteria that it rests on. `appeal_id`: it is approved because that appeal, in the
    same commit, overturned what was decided before.
    """

    TOPIC: ClassVar[str] = "CourseApproved"
    TITLE: ClassVar[str] = "Course approved"
    ABOUT: ClassVar[About] = About("determination", "create")

    request_id: RequestId
    course: StrictInt
    doses_approved: StrictInt
    valid_from: Day
    valid_through: Day
    left_out: Text | None
    citing: tuple[str, ...]
    determination: Determination
    appeal_id: AppealId | None = Field(default=None, exclude_if=is_none)

    @property
    def happened(self) -> date:
        return self.determination.decided_on


class RequestDenied(Event):
    """`citing` are the criteria that the denial rests on; the rationale says it in plain language."""

    TOPIC: ClassVar[str] = "RequestDenied"
    TITLE: ClassVar[str] = "Request denied"
    ABOUT: ClassVar[About] = About("determination", "create")

    request_id: RequestId
    citing: tuple[str, ...]
    determination: Determination

    @property
    def happened(self) -> date:
        return self.determination.decided_on


class RequestReferred(Event):
    TOPIC: ClassVar[str] = "RequestReferred"
    TITLE: ClassVar[str] = "Referred to clinical review"
    ABOUT: ClassVar[About] = About("request", "update")

    request_id: RequestId
    determination: Determination

    @property
    def happened(self) -> date:
        return self.determination.decided_on


class ApprovalExtended(Event):
    """Thirty days more for an approval in force, after a fresh assessment that recommends it (R10).

    `approval_version` is the version of the `CourseApproved` that is extended.
    """

    TOPIC: ClassVar[str] = "ApprovalExtended"
    TITLE: ClassVar[str] = "Approval extended"
    ABOUT: ClassVar[About] = About("determination", "update")

    request_id: RequestId
    approval_version: StrictInt
    valid_through: Day
    determination: Determination

    @property
    def happened(self) -> date:
        return self.determination.decided_on


class ApprovalRescinded(Event):
    """A clinician took an approval back; from `rescinded_on` on it covers nothing."""

    TOPIC: ClassVar[str] = "ApprovalRescinded"
    TITLE: ClassVar[str] = "Approval rescinded"
    ABOUT: ClassVar[About] = About("determination", "update")

    request_id: RequestId
    approval_version: StrictInt
    rescinded_on: Day
    ground: RescissionGround
    reason: Text

    @property
    def happened(self) -> date:
        return self.rescinded_on


class PastDeterminationImported(Event):
    """A determination that was made before this ledger kept them, as another record tells it.

    It holds no assessment and is never re-evaluated as "then"; `edition` is a review date or
    `unknown`. An approval covers `valid_from` through `valid_through` like any other.
    """

    TOPIC: ClassVar[str] = "PastDeterminationImported"
    TITLE: ClassVar[str] = "Determination imported"
    ABOUT: ClassVar[About] = About("determination", "create")

    request_id: RequestId
    outcome: PastOutcome
    decided_on: Day
    decided_by: Name | None
    credential: Credential | None
    edition: Name
    citing: tuple[str, ...]
    rationale: Text | None
    course: StrictInt | None
    doses_approved: StrictInt | None
    valid_from: Day | None
    valid_through: Day | None

    @property
    def happened(self) -> date:
        return self.decided_on


DeterminationEvent = (
    CourseApproved | RequestDenied | RequestReferred | ApprovalExtended | ApprovalRescinded | PastDeterminationImported
)
