"""How events about treatment change the history: reports, doses, completed and closed courses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from domain.events.base import Event
from domain.events.treatment import (
    CourseClosedUnfinished,
    CourseCompleted,
    CourseReopened,
    DoseAdministered,
    DoseCorrected,
    DoseVoided,
    PossibleDuplicateConfirmed,
    PossibleDuplicateDismissed,
    PriorTreatmentCorrected,
    PriorTreatmentReported,
    PriorTreatmentVoided,
    ReportAttributed,
)
from domain.frozen import changed
from domain.history.records import CourseMarks, Dose, Report
from domain.history.state import PatientHistory


def reported_course_id(report_id: str, number: int) -> str:
    """The id of a reported course: the report and the number of the course in it. The first course is 1."""
    return f"{report_id}.c{number}"


def _reported(history: PatientHistory, event: PriorTreatmentReported) -> PatientHistory:
    report = Report(
        event.report_id,
        event.source,
        event.courses,
        event.on,
        event.reference,
        imported_from=event.imported_from,
        tells_of="our_doses" if event.confirms_record else None,
    )
    return history.changed(reports=(*history.reports, report))


def _report_corrected(history: PatientHistory, event: PriorTreatmentCorrected) -> PatientHistory:
    # The closing of a reported course stays with its number, so that a course that is removed and later restored is
    # closed again.
    changes: dict[str, Any] = {} if event.reported_on is None else {"reported_on": event.reported_on}
    if "courses" in event.fields:
        # Whether the report is about the doses of this ledger was found of the courses that it listed before.
        changes["tells_of"] = None
    return _with_report(
        history,
        event.report_id,
        source=event.source,
        reference=event.reference,
        courses=event.courses,
        corrected=True,
        **changes,
    )


def _report_voided(history: PatientHistory, event: PriorTreatmentVoided) -> PatientHistory:
    return _with_report(history, event.report_id, voided=True)


def _with_report(history: PatientHistory, report_id: str, **changes: Any) -> PatientHistory:
    reports = tuple(changed(one, **changes) if one.report_id == report_id else one for one in history.reports)
    return history.changed(reports=reports)


def _dose_administered(history: PatientHistory, event: DoseAdministered) -> PatientHistory:
    dose = Dose(
        dose_id=event.dose_id,
        on=event.on,
        mg=event.mg,
        site=event.site,
        source=event.source,
        source_reference=event.source_reference,
        request_id=event.request_id,
        course=event.course,
        documents_report=event.documents_report,
        duplicate="possible" if event.possible_duplicate_of is not None else "no",
        duplicate_of=event.possible_duplicate_of,
        variances_then=event.variances,
        recorded_at=event.recorded_at,
        version=event.originator_version,
        imported_from=event.imported_from,
    )
    return history.changed(doses=(*history.doses, dose))


def _dose_corrected(history: PatientHistory, event: DoseCorrected) -> PatientHistory:
    dose, original, duplicate_fields = history.dose(event.dose_id), event.possible_duplicate_of, {}
    # A decision about two reports of one infusion remains in effect if these are still the same two reports.
    if "on" in event.fields and dose is not None and original != dose.duplicate_of:
        duplicate_fields = {"duplicate": "possible" if original is not None else "no", "duplicate_of": original}
    return _with_dose(
        history,
        event.dose_id,
        on=event.on,
        mg=event.mg,
        site=event.site,
        request_id=event.request_id,
        course=event.course,
        documents_report=event.documents_report,
        corrected=True,
        day_was_corrected="on" in event.fields or (dose is not None and dose.day_was_corrected),
        course_was_named=_names_the_course(event)
        or (dose is not None and dose.course_was_named and "on" not in event.fields),
        **duplicate_fields,
    )


def _names_the_course(event: DoseCorrected) -> bool:
    """Whether a person assigned the dose to a course. Otherwise the course followed from a day or from a report."""
    return event.course_named or ("course" in event.fields and not {"on", "documents_report"} & {*event.fields})


def _with_dose(history: PatientHistory, dose_id: str, **changes: Any) -> PatientHistory:
    doses = tuple(changed(one, **changes) if one.dose_id == dose_id else one for one in history.doses)
    return history.changed(doses=doses)


def _course_completed(history: PatientHistory, event: CourseCompleted) -> PatientHistory:
    return _with_marks(history, event.course, replace(history.marks_of(event.course), completed=True))


def _course_reopened(history: PatientHistory, event: CourseReopened) -> PatientHistory:
    return _with_marks(history, event.course, replace(history.marks_of(event.course), completed=False))


def _course_closed(history: PatientHistory, event: CourseClosedUnfinished) -> PatientHistory:
    if event.reported_course is not None:
        closing = (event.reported_course, event.closed_on)
        return history.changed(closed_reports=(*history.closed_reports, closing))
    return _with_marks(history, event.course, replace(history.marks_of(event.course), closed_on=event.closed_on))


def _with_marks(history: PatientHistory, course: int, marks: CourseMarks) -> PatientHistory:
    others = tuple(pair for pair in history.marks if pair[0] != course)
    return history.changed(marks=tuple(sorted((*others, (course, marks)), key=lambda pair: pair[0])))


FOLDS: Final[dict[type[Event], Callable[[PatientHistory, Any], PatientHistory]]] = {
    PriorTreatmentReported: _reported,
    PriorTreatmentCorrected: _report_corrected,
    PriorTreatmentVoided: _report_voided,
    ReportAttributed: lambda history, event: _with_report(history, event.report_id, tells_of=event.tells_of),
    DoseAdministered: _dose_administered,
    DoseCorrected: _dose_corrected,
    PossibleDuplicateConfirmed: lambda history, event: _with_dose(history, event.dose_id, duplicate="confirmed"),
    PossibleDuplicateDismissed: lambda history, event: _with_dose(history, event.dose_id, duplicate="dismissed"),
    DoseVoided: lambda history, event: _with_dose(
        history, event.dose_id, voided=True, voided_version=event.originator_version
    ),
    CourseCompleted: _course_completed,
    CourseReopened: _course_reopened,
    CourseClosedUnfinished: _course_closed,
}
