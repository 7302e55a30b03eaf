"""By when an appeal is filed and decided, for every row: the day before, at, and after, and when it is never late."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Final, get_args
from zoneinfo import ZoneInfo

import pytest

from domain.deadline_terms.table import terms_for
from domain.deadline_terms.terms import DeadlineTerms, TermsLine, Urgency
from domain.deadlines.appeal_dates import NoticeTimes, appeal_due_at, appeal_filing_deadline

HERE: Final = ZoneInfo("America/New_York")
DAY: Final = date(2026, 6, 1)
NOON: Final = datetime(2026, 6, 1, 16, 0, tzinfo=UTC)
COMMERCIAL, MEDICARE, MEDICAID, FEDERAL = (terms_for(line, DAY) for line in get_args(TermsLine))
AFTERWARDS: Final = terms_for("commercial", DAY, is_post_service=True)


def notice(dated: str, received: str | None = None) -> NoticeTimes:
    return NoticeTimes(date.fromisoformat(dated), None if received is None else date.fromisoformat(received))


FILED: Final[list[tuple[str, DeadlineTerms, list[NoticeTimes], str | None]]] = [
    ("29 CFR 2560.503-1(h)(3)(i)", COMMERCIAL, [notice("2026-06-01", "2026-06-04")], "2026-12-01"),
    ("29 CFR 2560.503-1(h)(3)(i)", COMMERCIAL, [notice("2026-06-01")], None),
    ("29 CFR 2560.503-1(h)(3)(i)", COMMERCIAL, [], None),
    ("29 CFR 2560.503-1(h)(3)(i)", COMMERCIAL, [notice("2026-06-01", "2026-06-04"), notice("2026-06-01")], None),
    (
        "29 CFR 2560.503-1(h)(3)(i)", COMMERCIAL,
        [notice("2026-06-01", "2026-06-09"), notice("2026-06-01", "2026-06-04")], "2026-12-06",
    ),
    ("29 CFR 2560.503-1(h)(3)(i)", AFTERWARDS, [notice("2026-06-01", "2026-06-04")], "2026-12-01"),
    ("42 CFR 422.582", MEDICARE, [notice("2026-06-01")], "2026-08-05"),
    ("42 CFR 422.582", MEDICARE, [notice("2026-06-01", "2026-06-02")], "2026-08-05"),
    ("42 CFR 422.582", MEDICARE, [notice("2026-06-01", "2026-06-06")], "2026-08-05"),
    ("42 CFR 422.582", MEDICARE, [notice("2026-06-01", "2026-06-07")], "2026-08-06"),
    ("42 CFR 422.582", MEDICARE, [], None),
    ("42 CFR 438.402", MEDICAID, [notice("2026-06-01")], "2026-07-31"),
    ("42 CFR 438.402", MEDICAID, [notice("2026-06-01", "2026-06-20")], "2026-07-31"),
    ("42 CFR 438.402", MEDICAID, [], None),
    ("42 CFR 422.582", FEDERAL, [notice("2026-06-01")], "2026-08-05"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "terms", "notices", "last_day"), FILED)
def test_an_appeal_is_filed_by_its_last_day_or_is_never_late(
    source: str, terms: DeadlineTerms, notices: list[NoticeTimes], last_day: str | None
) -> None:
    found = appeal_filing_deadline(terms, notices)
    assert (None if found is None else str(found)) == last_day
    assert terms.source_of("appeal_file_within") == source


def end(month: int, day: int) -> datetime:
    """The midnight that ends a day of the summer in New York."""
    return datetime(2026, month, day, 4, 0, tzinfo=UTC) + timedelta(days=1)


DECIDED: Final[list[tuple[str, DeadlineTerms, Urgency, bool, datetime]]] = [
    ("29 CFR 2560.503-1(i)(2)(ii)(A)", COMMERCIAL, "standard", False, end(7, 1)),
    ("29 CFR 2560.503-1(i)(2)(ii)(A)", replace(COMMERCIAL, appeal_levels=2), "standard", False, end(6, 16)),
    ("29 CFR 2560.503-1(i)(2)(ii)(A)", replace(COMMERCIAL, appeal_levels=2), "standard", True, end(6, 16)),
    ("29 CFR 2560.503-1(i)(2)(ii)(A)", COMMERCIAL, "standard", True, end(6, 16)),  # a second level is on record
    ("29 CFR 2560.503-1(i)(2)(i)", COMMERCIAL, "urgent", False, NOON + timedelta(hours=72)),
    ("29 CFR 2560.503-1(i)(2)(iii)", AFTERWARDS, "standard", False, end(7, 31)),
    ("29 CFR 2560.503-1(i)(2)(iii)", replace(AFTERWARDS, appeal_levels=2), "standard", False, end(7, 1)),
    ("42 CFR 422.590(c)", MEDICARE, "standard", False, end(6, 8)),
    ("42 CFR 422.590(e)(1)", MEDICARE, "urgent", False, NOON + timedelta(hours=72)),
    ("42 CFR 438.408", MEDICAID, "standard", False, end(7, 1)),
    ("42 CFR 438.408", MEDICAID, "urgent", False, NOON + timedelta(hours=72)),
    ("42 CFR 422.590(a)", FEDERAL, "standard", False, end(7, 1)),
    ("42 CFR 422.590(e)(1)", FEDERAL, "urgent", False, NOON + timedelta(hours=72)),
]


@pytest.mark.parametrize(("source", "terms", "urgency", "is_second_level", "due_at"), DECIDED)
def test_an_appeal_is_due_by_line_urgency_and_levels(
    source: str, terms: DeadlineTerms, urgency: Urgency, is_second_level: bool, due_at: datetime
) -> None:
    assert appeal_due_at(terms, urgency, NOON, HERE, is_second_level=is_second_level) == due_at
    assert terms.source_of(terms.appeal_figure(urgency, is_second_level=is_second_level)) == source


@pytest.mark.parametrize(
    ("filed_at", "due_at"),
    [
        ("2026-03-02T17:00:00Z", "2026-03-10T04:00:00Z"),  # clocks go forward on 8 March
        ("2026-10-27T16:00:00Z", "2026-11-04T05:00:00Z"),  # and back on 1 November
        ("2026-06-05T16:00:00Z", "2026-06-13T04:00:00Z"),  # a Friday: weekends count
    ],
)
def test_seven_days_are_calendar_days_of_the_plan(filed_at: str, due_at: str) -> None:
    at = datetime.fromisoformat(filed_at)
    assert appeal_due_at(MEDICARE, "standard", at, HERE) == datetime.fromisoformat(due_at)
    assert appeal_due_at(MEDICARE, "urgent", at, HERE) == at + timedelta(hours=72)
