"""Days counted one by one on the plan's calendar, and hours in UTC. Imports nothing of the program on purpose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)
QUARTER_HOUR = timedelta(minutes=15)


@dataclass(frozen=True)
class Due:
    """When something is due. `last_day` is its last day where days are counted, None where hours are.

    `stop` is the first and the last day of the stop that counted.
    """

    at: datetime
    last_day: date | None = None
    stop: tuple[date, date] | None = None

    def is_late(self, at: datetime, zone: str) -> bool:
        return day_of(at, zone) > self.last_day if self.last_day is not None else at > self.at


def day_of(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def end_of(day: date, zone: str) -> datetime:
    """The first instant after the day, found by walking until the calendar on the wall shows another day."""
    at = datetime(day.year, day.month, day.day, tzinfo=UTC)
    while day_of(at, zone) <= day:
        at += QUARTER_HOUR
    return at


def days_after(start: date, days: int, stopped: set[date] | None = None) -> date:
    """The day on which the counter reaches `days`. The first day counted is the day after the start."""
    day, counted = start, 0
    while counted < days:
        day += ONE_DAY
        if stopped is None or day not in stopped:
            counted += 1
    return day


def by_days(start: datetime, days: int, zone: str, stopped: set[date] | None = None) -> Due:
    last = days_after(day_of(start, zone), days, stopped)
    return Due(end_of(last, zone), last)


def by_hours(start: datetime, hours: int) -> Due:
    return Due(start.astimezone(UTC) + timedelta(hours=hours))
