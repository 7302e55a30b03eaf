"""Where a patient stands in her Lemtrada treatment, read from the facts (R1, R3, R6, R7, R8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from domain.calendar import DateRange, PartialDate, anniversary, later_of, years_have_passed
from domain.facts import Facts, OpenCourse
from domain.policy.agents import recognise


@dataclass(frozen=True, slots=True)
class Interval:
    """Whether twelve months have passed since the last dose of any prior course (R2, R3)."""

    passed: bool | None
    since: DateRange | None
    passes_on: date | None


@dataclass(frozen=True, slots=True)
class Standing:
    """The treatment so far. `None` is "not known" in every field.

    `later_course_is_current` is only meant where `later_course` is given: whether the course
    is still the current one under R8, and not yet a prior course.
    """

    received: bool | None
    path: Literal["A", "B"] | None
    first_course: OpenCourse | None
    first_course_is_open: bool
    later_course: OpenCourse | None
    later_course_is_current: bool | None
    interval: Interval


def standing(facts: Facts, as_of: date) -> Standing:
    prior = facts.prior_treatment
    course = prior.open_course
    later = course if course is not None and course.number > 1 else None
    first = course if course is not None and course.number == 1 else None
    received = _received(facts)
    completed = _completed(facts, received)
    current = _is_current(later, as_of)
    return Standing(
        received=received,
        path=None if completed is None else "B" if completed else "A",
        first_course=first,
        first_course_is_open=received is True and completed is False,
        later_course=later,
        later_course_is_current=current,
        interval=_interval(prior.last_dose_on, first, later, current, as_of),
    )


def _received(facts: Facts) -> bool | None:
    """Stated, or shown by a course, a dose date, or Lemtrada itself among the agents tried."""
    prior = facts.prior_treatment
    if prior.received_lemtrada is not None:
        return prior.received_lemtrada
    shown = (
        prior.completed_course is True
        or prior.last_dose_on is not None
        or prior.open_course is not None
        or any(recognise(agent.product).brand == "lemtrada" for agent in facts.agents.tried)
    )
    return True if shown else None


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


def _is_current(later: OpenCourse | None, as_of: date) -> bool | None:
    if later is None or later.last_dose_on is None:
        return None
    passed = years_have_passed(later.last_dose_on, 1, on=as_of)
    return None if passed is None else not passed


def _interval(
    last_dose_on: PartialDate | None,
    first: OpenCourse | None,
    later: OpenCourse | None,
    later_is_current: bool | None,
    as_of: date,
) -> Interval:
    before = [last_dose_on] if last_dose_on is not None else []
    if later is None:
        if first is not None and first.last_dose_on is not None:
            before.append(first.last_dose_on)
        return _since(later_of(before), as_of)
    if later_is_current is True:
        return _since(later_of(before), as_of)
    with_later = before + ([later.last_dose_on] if later.last_dose_on is not None else [])
    as_prior = _since(later_of(with_later), as_of)
    if later_is_current is False:
        return as_prior
    # Not known whether the later course still runs: only what holds either way is said.
    as_current = _since(later_of(before), as_of)
    passed_if_prior = as_current.passed is not False
    return as_current if as_current.passed is passed_if_prior else Interval(None, as_prior.since, None)


def _since(last: DateRange | None, as_of: date) -> Interval:
    if last is None:
        return Interval(None, None, None)
    passed = years_have_passed(last, 1, on=as_of)
    return Interval(passed, last, anniversary(last.latest))
