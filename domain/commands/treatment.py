"""What she was given: reports, doses, courses, and their corrections."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictInt

from domain.calendar import Day
from domain.commands.patient import Reason
from domain.events.base import DoseId, ReportId, RequestId
from domain.events.treatment import DoseSource, ReportedCourse, TreatmentSource
from domain.facts import Fact, Name

ReportedCourses = Annotated[tuple[ReportedCourse, ...], Field(max_length=20)]
Milligrams = Annotated[float, Field(strict=True, gt=0, le=1_000)]


class ReportPriorTreatment(Fact):
    """Treatment outside this ledger. No courses: a statement that Lemtrada was never received."""

    source: TreatmentSource
    reference: Name | None = None
    courses: ReportedCourses


class TreatmentCorrection(Reason):
    """The report whole, as it should have been; a `source` or `reference` that is left out stands as it was."""

    source: TreatmentSource | None = None
    reference: Name | None = None
    courses: ReportedCourses


class CorrectPriorTreatment(TreatmentCorrection):
    report_id: ReportId


class VoidPriorTreatment(Reason):
    report_id: ReportId


class RecordDose(Fact):
    on: Day
    mg: Milligrams
    site: Name | None = None
    source: DoseSource
    source_reference: Name
    request_id: RequestId | None = None


class DoseCorrection(Reason):
    """What is left out stands as it was.

    `course` moves the dose to the course of this number (as the courses are numbered now, or
    the next one to begin); a corrected day alone places it anew (R24).
    """

    on: Day | None = None
    mg: Milligrams | None = None
    site: Name | None = None
    request_id: RequestId | None = None
    course: Annotated[StrictInt, Field(ge=1, le=1_000)] | None = None


class CorrectDose(DoseCorrection):
    dose_id: DoseId


class ConfirmDuplicate(Reason):
    dose_id: DoseId


class DismissDuplicate(Reason):
    dose_id: DoseId


class VoidDose(Reason):
    dose_id: DoseId


class CloseCourse(Reason):
    course: Annotated[StrictInt, Field(ge=1)]


TreatmentCommand = (
    ReportPriorTreatment
    | CorrectPriorTreatment
    | VoidPriorTreatment
    | RecordDose
    | CorrectDose
    | ConfirmDuplicate
    | DismissDuplicate
    | VoidDose
    | CloseCourse
)
