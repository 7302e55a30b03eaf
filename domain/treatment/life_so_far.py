"""A life as far as it was followed: its courses, and what each report has told of by then (R27)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import Final, NamedTuple

from domain.treatment.lived_courses import LivedCourse

_DAY: Final = timedelta(days=1)


class Told(NamedTuple):
    """How far a life has placed the doses of one reported course: how many, whether that is all, in which course."""

    placed: int
    is_all: bool
    course: int


NOTHING_MORE: Final = Told(0, True, -1)
"""All doses of a claim line are placed, or it has none."""


class LifeSoFar(NamedTuple):
    """The courses of a life by a day, and how much each reported course has told of by then."""

    courses: tuple[LivedCourse, ...]
    told: tuple[Told | None, ...]

    @property
    def doses_told(self) -> int:
        """The number of doses that reports have told of so far, each counted for each report."""
        return sum(one.placed for one in self.told if one is not None)

    @property
    def next_day(self) -> date:
        """The earliest day for the next reported dose: later than the last dose so far that was not voided."""
        last = self.courses[-1].last if self.courses else None
        return last.earliest + _DAY if last is not None else date.min


def not_told(life: LifeSoFar, place: int) -> LifeSoFar:
    """The life in which a claim line tells of no dose."""
    return life._replace(told=(*life.told[:place], NOTHING_MORE, *life.told[place + 1 :]))


def merged(found: Iterable[LifeSoFar]) -> Collection[LifeSoFar]:
    """The lives, with those that differ only in days as one."""
    alike: dict[object, LifeSoFar] = {}
    for life in found:
        merge(alike, life)
    return alike.values()


def merge(alike: dict[object, LifeSoFar], life: LifeSoFar) -> None:
    """Adds a life to those that are `alike`: to the one that differs only in days, if there is one."""
    key = (life.told, *(course.shape for course in life.courses))
    known = alike.get(key)
    if known is not None:
        courses = tuple(mine.or_(theirs) for mine, theirs in zip(known.courses, life.courses, strict=True))
        life = life._replace(courses=courses)
    alike[key] = life
