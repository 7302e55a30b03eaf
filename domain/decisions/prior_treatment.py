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
from domain.commands.treatment import CorrectPriorTreatment, ReportPriorTreatment, VoidPriorTreatment
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
    ReportedCourse,
)
from domain.facts import doses_in_course
from domain.history.records import Dose, Report
from domain.history.state import PatientHistory
from domain.history.treatment import reported_course_id
from domain.treatment.course_assignment import CoursePlace, number_for_dose
from domain.treatment.courses import Course, courses, documented_by
from domain.treatment.reported_courses import CourseAccount, numbers_after_correction

NewIds = dict[str, str | None]
"""For the id of each course of a corrected or voided report, its id in the report now, or None if it is not in it."""

UNFINISHED: Final = ("open", "unknown")
"""The statuses of a course that may still be finished."""


def report_prior_treatment(
    history: PatientHistory, command: ReportPriorTreatment, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """Record a report of treatment elsewhere."""
    _check_courses(history, command.courses, context.today, "is in the future")
    return (
        context.event(
            PriorTreatmentReported,
            report_id=f"{history.patient_id}.t{len(history.reports) + 1}",
            on=context.today,
            source=command.source,
            reference=command.reference,
            courses=command.courses,
        ),
    )


def correct_prior_treatment(
    history: PatientHistory, command: CorrectPriorTreatment, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """Correct the report, and reassign the doses that no longer document a reported course."""
    report = to_correct_report(history, command.report_id, context)
    _check_courses(history, command.courses, report.reported_on, "is after the day of the report")
    values = {
        "source": command.source or report.source,
        "reference": command.reference or report.reference,
        "courses": command.courses,
    }
    fields = tuple(name for name, value in values.items() if value != getattr(report, name))
    if not fields:
        raise InvalidCommand("nothing differs from what is on record", remedy="send the corrected report")
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


def _check_courses(
    history: PatientHistory, reported: tuple[ReportedCourse, ...], last_day: date, too_late: str
) -> None:
    """Raises InvalidCommand for impossible dates or counts. `last_day` is the last day that a dose can have."""
    for number, course in enumerate(reported):
        field = f"courses.{number}"
        for name, day in (("first_dose_on", course.first_dose_on), ("last_dose_on", course.last_dose_on)):
            if day is not None and day.earliest > last_day:
                raise InvalidCommand(
                    f"the {name} {too_late}",
                    field=f"{field}.{name}",
                    remedy="send the date of a dose that was given by then",
                )
            if day is not None and history.birth_date is not None and day.latest < history.birth_date.earliest:
                raise InvalidCommand(
                    f"the {name} is before the birth date",
                    field=f"{field}.{name}",
                    remedy="send the date of a dose that was given",
                )
        if (
            course.first_dose_on is not None
            and course.last_dose_on is not None
            and course.first_dose_on.earliest > course.last_dose_on.latest
        ):
            raise InvalidCommand(
                "the last dose is before the first dose",
                field=f"{field}.last_dose_on",
                remedy="send the first dose and then the last dose",
            )
        if course.completed is False and (course.doses_given or 0) >= doses_in_course(1):
            raise InvalidCommand(
                "doses_given is a complete course, but completed is false",
                field=f"{field}.completed",
                remedy="correct one of the two fields",
            )


# -- what follows -----------------------------------------------------------------------------


def _new_ids_of(report: Report, numbers: dict[int, int]) -> NewIds:
    """The new id of each course of the report.

    `numbers` has the new number of each course that the corrected report contains.
    """
    own = {number: reported_course_id(report.report_id, number) for number in range(1, len(report.courses) + 1)}
    now = {number: reported_course_id(report.report_id, other) for number, other in numbers.items()}
    return {own[number]: now.get(number) for number in own}


def _current_ids(account: CourseAccount, new_ids: NewIds) -> set[str | None]:
    """The ids that the courses of the account have now."""
    return {new_ids.get(one, one) for one in account.ids} - {None}


def _with_consequences(
    history: PatientHistory, event: PatientEvent, new_ids: NewIds, context: CommandContext, reason: str
) -> tuple[PatientEvent, ...]:
    """The event, the doses that it reassigns, and the courses that stay closed."""
    corrections = _reassigned_doses(history, event, new_ids, context, reason)
    return (event, *corrections, *_closures_repeated(history, (event, *corrections), new_ids, context))


def _reassigned_doses(
    history: PatientHistory, event: PatientEvent, new_ids: NewIds, context: CommandContext, reason: str
) -> tuple[DoseCorrected, ...]:
    """Corrections of doses that documented a reported course that is in no report any more.

    Together, the doses are the course that it was.
    """
    all_courses, names = courses(history), dict[int, int]()
    corrections: tuple[DoseCorrected, ...] = ()
    for dose in _no_longer_documenting(history, after(history, (event,)), new_ids):
        known = after(history, (event, *corrections))
        course = _course_documented(history, all_courses, dose)
        name = names.setdefault(course.number, number_for_dose(known, courses(known), course))
        request_id = request_of_corrected_dose(known, dose, CoursePlace(name, None), dose.on)
        corrections = (
            *corrections,
            dose_corrected(known, dose, context, reason, course=name, documents_report=None, request_id=request_id),
        )
    return corrections


def _no_longer_documenting(before: PatientHistory, now: PatientHistory, new_ids: NewIds) -> list[Dose]:
    """The doses that no longer document a reported course, in the order of their days.

    Second reports are included: if one is found to be another infusion, it must count in a course.
    """
    doses = (dose for dose in now.doses if not dose.voided and dose.course is None)
    return sorted(
        (dose for dose in doses if not _still_documents(dose, before, now, new_ids)),
        key=lambda dose: (dose.on, dose.version),
    )


def _still_documents(dose: Dose, before: PatientHistory, now: PatientHistory, new_ids: NewIds) -> bool:
    """Whether the dose still documents a reported course."""
    account_before, account_now = documented_by(before, dose), documented_by(now, dose)
    if account_before is None or account_now is None:
        return False
    # A dose outside of the reported days documents its report only if it was already outside of them before.
    still_outside = not account_before.covers(dose.on) and not _current_ids(account_before, new_ids).isdisjoint(
        account_now.ids
    )
    return account_now.covers(dose.on) or still_outside


def _course_documented(history: PatientHistory, all_courses: tuple[Course, ...], dose: Dose) -> Course:
    """The course that the dose documented before the change."""
    account = documented_by(history, dose)
    assert account is not None, "a dose without a course documents a report"
    return next(one for one in all_courses if one.account is not None and set(account.ids) <= set(one.account.ids))


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
                    reported_course=course.account.ids[-1] if course.account is not None else None,
                )


def _is_same_course(before: Course, now: Course, new_ids: NewIds) -> bool:
    """Whether the course now has doses of the course before, or is its account under the present id."""
    doses = {dose.dose_id for dose in (*before.doses, *before.documenting)}
    if any(dose.dose_id in doses for dose in (*now.doses, *now.documenting)):
        return True
    if before.account is None or now.account is None:
        return False
    return not _current_ids(before.account, new_ids).isdisjoint(now.account.ids)


DECISIONS: Final[dict[type[Command], DecisionFunction]] = {
    ReportPriorTreatment: report_prior_treatment,
    CorrectPriorTreatment: correct_prior_treatment,
    VoidPriorTreatment: void_prior_treatment,
}
PRECONDITIONS: Final[dict[type[Command], Precondition]] = {
    ReportPriorTreatment: always,
    CorrectPriorTreatment: to_correct_report,
    VoidPriorTreatment: to_void_report,
}
