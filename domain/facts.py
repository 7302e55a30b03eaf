"""The facts that a determination may use. Every fact may be unknown.

`Facts` is the input of every assessment, with a ledger or without one. `None` always means "not known", never "no".
`Circumstances` are not part of the criteria: they can send a request to a clinician or be shown to the decision
maker, and they never decide a clause.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from math import isfinite
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr, StringConstraints, model_validator

from domain.calendar import Day, PartialDate

Diagnosis = Literal["multiple_sclerosis", "other"]
MsForm = Literal[
    "relapsing_remitting",
    "active_secondary_progressive",
    "non_active_secondary_progressive",
    "secondary_progressive_activity_unknown",
    "primary_progressive",
    "clinically_isolated_syndrome",
]
TrialOutcome = Literal["inadequate_efficacy", "significant_intolerance", "adequate"]
Documentation = Literal["attached", "not_attached", "none_exists"]
Specialty = Literal["neurology", "ms_specialist", "other"]
Consultation = Literal["neurology", "ms_specialist", "other", "none"]

Text = Annotated[
    StrictStr, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000, pattern=r"^[^\x00]*$")
]
"""Free text of at most 2,000 characters, without NUL characters."""

Name = Annotated[
    StrictStr, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00]*$")
]
"""A name, a title or a reference of at most 200 characters, without NUL characters."""

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""Characters that no text has: control characters other than a tab and a line break."""
_LINE_BREAK: Final = re.compile("[\t\n\r\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""Characters that no name, reference or code has: they break the line, or change the order in which it is read."""
NOT_ONE_LINE: Final = "not_one_line"
"""The type of the error for a name, a reference or a code that is not one line."""
FREE_TEXT: Final = frozenset({"grounds", "left_out", "note", "notice", "outcome", "rationale", "reason", "source"})
"""The fields that have free text, which may have several lines. A test compares them with the commands."""


def in_words(value: str) -> str:
    """A stored value as words: `chart_note` is "chart note"."""
    return value.replace("_", " ")


def counted(number: int | None, one: str, many: str = "") -> str:
    """A number with its noun: "1 dose", "2 doses". `many` is the plural, if it is not `one` with an s."""
    noun = one if number == 1 else many or f"{one}s"
    return f"{number} {noun}" if number is not None else f"an unknown number of {noun}"


_WITH_FAULTS: Final = (dict, list, float, str)
"""The types of which a value can have a fault. To call the function for thousands of others takes time."""


def value_faults(value: Any, path: tuple[str | int, ...]) -> Iterator[dict[str, Any]]:
    """Errors for values that no field accepts, at their paths.

    They are numbers that are not finite (1e999), text with a control character other than a tab or a line break, and
    names, references and codes that are not one line. A member ID on record keeps its form, so `StatedMember` checks
    those that come in.
    """
    match value:
        case dict():
            for name, part in value.items():
                if isinstance(part, _WITH_FAULTS):
                    yield from value_faults(part, (*path, name))
        case list():
            for number, part in enumerate(value):
                if isinstance(part, _WITH_FAULTS):
                    yield from value_faults(part, (*path, number))
        case float() if not isfinite(value):
            yield {"type": "finite_number", "loc": path, "msg": "The number is too large"}
        case str() if _CONTROL.search(value):
            yield {"type": "control_character", "loc": path, "msg": "The text contains a control character"}
        case str() if not is_one_line(value) and _field_of(path) not in (*FREE_TEXT, "member_id", "issuer"):
            yield {"type": NOT_ONE_LINE, "loc": path, "msg": "The text contains a line break or a tab"}


def is_one_line(text: str) -> bool:
    """Whether a text has no line break, tab, or mark of writing direction inside it."""
    return _LINE_BREAK.search(text.strip()) is None


def _field_of(path: tuple[str | int, ...]) -> str:
    """The name of the field that a value is of. A value of a list is of the field that has the list."""
    return next((one for one in reversed(path) if isinstance(one, str)), "")


class FrozenModel(BaseModel):
    """Base of all frozen pydantic values. An unknown key is an error and is not ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def is_none(value: object) -> bool:
    """Whether the value is None: a field that was added later is then left out of the stored bytes."""
    return value is None


def is_false(value: object) -> bool:
    """Whether the value is false: a field that was added later is then left out of the stored bytes."""
    return value is False


def is_empty(value: tuple[object, ...]) -> bool:
    """Whether the tuple is empty: a field that was added later is then left out of the stored bytes."""
    return not value


class OpenCourse(FrozenModel):
    """A course of Lemtrada that was started and not completed."""

    number: Annotated[StrictInt, Field(ge=1, le=99, description="The number of the course. The first course is 1.")]
    doses_given: Annotated[StrictInt, Field(ge=1, le=99)] | None = None
    last_dose_on: PartialDate | None = None

    @property
    def regimen_doses(self) -> int:
        """The number of doses in the complete course: five in the first course, three in a later one (R6)."""
        return doses_in_course(self.number)

    @model_validator(mode="after")
    def _is_not_a_whole_course(self) -> OpenCourse:
        if self.doses_given is not None and self.doses_given >= self.regimen_doses:
            raise ValueError(
                f"doses_given {self.doses_given} is the complete regimen of course number {self.number}:"
                " report a completed course instead"
            )
        return self


class DayRange(FrozenModel):
    """A day from `earliest` through `latest`."""

    earliest: Day
    latest: Day

    @model_validator(mode="after")
    def _is_in_order(self) -> DayRange:
        if self.earliest > self.latest:
            raise ValueError("earliest is after latest: correct one of the two")
        return self


class PossibleOpenCourse(FrozenModel):
    """A course that was started and not completed, in one possible treatment."""

    number: Annotated[StrictInt, Field(ge=1, le=99, description="The number of the course. The first course is 1.")]
    doses_given: Annotated[StrictInt, Field(ge=1, le=99)]
    last_dose: DayRange | None = None


class PossibleTreatment(FrozenModel):
    """One treatment that fits a record that leaves several possible (R27). All of its facts are known.

    `last_dose` has the possible days of the latest dose of any course, except an open one.
    """

    completed_course: StrictBool
    last_dose: DayRange | None = None
    open_course: PossibleOpenCourse | None = None


class PriorTreatment(FrozenModel):
    """What is known of earlier Lemtrada treatment.

    `last_dose_on` is the date of the latest dose of any course, except an open course. `possible` has every
    treatment that fits the record, if there are several: the other facts then state what all of them agree on, and a
    clause is met, or not met, only if it is in every one of them.
    """

    received_lemtrada: StrictBool | None = None
    completed_course: StrictBool | None = None
    last_dose_on: PartialDate | None = None
    open_course: OpenCourse | None = None
    possible: Annotated[tuple[PossibleTreatment, ...], Field(max_length=1000, exclude_if=is_empty)] = ()

    @classmethod
    def without_record(cls, received: bool | None) -> PriorTreatment:
        """The treatment facts if no treatment is on record: only whether Lemtrada was received is stated, or not."""
        return cls(received_lemtrada=received, completed_course=False if received is False else None)

    @model_validator(mode="after")
    def _is_consistent(self) -> PriorTreatment:
        if self.received_lemtrada is False:
            for name, contradicts in (
                ("completed_course", self.completed_course is True),
                ("last_dose_on", self.last_dose_on is not None),
                ("open_course", self.open_course is not None),
            ):
                if contradicts:
                    raise ValueError(f"received_lemtrada is false, but {name} is given: correct one of the two")
        if self.open_course is not None:
            if self.open_course.number == 1 and self.completed_course is True:
                raise ValueError("open_course number 1 contradicts completed_course true: correct one of the two")
            if self.open_course.number > 1 and self.completed_course is False:
                raise ValueError(
                    f"open_course number {self.open_course.number} contradicts completed_course false:"
                    " a later course follows a completed one; correct one of the two"
                )
        return self


class AgentTried(FrozenModel):
    """One disease-modifying agent, or another drug, that was tried for MS, and its outcome."""

    product: Annotated[
        Name, Field(description="A brand or generic name. It is kept as written if it is not recognized.")
    ]
    outcome: TrialOutcome | None = None


class AgentsTried(FrozenModel):
    list_is_complete: Annotated[
        StrictBool | None, Field(description="Unknown or false: other agents may have been tried.")
    ] = None
    tried: tuple[AgentTried, ...] = Field(default=(), max_length=100)


class AggressiveSign(FrozenModel):
    """One sign of highly active disease, and its supporting document (R14)."""

    finding: StrictBool | None = None
    documentation: Annotated[
        Documentation | None, Field(description="`attached`: a reviewer found that the document supports the finding.")
    ] = None


class AggressiveDisease(FrozenModel):
    rapid_deterioration: AggressiveSign = AggressiveSign()
    disabling_relapses: Annotated[
        AggressiveSign, Field(description="Disabling relapse with suboptimal response to steroids.")
    ] = AggressiveSign()
    mri: AggressiveSign = AggressiveSign()
    cognitive_impairment: AggressiveSign = AggressiveSign()


class Response(FrozenModel):
    """The response to the previous course, by an objective measure and by a symptom."""

    objective_measure: StrictBool | None = None
    symptom: StrictBool | None = None


class RequestedDosing(FrozenModel):
    mg_per_day: Annotated[float, Field(strict=True, gt=0, le=10_000)] | None = None
    consecutive_days: Annotated[StrictInt, Field(ge=1, le=366)] | None = None
    route: Annotated[Name, Field(description="`intravenous`, or another route by its name.")] | None = None


class Facts(FrozenModel):
    """All facts that the criteria, the exclusions and the dosing rules use."""

    birth_date: PartialDate | None = None
    diagnosis: Diagnosis | None = None
    ms_form: MsForm | None = None
    prior_treatment: PriorTreatment = PriorTreatment()
    agents: AgentsTried = AgentsTried()
    aggressive_disease: AggressiveDisease = AggressiveDisease()
    prescriber_specialty: Specialty | None = None
    consulted_specialty: Consultation | None = None
    response: Response = Response()
    hiv_infection: StrictBool | None = None
    other_dmt_continues: StrictBool | None = None
    other_dmt_not_recognized: Annotated[
        tuple[Name, ...],
        Field(
            max_length=200,
            exclude_if=is_empty,
            description="Agents that may still be taken and have a name that is not recognized (R12).",
        ),
    ] = ()
    active_infection: StrictBool | None = None
    hypersensitivity: StrictBool | None = None
    requested_dosing: RequestedDosing = RequestedDosing()

    def contradictions_on(self, as_of: date) -> list[str]:
        """A message for each date that is certainly after the day of the assessment.

        A message names both fields and no date of the patient.
        """
        dates = [("birth_date", self.birth_date), ("prior_treatment.last_dose_on", self.prior_treatment.last_dose_on)]
        if self.prior_treatment.open_course is not None:
            dates.append(("prior_treatment.open_course.last_dose_on", self.prior_treatment.open_course.last_dose_on))
        return [
            f"{field} is after as_of {as_of}: correct one of the two"
            for field, value in dates
            if value is not None and value.earliest > as_of
        ]


class CourseMilligrams(FrozenModel):
    """The milligrams on record in the course that a request continues (R7). A reported dose without them is 12 mg."""

    course: Annotated[StrictInt, Field(ge=1, description="The number of the course. The first course is 1.")]
    total_mg: Annotated[float, Field(description="The milligrams of all doses of the course on record.")]
    most_in_a_day_mg: Annotated[float, Field(description="The largest number of milligrams on one day of the course.")]


class Circumstances(FrozenModel):
    """What the ledger knows in addition to the facts. It never makes a clause met or not met.

    A field that revision 2 of the editions added is left out of the stored bytes at its default.
    """

    diagnosis_codes: tuple[Name, ...] = ()
    planned_first_infusion_on: Day | None = None
    rems_enrolled: StrictBool | None = None
    progressive_multifocal_leukoencephalopathy: StrictBool | None = None
    campath_received: StrictBool | None = None
    course_closed_unfinished: StrictBool = False
    course_short: StrictBool = False
    stated_otherwise: tuple[Name, ...] = ()
    retrospective: StrictBool = Field(default=False, exclude_if=is_false)
    histories_linked: StrictBool = Field(default=False, exclude_if=is_false)
    linked_histories: tuple[Name, ...] = Field(
        default=(), exclude_if=is_empty, description="The patient ids of the linked histories (R28)."
    )
    death_on_record: StrictBool = Field(
        default=False,
        exclude_if=is_false,
        description="Whether the patient's death is on record for the day of the assessment, or may be (R29).",
    )
    milligrams: CourseMilligrams | None = Field(
        default=None,
        exclude_if=is_none,
        description="The milligrams on record in the course that the request continues (R7). Null: no open course.",
    )
    entries_waiting: Annotated[StrictInt, Field(ge=0)] = Field(
        default=0,
        exclude_if=lambda value: not value,
        description="The second entries of a day, in the course of the request, that wait for a person (R25).",
    )
    lines_without_days: Annotated[StrictInt, Field(ge=0)] = Field(
        default=0,
        exclude_if=lambda value: not value,
        description="The claim lines of that course for which the number of dose days is not stated (R25).",
    )
    first_dose_on: Day | None = Field(
        default=None,
        exclude_if=is_none,
        description="The day of the first dose of a retrospective request (R4).",
    )
    unmet_on_first_dose: tuple[Name, ...] = Field(
        default=(),
        exclude_if=is_empty,
        description="The clauses on age and interval that were not met, or are not known to be met, on that day (R4).",
    )


def doses_in_course(number: int) -> int:
    """The number of doses in a course: five in the first, three in each later one (Dosing.A, Dosing.B, R6)."""
    return 5 if number == 1 else 3
