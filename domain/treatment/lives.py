"""The lives that fit the record: every treatment that is possible by what is on record (R6 to R8, R24 to R27).

A life has the doses of this ledger, the doses that reports tell of, and no other dose. Where a report does not give the
number of its doses or their days, several lives fit. They are followed together, day by day: each life places the
reported doses on days that their report allows, on days of their own or on days of doses that are known already, and
each dose then belongs to a course by its day (R24). Lives that differ only in days are one life with ranges of days.
Every rule about days is monotonic, so the ends of the ranges are enough.

A claim line of several infusions is placed like a report, and of a voided claim there are lives with its dose and lives
without it (R25, R30).

If all doses and days are known, there is one life, and it is exact.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator
from datetime import date, timedelta
from functools import lru_cache
from itertools import count, product
from math import prod
from typing import Final, NamedTuple

from domain.history.records import Dose
from domain.history.state import PatientHistory
from domain.treatment.lived_courses import (
    NOTHING_MORE,
    CourseOfDose,
    GivenDose,
    LifeSoFar,
    LivedCourse,
    Told,
    compact,
    fits_an_untold_first_course,
    merge,
    merged,
    not_told,
    placed_by_day,
    with_untold_doses,
)
from domain.treatment.reported_doses import (
    ReportedDoses,
    TreatmentOnRecord,
    last_day_on,
    line_doses,
    reported_doses,
    treatment_on_record,
)
from domain.treatment.tellers import (
    BEGUN,
    Teller,
    as_they_count,
    can_tell_of_one_day,
    fit_together,
    has_all_of_ours,
    is_as_told,
    may_be_ours,
    subsets,
)

STEPS_MAX: Final = 3_000
"""The most doses that are placed, over all lives. Only several reports without numbers and days need more."""

STEPS_IN_FULL_MAX: Final = 500
"""The same, if the courses keep all of their doses. A record that needs more leaves the course of a dose open."""

LINES_MAX: Final = 64
"""The most combinations of numbers of dose days of claim lines that are followed. More are never placed in time."""

AFTER_ALL: Final = sys.maxsize
"""A version of the history after every void."""

_DAY: Final = timedelta(days=1)
_LAST_DAY: Final = date.max
_INFUSIONS: Final = ("no", "dismissed")  # A second entry of an infusion is none (R25).


class TooManyLives(Exception):
    """The record is too vague to follow every life that fits it."""


def lives(history: PatientHistory, as_of: date, *, is_compact: bool = True) -> list[tuple[LivedCourse, ...]]:
    """The courses of every life that fits the record, by the end of the day `as_of`. Empty: no life fits.

    The lives of an empty record are one life without a course. If they may be compact, the courses do not keep doses
    that no later dose depends on. Raises TooManyLives.
    """
    if _is_exact(history):
        return _Lives(history, as_of, is_compact=is_compact).all()
    return list(dict.fromkeys(one.courses for one in whole_lives(history, as_of, is_compact=is_compact)))


class WholeLife(NamedTuple):
    """The courses of a life, and for the id of each reported course its place in them."""

    courses: tuple[LivedCourse, ...]
    told: tuple[tuple[str, int], ...]


def whole_lives(history: PatientHistory, as_of: date, *, is_compact: bool = False) -> tuple[WholeLife, ...]:
    """As `lives`, with all doses of each course, and the course of each reported one. Raises TooManyLives."""
    if _is_exact(history):
        return tuple(WholeLife(courses, ()) for courses in lives(history, as_of))
    on_record = treatment_on_record(history)
    found = _lives_of(on_record, _LAST_DAY if as_of >= last_day_on(on_record) else as_of, is_compact)
    if found is None:
        raise TooManyLives
    return found


def _is_exact(history: PatientHistory) -> bool:
    """Whether no report and no claim leaves a number or a day open, so that there is one life."""
    return not history.reports and all(one.days == (1, 1) for one in history.doses)


@lru_cache(maxsize=256)
def _lives_of(on_record: TreatmentOnRecord, as_of: date, is_compact: bool) -> tuple[WholeLife, ...] | None:
    """The lives of a record with reports, which one answer asks for several times. None: too many."""
    try:
        return tuple(_Lives(on_record, as_of, is_compact=is_compact).whole())
    except TooManyLives:
        return None


def told_doses(history: PatientHistory | TreatmentOnRecord) -> tuple[ReportedDoses, ...]:
    """As `reported_doses`, with what each report of doses of this ledger adds to the record.

    Such a report adds nothing while a life fits in which all that it tells of is on record without it. If none does,
    the rest may be still to come, or the report is wrong: there are lives with it and lives without it. If no entry is
    on its days, it is not about the doses of this ledger, and it counts as any report (R27).
    """
    told = reported_doses(history)
    return _told_doses(treatment_on_record(history)) if any(one.is_ours is not None for one in told) else told


@lru_cache(maxsize=256)
def _told_doses(on_record: TreatmentOnRecord) -> tuple[ReportedDoses, ...]:
    return as_they_count(on_record, lambda told: _fits(on_record, told))


def _fits(on_record: TreatmentOnRecord, told: tuple[ReportedDoses, ...]) -> bool:
    """Whether a life fits the record, with these reported doses. Too many lives: it is not known."""
    try:
        return bool(_Lives(on_record, _LAST_DAY, is_compact=True, told=told).all())
    except TooManyLives:
        return False


class _Lives:
    """Follows all lives that fit one record, in the order of days."""

    def __init__(
        self,
        history: PatientHistory | TreatmentOnRecord,
        as_of: date,
        *,
        is_compact: bool,
        told: tuple[ReportedDoses, ...] | None = None,
    ) -> None:
        told = told_doses(history) if told is None else told
        self.reports, self.as_of = (*told, *line_doses(history)), as_of
        self.line_of = {one.line_of: place for place, one in enumerate(self.reports) if one.line_of is not None}
        self.doses = sorted(
            (one for one in history.doses if one.on <= as_of and one.keeps_place and one.duplicate in _INFUSIONS),
            key=lambda one: (one.on, one.is_uncertain, one.version),
        )
        self.day_of_line = {self.line_of[one.version]: one.on for one in self.doses if one.version in self.line_of}
        self.closed_on = {name: marks.closed_on for name, marks in history.marks if marks.closed_on is not None}
        is_kept_whole = any(one.voided or one.is_uncertain or one.course_was_named for one in self.doses)
        self.is_compact = is_compact and bool(self.reports) and not is_kept_whole
        self.has_untold_first = any(one.is_a_later_course and not one.begins_a_course for one in self.reports)
        if self.has_untold_first and as_of < _LAST_DAY:
            self.has_untold_first = _have_untold_first(history, is_compact, told)
        self.steps = iter(range(STEPS_MAX if is_compact else STEPS_IN_FULL_MAX))

    def all(self) -> list[tuple[LivedCourse, ...]]:
        return list(dict.fromkeys(courses for life in self._followed() for courses in self._with_untold_first(life)))

    def whole(self) -> list[WholeLife]:
        found: dict[WholeLife, None] = {}
        for life in self._followed():
            pairs = zip(self.reports, life.told, strict=True)
            told = tuple(
                (one.course_id, by.course - 1)
                for one, by in pairs
                if by is not None and by != NOTHING_MORE and one.line_of is None
            )
            found.update((WholeLife(courses, told), None) for courses in self._with_untold_first(life))
        return list(found)

    def _followed(self) -> list[LifeSoFar]:
        """Every life, by the end of the day `as_of`."""
        if prod(len(self.reports[place].counts) for place in self.line_of.values()) > LINES_MAX:
            raise TooManyLives
        begun = product(*(BEGUN[one.adds] for one in self.reports))
        living: Collection[LifeSoFar] = [LifeSoFar((), told) for told in begun]
        start, day = date.min, None
        for dose in self.doses:
            if dose.on != day:
                living = self._between(living, start, dose.on - _DAY)
            living = self._with_dose(living, dose, is_first=dose.on != day)
            living = [life for life in living if self._is_told(life, dose.on - _DAY)]
            if dose.voided:
                # A report may still tell of a dose on the day of a voided entry.
                start = max(start, dose.on)
            else:
                start, day = dose.on + _DAY, dose.on
        living = self._between(living, start, self.as_of)
        return [life for life in living if self._is_told(life, self.as_of)]

    def _with_untold_first(self, life: LifeSoFar) -> Iterator[tuple[LivedCourse, ...]]:
        """The courses of a life by `as_of`, and with what may have been given by then of a first course not told."""
        yield life.courses
        if self._may_be_later(life):
            yield from with_untold_doses(life.courses, self.as_of)

    def _may_be_later(self, life: LifeSoFar) -> bool:
        """Whether a report of a later course is still to come in the life, which may have an untold first course."""
        return self.has_untold_first and any(
            one.is_a_later_course and life.told[place] is None for place, one in enumerate(self.reports)
        )

    def _is_first_told(self, life: LifeSoFar, seen_at: int) -> bool:
        """Whether the doses so far are the first course, and nothing yet told is of a later one.

        A life that has an untold first course beside them is then none. Doses that are voided later count until then.
        """
        if not life.courses or not life.courses[0].untold or fits_an_untold_first_course(life.courses, seen_at):
            return False
        later = (told for one, told in zip(self.reports, life.told, strict=True) if one.is_a_later_course)
        return all(told in (None, NOTHING_MORE) for told in later)

    # -- doses of this ledger, and the days between them ----------------------------------------

    def _with_dose(self, living: Iterable[LifeSoFar], dose: Dose, *, is_first: bool) -> Collection[LifeSoFar]:
        """The lives with a dose of this ledger. Reports may tell of it: on a day of ours, it is the same dose (R25).

        Where its claim was voided, there are the lives with the dose and those without it (R30).
        """
        given = GivenDose(dose.on, dose.on, dose.version, dose.voided_version)
        living = list(living)
        found = self._given(living, dose, given, is_first=is_first)
        if dose.is_uncertain:
            without = self._given(living, dose, given._replace(voided=dose.facts.claim_voided or 0), is_first=is_first)
            # A report may tell of a dose on that day.
            found += self._between(without, dose.on, dose.on) if is_first else without
        return self._without_finished_lines(merged(found)) if self.line_of else merged(found)

    def _given(self, living: Iterable[LifeSoFar], dose: Dose, given: GivenDose, *, is_first: bool) -> list[LifeSoFar]:
        found: list[LifeSoFar] = []
        line = self.line_of.get(dose.version)
        for life in living:
            tellers = self._tellers(life, dose.on, dose.on) if given.counts and is_first else []
            own = [one for one in self._tellers(life, dose.on, dose.on) if one[0] == line] if line is not None else []
            others = [one for one in tellers if self._may_be_of_entry(one, dose)]
            for some in subsets(others):
                if not has_all_of_ours(self.reports, others, some):
                    continue
                if line is None:
                    found += self._added(life, given, some, dose)
                elif given.counts:
                    # The day of a claim line is one of its infusion days.
                    for one in own:
                        if not some or fit_together((*some, one)):
                            found += self._added(life, given, (*some, one), dose)
                elif life.told[line] is None:
                    found += self._added(not_told(life, line), given, some, dose)
        return found

    def _may_be_of_entry(self, teller: Teller, dose: Dose) -> bool:
        """Whether the reported course may tell of the dose. On its own day, a claim line tells of its own entry."""
        return may_be_ours(self.reports[teller[0]], teller) and self.day_of_line.get(teller[0]) != dose.on

    def _between(self, living: Collection[LifeSoFar], start: date, end: date) -> Collection[LifeSoFar]:
        """The lives with any number of reported doses on days from `start` through `end`."""
        if not self.reports or not living or start > end:
            return living
        # Each dose adds to the number of told doses, so all lives with the same number are merged before they go on.
        by_number: dict[int, dict[object, LifeSoFar]] = {}
        for life in living:
            merge(by_number.setdefault(life.doses_told, {}), life)
        for number in count(min(by_number)):
            for life in [*by_number.get(number, {}).values()]:
                for some in subsets(self._tellers(life, max(start, life.next_day), end)):
                    earliest, latest = max(start, life.next_day), end
                    if not can_tell_of_one_day(self.reports, some):
                        continue
                    for _, _, first, last in some:
                        earliest, latest = max(earliest, first), min(latest, last)
                    if some and earliest <= latest:
                        for added in self._added(life, GivenDose(earliest, latest), some, None):
                            if self._is_told(added, added.next_day - _DAY):
                                merge(by_number.setdefault(added.doses_told, {}), added)
            if number >= max(by_number):
                break
        found = (life for alike in by_number.values() for life in alike.values())
        return self._without_finished_lines(life for life in found if self._is_told(life, end))

    def _without_finished_lines(self, living: Iterable[LifeSoFar]) -> Collection[LifeSoFar]:
        """The lives without what they placed of claim lines that are placed in full, so that more of them are alike."""
        if not self.line_of:
            return list(living)
        return merged(
            life._replace(
                told=tuple(
                    NOTHING_MORE if told is not None and told.is_all and report.line_of is not None else told
                    for told, report in zip(life.told, self.reports, strict=True)
                )
            )
            for life in living
        )

    # -- what reports tell ----------------------------------------------------------------------

    def _tellers(self, life: LifeSoFar, start: date, end: date) -> list[Teller]:
        """The reported courses whose next dose may be on a day from `start` through `end`."""
        found = []
        for place, report in enumerate(self.reports):
            told = life.told[place]
            if told is None:
                before = None if report.listed_after is None else life.told[report.listed_after]
                if report.listed_after is not None and (before is None or not before.is_all):
                    continue
            elif told.is_all:
                continue
            number, course = (1, -1) if told is None else (told.placed + 1, told.course)
            for is_last in (False, True):
                days = report.days_of_dose(number, is_last=is_last)
                has_room = report.has_doses_for_ours(number, end, is_all=is_last)
                if has_room and days is not None and max(days[0], start) <= min(days[1], end):
                    found.append((place, Told(number, is_last, course), *days))
        return found

    def _is_told(self, life: LifeSoFar, day: date) -> bool:
        """Whether the life has every dose that reports tell of, as far as it must have been given by this day."""
        for report, told in zip(self.reports, life.told, strict=True):
            if told is not None and told.is_all:
                continue
            number = 1 if told is None else told.placed + 1
            days = [report.days_of_dose(number, is_last=is_last) for is_last in (False, True)]
            if all(one is None or one[1] <= day for one in days):
                return False
        return True

    # -- the course of a dose -------------------------------------------------------------------

    def _added(
        self, life: LifeSoFar, given: GivenDose, tellers: tuple[Teller, ...], dose: Dose | None
    ) -> Iterator[LifeSoFar]:
        """The lives after one more dose, which belongs to a course by its day (R24)."""
        if next(self.steps, None) is None:
            raise TooManyLives
        starting = [self.reports[place] for place, told, _, _ in tellers if told.placed == 1]
        of_dose = CourseOfDose(
            seen_at=given.recorded or min((self.reports[place].version for place, *_ in tellers), default=0),
            name=dose.course if dose is not None else None,
            was_named=dose is not None and dose.course_was_named,
            closed_on=self._closed_on(dose, starting),
            after=self._number_before(life, starting),
            may_begin=any(one.may_begin_a_course for one in starting),
            is_later=any(one.is_a_later_course for one in starting),
            may_be_later=self._may_be_later(life),
        )
        if self._is_first_told(life, of_dose.seen_at if of_dose.is_later else AFTER_ALL):
            return
        for courses, number in placed_by_day(life.courses, given, of_dose):
            told = list(life.told)
            for place, one, _, _ in tellers:
                # The doses of one reported course are of one course.
                if one.course not in (-1, number) or not is_as_told(self.reports[place], one, number):
                    break
                told[place] = Told(one.placed, one.is_all, number)
            else:
                yield LifeSoFar(compact(courses) if self.is_compact else courses, tuple(told))

    def _number_before(self, life: LifeSoFar, starting: list[ReportedDoses]) -> int | None:
        """The number of the complete course that a report lists before the one that starts, or None."""
        told = [life.told[one.listed_after] for one in starting if one.begins_a_course and one.listed_after is not None]
        return max((one.course for one in told if one is not None), default=None)

    def _closed_on(self, dose: Dose | None, starting: list[ReportedDoses]) -> date | None:
        """The day on which a clinician closed the course of the dose, if that was by `as_of` (R26)."""
        found = [one.closed_on for one in starting if one.closed_on is not None]
        if dose is not None and dose.course is not None:
            closed_on = self.closed_on.get(dose.course)
            found += [closed_on] if closed_on is not None and dose.on <= closed_on else []
        return max((one for one in found if one <= self.as_of), default=None)


def _have_untold_first(
    history: PatientHistory | TreatmentOnRecord, is_compact: bool, told: tuple[ReportedDoses, ...]
) -> bool:
    """Whether a life has a first course that is not told, by all that is on record. Too many lives: it may have."""
    try:
        whole = _Lives(history, _LAST_DAY, is_compact=is_compact, told=told).all()
    except TooManyLives:
        return True
    return any(course.untold for courses in whole for course in courses)
