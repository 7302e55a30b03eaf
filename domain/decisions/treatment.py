"""What she was given, recorded whatever was approved (R22)."""

from __future__ import annotations

from typing import Final

from domain import approvals
from domain.commands import (
    CloseCourse,
    Command,
    ConfirmDuplicate,
    DismissDuplicate,
    Moment,
    RecordDose,
    ReportPriorTreatment,
    VoidDose,
)
from domain.courses import courses
from domain.decisions.following import Decision, after
from domain.errors import AlreadyRecorded, Conflict, InvalidCommand, NotFound
from domain.events import (
    CourseClosedUnfinished,
    DoseAdministered,
    DoseVoided,
    PatientEvent,
    PossibleDuplicateConfirmed,
    PossibleDuplicateDismissed,
    PriorTreatmentReported,
)
from domain.facts import doses_in_course
from domain.history import Dose, Duplicate, PatientHistory
from domain.placing import place_of_dose


def report_prior_treatment(
    history: PatientHistory, command: ReportPriorTreatment, moment: Moment
) -> tuple[PatientEvent, ...]:
    for number, course in enumerate(command.courses):
        field = f"courses.{number}"
        for name, day in (("first_dose_on", course.first_dose_on), ("last_dose_on", course.last_dose_on)):
            if day is not None and day.earliest > moment.today:
                raise InvalidCommand(
                    f"the {name} lies in the future", field=f"{field}.{name}", remedy="send the day of a dose given"
                )
            if day is not None and history.birth_date is not None and day.latest < history.birth_date.earliest:
                raise InvalidCommand(
                    f"the {name} lies before birth", field=f"{field}.{name}", remedy="send the day of a dose given"
                )
        if (
            course.first_dose_on is not None
            and course.last_dose_on is not None
            and course.first_dose_on.earliest > course.last_dose_on.latest
        ):
            raise InvalidCommand(
                "the last dose lies before the first", field=f"{field}.last_dose_on", remedy="send them in order"
            )
        if course.completed is False and (course.doses_given or 0) >= doses_in_course(1):
            raise InvalidCommand(
                "doses_given is a whole course, yet completed is false",
                field=f"{field}.completed",
                remedy="correct one of the two",
            )
    report_id = f"{history.patient_id}.t{len(history.reports) + 1}"
    return (
        moment.event(
            PriorTreatmentReported,
            report_id=report_id,
            on=moment.today,
            source=command.source,
            reference=command.reference,
            courses=command.courses,
        ),
    )


def record_dose(history: PatientHistory, command: RecordDose, moment: Moment) -> tuple[PatientEvent, ...]:
    """A dose that was given is recorded, even if it should not have been (R22). Refused is only the impossible."""
    if command.on > moment.today:
        raise InvalidCommand("the dose lies in the future", field="on", remedy="record a dose once it was given")
    if history.birth_date is not None and command.on < history.birth_date.earliest:
        raise InvalidCommand("the dose lies before birth", field="on", remedy="send the day on which it was given")
    _refuse_known_reference(history, command)
    place = place_of_dose(history, command.on)
    original = _possible_original(history, command)
    event = moment.event(
        DoseAdministered,
        dose_id=f"{history.patient_id}.d{len(history.doses) + 1}",
        on=command.on,
        mg=command.mg,
        site=command.site,
        source=command.source,
        source_reference=command.source_reference,
        request_id=command.request_id or approvals.authorization_of(history, place.course, command.on),
        course=place.course,
        documents_report=place.documents_report,
        possible_duplicate_of=original.dose_id if original is not None else None,
        variances=(),
    )
    known = after(history, (event,))
    seen = approvals.variances(known, known.doses[-1])
    return (event.model_copy(update={"variances": seen}),)


def _refuse_known_reference(history: PatientHistory, command: RecordDose) -> None:
    for dose in history.doses:
        if (dose.source, dose.source_reference) == (command.source, command.source_reference):
            voided = " and voided" if dose.voided else ""
            raise AlreadyRecorded(
                f"this source reference is recorded{voided}",
                field="source_reference",
                remedy="it needs no second recording; another infusion has a reference of its own",
                dose_id=dose.dose_id,
            )


def _possible_original(history: PatientHistory, command: RecordDose) -> Dose | None:
    """A standing dose of the same day from another source: this may be its second report (R25)."""
    same_day = [dose for dose in history.doses if dose.stands and dose.on == command.on]
    return next((dose for dose in same_day if dose.source != command.source), None)


def confirm_duplicate(history: PatientHistory, command: ConfirmDuplicate, moment: Moment) -> tuple[PatientEvent, ...]:
    dose = _second_report(history, command.dose_id, "confirmed")
    return (moment.event(PossibleDuplicateConfirmed, dose_id=dose.dose_id, reason=command.reason),)


def dismiss_duplicate(history: PatientHistory, command: DismissDuplicate, moment: Moment) -> tuple[PatientEvent, ...]:
    dose = _second_report(history, command.dose_id, "dismissed")
    return (moment.event(PossibleDuplicateDismissed, dose_id=dose.dose_id, reason=command.reason),)


def _second_report(history: PatientHistory, dose_id: str, decided: Duplicate) -> Dose:
    """A second report that is not decided this way yet; the last decision holds (R23, R25)."""
    dose = _dose(history, dose_id)
    if dose.voided or dose.duplicate_of is None or dose.duplicate == decided:
        state = "voided" if dose.voided else "no second report" if dose.duplicate_of is None else f"{decided} already"
        raise Conflict(f"the dose is {state}", field="dose_id", remedy="look at the dose again")
    return dose


def void_dose(history: PatientHistory, command: VoidDose, moment: Moment) -> tuple[PatientEvent, ...]:
    dose = _dose(history, command.dose_id)
    if dose.voided:
        raise Conflict("the dose is voided already", field="dose_id", remedy="nothing is left to do")
    return (moment.event(DoseVoided, dose_id=dose.dose_id, reason=command.reason),)


def _dose(history: PatientHistory, dose_id: str) -> Dose:
    dose = history.dose(dose_id)
    if dose is None:
        raise NotFound("no such dose", field="dose_id", remedy="take the id from the patient's doses")
    return dose


def close_course(history: PatientHistory, command: CloseCourse, moment: Moment) -> tuple[PatientEvent, ...]:
    """A clinician finds that an open course will not be finished (R26)."""
    course = next((one for one in courses(history) if one.number == command.course), None)
    if course is None:
        raise NotFound("no such course", field="course", remedy="take the number from the patient's courses")
    if course.status not in ("open", "unknown"):
        raise Conflict(
            f"course {course.number} is {course.status}", field="course", remedy="only an open one is closed"
        )
    return (
        moment.event(
            CourseClosedUnfinished,
            course=course.named or course.number,
            doses_given=course.given_at_least,
            closed_on=moment.today,
            reason=command.reason,
            reported_course=course.account.ids[-1] if course.account is not None else None,
        ),
    )


DECISIONS: Final[dict[type[Command], Decision]] = {
    ReportPriorTreatment: report_prior_treatment,
    RecordDose: record_dose,
    ConfirmDuplicate: confirm_duplicate,
    DismissDuplicate: dismiss_duplicate,
    VoidDose: void_dose,
    CloseCourse: close_course,
}
