"""Merges the reports of treatment elsewhere, so that every reported course is listed once (R25).

The courses within one report are distinct. A later report may be about a course that is on record already. The two
accounts are then merged: what the later report states replaces the earlier value, and what it leaves out remains.
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
"""The assumed length of a course with only one reported end, and the largest gap between two accounts of it."""


@dataclass(frozen=True, slots=True)
class FormerAccount:
    """One reported course, merged from all reports of it.

    `ids` are its ids in the reports, oldest first. `course` is the merged course. `reported_on` is the day of the
    report: if the last day of the course is not known exactly, the course has only doses before that day. `order` is
    the sort key: the first possible day of the course, or the key of the previous course in the report if there are
    no dates.
    """

    ids: tuple[str, ...]
    course: ReportedCourse
    reported_on: date
    order: date

    @property
    def report_id(self) -> str:
        """The id of the latest report of the course."""
        return self.ids[-1].rpartition(".")[0]

    @property
    def span(self) -> tuple[date, date] | None:
        """The first and the last possible day of the course. None: no date is reported."""
        first, last = self.course.first_dose_on, self.course.last_dose_on
        if first is None and last is None:
            return None
        begins = first.earliest if first is not None else last.earliest - COURSE_SPAN  # type: ignore[union-attr]
        if last is not None and last.is_whole_day:
            return begins, max(begins, last.latest)
        ends = last.latest if last is not None else first.latest + COURSE_SPAN  # type: ignore[union-attr]
        return begins, max(begins, min(ends, self.reported_on - timedelta(days=1)))

    def covers(self, day: date) -> bool:
        return self.span is not None and self.span[0] <= day <= self.span[1]


def course_accounts(reports: Iterable[Report]) -> list[FormerAccount]:
    """Every reported course once, sorted by `order`."""
    found: list[FormerAccount] = []
    for report in reports:
        listed_after = date.min
        matches = _matches_on_record([account.course for account in found], report.courses)
        for number, course in enumerate(report.courses, 1):
            known = matches.get(number)
            if known is None:
                account = FormerAccount(
                    (reported_course_id(report.report_id, number),), course, report.reported_on, listed_after
                )
                found.append(replace(account, order=account.span[0] if account.span is not None else listed_after))
            else:
                found[known] = _merged(found[known], course, report, number)
            listed_after = found[-1 if known is None else known].order
    return sorted(found, key=lambda one: one.order)


def continued(one: FormerAccount, other: FormerAccount) -> FormerAccount:
    """Two reported parts of one unfinished course (R7, R8), as one account."""
    counts = (one.course.doses_given, other.course.doses_given)
    milligrams = (one.course.mg_total, other.course.mg_total)
    course = ReportedCourse(
        doses_given=None if None in counts else min(30, sum(count or 0 for count in counts)),
        mg_total=None if None in milligrams else sum(mg or 0 for mg in milligrams),
        first_dose_on=one.course.first_dose_on,
        last_dose_on=other.course.last_dose_on,
        completed=other.course.completed if other.course.completed is not None else one.course.completed,
    )
    return FormerAccount((*one.ids, *other.ids), course, max(one.reported_on, other.reported_on), one.order)


def numbers_after_correction(before: tuple[ReportedCourse, ...], now: tuple[ReportedCourse, ...]) -> dict[int, int]:
    """The new number of each course of a corrected report, by its number before.

    Courses are matched by their days first, then by their order.
    """
    numbers = {place + 1: number for number, place in _matches_on_record(before, now).items()}
    for number in range(1, len(before) + 1):
        if number not in numbers and number <= len(now) and number not in numbers.values():
            numbers[number] = number
    return numbers


def _matches_on_record(found: Sequence[ReportedCourse], courses: tuple[ReportedCourse, ...]) -> dict[int, int]:
    """The courses of a report that are on record: their index in `found`, by number. Dates are compared first."""
    matches: dict[int, int] = {}
    for is_same in (_same_days, _may_be_same):
        for number, course in enumerate(courses, 1):
            if number in matches:
                continue
            unmatched = (place for place in range(len(found)) if place not in matches.values())
            match = next((place for place in unmatched if is_same(found[place], course)), None)
            if match is not None:
                matches[number] = match
    return matches


def _same_days(one: ReportedCourse, other: ReportedCourse) -> bool:
    """Whether the days of two courses overlap, or are exact enough and close enough to be one course."""
    days, other_days = _ends(one), _ends(other)
    if days is None or other_days is None:
        return False
    (begins, ends), (other_begins, other_ends) = days, other_days
    if begins.earliest <= other_ends.latest and other_begins.earliest <= ends.latest:
        return True
    before, after = (ends, other_begins) if ends.latest < other_begins.earliest else (other_ends, begins)
    exact_enough = all(one.latest - one.earliest <= COURSE_SPAN for one in (before, after))
    return exact_enough and after.earliest - before.latest <= COURSE_SPAN


def _may_be_same(one: ReportedCourse, other: ReportedCourse) -> bool:
    """Whether one course has no dates and nothing else contradicts that both are one course."""
    if _ends(one) is not None and _ends(other) is not None:
        return False
    pairs = ((one.completed, other.completed), (one.doses_given, other.doses_given))
    return all(None in pair or pair[0] == pair[1] for pair in pairs)


def _ends(course: ReportedCourse) -> tuple[PartialDate, PartialDate] | None:
    begins, ends = course.first_dose_on or course.last_dose_on, course.last_dose_on or course.first_dose_on
    return None if begins is None or ends is None else (begins, ends)


def _merged(known: FormerAccount, course: ReportedCourse, report: Report, number: int) -> FormerAccount:
    earlier = known.course
    completed = course.completed
    if completed is None and (course.doses_given is None or course.doses_given >= doses_in_course(1)):
        # A report with fewer doses than a first course, and without completion, leaves the completion unknown.
        # Otherwise the earlier value remains.
        completed = earlier.completed
    merged = ReportedCourse(
        doses_given=course.doses_given if course.doses_given is not None else earlier.doses_given,
        mg_total=course.mg_total if course.mg_total is not None else earlier.mg_total,
        first_dose_on=_more_exact(earlier.first_dose_on, course.first_dose_on),
        last_dose_on=_more_exact(earlier.last_dose_on, course.last_dose_on),
        completed=completed,
    )
    # A report that repeats the same values adds no dose, so doses recorded here since then remain separate.
    has_changed = (merged.doses_given, merged.completed) != (earlier.doses_given, earlier.completed)
    updated = FormerAccount(
        ids=(*known.ids, reported_course_id(report.report_id, number)),
        course=merged,
        reported_on=report.reported_on if has_changed else known.reported_on,
        order=known.order,
    )
    return replace(updated, order=updated.span[0]) if updated.span is not None else updated


def _more_exact(before: PartialDate | None, now: PartialDate | None) -> PartialDate | None:
    """The later date, unless it is only a less exact form of the earlier one."""
    if before is None or now is None:
        return now or before
    return before if now.earliest <= before.earliest and before.latest <= now.latest else now
