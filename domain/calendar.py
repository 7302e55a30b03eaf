"""Date arithmetic of the policy: dates only, without a clock or a time of day.

Twelve months end on the anniversary, never after 365 days (R2). The anniversary of February 29 is March 1 in a year
without February 29.

>>> anniversary(date(2024, 2, 29))
datetime.date(2025, 3, 1)
>>> anniversary(date(2025, 3, 5))
datetime.date(2026, 3, 5)

A date that is known only to the month or the year remains a range (R5):

>>> spring = PartialDate("2025-03")
>>> spring.earliest, spring.latest
(datetime.date(2025, 3, 1), datetime.date(2025, 3, 31))
>>> years_have_passed(spring, 1, on=date(2026, 2, 28))
False
>>> years_have_passed(spring, 1, on=date(2026, 3, 31))
True
>>> years_have_passed(spring, 1, on=date(2026, 3, 15)) is None
True
"""

from __future__ import annotations

import calendar as _calendar
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import total_ordering
from typing import Annotated, Any, Final, Protocol

from pydantic import BeforeValidator, GetCoreSchemaHandler, GetJsonSchemaHandler, WithJsonSchema
from pydantic_core import CoreSchema, core_schema

from domain.frozen import set_fields

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2199
APPROVAL_DAYS: Final = 30
"""How many days an approval is valid, including the first and the last (R9)."""

_PARTIAL_DATE = re.compile(r"(?P<year>\d{4})(?:-(?P<month>\d{2})(?:-(?P<day>\d{2}))?)?", re.ASCII)
_WHOLE_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _checked_date(year: int, month: int, day: int) -> date:
    # The messages do not repeat the value: an error may be logged, and the date may be a birth date.
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"the year is not between {FIRST_YEAR} and {LAST_YEAR}")
    try:
        return date(year, month, day)
    except ValueError:
        raise ValueError("this date does not exist") from None


@total_ordering
@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date that is known to the day, the month, or the year: `2025-03-05`, `2025-03` or `2025`.

    `text` is the date as it was reported. Partial dates are ordered by their latest possible day, then by their
    earliest. Raises ValueError if the text is not such a date or the date does not exist.
    """

    text: str
    earliest: date = field(init=False, compare=False, repr=False)
    latest: date = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        match = _PARTIAL_DATE.fullmatch(self.text)
        if match is None:
            raise ValueError("write the date as YYYY-MM-DD, YYYY-MM or YYYY")
        year, month, day = (None if part is None else int(part) for part in match.groups())
        assert year is not None
        # The parts are compared with None because a month or day of "00" is impossible, not missing.
        first = _checked_date(year, 1 if month is None else month, 1 if day is None else day)
        last_month = 12 if month is None else month
        last = first if day is not None else date(year, last_month, _calendar.monthrange(year, last_month)[1])
        set_fields(self, earliest=first, latest=last)

    @classmethod
    def of(cls, day: date) -> PartialDate:
        if type(day) is not date or not FIRST_YEAR <= day.year <= LAST_YEAR:
            return cls(day.isoformat())
        # A valid date is not parsed again from its text.
        partial = object.__new__(cls)
        set_fields(partial, text=day.isoformat(), earliest=day, latest=day)
        return partial

    @property
    def is_whole_day(self) -> bool:
        return self.earliest == self.latest

    def __str__(self) -> str:
        return self.text

    def __lt__(self, other: PartialDate) -> bool:
        return (self.latest, self.earliest) < (other.latest, other.earliest)

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        from_text = core_schema.no_info_after_validator_function(cls, core_schema.str_schema(strict=True))
        return core_schema.json_or_python_schema(
            json_schema=from_text,
            python_schema=core_schema.union_schema([core_schema.is_instance_schema(cls), from_text]),
            serialization=core_schema.plain_serializer_function_ser_schema(str, return_schema=core_schema.str_schema()),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {
            "type": "string",
            "pattern": r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$",
            "description": "A date, known to the day, the month or the year.",
        }


def _whole_day(value: Any) -> Any:
    # A lax parser would accept numbers and date-times as dates. A calendar day is neither.
    if type(value) is date and FIRST_YEAR <= value.year <= LAST_YEAR:
        return value
    if isinstance(value, date) and not isinstance(value, datetime):
        return _checked_date(value.year, value.month, value.day)
    if isinstance(value, str) and _WHOLE_DATE.fullmatch(value):
        return _checked_date(int(value[:4]), int(value[5:7]), int(value[8:]))
    raise ValueError("write the date as YYYY-MM-DD")


def _utc_instant(value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError("write the time as RFC 3339, for example 2026-04-20T14:05:00Z") from None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError("the time needs an offset from UTC, for example 2026-04-20T14:05:00Z")
    if not FIRST_YEAR < value.year < LAST_YEAR:
        raise ValueError(f"the year is not between {FIRST_YEAR} and {LAST_YEAR}")
    return value if value.tzinfo is UTC and type(value) is datetime else value.astimezone(UTC)


Day = Annotated[date, BeforeValidator(_whole_day), WithJsonSchema({"type": "string", "format": "date"})]
"""A whole calendar day in the plan's time zone."""

Instant = Annotated[datetime, BeforeValidator(_utc_instant), WithJsonSchema({"type": "string", "format": "date-time"})]
"""An instant, stored in UTC. The input must have an offset from UTC."""


def anniversary(day: date, years: int = 1) -> date:
    """The same day `years` later, or March 1 if that year has no February 29 (R2)."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


@dataclass(frozen=True, slots=True)
class DateRange:
    """The possible days of an event, from `earliest` through `latest`."""

    earliest: date
    latest: date

    @property
    def is_whole_day(self) -> bool:
        return self.earliest == self.latest

    def __str__(self) -> str:
        return str(self.earliest) if self.earliest == self.latest else f"{self.earliest} to {self.latest}"


class PossibleDays(Protocol):
    """A day that may be known only in part."""

    @property
    def earliest(self) -> date: ...
    @property
    def latest(self) -> date: ...


def years_have_passed(since: PossibleDays, years: int, *, on: date) -> bool | None:
    """Whether `years` have passed by `on`, counting the anniversary. None: it depends on the exact day (R5)."""
    if anniversary(since.latest, years) <= on:
        return True
    if anniversary(since.earliest, years) > on:
        return False
    return None


def later_of(dates: Iterable[PossibleDays]) -> DateRange | None:
    """The range of the latest of several partly known dates. None if there are no dates.

    >>> str(later_of([PartialDate("2024-05"), PartialDate("2024-05-20")]))
    '2024-05-20 to 2024-05-31'
    """
    known = list(dates)
    if not known:
        return None
    return DateRange(max(day.earliest for day in known), max(day.latest for day in known))


def approval_window(starts_on: date) -> tuple[date, date]:
    """The first and the last day of an approval: 30 days, counting both (R9).

    >>> approval_window(date(2026, 4, 28))
    (datetime.date(2026, 4, 28), datetime.date(2026, 5, 27))
    """
    return starts_on, starts_on + timedelta(days=APPROVAL_DAYS - 1)


_TICK: Final = timedelta(microseconds=1)
SAME_INSTANT: Final = timedelta(seconds=1)
"""A difference up to this orders events of the same instant. Only a larger one is another time, and is stored."""


def recording_times(at: datetime, after: datetime | None, *, strictly: bool = True) -> dict[str, datetime]:
    """The times of an event that is recorded at the clock's instant `at`, and follows an event recorded at `after`.

    `recorded_at` is later than `after`, or unless `strictly` not earlier. `clock_at` has `at` if `recorded_at` is
    another time for that reason.
    """
    if after is None or after < at:
        return {"recorded_at": at}
    recorded_at = after + _TICK if strictly else after
    return {"recorded_at": recorded_at} | ({"clock_at": at} if recorded_at - at > SAME_INSTANT else {})
