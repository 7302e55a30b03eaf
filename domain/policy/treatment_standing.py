"""Where a patient stands in her Lemtrada treatment, read from the facts (R1, R3, R6, R7, R8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from domain.calendar import DateRange, PartialDate, anniversary, later_of, years_have_passed
from domain.facts import Facts, OpenCourse
from domain.policy.agents import recognise


class Interval(NamedTuple):
    """Whether twelve months have passed since the last dose of any prior course (R2, R3)."""

    passed: bool | None
    latest_dose: DateRange | None
    passes_on: date | None


class TreatmentStatus(NamedTuple):
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


def standing(facts: Facts, as_of: date, years_between_courses: int) -> TreatmentStatus:
    """The treatment so far on a day, read from the facts; `Question.standing` has it for a question."""
    prior, count = facts.prior_treatment, _Elapsed(as_of, years_between_courses)
    course = prior.open_course
    later = course if course is not None and course.number > 1 else None
    first = course if course is not None and course.number == 1 else None
    received = _received(facts)
    completed = _completed(facts, received)
    current = _is_current(later, count)
    return TreatmentStatus(
        received=received,
        path=None if completed is None else "B" if completed else "A",
        first_course=first,
        first_course_is_open=received is True and completed is False,
        later_course=later,
        later_course_is_current=current,
        interval=_interval(prior.last_dose_on, first, later, current, count),
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
        or _lemtrada_tried(facts)
    )
    return True if shown else None


def _lemtrada_tried(facts: Facts) -> bool:
    # Bare `alemtuzumab` may have been Campath (R18): only the brand's own name says it.
    return any(recognise(agent.product).brand == "lemtrada" for agent in facts.agents.tried)


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
    last_dose_on: PartialDate | None,
    first: OpenCourse | None,
    later: OpenCourse | None,
    later_is_current: bool | None,
    elapsed: _Elapsed,
) -> Interval:
    before = [last_dose_on] if last_dose_on is not None else []
    if later is None:
        if first is not None and first.last_dose_on is not None:
            before.append(first.last_dose_on)
        return elapsed.since(later_of(before))
    if later_is_current is True:
        return elapsed.since(later_of(before))
    with_later = before + ([later.last_dose_on] if later.last_dose_on is not None else [])
    as_prior = elapsed.since(later_of(with_later))
    if later_is_current is False:
        return as_prior
    # Not known whether the later course still runs: only what holds either way is said. If it does
    # not, its own twelve months have passed, and with them those of every course before it.
    as_current = elapsed.since(later_of(before))
    passed_if_prior = as_current.passed is not False
    return as_current if as_current.passed is passed_if_prior else Interval(None, as_prior.latest_dose, None)


@dataclass(frozen=True, slots=True)
class _Elapsed:
    """Twelve months, counted back from the day of judgement (R2, R4)."""

    as_of: date
    years: int

    def since(self, last: DateRange | PartialDate | None) -> Interval:
        if last is None:
            return Interval(None, None, None)
        known = DateRange(last.earliest, last.latest)
        passed = years_have_passed(known, self.years, on=self.as_of)
        return Interval(passed, known, anniversary(known.latest, self.years))


def contradictions(facts: Facts, as_of: date) -> list[str]:
    """What cannot be true together, each naming both fields; beside what the facts refuse to hold at all."""
    found = facts.contradictions_on(as_of)
    if facts.prior_treatment.received_lemtrada is False and _lemtrada_tried(facts):
        found.append(
            "prior_treatment.received_lemtrada is false, but agents.tried lists Lemtrada: correct one of the two"
        )
    return found
