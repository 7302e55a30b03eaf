"""Reports of treatment elsewhere: recorded, corrected, voided, with the effect on the doses of this ledger.

A dose within a reported course documents that course (R25). If the report is voided, or its days are corrected, the
dose is still a fact: a correction of the dose, in the same commit, assigns it to a course of this ledger. If a
clinician found that the course will not be finished (R26), that finding is recorded again for what is left of the
course.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from domain.commands import Command
from domain.commands.context import CommandContext, Occasion
from domain.commands.treatment import AttributeReport, CorrectPriorTreatment, ReportPriorTreatment, VoidPriorTreatment
from domain.decisions.consequences import DecisionFunction, after
from domain.decisions.doses import dose_corrected, request_of_corrected_dose
from domain.decisions.preconditions import Precondition, always
from domain.errors import Conflict, InvalidCommand, NotFound
from domain.events import PatientEvent
from domain.events.treatment import (
    CourseClosedUnfinished,
    DoseCorrected,
    PriorTreatmentCorrected,
    PriorTreatmentReported,
    PriorTreatmentVoided,
    ReportAttributed,
    ReportedCourse,
)
from domain.facts import doses_in_course
from domain.history.records import Dose, Report
from domain.history.state import PatientHistory
from domain.history.treatment import reported_course_id
from domain.treatment.confirmed_courses import field_that_differs
from domain.treatment.course_assignment import CoursePlace, place_of_dose, without_dose
from domain.treatment.courses import Course, courses
from domain.treatment.reported_courses import numbers_after_correction, report_documented

NewIds = dict[str, str | None]
"""For the id of each course of a corrected or voided report, its id in the report now, or None if it is not in it."""

UNFINISHED: Final = ("open", "unknown")
"""The statuses of a course that may still be finished."""


def report_prior_treatment(
    history: PatientHistory, command: ReportPriorTreatment, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """Record a report of treatment elsewhere."""
    reported_on = _day_of_report(history, command.reported_on, context) or context.today
    _check_courses(history, command.courses, reported_on, context)
    if command.confirms_record:
        _check_confirms_record(history, command.courses, reported_on)
    return (
        context.event(
            PriorTreatmentReported,
            report_id=f"{history.patient_id}.t{len(history.reports) + 1}",
            on=reported_on,
            source=command.source,
            reference=command.reference,
            courses=command.courses,
            confirms_record=command.confirms_record,
        ),
    )


def correct_prior_treatment(
    history: PatientHistory, command: CorrectPriorTreatment, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """Correct the report, and reassign the doses that no longer document a reported course."""
    report = to_correct_report(history, command.report_id, context)
    reported_on = _day_of_report(history, command.reported_on, context) or report.reported_on
    _check_courses(history, command.courses, reported_on, context)
    values = {
        "source": command.source or report.source,
        "reference": command.reference or report.reference,
        "courses": command.courses,
        "reported_on": reported_on,
    }
    fields = tuple(name for name, value in values.items() if value != getattr(report, name))
    if not fields:
        raise InvalidCommand("nothing differs from what is on record", remedy="send the corrected report")
    if "reported_on" not in fields:
        values["reported_on"] = None
    event = context.event(
        PriorTreatmentCorrected, report_id=report.report_id, **values, fields=fields, reason=command.reason
    )
    new_ids = _new_ids_of(report, numbers_after_correction(report.courses, command.courses))
    return _with_consequences(history, event, new_ids, context, "The report that it documented was corrected.")


def void_prior_treatment(
    history: PatientHistory, command: VoidPriorTreatment, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """Void the report, and reassign the doses that documented its courses."""
    report = to_void_report(history, command.report_id, context)
    event = context.event(PriorTreatmentVoided, report_id=report.report_id, reason=command.reason)
    new_ids = _new_ids_of(report, {})
    return _with_consequences(history, event, new_ids, context, "The report that it documented was voided.")


def attribute_report(
    history: PatientHistory, command: AttributeReport, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """Record whether the report is about the doses of this ledger, or about other doses (R27)."""
    report = to_attribute_report(history, command.report_id, context)
    if report.tells_of == command.tells_of:
        raise InvalidCommand("this is on record for the report already", field="tells_of", remedy="no action is needed")
    if command.tells_of == "our_doses" and not _has_doses_by(history, report.reported_on):
        raise InvalidCommand(
            "no dose of this ledger was given by the day of the report",
            field="tells_of",
            remedy="record the doses first, or send other_doses",
        )
    return (
        context.event(ReportAttributed, report_id=report.report_id, tells_of=command.tells_of, reason=command.reason),
    )


def to_attribute_report(history: PatientHistory, report_id: str, _: Occasion) -> Report:
    """The report, which is not voided and lists a course."""
    report = _report(history, report_id)
    if report.voided:
        raise Conflict("the report is voided", field="report_id", remedy="report the treatment again")
    if not report.courses:
        raise Conflict(
            "the report states that Lemtrada was never received, so it is about no doses",
            field="report_id",
            remedy="correct the report, or void it",
        )
    return report


def to_correct_report(history: PatientHistory, report_id: str, _: Occasion) -> Report:
    """The report, which is not voided."""
    report = _report(history, report_id)
    if report.voided:
        raise Conflict("a voided report can't be corrected", field="report_id", remedy="report the treatment again")
    return report


def to_void_report(history: PatientHistory, report_id: str, _: Occasion) -> Report:
    """The report, which is not voided."""
    report = _report(history, report_id)
    if report.voided:
        raise Conflict("the report is already voided", field="report_id", remedy="no action is needed")
    return report


def _report(history: PatientHistory, report_id: str) -> Report:
    """The report with this id. Raises NotFound."""
    report = history.report(report_id)
    if report is None:
        raise NotFound(
            "the report was not found", field="report_id", remedy="use an id from the patient's list of reports"
        )
    return report


def _day_of_report(history: PatientHistory, reported_on: date | None, context: CommandContext) -> date | None:
    """The day of the report as it was sent, or None. Raises InvalidCommand for a day that cannot be."""
    if reported_on is not None and reported_on > context.today:
        raise InvalidCommand(
            "reported_on is in the future",
            field="reported_on",
            remedy="send the day on which the treatment was reported, or leave it out for today",
        )
    if reported_on is not None and history.birth_date is not None and reported_on < history.birth_date.earliest:
        raise InvalidCommand(
            "reported_on is before the birth date",
            field="reported_on",
            remedy="send the day on which the treatment was reported, or correct the birth date",
        )
    return reported_on


def _check_courses(
    history: PatientHistory, reported: tuple[ReportedCourse, ...], reported_on: date, context: CommandContext
) -> None:
    """Raises InvalidCommand for impossible dates or counts (R27). A report has no dose after its day (R5)."""
    too_late, remedy = "is in the future", "send the date of a dose that was given by then"
    if reported_on < context.today:
        too_late, remedy = "is after the day of the report (reported_on)", f"{remedy}, or correct reported_on"
    for number, course in enumerate(reported):
        field = f"courses.{number}"
        for name, day in (("first_dose_on", course.first_dose_on), ("last_dose_on", course.last_dose_on)):
            if day is not None and day.earliest > reported_on:
                raise InvalidCommand(
                    f"the {name} {too_late}",
                    field=f"{field}.{name}",
                    remedy=remedy,
                )
            if day is not None and history.birth_date is not None and day.latest < history.birth_date.earliest:
                raise InvalidCommand(
                    f"the {name} is before the birth date",
                    field=f"{field}.{name}",
                    remedy="send the date of a dose that was given",
                )
        _check_order(course, field)
        _check_count(course, field)


def _check_order(course: ReportedCourse, field: str) -> None:
    """Raises InvalidCommand if the last dose is before the first, or the days are fewer than the doses."""
    first, last = course.first_dose_on, course.last_dose_on
    if first is None or last is None:
        return
    if first.earliest > last.latest:
        raise InvalidCommand(
            "the last dose is before the first dose",
            field=f"{field}.last_dose_on",
            remedy="send the first dose and then the last dose",
        )
    if not (first.is_whole_day and last.is_whole_day):
        return
    days = (last.earliest - first.earliest).days + 1
    least, name = course.doses_given, "doses_given"
    if least is None and course.completed is True:
        least, name = doses_in_course(2), "completed"
    if least is not None and days < least:
        raise InvalidCommand(
            f"from first_dose_on through last_dose_on there are fewer days ({days}) than doses ({least}, by {name})",
            field=f"{field}.last_dose_on",
            remedy=f"correct first_dose_on, last_dose_on, or {name}; a patient has one dose a day",
        )


def _check_count(course: ReportedCourse, field: str) -> None:
    """Raises InvalidCommand for a number of doses that no course has, or that contradicts `completed`."""
    count = course.doses_given
    if count is None:
        return
    if course.completed is False and count >= doses_in_course(1):
        raise InvalidCommand(
            "doses_given is a complete course, but completed is false",
            field=f"{field}.completed",
            remedy="correct one of the two fields",
        )
    if count > doses_in_course(1):
        raise InvalidCommand(
            f"doses_given is {count}, but {field} is one course, and a course has at most {doses_in_course(1)} doses",
            field=f"{field}.doses_given",
            remedy="correct doses_given, or list each course as its own entry of courses",
        )
    if course.completed is True and count < doses_in_course(2):
        raise InvalidCommand(
            f"completed is true, but doses_given is {count}, and a complete course has at least {doses_in_course(2)}",
            field=f"{field}.doses_given",
            remedy="correct doses_given, or send completed false or leave it out",
        )


def _check_confirms_record(history: PatientHistory, reported: tuple[ReportedCourse, ...], reported_on: date) -> None:
    """Raises InvalidCommand if a report confirms the record, but lists no course or others than are on record."""
    if not reported:
        raise InvalidCommand(
            "confirms_record is true, but courses is empty",
            field="confirms_record",
            remedy="list the confirmed courses, or leave confirms_record out",
        )
    is_reported = any(one.courses and not one.voided for one in history.reports)
    if not is_reported and not _has_doses_by(history, reported_on):
        raise InvalidCommand(
            "confirms_record is true, but no dose and no report is on record that it could confirm",
            field="confirms_record",
            remedy="leave confirms_record out, so that the report counts",
        )
    differing = field_that_differs(courses(history, reported_on), reported)
    if differing is not None:
        raise InvalidCommand(
            "confirms_record is true, but the report states another number or day than is on record",
            field=differing,
            remedy="leave confirms_record out, so that the report counts as it is stated, or send what is on record",
        )


def _has_doses_by(history: PatientHistory, day: date) -> bool:
    return any(dose.stands and dose.on <= day for dose in history.doses)


# -- what follows -----------------------------------------------------------------------------


def _new_ids_of(report: Report, numbers: dict[int, int]) -> NewIds:
    """The new id of each course of the report.

    `numbers` has the new number of each course that the corrected report contains.
    """
    own = {number: reported_course_id(report.report_id, number) for number in range(1, len(report.courses) + 1)}
    now = {number: reported_course_id(report.report_id, other) for number, other in numbers.items()}
    return {own[number]: now.get(number) for number in own}


def _with_consequences(
    history: PatientHistory, event: PatientEvent, new_ids: NewIds, context: CommandContext, reason: str
) -> tuple[PatientEvent, ...]:
    """The event, the doses that it reassigns, and the courses that stay closed."""
    corrections = _reassigned_doses(history, event, context, reason)
    return (event, *corrections, *_closures_repeated(history, (event, *corrections), new_ids, context))


def _reassigned_doses(
    history: PatientHistory, event: PatientEvent, context: CommandContext, reason: str
) -> tuple[DoseCorrected, ...]:
    """Corrections of doses that documented a report that has no course around their days any more."""
    known, corrections = after(history, (event,)), tuple[DoseCorrected, ...]()
    for dose in _no_longer_documenting(history, known):
        name = place_of_dose(without_dose(known, dose), dose.on).course
        assert name is not None, "no report is about this day any more"
        request_id = request_of_corrected_dose(known, dose, CoursePlace(name, None), dose.on)
        correction = dose_corrected(
            known, dose, context, reason, course=name, documents_report=None, request_id=request_id
        )
        known, corrections = after(known, (correction.model_copy(),)), (*corrections, correction)
    return corrections


def _no_longer_documenting(before: PatientHistory, now: PatientHistory) -> list[Dose]:
    """The doses that no longer document a report, in the order of their days.

    Second entries are included: if one is found to be another infusion, it must count in a course.
    """
    doses = (dose for dose in now.doses if not dose.voided and dose.course is None)
    return sorted(
        (dose for dose in doses if not _still_documents(dose, before, now)), key=lambda dose: (dose.on, dose.version)
    )


def _still_documents(dose: Dose, before: PatientHistory, now: PatientHistory) -> bool:
    """Whether a report is about the day of the dose.

    A dose outside of the days of its own report documents it only if it was already outside of them before.
    """
    if report_documented(now, dose.on) is not None:
        return True
    own = now.report(dose.documents_report) if dose.documents_report is not None else None
    is_on_record = own is not None and not own.voided and bool(own.courses)
    return is_on_record and report_documented(before, dose.on) is None


def _closures_repeated(
    history: PatientHistory, events: tuple[PatientEvent, ...], new_ids: NewIds, context: CommandContext
) -> Iterator[PatientEvent]:
    """For courses that a clinician closed and that the change would reopen, the closing is recorded again."""
    now = courses(after(history, events))
    for closed in (one for one in courses(history) if one.status == "closed"):
        for course in now:
            if course.status in UNFINISHED and _is_same_course(closed, course, new_ids):
                yield context.event(
                    CourseClosedUnfinished,
                    course=course.named or course.number,
                    doses_given=course.given_at_least,
                    closed_on=closed.marks.closed_on,
                    reason="The course was closed as not to be finished, and its report was corrected.",
                    reported_course=course.reported[-1] if course.reported else None,
                )


def _is_same_course(before: Course, now: Course, new_ids: NewIds) -> bool:
    """Whether the course now has doses of the course before, or one of its reported courses under the present id."""
    doses = {dose.dose_id for dose in before.doses}
    if any(dose.dose_id in doses for dose in now.doses):
        return True
    return any(new_ids.get(one, one) in now.reported for one in before.reported)


DECISIONS: Final[dict[type[Command], DecisionFunction]] = {
    ReportPriorTreatment: report_prior_treatment,
    CorrectPriorTreatment: correct_prior_treatment,
    AttributeReport: attribute_report,
    VoidPriorTreatment: void_prior_treatment,
}
PRECONDITIONS: Final[dict[type[Command], Precondition]] = {
    ReportPriorTreatment: always,
    CorrectPriorTreatment: to_correct_report,
    AttributeReport: to_attribute_report,
    VoidPriorTreatment: to_void_report,
}
