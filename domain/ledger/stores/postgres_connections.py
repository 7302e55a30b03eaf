"""Connections to PostgreSQL outside of the library's pool, each for one kind of work.

The pool's own work for each statement costs more than the ledger's most frequent statements. The errors of this
module are eventsourcing's persistence errors, and their texts contain no password.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import BoundedSemaphore, Lock
from typing import Any, Final

import psycopg
from eventsourcing.persistence import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
    PersistenceError,
    ProgrammingError,
)
from psycopg import Connection, Cursor
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Identifier

from domain.ledger.stores import postgres_datastore
from domain.ledger.stores.postgres_datastore import CONNECTIONS_MAX, LedgerPostgresDatastore, connected, known_cause
from domain.ledger.stores.unavailable import ATTEMPTS, PAUSE_SECONDS, STATEMENT_SECONDS, Busy, retried

__all__ = ["ATTEMPTS", "PAUSE_SECONDS"]

_TRANSLATION: Final[tuple[tuple[type[psycopg.Error], type[PersistenceError]], ...]] = (
    (psycopg.InterfaceError, InterfaceError),
    (psycopg.OperationalError, OperationalError),
    (psycopg.DataError, DataError),
    (psycopg.IntegrityError, IntegrityError),
    (psycopg.InternalError, InternalError),
    (psycopg.ProgrammingError, ProgrammingError),
)


def translated(error: psycopg.Error) -> PersistenceError:
    """The persistence error of eventsourcing for an error of psycopg."""
    if (known := known_cause(error)) is not None:
        return known
    ours = next((ours for theirs, ours in _TRANSLATION if isinstance(error, theirs)), DatabaseError)
    return ours(str(error))


def connect(datastore: LedgerPostgresDatastore) -> Connection[TupleRow]:
    """A new connection in autocommit mode. Raises OperationalError."""
    address = datastore.address
    seconds = address.parameters.get("connect_timeout") or str(max(2, int(postgres_datastore.WAIT_SECONDS)))
    try:
        return connected(address, autocommit=True, connect_timeout=seconds)
    except psycopg.Error as error:
        raise OperationalError(
            f"no connection to {address} within {seconds} s: check that the server "
            "is running and accepts more connections"
        ) from error


def connect_to_read(datastore: LedgerPostgresDatastore) -> Connection[TupleRow]:
    """A new connection whose statements wait for a lock, and take, only so long. Raises OperationalError.

    A connection that writes has no such limit: PostgreSQL may report a commit that only the primary has.
    """
    connection = connect(datastore)
    milliseconds = int(postgres_datastore.WAIT_SECONDS * 1000), STATEMENT_SECONDS * 1000
    try:
        connection.execute("SET lock_timeout = {}; SET statement_timeout = {}".format(*milliseconds).encode())
    except psycopg.Error as error:
        close_quietly(connection)
        raise translated(error) from error
    return connection


def is_unusable(connection: Connection[TupleRow]) -> bool:
    """Whether a connection is closed or in the middle of an exchange, as after a crash of the server."""
    return connection.closed or connection.info.transaction_status is not TransactionStatus.IDLE


def close_quietly(connection: Connection[TupleRow]) -> None:
    """Closes a connection, and ignores errors."""
    with suppress(psycopg.Error):
        connection.close()


class Readers:
    """Connections for single read statements. Each statement sees everything that was committed before it.

    If all connections are in use, a caller waits. `on_lost` is called when a connection was lost.
    """

    def __init__(self, datastore: LedgerPostgresDatastore) -> None:
        self._datastore = datastore
        self._free = BoundedSemaphore(CONNECTIONS_MAX)
        self._idle: deque[Cursor[TupleRow]] = deque()
        self.on_lost: Callable[[], None] = lambda: None

    @retried
    def read(self, statement: bytes, values: Sequence[Any]) -> list[Any]:
        """The rows. The statement is prepared, so that each connection plans it once. Raises Busy."""
        if not self._free.acquire(timeout=postgres_datastore.WAIT_SECONDS):
            raise Busy("The database is busy: the other reads of this process did not finish in time")
        with self._released():
            try:
                cursor = self._idle.pop()
            except IndexError:
                cursor = connect_to_read(self._datastore).cursor(binary=True)
            try:
                found = cursor.execute(statement, values, prepare=True).fetchall()
            except psycopg.Error as error:
                if is_unusable(cursor.connection):
                    # If one connection is lost, the idle ones usually are too.
                    close_quietly(cursor.connection)
                    self.close()
                    self.on_lost()
                    raise OperationalError(f"the connection to {self._datastore.address} was lost") from error
                self._idle.append(cursor)
                raise translated(error) from error
            except BaseException:
                # The exchange was interrupted, so the state of this connection is unknown.
                close_quietly(cursor.connection)
                raise
            self._idle.append(cursor)
            return found

    @contextmanager
    def _released(self) -> Iterator[None]:
        try:
            yield
        finally:
            self._free.release()

    @property
    def in_use(self) -> int:
        """How many connections are in use, for the metrics."""
        return CONNECTIONS_MAX - self._free._value

    def close(self) -> None:
        """Closes the idle connections."""
        while self._idle:
            close_quietly(self._idle.pop().connection)


class Listener:
    """Waits for a notification that a process recorded events."""

    def __init__(self, datastore: LedgerPostgresDatastore, channel: str) -> None:
        self._datastore = datastore
        self._channel = channel
        self._one_at_a_time = Lock()
        self._connection: Connection[TupleRow] | None = None

    def wait(self, seconds: float) -> None:
        """Waits for a notification, at most so many seconds. The first call only starts to listen."""
        with self._one_at_a_time:
            try:
                if self._connection is None:
                    self._connection = connect(self._datastore)
                    self._connection.execute(SQL("LISTEN {0}").format(Identifier(self._channel)))
                    return
                for _ in self._connection.notifies(timeout=seconds, stop_after=1):
                    pass
            except (psycopg.Error, OperationalError):
                # No error is raised, because the caller reads the log itself after each wait.
                self._disconnect()
                time.sleep(min(seconds, PAUSE_SECONDS))

    def close(self) -> None:
        with self._one_at_a_time:
            self._disconnect()

    def _disconnect(self) -> None:
        if self._connection is not None:
            close_quietly(self._connection)
            self._connection = None
