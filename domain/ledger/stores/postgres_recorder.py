"""Writes events to PostgreSQL and reads them: one round trip for a batch of commands, in the order of commits.

A batch is written by a function of the ledger's schema (`RECORD_COMMANDS` in `tables.py`), which takes the
ordering lock, leaves out commands that are too late, and inserts the others. It must be a function, because
each of its statements sees everything that was committed before it took the lock. A single statement would not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Final
from uuid import UUID

import psycopg
from eventsourcing.persistence import ApplicationRecorder, InfrastructureFactory, OperationalError, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresFactory
from eventsourcing.utils import Environment
from psycopg import Cursor
from psycopg.rows import TupleRow
from pydantic_core import to_json

from domain.ledger.stores.group_commit import AccessRow, CommandRecord, GroupCommit, Recording
from domain.ledger.stores.postgres_connections import (
    ATTEMPTS,
    PAUSE_SECONDS,
    Listener,
    Readers,
    close_quietly,
    connect,
    is_unusable,
    translated,
)
from domain.ledger.stores.postgres_datastore import SCHEMA, LedgerPostgresDatastore
from domain.ledger.stores.unavailable import LOCK_SECONDS, Busy, LastWrite, Unavailable
from domain.ledger.stores.urls import PostgresAddress
from domain.ledger.stores.write_probe import try_postgres
from domain.ledger.tables.tables import CHANNEL

LOCK_ATTEMPTS: Final = 3
"""How many times a batch waits for a lock. Its callers then get an answer, after ten seconds at most."""
POLL_SECONDS: Final = 1.0
"""The longest delay until a waiting reader sees new events if their notification was lost."""

Row = tuple[int, str, bytes]
Changed = tuple[int, UUID, str]

_COLUMNS = "caller, key, request_digest, patient_id, first_version, last_version"
_RECORD = f"SELECT {SCHEMA}.record_commands(%s::jsonb, %b::bytea[])"
_MAKE_SURE = "SELECT pg_logical_emit_message(true, 'lemtrada-ledger', '')::text"
_FIND_COMMAND = f"SELECT {_COLUMNS} FROM {SCHEMA}.commands WHERE caller = %s AND key = %s"  # noqa: S608
_EVENTS = f"FROM {SCHEMA}.stored_events WHERE"
_ROWS = f"SELECT originator_version, topic, state {_EVENTS} originator_id = %s"
_OF_EACH = f"SELECT originator_id, originator_version, topic, state {_EVENTS} originator_id = ANY(%s) ORDER BY 1, 2"
_LAST = f"SELECT MAX(notification_id) FROM {SCHEMA}.stored_events"  # noqa: S608
_LOG = (
    f"SELECT notification_id, originator_id, originator_version, topic, state {_EVENTS} notification_id > %s"
    " ORDER BY notification_id LIMIT %s"
)
_CHANGED = (
    f"SELECT notification_id, originator_id, topic {_EVENTS} notification_id > %s ORDER BY notification_id LIMIT %s"
)
_OPENED = (
    f"SELECT notification_id, originator_id {_EVENTS} notification_id > %s AND topic = %s"
    " ORDER BY notification_id LIMIT %s"
)


class PostgresLedgerRecorder(PostgresApplicationRecorder):
    datastore: LedgerPostgresDatastore

    def __init__(self, datastore: LedgerPostgresDatastore) -> None:
        super().__init__(datastore)
        self._writer = Writer(datastore)
        self._commits = GroupCommit(self._writer.write)
        self._readers = Readers(datastore)
        self._listener = Listener(datastore, CHANNEL)

    def on_connection_lost(self, forget: Callable[[], None]) -> None:
        """Calls `forget` when a connection is lost: the next server may never have received the newest events."""
        self._writer.on_lost = self._readers.on_lost = forget

    def close(self) -> None:
        """Closes the connections that do not belong to the pool."""
        self._writer.close()
        self._readers.close()
        self._listener.close()

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Inserts events with the rows that belong to them, in one commit with the inserts of other threads.

        `idempotency` is the CommandRecord of the events, and `accesses` are the access rows whose digest the first
        event has. Raises IntegrityError if a version or key is taken, or if the connection was lost and it is unknown
        whether the events are stored.
        """
        if stored_events:
            self._commits.commit(Recording(stored_events, kwargs.get("idempotency"), kwargs.get("accesses", ())))
        return None

    @property
    def last_write(self) -> LastWrite:
        """The outcome of the last write of this process."""
        return self._writer.last

    def are_files_here(self) -> bool:
        """True: the files of PostgreSQL are not this program's."""
        return True

    @property
    def batch_sizes(self) -> Mapping[int, int]:
        """How many batches of commands and accesses had each size."""
        return self._commits.sizes

    @property
    def connections_in_use(self) -> int:
        """How many of the connections for queries are in use now."""
        return self._readers.in_use

    def try_to_write(self) -> None:
        """Writes and leaves nothing behind. Raises persistence errors."""
        try_postgres(self.datastore)

    def wait_until_durable(self) -> None:
        """Returns when everything that can be read now is durable, also on a synchronous standby.

        After a restart of the primary, rows can be read that the standby has not yet received. This method makes a
        commit of its own after them, and waits for it as for every commit.
        """
        self._read(_MAKE_SURE)

    # -- reading ------------------------------------------------------------------------------

    def _read(self, statement: str, *values: Any) -> Any:
        return self._readers.read(statement.encode(), values)

    def find_command(self, caller: str, key: str) -> CommandRecord | None:
        found = self._read(_FIND_COMMAND, caller, key)
        return CommandRecord(*found[0]) if found else None

    def rows_of(self, stream: UUID, first: int = 1, last: int | None = None) -> Sequence[Row]:
        """The events of a stream from version `first` to `last`, both included, oldest first."""
        statement = _ROWS
        values: list[UUID | int] = [stream]
        if first > 1:
            statement, values = f"{statement} AND originator_version >= %s", [*values, first]
        if last is not None:
            statement, values = f"{statement} AND originator_version <= %s", [*values, last]
        found: Sequence[Row] = self._read(f"{statement} ORDER BY originator_version", *values)
        return found

    def rows_of_each(self, streams: Sequence[UUID]) -> Iterator[tuple[UUID, Sequence[Row]]]:
        """All events of each stream, from one snapshot."""
        found = {
            stream: list(rows) for stream, rows in groupby(self._read(_OF_EACH, list(streams)), lambda row: row[0])
        }
        for stream in streams:
            yield stream, [row[1:] for row in found.get(stream, ())]

    def log(self, position: int, limit: int) -> Sequence[tuple[int, UUID, int, str, bytes]]:
        """The next `limit` events after a position: position, stream, version, topic, state."""
        found: Sequence[tuple[int, UUID, int, str, bytes]] = self._read(_LOG, position, limit)
        return found

    def changed_since(self, position: int, limit: int) -> Sequence[Changed]:
        found: Sequence[Changed] = self._read(_CHANGED, position, limit)
        return found

    def opened_since(self, position: int, topic: str, limit: int) -> Sequence[tuple[int, UUID]]:
        """The next streams after a position that have an event of this topic, with the position of that event."""
        found: Sequence[tuple[int, UUID]] = self._read(_OPENED, position, topic, limit)
        return found

    def max_notification_id(self) -> int:
        ((last,),) = self._read(_LAST)
        return last or 0

    def server_time(self) -> datetime | None:
        """The instant of the server's clock."""
        ((instant,),) = self._read("SELECT clock_timestamp()")
        found: datetime = instant
        return found

    def wait_beyond(self, position: int, timeout: float) -> int:
        """Waits until the log has an event after `position`, or for `timeout` seconds. Returns the last position."""
        deadline = time.monotonic() + timeout
        while True:
            last, seconds_left = self.max_notification_id(), deadline - time.monotonic()
            if last > position or seconds_left <= 0:
                return last
            self._listener.wait(min(seconds_left, POLL_SECONDS))


class PostgresLedgerFactory(PostgresFactory):
    def __init__(self, address: PostgresAddress, env: Environment) -> None:
        InfrastructureFactory.__init__(self, env)
        self.datastore = LedgerPostgresDatastore(address)

    def application_recorder(self) -> ApplicationRecorder:
        assert isinstance(self.datastore, LedgerPostgresDatastore)
        return PostgresLedgerRecorder(self.datastore)


class Writer:
    """The one connection on which this process writes events. The group commit writes one batch at a time."""

    def __init__(self, datastore: LedgerPostgresDatastore) -> None:
        self._datastore = datastore
        self._cursor: Cursor[TupleRow] | None = None
        self.on_lost: Callable[[], None] = lambda: None
        self.last = LastWrite()

    def write(self, batch: Sequence[Recording]) -> Collection[int]:
        """Writes a batch. Returns the indexes of the recordings that were not stored because they came too late.

        If the connection is lost while writing, all indexes are returned. The callers then check whether their events
        are stored, and otherwise decide again.
        """
        commands, states = as_parameters(batch)
        lock_waits = 0
        for attempt in range(1, ATTEMPTS + 1):
            try:
                late = self._written(commands, states)
            except Busy as busy:
                self.last.lock_waits += 1
                self.last.lock_seconds += LOCK_SECONDS
                self.last.failure = busy
                lock_waits += 1
                if lock_waits == LOCK_ATTEMPTS:
                    raise
            except OperationalError as error:
                self.last.failure = error
                if attempt == ATTEMPTS or isinstance(error, Unavailable):
                    raise
            except ConnectionLost as lost:
                self.last.failure = lost
                return range(len(batch))
            else:
                self.last.failure, self.last.succeeded_at = None, time.monotonic()
                return late
            time.sleep(PAUSE_SECONDS)
        raise AssertionError("unreachable")

    def _written(self, commands: str, states: list[bytes]) -> Collection[int]:
        """Raises OperationalError if nothing was stored, because there was no connection or no lock."""
        cursor = self._cursor if self._cursor is not None else self._connected()
        try:
            return [number for (number,) in cursor.execute(_RECORD.encode(), (commands, states), prepare=True)]
        except psycopg.Error as error:
            is_read_only = isinstance(error, psycopg.errors.ReadOnlySqlTransaction)
            if not (is_read_only or is_unusable(cursor.connection)):
                raise translated(error) from error
            self.close()
            self.on_lost()
            if is_read_only:
                raise ReadOnlyServer(
                    f"{self._datastore.address} is read-only",
                    "give the URL of the primary, or list all hosts separated by commas",
                ) from error
            raise ConnectionLost from error
        except BaseException:
            # The exchange was interrupted, so the state of this connection is unknown.
            self.close()
            raise

    def _connected(self) -> Cursor[TupleRow]:
        self._cursor = connect(self._datastore).cursor(binary=True)
        return self._cursor

    def close(self) -> None:
        if self._cursor is not None:
            close_quietly(self._cursor.connection)
            self._cursor = None


class ReadOnlyServer(Unavailable):
    """The server is a standby or a former primary. Nothing was stored, and the next command connects again."""


class ConnectionLost(Exception):
    """The connection was lost while writing, so it is unknown whether the batch is stored."""


def as_parameters(batch: Sequence[Recording]) -> tuple[str, list[bytes]]:
    """A batch as JSON, and the states of its events. An event has the index of its state, counted from 1 as in SQL."""
    states: list[bytes] = []
    commands = []
    for one in batch:
        events = []
        for event in one.events:
            states.append(event.state)
            events.append(
                {"stream": event.originator_id, "version": event.originator_version, "topic": event.topic}
                | {"state": len(states)}
            )
        record = one.command
        commands.append(
            {
                "heads": [{"stream": stream, "version": version} for stream, version in one.heads().items()],
                "events": events,
            }
            | (
                {"caller": record.caller, "key": record.key, "request_digest": record.request_digest}
                | {"patient_id": record.patient_id, "first": record.first_version, "last": record.last_version}
                if record is not None
                else {}
            )
            | (
                {"register": one.register, "accesses": list(map(AccessRow._asdict, one.accesses))}
                if one.accesses
                else {}
            )
        )
    return to_json(commands).decode(), states
