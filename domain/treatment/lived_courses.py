"""The courses of one life, and the rule that gives each dose its course by its day (R6 to R8, R24, R26).

A life that is followed in the order of days also knows what each report has told of so far (R27).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date, timedelta
from typing import Final, NamedTuple

from domain.calendar import FIRST_YEAR, DateRange, anniversary
from domain.facts import doses_in_course

SAME_COURSE: Final = timedelta(days=30)
"""How long after the completion of a course a dose is still an excess dose of it (R24)."""

GIVEN_MAX: Final = 99
"""The most doses of a course for which nothing is known."""

_DAY: Final = timedelta(days=1)


class GivenDose(NamedTuple):
    """A dose of a life, on a day from `earliest` through `latest`.

    `recorded` and `voided` are the versions of its events. A reported dose has none.
    """

    earliest: date
    latest: date
    recorded: int = 0
    voided: int | None = None

    @property
    def counts(self) -> bool:
        return self.voided is None


class LivedCourse(NamedTuple):
    """A course of a life: its doses, in the order of their days.

    `more` is the least and the most number of further doses, of which only the days of the last one, `more_until`, are
    kept. `closed_on`: a clinician closed the course unfinished on that day (R26). `names` are the numbers in the events
    of its doses. `untold`: it is complete by doses that no report tells of (R27).
    """

    doses: tuple[GivenDose, ...] = ()
    more: tuple[int, int] = (0, 0)
    more_until: DateRange | None = None
    closed_on: date | None = None
    names: frozenset[int] = frozenset()
    untold: bool = False

    def held(self, version: int) -> list[GivenDose]:
        """The doses that were not voided at this version of the history. A voided dose keeps its place (R24)."""
        return [one for one in self.doses if one.voided is None or one.voided > version]

    def is_over(self, version: int, number: int) -> bool:
        """Whether the course with this number is complete or closed at this version of the history."""
        return self.untold or self.closed_on is not None or len(self.held(version)) >= doses_in_course(number)

    @property
    def given(self) -> tuple[int, int]:
        """The least and the most number of doses."""
        counted = sum(one.counts for one in self.doses)
        return counted + self.more[0], counted + self.more[1]

    @property
    def last(self) -> DateRange | None:
        """The days of the last dose that counts. None: there is none."""
        return _last([one for one in self.doses if one.counts], self.more_until)

    @property
    def shape(self) -> object:
        """All but its days. Lives with courses of the same shapes differ only in days."""
        entries = tuple(one[2:] for one in self.doses)
        return entries, self.more_until is None, self.closed_on, self.names, self.untold

    def or_(self, other: LivedCourse) -> LivedCourse:
        """This course or the other one, of the same shape."""
        doses = tuple(
            one._replace(earliest=min(one.earliest, also.earliest), latest=max(one.latest, also.latest))
            for one, also in zip(self.doses, other.doses, strict=True)
        )
        more = min(self.more[0], other.more[0]), max(self.more[1], other.more[1])
        return self._replace(doses=doses, more=more, more_until=either(self.more_until, other.more_until))


def _last(doses: Iterable[GivenDose], until: DateRange | None) -> DateRange | None:
    found = until
    for one in doses:
        found = later(found, DateRange(one.earliest, one.latest))
    return found


def later(one: DateRange | None, other: DateRange | None) -> DateRange | None:
    """The days of the later one of two days. None: there is neither."""
    if one is None or other is None:
        return one or other
    return DateRange(max(one.earliest, other.earliest), max(one.latest, other.latest))


def either(one: DateRange | None, other: DateRange | None) -> DateRange | None:
    """The days of one of two days."""
    if one is None or other is None:
        return one or other
    return DateRange(min(one.earliest, other.earliest), max(one.latest, other.latest))


class CourseOfDose(NamedTuple):
    """What is known of the course of a dose, besides its day.

    `seen_at` is the version of the history with which the dose came on record: doses that were voided later keep their
    place for it (R24). `name` is the number in the event of the dose, and `was_named` whether a person assigned the
    dose to that course. `closed_on` is the day on which the course was closed. By a report, the course comes `after`
    the complete course with that number, the dose `may_begin` a course, or the course `is_later` than the first one. It
    `may_be_later` if only a report of a later course, whose doses are still to come, says that there was a first one.
    """

    seen_at: int
    name: int | None
    was_named: bool
    closed_on: date | None
    after: int | None
    may_begin: bool
    is_later: bool
    may_be_later: bool


Placed = tuple[tuple[LivedCourse, ...], int]
"""The courses with a dose, and the number of its course."""


def placed_by_day(courses: tuple[LivedCourse, ...], given: GivenDose, of_dose: CourseOfDose) -> Iterator[Placed]:
    """The courses with one more dose, on its day or later than all others. More than one if its days allow it."""
    if of_dose.was_named and (found := _as_named(courses, given, of_dose)) is not None:
        yield found
        return
    if (of_dose.is_later or of_dose.may_be_later) and not _has_whole_first_course(courses, of_dose):
        # The first course is complete, and nothing on record tells of all of it.
        yield _opened((_whole_by_untold_doses(courses, given.latest),), given, of_dose)
        if of_dose.is_later:
            return
    if not courses:
        yield _opened(courses, given, of_dose)
    elif of_dose.after == len(courses):
        # Each course that a report lists is complete before the next one begins.
        if courses[-1].is_over(of_dose.seen_at, len(courses)):
            yield _opened(courses, given, of_dose)
    else:
        for one, is_same in _by_day(courses, given, of_dose.seen_at):
            if is_same:
                yield _continued(courses, one, of_dose)
            if not is_same or of_dose.may_begin:
                yield _opened(courses, one, of_dose)


def _whole_by_untold_doses(courses: tuple[LivedCourse, ...], next_begins: date) -> LivedCourse:
    """The first course, complete by doses that no report tells of: before or after its doses on record.

    It was complete more than 30 days before the next course began (R24).
    """
    first = courses[0]._replace(untold=True) if courses else LivedCourse(untold=True)
    last, latest = first.last, next_begins - SAME_COURSE - _DAY
    if last is None or latest <= last.latest:
        return first
    return first._replace(more_until=DateRange(last.earliest, latest))


def _opened(before: tuple[LivedCourse, ...], given: GivenDose, of_dose: CourseOfDose) -> Placed:
    return (*before, LivedCourse((given,), closed_on=of_dose.closed_on, names=_names(of_dose))), len(before) + 1


def _continued(courses: tuple[LivedCourse, ...], given: GivenDose, of_dose: CourseOfDose) -> Placed:
    latest = courses[-1]
    closed = [one for one in (latest.closed_on, of_dose.closed_on) if one is not None]
    together = latest._replace(
        doses=(*latest.doses, given), closed_on=max(closed, default=None), names=latest.names | _names(of_dose)
    )
    return (*courses[:-1], together), len(courses)


def _names(of_dose: CourseOfDose) -> frozenset[int]:
    return frozenset() if of_dose.name is None else frozenset({of_dose.name})


def _as_named(courses: tuple[LivedCourse, ...], given: GivenDose, of_dose: CourseOfDose) -> Placed | None:
    """The courses with a dose that a person assigned to a course. None: it is the first dose, or has no course."""
    for place, course in enumerate(courses):
        if of_dose.name in course.names:
            together = course._replace(doses=(*course.doses, given))
            return (*courses[:place], together, *courses[place + 1 :]), place + 1
    return _opened(courses, given, of_dose) if courses and of_dose.name is not None else None


def _has_whole_first_course(courses: tuple[LivedCourse, ...], of_dose: CourseOfDose) -> bool:
    """Whether the first course is over: a later one has begun, or it is complete or closed."""
    if len(courses) != 1:
        return len(courses) > 1
    return courses[0].is_over(of_dose.seen_at, 1)


def fits_an_untold_first_course(courses: tuple[LivedCourse, ...], seen_at: int) -> bool:
    """Whether the doses before this one, all on record, are too few to be the first course that is not told.

    If they are enough, they are that course, and a life has no other dose (R27).
    """
    of_record = sum(len(one.held(seen_at)) + one.more[0] for one in courses)
    return of_record < doses_in_course(1) and all(one.closed_on is None for one in courses)


def with_untold_doses(courses: tuple[LivedCourse, ...], as_of: date) -> Iterator[tuple[LivedCourse, ...]]:
    """The courses by `as_of`, with what may have been given by then of a first course that is not told.

    A report of a later course says that a first one was complete before it. If the later one had not begun by then, the
    first one may not have begun either, may be open, or may be complete.
    """
    first = courses[0] if courses else LivedCourse()
    if len(courses) > 1 or first.is_over(0, 1):
        return
    given, days = first.given[0], DateRange(date(FIRST_YEAR, 1, 1), as_of)
    for more in range(1, doses_in_course(1) - given + 1):
        # A whole course may have excess doses, too.
        is_whole = given + more == doses_in_course(1)
        most = GIVEN_MAX - given if is_whole else more
        yield (first._replace(more=(more, most), more_until=later(first.last, days), untold=is_whole),)


def _by_day(courses: tuple[LivedCourse, ...], given: GivenDose, seen_at: int) -> Iterator[tuple[GivenDose, bool]]:
    """The dose with the days on which it belongs to the latest course (True), or begins the next one (False)."""
    latest, number = courses[-1], len(courses)
    held = latest.held(seen_at)
    if latest.untold:
        yield given, False
        return
    regimen = doses_in_course(number)
    if len(held) >= regimen:
        completing = held[regimen - 1]
        same_until, next_from = completing.latest + SAME_COURSE, completing.earliest + SAME_COURSE + _DAY
    else:
        same_until, next_from = latest.closed_on or date.max, (latest.closed_on or date.max - _DAY) + _DAY
        if number > 1 and held:
            last = held[-1]
            same_until = min(same_until, anniversary(last.latest) - _DAY)
            next_from = min(next_from, anniversary(last.earliest))
    if given.earliest <= same_until:
        yield given._replace(latest=min(given.latest, same_until)), True
    if given.latest >= next_from:
        yield given._replace(earliest=max(given.earliest, next_from)), False


def compact(courses: tuple[LivedCourse, ...]) -> tuple[LivedCourse, ...]:
    """The courses without the days that no later dose depends on. Only if no dose was voided or named."""
    *before, latest = courses
    if before and before[-1].doses:
        one = before[-1]
        before[-1] = one._replace(doses=(), more=one.given, more_until=one.last)
    regimen = doses_in_course(len(courses))
    if len(latest.doses) > regimen:
        excess = latest.doses[regimen:]
        more = latest.more[0] + len(excess), latest.more[1] + len(excess)
        latest = latest._replace(doses=latest.doses[:regimen], more=more, more_until=_last(excess, latest.more_until))
    return (*before, latest)


def places_left(courses: tuple[LivedCourse, ...]) -> list[int]:
    """The places of the courses that are left after voids.

    A course that lost all of its doses is none, unless it was complete and another one follows it (R24).
    """
    left = [place for place, one in enumerate(courses) if _has_doses(one) or _was_whole(one, courses, place)]
    while left and not _has_doses(courses[left[-1]]):
        left.pop()
    return left


def _has_doses(course: LivedCourse) -> bool:
    return course.untold or course.given[1] > 0


def _was_whole(course: LivedCourse, courses: tuple[LivedCourse, ...], place: int) -> bool:
    """Whether another course follows the course, which was complete before its doses were voided."""
    if place == len(courses) - 1:
        return False
    regimen = doses_in_course(place + 1)
    return any(len(course.held(one.recorded)) >= regimen for one in course.doses)


# -- a life as far as it was followed ----------------------------------------------------------


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
