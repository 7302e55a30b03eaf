"""Which course a dose belongs to, by its day (R24, R25); `courses` tells which there are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from domain.calendar import anniversary
from domain.history.records import Dose
from domain.history.state import PatientHistory
from domain.treatment.courses import Course, courses, current_course


@dataclass(frozen=True, slots=True)
class CoursePlace:
    """Where a dose belongs: a course by the name its event will carry, or the report it documents."""

    course: int | None
    documents_report: str | None


def place_of_dose(history: PatientHistory, on: date) -> CoursePlace:
    """The course of a dose given on this day, whenever it is recorded (R24, R25)."""
    return place_among(history, courses(history), on)


def place_among(history: PatientHistory, found: tuple[Course, ...], on: date) -> CoursePlace:
    """The course, of those found, that a dose on this day would belong to."""
    around = next((one for one in found if one.account is not None and one.account.covers(on)), None)
    if around is not None:
        return CoursePlace(None, around.report_id)
    before = next((one for one in reversed(found) if one.begun_on <= on), None)
    if before is not None and (before.takes(on) or _was_voided_from(history, before, on)):
        return CoursePlace(name_of(history, found, before), None)
    after = next((one for one in found if one.begun_on > on), None)
    if after is not None and after.named is not None and _reaches_back(after, on):
        return CoursePlace(after.named, None)
    return CoursePlace(_next_name(history, found), None)


def place_in_course(history: PatientHistory, number: int, on: date) -> CoursePlace | None:
    """The place in the course of this number, or in the next to begin; None where there is none of this number."""
    found = courses(history)
    if number == len(found) + 1:
        return CoursePlace(_next_name(history, found), None)
    course = next((one for one in found if one.number == number), None)
    if course is None:
        return None
    if course.account is not None and course.account.covers(on):
        return CoursePlace(None, course.report_id)
    return CoursePlace(name_of(history, found, course), None)


def without(history: PatientHistory, dose: Dose) -> PatientHistory:
    """As if the dose had never been recorded: a course that it completed is unfinished again."""
    marks = ((name, replace(one, completed=False) if name == dose.course else one) for name, one in history.marks)
    return replace(history, doses=tuple(one for one in history.doses if one is not dose), marks=tuple(marks))


def _was_voided_from(history: PatientHistory, course: Course, on: date) -> bool:
    """A short course absorbs nothing that came after it (R24), but its own doses may be entered anew."""
    own = [dose.on for dose in history.doses if dose.course is not None and dose.course == course.named]
    return course.status == "short" and bool(own) and on <= max(own)


def _reaches_back(course: Course, on: date) -> bool:
    """Whether a dose before the course's first recorded one began it: it would have, had it been recorded in time."""
    return course.number == 1 or course.begun_on < anniversary(on)


def name_of(history: PatientHistory, found: tuple[Course, ...], course: Course) -> int:
    """The name for a dose of this course; a reported course takes its number, where no other has that name."""
    if course.named is not None:
        return course.named
    taken = {dose.course for dose in history.doses} | {name for name, _ in history.marks}
    return course.number if course.number not in taken else _next_name(history, found)


def _next_name(history: PatientHistory, found: tuple[Course, ...]) -> int:
    """A name for the next course: past every standing course and every closed one."""
    names = [one.named for one in found if one.named is not None]
    closed = [name for name, marks in history.marks if marks.closed_on is not None]
    return max([*names, *closed, len(found)], default=0) + 1


def name_of_course_to_give(history: PatientHistory, on: date) -> int:
    """The name that the next regimen dose would carry: of the open course, or of the one to begin."""
    found = courses(history)
    course = current_course(found, on)
    return _next_name(history, found) if course is None else name_of(history, found, course)
