"""How events about treatment change the history: reports, doses, completed and closed courses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from domain.events.base import Event
from domain.events.treatment import (
    ClaimLineKind,
    ClaimLineRecorded,
    ClaimReplaced,
    ClaimVoided,
    CourseClosedUnfinished,
    CourseCompleted,
    CourseReopened,
    DoseAdministered,
    DoseCorrected,
    DoseDaysStated,
    DoseReviewed,
    DoseVoided,
    FoundBy,
    PartOfDoseConfirmed,
    PossibleDuplicateConfirmed,
    PossibleDuplicateDismissed,
    PriorTreatmentCorrected,
    PriorTreatmentReported,
    PriorTreatmentVoided,
    ReportAttributed,
    VoidedClaimSettled,
)
from domain.frozen import changed
from domain.history.day_voids import with_named_void, with_new_entry_of_day
from domain.history.dose_entries import settled_entries
from domain.history.entry_facts import Duplicate, EntryAnswer, EntryFacts, RecordedClaimLine
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
        version=event.originator_version,
    )
    return history.changed(reports=(*history.reports, report))


def _report_corrected(history: PatientHistory, event: PriorTreatmentCorrected) -> PatientHistory:
    # The closing of a reported course stays with its number, so that a course that is removed and later restored is
    # closed again.
    changes: dict[str, Any] = {} if event.reported_on is None else {"reported_on": event.reported_on}
    if "courses" in event.fields:
        # Whether the report is about the doses of this ledger was found of the courses that it listed before.
        changes |= {"tells_of": None, "version": event.originator_version}
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
    return _with_report(history, event.report_id, voided=True, voided_version=event.originator_version)


def _with_report(history: PatientHistory, report_id: str, **changes: Any) -> PatientHistory:
    reports = tuple(changed(one, **changes) if one.report_id == report_id else one for one in history.reports)
    return history.changed(reports=reports)


def _dose_administered(history: PatientHistory, event: DoseAdministered) -> PatientHistory:
    """The entry of which this may be a second one has the same day, but for a further replacement of its claim."""
    original = history.dose(event.possible_duplicate_of) if event.possible_duplicate_of is not None else None
    further_of = original.dose_id if original is not None and original.on != event.on else None
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
        duplicate="no",
        duplicate_of=None,
        variances_then=event.variances,
        recorded_at=event.at,
        version=event.originator_version,
        imported_from=event.imported_from,
        facts=EntryFacts(
            day_version=event.originator_version,
            reported_by=event.actor.id,
            references=(event.source_reference,),
            duplicate="possible" if event.possible_duplicate_of is not None else "no",
            duplicate_of=event.possible_duplicate_of,
            further_of=further_of,
        ),
    )
    return with_new_entry_of_day(history.changed(doses=settled_entries((*history.doses, dose))), dose.dose_id)


def _dose_corrected(history: PatientHistory, event: DoseCorrected) -> PatientHistory:
    dose, day_changed = history.dose(event.dose_id), "on" in event.fields
    return _with_entry(
        history,
        event,
        day_was_corrected=day_changed or (dose is not None and dose.day_was_corrected),
        course_was_named=_names_the_course(event) or (dose is not None and dose.course_was_named and not day_changed),
    )


def _with_entry(history: PatientHistory, event: DoseCorrected | ClaimReplaced, **changes: Any) -> PatientHistory:
    """The history with the complete entry of the event."""
    dose, original = history.dose(event.dose_id), event.possible_duplicate_of
    if dose is not None and "on" in event.fields:
        changes["reviewed"] = False
        told: dict[str, Any] = {"day_version": event.originator_version}
        # A decision about two reports of one infusion remains in effect if these are still the same two reports.
        if original != dose.facts.duplicate_of:
            told |= {"duplicate": "possible" if original is not None else "no", "duplicate_of": original}
            told |= {"answer": None, "answer_of": None}
        changes["facts"] = changed(changes.get("facts", dose.facts), **told)
    if dose is not None and {"on", "mg"} & {*event.fields}:
        # How many days the line is about was stated of another day, or of other milligrams.
        changes["facts"] = changed(changes.get("facts", dose.facts), days=None, first_on=None, last_on=None)
    after = _with_dose(
        history,
        event.dose_id,
        on=event.on,
        mg=event.mg,
        site=event.site,
        request_id=event.request_id,
        course=event.course,
        documents_report=event.documents_report,
        corrected=True,
        **changes,
    )
    return with_new_entry_of_day(after, event.dose_id) if "on" in event.fields else after


def _claim_replaced(history: PatientHistory, event: ClaimReplaced) -> PatientHistory:
    dose = history.dose(event.dose_id)
    if dose is None:
        return history
    earlier = (one for one in dose.facts.references if one != event.source_reference)
    # The replacement is evidence of its own, also after a void of what it replaces. If a person said that the infusion
    # was not given, it is asked again.
    claim_voided = dose.facts.claim_voided if dose.facts.finding == "not_given" else None
    references = (*earlier, event.source_reference)
    told: dict[str, Any] = {"references": references, "claim_voided": claim_voided, "finding": None}
    if event.on != dose.on:
        told["earlier_days"] = (*dose.facts.earlier_days, dose.on)
    line = _line(event, "replacement", event.dose_id, event.found_by)
    return _with_entry(
        history.changed(claim_lines=(*history.claim_lines, line)),
        event,
        source_reference=event.source_reference,
        day_was_corrected=dose.day_was_corrected or "on" in event.fields,
        course_was_named=dose.course_was_named and "on" not in event.fields,
        facts=changed(dose.facts, **told),
    )


def _claim_voided(history: PatientHistory, event: ClaimVoided) -> PatientHistory:
    before = history if event.found_by == "day" else with_named_void(history, event.dose_id, event.line_version)
    line = _line(event, "void", event.dose_id, event.found_by)
    earlier = next((one for one in before.claim_lines if one.version == event.line_version), None)
    if earlier is not None:
        names = ("recorded_version", "recorded_at", "imported_from", "reported_by_service")
        line = replace(line, **{name: getattr(earlier, name) for name in names})
    after = before.changed(claim_lines=(*(one for one in before.claim_lines if one is not earlier), line))
    dose = before.dose(event.dose_id)
    # What a person found of the infusion holds when the void of the same claim is sent again.
    finding = dose.facts.finding if dose is not None and dose.facts.claim_voided is not None else None
    return _with_facts(after, event.dose_id, claim_voided=event.originator_version, finding=finding)


def _claim_line_recorded(history: PatientHistory, event: ClaimLineRecorded) -> PatientHistory:
    """A replacement of a denied line, or a further one of a claim, follows the dose that it is.

    The reference of the denied line names the dose too.
    """
    dose, of_source = None, [one for one in history.doses if one.source == event.source]
    if event.line == "replacement":
        dose = next((one for one in reversed(of_source) if event.source_reference in one.facts.references), None)
    line = _line(event, event.line, dose.dose_id if dose is not None else None)
    recorded = history.changed(claim_lines=(*history.claim_lines, line))
    known = [reference for one in of_source for reference in one.facts.references]
    if dose is None or event.original_reference in (None, *known):
        return recorded
    return _with_facts(recorded, dose.dose_id, references=(event.original_reference, *dose.facts.references))


def _line(
    event: ClaimReplaced | ClaimVoided | ClaimLineRecorded,
    line: ClaimLineKind,
    dose_id: str | None = None,
    found_by: FoundBy | None = None,
) -> RecordedClaimLine:
    return RecordedClaimLine(
        version=event.originator_version,
        line=line,
        on=event.on,
        mg=event.mg,
        source=event.source,
        source_reference=event.source_reference,
        original_reference=event.original_reference,
        reported_by_service=event.actor.id if event.actor.role == "service" else None,
        dose_id=dose_id,
        found_by=found_by,
        recorded_version=event.originator_version,
        recorded_at=event.at,
        imported_from=event.imported_from,
    )


_SAID: Final[dict[type[Event], tuple[Duplicate, EntryAnswer]]] = {
    PossibleDuplicateConfirmed: ("confirmed", "same"),
    PossibleDuplicateDismissed: ("dismissed", "separate"),
    PartOfDoseConfirmed: ("part", "part"),
}


def _second_entry_answered(
    history: PatientHistory, event: PossibleDuplicateConfirmed | PossibleDuplicateDismissed | PartOfDoseConfirmed
) -> PatientHistory:
    dose, (duplicate, answer) = history.dose(event.dose_id), _SAID[type(event)]
    if dose is None:
        return history
    of = dose.duplicate_of or dose.facts.answer_of or dose.facts.duplicate_of
    told = {"answer": answer, "answer_of": of, "answered": event.originator_version}
    return _with_facts(history, event.dose_id, duplicate=duplicate, **told)


def _names_the_course(event: DoseCorrected) -> bool:
    """Whether a person assigned the dose to a course. Otherwise the course followed from a day or from a report."""
    return event.course_named or ("course" in event.fields and not {"on", "documents_report"} & {*event.fields})


def _with_dose(history: PatientHistory, dose_id: str, **changes: Any) -> PatientHistory:
    doses = tuple(changed(one, **changes) if one.dose_id == dose_id else one for one in history.doses)
    return history.changed(doses=settled_entries(doses))


def _with_facts(history: PatientHistory, dose_id: str, **told: Any) -> PatientHistory:
    dose = history.dose(dose_id)
    return history if dose is None else _with_dose(history, dose_id, facts=changed(dose.facts, **told))


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
    PossibleDuplicateConfirmed: _second_entry_answered,
    PossibleDuplicateDismissed: _second_entry_answered,
    PartOfDoseConfirmed: _second_entry_answered,
    DoseVoided: lambda history, event: _with_facts(history, event.dose_id, voided=event.originator_version),
    DoseDaysStated: lambda history, event: _with_facts(
        history, event.dose_id, days=event.days, first_on=event.first_on, last_on=event.last_on
    ),
    ClaimReplaced: _claim_replaced,
    ClaimVoided: _claim_voided,
    ClaimLineRecorded: _claim_line_recorded,
    VoidedClaimSettled: lambda history, event: _with_facts(history, event.dose_id, finding=event.finding),
    DoseReviewed: lambda history, event: _with_dose(history, event.dose_id, reviewed=True),
    CourseCompleted: _course_completed,
    CourseReopened: _course_reopened,
    CourseClosedUnfinished: _course_closed,
}
