"""The story a patient's record can tell: every event, past tense, flat and frozen.

The wire law: an event is stored under its `TOPIC` as the JSON of its fields, without the
patient's id and the position in her history, which the store keeps as its key. A topic is
never renamed, a field never changes its meaning; a changed shape is a new `class_version`
with an upcast from the one before, and the golden files prove that every version ever
stored still decodes.

Two times stand on every event: when it happened (`on`, a calendar day, or `at`, an instant)
and when it was recorded (`recorded_at`). All events of one command share its instant, which
is at least a microsecond after the command before, so that "what was known then" never cuts
through a command.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Literal, get_args
from uuid import UUID

from pydantic import Field, StrictBool, StrictInt

from domain.calendar import Day, Instant, PartialDate
from domain.facts import (
    AggressiveDisease,
    Diagnosis,
    Fact,
    MsForm,
    Name,
    Outcome,
    RequestedDosing,
    Response,
    Text,
)
from domain.people import Actor, ConsultationGiven, Prescriber
from domain.policy.assessment import Assessment

NOBODY: Final = UUID(int=0)

_UUID: Final = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
RequestId = Annotated[str, Field(pattern=_UUID + r"\.r[0-9]{1,6}$")]
DoseId = Annotated[str, Field(pattern=_UUID + r"\.d[0-9]{1,6}$")]
ReportId = Annotated[str, Field(pattern=_UUID + r"\.t[0-9]{1,6}$")]
ReportedCourseId = Annotated[str, Field(pattern=_UUID + r"\.t[0-9]{1,6}\.c[0-9]{1,2}$")]

LineOfBusiness = Literal["commercial", "medicare_advantage", "medicaid"]
Urgency = Literal["standard", "urgent"]
DoseSource = Literal["infusion_centre", "claim", "prescriber", "patient", "other"]
TreatmentSource = Literal["other_plan", "trial", "attested"]
Variance = Literal[
    "no_approval_in_force",
    "outside_its_thirty_days",
    "over_the_approval",
    "over_the_course",
    "not_12_mg",
    "not_consecutive",
    "second_on_one_day",
    "before_twelve_months",
]


class Event(Fact):
    """What every event carries. `salt` keeps a hash of the stored bytes from telling anything."""

    TOPIC: ClassVar[str]
    class_version: ClassVar[int] = 1

    originator_id: UUID = Field(default=NOBODY, exclude=True)
    originator_version: int = Field(default=0, exclude=True)
    recorded_at: Instant
    salt: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$", description="16 random bytes.")]
    command_id: UUID = Field(description="The command that this event came from; its other events share it.")
    actor: Actor

    @property
    def patient_id(self) -> UUID:
        return self.originator_id


# -- the patient and the treatment before us --------------------------------------------------


class Member(Fact):
    """A member of a plan, as the plan's `issuer` numbers her."""

    issuer: Name = "plan"
    member_id: Name


class HistoryOpened(Event):
    TOPIC: ClassVar[str] = "HistoryOpened"

    member: Member
    name: Name
    birth_date: PartialDate | None


class ReportedCourse(Fact):
    """One course as another plan, a trial or the prescriber reported it.

    `completed` is unknown where nobody said; `mg_total` is the milligrams of the whole course.
    """

    doses_given: Annotated[StrictInt, Field(ge=1, le=30)] | None = None
    mg_total: Annotated[float, Field(strict=True, gt=0, le=10_000)] | None = None
    first_dose_on: PartialDate | None = None
    last_dose_on: PartialDate | None = None
    completed: StrictBool | None = None


class PriorTreatmentReported(Event):
    """Treatment outside this ledger; no courses means that none was ever given.

    `on` is the day of the report in the plan's zone: it tells of no dose after it.
    """

    TOPIC: ClassVar[str] = "PriorTreatmentReported"

    report_id: ReportId
    on: Day
    source: TreatmentSource
    reference: Name | None = None
    courses: tuple[ReportedCourse, ...]


# -- requests and determinations --------------------------------------------------------------


class StatedAgent(Fact):
    """An agent as the prescriber stated it, with the days it was taken."""

    product: Name
    outcome: Outcome | None = None
    started_on: PartialDate | None = None
    stopped_on: PartialDate | None = None
    still_taken: StrictBool | None = None


class Statement(Fact):
    """The facts as the prescriber stated them. `None` is "not stated".

    `received_lemtrada` and `birth_date` speak only where the record is silent (R1).
    """

    birth_date: PartialDate | None = None
    diagnosis: Diagnosis | None = None
    diagnosis_codes: Annotated[tuple[Name, ...], Field(max_length=20)] = ()
    ms_form: MsForm | None = None
    received_lemtrada: StrictBool | None = None
    campath_received: StrictBool | None = None
    agents: Annotated[tuple[StatedAgent, ...], Field(max_length=100)] = ()
    agents_list_is_complete: StrictBool | None = None
    other_dmt_continues: StrictBool | None = None
    aggressive_disease: AggressiveDisease = AggressiveDisease()
    response: Response = Response()
    hiv_infection: StrictBool | None = None
    active_infection: StrictBool | None = None
    hypersensitivity: StrictBool | None = None
    rems_enrolled: StrictBool | None = None
    progressive_multifocal_leukoencephalopathy: StrictBool | None = None
    requested_dosing: RequestedDosing = RequestedDosing()


class RequestSubmitted(Event):
    TOPIC: ClassVar[str] = "RequestSubmitted"

    request_id: RequestId
    received_at: Instant
    received_on: Day
    line_of_business: LineOfBusiness
    urgency: Urgency
    prescriber: Prescriber
    consultation: ConsultationGiven | None
    planned_first_infusion_on: Day | None
    statement: Statement


class Determination(Fact):
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
    are the criteria that it rests on.
    """

    TOPIC: ClassVar[str] = "CourseApproved"

    request_id: RequestId
    course: StrictInt
    doses_approved: StrictInt
    valid_from: Day
    valid_through: Day
    left_out: Text | None
    citing: tuple[str, ...]
    determination: Determination


class RequestDenied(Event):
    """`citing` are the criteria that the denial rests on; the rationale says it in plain language."""

    TOPIC: ClassVar[str] = "RequestDenied"

    request_id: RequestId
    citing: tuple[str, ...]
    determination: Determination


class RequestReferred(Event):
    TOPIC: ClassVar[str] = "RequestReferred"

    request_id: RequestId
    determination: Determination


# -- doses and courses ------------------------------------------------------------------------


class DoseAdministered(Event):
    """One infusion, a fact whatever was approved; `variances` are those seen when it was recorded (R22).

    `course` is the number of the course that it belongs to (R24), None where it only documents
    a reported course (R25). A possible duplicate is not counted until a person decides.
    """

    TOPIC: ClassVar[str] = "DoseAdministered"

    dose_id: DoseId
    on: Day
    mg: float
    site: Name | None
    source: DoseSource
    source_reference: Name
    request_id: RequestId | None
    course: StrictInt | None
    documents_report: ReportId | None
    possible_duplicate_of: DoseId | None
    variances: tuple[Variance, ...]


class PossibleDuplicateConfirmed(Event):
    """A person found that the second report is the same infusion: it stays uncounted."""

    TOPIC: ClassVar[str] = "PossibleDuplicateConfirmed"

    dose_id: DoseId
    reason: Text


class PossibleDuplicateDismissed(Event):
    """A person found that the second report is another infusion: it counts from now on."""

    TOPIC: ClassVar[str] = "PossibleDuplicateDismissed"

    dose_id: DoseId
    reason: Text


class DoseVoided(Event):
    """The entry was a mistake; it stays visible and no longer counts (R23)."""

    TOPIC: ClassVar[str] = "DoseVoided"

    dose_id: DoseId
    reason: Text


class CourseCompleted(Event):
    """The last dose of the regimen is on record (R6); stored in the commit of what completed it."""

    TOPIC: ClassVar[str] = "CourseCompleted"

    course: StrictInt
    doses_given: StrictInt
    completed_on: Day


class CourseReopened(Event):
    """A dose of the latest course fell away, and the course with it (R24)."""

    TOPIC: ClassVar[str] = "CourseReopened"

    course: StrictInt
    doses_given: StrictInt
    reason: Text


class CourseClosedUnfinished(Event):
    """A clinician found that the course will not be finished (R26).

    `reported_course` says which one of which report it is, where a report told of it; else it
    is not stored. `course` is the name that its doses carry, or the number that it had then.
    """

    TOPIC: ClassVar[str] = "CourseClosedUnfinished"

    course: StrictInt
    doses_given: StrictInt
    closed_on: Day
    reason: Text
    reported_course: ReportedCourseId | None = Field(default=None, exclude_if=lambda value: value is None)


PatientEvent = (
    HistoryOpened
    | PriorTreatmentReported
    | RequestSubmitted
    | CourseApproved
    | RequestDenied
    | RequestReferred
    | DoseAdministered
    | PossibleDuplicateConfirmed
    | PossibleDuplicateDismissed
    | DoseVoided
    | CourseCompleted
    | CourseReopened
    | CourseClosedUnfinished
)
PATIENT_EVENTS: Final[tuple[type[Event], ...]] = get_args(PatientEvent)


# -- the index: which patient a member id points to -------------------------------------------


class MemberIndexed(Event):
    """The only event of an index stream: this member's history is that patient's."""

    TOPIC: ClassVar[str] = "MemberIndexed"

    indexed_patient_id: UUID


STORED_EVENTS: Final[tuple[type[Event], ...]] = (*PATIENT_EVENTS, MemberIndexed)


def placed(event: Any, originator_id: UUID, originator_version: int) -> Any:
    """The event at its place in a history. Only for an event that nobody else holds yet."""
    event.__dict__["originator_id"] = originator_id
    event.__dict__["originator_version"] = originator_version
    return event


def happened_at(event: Event) -> datetime | Day:
    """When it happened, as far as the event says more than when it was recorded."""
    match event:
        case DoseAdministered(on=on) | PriorTreatmentReported(on=on):
            return on
        case RequestSubmitted(received_at=received_at):
            return received_at
        case CourseApproved() | RequestDenied() | RequestReferred():
            return event.determination.decided_on
        case CourseCompleted(completed_on=on) | CourseClosedUnfinished(closed_on=on):
            return on
        case _:
            return event.recorded_at
