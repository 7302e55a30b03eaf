"""Which report a dose documents when it is recorded, and which course of a report is which after a correction (R25)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from domain.events.treatment import ReportedCourse
from domain.history.records import Report
from domain.history.state import PatientHistory

COURSE_SPAN = timedelta(days=30)
"""The assumed length of a course with only one reported end."""


def report_documented(history: PatientHistory, day: date) -> str | None:
    """The id of the report that a dose on this day documents: the latest one with a course around the day, or None."""
    found = (one for one in reversed(history.reports) if not one.voided and _covers(one, day))
    return next((one.report_id for one in found), None)


def _covers(report: Report, day: date) -> bool:
    spans = (_span(course, report.reported_on) for course in report.courses)
    return any(span[0] <= day <= span[1] for span in spans if span is not None)


def _span(course: ReportedCourse, reported_on: date) -> tuple[date, date] | None:
    """The first and the last possible day of the course. None: no date is reported."""
    first, last = course.first_dose_on, course.last_dose_on
    if first is None and last is None:
        return None
    begins = first.earliest if first is not None else last.earliest - COURSE_SPAN  # type: ignore[union-attr]
    if last is not None and last.is_whole_day:
        return begins, max(begins, last.latest)
    ends = last.latest if last is not None else first.latest + COURSE_SPAN  # type: ignore[union-attr]
    return begins, max(begins, min(ends, reported_on - timedelta(days=1)))


def numbers_after_correction(before: Sequence[ReportedCourse], now: Sequence[ReportedCourse]) -> dict[int, int]:
    """The new number of each course of a corrected report, by its number before.

    Courses are matched by their days first, then by their order.
    """
    numbers: dict[int, int] = {}
    for is_same in (_has_same_days, lambda *_: True):
        for number, course in enumerate(before, 1):
            others = [number, *range(1, len(now) + 1)] if is_same is _has_same_days else [number]
            for other in others:
                free = number not in numbers and other not in numbers.values() and other <= len(now)
                if free and is_same(course, now[other - 1]):
                    numbers[number] = other
    return numbers


def _has_same_days(one: ReportedCourse, other: ReportedCourse) -> bool:
    """Whether the days of the two courses overlap."""
    spans = _span(one, date.max), _span(other, date.max)
    if spans[0] is None or spans[1] is None:
        return False
    return spans[0][0] <= spans[1][1] and spans[1][0] <= spans[0][1]
