"""Which courses there are, how far each has come, and which course a dose belongs to (R6 to R8, R24 to R26).

A course is made of the doses this ledger recorded for it, of a report from elsewhere, or of
both: doses inside a reported course document it, and doses after an unfinished reported
course continue it. Courses are numbered in the order in which they were begun.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from domain.calendar import PartialDate, anniversary
from domain.events import ReportedCourse
from domain.facts import OpenCourse, PriorTreatment, doses_in_course
from domain.history import CourseMarks, Dose, PatientHistory

SAME_COURSE = timedelta(days=30)
"""How long after its completion a dose is still an excess dose of a course (R24)."""

CourseStatus = Literal["open", "completed", "closed", "short", "unknown"]


@dataclass(frozen=True, slots=True)
class Course:
    """One course. `number` counts from 1 by when courses were begun; `named` is what its doses' events call it.

    `doses` count towards it, in the order of their days; `documenting` doses lie inside the
    reported course and add nothing to it.
    """

    number: int
    begun_on: date
    named: int | None
    doses: tuple[Dose, ...]
    documenting: tuple[Dose, ...]
    report_id: str | None
    reported: ReportedCourse | None
    marks: CourseMarks

    @property
    def regimen(self) -> int:
        return doses_in_course(self.number)

    @property
    def given(self) -> int | None:
        """Doses given; None where a report does not say how many."""
        if self.reported is None:
            return len(self.doses)
        if self.reported.completed is True:
            return max(self.reported.doses_given or self.regimen, self.regimen) + len(self.doses)
        if self.reported.doses_given is None:
            return None
        return max(self.reported.doses_given, len(self.documenting)) + len(self.doses)

    @property
    def left(self) -> int | None:
        """Doses that the regimen still has, at least 0; None where the number given is not known."""
        return None if self.given is None else max(0, self.regimen - self.given)

    @property
    def is_complete(self) -> bool | None:
        """From doses and reports alone (R6); None where a report does not say."""
        if self.given is not None:
            return self.given >= self.regimen
        if len(self.doses) >= self.regimen:
            return True
        return None if self.reported is not None and self.reported.completed is None else False

    @property
    def status(self) -> CourseStatus:
        if self.is_complete is True:
            return "completed"
        if self.marks.closed_on is not None:
            return "closed"
        if self.marks.completed:
            return "short"
        return "unknown" if self.is_complete is None else "open"

    @property
    def last_dose_on(self) -> PartialDate | None:
        """The latest dose, recorded or reported; None where no date is known."""
        known = [PartialDate.of(dose.on) for dose in self.doses]
        reported = self.reported.last_dose_on if self.reported is not None else None
        documented = [PartialDate.of(dose.on) for dose in self.documenting]
        fully = reported is not None and self.reported is not None and self.reported.doses_given == len(documented)
        if reported is not None and not (fully and documented):
            known.append(reported)
        return max([*known, *documented], default=None)

    @property
    def completed_on(self) -> date | None:
        """The day of the regimen's last dose; the last possible one where a report says only the month."""
        if self.is_complete is not True:
            return None
        missing = self.regimen - (self.given or 0) + len(self.doses)
        if self.doses and 0 < missing <= len(self.doses):
            return self.doses[missing - 1].on
        return self.last_dose_on.latest if self.last_dose_on is not None else None


def reported_span(reported: ReportedCourse) -> tuple[date, date] | None:
    """The days that a reported course may have covered; None where it carries no date."""
    first, last = reported.first_dose_on, reported.last_dose_on
    if first is None and last is None:
        return None
    begins = first.earliest if first is not None else last.earliest - SAME_COURSE  # type: ignore[union-attr]
    ends = last.latest if last is not None else first.latest  # type: ignore[union-attr]
    return begins, max(begins, ends)


def courses(history: PatientHistory, as_of: date | None = None) -> tuple[Course, ...]:
    """Every course, in the order in which they were begun; only what had happened by `as_of`."""
    doses = [dose for dose in history.doses if dose.stands and (as_of is None or dose.on <= as_of)]
    reported = _reported(history, doses, as_of)
    recorded = _recorded(history, doses, as_of)
    entries = sorted((*reported, *recorded), key=lambda one: (one.begun_on, one.named or 0))
    merged: list[Course] = []
    for entry in entries:
        if merged and _is_one_course(merged[-1], entry, is_first=len(merged) == 1):
            merged[-1] = _joined(merged[-1], entry)
        else:
            merged.append(replace(entry, number=len(merged) + 1))
    return tuple(merged)


def _reported(history: PatientHistory, doses: Iterable[Dose], as_of: date | None) -> list[Course]:
    """Reported courses, each once: a later report of the same days is about the same course."""
    found: list[Course] = []
    for report in history.reports:
        for course in report.courses:
            span = reported_span(course)
            if span is not None and as_of is not None and span[0] > as_of:
                continue
            documenting = _in_order(
                dose for dose in doses if dose.course is None and span is not None and span[0] <= dose.on
                and dose.on <= span[1] + SAME_COURSE and dose.documents_report is not None
            )  # fmt: skip
            begun_on = span[0] if span is not None else date.min
            entry = Course(0, begun_on, None, (), documenting, report.report_id, course, CourseMarks())
            same = next((one for one in found if _overlap(one.reported, course)), None)
            if same is not None:
                found.remove(same)
            found.append(entry)
    return found


def _overlap(one: ReportedCourse | None, other: ReportedCourse) -> bool:
    spans = (reported_span(one) if one is not None else None, reported_span(other))
    return spans[0] is not None and spans[1] is not None and spans[0][0] <= spans[1][1] and spans[1][0] <= spans[0][1]


def _recorded(history: PatientHistory, doses: Iterable[Dose], as_of: date | None) -> list[Course]:
    named: dict[int, list[Dose]] = {number: [] for number, _ in history.marks}
    for dose in doses:
        if dose.course is not None:
            named.setdefault(dose.course, []).append(dose)
    found = []
    for number, members in named.items():
        marks = history.marks_of(number)
        if as_of is not None and marks.closed_on is not None and marks.closed_on > as_of:
            marks = replace(marks, closed_on=None)
        to_come = (dose for dose in history.doses if dose.counts and as_of is not None and dose.on > as_of)
        if any(dose.course == number for dose in to_come):
            # Doses that were still to come had not completed it then.
            marks = replace(marks, completed=False)
        # A finished course whose doses were all voided stays visible, where they had been.
        entries = members or [dose for dose in history.doses if dose.course == number]
        begun_on = min(dose.on for dose in entries)
        if members or ((marks.completed or marks.closed_on is not None) and (as_of is None or begun_on <= as_of)):
            found.append(Course(0, begun_on, number, _in_order(members), (), None, None, marks))
    return found


def _in_order(doses: Iterable[Dose]) -> tuple[Dose, ...]:
    return tuple(sorted(doses, key=lambda dose: (dose.on, dose.version)))


def _is_one_course(before: Course, after: Course, *, is_first: bool) -> bool:
    """Whether a reported course and recorded doses are one: the doses lie inside it, or continue it."""
    reported, recorded = (before, after) if before.reported is not None else (after, before)
    if reported.reported is None or reported.named is not None or recorded.named is None or not recorded.doses:
        return False
    span = reported_span(reported.reported)
    if span is not None and any(span[0] <= dose.on <= span[1] for dose in recorded.doses):
        return True
    if reported is after or reported.reported.completed is not False:
        return False
    last = reported.last_dose_on
    return is_first or (last is not None and recorded.doses[0].on < anniversary(last.latest))


def _joined(one: Course, other: Course) -> Course:
    reported, recorded = (one, other) if one.reported is not None else (other, one)
    assert reported.reported is not None
    span = reported_span(reported.reported)
    inside = tuple(dose for dose in recorded.doses if span is not None and span[0] <= dose.on <= span[1])
    return replace(
        one,
        named=recorded.named,
        doses=tuple(dose for dose in recorded.doses if dose not in inside),
        documenting=(*reported.documenting, *inside),
        report_id=reported.report_id,
        reported=reported.reported,
        marks=recorded.marks,
    )


# -- what the policy is told of it ------------------------------------------------------------


def current_course(found: tuple[Course, ...], on: date) -> Course | None:
    """The course that a dose on this day would still belong to as one of its regimen (R7, R8)."""
    if not found or found[-1].status != "open":
        return None
    last = found[-1]
    if last.number == 1 or last.last_dose_on is None:
        return last
    return last if anniversary(last.last_dose_on.latest) > on else None


def prior_treatment(found: tuple[Course, ...], *, never_reported: bool, stated: bool | None) -> PriorTreatment:
    """The treatment facts: the record first, the statement only where the record is silent (R1)."""
    if not found:
        received = False if never_reported and stated is not True else stated
        return PriorTreatment(received_lemtrada=received, completed_course=False if received is False else None)
    last = found[-1]
    if last.status == "open":
        before = [one.last_dose_on for one in found[:-1] if one.last_dose_on is not None]
        return PriorTreatment(
            received_lemtrada=True,
            completed_course=last.number > 1,
            last_dose_on=max(before, default=None),
            open_course=OpenCourse(number=last.number, doses_given=last.given or None, last_dose_on=last.last_dose_on),
        )
    dates = [one.last_dose_on for one in found if one.last_dose_on is not None]
    completed = len(found) > 1 or last.status != "unknown"
    return PriorTreatment(
        received_lemtrada=True,
        completed_course=True if completed else None,
        last_dose_on=max(dates, default=None),
    )


# -- which course a dose belongs to -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """Where a dose belongs: a course by the name its event will carry, or the report it documents."""

    course: int | None
    documents_report: str | None


def place_of_dose(history: PatientHistory, on: date) -> Place:
    """The course of a dose given on this day, whenever it is recorded (R24, R25)."""
    found = courses(history)
    for one in found:
        span = reported_span(one.reported) if one.reported is not None else None
        if span is not None and span[0] <= on <= span[1]:
            return Place(None, one.report_id)
    before = next((one for one in reversed(found) if one.begun_on <= on), None)
    if before is not None and _takes(before, on):
        return _in(history, before)
    after = next((one for one in found if one.begun_on > on), None)
    if after is not None and after.named is not None and _reaches_back(after, on):
        return _in(history, after)
    return Place(_next_name(found), None)


def _takes(course: Course, on: date) -> bool:
    """Whether a dose on or after the course's begin is one of its own."""
    last = course.last_dose_on
    match course.status:
        case "open":
            return course.number == 1 or last is None or on < anniversary(last.latest)
        case "closed":
            return course.marks.closed_on is not None and on <= course.marks.closed_on
        case "completed":
            return course.completed_on is not None and on <= course.completed_on + SAME_COURSE
        case "short" | "unknown":
            return last is not None and on <= last.latest + SAME_COURSE


def _reaches_back(course: Course, on: date) -> bool:
    """Whether a dose before the course's first recorded one began it: it would have, had it been recorded in time."""
    return course.number == 1 or course.begun_on < anniversary(on)


def _in(history: PatientHistory, course: Course) -> Place:
    if course.named is not None:
        return Place(course.named, None)
    if course.status == "open":
        return Place(_next_name(courses(history)) if _is_named(history, course.number) else course.number, None)
    return Place(None, course.report_id)


def _is_named(history: PatientHistory, number: int) -> bool:
    return any(dose.course == number for dose in history.doses)


def _next_name(found: tuple[Course, ...]) -> int:
    """A number that no standing course has: the next in order."""
    names = [one.named for one in found if one.named is not None]
    return max([*names, len(found)], default=0) + 1


def name_of_course_to_give(history: PatientHistory, on: date) -> int:
    """The name that the next regimen dose would carry: of the open course, or of the one to begin."""
    found = courses(history)
    course = current_course(found, on)
    place = _in(history, course) if course is not None else None
    return place.course if place is not None and place.course is not None else _next_name(found)
