"""The status of a patient's Lemtrada treatment, derived from the facts (R1, R3, R6, R7, R8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from domain.calendar import DateRange, PossibleDays, anniversary, later_of, years_have_passed
from domain.facts import Facts, OpenCourse, PossibleTreatment
from domain.policy.agents import Product, recognize

Recognize = Callable[[str], Product]
"""How an agent's name is recognized, which depends on the revision of the edition."""


class Interval(NamedTuple):
    """Whether twelve months have passed since the last dose of any prior course (R2, R3).

    `passes_on` is the day on which they have certainly passed. None in any field: not known.
    """

    passed: bool | None
    latest_dose: DateRange | None
    passes_on: date | None


class TreatmentStatus(NamedTuple):
    """The treatment so far on a day. `None` means "not known" in `received`, `path` and `later_course_is_current`.

    `first_course` and `later_course` are the open course, if it is the first or a later one. `later_course_is_current`
    is whether `later_course` is still the current course, and not yet a prior course (R8).
    """

    received: bool | None
    path: Literal["A", "B"] | None
    first_course: OpenCourse | None
    first_course_is_open: bool
    later_course: OpenCourse | None
    later_course_is_current: bool | None
    interval: Interval


def treatment_status(
    facts: Facts,
    as_of: date,
    years_between_courses: int,
    recognized: Recognize,
    life: PossibleTreatment | None = None,
) -> TreatmentStatus:
    """The treatment so far on a day, derived from the facts. `Question.treatment` caches it.

    If several treatments fit the record, it is the one of `life`, or else what all of them agree on (R27).
    """
    prior, elapsed = facts.prior_treatment, _Elapsed(as_of, years_between_courses)
    if life is not None:
        return _status_of(life, elapsed)
    if prior.possible:
        return _agreed([_status_of(one, elapsed) for one in prior.possible], prior.open_course)
    course = prior.open_course
    later = course if course is not None and course.number > 1 else None
    first = course if course is not None and course.number == 1 else None
    received = _received(facts, recognized)
    completed = _completed(facts, received)
    current = _is_current(later, elapsed)
    return TreatmentStatus(
        received=received,
        path=None if completed is None else "B" if completed else "A",
        first_course=first,
        first_course_is_open=received is True and completed is False,
        later_course=later,
        later_course_is_current=current,
        interval=_interval(
            prior.last_dose_on,
            first.last_dose_on if first is not None else None,
            later.last_dose_on if later is not None else None,
            later is not None,
            current,
            elapsed,
        ),
    )


def _status_of(life: PossibleTreatment, elapsed: _Elapsed) -> TreatmentStatus:
    """The treatment in one life that fits the record. Its numbers are known, and its days are ranges."""
    course = life.open_course
    opened = OpenCourse(number=course.number, doses_given=course.doses_given) if course is not None else None
    is_later = course is not None and course.number > 1
    days = course.last_dose if course is not None else None
    current = None
    if is_later and days is not None:
        passed = elapsed.since(days).passed
        current = None if passed is None else not passed
    return TreatmentStatus(
        received=life.completed_course or course is not None,
        path="B" if life.completed_course else "A",
        first_course=None if is_later else opened,
        first_course_is_open=opened is not None and not is_later,
        later_course=opened if is_later else None,
        later_course_is_current=current,
        interval=_interval(
            life.last_dose, None if is_later else days, days if is_later else None, is_later, current, elapsed
        ),
    )


def _agreed(statuses: list[TreatmentStatus], open_course: OpenCourse | None) -> TreatmentStatus:
    """What all of these agree on. `open_course` is the open course, if they agree on it."""
    first, *others = statuses
    same = {name: all(getattr(one, name) == getattr(first, name) for one in others) for name in TreatmentStatus._fields}
    return TreatmentStatus(
        received=first.received if same["received"] else None,
        path=first.path if same["path"] else None,
        first_course=open_course if open_course is not None and open_course.number == 1 else None,
        first_course_is_open=all(one.first_course_is_open for one in statuses),
        later_course=open_course if open_course is not None and open_course.number > 1 else None,
        later_course_is_current=first.later_course_is_current if same["later_course_is_current"] else None,
        interval=_agreed_interval([one.interval for one in statuses]),
    )


def _agreed_interval(intervals: list[Interval]) -> Interval:
    passed = {one.passed for one in intervals}
    days = [one.latest_dose for one in intervals if one.latest_dose is not None]
    ends = [one.passes_on for one in intervals if one.passes_on is not None]
    known = len(days) == len(intervals)
    return Interval(
        passed=passed.pop() if len(passed) == 1 else None,
        latest_dose=DateRange(min(one.earliest for one in days), max(one.latest for one in days)) if known else None,
        passes_on=max(ends) if len(ends) == len(intervals) else None,
    )


def _received(facts: Facts, recognized: Recognize) -> bool | None:
    """Whether Lemtrada was received: as stated, or as shown by a course, a dose date, or the agents tried."""
    prior = facts.prior_treatment
    if prior.received_lemtrada is not None:
        return prior.received_lemtrada
    is_shown = (
        prior.completed_course is True
        or prior.last_dose_on is not None
        or prior.open_course is not None
        or _lemtrada_tried(facts, recognized)
    )
    return True if is_shown else None


def _lemtrada_tried(facts: Facts, recognized: Recognize) -> bool:
    # `alemtuzumab` without a brand may have been Campath (R18), so only the brand name counts.
    return any(recognized(agent.product).brand == "lemtrada" for agent in facts.agents.tried)


def _completed(facts: Facts, received: bool | None) -> bool | None:
    prior = facts.prior_treatment
    if prior.completed_course is not None:
        return prior.completed_course
    if received is False:
        return False
    if prior.open_course is not None:
        # A later course follows a completed one; an open first course is the only one.
        return prior.open_course.number > 1
    return None


def _is_current(later: OpenCourse | None, elapsed: _Elapsed) -> bool | None:
    if later is None or later.last_dose_on is None:
        return None
    passed = elapsed.since(later.last_dose_on).passed
    return None if passed is None else not passed


def _interval(
    last_dose: PossibleDays | None,
    first_course: PossibleDays | None,
    later_course: PossibleDays | None,
    later_is_open: bool,
    later_is_current: bool | None,
    elapsed: _Elapsed,
) -> Interval:
    """The interval since the last dose of any prior course. `first_course` and `later_course` are open courses."""
    earlier = [last_dose] if last_dose is not None else []
    if not later_is_open:
        if first_course is not None:
            earlier.append(first_course)
        return elapsed.since(later_of(earlier))
    if later_is_current is True:
        return elapsed.since(later_of(earlier))
    with_later = earlier + ([later_course] if later_course is not None else [])
    as_prior = elapsed.since(later_of(with_later))
    if later_is_current is False:
        return as_prior
    # It is not known whether the later course is still current, so only an answer that is true in both cases is given.
    # If it is not current, twelve months have passed since its last dose, and so since that of every earlier course.
    as_current = elapsed.since(later_of(earlier))
    passed_if_prior = as_current.passed is not False
    return as_current if as_current.passed is passed_if_prior else Interval(None, as_prior.latest_dose, None)


@dataclass(frozen=True, slots=True)
class _Elapsed:
    """Computes whether `years` have passed by the day of the assessment (R2, R4)."""

    as_of: date
    years: int

    def since(self, last: PossibleDays | None) -> Interval:
        if last is None:
            return Interval(None, None, None)
        known = DateRange(last.earliest, last.latest)
        passed = years_have_passed(known, self.years, on=self.as_of)
        return Interval(passed, known, anniversary(known.latest, self.years))


def contradictions(facts: Facts, as_of: date) -> list[str]:
    """A message for each contradiction that the validation of `Facts` does not find, naming both fields."""
    found = facts.contradictions_on(as_of)
    if facts.prior_treatment.received_lemtrada is False and _lemtrada_tried(facts, recognize):
        found.append(
            "prior_treatment.received_lemtrada is false, but agents.tried lists Lemtrada: correct one of the two"
        )
    return found
