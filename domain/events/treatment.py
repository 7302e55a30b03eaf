"""Treatment of the patient: reports from elsewhere, doses, courses, and their corrections."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StrictBool, StrictInt

from domain.calendar import Day, PartialDate
from domain.events.base import About, DoseId, Event, ReportedCourseId, ReportId, RequestId
from domain.facts import FrozenModel, Name, Text, is_false, is_none

DoseSource = Literal["infusion_centre", "claim", "prescriber", "patient", "other"]
TreatmentSource = Literal["other_plan", "trial", "attested"]
ClaimLineKind = Literal["replacement", "void", "denied"]
"""What a claim line is, if it is not a paid original (R30)."""
FoundBy = Literal["original_reference", "source_reference", "day"]
"""How the dose entry of a claim line was found. `day`: it is the only entry of the same source and day."""
InfusionFinding = Literal["not_given", "billed_elsewhere"]
"""Whether the infusion of a voided claim was given. `billed_elsewhere`: it was given, and is billed elsewhere."""
TellsOf = Literal["our_doses", "other_doses"]
"""Whether a report is about doses that this ledger recorded, or about other doses (R27)."""
Variance = Literal[
    "no_approval_in_force",
    "outside_its_thirty_days",
    "over_the_approval",
    "over_the_course",
    "not_12_mg",
    "not_consecutive",
    "second_on_one_day",
    "before_twelve_months",
    "after_death",
]
"""A difference between a dose and what was approved or the regimen. A dose is recorded despite it (R22)."""


class ReportedCourse(FrozenModel):
    """One course as another plan, a trial or the prescriber reported it.

    `completed` is None if the report does not state it. `mg_total` is the milligrams of the whole course.
    """

    doses_given: Annotated[StrictInt, Field(ge=1, le=30)] | None = None
    mg_total: Annotated[float, Field(strict=True, gt=0, le=10_000)] | None = None
    first_dose_on: PartialDate | None = None
    last_dose_on: PartialDate | None = None
    completed: StrictBool | None = None


class PriorTreatmentReported(Event):
    """Treatment outside this ledger was reported. No courses: Lemtrada was never given.

    `on` is the day on which it was reported, in the plan's zone; the report covers no dose after that day.
    `confirms_record`: a form that was filled in from this ledger was confirmed, so the report adds nothing (R27).
    """

    TOPIC: ClassVar[str] = "PriorTreatmentReported"
    TITLE: ClassVar[str] = "Prior treatment reported"
    ABOUT: ClassVar[About] = About("report", "create")

    report_id: ReportId
    on: Day
    source: TreatmentSource
    reference: Name | None = None
    courses: tuple[ReportedCourse, ...]
    confirms_record: StrictBool = Field(default=False, exclude_if=is_false)

    @property
    def happened(self) -> date:
        return self.on


class PriorTreatmentCorrected(Event):
    """The report was wrong (R23). The event holds the complete courses that are in effect from now on.

    `reported_on` is stored only if the day of the report changed.
    """

    TOPIC: ClassVar[str] = "PriorTreatmentCorrected"
    TITLE: ClassVar[str] = "Prior treatment corrected"
    ABOUT: ClassVar[About] = About("report", "update")

    report_id: ReportId
    source: TreatmentSource
    reference: Name | None
    courses: tuple[ReportedCourse, ...]
    reported_on: Day | None = Field(default=None, exclude_if=is_none)
    fields: tuple[str, ...]
    reason: Text


class PriorTreatmentVoided(Event):
    """The report was a mistake. It stays visible and has no effect (R23)."""

    TOPIC: ClassVar[str] = "PriorTreatmentVoided"
    TITLE: ClassVar[str] = "Prior treatment report voided"
    ABOUT: ClassVar[About] = About("report", "void")

    report_id: ReportId
    reason: Text


class ReportAttributed(Event):
    """A person found that a report is about the doses of this ledger, or about other doses (R27)."""

    TOPIC: ClassVar[str] = "ReportAttributed"
    TITLE: ClassVar[str] = "Prior treatment report matched to doses"
    ABOUT: ClassVar[About] = About("report", "update")

    report_id: ReportId
    tells_of: TellsOf
    reason: Text


class DoseAdministered(Event):
    """One infusion was given, whatever was approved. `variances` are those found when it was recorded (R22).

    `course` is the number of the dose's course (R24), or None if the dose only documents a reported course (R25). `mg`
    is in milligrams. A possible duplicate is not counted until a person decides.
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
    """The entry was wrong (R23). The event holds the complete entry; `fields` names what changed.

    Only this event assigns a dose to another course (R24). If the day changed (`fields` holds `on`), the dose is
    checked again for a second report of the same infusion (R25), and only then `possible_duplicate_of` has a meaning.
    `course_named`: a person named the course, which then holds whatever the days of other doses are.
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
    course_named: StrictBool = Field(default=False, exclude_if=is_false)
    variances: tuple[Variance, ...]
    reason: Text

    @property
    def happened(self) -> date:
        return self.on


class PossibleDuplicateConfirmed(Event):
    """A person found that the second report is of the same infusion. The report stays uncounted."""

    TOPIC: ClassVar[str] = "PossibleDuplicateConfirmed"
    TITLE: ClassVar[str] = "Duplicate report of a dose confirmed"
    ABOUT: ClassVar[About] = About("dose", "update")

    dose_id: DoseId
    reason: Text


class PossibleDuplicateDismissed(Event):
    """A person found that the second report is of another infusion. It counts from now on."""

    TOPIC: ClassVar[str] = "PossibleDuplicateDismissed"
    TITLE: ClassVar[str] = "Report found not to be a duplicate"
    ABOUT: ClassVar[About] = About("dose", "update")

    dose_id: DoseId
    reason: Text


class DoseVoided(Event):
    """The entry was a mistake. It stays visible and no longer counts (R23)."""

    TOPIC: ClassVar[str] = "DoseVoided"
    TITLE: ClassVar[str] = "Dose entry voided"
    ABOUT: ClassVar[About] = About("dose", "void")

    dose_id: DoseId
    reason: Text


class DoseReviewed(Event):
    """A person reviewed a dose that is after the patient's death on record (R29). The dose stays on record."""

    TOPIC: ClassVar[str] = "DoseReviewed"
    TITLE: ClassVar[str] = "Dose after death reviewed"
    ABOUT: ClassVar[About] = About("dose", "update")

    dose_id: DoseId
    reason: Text


class PartOfDoseConfirmed(Event):
    """A person found that the second entry is part of the same dose: its milligrams are added (R25)."""

    TOPIC: ClassVar[str] = "PartOfDoseConfirmed"
    TITLE: ClassVar[str] = "Entry found to be part of a dose"
    ABOUT: ClassVar[About] = About("dose", "update")

    dose_id: DoseId
    reason: Text


class DoseDaysStated(Event):
    """A person found how many infusion days a claim line of more than 12 mg is about (R25)."""

    TOPIC: ClassVar[str] = "DoseDaysStated"
    TITLE: ClassVar[str] = "Infusion days of a claim line stated"
    ABOUT: ClassVar[About] = About("dose", "update")

    dose_id: DoseId
    days: StrictInt
    first_on: Day | None = Field(default=None, exclude_if=is_none)
    last_on: Day | None = Field(default=None, exclude_if=is_none)
    reason: Text


class ClaimReplaced(Event):
    """A replacement of a claim: the dose entry has the values of the replacement from now on (R30).

    The event holds the complete entry; `fields` names what changed. `found_by` is how the entry was found: by the
    `original_reference` of the line, by the line's own reference, or as the only entry of the source on that day.
    """

    TOPIC: ClassVar[str] = "ClaimReplaced"
    TITLE: ClassVar[str] = "Claim replaced"
    ABOUT: ClassVar[About] = About("dose", "update")

    dose_id: DoseId
    on: Day
    mg: float
    site: Name | None
    source: DoseSource
    source_reference: Name
    original_reference: Name | None
    found_by: FoundBy
    request_id: RequestId | None
    course: StrictInt | None
    documents_report: ReportId | None
    possible_duplicate_of: DoseId | None = Field(default=None, exclude_if=is_none)
    fields: tuple[str, ...]
    variances: tuple[Variance, ...]

    @property
    def happened(self) -> date:
        return self.on


class ClaimVoided(Event):
    """A void of a claim: it withdraws the claim as evidence of the dose, and does not prove that none was given (R30).

    `found_by` is how the entry was found. `line_version` is the event of a void that was recorded before its claim.
    """

    TOPIC: ClassVar[str] = "ClaimVoided"
    TITLE: ClassVar[str] = "Claim voided"
    ABOUT: ClassVar[About] = About("dose", "update")

    dose_id: DoseId
    on: Day | None
    mg: float | None
    source: DoseSource
    source_reference: Name
    original_reference: Name | None
    found_by: FoundBy
    line_version: StrictInt | None = Field(default=None, exclude_if=is_none)


class ClaimLineRecorded(Event):
    """A claim line without a dose: a denied line, which counts nothing, or a void that waits for its claim (R30)."""

    TOPIC: ClassVar[str] = "ClaimLineRecorded"
    TITLE: ClassVar[str] = "Claim line recorded, not counted"
    ABOUT: ClassVar[About] = About("claim line", "create")

    line: ClaimLineKind
    on: Day | None
    mg: float | None
    site: Name | None
    source: DoseSource
    source_reference: Name
    original_reference: Name | None


class VoidedClaimSettled(Event):
    """A person found whether the infusion of a voided claim was given (R30)."""

    TOPIC: ClassVar[str] = "VoidedClaimSettled"
    TITLE: ClassVar[str] = "Infusion of a voided claim settled"
    ABOUT: ClassVar[About] = About("dose", "update")

    dose_id: DoseId
    finding: InfusionFinding
    reason: Text


class CourseCompleted(Event):
    """The last dose of the regimen is on record (R6). The event is in the commit of what completed the course."""

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
    """The course is no longer complete (R24): the latest course lost a dose, or a course lost all its doses."""

    TOPIC: ClassVar[str] = "CourseReopened"
    TITLE: ClassVar[str] = "Course reopened"
    ABOUT: ClassVar[About] = About("course", "update")

    course: StrictInt
    doses_given: StrictInt
    reason: Text


class CourseClosedUnfinished(Event):
    """A clinician found that the course will not be finished (R26).

    `course` is the name that the doses of the course carry, or else the number that the course had then.
    `reported_course` is the id of the course within its report, and is not stored if no report contains the course.
    """

    TOPIC: ClassVar[str] = "CourseClosedUnfinished"
    TITLE: ClassVar[str] = "Course closed (not to be finished)"
    ABOUT: ClassVar[About] = About("course", "update")

    course: StrictInt
    doses_given: StrictInt
    closed_on: Day
    reason: Text
    reported_course: ReportedCourseId | None = Field(default=None, exclude_if=is_none)

    @property
    def happened(self) -> date:
        return self.closed_on


TreatmentEvent = (
    PriorTreatmentReported
    | PriorTreatmentCorrected
    | PriorTreatmentVoided
    | ReportAttributed
    | DoseAdministered
    | DoseCorrected
    | PossibleDuplicateConfirmed
    | PossibleDuplicateDismissed
    | DoseVoided
    | DoseReviewed
    | PartOfDoseConfirmed
    | DoseDaysStated
    | ClaimReplaced
    | ClaimVoided
    | ClaimLineRecorded
    | VoidedClaimSettled
    | CourseCompleted
    | CourseReopened
    | CourseClosedUnfinished
)
