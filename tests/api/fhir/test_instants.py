"""The date parameters against a naive reading of them: the text of an instant or a day, held against the value's."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api.fhir.instants import PREFIXES, Period, period_of
from domain.errors import InvalidCommand

NEW_YORK = ZoneInfo("America/New_York")
ZONES = st.sampled_from([NEW_YORK, ZoneInfo("America/Santiago"), ZoneInfo("Asia/Kolkata"), ZoneInfo("UTC")])
"""Santiago leaves midnight out once a year."""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


ANYWHERE = st.datetimes(at("2025-12-01"), at("2027-02-01"), timezones=st.just(UTC))


def compared(recorded: datetime, value: str, zone: ZoneInfo) -> int:
    """Before, within or after the value: -1, 0 or 1; by the text of the instant, cut to the value's precision."""
    if "T" not in value:
        said = recorded.astimezone(zone).strftime("%Y-%m-%d").rjust(10, "0")[: len(value)]
        return (said > value) - (said < value)
    clock = value.rstrip("Z") if value.endswith("Z") else value[:-6]
    offset = UTC if value.endswith("Z") else at(f"2000-01-01T00:00{value[-6:]}").tzinfo
    said = recorded.astimezone(offset).replace(tzinfo=None).isoformat(timespec="microseconds")[: len(clock)]
    return (said > clock) - (said < clock)


HOLDS = {
    "eq": lambda order: order == 0,
    "ge": lambda order: order >= 0,
    "gt": lambda order: order > 0,
    "le": lambda order: order <= 0,
    "lt": lambda order: order < 0,
}


@st.composite
def values(draw: st.DrawFn) -> str:
    moment = draw(st.datetimes(at("2025-12-30"), at("2027-01-02")))
    length = draw(st.sampled_from([4, 7, 10, 16, 19, 21, 23, 26]))
    text = moment.isoformat(timespec="microseconds")[:length]
    return text + draw(st.sampled_from(["Z", "+05:30", "-05:00", "+00:00"])) if length > 10 else text


@st.composite
def near(draw: st.DrawFn, value: str, zone: ZoneInfo) -> datetime:
    """Often just at one end of the value, where errors are."""
    period = period_of([value], zone, "date")
    edges = [one for one in (period.start, period.end) if one is not None]
    step = timedelta(microseconds=draw(st.integers(-2, 2)))
    return draw(st.sampled_from(edges)) + step if draw(st.booleans()) else draw(ANYWHERE)


@given(st.data(), ZONES, st.sampled_from(PREFIXES))
def test_a_value_holds_of_what_a_naive_reading_says(data: st.DataObject, zone: ZoneInfo, prefix: str) -> None:
    value = data.draw(values())
    recorded = data.draw(near(value, zone))
    assert (recorded in period_of([prefix + value], zone, "date")) == HOLDS[prefix](compared(recorded, value, zone))


@given(st.data(), ZONES)
def test_of_several_values_all_hold(data: st.DataObject, zone: ZoneInfo) -> None:
    asked = [data.draw(st.sampled_from(PREFIXES)) + data.draw(values()) for _ in range(3)]
    recorded = data.draw(ANYWHERE)
    each = [recorded in period_of([one], zone, "date") for one in asked]
    found = period_of(asked, zone, "date")
    assert (recorded in found) == all(each)
    assert not (found.is_empty and recorded in found)


@given(st.integers(0, 366), ZONES)
@example(10, ZoneInfo("America/Santiago"))
def test_days_lie_end_to_end(number: int, zone: ZoneInfo) -> None:
    day = date(2026, 1, 1) + timedelta(days=number)
    today, tomorrow = (period_of([one.isoformat()], zone, "date") for one in (day, day + timedelta(days=1)))
    assert today.end == tomorrow.start
    assert today.start is not None
    assert today.start.astimezone(zone).date() == day


@pytest.mark.parametrize(
    ("value", "start", "end"),
    [
        ("2026-04-20", "2026-04-20T04:00:00Z", "2026-04-21T04:00:00Z"),
        ("eq2026-03-08", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"),
        ("2026-02", "2026-02-01T05:00:00Z", "2026-03-01T05:00:00Z"),
        ("2026", "2026-01-01T05:00:00Z", "2027-01-01T05:00:00Z"),
        ("ge2026-04-20", "2026-04-20T04:00:00Z", None),
        ("gt2026-04-20", "2026-04-21T04:00:00Z", None),
        ("le2026-04-20", None, "2026-04-21T04:00:00Z"),
        ("lt2026-04-20", None, "2026-04-20T04:00:00Z"),
        ("2026-04-20T14:05Z", "2026-04-20T14:05:00Z", "2026-04-20T14:06:00Z"),
        ("2026-04-20T14:05:09-05:00", "2026-04-20T19:05:09Z", "2026-04-20T19:05:10Z"),
        ("2026-04-20T14:05:09 05:00", "2026-04-20T09:05:09Z", "2026-04-20T09:05:10Z"),
        ("2026-04-20T14:05:09.25Z", "2026-04-20T14:05:09.25Z", "2026-04-20T14:05:09.26Z"),
        ("gt2026-04-20T14:05:09.123456Z", "2026-04-20T14:05:09.123457Z", None),
        ("2026-12-31T23:59Z", "2026-12-31T23:59:00Z", "2027-01-01T00:00:00Z"),
    ],
)
def test_a_value_is_a_period(value: str, start: str | None, end: str | None) -> None:
    bounds = Period(*(at(one) if one is not None else None for one in (start, end)))
    assert period_of([value], NEW_YORK, "date") == bounds


@pytest.mark.parametrize("value", ["9999", "9999-12", "9999-12-31", "9999-12-31T23:59:59Z", "0000", "0000-01-01"])
def test_beyond_the_calendar_nothing_is_asked(value: str) -> None:
    with pytest.raises(InvalidCommand) as refused:
        period_of([value], NEW_YORK, "date")
    assert value not in str(refused.value)


def test_offsets_are_what_they_say() -> None:
    east = timezone(timedelta(hours=5, minutes=30))
    assert period_of(["2026-04-20T00:00+05:30"], NEW_YORK, "date").start == datetime(2026, 4, 20, tzinfo=east)
