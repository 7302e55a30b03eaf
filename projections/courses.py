"""The patient's courses, dose by dose, with the variances of each dose from what was approved."""

from __future__ import annotations

from datetime import date
from typing import Final, Literal
from uuid import UUID

from pydantic import Field

from domain.calendar import Day, Instant, PartialDate, years_have_passed
from domain.events.base import ImportedFrom
from domain.events.treatment import ClaimLineKind, FoundBy, Variance
from domain.facts import FrozenModel, counted
from domain.history.entry_facts import RecordedClaimLine
from domain.history.records import Dose
from domain.history.state import PatientHistory
from domain.history.treatment import reported_course_id
from domain.permissions.views import is_request_of
from domain.treatment.approval_use import variances
from domain.treatment.courses import Course, courses
from domain.treatment.lived_courses import GIVEN_MAX

StatusOnDay = Literal["open", "completed", "closed", "short", "unknown", "not_completed"]


class DoseView(FrozenModel):
    """One dose entry. `variances_then` are those found when the dose was recorded; `variances` are the current ones.

    `listed_as_recorded`: reports leave the course of the dose open (R27), so it is listed in the course that was seen
    when the dose was recorded.
    `duplicate`: a `possible` duplicate waits for a user; a `part` of the dose `duplicate_of` adds its milligrams there,
    as `added_mg`. `dose_days_at_least` and `dose_days_at_most` are the number of infusion days that the entry is about:
    several of a claim line of more than 12 mg (R25), and perhaps none if its claim was voided (R30) or if it may be the
    same dose as the entry `duplicate_of`, of another day.
    `replaced_after_void`: its claim was voided and then replaced, so that it counts again.
    """

    dose_id: str
    on: Day
    mg: float
    site: str | None
    source: str
    source_reference: str
    request_id: str | None
    recorded_at: Instant
    counts: bool
    voided: bool
    corrected: bool
    duplicate: Literal["no", "possible", "confirmed", "dismissed", "part"]
    duplicate_of: str | None
    added_mg: float = 0.0
    dose_days_at_least: int = 1
    dose_days_at_most: int = 1
    claim_voided: bool = False
    replaced_after_void: bool = False
    documents_report: str | None
    variances_then: tuple[Variance, ...]
    variances: tuple[Variance, ...]
    imported_from: ImportedFrom | None
    listed_as_recorded: bool = False


class ClaimLineView(FrozenModel):
    """A claim line that is no paid original (R30). `dose_id` is the dose entry that it is about.

    `waits`: a void whose claim is not on record. A `denied` line was billed, not paid. `found_by` is how the entry was
    found: by the original's reference, by the line's own, or as the only entry of its source and day.
    """

    line: ClaimLineKind
    on: Day | None
    mg: float | None
    source: str
    source_reference: str
    original_reference: str | None
    dose_id: str | None
    found_by: FoundBy | None
    waits: bool


class CourseView(FrozenModel):
    """One course, numbered by its start.

    A later course with the status `not_completed` is a prior one: twelve months have passed since its last dose (R8). A
    course with the origin `implied` is a first one that only a report of a later course tells of (R27).

    `doses_given` and `doses_left` are null if reports leave the number open (R27); `doses_given_at_least` and
    `doses_given_at_most` are its range, of which 99 is no known limit. So are `last_dose_earliest` and
    `last_dose_latest` of the last dose. A course with the status `unknown` that may have no dose may not exist.
    `recorded_as` is the course number in the events of its doses. `report_id` is the latest report of the course, and
    `imported_from` is the source from which that report was imported.
    """

    number: int
    recorded_as: int | None
    status: StatusOnDay
    origin: Literal["recorded", "reported", "reported and recorded", "implied"]
    regimen_doses: int
    doses_given: int | None
    doses_left: int | None
    doses_given_at_least: int = 0
    doses_given_at_most: int = 0
    begun_on: Day | None
    last_dose_on: PartialDate | None
    last_dose_earliest: Day | None = None
    last_dose_latest: Day | None = None
    completed_on: Day | None
    closed_on: Day | None
    reported_mg_total: float | None
    report_id: str | None
    imported_from: ImportedFrom | None
    doses: tuple[DoseView, ...]


class Courses(FrozenModel):
    """All courses on a day, and the dose entries that belong to no course: voided entries and duplicate reports."""

    patient_id: UUID
    history_version: int
    as_of: Day
    courses: tuple[CourseView, ...]
    other_entries: tuple[DoseView, ...]
    claim_lines: tuple[ClaimLineView, ...] = Field(
        default=(), description="Claim lines that are no paid originals. A provider office is not shown them."
    )


def course_list(history: PatientHistory, as_of: date, office: str | None = None) -> Courses:
    """Returns the courses on a day.

    With a prescriber's `office`, a dose names the request that it was given under only if it is the office's own.
    """
    found, current = courses(history, as_of), courses(history)
    shown = {dose.dose_id for one in found for dose in one.doses}
    others = (dose for dose in history.doses if dose.dose_id not in shown and dose.on <= as_of)
    return Courses(
        patient_id=history.patient_id,
        history_version=history.version,
        as_of=as_of,
        courses=tuple(_course(history, current, one, as_of, office) for one in found),
        other_entries=tuple(_dose(history, current, dose, office) for dose in others),
        claim_lines=tuple(map(_claim_line, history.claim_lines)) if office is None else (),
    )


def _claim_line(line: RecordedClaimLine) -> ClaimLineView:
    return ClaimLineView(
        line=line.line,
        on=line.on,
        mg=line.mg,
        source=line.source,
        source_reference=line.source_reference,
        original_reference=line.original_reference,
        dose_id=line.dose_id,
        found_by=line.found_by,
        waits=line.waits,
    )


_DUPLICATES: Final = {
    "possible": "possible duplicate",
    "confirmed": "confirmed duplicate",
    "dismissed": "dismissed duplicate",
    "part": "part of the same dose",
}


def entry_marks(dose: DoseView) -> list[str]:
    """Returns what is particular about a dose entry, in words: voided, a second entry, a range of dose days."""
    marks = [one for one in ("voided", "corrected") if getattr(dose, one)]
    marks += [_DUPLICATES[dose.duplicate]] if dose.duplicate != "no" else []
    if dose.claim_voided:
        marks.append("claim voided" + (", not known whether it was given" if not dose.dose_days_at_least else ""))
    elif not dose.dose_days_at_least:
        marks.append("may be the same dose as an entry of another day")
    marks += ["claim voided, then replaced"] if dose.replaced_after_void else []
    if dose.dose_days_at_most > 1 and not dose.voided:
        least, most = dose.dose_days_at_least, dose.dose_days_at_most
        marks.append(counted(most, "dose day") if least == most else f"{least} to {most} dose days")
    marks += [f"{dose.added_mg:g} mg more from another entry"] if dose.added_mg else []
    marks += ["course not certain"] if dose.listed_as_recorded else []
    return marks


def claim_line_in_words(line: ClaimLineView) -> str:
    """Returns a claim line in words: what it is, its units, and which entry it is about."""
    what = {"denied": "denied line, billed and not paid", "void": "void", "replacement": "replacement"}[line.line]
    amount = f", {line.mg:g} mg" if line.mg is not None else ""
    about = f", of entry {line.dose_id.rpartition('.')[2]}" if line.dose_id is not None else ""
    about += ", found by its source and day" if line.found_by == "day" else ""
    waits = f", waits for claim {line.original_reference or line.source_reference}" if line.waits else ""
    waits += ", or for the only claim of its source and day" if waits and line.original_reference is None else ""
    return f"{line.on or 'no day'}, {what} {line.source_reference}{amount}{about}{waits}"


def given_in_words(course: CourseView) -> str:
    """Returns the number of doses given, or the range of numbers that reports leave open."""
    least, most = course.doses_given_at_least, course.doses_given_at_most
    if most >= GIVEN_MAX:
        return f"at least {counted(least, 'dose')}"
    return counted(least, "dose") if least == most else f"{least} to {most} doses"


def _status(course: Course, as_of: date) -> StatusOnDay:
    if course.status != "open" or course.number == 1 or course.last is None:
        return course.status
    over = years_have_passed(course.last, 1, on=as_of)
    return "open" if over is False else "not_completed" if over else "unknown"


def _origin(course: Course) -> Literal["recorded", "reported", "reported and recorded", "implied"]:
    if not course.reported:
        is_implied = course.number == 1 and not course.doses and course.named is None
        return "implied" if is_implied else "recorded"
    return "reported and recorded" if course.doses else "reported"


def _course(
    history: PatientHistory, current: tuple[Course, ...], course: Course, as_of: date, office: str | None
) -> CourseView:
    return CourseView(
        number=course.number,
        recorded_as=course.named,
        status=_status(course, as_of),
        origin=_origin(course),
        regimen_doses=course.regimen,
        doses_given=course.given,
        doses_left=course.left,
        doses_given_at_least=course.given_range[0],
        doses_given_at_most=course.given_range[1],
        begun_on=course.begun_on if course.begun is not None and course.begun.is_whole_day else None,
        last_dose_on=course.last_dose_on,
        last_dose_earliest=course.last.earliest if course.last is not None else None,
        last_dose_latest=course.last.latest if course.last is not None else None,
        completed_on=course.certainly_completed_on,
        closed_on=course.marks.closed_on,
        reported_mg_total=_reported_milligrams(history, course),
        report_id=course.report_id,
        imported_from=next((one.imported_from for one in history.reports if one.report_id == course.report_id), None),
        doses=tuple(
            _dose(history, current, dose, office, listed_as_recorded=dose.dose_id in course.listed_as_recorded)
            for dose in course.doses
        ),
    )


def _reported_milligrams(history: PatientHistory, course: Course) -> float | None:
    """Returns the milligrams of the whole course that the latest report of it states."""
    stated = [
        one.mg_total
        for report in history.reports
        for number, one in enumerate(report.courses, 1)
        if reported_course_id(report.report_id, number) in course.reported and one.mg_total is not None
    ]
    return stated[-1] if stated else None


def _dose(
    history: PatientHistory,
    current: tuple[Course, ...],
    dose: Dose,
    office: str | None,
    *,
    listed_as_recorded: bool = False,
) -> DoseView:
    return DoseView(
        dose_id=dose.dose_id,
        on=dose.on,
        mg=dose.mg,
        site=dose.site,
        source=dose.source,
        source_reference=dose.source_reference,
        request_id=request_shown(history, dose, office),
        recorded_at=dose.recorded_at,
        counts=dose.counts,
        voided=dose.voided,
        corrected=dose.corrected,
        imported_from=dose.imported_from,
        duplicate=dose.duplicate,
        duplicate_of=dose.duplicate_of,
        added_mg=dose.added_mg,
        dose_days_at_least=dose.days[0],
        dose_days_at_most=dose.days[1],
        claim_voided=dose.facts.claim_voided is not None,
        replaced_after_void=history.is_replaced_after_void(dose),
        documents_report=dose.documents_report,
        variances_then=dose.variances_then,
        variances=variances(history, current, dose),
        listed_as_recorded=listed_as_recorded,
    )


def request_shown(history: PatientHistory, dose: Dose, office: str | None) -> str | None:
    """Returns the request that the dose was given under, or None if the office may not see that request."""
    request = history.request(dose.request_id) if dose.request_id is not None else None
    return dose.request_id if request is None or is_request_of(office, request) else None
