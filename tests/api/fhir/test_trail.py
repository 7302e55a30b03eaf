"""Paging over a log whose instants are not in order, as those of several writers with clocks of their own."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from api.fhir.audit_events import is_exported
from api.fhir.instants import Period
from api.fhir.paging import HEAD_EVENTS, SKEW, TrailPosition, page, position_before, recorded_instant, whole
from domain.commands.patient import OpenHistory
from domain.errors import InvalidCommand
from domain.events.base import Event
from domain.events.patient import Member
from domain.ledger.access_log.writer import AccessLog
from domain.ledger.application import Ledger
from domain.permissions.disclosure import NewAccess
from tests import story
from tests.api.fhir.asking import events_of, rows_of
from tests.clock import Clock
from tests.conftest import NOON
from tests.ledger.samples.events import SAMPLES


def opened(ledger: Ledger, number: int) -> UUID:
    command = OpenHistory(member=Member(member_id=f"M-{number}"), name="Alma Synthetic", birth_date=None)
    return ledger.open_history(command, story.NURSE).patient_id


@pytest.fixture
def instants(ledger: Ledger, clock: Clock) -> list[datetime]:
    """The times of forty histories and as many accesses, each up to `SKEW` later than it would be in its turn."""
    chance, log, found = random.Random(7), AccessLog(ledger), []
    for number in range(40):
        clock.at = NOON + timedelta(minutes=50 * number) + SKEW * chance.random()
        patient_id = opened(ledger, number)
        log.record([NewAccess(story.NURSE, "find", patient_id, None, None, "api", "192.0.2.1")], durable=True)
        found.append(clock.at)
    log.close()
    clock.at = max(found) + timedelta(hours=1)
    assert found != sorted(found)
    return found


def told_by_pages(ledger: Ledger, period: Period, limit: int) -> list[Any]:
    found: list[Any] = []
    place: TrailPosition | None = None
    while True:
        told, place = page(ledger, period, is_exported, with_reads=True, place=place, limit=limit)
        assert len(told) <= limit
        found += [_name(one.event) if one.event is not None else (one.row.register, one.row.number) for one in told]  # type: ignore[union-attr]
        if place is None:
            return found
        assert TrailPosition.at(place.cursor()) == place


def _name(event: Event) -> Any:
    return event.originator_id, event.originator_version, "event"


def test_any_window_and_any_size_of_page_finds_all_of_it_once(ledger: Ledger, instants: list[datetime]) -> None:
    events = [(event.recorded_at, _name(event)) for event in events_of(ledger) if is_exported(event)]
    rows = [(row.access.at, (row.register, row.number)) for row in rows_of(ledger)]
    chance = random.Random(11)
    ends = [None, *(one + timedelta(microseconds=step) for one in instants for step in (0, 1))]
    sizes = []
    for _ in range(60):
        period = Period(chance.choice(ends), chance.choice(ends))
        expected = [name for at, name in (*events, *rows) if at in period]
        found = told_by_pages(ledger, period, chance.choice([1, 3, 10, 200]))
        assert sorted(map(str, found)) == sorted(map(str, expected))
        sizes.append(len(expected))
    assert max(sizes) > 40
    assert min(sizes) == 0


def test_a_search_begins_near_its_first_event(ledger: Ledger, instants: list[datetime]) -> None:
    """And reads no more of what was before than the bound makes it."""
    events = events_of(ledger)
    for start in instants:
        position = position_before(ledger, start)
        before, rest = events[:position], events[position:]
        assert all(one.recorded_at < start for one in before)
        assert all(one.recorded_at >= start - 2 * SKEW for one in rest)


def test_what_is_farther_out_of_order_is_in_the_export(ledger: Ledger, clock: Clock) -> None:
    """The bound is a bound: beyond it, a search by date alone may miss what others find."""
    for number in range(10):
        clock.at = NOON + timedelta(hours=number)
        opened(ledger, number)
    clock.at = NOON - 2 * SKEW
    late = opened(ledger, 99)
    period = Period(NOON - 2 * SKEW, NOON - SKEW)
    by_patient = page(ledger, period, is_exported, patient_id=late, with_reads=False, place=None, limit=9).items
    assert [one.event.originator_id for one in by_patient if one.event is not None] == [late]
    exported = [one.event for one in whole(ledger, period, is_exported, with_reads=False)]
    assert [one.originator_id for one in exported if one is not None] == [late]


def test_a_page_reads_only_what_it_needs(
    ledger: Ledger, instants: list[datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page from the middle decodes its events and the steps of the search by halves, not the log."""
    decoded: list[int] = []
    read: list[int] = []
    event_of, log = ledger.events.mapper.event_of, ledger.recorder.log

    def counted(*row: Any) -> Any:
        decoded.append(1)
        return event_of(*row)

    def counted_log(position: int, limit: int) -> Any:
        rows = log(position, min(limit, 10))
        read.append(len(rows))
        return rows

    monkeypatch.setattr(ledger.events.mapper, "event_of", counted)
    monkeypatch.setattr(ledger.recorder, "log", counted_log)
    monkeypatch.setattr("api.fhir.paging.SKEW", timedelta(minutes=100))
    last = ledger.position()
    assert last >= 120
    page(ledger, Period(start=max(instants) - timedelta(hours=1)), is_exported, with_reads=True, place=None, limit=3)
    assert sum(read) < last // 2
    # One more than a page, because it is said whether there is a next one.
    assert len(decoded) <= 4
    read.clear()
    decoded.clear()
    page(ledger, Period(), is_exported, with_reads=True, place=None, limit=3)
    assert (sum(read), len(decoded) <= 8) == (10, True)


def test_an_instant_is_read_from_the_head_of_a_record_as_from_the_event(ledger: Ledger) -> None:
    mapper = ledger.events.mapper
    for event in SAMPLES.values():
        stored = mapper.to_stored_event(event)
        row = UUID(str(stored.originator_id)), stored.originator_version, stored.topic, stored.state
        assert HEAD_EVENTS.match(mapper.plain_state(stored.state)) is not None
        assert recorded_instant(ledger, *row) == event.at


@pytest.mark.parametrize(
    "cursor", ["", "x", "W10", "e30", "bnVsbA", "WzEsMiwzLDRd", "WyIyMDI2LTAxLTAxIiwwLG51bGwsMV0", "A" * 4_000]
)
def test_a_cursor_that_no_page_gave_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidCommand, match="this value does not come from a page of results"):
        TrailPosition.at(cursor)
