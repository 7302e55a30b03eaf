"""What approvals allow on a day, and the variances of doses (R7, R9, R10, R22).

A request can have several approvals: an overturned appeal adds one, with its own 30 days. `patient_courses` are the
courses of the history; for a function with a day, they are the courses on that day. An approval is for the course that
was the current one when it was approved, and covers the doses that belong to that course by their days.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from domain.calendar import DateRange, years_have_passed
from domain.events.treatment import Variance
from domain.history.entry_facts import DOSE_MG
from domain.history.records import ApprovalRecord, Dose
from domain.history.state import PatientHistory
from domain.treatment.after_death import is_after_death
from domain.treatment.course_assignment import number_for_dose, place_in_courses
from domain.treatment.courses import Course, courses
from domain.treatment.dose_entries import is_of_12_mg, waiting_entries, waiting_in_course
from domain.treatment.lived_courses import later
from domain.treatment.possible_treatment import next_dose, possible_treatments

MG_PER_DOSE = DOSE_MG
"""The milligrams of one dose, by Dosing.A and Dosing.B."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """The doses that may still be given under an approval on a day. `usable` is the smaller number (R7).

    `left_in_course` is the number that is certainly left, whatever reports leave open (R27).
    """

    approval: ApprovalRecord
    used: int
    left_on_approval: int
    left_in_course: int

    @property
    def usable(self) -> int:
        return min(self.left_on_approval, self.left_in_course)


def in_effect(history: PatientHistory, patient_courses: tuple[Course, ...], on: date) -> ApprovalRecord | None:
    """The approval in effect on this day. If there are several, as after an appeal, it is the latest.

    A retrospective approval (for doses that were given before the request) is returned only if there is no other. An
    approval of another course than that of a dose on this day is returned only if none is for that course.
    """
    covering = [one for one in history.approvals if one.covers(on)]
    candidates = _prospective(history, covering) or covering
    if len({one.course for one in candidates}) > 1:
        course = place_in_courses(history, patient_courses, on).course
        candidates = [one for one in candidates if course_approved(patient_courses, one) == course] or candidates
    return next(reversed(candidates), None)


def in_effect_for(history: PatientHistory, request_id: str, on: date) -> ApprovalRecord | None:
    """The latest approval of one request that covers this day."""
    return next((one for one in reversed(history.approvals) if one.request_id == request_id and one.covers(on)), None)


def course_approved(patient_courses: Collection[Course], approval: ApprovalRecord) -> int:
    """The number that names the approved course now: the one with the doses that the approved course had then.

    Until the course has a dose, it is the number in the event of the approval.
    """
    then = [
        (dose.on, one.named)
        for one in patient_courses
        for dose in one.doses
        if dose.course == approval.course and dose.version < approval.version and one.named is not None
    ]
    return max(then)[1] if then else approval.course


def approval_of(history: PatientHistory, patient_courses: Collection[Course], dose: Dose) -> ApprovalRecord | None:
    """The approval that a dose was given under, or None (R9). An approval never covers another course.

    It is the retrospective approval whose request names this dose. Otherwise it is the latest approval that covers the
    day, of the request that the dose names, or of any request if the dose names none. If no approval of the named
    request covers the day, it is the latest that began before the dose, or else the first one.
    """
    if not history.approvals:
        return None
    possible = _possible_approvals(history, patient_courses, dose)
    retrospective = [one for one in possible if dose.dose_id in retrospective_doses(history, one)]
    if retrospective:
        return retrospective[-1]
    covering = [one for one in possible if one.covers(dose.on)]
    if dose.request_id is not None and not covering:
        started = [one for one in possible if one.valid_from <= dose.on]
        return next(iter([*reversed(started), *possible]), None)
    return covering[-1] if covering else None


def retrospective_doses(history: PatientHistory, approval: ApprovalRecord) -> tuple[str, ...]:
    """The ids of the doses of a retrospective approval, which is only for these doses. Otherwise empty."""
    request = history.request(approval.request_id)
    return request.retrospective_for if request is not None else ()


def _prospective(history: PatientHistory, approvals: Iterable[ApprovalRecord]) -> list[ApprovalRecord]:
    return [one for one in approvals if not retrospective_doses(history, one)]


def _possible_approvals(
    history: PatientHistory, patient_courses: Collection[Course], dose: Dose
) -> list[ApprovalRecord]:
    """The approvals of the dose's course that the dose may have been given under.

    Rescinded approvals and retrospective approvals of other doses are excluded. An approval never covers another
    course (R9).
    """
    course = next((one.named for one in patient_courses if dose in one.doses), None)
    eligible = [
        (one, retrospective_doses(history, one))
        for one in history.approvals
        if not one.is_rescinded_by(dose.on) and course_approved(patient_courses, one) == course
    ]
    named = [one for one, doses in eligible if dose.dose_id in doses]
    if named:
        return named
    return [one for one, doses in eligible if not doses and dose.request_id in (None, one.request_id)]


def doses_under(history: PatientHistory, patient_courses: Collection[Course], approval: ApprovalRecord) -> list[Dose]:
    """The doses that were given under an approval, in the order of their days."""
    doses = _doses_of_approved_course(patient_courses, approval)
    return [dose for dose in doses if dose.counts and approval_of(history, patient_courses, dose) == approval]


def _doses_of_approved_course(patient_courses: Collection[Course], approval: ApprovalRecord) -> tuple[Dose, ...]:
    name = course_approved(patient_courses, approval)
    return next((one.doses for one in patient_courses if one.named == name), ())


def doses_in_progress(history: PatientHistory, approval: ApprovalRecord) -> list[Dose]:
    """The doses of the approved course that were given under any approval of the same request.

    An assessment to extend the approval does not treat them as an earlier course (R10).
    """
    found = courses(history)
    of_request = [
        one for one in history.approvals if (one.request_id, one.course) == (approval.request_id, approval.course)
    ]
    return [dose for one in of_request for dose in doses_under(history, found, one)]


def allowance(history: PatientHistory, patient_courses: tuple[Course, ...], on: date) -> Allowance | None:
    """What the approval in effect on this day still allows. None if no approval is in effect."""
    approval = in_effect(history, patient_courses, on)
    return allowance_under(history, patient_courses, approval, on) if approval is not None else None


def allowance_under(
    history: PatientHistory, patient_courses: tuple[Course, ...], approval: ApprovalRecord, on: date
) -> Allowance:
    """What one approval still allows on a day, whether or not the approval covers that day."""
    under = doses_under(history, patient_courses, approval)
    # Of a range, the most that may have been given is counted, and so is an entry that waits for a person (R25, R30).
    used = sum(dose.days[1] for dose in under if dose.on <= on)
    used += sum(any(one.on == dose.on for dose in under) for one in waiting_entries(history, on))
    left = max(0, approval.doses_approved - used)
    return Allowance(approval, used, left, _left_in_course(history, patient_courses, approval, on))


def _left_in_course(
    history: PatientHistory, patient_courses: tuple[Course, ...], approval: ApprovalRecord, on: date
) -> int:
    """The doses that are certainly left in the approved course.

    0 if a dose on this day would belong to another course (R9), or if the patient may have died by this day (R29).
    """
    if history.deceased_on is not None and history.deceased_on.earliest <= on:
        return 0
    name = course_approved(patient_courses, approval)
    if place_in_courses(history, patient_courses, on).course != name:
        return 0
    # A course of which there are only reports has no name yet, but the one that a dose of it would be recorded with.
    course = next((one for one in patient_courses if number_for_dose(history, patient_courses, one) == name), None)
    left = next_dose(possible_treatments(history, on), on).left.least
    if course is None:
        return left
    if course.status not in ("open", "unknown"):
        return 0
    return max(0, min(left, course.left_at_least) - waiting_in_course(history, course, on))


def authorization_of(
    history: PatientHistory, patient_courses: Collection[Course], course: int | None, on: date
) -> str | None:
    """The id of the request whose latest approval, not a retrospective one, covers this course and day, or None."""
    covering = [one for one in history.approvals if one.covers(on)]
    approvals = [one for one in covering if course_approved(patient_courses, one) == course]
    prospective = _prospective(history, approvals)
    return prospective[-1].request_id if prospective else None


def variances(history: PatientHistory, patient_courses: tuple[Course, ...], dose: Dose) -> tuple[Variance, ...]:
    """How a dose differs from the approval and from the regimen, by the current history and courses (R22)."""
    if not dose.counts:
        return ()
    course = next(one for one in patient_courses if dose in one.doses)
    return (
        *_variances_from_approval(history, patient_courses, dose),
        *_variances_from_regimen(history, dose, course, patient_courses),
        *(("after_death",) if is_after_death(history, dose) else ()),
    )


def _variances_from_approval(
    history: PatientHistory, patient_courses: tuple[Course, ...], dose: Dose
) -> Iterator[Variance]:
    approval = approval_of(history, patient_courses, dose)
    if approval is None or not approval.covers(dose.on):
        for_another_day = bool(_possible_approvals(history, patient_courses, dose))
        yield "outside_its_thirty_days" if for_another_day else "no_approval_in_force"
    elif _exceeds_approval(history, patient_courses, dose, approval):
        yield "over_the_approval"


def _exceeds_approval(
    history: PatientHistory, patient_courses: tuple[Course, ...], dose: Dose, approval: ApprovalRecord
) -> bool:
    if len(_doses_of_approved_course(patient_courses, approval)) <= approval.doses_approved:
        # With so few doses of the course, no dose can exceed the approval.
        return False
    under = [one.dose_id for one in doses_under(history, patient_courses, approval)]
    return dose.dose_id in under[approval.doses_approved :]


def _variances_from_regimen(
    history: PatientHistory, dose: Dose, course: Course, patient_courses: tuple[Course, ...]
) -> Iterator[Variance]:
    if dose.dose_id in course.excess:
        yield "over_the_course"
    if not is_of_12_mg(dose):
        yield "not_12_mg"
    if _is_not_consecutive(history, patient_courses, dose, course):
        yield "not_consecutive"
    if [one for one in history.doses if one.on == dose.on and one.version < dose.version and one.stands]:
        yield "second_on_one_day"
    last: DateRange | None = None
    for one in patient_courses[: course.number - 1]:
        last = later(last, one.last)
    if last is not None and years_have_passed(last, 1, on=dose.on) is False:
        yield "before_twelve_months"


def _is_not_consecutive(
    history: PatientHistory, patient_courses: tuple[Course, ...], dose: Dose, course: Course
) -> bool:
    """Whether the previous dose of the course was given earlier than the day before.

    The first dose under a new approval starts new consecutive days, because the remaining doses of an interrupted
    course are approved for consecutive days again (R7, R8).
    """
    previous = next((one for one in reversed(course.doses) if one.on < dose.on), None)
    if previous is None or (dose.on - previous.on).days <= 1:
        return False
    approval = approval_of(history, patient_courses, dose)
    return approval is None or approval_of(history, patient_courses, previous) == approval
