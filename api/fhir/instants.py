"""Parses the date parameters of a search, such as `ge2026-04-20` and `lt2026-04-21T14:05Z`, as a period of time.

A value means the whole day, minute or fraction of a second, as FHIR's search defines: `eq` is within the period, `ge`
from its start, `gt` after its end, `le` until its end, and `lt` before its start. The time of recording is known to the
microsecond and is a point in time. A day, month or year is in the plan's time zone. A time of day needs an offset.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from domain.errors import InvalidCommand

_VALUE: Final = re.compile(
    r"(?P<prefix>[a-z]{2})?(?P<year>\d{4})(?:-(?P<month>\d{2})(?:-(?P<day>\d{2})"
    r"(?:T(?P<hour>\d{2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.(?P<fraction>\d{1,6}))?)?"
    r"(?P<offset>Z|[+-]\d{2}:\d{2})?)?)?)?",
    re.ASCII,
)
PREFIXES: Final = ("eq", "ge", "gt", "le", "lt")
REMEDY: Final = "write the date as in ge2026-04-20, lt2026-05 or eq2026-04-20T14:05:00.25Z"


@dataclass(frozen=True, slots=True)
class Period:
    """A period from `start`, included, to `end`, not included. None: the period has no limit on that side."""

    start: datetime | None = None
    end: datetime | None = None

    def __contains__(self, at: datetime) -> bool:
        return (self.start is None or at >= self.start) and (self.end is None or at < self.end)

    def within(self, other: Period) -> Period:
        """The part of this period that is also in the other period."""
        starts = [one for one in (self.start, other.start) if one is not None]
        ends = [one for one in (self.end, other.end) if one is not None]
        return Period(max(starts, default=None), min(ends, default=None))

    @property
    def is_empty(self) -> bool:
        return self.start is not None and self.end is not None and self.start >= self.end


def period_of(values: Iterable[str], zone: ZoneInfo, parameter: str) -> Period:
    """The period in which all values match. Raises InvalidCommand, which does not repeat a value."""
    period = Period()
    for value in values:
        period = period.within(_period(value, zone, parameter))
    return period


def _period(value: str, zone: ZoneInfo, parameter: str) -> Period:
    # In a query, a plus sign that was not escaped is received as a space.
    match = _VALUE.fullmatch(value.replace(" ", "+"))
    if match is None:
        raise InvalidCommand("this is not a search date", field=parameter, remedy=REMEDY)
    prefix = match["prefix"] or "eq"
    if prefix not in PREFIXES:
        raise InvalidCommand("this date prefix is not supported", field=parameter, remedy=f"use {', '.join(PREFIXES)}")
    try:
        start, end = _bounds(match, zone)
    except (ValueError, OverflowError):
        raise InvalidCommand("this date or time does not exist", field=parameter, remedy=REMEDY) from None
    match prefix:
        case "eq":
            return Period(start, end)
        case "ge":
            return Period(start, None)
        case "gt":
            return Period(end, None)
        case "le":
            return Period(None, end)
        case _:
            return Period(None, start)


def _bounds(match: re.Match[str], zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The start of the period, and the start of the next period, in UTC."""
    year, month, day = int(match["year"]), match["month"], match["day"]
    if month is None:
        return _midnight(date(year, 1, 1), zone), _midnight(date(year + 1, 1, 1), zone)
    if day is None:
        following = date(year + 1, 1, 1) if int(month) == 12 else date(year, int(month) + 1, 1)
        return _midnight(date(year, int(month), 1), zone), _midnight(following, zone)
    whole = date(year, int(month), int(day))
    if match["hour"] is None:
        return _midnight(whole, zone), _midnight(whole + timedelta(days=1), zone)
    if match["offset"] is None:
        raise InvalidCommand(
            "the time needs an offset from UTC",
            field="date",
            remedy="end the time with Z, or with an offset such as -05:00",
        )
    second, fraction = match["second"], match["fraction"]
    clock = time(int(match["hour"]), int(match["minute"]), int(second or 0), int((fraction or "").ljust(6, "0")))
    step = timedelta(minutes=1) if second is None else timedelta(seconds=1)
    if fraction is not None:
        step = timedelta(microseconds=10 ** (6 - len(fraction)))
    start = datetime.fromisoformat(f"{datetime.combine(whole, clock).isoformat()}{match['offset']}").astimezone(UTC)
    return start, start + step


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of the day in the zone, in UTC. Some zones skip midnight on some days."""
    return datetime.combine(day, time(), zone).astimezone(UTC)
