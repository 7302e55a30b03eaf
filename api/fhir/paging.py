"""Reads the log and the access log as one audit trail: one page by their indexes, or the whole in the order of commits.

A page merges two sources, each in its own order. For one patient, they are the patient's events by version and the
accesses to the patient's record by time. For all patients, they are the log by position and all accesses by time. Each
source continues where the previous page ended.

The instant of the checked clock can decrease, because writers wait for each other and clocks differ. The program
assumes that it is at most `SKEW` before that of any earlier event. A search
by date only finds its first position by binary search, starts that much earlier, and ends that much later. Events that
are out of order by more than `SKEW` are still in the export and in a search by patient, which do not need this bound.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from api.fhir.event_mapping import is_of_patient
from api.fhir.instants import Period
from domain.errors import InvalidCommand
from domain.events.base import Event
from domain.events.system import AccessesRecorded
from domain.ledger.access_log.rows import NumberedAccess, RowPlace, rows_between, rows_of_batch
from domain.ledger.reader import PAGE, LedgerReader

SKEW: Final = timedelta(hours=6)
"""More than the clocks and the waiting writers of a monitored ledger ever differ."""

ROWS_AT_ONCE: Final = 200
_TICK: Final = timedelta(microseconds=1)

EventFilter = Callable[[Event], bool]
"""A filter for events: whether the event belongs in the result."""


@dataclass(frozen=True, slots=True)
class TrailPosition:
    """The position at which a page ended.

    `event` is the version or position after which the next page begins. None: there are no more events. `row` is the
    last access that was returned. `until` is the end of the accesses, so that accesses that paging itself adds are not
    returned. `rows_are_left`: there are more accesses.
    """

    until: datetime
    event: int | None = 0
    row: RowPlace | None = None
    rows_are_left: bool = True

    def cursor(self) -> str:
        """The position as text, for the link to the next page."""
        row = [_timestamp(self.row.at), self.row.register.hex, self.row.number] if self.row is not None else None
        values = json.dumps([_timestamp(self.until), self.event, row, int(self.rows_are_left)], separators=(",", ":"))
        return base64.urlsafe_b64encode(values.encode()).decode().rstrip("=")

    @classmethod
    def at(cls, cursor: str) -> TrailPosition:
        """The position of a cursor. Raises InvalidCommand for a cursor that no page returned."""
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            until, event, row, left = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
            place = RowPlace(_instant(row[0]), UUID(row[1]), _number(row[2])) if row is not None else None
            return cls(_instant(until), _number(event) if event is not None else None, place, {0: False, 1: True}[left])
        except (ValueError, TypeError, AttributeError, IndexError, KeyError, OverflowError, RecursionError):
            raise InvalidCommand(
                "this value does not come from a page of results",
                field="page",
                remedy="follow the next link of the previous page",
            ) from None


class TrailItem(NamedTuple):
    """An event or an access. Exactly one of the two is set."""

    event: Event | None
    row: NumberedAccess | None


def patient_of(item: TrailItem) -> UUID | None:
    """The patient whom an event or access concerns. None: it concerns no patient's record."""
    if item.event is not None:
        return item.event.originator_id if is_of_patient(item.event) else None
    assert item.row is not None
    return item.row.access.patient_id


class TrailPage(NamedTuple):
    """One page of the audit trail. `next` is the position of the next page, or None."""

    items: list[TrailItem]
    next: TrailPosition | None


# -- a page -----------------------------------------------------------------------------------


def page(
    ledger: LedgerReader,
    period: Period,
    wanted: EventFilter,
    *,
    patient_id: UUID | None = None,
    with_reads: bool,
    place: TrailPosition | None,
    limit: int,
) -> TrailPage:
    """At most `limit` events and accesses in the period and after `place`. `place` is None for the first page."""
    if place is None:
        place = TrailPosition(until=ledger.now() + _TICK, rows_are_left=with_reads)
    if period.is_empty:
        return TrailPage([], None)
    if place.event is None:
        events: Iterator[tuple[int, Event]] = iter(())
    elif patient_id is not None:
        events = _of_patient(ledger, patient_id, place.event, period, wanted)
    else:
        events = _of_all_patients(ledger, place.event, period, wanted)
    bounded = period.within(Period(end=place.until))
    rows = _rows(ledger, patient_id, bounded, place.row) if place.rows_are_left else iter(())
    return _merged(events, rows, place, limit)


def _merged(
    events: Iterator[tuple[int, Event]], rows: Iterator[NumberedAccess], place: TrailPosition, limit: int
) -> TrailPage:
    items: list[TrailItem] = []
    event, row = next(events, None), next(rows, None)
    last_row = place.row
    while len(items) < limit and (event is not None or row is not None):
        if row is None or (event is not None and event[1].at <= row.access.at):
            assert event is not None
            items.append(TrailItem(event[1], None))
            event = next(events, None)
        else:
            items.append(TrailItem(None, row))
            last_row, row = row.place, next(rows, None)
    if event is None and row is None:
        return TrailPage(items, None)
    after = event[0] - 1 if event is not None else None
    return TrailPage(items, TrailPosition(place.until, after, last_row, row is not None))


def _rows(
    ledger: LedgerReader, patient_id: UUID | None, period: Period, after: RowPlace | None
) -> Iterator[NumberedAccess]:
    while True:
        accesses = rows_between(
            ledger, patient_id=patient_id, start=period.start, end=period.end, after=after, limit=ROWS_AT_ONCE
        )
        yield from accesses
        if len(accesses) < ROWS_AT_ONCE:
            return
        after = accesses[-1].place


def _of_patient(
    ledger: LedgerReader, patient_id: UUID, version: int, period: Period, wanted: EventFilter
) -> Iterator[tuple[int, Event]]:
    """The patient's events by version, which is also the order of time. The first event after the period ends it."""
    while events := ledger.events.between(patient_id, version + 1, version + PAGE):
        for event in events:
            version = event.originator_version
            if period.end is not None and event.at >= period.end:
                return
            if wanted(event) and event.at in period:
                yield version, event


def _of_all_patients(
    ledger: LedgerReader, position: int, period: Period, wanted: EventFilter
) -> Iterator[tuple[int, Event]]:
    if position == 0 and period.start is not None:
        position = position_before(ledger, period.start)
    end_bound = period.end + SKEW if period.end is not None else None
    event_of = ledger.events.mapper.event_of
    while rows := ledger.recorder.log(position, PAGE):
        for position, stream, version, topic, state in rows:
            recorded_at = recorded_instant(ledger, stream, version, topic, state)
            if end_bound is not None and recorded_at >= end_bound:
                return
            if recorded_at in period and wanted(event := event_of(stream, version, topic, state)):
                yield position, event


def recorded_instant(ledger: LedgerReader, stream: UUID, version: int, topic: str, state: bytes) -> datetime:
    """When a stored event was recorded, from the beginning of its bytes if possible, else from the decoded event."""
    mapper = ledger.events.mapper
    plain = mapper.plain_state(state)
    head = HEAD_EVENTS.match(plain)
    if head is None:
        event: Event = mapper.event_of(stream, version, topic, state)
        return event.at
    # No text can have these bytes, because the quotes in a text are escaped.
    clock_at = CLOCK_AT.search(plain) if b'"clock_at":"' in plain else None
    return datetime.fromisoformat((clock_at or head)[1].decode())


CLOCK_AT: Final = re.compile(rb'"clock_at":"([0-9T:.+Z-]+)"')
HEAD_EVENTS: Final = re.compile(rb'\{(?:"class_version":\d+,)?"recorded_at":"([0-9T:.+Z-]+)"')


def position_before(ledger: LedgerReader, start: datetime) -> int:
    """A position before the first event that was recorded at `start` or later, within the bound of `SKEW`.

    The position is found by binary search.
    """
    earlier, later = 0, ledger.position()
    try:
        bound = start - SKEW
    except OverflowError:
        return 0
    while later - earlier > 1:
        middle = (earlier + later) // 2
        # There is always a row, because the last position of the log is not before `middle`.
        ((number, stream, version, topic, state),) = ledger.recorder.log(middle - 1, 1)
        if number >= later:
            # There is no event between, because positions may have gaps.
            later = middle
        elif recorded_instant(ledger, stream, version, topic, state) < bound:
            earlier = number
        else:
            later = middle
    return earlier


# -- the whole audit trail --------------------------------------------------------------------


def whole(ledger: LedgerReader, period: Period, wanted: EventFilter, *, with_reads: bool) -> Iterator[TrailItem]:
    """The whole audit trail in the order of commits. A batch of accesses is at the position of its digest.

    Every event is checked, so events that are out of order are included.
    """
    position, last = 0, ledger.position()
    while position < last:
        for number, event in ledger.events_since(position):
            position = number
            if number > last:
                return
            if wanted(event) and event.at in period:
                yield TrailItem(event, None)
            if with_reads and isinstance(event, AccessesRecorded):
                rows = rows_of_batch(ledger, event.originator_id, event.first, event.count)
                yield from (TrailItem(None, row) for row in rows if row.access.at in period)


def whole_of_patient(
    ledger: LedgerReader, patient_id: UUID, period: Period, wanted: EventFilter, *, with_reads: bool
) -> Iterator[TrailItem]:
    """The whole audit trail of one patient, in the order of a search by patient."""
    place: TrailPosition | None = None
    while True:
        items, place = page(
            ledger, period, wanted, patient_id=patient_id, with_reads=with_reads, place=place, limit=ROWS_AT_ONCE
        )
        yield from items
        if place is None:
            return


def _timestamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError
    return at.astimezone(UTC)


def _number(value: int) -> int:
    if isinstance(value, bool) or not 0 <= value < 1 << 62:
        raise ValueError
    return value
