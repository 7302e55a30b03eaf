"""Doses are facts: recorded whatever was approved (R22), corrected and voided by later events (R23 to R25)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, Final

from domain.commands import Command
from domain.commands.context import CommandContext, Occasion
from domain.commands.treatment import (
    ConfirmDuplicate,
    ConfirmPartOfDose,
    CorrectDose,
    DismissDuplicate,
    RecordClaim,
    RecordDose,
    ReviewDose,
    VoidDose,
)
from domain.decisions.claim_lines import Arrived, refuse_known_reference, waiting_voids
from domain.decisions.consequences import DecisionFunction, after
from domain.decisions.preconditions import Precondition, always
from domain.errors import Conflict, InvalidCommand, NotFound
from domain.events import PatientEvent
from domain.events.treatment import (
    ClaimReplaced,
    DoseAdministered,
    DoseCorrected,
    DoseReviewed,
    DoseVoided,
    FoundBy,
    PartOfDoseConfirmed,
    PossibleDuplicateConfirmed,
    PossibleDuplicateDismissed,
    Variance,
)
from domain.history.entry_facts import Duplicate
from domain.history.records import Dose
from domain.history.state import PatientHistory
from domain.treatment import approval_use
from domain.treatment.after_death import may_be_after_death
from domain.treatment.course_assignment import (
    CoursePlace,
    place_in_course,
    place_in_courses,
    place_of_dose,
    without_dose,
)
from domain.treatment.courses import Course, courses


def record_dose(history: PatientHistory, command: RecordDose, context: CommandContext) -> tuple[PatientEvent, ...]:
    """Record a dose that was given, even if it should not have been given (R22). Only the impossible is refused."""
    event = administered(history, command, context)
    claim = Arrived(event.dose_id, event.source, event.on, (event.source_reference,))
    return event, *waiting_voids(history, claim, context)


def administered(
    history: PatientHistory, command: RecordDose, context: CommandContext, *, further_of: Dose | None = None
) -> DoseAdministered:
    """The event of a dose. `further_of`: its line is a further replacement of that entry's claim, on any day (R30)."""
    check_day(history, command.on, context)
    if further_of is None:
        refuse_known_reference(history, command.source, command.source_reference)
    found = courses(history)
    place = place_in_courses(history, found, command.on)
    original = further_of or _possible_original(history, command.on)
    event = context.event(
        DoseAdministered,
        dose_id=f"{history.patient_id}.d{len(history.doses) + 1}",
        on=command.on,
        mg=command.mg,
        site=command.site,
        source=command.source,
        source_reference=command.source_reference,
        request_id=command.request_id or approval_use.authorization_of(history, found, place.course, command.on),
        course=place.course,
        documents_report=place.documents_report,
        possible_duplicate_of=original.dose_id if original is not None else None,
        variances=(),
    )
    return event.model_copy(update={"variances": _variances(history, event)})


def check_day(history: PatientHistory, on: date, context: CommandContext) -> None:
    if on > context.today:
        raise InvalidCommand(
            "the date of the dose is in the future", field="on", remedy="record the dose after it was given"
        )
    if history.birth_date is not None and on < history.birth_date.earliest:
        raise InvalidCommand(
            "the date of the dose is before the birth date",
            field="on",
            remedy="send the date on which the dose was given",
        )


def _possible_original(history: PatientHistory, on: date, besides: Dose | None = None) -> Dose | None:
    """The dose of the same day that counts. The new entry may be a second one of it, from whatever source (R25)."""
    others = (one for one in history.doses if one.on == on and one is not besides)
    return next((one for one in others if one.stands and not one.is_uncertain), None)


# -- corrections ------------------------------------------------------------------------------


def correct_dose(history: PatientHistory, command: CorrectDose, context: CommandContext) -> tuple[PatientEvent, ...]:
    """Correct the entry. If only the day is corrected, the course is assigned again from the day (R24)."""
    dose = to_correct_dose(history, command.dose_id, context)
    on = command.on or dose.on
    check_day(history, on, context)
    if command.request_id is not None and history.request(command.request_id) is None:
        raise NotFound(
            "the request was not found", field="request_id", remedy="use an id from the patient's list of requests"
        )
    place = _corrected_place(history, dose, command, on)
    event = dose_corrected(
        history,
        dose,
        context,
        command.reason,
        on=on,
        mg=command.mg or dose.mg,
        site=command.site or dose.site,
        request_id=command.request_id or request_of_corrected_dose(history, dose, place, on),
        course=place.course,
        documents_report=place.documents_report,
        course_named=command.course is not None and place.course is not None and _moves(history, dose, command.course),
    )
    if not event.fields:
        raise InvalidCommand("nothing differs from what is on record", remedy="send at least one corrected value")
    if command.course is not None:
        _check_only_dose_reassigned(history, event, command.course)
    return (event,)


def to_correct_dose(history: PatientHistory, dose_id: str, _: Occasion) -> Dose:
    """The dose, which is not voided."""
    dose = dose_named(history, dose_id)
    if dose.voided:
        raise Conflict(
            "a voided dose entry can't be corrected",
            field="dose_id",
            remedy="record the infusion again under another reference",
        )
    return dose


def dose_corrected(
    history: PatientHistory, dose: Dose, context: CommandContext, reason: str, **corrected: Any
) -> DoseCorrected:
    """The event of a correction: the complete entry, and its variances as they are found now."""
    names = ("on", "mg", "site", "request_id", "course", "documents_report")
    values = {name: corrected.get(name, getattr(dose, name)) for name in names}
    course_named = corrected.get("course_named", False)
    fields_named = {"course"} if course_named else set[str]()
    fields = tuple(name for name in names if name in fields_named or values[name] != getattr(dose, name))
    original = _possible_original(history, values["on"], dose) if "on" in fields else None
    event = context.event(
        DoseCorrected,
        dose_id=dose.dose_id,
        **values,
        possible_duplicate_of=original.dose_id if original is not None else None,
        fields=fields,
        course_named=course_named,
        variances=(),
        reason=reason,
    )
    return event.model_copy(update={"variances": _variances(history, event)})


def claim_replaced(
    history: PatientHistory, dose: Dose, found_by: FoundBy, line: RecordClaim, context: CommandContext
) -> ClaimReplaced:
    """The event of a replacement: the complete entry, with the values of the replacement (R30)."""
    on = line.on or dose.on
    place = _place_on_day(history, dose, on)
    values = {
        "on": on,
        "mg": line.mg or dose.mg,
        "site": line.site or dose.site,
        "request_id": line.request_id or request_of_corrected_dose(history, dose, place, on),
        "course": place.course,
        "documents_report": place.documents_report,
        "source_reference": line.source_reference,
    }
    fields = tuple(name for name, value in values.items() if value != getattr(dose, name))
    original = _possible_original(history, on, dose) if "on" in fields else None
    event = context.event(
        ClaimReplaced,
        dose_id=dose.dose_id,
        **values,
        source=line.source,
        original_reference=line.original_reference,
        found_by=found_by,
        possible_duplicate_of=original.dose_id if original is not None else None,
        fields=fields,
        variances=(),
    )
    return event.model_copy(update={"variances": _variances(history, event)})


def _variances(known: PatientHistory, event: DoseAdministered | DoseCorrected | ClaimReplaced) -> tuple[Variance, ...]:
    known = after(known, (event,))
    return approval_use.variances(known, courses(known), dose_named(known, event.dose_id))


def request_of_corrected_dose(history: PatientHistory, dose: Dose, place: CoursePlace, on: date) -> str | None:
    """The request of a dose after a correction.

    A request that followed from the day and the course follows from the corrected ones. A request that a caller sent is
    unchanged.
    """
    found = courses(history)
    was_derived = dose.request_id in (None, approval_use.authorization_of(history, found, dose.course, dose.on))
    if not was_derived or (on, place.course) == (dose.on, dose.course):
        return dose.request_id
    return approval_use.authorization_of(history, found, place.course, on)


def _corrected_place(history: PatientHistory, dose: Dose, command: CorrectDose, on: date) -> CoursePlace:
    """The course of a corrected dose, or the report that it documents. Raises NotFound for an unknown course."""
    unchanged = CoursePlace(dose.course, dose.documents_report)
    if command.course is None:
        return _place_on_day(history, dose, on)
    if not _moves(history, dose, command.course):
        return unchanged
    place = place_in_course(history, command.course, on)
    if place is None:
        raise NotFound(
            f"course {command.course} was not found",
            field="course",
            remedy="use a number from the patient's list of courses; the next new course is "
            f"{len(courses(history)) + 1}",
        )
    return place


def _place_on_day(history: PatientHistory, dose: Dose, on: date) -> CoursePlace:
    """The course of the dose if its day is another one, or the report that it documents."""
    if on == dose.on or _is_all_of_closed_course(history, dose, on):
        return CoursePlace(dose.course, dose.documents_report)
    return place_of_dose(without_dose(history, dose), on)


def _is_all_of_closed_course(history: PatientHistory, dose: Dose, on: date) -> bool:
    """Whether the dose is all of a course that was closed on this day or later, so that it stays there (R26)."""
    closed_on = history.marks_of(dose.course).closed_on if dose.course is not None else None
    others = (one for one in history.doses if one.course == dose.course and one.stands and one is not dose)
    return closed_on is not None and on <= closed_on and not any(others)


def _moves(history: PatientHistory, dose: Dose, number: int) -> bool:
    """Whether the dose is in another course now. Alone in a course, it is in the next new one already."""
    all_courses = courses(history)
    own = next((one for one in all_courses if dose.dose_id in _ids_of(one)), None)
    if own is None:
        return True
    is_next = _ids_of(own) == {dose.dose_id} and number == len(all_courses) + 1
    return own.number != number and not is_next


def _check_only_dose_reassigned(history: PatientHistory, event: DoseCorrected, number: int) -> None:
    """Raises InvalidCommand unless the dose is in that course now, and every other dose and report is where it was.

    The correction is refused if a report covers the days around the dose, and would join two courses.
    """
    all_courses, history_after = courses(history), after(history, (event,))
    # A second report does not count in any course yet. Its course is checked as if it did.
    counted = (replace(one, duplicate="no") if one.dose_id == event.dose_id else one for one in history_after.doses)
    courses_before = {_ids_of(one) - {event.dose_id} for one in all_courses}
    courses_after = [_ids_of(one) for one in courses(replace(history_after, doses=tuple(counted)))]
    course_after = next(ids for ids in courses_after if event.dose_id in ids)
    target = next((_ids_of(one) for one in all_courses if one.number == number), frozenset[str]())
    rest = {ids - {event.dose_id} for ids in courses_after}
    if course_after != target | {event.dose_id} or rest - {frozenset()} != courses_before - {frozenset()}:
        raise InvalidCommand(
            "a prior treatment report covers this day, so the dose can't belong to another course",
            field="course",
            remedy="correct the report first, or correct the date of the dose",
        )


def _ids_of(course: Course) -> frozenset[str]:
    """The ids of everything in the course: its doses, and the courses of reports."""
    return frozenset((*(dose.dose_id for dose in course.doses), *course.reported))


# -- second reports and mistakes --------------------------------------------------------------


def confirm_duplicate(
    history: PatientHistory, command: ConfirmDuplicate, context: CommandContext
) -> tuple[PatientEvent, ...]:
    dose = to_confirm_duplicate(history, command.dose_id, context)
    return (context.event(PossibleDuplicateConfirmed, dose_id=dose.dose_id, reason=command.reason),)


def to_confirm_duplicate(history: PatientHistory, dose_id: str, _: Occasion) -> Dose:
    """The dose, a second report that is not confirmed as a duplicate."""
    return _second_report(history, dose_id, "confirmed")


def dismiss_duplicate(
    history: PatientHistory, command: DismissDuplicate, context: CommandContext
) -> tuple[PatientEvent, ...]:
    dose = to_dismiss_duplicate(history, command.dose_id, context)
    return (context.event(PossibleDuplicateDismissed, dose_id=dose.dose_id, reason=command.reason),)


def to_dismiss_duplicate(history: PatientHistory, dose_id: str, _: Occasion) -> Dose:
    """The dose, a second report that is not dismissed as a duplicate."""
    return _second_report(history, dose_id, "dismissed")


def confirm_part_of_dose(
    history: PatientHistory, command: ConfirmPartOfDose, context: CommandContext
) -> tuple[PatientEvent, ...]:
    """A second entry of a day is part of the same dose: milligrams add up, one dose day (R25)."""
    dose = to_confirm_part_of_dose(history, command.dose_id, context)
    return (context.event(PartOfDoseConfirmed, dose_id=dose.dose_id, reason=command.reason),)


def to_confirm_part_of_dose(history: PatientHistory, dose_id: str, _: Occasion) -> Dose:
    """The dose, a second entry of a day with an entry that counts, and not part of it yet."""
    dose = _second_report(history, dose_id, "part")
    first = history.dose(dose.duplicate_of) if dose.duplicate_of is not None else None
    if first is None or first.on != dose.on or not first.stands:
        raise Conflict("no other dose entry of that day counts", field="dose_id", remedy="review the dose entry again")
    return dose


def _second_report(history: PatientHistory, dose_id: str, decided: Duplicate) -> Dose:
    """A second report that is not decided this way yet. The last decision is in effect (R23, R25)."""
    dose = dose_named(history, dose_id)
    if dose.voided or dose.duplicate_of is None or dose.duplicate == decided:
        already = "already part of a dose" if decided == "part" else f"already {decided}"
        state = "voided" if dose.voided else "not a possible duplicate" if dose.duplicate_of is None else already
        raise Conflict(f"the dose is {state}", field="dose_id", remedy="review the dose entry again")
    return dose


def void_dose(history: PatientHistory, command: VoidDose, context: CommandContext) -> tuple[PatientEvent, ...]:
    dose = to_void_dose(history, command.dose_id, context)
    return (context.event(DoseVoided, dose_id=dose.dose_id, reason=command.reason),)


def to_void_dose(history: PatientHistory, dose_id: str, _: Occasion) -> Dose:
    """The dose, which is not voided."""
    dose = dose_named(history, dose_id)
    if dose.voided:
        raise Conflict("the dose entry is already voided", field="dose_id", remedy="no action is needed")
    return dose


def review_dose(history: PatientHistory, command: ReviewDose, context: CommandContext) -> tuple[PatientEvent, ...]:
    """Record what a person found about a dose after the death on record. The dose stays on record (R29)."""
    dose = to_review_dose(history, command.dose_id, context)
    return (context.event(DoseReviewed, dose_id=dose.dose_id, reason=command.reason),)


def to_review_dose(history: PatientHistory, dose_id: str, _: Occasion) -> Dose:
    """The dose, which is after the death on record and is neither voided nor reviewed."""
    dose = dose_named(history, dose_id)
    if not dose.stands or dose.reviewed or not may_be_after_death(history, dose):
        state = "already reviewed" if dose.reviewed else "not a counted dose after a death on record"
        raise Conflict(f"the dose is {state}", field="dose_id", remedy="no action is needed")
    return dose


def dose_named(history: PatientHistory, dose_id: str) -> Dose:
    """The dose with this id. Raises NotFound."""
    dose = history.dose(dose_id)
    if dose is None:
        raise NotFound(
            "the dose entry was not found", field="dose_id", remedy="use an id from the patient's list of doses"
        )
    return dose


DECISIONS: Final[dict[type[Command], DecisionFunction]] = {
    RecordDose: record_dose,
    CorrectDose: correct_dose,
    ConfirmDuplicate: confirm_duplicate,
    DismissDuplicate: dismiss_duplicate,
    ConfirmPartOfDose: confirm_part_of_dose,
    VoidDose: void_dose,
    ReviewDose: review_dose,
}
PRECONDITIONS: Final[dict[type[Command], Precondition]] = {
    RecordDose: always,
    CorrectDose: to_correct_dose,
    ConfirmDuplicate: to_confirm_duplicate,
    DismissDuplicate: to_dismiss_duplicate,
    ConfirmPartOfDose: to_confirm_part_of_dose,
    VoidDose: to_void_dose,
    ReviewDose: to_review_dose,
}
