"""Treatment elsewhere, as it is reported: told, corrected, voided, and what that does to the doses of this ledger.

A dose inside a reported course documents it (R25). Where the report falls away, or tells of
other days, the dose is still a fact: it is moved, by a correction of its own in the same commit,
to a course of this ledger. So is the finding of a clinician that a course will not be finished
(R26): it is said again of what is left of that course.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from domain.commands import Command
from domain.commands.context import CommandContext, Occasion
from domain.commands.treatment import CorrectPriorTreatment, ReportPriorTreatment, VoidPriorTreatment
from domain.decisions.consequences import DecisionFunction, after
from domain.decisions.doses import dose_corrected, request_anew
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
from domain.treatment.course_assignment import CoursePlace, name_of
from domain.treatment.courses import Course, courses, documented_by
from domain.treatment.reported_courses import Account, corrected_as

Same = dict[str, str | None]
"""Where each course of a corrected or voided report is told of now; None: nowhere."""

UNFINISHED: Final = ("open", "unknown")


def report_prior_treatment(
    history: PatientHistory, command: ReportPriorTreatment, context: CommandContext
) -> tuple[PatientEvent, ...]:
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
    report = to_correct_report(history, command.report_id, context)
    _check_courses(history, command.courses, report.told_by, "is after the day of the report")
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
    same = _same_courses(report, corrected_as(report.courses, command.courses))
    return _with_what_follows(history, event, same, context, "The report that it documented was corrected.")


def void_prior_treatment(
    history: PatientHistory, command: VoidPriorTreatment, context: CommandContext
) -> tuple[PatientEvent, ...]:
    report = to_void_report(history, command.report_id, context)
    event = context.event(PriorTreatmentVoided, report_id=report.report_id, reason=command.reason)
    same = _same_courses(report, {})
    return _with_what_follows(history, event, same, context, "The report that it documented was voided.")


def to_correct_report(history: PatientHistory, report_id: str, _: Occasion) -> Report:
    report = _report(history, report_id)
    if report.voided:
        raise Conflict("a voided report can't be corrected", field="report_id", remedy="report the treatment again")
    return report


def to_void_report(history: PatientHistory, report_id: str, _: Occasion) -> Report:
    report = _report(history, report_id)
    if report.voided:
        raise Conflict("the report is already voided", field="report_id", remedy="no action is needed")
    return report


def _report(history: PatientHistory, report_id: str) -> Report:
    report = history.report(report_id)
    if report is None:
        raise NotFound(
            "the report was not found", field="report_id", remedy="use an id from the patient's list of reports"
        )
    return report


def _check_courses(history: PatientHistory, reported: tuple[ReportedCourse, ...], told_by: date, too_late: str) -> None:
    for number, course in enumerate(reported):
        field = f"courses.{number}"
        for name, day in (("first_dose_on", course.first_dose_on), ("last_dose_on", course.last_dose_on)):
            if day is not None and day.earliest > told_by:
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


def _same_courses(report: Report, numbers: dict[int, int]) -> Same:
    own = {number: reported_course_id(report.report_id, number) for number in range(1, len(report.courses) + 1)}
    now = {number: reported_course_id(report.report_id, other) for number, other in numbers.items()}
    return {own[number]: now.get(number) for number in own}


def _as_told_now(account: Account, same: Same) -> set[str | None]:
    return {same.get(one, one) for one in account.ids} - {None}


def _with_what_follows(
    history: PatientHistory, event: PatientEvent, same: Same, context: CommandContext, reason: str
) -> tuple[PatientEvent, ...]:
    moved = _on_their_own(history, event, same, context, reason)
    return (event, *moved, *_closed_still(history, (event, *moved), same, context))


def _on_their_own(
    history: PatientHistory, event: PatientEvent, same: Same, context: CommandContext, reason: str
) -> tuple[DoseCorrected, ...]:
    """Doses that documented what no report tells of any more: together they are the course that it was."""
    found, names = courses(history), dict[int, int]()
    moved: tuple[DoseCorrected, ...] = ()
    for dose in _no_longer_documenting(history, after(history, (event,)), same):
        known = after(history, (event, *moved))
        course = _course_documented(history, found, dose)
        name = names.setdefault(course.number, name_of(known, courses(known), course))
        request_id = request_anew(known, dose, CoursePlace(name, None), dose.on)
        moved = (
            *moved,
            dose_corrected(known, dose, context, reason, course=name, documents_report=None, request_id=request_id),
        )
    return moved


def _no_longer_documenting(before: PatientHistory, now: PatientHistory, same: Same) -> list[Dose]:
    """Second reports too: one that is found to be an infusion of its own must count for a course."""
    doses = (dose for dose in now.doses if not dose.voided and dose.course is None)
    return sorted(
        (dose for dose in doses if not _still_documents(dose, before, now, same)),
        key=lambda dose: (dose.on, dose.version),
    )


def _still_documents(dose: Dose, before: PatientHistory, now: PatientHistory, same: Same) -> bool:
    was, told = documented_by(before, dose), documented_by(now, dose)
    if was is None or told is None:
        return False
    # Outside of the days it stays with its own report only where it was so before.
    stays = not was.covers(dose.on) and not _as_told_now(was, same).isdisjoint(told.ids)
    return told.covers(dose.on) or stays


def _course_documented(history: PatientHistory, found: tuple[Course, ...], dose: Dose) -> Course:
    account = documented_by(history, dose)
    assert account is not None, "a dose without a course documents a report"
    return next(one for one in found if one.account is not None and set(account.ids) <= set(one.account.ids))


def _closed_still(
    history: PatientHistory, events: tuple[PatientEvent, ...], same: Same, context: CommandContext
) -> Iterator[PatientEvent]:
    """Courses that a clinician had closed, and that the report's end would open again."""
    now = courses(after(history, events))
    for closed in (one for one in courses(history) if one.status == "closed"):
        for course in now:
            if course.status in UNFINISHED and _is_of(closed, course, same):
                yield context.event(
                    CourseClosedUnfinished,
                    course=course.named or course.number,
                    doses_given=course.given_at_least,
                    closed_on=closed.marks.closed_on,
                    reason="The course was closed as not to be finished, and its report was corrected.",
                    reported_course=course.account.ids[-1] if course.account is not None else None,
                )


def _is_of(before: Course, now: Course, same: Same) -> bool:
    """Whether the course holds doses of the one before, or is its account under its present name."""
    doses = {dose.dose_id for dose in (*before.doses, *before.documenting)}
    if any(dose.dose_id in doses for dose in (*now.doses, *now.documenting)):
        return True
    if before.account is None or now.account is None:
        return False
    return not _as_told_now(before.account, same).isdisjoint(now.account.ids)


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
