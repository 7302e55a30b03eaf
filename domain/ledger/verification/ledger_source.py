"""Reads a live ledger for verification, page by page, up to what was sealed and recorded when it started."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final
from uuid import UUID

from pydantic_core import from_json

from domain.events.system import AccessesRecorded
from domain.ledger.event_store import EventMapper
from domain.ledger.reader import LedgerReader
from domain.ledger.stores.postgres_datastore import LedgerPostgresDatastore
from domain.ledger.stores.sql import PostgresViews, SQLiteViews
from domain.ledger.stores.sqlite_connections import LedgerSQLiteDatastore
from domain.ledger.stores.sqlite_files import damaged_pages
from domain.ledger.stores.urls import SQLiteAddress
from domain.ledger.verification.check_bytes import Keys, Signed, read_signed
from domain.ledger.verification.report import Logged, VerificationFailure, VerificationPart
from domain.ledger.verification.source import EditionRevision, VerifiedLeaf
from domain.seal.errors import SealError

PAGE: Final = 1_000
"""The number of events, leaves or checkpoints that are read together."""
BEFORE_ALL: Final = -(2**63)
"""The lowest possible position. Reading starts here to find rows that were inserted before the first position."""
HISTORIES: Final = 50
"""The number of histories that are read together."""

_EVENTS_ON_SQLITE: Final = """SELECT rowid AS position, originator_id, originator_version, topic, state
    FROM {schema}.stored_events WHERE rowid > :after AND rowid <= :last ORDER BY rowid LIMIT :most"""
_EVENTS_ON_POSTGRES: Final = """SELECT notification_id AS position, originator_id, originator_version, topic, state
    FROM {schema}.stored_events WHERE notification_id > :after AND notification_id <= :last
    ORDER BY notification_id LIMIT :most"""
_LEAVES: Final = """SELECT leaf_index, position, hash FROM {schema}.sealed_events
    WHERE leaf_index > :after AND leaf_index <= :last ORDER BY leaf_index LIMIT :most"""
_LAST_LEAF: Final = "SELECT MAX(leaf_index) AS found FROM {schema}.sealed_events"
_LAST_CHECKPOINT: Final = "SELECT MAX(size) AS found FROM {schema}.checkpoints"
_CHECKPOINTS: Final = """SELECT origin, size, note FROM {schema}.checkpoints
    WHERE size > :after AND size <= :last ORDER BY size, origin, note LIMIT :most"""
_OF_ONE_SIZE: Final = "SELECT origin, size, note FROM {schema}.checkpoints WHERE size = :size ORDER BY origin, note"
_LEVELS: Final = "SELECT DISTINCT level FROM {schema}.seal_subtrees ORDER BY level"
_SUBTREES: Final = """SELECT number, hash FROM {schema}.seal_subtrees
    WHERE level = :level AND number > :after ORDER BY number LIMIT :most"""
_ROWS: Final = """SELECT number, at, actor_id, patient_id, row FROM {schema}.accesses
    WHERE register = :register AND number >= :first AND number < :end ORDER BY number"""
_REGISTERS: Final = """SELECT register, COUNT(*) AS rows, MIN(number) AS first, MAX(number) AS last
    FROM {schema}.accesses GROUP BY register"""


_Sealed = tuple[int, int, bytes]
"""Leaf number, position of its event in the log, leaf hash."""


class LedgerSource:
    def __init__(self, ledger: LedgerReader) -> None:
        self.name = f"the ledger at {ledger.address}"
        self._ledger = ledger
        self._mapper: EventMapper = ledger.events.mapper
        datastore = ledger.recorder.datastore
        if isinstance(datastore, LedgerSQLiteDatastore):
            self._store: SQLiteViews | PostgresViews = SQLiteViews(datastore)
            self._events = _EVENTS_ON_SQLITE
        else:
            assert isinstance(datastore, LedgerPostgresDatastore)
            self._store, self._events = PostgresViews(datastore), _EVENTS_ON_POSTGRES
        # Read in this order, because events are recorded before they are sealed, and sealed before they are signed.
        self.last_size: int = self._one(_LAST_CHECKPOINT) or 0
        last_leaf = self._one(_LAST_LEAF)
        self.last_leaf: int = -1 if last_leaf is None else last_leaf
        self.last_position = ledger.position()
        self._covered: dict[str, int] = {}
        self._names: dict[UUID | str, str] = {}

    # -- reading --------------------------------------------------------------------------------

    def _select(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        def work(run: Any) -> list[tuple[Any, ...]]:
            rows = run(statement, **values)
            if rows and isinstance(rows[0], dict):
                return [tuple(row.values()) for row in rows]
            return [tuple(row) for row in rows]

        return self._store.reads(work)

    def _one(self, statement: str) -> Any:
        return self._select(statement)[0][0]

    def _pages(self, statement: str, after: int, place: int = 0, **values: Any) -> Iterator[tuple[Any, ...]]:
        """Every row, read page by page. The number in column `place` increases."""
        while page := self._select(statement, after=after, most=PAGE, **values):
            yield from page
            after = page[-1][place]

    def damage(self) -> list[str]:
        """What is wrong with the pages of the database file, which can keep the rest from being read."""
        address = self._ledger.address
        return damaged_pages(address.path) if isinstance(address, SQLiteAddress) else []

    def keys(self, part: VerificationPart, keys: Keys) -> None:
        """Does nothing, because the events of a ledger name its keys."""

    def log(self, bytes_part: VerificationPart, order_part: VerificationPart) -> Iterator[VerifiedLeaf]:
        leaves = self._sealed(bytes_part)
        sealed = next(leaves, None)
        for row in self._pages(self._events, BEFORE_ALL, last=self.last_position):
            position = row[0]
            while sealed is not None and sealed[1] < position:
                yield self._missing_event(bytes_part, sealed)
                sealed = next(leaves, None)
            if sealed is not None and sealed[1] == position:
                yield VerifiedLeaf(self._logged(bytes_part, sealed[0], row), sealed[2])
                sealed = next(leaves, None)
                continue
            if sealed is not None:
                what = f"the event at position {position} was never sealed, but later events were"
                order_part.fail(VerificationFailure(what, leaf=sealed[0]))
            if (entry := self._logged(bytes_part, None, row)) is not None:
                yield VerifiedLeaf(entry, None)
        while sealed is not None:
            yield self._missing_event(bytes_part, sealed)
            sealed = next(leaves, None)

    def _sealed(self, part: VerificationPart) -> Iterator[_Sealed]:
        for row in self._pages(_LEAVES, BEFORE_ALL, last=self.last_leaf):
            if type(row[1]) is int and type(row[2]) is bytes:
                yield row
            else:
                part.fail(VerificationFailure("the stored leaf does not have a position and a hash", leaf=row[0]))
                yield row[0], BEFORE_ALL, b""

    def _missing_event(self, part: VerificationPart, sealed: _Sealed) -> VerifiedLeaf:
        leaf, position, hash = sealed
        part.fail(VerificationFailure(f"its event is missing at position {position} of the log", leaf=leaf))
        return VerifiedLeaf(None, hash)

    def _logged(self, part: VerificationPart, leaf: int | None, row: tuple[Any, ...]) -> Logged | None:
        """The event of a row. If the row is not in the form that the ledger writes, adds a failure and returns None."""
        position, stream, version, topic, state = row
        try:
            name = self._names.get(stream) or self._name_of(stream)
            if type(version) is int and type(topic) is str:
                return Logged(leaf, name, version, topic, self._mapper.plain_state(state))
        except Exception as error:
            problem = type(error).__name__
        else:
            problem = "not in canonical form"
        part.fail(
            VerificationFailure(f"the row at position {position} of the log can't be read [{problem}]", leaf=leaf)
        )
        return None

    def _name_of(self, stream: UUID | str) -> str:
        """The name of a stream. Raises ValueError: SQLite stores any value, and another form is an alteration too."""
        history = stream if isinstance(stream, UUID) else UUID(stream)
        if stream not in (history, history.hex):
            raise ValueError("not in canonical form")
        name = self._names[stream] = str(history)
        return name

    def histories(self, heads: Mapping[str, int]) -> Iterator[list[Logged]]:
        patients = iter(heads)
        while some := list(islice(patients, HISTORIES)):
            for stream, rows in self._ledger.recorder.rows_of_each([UUID(one) for one in some]):
                yield list(self._plain(str(stream), rows, heads[str(stream)]))

    def _plain(self, stream: str, rows: Sequence[tuple[int, str, bytes]], last: int) -> Iterator[Logged]:
        for version, topic, state in rows:
            if type(version) is int and version <= last:
                yield Logged(None, stream, version, str(topic), self._decrypted(state))

    def _decrypted(self, state: bytes) -> bytes:
        try:
            return self._mapper.plain_state(bytes(state))
        except Exception:
            # The failure was reported when the log was read. Here, the state counts as empty.
            return b""

    # -- the stored tree --------------------------------------------------------------------------

    def checkpoints(self, part: VerificationPart) -> Iterator[Signed]:
        after = BEFORE_ALL
        while page := self._select(_CHECKPOINTS, after=after, last=self.last_size, most=PAGE):
            # All checkpoints of one size are read together, because the page may end between them.
            after = page[-1][1]
            rows = [row for row in page if row[1] != after] + self._select(_OF_ONE_SIZE, size=after)
            for origin, size, note in rows:
                place = f"checkpoint of {size} leaves"
                try:
                    signed = read_signed(note, place, is_given=False)
                except (SealError, TypeError, AttributeError) as error:
                    part.fail(
                        VerificationFailure(
                            error.what if isinstance(error, SealError) else "it is not text", file=place
                        )
                    )
                    continue
                if (signed.checkpoint.origin, signed.size) != (origin, size):
                    part.fail(VerificationFailure("the origin or size of its note differs from its row", file=place))
                    continue
                yield signed

    def subtrees(self, part: VerificationPart, size: int) -> Iterator[tuple[int, str, Iterable[tuple[int, bytes]]]]:
        del part
        expected = {level for level in range(1, 8) if size >> 8 * level}
        for level in sorted(expected | {row[0] for row in self._select(_LEVELS)}):
            rows = self._pages(_SUBTREES, BEFORE_ALL, level=level)
            yield level, f"stored subtrees of level {level}", self._without_new_hashes(rows, size >> 8 * max(level, 0))

    def _without_new_hashes(self, rows: Iterator[tuple[Any, ...]], hashes: int) -> Iterator[tuple[int, bytes]]:
        """The hashes of the verified tree, without those that were added while the verification runs."""
        grown = self._one(_LAST_LEAF) != self.last_leaf
        return ((number, hash) for number, hash in rows if number < hashes or not grown)

    # -- the access log ---------------------------------------------------------------------------

    def accesses(self, register: str, first: int, count: int) -> list[str]:
        rows = self._select(_ROWS, register=self._register_value(register), first=first, end=first + count)
        self._covered[register] = max(self._covered.get(register, 0), first + count - 1)
        # If the search columns of a row differ from its text, the row was altered.
        return [row[-1] if _is_found_by_its_columns(row) else "" for row in rows]

    def _register_value(self, register: str) -> UUID | str:
        return UUID(register).hex if isinstance(self._store, SQLiteViews) else UUID(register)

    def finish(
        self,
        bytes_part: VerificationPart,
        meaning_part: VerificationPart,
        size: int,
        editions: frozenset[EditionRevision],
    ) -> None:
        del bytes_part, size, editions
        registers = self._select(_REGISTERS)
        # Also count batches that were recorded in the meantime. Their digests are in the same commits as their rows.
        position = self.last_position
        while page := self._ledger.recorder.log(position, PAGE):
            for _, stream, _, topic, state in page:
                if topic == AccessesRecorded.TOPIC:
                    values = from_json(self._decrypted(state))
                    self._covered[str(stream)] = values["first"] + values["count"] - 1
            position = page[-1][0]
        for name, rows, first, last in registers:
            register = str(name if isinstance(name, UUID) else UUID(name))
            covered = self._covered.get(register, 0)
            if last > covered or first != 1 or rows != last:
                what = "the access log has rows of this register that no digest covers, or rows are missing"
                meaning_part.fail(VerificationFailure(what, stream=register))


def _is_found_by_its_columns(row: tuple[Any, ...]) -> bool:
    """Whether the search columns of a row match its text, in the form that the store writes."""
    _, at, actor_id, patient_id, text = row
    try:
        values = from_json(text)
        instant: datetime | str = datetime.fromisoformat(values["at"]).astimezone(UTC)
        patient: UUID | str | None = None if values.get("patient_id") is None else UUID(values["patient_id"])
        text_actor_id: Any = values["actor_id"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return False
    if isinstance(at, str):
        assert isinstance(instant, datetime)
        instant = instant.isoformat(timespec="microseconds")
    if isinstance(patient_id, str) and isinstance(patient, UUID):
        patient = patient.hex
    return (at, actor_id, patient_id) == (instant, text_actor_id, patient)
