"""How events reach PostgreSQL and come back: one round trip for a batch of commands, in the order of commits.

The batch goes to a function of the ledger's schema (`RECORD_COMMANDS` in `tables.py`), which takes
the ordering lock, leaves out who came too late and inserts the rest. It must be a function:
each of its statements sees what was committed before the lock was got, as a single statement would not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
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
    closed,
    connected,
    is_of_no_use,
    translated,
)
from domain.ledger.stores.postgres_datastore import SCHEMA, LedgerPostgresDatastore
from domain.ledger.stores.urls import PostgresAddress
from domain.ledger.tables.tables import CHANNEL

POLL_SECONDS: Final = 1.0
"""How soon a reader that waits sees what was recorded where the notification of it was lost."""

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

    def whenever_connection_is_lost(self, forget: Callable[[], None]) -> None:
        """After it, the store may be another server, which never had the newest events."""
        self._writer.when_lost = self._readers.when_lost = forget

    def close(self) -> None:
        """The connections that are not the pool's."""
        self._writer.close()
        self._readers.close()
        self._listener.close()

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Together with what other threads insert now, and with the rows that belong to them.

        `idempotency` is that of their command, `accesses` those of the access log whose digest they are. Raises
        IntegrityError where a place is taken, and where the connection was lost and it is not known whether the events
        are stored.
        """
        if stored_events:
            self._commits.commit(Recording(stored_events, kwargs.get("idempotency"), kwargs.get("accesses", ())))
        return None

    def make_sure(self) -> None:
        """Returns once all that can be read now is as durable as a commit, on the standby too if one is waited for.

        What was written before the primary was restarted is seen after it, even where the
        standby has not got it. A commit of our own comes after it, and waits as every commit does.
        """
        self._read(_MAKE_SURE)

    # -- reading ------------------------------------------------------------------------------

    def _read(self, statement: str, *values: Any) -> Any:
        return self._readers.read(statement.encode(), values)

    def find_command(self, caller: str, key: str) -> CommandRecord | None:
        found = self._read(_FIND_COMMAND, caller, key)
        return CommandRecord(*found[0]) if found else None

    def rows_of(self, stream: UUID, first: int = 1, last: int | None = None) -> Sequence[Row]:
        """Oldest first, from version `first` to `last`, both included."""
        statement = _ROWS
        values: list[UUID | int] = [stream]
        if first > 1:
            statement, values = f"{statement} AND originator_version >= %s", [*values, first]
        if last is not None:
            statement, values = f"{statement} AND originator_version <= %s", [*values, last]
        found: Sequence[Row] = self._read(f"{statement} ORDER BY originator_version", *values)
        return found

    def rows_of_each(self, streams: Sequence[UUID]) -> Iterator[tuple[UUID, Sequence[Row]]]:
        """Of one moment, each stream whole."""
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
        """Streams that have an event of this topic, by its position."""
        found: Sequence[tuple[int, UUID]] = self._read(_OPENED, position, topic, limit)
        return found

    def max_notification_id(self) -> int:
        ((last,),) = self._read(_LAST)
        return last or 0

    def wait_beyond(self, position: int, timeout: float) -> int:
        """The log's last position, once it lies beyond this one or the seconds are over."""
        deadline = time.monotonic() + timeout
        while True:
            last, left = self.max_notification_id(), deadline - time.monotonic()
            if last > position or left <= 0:
                return last
            self._listener.wait(min(left, POLL_SECONDS))


class PostgresLedgerFactory(PostgresFactory):
    def __init__(self, address: PostgresAddress, env: Environment) -> None:
        InfrastructureFactory.__init__(self, env)
        self.datastore = LedgerPostgresDatastore(address)

    def application_recorder(self) -> ApplicationRecorder:
        assert isinstance(self.datastore, LedgerPostgresDatastore)
        return PostgresLedgerRecorder(self.datastore)


class Writer:
    """The one connection on which this process writes events; the group commit lets one batch at a time come here."""

    def __init__(self, datastore: LedgerPostgresDatastore) -> None:
        self._datastore = datastore
        self._cursor: Cursor[TupleRow] | None = None
        self.when_lost: Callable[[], None] = lambda: None

    def write(self, batch: Sequence[Recording]) -> Collection[int]:
        """Where the connection is lost meanwhile, all of them count as lost: they are looked for and decided anew."""
        commands, states = as_parameters(batch)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._written(commands, states)
            except ReadOnlyServer:
                raise
            except OperationalError:
                if attempt == ATTEMPTS:
                    raise
            except ConnectionLost:
                return range(len(batch))
            time.sleep(PAUSE_SECONDS)
        raise AssertionError("unreachable")

    def _written(self, commands: str, states: list[bytes]) -> Collection[int]:
        """Raises OperationalError where nothing was stored, for want of a connection or of the lock."""
        cursor = self._cursor if self._cursor is not None else self._connected()
        try:
            return [number for (number,) in cursor.execute(_RECORD.encode(), (commands, states), prepare=True)]
        except psycopg.Error as error:
            is_read_only = isinstance(error, psycopg.errors.ReadOnlySqlTransaction)
            if not (is_read_only or is_of_no_use(cursor.connection)):
                raise translated(error) from error
            self.close()
            self.when_lost()
            if is_read_only:
                raise ReadOnlyServer(
                    f"{self._datastore.address} is read-only: give the URL of the primary, "
                    "or list all hosts separated by commas"
                ) from error
            raise ConnectionLost from error
        except BaseException:
            # Interrupted in the middle of an exchange: what comes next on this connection is not known.
            self.close()
            raise

    def _connected(self) -> Cursor[TupleRow]:
        self._cursor = connected(self._datastore).cursor(binary=True)
        return self._cursor

    def close(self) -> None:
        if self._cursor is not None:
            closed(self._cursor.connection)
            self._cursor = None


class ReadOnlyServer(OperationalError):
    """A standby, or what was the primary; nothing was stored, and the next command looks for another."""


class ConnectionLost(Exception):
    """Whether the batch is stored is not known."""


def as_parameters(batch: Sequence[Recording]) -> tuple[str, list[bytes]]:
    """All but the states as JSON; an event tells which of the states is its own, counted from 1 as SQL does."""
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
