"""The leaves, full subtrees, checkpoints and the lease of the seal, on both stores.

A process that seals takes the lease in each of its transactions, so that a process that paused for too long notices
that another process has the lease. In addition, the leaf number is a primary key, so two processes can't write the
same leaf.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

from eventsourcing.sqlite import SQLiteDatastore

from domain.ledger.stores.sql import PostgresViews, SQLiteViews, SqlRun
from domain.ledger.stores.sqlite_connections import LedgerSQLiteDatastore
from domain.seal.merkle import Subtree
from domain.seal.tiles import HEIGHT, reading_tiles

if TYPE_CHECKING:
    from eventsourcing.postgres import PostgresDatastore

LEASE_SECONDS: Final = 15
"""After this time without a renewal by its holder, another process may take the lease."""

_SEAL_LOCK: Final = 5_207_642_218_040_313_160
_NOW_ON_SQLITE: Final = "((julianday('now') - 2440587.5) * 86400.0)"
_NOW_ON_POSTGRES: Final = "extract(epoch FROM clock_timestamp())"

_TAKE: Final = """INSERT INTO {schema}.seal_lease (one, holder, until) VALUES (1, :holder, {now} + :seconds)
    ON CONFLICT (one) DO UPDATE SET holder = excluded.holder, until = excluded.until
    WHERE seal_lease.holder = :holder OR seal_lease.until < {now} RETURNING one"""
_RELEASE: Final = "UPDATE {schema}.seal_lease SET until = 0 WHERE holder = :holder"
_HOLDER: Final = "SELECT holder FROM {schema}.seal_lease WHERE until >= {now}"
_LAST: Final = "SELECT leaf_index, position FROM {schema}.sealed_events ORDER BY leaf_index DESC LIMIT 1"
_LEAVES: Final = """SELECT leaf_index, position, hash FROM {schema}.sealed_events
    WHERE leaf_index >= :first ORDER BY leaf_index LIMIT :most"""
_SUBTREES: Final = """SELECT number AS leaf_index, 0 AS position, hash FROM {schema}.seal_subtrees
    WHERE level = :level AND number >= :first ORDER BY number LIMIT :most"""
_LEAF: Final = """SELECT leaf_index, position, hash FROM {schema}.sealed_events WHERE position =
    (SELECT {position} FROM {schema}.stored_events WHERE originator_id = :stream AND originator_version = :version)"""
_COVERING: Final = """SELECT origin, size, note, signed_at FROM {schema}.checkpoints
    WHERE origin = :origin AND size > :leaf ORDER BY size LIMIT 1"""
_NEWEST: Final = """SELECT origin, size, note, signed_at FROM {schema}.checkpoints
    WHERE origin = :origin ORDER BY size DESC, signed_at DESC LIMIT 1"""
_PAGE: Final = """SELECT origin, size, note, signed_at FROM {schema}.checkpoints
    WHERE origin = :origin AND size > :after ORDER BY size, signed_at LIMIT :most"""
_INSERT_CHECKPOINT: Final = """INSERT INTO {schema}.checkpoints (origin, size, note, signed_at)
    VALUES (:origin, :size, :note, :signed_at) ON CONFLICT DO NOTHING"""
_UNSEALED: Final = "SELECT COUNT(*) AS found FROM {schema}.stored_events WHERE {position} > :after"


class StoredLeaf(NamedTuple):
    """A leaf of the tree. `position` is the position of its event in the log."""

    number: int
    position: int
    hash: bytes


class StoredCheckpoint(NamedTuple):
    origin: str
    size: int
    note: str
    signed_at: datetime


class LeaseHeldElsewhere(Exception):
    """Another process has the lease. Nothing was written."""


class SealStore:
    """The stored seal of one ledger. Safe for threads."""

    def __init__(self, datastore: SQLiteDatastore | PostgresDatastore) -> None:
        if isinstance(datastore, LedgerSQLiteDatastore):
            self._store: SQLiteViews | PostgresViews = SQLiteViews(datastore)
            self._dialect = {"{now}": _NOW_ON_SQLITE, "{position}": "rowid"}
        else:
            from domain.ledger.stores.postgres_datastore import LedgerPostgresDatastore  # noqa: PLC0415  (psycopg is slow to import)

            assert isinstance(datastore, LedgerPostgresDatastore)
            self._store = PostgresViews(datastore, _SEAL_LOCK)
            self._dialect = {"{now}": _NOW_ON_POSTGRES, "{position}": "notification_id"}
        self._is_sqlite = isinstance(self._store, SQLiteViews)
        self.read = reading_tiles(self.hashes)

    # -- reading --------------------------------------------------------------------------------

    def last(self) -> StoredLeaf | None:
        """The last leaf, without its hash, or None."""
        rows = self._select(_LAST)
        return StoredLeaf(rows[0]["leaf_index"], rows[0]["position"], b"") if rows else None

    def hashes(self, level: int, first: int, count: int) -> Sequence[bytes]:
        """The hashes of subtrees of 256 ** level leaves; at level 0, of leaves. Fewer if some do not exist."""
        return [one.hash for one in self._hashed(level, first, count) if one.number < first + count]

    def leaves(self, first: int, count: int) -> list[StoredLeaf]:
        return self._hashed(0, first, count)

    def leaf_of(self, stream: UUID, version: int) -> StoredLeaf | None:
        """The leaf of an event; None if the event is not sealed or does not exist."""
        name = stream.hex if self._is_sqlite else stream
        return next(iter(_leaves(self._select(_LEAF, stream=name, version=version))), None)

    def covering(self, origin: str, leaf: int) -> StoredCheckpoint | None:
        """The first checkpoint whose tree contains this leaf, or None."""
        return next(_checkpoints(self._select(_COVERING, origin=origin, leaf=leaf)), None)

    def newest(self, origin: str) -> StoredCheckpoint | None:
        return next(_checkpoints(self._select(_NEWEST, origin=origin)), None)

    def checkpoints(self, origin: str, after: int = 0, most: int = 200) -> list[StoredCheckpoint]:
        """The next checkpoints that are larger than `after`, ordered by size."""
        return list(_checkpoints(self._select(_PAGE, origin=origin, after=after, most=most)))

    def unsealed(self) -> int:
        """The number of events of the log that are not sealed yet."""
        last = self.last()
        found: int = self._select(_UNSEALED, after=last.position if last is not None else 0)[0]["found"]
        return found

    def holder(self) -> str | None:
        """The id of the process that has the lease, or None."""
        rows = self._select(_HOLDER)
        return rows[0]["holder"] if rows else None

    def _hashed(self, level: int, first: int, count: int) -> list[StoredLeaf]:
        if level == 0:
            return _leaves(self._select(_LEAVES, first=first, most=count))
        return _leaves(self._select(_SUBTREES, level=level, first=first, most=count))

    def _select(self, statement: str, **values: Any) -> list[Mapping[str, Any]]:
        return self._store.reads(lambda run: run(self._in_dialect(statement), **values))

    def _in_dialect(self, statement: str) -> str:
        for word, meaning in self._dialect.items():
            statement = statement.replace(word, meaning)
        return statement

    # -- writing --------------------------------------------------------------------------------

    def append(
        self,
        holder: str,
        first: int,
        leaves: Sequence[tuple[int, bytes]],
        completed: Iterable[Subtree],
        *,
        release: bool = False,
    ) -> None:
        """Stores leaves (log position and hash), numbered from `first`, and the subtrees that they completed.

        Raises LeaseIsAnothers, also if `first` is not the next leaf number. With `release`, the next process need not
        wait until the lease expires.
        """
        subtrees = [
            {"level": one.level // HEIGHT, "number": one.number, "hash": one.hash}
            for one in completed
            if one.level % HEIGHT == 0
        ]
        rows = [
            {"leaf_index": number, "position": position, "hash": hash}
            for number, (position, hash) in enumerate(leaves, first)
        ]

        def write(run: SqlRun) -> None:
            self._take_lease(run, holder)
            last = run(_LAST)
            if (last[0]["leaf_index"] + 1 if last else 0) != first:
                raise LeaseHeldElsewhere
            run.add("sealed_events", rows)
            if subtrees:
                run.add("seal_subtrees", subtrees)
            if release:
                run(_RELEASE, holder=holder)

        self._store.writes(write)

    def take_lease(self, holder: str) -> None:
        """Takes or renews the lease. Raises LeaseIsAnothers."""
        self._store.writes(lambda run: self._take_lease(run, holder))

    def store_checkpoint(self, holder: str, one: StoredCheckpoint) -> None:
        """Stores a checkpoint, unless it is stored already. Raises LeaseIsAnothers."""

        def write(run: SqlRun) -> None:
            self._take_lease(run, holder)
            run(_INSERT_CHECKPOINT, **one._asdict())

        self._store.writes(write)

    def release(self, holder: str) -> None:
        self._store.writes(lambda run: run(_RELEASE, holder=holder))

    def _take_lease(self, run: SqlRun, holder: str) -> None:
        if not run(self._in_dialect(_TAKE), holder=holder, seconds=LEASE_SECONDS):
            raise LeaseHeldElsewhere


def _leaves(rows: Iterable[Mapping[str, Any]]) -> list[StoredLeaf]:
    return [StoredLeaf(row["leaf_index"], row["position"], bytes(row["hash"])) for row in rows]


def _checkpoints(rows: Iterable[Mapping[str, Any]]) -> Iterator[StoredCheckpoint]:
    for row in rows:
        at = row["signed_at"]
        instant = at if isinstance(at, datetime) else datetime.fromisoformat(at)
        yield StoredCheckpoint(row["origin"], row["size"], row["note"], instant)
