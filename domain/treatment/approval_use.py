"""What approvals allow on a day, and how doses departed from them (R7, R9, R10, R22).

A request may have several: an appeal brings a second one, with its own thirty days. `found` are the courses of the
history, on the day in question where there is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from domain.calendar import years_have_passed
from domain.events.treatment import Variance
from domain.facts import doses_in_course
from domain.history.records import ApprovalRecord, Dose
from domain.history.state import PatientHistory
from domain.treatment.course_assignment import place_among
from domain.treatment.courses import Course, current_course

MG_PER_DOSE = 12


@dataclass(frozen=True, slots=True)
class Allowance:
    """What may still be given under an approval on a day: `usable` is the smaller of the two (R7).

    `left_in_course` is None where a report does not say how many doses were given.
    """

    approval: ApprovalRecord
    used: int
    left_on_approval: int
    left_in_course: int | None

    @property
    def usable(self) -> int:
        left = self.left_on_approval
        return left if self.left_in_course is None else min(left, self.left_in_course)


def in_force(history: PatientHistory, found: tuple[Course, ...], on: date) -> ApprovalRecord | None:
    """The approval that covers this day; the latest where several do, as after an appeal of a part.

    One for doses that were given before it was asked for is meant only where there is no other,
    and one for another course than that of a dose on this day only where none is for that course.
    """
    covering = [one for one in history.approvals if one.covers(on)]
    meant = _for_doses_to_come(history, covering) or covering
    if len({one.course for one in meant}) > 1:
        course = place_among(history, found, on).course
        meant = [one for one in meant if one.course == course] or meant
    return next(reversed(meant), None)


def in_force_for(history: PatientHistory, request_id: str, on: date) -> ApprovalRecord | None:
    """The latest approval of one request that covers this day."""
    return next((one for one in reversed(history.approvals) if one.request_id == request_id and one.covers(on)), None)


def approval_of(history: PatientHistory, dose: Dose) -> ApprovalRecord | None:
    """The approval that a dose was given under; None where there is none for its course (R9).

    One whose request names this very dose, given before it was asked for; else of the request
    that the dose names, or of any, the latest that covers its day. Where none of the request
    covers it, the one that it came after.
    """
    if not history.approvals:
        return None
    possible = _possible(history, dose)
    retrospective = [one for one in possible if dose.dose_id in doses_named(history, one)]
    if retrospective:
        return retrospective[-1]
    covering = [one for one in possible if one.covers(dose.on)]
    if dose.request_id is not None and not covering:
        begun = [one for one in possible if one.valid_from <= dose.on]
        return next(iter([*reversed(begun), *possible]), None)
    return covering[-1] if covering else None


def _by_day(dose: Dose) -> tuple[date, int]:
    return dose.on, dose.version


def doses_named(history: PatientHistory, approval: ApprovalRecord) -> tuple[str, ...]:
    """The doses, given before they were asked for, that alone this approval is for; an ordinary one names none."""
    request = history.request(approval.request_id)
    return request.retrospective_for if request is not None else ()


def _for_doses_to_come(history: PatientHistory, approvals: Iterable[ApprovalRecord]) -> list[ApprovalRecord]:
    return [one for one in approvals if not doses_named(history, one)]


def _possible(history: PatientHistory, dose: Dose) -> list[ApprovalRecord]:
    """The approvals of the dose's course that it may have been given under: not taken back by then, nor for others.

    An approval never covers another course (R9).
    """
    standing = [
        (one, doses_named(history, one))
        for one in history.approvals
        if one.course == dose.course and not one.is_rescinded_by(dose.on)
    ]
    named = [one for one, doses in standing if dose.dose_id in doses]
    if named:
        return named
    return [one for one, doses in standing if not doses and dose.request_id in (None, one.request_id)]


def doses_under(history: PatientHistory, approval: ApprovalRecord) -> list[Dose]:
    """The doses that used an approval, in the order of their days."""
    # An approval never covers another course (R9).
    of_its_course = (dose for dose in history.doses if dose.counts and dose.course == approval.course)
    return sorted((dose for dose in of_its_course if approval_of(history, dose) == approval), key=_by_day)


def doses_in_progress(history: PatientHistory, approval: ApprovalRecord) -> list[Dose]:
    """The doses of the course that was approved, given under any approval of its request: no course before it (R10)."""
    mine = [one for one in history.approvals if (one.request_id, one.course) == (approval.request_id, approval.course)]
    return [dose for one in mine for dose in doses_under(history, one)]


def allowance(history: PatientHistory, found: tuple[Course, ...], on: date) -> Allowance | None:
    """What the approval in force on this day still allows; None where none is in force."""
    approval = in_force(history, found, on)
    return allowance_under(history, found, approval, on) if approval is not None else None


def allowance_under(
    history: PatientHistory, found: tuple[Course, ...], approval: ApprovalRecord, on: date
) -> Allowance:
    """What one approval still allows, as if this day were one of its own."""
    used = sum(dose.on <= on for dose in doses_under(history, approval))
    left = max(0, approval.doses_approved - used)
    return Allowance(approval, used, left, _left_in_course(history, found, approval, on))


def _left_in_course(
    history: PatientHistory, found: tuple[Course, ...], approval: ApprovalRecord, on: date
) -> int | None:
    """What the approved course still has; none where a dose on this day would belong to another one (R9)."""
    if place_among(history, found, on).course != approval.course:
        return 0
    course = next((one for one in found if one.named == approval.course), None)
    if course is not None:
        return course.left if course.status in ("open", "unknown") else 0
    # It has no dose of ours yet: it is a reported one to go on with, or the next to begin.
    going_on = current_course(found, on)
    return going_on.left if going_on is not None else doses_in_course(len(found) + 1)


def authorization_of(history: PatientHistory, course: int | None, on: date) -> str | None:
    """The request whose approval covers a dose of this course on this day."""
    found = [one for one in history.approvals if one.course == course and one.covers(on)]
    ahead = _for_doses_to_come(history, found)
    return ahead[-1].request_id if ahead else None


def variances(history: PatientHistory, found: tuple[Course, ...], dose: Dose) -> tuple[Variance, ...]:
    """How a dose departs from what was approved and from the regimen, as the history and its courses are now."""
    if not dose.counts:
        return ()
    course = next(one for one in found if one.named == dose.course)
    return (*_from_approval(history, dose), *_from_regimen(history, dose, course, found))


def _from_approval(history: PatientHistory, dose: Dose) -> Iterator[Variance]:
    approval = approval_of(history, dose)
    if approval is None or not approval.covers(dose.on):
        for_another_day = bool(_possible(history, dose))
        yield "outside_its_thirty_days" if for_another_day else "no_approval_in_force"
    elif _is_over(history, dose, approval):
        yield "over_the_approval"


def _is_over(history: PatientHistory, dose: Dose, approval: ApprovalRecord) -> bool:
    entries = [one for one in history.doses if one.course == approval.course]
    if len(entries) <= approval.doses_approved:
        # So few entries of the course cannot be over it, under whichever approval each was given.
        return False
    return _place_among(doses_under(history, approval), dose) >= approval.doses_approved


def _place_among(doses: Iterable[Dose], dose: Dose) -> int:
    """How many of them come before the dose; -1 where it is none of them."""
    for place, one in enumerate(doses):
        if one.dose_id == dose.dose_id:
            return place
    return -1


def _from_regimen(history: PatientHistory, dose: Dose, course: Course, found: tuple[Course, ...]) -> Iterator[Variance]:
    place = _place_among(course.doses, dose)
    if place >= 0 and course.given_at_least - len(course.doses) + place >= course.regimen:
        yield "over_the_course"
    if dose.mg != MG_PER_DOSE:
        yield "not_12_mg"
    if _breaks_the_row(history, dose, course):
        yield "not_consecutive"
    if [one for one in history.doses if one.on == dose.on and one.version < dose.version and one.stands]:
        yield "second_on_one_day"
    lasts = [one.last_dose_on for one in found[: course.number - 1] if one.last_dose_on is not None]
    if lasts and years_have_passed(max(lasts), 1, on=dose.on) is False:
        yield "before_twelve_months"


def _breaks_the_row(history: PatientHistory, dose: Dose, course: Course) -> bool:
    """Whether days lie between this dose and the one before it in the course.

    The first dose under a new approval begins a row of its own: what an interrupted course
    has left is approved for consecutive days again (R7, R8).
    """
    previous: Dose | None = None
    for one in (*course.doses, *course.documenting):
        if one.on < dose.on and (previous is None or one.on > previous.on):
            previous = one
    if previous is None or (dose.on - previous.on).days <= 1:
        return False
    approval = approval_of(history, dose)
    return approval is None or approval_of(history, previous) == approval
