"""Which course a dose belongs to, by its day (R24, R25). `courses` computes the courses themselves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from domain.calendar import anniversary
from domain.history.records import Dose
from domain.history.state import PatientHistory
from domain.treatment.courses import Course, courses, current_course


@dataclass(frozen=True, slots=True)
class CoursePlace:
    """What a dose belongs to: the number of the course for the dose's event, or the id of the report it documents."""

    course: int | None
    documents_report: str | None


def place_of_dose(history: PatientHistory, on: date) -> CoursePlace:
    """The course of a dose that was given on this day, whenever it is recorded (R24, R25)."""
    return place_in_courses(history, courses(history), on)


def place_in_courses(history: PatientHistory, patient_courses: tuple[Course, ...], on: date) -> CoursePlace:
    """The course that a dose on this day would belong to. `patient_courses` are the courses of the history."""
    reported = next((one for one in patient_courses if one.account is not None and one.account.covers(on)), None)
    if reported is not None:
        return CoursePlace(None, reported.report_id)
    earlier = next((one for one in reversed(patient_courses) if one.begun_on <= on), None)
    if earlier is not None and (earlier.takes(on) or _may_be_voided_dose(history, earlier, on)):
        return CoursePlace(number_for_dose(history, patient_courses, earlier), None)
    later = next((one for one in patient_courses if one.begun_on > on), None)
    if later is not None and later.named is not None and _started_with(later, on):
        return CoursePlace(later.named, None)
    return CoursePlace(_next_name(history, patient_courses), None)


def place_in_course(history: PatientHistory, number: int, on: date) -> CoursePlace | None:
    """The place of a dose in the course with this number, which may be the next course. None if there is none."""
    patient_courses = courses(history)
    if number == len(patient_courses) + 1:
        return CoursePlace(_next_name(history, patient_courses), None)
    course = next((one for one in patient_courses if one.number == number), None)
    if course is None:
        return None
    if course.account is not None and course.account.covers(on):
        return CoursePlace(None, course.report_id)
    return CoursePlace(number_for_dose(history, patient_courses, course), None)


def without_dose(history: PatientHistory, dose: Dose) -> PatientHistory:
    """The history as if the dose had not been recorded. Its course is not marked as completed."""
    marks = ((name, replace(one, completed=False) if name == dose.course else one) for name, one in history.marks)
    return replace(history, doses=tuple(one for one in history.doses if one is not dose), marks=tuple(marks))


def _may_be_voided_dose(history: PatientHistory, course: Course, on: date) -> bool:
    """Whether a dose on this day may be a voided dose of a short course that is entered again.

    A short course takes no later dose (R24).
    """
    days = [dose.on for dose in history.doses if dose.course is not None and dose.course == course.named]
    return course.status == "short" and bool(days) and on <= max(days)


def _started_with(course: Course, on: date) -> bool:
    """Whether a dose before the first recorded dose of the course belongs to it.

    It does if the dose would have started the course, had it been recorded in time.
    """
    return course.number == 1 or course.begun_on < anniversary(on)


def number_for_dose(history: PatientHistory, patient_courses: tuple[Course, ...], course: Course) -> int:
    """The number for the events of doses of this course.

    A reported course without doses in this ledger takes its own number, or the next free one if that is in use.
    """
    if course.named is not None:
        return course.named
    taken = {dose.course for dose in history.doses} | {name for name, _ in history.marks}
    return course.number if course.number not in taken else _next_name(history, patient_courses)


def _next_name(history: PatientHistory, patient_courses: tuple[Course, ...]) -> int:
    """The number for the events of the next course: higher than that of every current and every closed course."""
    names = [one.named for one in patient_courses if one.named is not None]
    closed = [name for name, marks in history.marks if marks.closed_on is not None]
    return max([*names, *closed, len(patient_courses)], default=0) + 1


def number_of_next_dose(history: PatientHistory, on: date) -> int:
    """The number for the event of the next dose: of the open course, or of the next course."""
    patient_courses = courses(history)
    course = current_course(patient_courses, on)
    return _next_name(history, patient_courses) if course is None else number_for_dose(history, patient_courses, course)
