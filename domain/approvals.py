"""What approvals allow on a day, and how doses departed from them (R7, R9, R22)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from domain.calendar import stands_alone, years_have_passed
from domain.courses import Course, courses
from domain.events import Variance
from domain.facts import doses_in_course
from domain.history import Approval, Dose, PatientHistory

MG_PER_DOSE = 12


@dataclass(frozen=True, slots=True)
class Allowance:
    """What may still be given under an approval on a day: `usable` is the smaller of the two (R7).

    `left_in_course` is None where a report does not say how many doses were given.
    """

    approval: Approval
    used: int
    left_on_approval: int
    left_in_course: int | None

    @property
    def usable(self) -> int:
        left = self.left_on_approval
        return left if self.left_in_course is None else min(left, self.left_in_course)


def in_force(history: PatientHistory, on: date) -> Approval | None:
    """The approval that covers this day; the latest where several do."""
    return next((one for one in reversed(history.approvals) if one.covers(on)), None)


def doses_under(history: PatientHistory, approval: Approval) -> list[Dose]:
    """The doses that used an approval, in the order of their days."""
    used = [dose for dose in history.doses if dose.counts and dose.request_id == approval.request_id]
    return sorted(used, key=lambda dose: (dose.on, dose.version))


def allowance(history: PatientHistory, on: date) -> Allowance | None:
    """What the approval in force on this day still allows; None where none is in force."""
    approval = in_force(history, on)
    if approval is None:
        return None
    used = sum(dose.on <= on for dose in doses_under(history, approval))
    found = courses(history, on)
    course = next((one for one in found if one.named == approval.course), None)
    if course is None:
        left = _left_in_course_to_come(found)
    else:
        left = course.left if course.status in ("open", "unknown") else 0
    return Allowance(approval, used, max(0, approval.doses_approved - used), left)


def _left_in_course_to_come(found: tuple[Course, ...]) -> int | None:
    """The course has no dose of ours yet: it is a reported one to be continued, or the next to begin."""
    if found and found[-1].status == "open" and found[-1].named is None:
        return found[-1].left
    return doses_in_course(len(found) + 1)


def authorization_of(history: PatientHistory, course: int | None, on: date) -> str | None:
    """The request whose approval covers a dose of this course on this day."""
    found = [one for one in history.approvals if one.course == course and one.covers(on)]
    return found[-1].request_id if found else None


def variances(history: PatientHistory, dose: Dose) -> tuple[Variance, ...]:
    """How a dose departs from what was approved and from the regimen, as the history has it now."""
    if not dose.counts:
        return ()
    found = courses(history)
    course = next(one for one in found if one.named == dose.course)
    return (*_from_approval(history, dose), *_from_regimen(history, dose, course, found))


def _from_approval(history: PatientHistory, dose: Dose) -> Iterator[Variance]:
    of_course = [one for one in history.approvals if one.course == dose.course]
    named = [one for one in of_course if dose.request_id in (None, one.request_id)]
    covering = [one for one in named if one.covers(dose.on)]
    if not covering:
        yield "outside_its_thirty_days" if named else "no_approval_in_force"
        return
    under = doses_under(history, covering[-1])
    if dose in under and under.index(dose) >= covering[-1].doses_approved:
        yield "over_the_approval"


def _from_regimen(history: PatientHistory, dose: Dose, course: Course, found: tuple[Course, ...]) -> Iterator[Variance]:
    if dose in course.doses:
        before = (course.given or 0) - len(course.doses)
        if before + course.doses.index(dose) >= course.regimen:
            yield "over_the_course"
    if dose.mg != MG_PER_DOSE:
        yield "not_12_mg"
    others = [one for one in (*course.doses, *course.documenting) if one.dose_id != dose.dose_id]
    if stands_alone(dose.on, [one.on for one in others]):
        yield "not_consecutive"
    if any(one.on == dose.on for one in history.doses if one.stands and one.dose_id != dose.dose_id):
        yield "second_on_one_day"
    earlier = found[: found.index(course)]
    lasts = [one.last_dose_on for one in earlier if one.last_dose_on is not None]
    if lasts and years_have_passed(max(lasts), 1, on=dose.on) is False:
        yield "before_twelve_months"
