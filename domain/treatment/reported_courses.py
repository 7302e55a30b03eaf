"""What reports tell of treatment elsewhere, put together: every reported course once (R25).

Within one report courses are distinct. A later report may tell of a course that is on record
already; then the two accounts are one, what the later one says holds, and what it leaves
out still stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from domain.calendar import PartialDate
from domain.events.treatment import ReportedCourse
from domain.facts import doses_in_course
from domain.history.records import Report
from domain.history.treatment import reported_course_id

COURSE_SPAN = timedelta(days=30)
"""How far a course is taken to reach where only one of its ends was reported, and how near two accounts of it lie."""


@dataclass(frozen=True, slots=True)
class Account:
    """One reported course as all reports of it tell it.

    `ids` are its places in the reports, oldest first. `told_by` is the day on which it was
    told: where its last day is not known exactly, only doses before that day are meant.
    `order` sorts it: by its first possible day, an account without dates behind the one it
    was listed after.
    """

    ids: tuple[str, ...]
    told: ReportedCourse
    told_by: date
    order: date

    @property
    def report_id(self) -> str:
        """The latest report that told of it."""
        return self.ids[-1].rpartition(".")[0]

    @property
    def span(self) -> tuple[date, date] | None:
        """The days that the course may have covered; None where no date is told."""
        first, last = self.told.first_dose_on, self.told.last_dose_on
        if first is None and last is None:
            return None
        begins = first.earliest if first is not None else last.earliest - COURSE_SPAN  # type: ignore[union-attr]
        if last is not None and last.is_whole_day:
            return begins, max(begins, last.latest)
        ends = last.latest if last is not None else first.latest + COURSE_SPAN  # type: ignore[union-attr]
        return begins, max(begins, min(ends, self.told_by - timedelta(days=1)))

    def covers(self, day: date) -> bool:
        return self.span is not None and self.span[0] <= day <= self.span[1]


def accounts(reports: Iterable[Report]) -> list[Account]:
    """Every reported course once, in the order of `order`."""
    found: list[Account] = []
    for report in reports:
        listed_after = date.min
        same = _told_before([account.told for account in found], report.courses)
        for number, course in enumerate(report.courses, 1):
            known = same.get(number)
            if known is None:
                new = Account((reported_course_id(report.report_id, number),), course, report.told_by, listed_after)
                found.append(replace(new, order=new.span[0] if new.span is not None else listed_after))
            else:
                found[known] = _retold(found[known], course, report, number)
            listed_after = found[-1 if known is None else known].order
    return sorted(found, key=lambda one: one.order)


def continued(one: Account, other: Account) -> Account:
    """Two reported stretches of one unfinished course (R7, R8), as one account."""
    counts = (one.told.doses_given, other.told.doses_given)
    milligrams = (one.told.mg_total, other.told.mg_total)
    told = ReportedCourse(
        doses_given=None if None in counts else min(30, sum(count or 0 for count in counts)),
        mg_total=None if None in milligrams else sum(mg or 0 for mg in milligrams),
        first_dose_on=one.told.first_dose_on,
        last_dose_on=other.told.last_dose_on,
        completed=other.told.completed if other.told.completed is not None else one.told.completed,
    )
    return Account((*one.ids, *other.ids), told, max(one.told_by, other.told_by), one.order)


def corrected_as(before: tuple[ReportedCourse, ...], now: tuple[ReportedCourse, ...]) -> dict[int, int]:
    """Which course of a corrected report is which: by its number before, its number now; by the days, then in order."""
    numbers = {place + 1: number for number, place in _told_before(before, now).items()}
    for number in range(1, len(before) + 1):
        if number not in numbers and number <= len(now) and number not in numbers.values():
            numbers[number] = number
    return numbers


def _told_before(found: Sequence[ReportedCourse], courses: tuple[ReportedCourse, ...]) -> dict[int, int]:
    """Which courses of a report are on record: by number, the place in `found`; dates are compared first."""
    same: dict[int, int] = {}
    for is_same in (_same_days, _nothing_against):
        for number, course in enumerate(courses, 1):
            if number in same:
                continue
            free = (place for place in range(len(found)) if place not in same.values())
            match = next((place for place in free if is_same(found[place], course)), None)
            if match is not None:
                same[number] = match
    return same


def _same_days(one: ReportedCourse, other: ReportedCourse) -> bool:
    """Whether their days overlap, or lie so near, and are so well known, that one course is meant."""
    mine, others = _ends(one), _ends(other)
    if mine is None or others is None:
        return False
    (begins, ends), (other_begins, other_ends) = mine, others
    if begins.earliest <= other_ends.latest and other_begins.earliest <= ends.latest:
        return True
    before, after = (ends, other_begins) if ends.latest < other_begins.earliest else (other_ends, begins)
    well_known = all(one.latest - one.earliest <= COURSE_SPAN for one in (before, after))
    return well_known and after.earliest - before.latest <= COURSE_SPAN


def _nothing_against(one: ReportedCourse, other: ReportedCourse) -> bool:
    """Whether one has no dates and neither contradicts the other: nothing says that it is another course."""
    if _ends(one) is not None and _ends(other) is not None:
        return False
    pairs = ((one.completed, other.completed), (one.doses_given, other.doses_given))
    return all(None in pair or pair[0] == pair[1] for pair in pairs)


def _ends(course: ReportedCourse) -> tuple[PartialDate, PartialDate] | None:
    begins, ends = course.first_dose_on or course.last_dose_on, course.last_dose_on or course.first_dose_on
    return None if begins is None or ends is None else (begins, ends)


def _retold(known: Account, course: ReportedCourse, report: Report, number: int) -> Account:
    told = known.told
    completed = course.completed
    if completed is None and (course.doses_given is None or course.doses_given >= doses_in_course(1)):
        # A new count of doses speaks for itself; without one, what was said of completion stands.
        completed = told.completed
    merged = ReportedCourse(
        doses_given=course.doses_given if course.doses_given is not None else told.doses_given,
        mg_total=course.mg_total if course.mg_total is not None else told.mg_total,
        first_dose_on=_closer(told.first_dose_on, course.first_dose_on),
        last_dose_on=_closer(told.last_dose_on, course.last_dose_on),
        completed=completed,
    )
    # Saying the same again tells of no further dose; what was recorded here since stays apart from it.
    counted_again = (merged.doses_given, merged.completed) != (told.doses_given, told.completed)
    after = Account(
        ids=(*known.ids, reported_course_id(report.report_id, number)),
        told=merged,
        told_by=report.told_by if counted_again else known.told_by,
        order=known.order,
    )
    return replace(after, order=after.span[0]) if after.span is not None else after


def _closer(before: PartialDate | None, now: PartialDate | None) -> PartialDate | None:
    """What is said now holds, unless it only says less exactly what was said before."""
    if before is None or now is None:
        return now or before
    return before if now.earliest <= before.earliest and before.latest <= now.latest else now
