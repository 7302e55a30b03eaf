"""Which course of this ledger each dose entry belongs to: by the days of all that is on record (R24).

The event of a dose keeps the number of the course that was seen when the dose was recorded. A dose or a report that is
recorded late can change what the courses are. Where the record leaves several answers possible, the course that was
seen then remains.
"""

from __future__ import annotations

from datetime import date
from operator import attrgetter
from typing import Final

from domain.history.records import Dose
from domain.history.state import PatientHistory
from domain.treatment.lived_courses import LivedCourse
from domain.treatment.lives import TooManyLives, lives

_EVERY_DAY: Final = date.max
_DAY_OF: Final = attrgetter("on")
_WAS_MOVED: Final = attrgetter("day_was_corrected")
_WAS_NAMED: Final = attrgetter("course_was_named")


def course_names(history: PatientHistory) -> dict[str, int]:
    """For the id of each dose entry, the number that names its course. Entries that document a report have none.

    The name of a course is the number in the event of one of its doses, so that approvals and closings that carry the
    number are about the same course.
    """
    seen_then = {dose.dose_id: dose.course for dose in history.doses if dose.course is not None}
    if is_as_recorded(history):
        return seen_then
    places = _places(history)
    if places is None:
        return seen_then
    named: dict[int, int] = {}
    names = {}
    closed = {name for name, marks in history.marks if marks.closed_on is not None}
    for dose in sorted(history.doses, key=lambda one: (places.get(one.version, 0), one.version)):
        place = places.get(dose.version)
        if dose.course is None or place is None:
            continue
        if place not in named:
            free = [dose.course] if dose.course not in named.values() else []
            named[place] = (free or [max([*seen_then.values(), *named.values(), *closed]) + 1])[0]
        names[dose.dose_id] = named[place]
    return seen_then | names


def is_as_recorded(history: PatientHistory) -> bool:
    """Whether each dose was recorded after all earlier ones, so that the course that was seen then is right."""
    if history.reports or any(map(_WAS_MOVED, history.doses)) or any(map(_WAS_NAMED, history.doses)):
        return False
    days = [*map(_DAY_OF, history.doses)]
    return days == sorted(days)


def _places(history: PatientHistory) -> dict[int, int] | None:
    """For the version of each dose, the place of its course. None: not the same in all lives that fit the record."""
    try:
        found = {tuple(map(_versions, courses)) for courses in lives(history, _EVERY_DAY, is_compact=False)}
    except TooManyLives:
        return None
    placed = {tuple(one for one in courses if one) for courses in found}
    if len(placed) != 1:
        return None
    return {version: place for place, versions in enumerate(placed.pop()) for version in versions}


def _versions(course: LivedCourse) -> tuple[int, ...]:
    return tuple(sorted(one.recorded for one in course.doses if one.recorded))
