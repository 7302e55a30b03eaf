"""Connections to PostgreSQL outside of the library's pool, each kept for one kind of work.

A pool that checks, lends and takes back costs more than the statements that the ledger asks most.
What goes wrong leaves here as one of eventsourcing's persistence errors, without any password.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
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
from eventsourcing.utils import retry
from psycopg import Connection, Cursor
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Identifier

from domain.ledger.stores import postgres_datastore
from domain.ledger.stores.postgres_datastore import CONNECTIONS_MAX, LedgerPostgresDatastore, connection_parameters

ATTEMPTS: Final = 10
PAUSE_SECONDS: Final = 0.2

_TRANSLATION: Final[tuple[tuple[type[psycopg.Error], type[PersistenceError]], ...]] = (
    (psycopg.InterfaceError, InterfaceError),
    (psycopg.OperationalError, OperationalError),
    (psycopg.DataError, DataError),
    (psycopg.IntegrityError, IntegrityError),
    (psycopg.InternalError, InternalError),
    (psycopg.ProgrammingError, ProgrammingError),
)


def translated(error: psycopg.Error) -> PersistenceError:
    ours = next((ours for theirs, ours in _TRANSLATION if isinstance(error, theirs)), DatabaseError)
    return ours(str(error))


def connected(datastore: LedgerPostgresDatastore) -> Connection[TupleRow]:
    """A new connection, in autocommit. Raises OperationalError."""
    address = datastore.address
    seconds = address.parameters.get("connect_timeout") or str(max(2, int(postgres_datastore.WAIT_SECONDS)))
    try:
        return Connection.connect(**{**connection_parameters(address), "connect_timeout": seconds}, autocommit=True)
    except psycopg.Error as error:
        raise OperationalError(
            f"no connection to {address} within {seconds} s: check that the server "
            "is running and accepts more connections"
        ) from error


def is_of_no_use(connection: Connection[TupleRow]) -> bool:
    """Closed, or in the middle of an exchange: a server that dies may leave one that takes no statement any more."""
    return connection.closed or connection.info.transaction_status is not TransactionStatus.IDLE


def closed(connection: Connection[TupleRow]) -> None:
    with suppress(psycopg.Error):
        connection.close()


class Readers:
    """For single statements that read, each of which sees all that was committed before it.

    Whoever comes when all are in use waits. `when_lost` is told when a connection is found broken.
    """

    def __init__(self, datastore: LedgerPostgresDatastore) -> None:
        self._datastore = datastore
        self._free = BoundedSemaphore(CONNECTIONS_MAX)
        self._idle: deque[Cursor[TupleRow]] = deque()
        self.when_lost: Callable[[], None] = lambda: None

    @retry((InterfaceError, OperationalError), max_attempts=ATTEMPTS, wait=PAUSE_SECONDS)
    def read(self, statement: bytes, values: Sequence[Any]) -> list[Any]:
        """The rows. Prepared, so that the same statement is planned once a connection."""
        with self._free:
            try:
                cursor = self._idle.pop()
            except IndexError:
                cursor = connected(self._datastore).cursor(binary=True)
            try:
                found = cursor.execute(statement, values, prepare=True).fetchall()
            except psycopg.Error as error:
                if is_of_no_use(cursor.connection):
                    # Where one is lost the idle ones mostly are too.
                    closed(cursor.connection)
                    self.close()
                    self.when_lost()
                    raise OperationalError(f"the connection to {self._datastore.address} was lost") from error
                self._idle.append(cursor)
                raise translated(error) from error
            except BaseException:
                # Interrupted in the middle of an exchange: what comes next on this connection is not known.
                closed(cursor.connection)
                raise
            self._idle.append(cursor)
            return found

    def close(self) -> None:
        """Those that are idle."""
        while self._idle:
            closed(self._idle.pop().connection)


class Listener:
    """Hears that some process recorded something."""

    def __init__(self, datastore: LedgerPostgresDatastore, channel: str) -> None:
        self._datastore = datastore
        self._channel = channel
        self._one_at_a_time = Lock()
        self._connection: Connection[TupleRow] | None = None

    def wait(self, seconds: float) -> None:
        """Returns early where it hears something, and at once where it only begins to listen."""
        with self._one_at_a_time:
            try:
                if self._connection is None:
                    self._connection = connected(self._datastore)
                    self._connection.execute(SQL("LISTEN {0}").format(Identifier(self._channel)))
                    return
                for _ in self._connection.notifies(timeout=seconds, stop_after=1):
                    pass
            except (psycopg.Error, OperationalError):
                # Not worth an error: the caller looks for itself after each wait.
                self._forget()
                time.sleep(min(seconds, PAUSE_SECONDS))

    def close(self) -> None:
        with self._one_at_a_time:
            self._forget()

    def _forget(self) -> None:
        if self._connection is not None:
            closed(self._connection)
            self._connection = None
