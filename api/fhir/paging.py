"""The log and the access log as one: a page of it along their indexes, or all of it in the order of commits.

A page merges two readings, each in its own order: of one patient her events by version and the reads of her record
by time; of everybody the log by position and all reads by time. Either goes on where its last page ended.

`recorded_at` never decreases within a history, but over the whole log it may, because writers wait for each other
and clocks differ. It is taken to lie at most `SKEW` before that of any earlier event: a search by date alone looks for
its first position by halves, begins that much earlier, and ends that much later. What is farther out of order than
that is still in the export and in a search by patient, which need no such bound.
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
from api.fhir.instants import Stretch
from domain.errors import InvalidCommand
from domain.events.base import Event
from domain.events.system import AccessesRecorded
from domain.ledger.access_log.rows import NumberedAccess, RowPlace, rows_between, rows_of_batch
from domain.ledger.reader import PAGE, LedgerReader

SKEW: Final = timedelta(hours=6)
"""More than clocks and waiting writers of one ledger ever differ while somebody looks after them."""

ROWS_AT_ONCE: Final = 200
_TICK: Final = timedelta(microseconds=1)

Wanted = Callable[[Event], bool]
"""Of which events there is anything to tell."""


@dataclass(frozen=True, slots=True)
class TrailPlace:
    """Where a page ended. `event` is the version or position after which the next one begins, None: none is left.

    `row` is the last read that was told, and `until` the end of the reads: those that paging itself adds are beyond it.
    """

    until: datetime
    event: int | None = 0
    row: RowPlace | None = None
    rows_are_left: bool = True

    def cursor(self) -> str:
        row = [_written(self.row.at), self.row.register.hex, self.row.number] if self.row is not None else None
        values = json.dumps([_written(self.until), self.event, row, int(self.rows_are_left)], separators=(",", ":"))
        return base64.urlsafe_b64encode(values.encode()).decode().rstrip("=")

    @classmethod
    def at(cls, cursor: str) -> TrailPlace:
        """Raises InvalidCommand for a cursor that no page gave."""
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            until, event, row, left = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
            place = RowPlace(_read(row[0]), UUID(row[1]), _number(row[2])) if row is not None else None
            return cls(_read(until), _number(event) if event is not None else None, place, {0: False, 1: True}[left])
        except (ValueError, TypeError, AttributeError, IndexError, KeyError, OverflowError, RecursionError):
            raise InvalidCommand(
                "this value does not come from a page of results",
                field="page",
                remedy="follow the next link of the previous page",
            ) from None


class TrailItem(NamedTuple):
    """Exactly one of the two."""

    event: Event | None
    row: NumberedAccess | None


def patient_of(told: TrailItem) -> UUID | None:
    """Of whom it tells; None: of nobody's record."""
    if told.event is not None:
        return told.event.originator_id if is_of_patient(told.event) else None
    assert told.row is not None
    return told.row.access.patient_id


class TrailPage(NamedTuple):
    told: list[TrailItem]
    next: TrailPlace | None


# -- a page -----------------------------------------------------------------------------------


def page(
    ledger: LedgerReader,
    stretch: Stretch,
    wanted: Wanted,
    *,
    patient_id: UUID | None = None,
    with_reads: bool,
    place: TrailPlace | None,
    limit: int,
) -> TrailPage:
    """What lies in the stretch and after the place, `limit` at the most."""
    if place is None:
        place = TrailPlace(until=ledger.now() + _TICK, rows_are_left=with_reads)
    if stretch.is_empty:
        return TrailPage([], None)
    if place.event is None:
        events: Iterator[tuple[int, Event]] = iter(())
    elif patient_id is not None:
        events = _of_patient(ledger, patient_id, place.event, stretch, wanted)
    else:
        events = _of_everybody(ledger, place.event, stretch, wanted)
    bounded = stretch.within(Stretch(end=place.until))
    rows = _rows(ledger, patient_id, bounded, place.row) if place.rows_are_left else iter(())
    return _merged(events, rows, place, limit)


def _merged(
    events: Iterator[tuple[int, Event]], rows: Iterator[NumberedAccess], place: TrailPlace, limit: int
) -> TrailPage:
    told: list[TrailItem] = []
    event, row = next(events, None), next(rows, None)
    last_row = place.row
    while len(told) < limit and (event is not None or row is not None):
        if row is None or (event is not None and event[1].recorded_at <= row.access.at):
            assert event is not None
            told.append(TrailItem(event[1], None))
            event = next(events, None)
        else:
            told.append(TrailItem(None, row))
            last_row, row = row.place, next(rows, None)
    if event is None and row is None:
        return TrailPage(told, None)
    after = event[0] - 1 if event is not None else None
    return TrailPage(told, TrailPlace(place.until, after, last_row, row is not None))


def _rows(
    ledger: LedgerReader, patient_id: UUID | None, stretch: Stretch, after: RowPlace | None
) -> Iterator[NumberedAccess]:
    while True:
        found = rows_between(
            ledger, patient_id=patient_id, start=stretch.start, end=stretch.end, after=after, limit=ROWS_AT_ONCE
        )
        yield from found
        if len(found) < ROWS_AT_ONCE:
            return
        after = found[-1].place


def _of_patient(
    ledger: LedgerReader, patient_id: UUID, version: int, stretch: Stretch, wanted: Wanted
) -> Iterator[tuple[int, Event]]:
    """By version, which is by time: the first that is too late ends it."""
    while found := ledger.events.between(patient_id, version + 1, version + PAGE):
        for event in found:
            version = event.originator_version
            if stretch.end is not None and event.recorded_at >= stretch.end:
                return
            if wanted(event) and event.recorded_at in stretch:
                yield version, event


def _of_everybody(ledger: LedgerReader, position: int, stretch: Stretch, wanted: Wanted) -> Iterator[tuple[int, Event]]:
    if position == 0 and stretch.start is not None:
        position = position_before(ledger, stretch.start)
    too_late = stretch.end + SKEW if stretch.end is not None else None
    event_of = ledger.events.mapper.event_of
    while rows := ledger.recorder.log(position, PAGE):
        for position, stream, version, topic, state in rows:
            recorded_at = recorded_instant(ledger, stream, version, topic, state)
            if too_late is not None and recorded_at >= too_late:
                return
            if recorded_at in stretch and wanted(event := event_of(stream, version, topic, state)):
                yield position, event


def recorded_instant(ledger: LedgerReader, stream: UUID, version: int, topic: str, state: bytes) -> datetime:
    """Read from the head of the record, where every event has it, or from the event itself."""
    mapper = ledger.events.mapper
    head = HEAD_EVENTS.match(mapper.plain_state(state))
    if head is None:
        event: Event = mapper.event_of(stream, version, topic, state)
        return event.recorded_at
    return datetime.fromisoformat(head[1].decode())


HEAD_EVENTS: Final = re.compile(rb'\{(?:"class_version":\d+,)?"recorded_at":"([0-9T:.+Z-]+)"')


def position_before(ledger: LedgerReader, start: datetime) -> int:
    """A position up to which, under the bound of `SKEW`, nothing was recorded at `start` or later; by halves."""
    earlier, later = 0, ledger.position()
    try:
        bound = start - SKEW
    except OverflowError:
        return 0
    while later - earlier > 1:
        middle = (earlier + later) // 2
        # There is one: the log's last position is not before it.
        ((number, stream, version, topic, state),) = ledger.recorder.log(middle - 1, 1)
        if number >= later:
            # Nothing lies between: positions may skip.
            later = middle
        elif recorded_instant(ledger, stream, version, topic, state) < bound:
            earlier = number
        else:
            later = middle
    return earlier


# -- all of it --------------------------------------------------------------------------------


def whole(ledger: LedgerReader, stretch: Stretch, wanted: Wanted, *, with_reads: bool) -> Iterator[TrailItem]:
    """In the order of commits, each batch of reads where its digest lies; every event is looked at."""
    position, last = 0, ledger.position()
    while position < last:
        for number, event in ledger.events_since(position):
            position = number
            if number > last:
                return
            if wanted(event) and event.recorded_at in stretch:
                yield TrailItem(event, None)
            if with_reads and isinstance(event, AccessesRecorded):
                rows = rows_of_batch(ledger, event.originator_id, event.first, event.count)
                yield from (TrailItem(None, row) for row in rows if row.access.at in stretch)


def whole_of_patient(
    ledger: LedgerReader, patient_id: UUID, stretch: Stretch, wanted: Wanted, *, with_reads: bool
) -> Iterator[TrailItem]:
    """As a search by patient tells it, to the end."""
    place: TrailPlace | None = None
    while True:
        told, place = page(
            ledger, stretch, wanted, patient_id=patient_id, with_reads=with_reads, place=place, limit=ROWS_AT_ONCE
        )
        yield from told
        if place is None:
            return


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _read(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError
    return at.astimezone(UTC)


def _number(value: int) -> int:
    if isinstance(value, bool) or not 0 <= value < 1 << 62:
        raise ValueError
    return value
