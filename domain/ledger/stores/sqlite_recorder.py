"""Writes events to SQLite and reads them, with the library's table and order of commits, but with less work."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from threading import Condition
from typing import Any, Final
from uuid import UUID

from eventsourcing.persistence import StoredEvent
from eventsourcing.sqlite import SQLiteApplicationRecorder

from domain.ledger.stores.group_commit import AccessRow, CommandRecord, GroupCommit, Recording
from domain.ledger.stores.sqlite_connections import LedgerSQLiteDatastore
from domain.ledger.stores.unavailable import FilesChanged, LastWrite
from domain.ledger.stores.write_probe import try_sqlite

POLL_SECONDS: Final = 0.5
"""The longest delay until a waiting reader sees events of another process. It sees events of its own at once."""

Row = tuple[int, str, bytes]
"""Version, topic and state of one event."""
Changed = tuple[int, UUID, str]
"""Position in the log, stream and topic of one event."""

_INSERT = "INSERT INTO stored_events VALUES (?, ?, ?, ?)"
_COLUMNS = "caller, key, request_digest, patient_id, first_version, last_version"
_INSERT_COMMAND = f"INSERT INTO commands ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"  # noqa: S608
_FIND_COMMAND = f"SELECT {_COLUMNS} FROM commands WHERE caller = ? AND key = ?"  # noqa: S608
_HEAD = "SELECT MAX(originator_version) FROM stored_events WHERE originator_id = ?"
_INSERT_FIRST = (
    f"INSERT INTO stored_events SELECT ?, ?, ?, ? WHERE ? = 1 + COALESCE(({_HEAD}), 0)"  # noqa: S608
    " AND NOT EXISTS (SELECT 1 FROM commands WHERE caller = ? AND key = ?)"
)
_INSERT_FIRST_OF = (
    "INSERT INTO stored_events SELECT column1, column2, column3, column4 FROM (VALUES {rows})"
    " WHERE column2 = 1 + COALESCE("
    "(SELECT MAX(originator_version) FROM stored_events WHERE originator_id = column1), 0)"
    " AND NOT EXISTS (SELECT 1 FROM commands WHERE caller = column5 AND key = column6)"
)
_INSERT_COMMANDS = f"INSERT INTO commands ({_COLUMNS}) VALUES {{rows}}"  # noqa: S608
_INSERT_ACCESS = "INSERT INTO accesses (register, number, at, actor_id, patient_id, row) VALUES (?, ?, ?, ?, ?, ?)"
_ROWS = "SELECT originator_version, topic, state FROM stored_events WHERE originator_id = ?"
_LOG = "SELECT rowid, originator_id, originator_version, topic, state FROM stored_events WHERE rowid > ?"
_CHANGED = "SELECT rowid, originator_id, topic FROM stored_events WHERE rowid > ? ORDER BY rowid LIMIT ?"
_OPENED = "SELECT rowid, originator_id FROM stored_events WHERE rowid > ? AND topic = ? ORDER BY rowid LIMIT ?"


def _values(event: StoredEvent) -> tuple[str, int, str, bytes]:
    assert isinstance(event.originator_id, UUID)
    return event.originator_id.hex, event.originator_version, event.topic, event.state


def _command_values(record: CommandRecord) -> tuple[str, str, str, str, int, int]:
    names = record.caller, record.key, record.request_digest, record.patient_id.hex
    return (*names, record.first_version, record.last_version)


def _access_values(register: UUID, one: AccessRow) -> tuple[str, int, str, str, str | None, str]:
    """The values of a row. Instants are written at one width, so that SQLite sorts them by time."""
    at = one.at.astimezone(UTC).isoformat(timespec="microseconds")
    patient_id = one.patient_id.hex if one.patient_id is not None else None
    return register.hex, one.number, at, one.actor_id, patient_id, one.row


@lru_cache(maxsize=256)
def _with_rows(statement: str, columns: int, rows: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return statement.format(rows=", ".join([row] * rows))


class SQLiteLedgerRecorder(SQLiteApplicationRecorder):
    datastore: LedgerSQLiteDatastore

    def __init__(self, datastore: LedgerSQLiteDatastore) -> None:
        super().__init__(datastore)
        self._commits = GroupCommit(self._write)
        self._log_has_grown = Condition()
        self._readers_waiting = 0

    def on_connection_lost(self, forget: Callable[[], None]) -> None:
        """Does nothing: the connection to a file is never lost."""

    def close(self) -> None:
        """Does nothing: all connections belong to the datastore."""

    @property
    def last_write(self) -> LastWrite:
        """The outcome of the last write of this process."""
        return self.datastore.writing().last

    @property
    def connections_in_use(self) -> int:
        """How many connections for queries are in use now."""
        return self.datastore.readers_in_use

    def are_files_here(self) -> bool:
        """Whether the files of the ledger are those that were opened."""
        try:
            self.datastore.files.check()
        except FilesChanged:
            return False
        return True

    @property
    def batch_sizes(self) -> Mapping[int, int]:
        """How many batches of commands and accesses had each size."""
        return self._commits.sizes

    def try_to_write(self) -> None:
        """Writes and leaves nothing behind. Raises persistence errors."""
        try_sqlite(self.datastore)

    # -- writing ------------------------------------------------------------------------------

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Inserts events with the rows that belong to them, in one commit with the inserts of other threads.

        `idempotency` is the CommandRecord of the events, and `accesses` are the access rows whose digest the first
        event has. Raises IntegrityError if a version or key is taken.
        """
        if stored_events:
            self._commits.commit(Recording(stored_events, kwargs.get("idempotency"), kwargs.get("accesses", ())))
        return None

    def _write(self, batch: Sequence[Recording]) -> Sequence[int]:
        with self.datastore.writing() as connection:
            execute, lost = connection.execute, list[int]()
            if len(batch) == 1 or not self._store_together(execute, batch):
                lost = [number for number, one in enumerate(batch) if not self._store_one(execute, one)]
            for number, one in enumerate(batch):
                if one.accesses and number not in lost:
                    register = one.register
                    connection.executemany(_INSERT_ACCESS, [_access_values(register, row) for row in one.accesses])
        if self._readers_waiting:
            with self._log_has_grown:
                self._log_has_grown.notify_all()
        return lost

    @staticmethod
    def _store_together(execute: Callable[..., sqlite3.Cursor], batch: Sequence[Recording]) -> bool:
        """Stores a batch of commands with one event each, in two statements. False for any other batch or a conflict.

        If the result is False, nothing is stored. Python switches threads at each statement, which costs more than the
        statement itself, so fewer statements are faster.
        """
        if any(len(one.events) > 1 for one in batch):
            return False
        values: list[object] = []
        records = [one.command for one in batch if one.command is not None]
        for one in batch:
            values += _values(one.events[0])
            values += (one.command.caller, one.command.key) if one.command is not None else (None, None)
        if execute(_with_rows(_INSERT_FIRST_OF, 6, len(batch)), values).rowcount != len(batch):
            # A command of the batch is too late. Rows can't be deleted, so the transaction is rolled back, and each
            # command is tried alone.
            execute("ROLLBACK")
            execute("BEGIN IMMEDIATE")
            return False
        if records:
            values = [value for record in records for value in _command_values(record)]
            execute(_with_rows(_INSERT_COMMANDS, 6, len(records)), values)
        return True

    @staticmethod
    def _store_one(execute: Callable[..., sqlite3.Cursor], one: Recording) -> bool:
        """Stores one recording. False if it is too late; then nothing of it is stored."""
        events, record = one.events, one.command
        first = events[0]
        if len(events) > 1:
            for stream, version in one.heads().items():
                if stream != first.originator_id and (execute(_HEAD, (stream.hex,)).fetchone()[0] or 0) != version:
                    return False
        caller, key = (record.caller, record.key) if record is not None else (None, None)
        values = _values(first)
        if not execute(_INSERT_FIRST, (*values, values[1], values[0], caller, key)).rowcount:
            return False
        for event in events[1:]:
            execute(_INSERT, _values(event))
        if record is not None:
            execute(_INSERT_COMMAND, _command_values(record))
        return True

    def wait_until_durable(self) -> None:
        """Everything that can be read is committed and durable. Raises FilesChanged if a file is not here."""
        self.datastore.files.check()

    # -- reading ------------------------------------------------------------------------------

    def find_command(self, caller: str, key: str) -> CommandRecord | None:
        """The record of a key. It is acknowledged once more, so the files must still be here: raises FilesChanged."""
        self.datastore.files.check()
        with self.datastore.reading() as connection:
            row = connection.execute(_FIND_COMMAND, (caller, key)).fetchone()
        return CommandRecord(**{**dict(row), "patient_id": UUID(row["patient_id"])}) if row is not None else None

    def rows_of(self, stream: UUID, first: int = 1, last: int | None = None) -> Sequence[Row]:
        """The events of a stream from version `first` to `last`, both included, oldest first."""
        statement = _ROWS
        values: list[str | int] = [stream.hex]
        if first > 1:
            statement, values = f"{statement} AND originator_version >= ?", [*values, first]
        if last is not None:
            statement, values = f"{statement} AND originator_version <= ?", [*values, last]
        with self.datastore.reading() as connection:
            return self._tuples(connection, f"{statement} ORDER BY originator_version", values)

    def rows_of_each(self, streams: Sequence[UUID]) -> Iterator[tuple[UUID, Sequence[Row]]]:
        """All events of each stream, from one snapshot."""
        with self.datastore.reading() as connection:
            connection.execute("BEGIN")
            try:
                found = [(stream, self._tuples(connection, f"{_ROWS} ORDER BY 1", (stream.hex,))) for stream in streams]
            finally:
                connection.rollback()
        yield from found

    def log(self, position: int, limit: int) -> Sequence[tuple[int, UUID, int, str, bytes]]:
        """The next `limit` events after a position: position, stream, version, topic, state."""
        with self.datastore.reading() as connection:
            rows = self._tuples(connection, f"{_LOG} ORDER BY rowid LIMIT ?", (position, limit))
        return [(number, UUID(stream), version, topic, state) for number, stream, version, topic, state in rows]

    def changed_since(self, position: int, limit: int) -> Sequence[Changed]:
        with self.datastore.reading() as connection:
            rows = self._tuples(connection, _CHANGED, (position, limit))
        return [(number, UUID(stream), topic) for number, stream, topic in rows]

    def opened_since(self, position: int, topic: str, limit: int) -> Sequence[tuple[int, UUID]]:
        """The next streams after a position that have an event of this topic, with the position of that event."""
        with self.datastore.reading() as connection:
            rows = self._tuples(connection, _OPENED, (position, topic, limit))
        return [(number, UUID(stream)) for number, stream in rows]

    @staticmethod
    def _tuples(connection: Any, statement: str, values: Sequence[Any]) -> list[Any]:
        cursor = connection.cursor()
        cursor.row_factory = None
        found: list[Any] = cursor.execute(statement, values).fetchall()
        return found

    def server_time(self) -> datetime | None:
        """None: there is no server with a clock of its own."""
        return None

    def max_notification_id(self) -> int:
        with self.datastore.reading() as connection:
            last: int | None = connection.execute("SELECT MAX(rowid) FROM stored_events").fetchone()[0]
        return last or 0

    def wait_beyond(self, position: int, timeout: float) -> int:
        """Waits until the log has an event after `position`, or for `timeout` seconds. Returns the last position."""
        deadline = time.monotonic() + timeout
        with self._log_has_grown:
            # Count this reader before the first read, so that a writer that commits after the read wakes it.
            self._readers_waiting += 1
            try:
                while True:
                    last, seconds_left = self.max_notification_id(), deadline - time.monotonic()
                    if last > position or seconds_left <= 0:
                        return last
                    self._log_has_grown.wait(min(seconds_left, POLL_SECONDS))
            finally:
                self._readers_waiting -= 1
