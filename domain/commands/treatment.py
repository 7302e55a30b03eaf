"""Commands about the patient's treatment: reports, doses, courses, and their corrections."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictBool, StrictInt

from domain.calendar import Day
from domain.commands.patient import WithReason
from domain.events.base import DoseId, ReportId, RequestId
from domain.events.treatment import (
    ClaimLineKind,
    DoseSource,
    InfusionFinding,
    ReportedCourse,
    TellsOf,
    TreatmentSource,
)
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


class RecordClaim(FrozenModel):
    """Records a claim line that is not a paid original: a replacement, a void, or a denied line (R30).

    `source_reference` is the line's own reference. A replacement or a void may carry its original's.
    """

    on: Annotated[
        Day | None,
        Field(description="The day of service. Only a void that names its `original_reference` may leave it out."),
    ] = None
    mg: Annotated[
        Milligrams | None,
        Field(description="The units of the line in milligrams, without a sign. A replacement needs it."),
    ] = None
    site: Name | None = None
    source: DoseSource = "claim"
    source_reference: Name
    line: Annotated[
        ClaimLineKind,
        Field(
            description="`replacement`: counts once with its original. `void`: withdraws the claim as evidence. "
            "`denied`: billed, not paid; counts nothing and voids nothing."
        ),
    ]
    original_reference: Annotated[
        Name | None, Field(description="The reference of the original claim. Default: the line's own reference.")
    ] = None
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


class ConfirmPartOfDose(WithReason):
    """States that a second entry of a day is part of the same dose: milligrams add up, one dose day (R25)."""

    dose_id: DoseId


class StateDoseDays(WithReason):
    """States how many infusion days a claim line of more than 12 mg is about (R25)."""

    dose_id: DoseId
    days: Annotated[
        StrictInt,
        Field(ge=1, le=83, description="The number of infusion days of the line, at most one for each 12 mg."),
    ]
    first_on: Annotated[
        Day | None,
        Field(
            description="The first of these days. Give it where it is known: days that are not given may be those of "
            "other entries. Default: within 30 days of the line."
        ),
    ] = None
    last_on: Annotated[
        Day | None,
        Field(
            description="The last of these days. Give it where it is known: days that are not given may be those of "
            "other entries. Default: within 30 days of the line."
        ),
    ] = None


class SettleVoidedClaim(WithReason):
    """States whether the infusion of a voided claim was given (R30)."""

    dose_id: DoseId
    finding: Annotated[
        InfusionFinding,
        Field(
            description="`not_given`: no infusion was given. `billed_elsewhere`: it was given, and is billed elsewhere."
        ),
    ]


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
    | RecordClaim
    | CorrectDose
    | ConfirmDuplicate
    | DismissDuplicate
    | ConfirmPartOfDose
    | StateDoseDays
    | SettleVoidedClaim
    | VoidDose
    | ReviewDose
    | CloseCourse
)
