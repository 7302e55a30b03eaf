"""The treatment facts for the policy, and the numbers of doses, from every life that fits the record (R27)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Literal, TypeVar

from domain.calendar import FIRST_YEAR, DateRange, PartialDate, anniversary
from domain.facts import DayRange, OpenCourse, PossibleOpenCourse, PossibleTreatment, PriorTreatment, doses_in_course
from domain.history.state import PatientHistory
from domain.treatment.lived_courses import GIVEN_MAX, LivedCourse, either, later, places_left
from domain.treatment.lives import TooManyLives, lives
from domain.treatment.reported_doses import days_of_last_dose, reported_doses

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Range:
    """A number from `least` through `most`."""

    least: int
    most: int

    @property
    def certain(self) -> int | None:
        """The number, or None if there are several."""
        return self.least if self.least == self.most else None


@dataclass(frozen=True, slots=True)
class Treatment:
    """A treatment that fits the record: lives that differ only in days.

    `number` and `given` are of the latest course, and `is_open` is whether it is neither complete nor closed. `last` is
    the range of its last dose, and `last_before` of the last dose of every course before it. The number 0 is no course.
    `completed` is the number of complete courses, without those that were closed unfinished or lack a voided dose.
    """

    number: int
    given: Range
    is_open: bool
    last: DateRange | None
    last_before: DateRange | None
    completed: Range

    @property
    def is_completed(self) -> bool:
        """Whether a course is complete, or counts as complete: path B (R1)."""
        return self.number > 1 or (self.number == 1 and not self.is_open)

    @property
    def last_dose(self) -> DateRange | None:
        """The days of the latest dose of all."""
        return later(self.last, self.last_before)

    def or_(self, other: Treatment) -> Treatment:
        """This treatment or the other one, which differ only in days and excess doses."""
        return Treatment(
            self.number,
            Range(min(self.given.least, other.given.least), max(self.given.most, other.given.most)),
            self.is_open,
            either(self.last, other.last),
            either(self.last_before, other.last_before),
            Range(min(self.completed.least, other.completed.least), max(self.completed.most, other.completed.most)),
        )


COURSES_MAX: Final = 99
"""The most complete courses of a treatment of which nothing is known."""

NONE: Final = Treatment(0, Range(0, 0), False, None, None, Range(0, 0))
"""No course. Beside other treatments, it is possible only for a day before a report was made, or if a report of our
doses is left on record without these."""


def possible_treatments(history: PatientHistory, as_of: date) -> tuple[Treatment, ...]:
    """Every treatment that fits the record by the end of the day `as_of`. Empty: no Lemtrada is on record by then.

    If no life fits the record, nothing is known but that there is treatment, and on which days.
    """
    if not history.doses and not history.reports:
        return ()
    try:
        found = [_settled(courses) for courses in lives(history, as_of)] or [*_anything(history, as_of)]
    except TooManyLives:
        found = [*_anything(history, as_of)]
    if found == [NONE]:
        return ()
    alike: dict[tuple[int, int, bool], Treatment] = {}
    for one in found:
        key = (one.number, min(one.given.least, doses_in_course(one.number)), one.is_open)
        alike[key] = one if key not in alike else alike[key].or_(one)
    return tuple(alike[key] for key in sorted(alike))


def _settled(courses: tuple[LivedCourse, ...]) -> Treatment:
    """The treatment of one life."""
    left = [courses[place] for place in places_left(courses)]
    if not left:
        return NONE
    latest, number = left[-1], len(left)
    is_open = latest.given[0] < doses_in_course(number) and latest.closed_on is None and not latest.untold
    before = None
    for one in left[:-1]:
        before = later(before, one.last)
    completed = sum(one.untold or one.given[0] >= doses_in_course(place) for place, one in enumerate(left, 1))
    return Treatment(number, Range(*latest.given), is_open, latest.last, before, Range(completed, completed))


def _anything(history: PatientHistory, as_of: date) -> Iterator[Treatment]:
    """The treatments if the lives can't be followed: any open or complete course, unless one is certainly complete."""
    earliest, latest = days_of_last_dose(history, as_of)
    any_day = DateRange(date(FIRST_YEAR, 1, 1), latest)
    last = any_day if earliest is None else DateRange(earliest, latest)
    if earliest is None:
        yield NONE
    own = [_settled(courses) for courses in lives(with_certain_doses_only(history), as_of)]
    is_complete = all(one.is_completed for one in own) or any(
        one.completed is True and one.is_ours is not True and one.last.latest <= as_of
        for one in reported_doses(history)
    )
    yield from (one for one in _any_treatment(last, any_day) if one.is_completed or not is_complete)


def _any_treatment(last: DateRange, any_day: DateRange) -> Iterator[Treatment]:
    """Any open or complete course with its last dose on a day of `last`, after any others."""
    for number in (1, 2):
        for given in range(1, doses_in_course(number) + 1):
            is_open = given < doses_in_course(number)
            counted = Range(given, given if is_open else GIVEN_MAX)
            completed = Range(int(number == 1 and not is_open), 0 if number == 1 and is_open else COURSES_MAX)
            yield Treatment(number, counted, is_open, last, any_day if number > 1 else None, completed)


def unknown_treatments(history: PatientHistory, as_of: date, *, received: bool) -> tuple[Treatment, ...]:
    """Every treatment if none is on record, and it is not known that there was none (R1).

    `received`: it is stated that there was treatment.
    """
    born = history.birth_date.earliest if history.birth_date is not None else date(FIRST_YEAR, 1, 1)
    any_day = DateRange(min(born, as_of), as_of)
    return (*(() if received else (NONE,)), *_any_treatment(any_day, any_day))


def with_certain_doses_only(history: PatientHistory) -> PatientHistory:
    """The history with only the entries that certainly tell of an infusion, each as one dose day."""
    certain = tuple(
        replace(one, source="other", facts=replace(one.facts, days=None), lines=())
        for one in history.doses
        if not one.is_uncertain
    )
    return replace(history, reports=(), doses=certain)


# -- the facts for the policy -----------------------------------------------------------------


def treatment_facts(
    treatments: tuple[Treatment, ...], *, never_reported: bool, stated: bool | None, is_denied: bool = False
) -> PriorTreatment:
    """The treatment facts, from the record, or from the statement if the record has no treatment (R1).

    `never_reported`: a report states that there was no treatment. `stated`: whether the prescriber states that Lemtrada
    was received. `is_denied`: on this day or later, a report or the prescriber stated that it was not. What all
    possible treatments agree on is stated as one fact; `possible` has each of them if they differ, or if a range of
    days is no partly known date.
    """
    if not treatments:
        return PriorTreatment.without_record(False if never_reported and stated is not True else stated)
    if stated is True:
        # The record leaves open whether there was treatment by then, and the prescriber states that there was.
        treatments = tuple(one for one in treatments if one.number) or treatments
    elif is_denied and NONE in treatments:
        return PriorTreatment(received_lemtrada=False, completed_course=False)
    possible = tuple(_possible(one) for one in treatments)
    received = None if any(one.number == 0 for one in treatments) else True
    facts = PriorTreatment(
        received_lemtrada=received,
        completed_course=_same(one.completed_course for one in possible),
        last_dose_on=_same(as_partial_date(one.last_dose) for one in possible),
        open_course=_same(_as_open_course(one.open_course) for one in possible),
    )
    if len(possible) == 1 and _says_all(facts, possible[0]):
        return facts
    return facts.model_copy(update={"possible": possible})


def _possible(one: Treatment) -> PossibleTreatment:
    prior = one.last_before if one.is_open else one.last_dose
    open_course = None
    if one.is_open:
        open_course = PossibleOpenCourse(
            number=min(one.number, 99), doses_given=one.given.least, last_dose=_day_range(one.last)
        )
    return PossibleTreatment(completed_course=one.is_completed, last_dose=_day_range(prior), open_course=open_course)


def _day_range(days: DateRange | None) -> DayRange | None:
    return None if days is None else DayRange(earliest=days.earliest, latest=days.latest)


def as_partial_date(days: DateRange | DayRange | None) -> PartialDate | None:
    """The most exact date, to the day, the month or the year, that all of the days are in. None: in no one year."""
    if days is None or days.earliest.year != days.latest.year:
        return None
    if days.earliest == days.latest:
        return PartialDate.of(days.earliest)
    year_and_month = days.earliest.isoformat()[:7]
    return PartialDate(year_and_month if days.latest.month == days.earliest.month else year_and_month[:4])


def _as_open_course(course: PossibleOpenCourse | None) -> OpenCourse | None:
    if course is None:
        return None
    return OpenCourse(
        number=course.number, doses_given=course.doses_given, last_dose_on=as_partial_date(course.last_dose)
    )


def _same(values: Iterable[T]) -> T | None:
    """The value, if all of them are the same, or None."""
    first, *others = values
    return first if all(one == first for one in others) else None


def _says_all(facts: PriorTreatment, possible: PossibleTreatment) -> bool:
    """Whether the facts alone say what the only possible treatment says."""
    course = facts.open_course
    stated = [(facts.last_dose_on, possible.last_dose)]
    if course is not None and possible.open_course is not None:
        stated.append((course.last_dose_on, possible.open_course.last_dose))
    return all(
        (known is None and days is None)
        or (known is not None and days is not None and (known.earliest, known.latest) == (days.earliest, days.latest))
        for known, days in stated
    )


# -- the numbers for a person -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NextDose:
    """The course of the next dose on a day, in every possible treatment.

    `numbers` are its possible numbers. `given` and `left` are the doses in the latest course, where that may still be
    open, and otherwise in the course that comes next. `is_begun` is whether a dose of the course was given. None: it
    depends on the treatment.
    """

    numbers: tuple[int, ...]
    given: Range
    left: Range
    is_begun: bool | None

    @property
    def number(self) -> int | None:
        """The number of the course, if it is certain."""
        return self.numbers[0] if len(self.numbers) == 1 else None

    @property
    def kind(self) -> Literal["first", "later"] | None:
        """Whether it is the first course or a later one, if that is certain."""
        if self.numbers == (1,):
            return "first"
        return "later" if 1 not in self.numbers else None


def next_dose(treatments: tuple[Treatment, ...], on: date) -> NextDose:
    """The course that a dose on this day, or later, would belong to (R7, R8, R27)."""
    treatments = treatments or (NONE,)
    current = [_is_current(one, on) for one in treatments]
    numbers = {one.number for one, is_current in zip(treatments, current, strict=True) if is_current is not False}
    numbers |= {one.number + 1 for one, is_current in zip(treatments, current, strict=True) if is_current is not True}
    if any(one is not False for one in current):
        # The latest course may still be open. Where it is complete, all of its doses are given.
        given = [(one.given, doses_in_course(one.number)) for one in treatments if one.number]
        given += [(Range(0, 0), doses_in_course(1)) for one in treatments if not one.number]
    else:
        given = [(Range(0, 0), doses_in_course(number)) for number in numbers]
    return NextDose(
        numbers=tuple(sorted(numbers)),
        given=Range(min(one.least for one, _ in given), max(one.most for one, _ in given)),
        left=Range(min(max(0, of - one.most) for one, of in given), max(max(0, of - one.least) for one, of in given)),
        is_begun=current[0] if all(one is current[0] for one in current) else None,
    )


def _is_current(one: Treatment, on: date) -> bool | None:
    """Whether the latest course is still open on this day: a later one only until its anniversary (R8)."""
    if not one.is_open or one.number == 0:
        return False
    if one.number == 1 or one.last is None:
        return True
    if anniversary(one.last.latest) <= on:
        return False
    return True if anniversary(one.last.earliest) > on else None


def completed_courses(treatments: tuple[Treatment, ...]) -> Range:
    """The number of complete courses, in every possible treatment."""
    counted = [one.completed for one in treatments or (NONE,)]
    return Range(min(one.least for one in counted), max(one.most for one in counted))


def last_dose(treatments: tuple[Treatment, ...]) -> DateRange | None:
    """The days that the latest dose of all may have been given on. None: a treatment may have none."""
    if any(one.last_dose is None for one in treatments):
        return None
    found: DateRange | None = None
    for one in treatments:
        found = either(found, one.last_dose)
    return found
