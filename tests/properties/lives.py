"""What truly happened to a patient, and a naive exact judge of it, by somebody who never saw the program.

Imports nothing of it on purpose: the laws compare the answers of the program with these. Known from the readings:
five doses make the first course and three a later one (R6); an unfinished first course goes on for ever (R7), an
unfinished later one until the anniversary of its last dose (R8); within thirty days after completion a dose is an
excess dose of the same course, and later it opens the next (R24); the twelve months run from the last dose of a prior
course, the anniversary counts (R2, R3); a course that a clinician closed takes no later dose and is prior (R26);
another agent that is taken on the day excludes (R17).

    life = Life(infusions=(day, ...))
    true = judged(life, day)            # what was so on that day, from the infusions up to it
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

FIRST, LATER = 5, 3
THIRTY_DAYS = timedelta(days=30)


@dataclass(frozen=True)
class Use:
    """A use of another agent, from its first to its last day. Without a last day it goes on."""

    product: str
    started: date
    stopped: date | None = None

    def is_on(self, day: date) -> bool:
        return self.started <= day and (self.stopped is None or day <= self.stopped)


@dataclass(frozen=True)
class Life:
    """The infusions, each on a day of its own, in order; and the uses of other agents.

    On `closed_on`, a clinician closed the course that was open then.
    """

    infusions: tuple[date, ...]
    uses: tuple[Use, ...] = ()
    birth: date = date(1988, 5, 17)
    closed_on: date | None = None


@dataclass(frozen=True)
class TrueCourse:
    number: int
    days: tuple[date, ...]
    closed_on: date | None = None

    @property
    def regimen(self) -> int:
        return FIRST if self.number == 1 else LATER

    @property
    def completed_on(self) -> date | None:
        return self.days[self.regimen - 1] if len(self.days) >= self.regimen else None

    def takes(self, day: date) -> bool:
        """Whether a dose on this day, after the others, belongs to the course."""
        if self.completed_on is not None:
            return day <= self.completed_on + THIRTY_DAYS
        if self.closed_on is not None and day > self.closed_on:
            return False
        return self.number == 1 or day < a_year_after(self.days[-1])


@dataclass(frozen=True)
class Truth:
    """What was so on a day. `given` and `left` are of the course that the next dose would belong to.

    `latest` has the doses given and left of the latest course that was begun, also if it is complete.
    """

    path: str
    number: int
    is_open: bool
    given: int
    left: int
    last_dose: date | None
    next_from: date | None
    twelve_months: bool | None
    other_agent: bool
    recommended: str
    completed: int
    latest: tuple[int, int]

    @property
    def course_is(self) -> str:
        return "first" if self.number == 1 else "later"


def a_year_after(day: date) -> date:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return date(day.year + 1, 3, 1)


def courses_of(infusions: tuple[date, ...], closed_on: date | None = None) -> list[TrueCourse]:
    """The infusions by course, whoever gave them. A course that was open on `closed_on` is closed."""
    found: list[TrueCourse] = []
    for day in sorted(infusions):
        if found and found[-1].takes(day):
            found[-1] = replace(found[-1], days=(*found[-1].days, day))
        else:
            found.append(TrueCourse(len(found) + 1, (day,)))
        if closed_on is not None and day <= closed_on:
            # Whichever course is the latest by that day, and takes doses on it, is the one that was closed.
            found = [replace(one, closed_on=None) for one in found]
            found[-1] = replace(found[-1], closed_on=closed_on if found[-1].takes(closed_on) else None)
    return found


def open_course(life: Life, day: date) -> TrueCourse | None:
    """The course that was open on the day, before anybody closed it."""
    found = courses_of(tuple(one for one in life.infusions if one <= day))
    return found[-1] if found and is_current(found[-1], day) else None


def is_current(course: TrueCourse, day: date) -> bool:
    """Whether the latest course is open, so that the next dose continues it."""
    if course.completed_on is not None or course.closed_on is not None:
        return False
    return course.number == 1 or day < a_year_after(course.days[-1])


def is_departure(courses: list[TrueCourse]) -> bool:
    """Whether a course was closed unfinished, and no later one is complete (R26)."""
    closed = [one.number for one in courses if one.closed_on is not None and one.completed_on is None]
    return bool(closed) and not any(one.completed_on is not None and one.number > closed[-1] for one in courses)


def judged(life: Life, day: date, infusion_planned: date | None = None) -> Truth:
    """What was so on the day, for a request of the rest of the course which meets everything else."""
    given = tuple(one for one in life.infusions if one <= day)
    found = courses_of(given, life.closed_on if life.closed_on is not None and life.closed_on <= day else None)
    last = found[-1] if found else None
    current = last if last is not None and is_current(last, day) else None
    number = current.number if current is not None else len(found) + 1
    regimen = FIRST if number == 1 else LATER
    in_course = len(current.days) if current is not None else 0
    path = "A" if number == 1 else "B"
    prior = [one.days[-1] for one in found if one is not current]
    passed = a_year_after(max(prior)) <= day if path == "B" else None
    other_agent = any(use.is_on(infusion_planned or day) for use in life.uses)
    if other_agent or passed is False:
        recommended = "not_recommended"
    else:
        recommended = "refer" if (path == "B" and current is not None) or is_departure(found) else "approve"
    return Truth(
        path=path,
        number=number,
        is_open=current is not None,
        given=in_course,
        left=regimen - in_course,
        last_dose=max(given, default=None),
        next_from=a_year_after(max(prior)) if path == "B" and current is None else None,
        twelve_months=passed,
        other_agent=other_agent,
        recommended=recommended,
        completed=sum(one.completed_on is not None for one in found),
        latest=(len(last.days), max(0, last.regimen - len(last.days))) if last is not None else (0, FIRST),
    )
