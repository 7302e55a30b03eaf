"""What she was given: reports from elsewhere, doses, courses, and their corrections."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StrictBool, StrictInt

from domain.calendar import Day, PartialDate
from domain.events.base import About, DoseId, Event, ReportedCourseId, ReportId, RequestId, is_none
from domain.facts import FrozenModel, Name, Text

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


class ReportedCourse(FrozenModel):
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
    TITLE: ClassVar[str] = "Prior treatment reported"
    ABOUT: ClassVar[About] = About("report", "create")

    report_id: ReportId
    on: Day
    source: TreatmentSource
    reference: Name | None = None
    courses: tuple[ReportedCourse, ...]

    @property
    def happened(self) -> date:
        return self.on


class PriorTreatmentCorrected(Event):
    """What the report should have said (R23), whole: its courses as they stand from now on."""

    TOPIC: ClassVar[str] = "PriorTreatmentCorrected"
    TITLE: ClassVar[str] = "Prior treatment corrected"
    ABOUT: ClassVar[About] = About("report", "update")

    report_id: ReportId
    source: TreatmentSource
    reference: Name | None
    courses: tuple[ReportedCourse, ...]
    fields: tuple[str, ...]
    reason: Text


class PriorTreatmentVoided(Event):
    """The report was a mistake; it stays visible and tells of nothing (R23)."""

    TOPIC: ClassVar[str] = "PriorTreatmentVoided"
    TITLE: ClassVar[str] = "Prior treatment report voided"
    ABOUT: ClassVar[About] = About("report", "void")

    report_id: ReportId
    reason: Text


class DoseAdministered(Event):
    """One infusion, a fact whatever was approved; `variances` are those seen when it was recorded (R22).

    `course` is the number of the course that it belongs to (R24), None where it only documents
    a reported course (R25). A possible duplicate is not counted until a person decides.
    """

    TOPIC: ClassVar[str] = "DoseAdministered"
    TITLE: ClassVar[str] = "Dose given"
    ABOUT: ClassVar[About] = About("dose", "create")

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

    @property
    def happened(self) -> date:
        return self.on


class DoseCorrected(Event):
    """What the entry should have said (R23), whole; `fields` names what is other than it was.

    It alone moves a dose to another course (R24). With its day it is looked at anew for a second
    report (R25): `possible_duplicate_of` is meant where `fields` holds `on`.
    """

    TOPIC: ClassVar[str] = "DoseCorrected"
    TITLE: ClassVar[str] = "Dose corrected"
    ABOUT: ClassVar[About] = About("dose", "update")

    dose_id: DoseId
    on: Day
    mg: float
    site: Name | None
    request_id: RequestId | None
    course: StrictInt | None
    documents_report: ReportId | None
    possible_duplicate_of: DoseId | None = Field(default=None, exclude_if=is_none)
    fields: tuple[str, ...]
    variances: tuple[Variance, ...]
    reason: Text

    @property
    def happened(self) -> date:
        return self.on


class PossibleDuplicateConfirmed(Event):
    """A person found that the second report is the same infusion: it stays uncounted."""

    TOPIC: ClassVar[str] = "PossibleDuplicateConfirmed"
    TITLE: ClassVar[str] = "Duplicate report of a dose confirmed"
    ABOUT: ClassVar[About] = About("dose", "update")

    dose_id: DoseId
    reason: Text


class PossibleDuplicateDismissed(Event):
    """A person found that the second report is another infusion: it counts from now on."""

    TOPIC: ClassVar[str] = "PossibleDuplicateDismissed"
    TITLE: ClassVar[str] = "Report found not to be a duplicate"
    ABOUT: ClassVar[About] = About("dose", "update")

    dose_id: DoseId
    reason: Text


class DoseVoided(Event):
    """The entry was a mistake; it stays visible and no longer counts (R23)."""

    TOPIC: ClassVar[str] = "DoseVoided"
    TITLE: ClassVar[str] = "Dose entry voided"
    ABOUT: ClassVar[About] = About("dose", "void")

    dose_id: DoseId
    reason: Text


class CourseCompleted(Event):
    """The last dose of the regimen is on record (R6); stored in the commit of what completed it."""

    TOPIC: ClassVar[str] = "CourseCompleted"
    TITLE: ClassVar[str] = "Course completed"
    ABOUT: ClassVar[About] = About("course", "update")

    course: StrictInt
    doses_given: StrictInt
    completed_on: Day

    @property
    def happened(self) -> date:
        return self.completed_on


class CourseReopened(Event):
    """The course is not complete any more (R24): it is the latest and lost a dose, or all its doses were moved."""

    TOPIC: ClassVar[str] = "CourseReopened"
    TITLE: ClassVar[str] = "Course reopened"
    ABOUT: ClassVar[About] = About("course", "update")

    course: StrictInt
    doses_given: StrictInt
    reason: Text


class CourseClosedUnfinished(Event):
    """A clinician found that the course will not be finished (R26).

    `reported_course` says which one of which report it is, where a report told of it; else it
    is not stored. `course` is the name that its doses carry, or the number that it had then.
    """

    TOPIC: ClassVar[str] = "CourseClosedUnfinished"
    TITLE: ClassVar[str] = "Course closed (not to be finished)"
    ABOUT: ClassVar[About] = About("course", "update")

    course: StrictInt
    doses_given: StrictInt
    closed_on: Day
    reason: Text
    reported_course: ReportedCourseId | None = Field(default=None, exclude_if=lambda value: value is None)

    @property
    def happened(self) -> date:
        return self.closed_on


TreatmentEvent = (
    PriorTreatmentReported
    | PriorTreatmentCorrected
    | PriorTreatmentVoided
    | DoseAdministered
    | DoseCorrected
    | PossibleDuplicateConfirmed
    | PossibleDuplicateDismissed
    | DoseVoided
    | CourseCompleted
    | CourseReopened
    | CourseClosedUnfinished
)
