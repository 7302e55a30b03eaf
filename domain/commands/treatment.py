"""Commands about the patient's treatment: reports, doses, courses, and their corrections."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictBool, StrictInt

from domain.calendar import Day
from domain.commands.patient import WithReason
from domain.events.base import DoseId, ReportId, RequestId
from domain.events.treatment import DoseSource, ReportedCourse, TellsOf, TreatmentSource
from domain.facts import FrozenModel, Name, is_false, is_none

ReportedCourses = Annotated[tuple[ReportedCourse, ...], Field(max_length=20)]
Milligrams = Annotated[float, Field(strict=True, gt=0, le=1_000)]


class ReportPriorTreatment(FrozenModel):
    """Reports treatment outside this ledger. No courses: Lemtrada was never received.

    `reported_on` is by default today. `confirms_record`: a form that was filled in from this ledger was confirmed.
    """

    source: TreatmentSource
    reference: Name | None = None
    courses: ReportedCourses
    # A field at its default is left out of the digest, so an earlier import that is run again is recognized.
    reported_on: Day | None = Field(
        default=None,
        exclude_if=is_none,
        description="The day on which the source reported the treatment. Default: today. No dose is after this day.",
    )
    confirms_record: StrictBool = Field(
        default=False,
        exclude_if=is_false,
        description="The report confirms what this ledger has on record, and adds no dose (R27).",
    )


class TreatmentCorrection(WithReason):
    """The complete report as it should have been.

    A `source`, `reference` or `reported_on` that is left out is unchanged.
    """

    source: TreatmentSource | None = None
    reference: Name | None = None
    courses: ReportedCourses
    reported_on: Day | None = Field(
        default=None,
        exclude_if=is_none,
        description="The corrected day on which the source reported the treatment. Default: unchanged.",
    )


class CorrectPriorTreatment(TreatmentCorrection):
    report_id: ReportId


class VoidPriorTreatment(WithReason):
    report_id: ReportId


class AttributeReport(WithReason):
    """States whether a report is about the doses of this ledger, or about other doses (R27)."""

    report_id: ReportId
    tells_of: Annotated[
        TellsOf,
        Field(description="`our_doses`: the report is about doses of this ledger and adds none. `other_doses`: not."),
    ]


class RecordDose(FrozenModel):
    on: Day
    mg: Milligrams
    site: Name | None = None
    source: DoseSource
    source_reference: Name
    request_id: RequestId | None = None


class DoseCorrection(WithReason):
    """Corrects a dose. A field that is left out is unchanged.

    `course` assigns the dose to the course of this number (as the courses are numbered now, or the next new course). If
    only the day is corrected, the course is assigned again from the day (R24).
    """

    on: Day | None = None
    mg: Milligrams | None = None
    site: Name | None = None
    request_id: RequestId | None = None
    course: Annotated[StrictInt, Field(ge=1, le=1_000)] | None = None


class CorrectDose(DoseCorrection):
    dose_id: DoseId


class ConfirmDuplicate(WithReason):
    dose_id: DoseId


class DismissDuplicate(WithReason):
    dose_id: DoseId


class VoidDose(WithReason):
    dose_id: DoseId


class ReviewDose(WithReason):
    """States what a person found about a dose that is after the patient's death on record (R29)."""

    dose_id: DoseId


class CloseCourse(WithReason):
    """Closes an open course, which will not be finished (R26). `course` is its number."""

    course: Annotated[StrictInt, Field(ge=1)]


TreatmentCommand = (
    ReportPriorTreatment
    | CorrectPriorTreatment
    | VoidPriorTreatment
    | AttributeReport
    | RecordDose
    | CorrectDose
    | ConfirmDuplicate
    | DismissDuplicate
    | VoidDose
    | ReviewDose
    | CloseCourse
)
