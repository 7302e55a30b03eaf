"""What persons decided about a request, with the complete assessment; and later changes of an approval."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field, StrictBool, StrictInt

from domain.calendar import Day
from domain.events.base import About, AppealId, Event, RequestId
from domain.events.deadline_row import DeadlineRow
from domain.facts import FrozenModel, Name, Text, is_none
from domain.people import Credential
from domain.policy.assessment import Assessment

RescissionGround = Literal["coverage_ended", "drug_stopped", "safety", "later_information"]
PastOutcome = Literal["approved", "partly_approved", "denied"]


class Determination(FrozenModel):
    """What a person decided from, stored complete: it is displayed later and never evaluated again.

    `assessment` and its digest are None, and `edition` is `unknown`, only if the request was received before the first
    edition (R31). Otherwise, the edition is in the assessment.

    `history_version` is the version of the last event that the person saw. `departs` is true if the person overrode the
    recommendation. `decided_on` is the day in the plan's zone. `deadlines_revision` is the revision of the rules of
    deadlines under which the person decided; None is revision 1. `deadline_row` is the row of the plan that applied to
    the request on that day; None is the built-in row. A row that the plan corrects later does not change it.
    """

    assessment: Assessment | None
    assessment_digest: str | None
    history_version: StrictInt
    decided_on: Day
    rationale: Text | None
    departs: StrictBool
    edition: Literal["unknown"] | None = Field(default=None, exclude_if=is_none)
    deadlines_revision: StrictInt | None = Field(default=None, exclude_if=is_none)
    deadline_row: DeadlineRow | None = Field(default=None, exclude_if=is_none)


class CourseApproved(Event):
    """Doses of one course were approved, to be given within thirty days.

    `left_out` states what was requested and not approved; the determination is adverse in that part, and `citing` lists
    its deciding criteria. `appeal_id` is set if an appeal, decided in the same commit, overturned the earlier
    determination.
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
    """The request was denied. `citing` lists the deciding criteria; the rationale is in plain language."""

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
    """The request was sent to clinical review."""

    TOPIC: ClassVar[str] = "RequestReferred"
    TITLE: ClassVar[str] = "Referred to clinical review"
    ABOUT: ClassVar[About] = About("request", "update")

    request_id: RequestId
    determination: Determination

    @property
    def happened(self) -> date:
        return self.determination.decided_on


class ApprovalExtended(Event):
    """An approval in effect was extended by thirty days, after a new assessment that recommends approval (R10).

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
    """A clinician rescinded an approval. From `rescinded_on` on, the approval covers nothing.

    `approval_version` is the version of the event that approved.
    """

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


class ApprovalConfirmed(Event):
    """A clinician found that an approval stays, although a report that was recorded later speaks against it.

    `approval_version` is the event that approved.
    """

    TOPIC: ClassVar[str] = "ApprovalConfirmed"
    TITLE: ClassVar[str] = "Approval confirmed after a later report"
    ABOUT: ClassVar[About] = About("determination", "update")

    request_id: RequestId
    approval_version: StrictInt
    reason: Text


class PastDeterminationImported(Event):
    """A determination from before this ledger was in use, as another record states it.

    The event holds no assessment and is never re-evaluated as of its day. `edition` is a review date or `unknown`. An
    approval covers `valid_from` through `valid_through`, as any other approval does. `deadline_row` is the row of the
    plan that applied to the request when it was imported; None is the built-in row.
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
    deadline_row: DeadlineRow | None = Field(default=None, exclude_if=is_none)

    @property
    def happened(self) -> date:
        return self.decided_on


DeterminationEvent = (
    CourseApproved
    | RequestDenied
    | RequestReferred
    | ApprovalExtended
    | ApprovalRescinded
    | ApprovalConfirmed
    | PastDeterminationImported
)
