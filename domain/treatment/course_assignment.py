"""Which course a dose belongs to when it is recorded, by its day (R24, R25). `courses` lists the courses themselves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from domain.history.entry_facts import EntryFacts
from domain.history.records import Dose
from domain.history.state import PatientHistory
from domain.treatment.courses import Course, courses, courses_of_lives, current_course
from domain.treatment.lives import TooManyLives, whole_lives
from domain.treatment.reported_courses import report_documented


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
    report_id = report_documented(history, on)
    if report_id is not None:
        return CoursePlace(None, report_id)
    course = _course_of_dose_on(history, patient_courses, on)
    if course is None:
        return CoursePlace(_next_name(history, patient_courses), None)
    return CoursePlace(number_for_dose(history, patient_courses, course), None)


def _course_of_dose_on(history: PatientHistory, patient_courses: tuple[Course, ...], on: date) -> Course | None:
    """The course that a dose on this day would belong to. None: it would begin another one.

    Where lives differ, it is the earliest possible course. If there are too many of them, reports are left out.
    """
    if not history.doses and not history.reports:
        return None
    with_dose = history.changed(doses=(*history.doses, _dose_on(history, on)))
    try:
        whole_lives(with_dose, date.max)
    except TooManyLives:
        with_dose = with_dose.changed(reports=())
    found = next(one for one in courses_of_lives(with_dose) if any(dose.dose_id == "" for dose in one.doses))
    same = {dose.dose_id for dose in found.doses}
    for one in patient_courses:
        if not same.isdisjoint(dose.dose_id for dose in one.doses) or not {*found.reported}.isdisjoint(one.reported):
            return one
    return None


def _dose_on(history: PatientHistory, on: date) -> Dose:
    """A dose that could be recorded next."""
    return Dose(
        dose_id="",
        on=on,
        mg=12,
        site=None,
        source="other",
        source_reference="",
        request_id=None,
        course=None,
        documents_report=None,
        duplicate="no",
        duplicate_of=None,
        variances_then=(),
        recorded_at=datetime.min.replace(tzinfo=UTC),
        version=history.version + 1,
        facts=EntryFacts(history.version + 1, reported_by="", references=()),
    )


def place_in_course(history: PatientHistory, number: int, on: date) -> CoursePlace | None:
    """The place of a dose in the course with this number, which may be the next course. None if there is none."""
    patient_courses = courses(history)
    if number == len(patient_courses) + 1:
        return CoursePlace(_next_name(history, patient_courses), None)
    course = next((one for one in patient_courses if one.number == number), None)
    if course is None:
        return None
    report_id = report_documented(history, on)
    if report_id is not None and any(one.startswith(f"{report_id}.") for one in course.reported):
        return CoursePlace(None, report_id)
    return CoursePlace(number_for_dose(history, patient_courses, course), None)


def without_dose(history: PatientHistory, dose: Dose) -> PatientHistory:
    """The history as if the dose had not been recorded. Its course is not marked as completed."""
    marks = ((name, replace(one, completed=False) if name == dose.course else one) for name, one in history.marks)
    return replace(history, doses=tuple(one for one in history.doses if one is not dose), marks=tuple(marks))


def number_for_dose(history: PatientHistory, patient_courses: tuple[Course, ...], course: Course) -> int:
    """The number for the events of doses of this course.

    A reported course without doses in this ledger takes its own number, or the next free one if that is in use.
    """
    if course.named is not None:
        return course.named
    taken = {dose.course for dose in history.doses} | {name for name, _ in history.marks}
    return course.number if course.number not in taken else _next_name(history, patient_courses)


def name_of_course(history: PatientHistory, dose: Dose) -> int | None:
    """The number for the events of the course of a dose on record: its own number, or that of a reported course.

    None: the dose is in no course.
    """
    if dose.course is not None:
        return dose.course
    patient_courses = courses(history)
    course = next((one for one in patient_courses if any(dose.dose_id == own.dose_id for own in one.doses)), None)
    return number_for_dose(history, patient_courses, course) if course is not None else None


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
