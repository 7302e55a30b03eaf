"""The milligrams of a course on record, and the most on one day of it (R7)."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import NamedTuple

from domain.treatment.courses import Course

MG_PER_REPORTED_DOSE = 12
"""The milligrams of a reported dose for which none are stated (R7)."""


class Milligrams(NamedTuple):
    total: float
    most_in_a_day: float


def milligrams(course: Course) -> Milligrams:
    """The milligrams of all doses of a course. Doses that document a report are part of what is reported."""
    by_day: defaultdict[date, float] = defaultdict(float)
    for dose in (*course.doses, *course.documenting):
        by_day[dose.on] += dose.mg
    reported_mg, reported_in_a_day = _reported(course)
    return Milligrams(sum(by_day.values()) + reported_mg, max([*by_day.values(), reported_in_a_day]))


def _reported(course: Course) -> tuple[float, float]:
    """The reported milligrams that no dose entry documents, and the least that one reported day must have had."""
    documented = sum(dose.mg for dose in course.documenting)
    # What was given elsewhere, as far as it is not documented by dose entries.
    doses = max(0, course.given_at_least - len(course.doses) - len(course.documenting))
    stated = course.reported.mg_total if course.reported is not None else None
    if stated is None:
        return float(doses * MG_PER_REPORTED_DOSE), float(MG_PER_REPORTED_DOSE if doses else 0)
    # Without the number of doses, the milligrams of one day are not known.
    count = course.reported.doses_given if course.reported is not None else None
    return max(0.0, stated - documented), stated / max(count, len(course.documenting)) if count is not None else 0.0
