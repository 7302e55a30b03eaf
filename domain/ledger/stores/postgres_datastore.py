"""The datastore of PostgreSQL: libpq's parameters are unchanged, and connection problems raise one clear error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg
import psycopg_pool
from eventsourcing.persistence import InterfaceError, InternalError, OperationalError
from eventsourcing.postgres import PostgresDatastore
from psycopg import Connection
from psycopg.rows import DictRow, TupleRow, dict_row

from domain.ledger.stores.postgres_session import prepare_session
from domain.ledger.stores.unavailable import STATEMENT_SECONDS, Busy, Unavailable
from domain.ledger.stores.urls import PostgresAddress
from domain.ledger.tables.tables import SCHEMA

__all__ = ["CONNECTIONS_MAX", "SCHEMA", "LedgerPostgresDatastore", "connected", "connection_parameters"]

CONNECTIONS_MAX: Final = 16
WAIT_SECONDS: Final = 3
"""The longest wait for a connection, and of a read for a lock. A lost connection is tried ten times, a lock once."""
RECONNECT_SECONDS: Final = 5


def known_cause(error: psycopg.Error) -> Unavailable | None:
    """The error in words if a lock was held too long, a statement took too long, or a disk is full; otherwise None."""
    if isinstance(error, psycopg.errors.LockNotAvailable):
        return Busy("The database is locked: another process did not release a lock in time")
    if isinstance(error, psycopg.errors.QueryCanceled):
        return Busy(f"The database is busy: a statement did not finish within {STATEMENT_SECONDS} seconds")
    if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
        return Unavailable(
            "The database server is read-only: it is a standby, a former primary, or set to read-only",
            "give the URL of the primary, or list all hosts separated by commas",
        )
    if isinstance(error, psycopg.errors.DiskFull):
        return Unavailable(
            "The disk of the database server is full", "make room on the disk, and send the request again"
        )
    return None


def connection_parameters(address: PostgresAddress) -> dict[str, Any]:
    """The parameters of the URL, with defaults for those that the URL does not give.

    If the URL lists several hosts, the connection goes to the one that accepts writes. The keepalive defaults detect
    a host that stopped responding within half a minute; the operating system's defaults take hours.
    """
    hosts = address.parameters.get("host") or address.parameters.get("hostaddr") or ""
    of_several = {"target_session_attrs": "read-write", "connect_timeout": "3"} if "," in hosts else {}
    vanished = {
        "keepalives_idle": "10",
        "keepalives_interval": "5",
        "keepalives_count": "3",
        "tcp_user_timeout": "25000",
    }
    ours = {"application_name": "lemtrada-ledger", "connect_timeout": "10", **vanished, **of_several}
    return {**ours, **address.parameters}


def connected(address: PostgresAddress, *, autocommit: bool = False, **parameters: str) -> Connection[TupleRow]:
    """A new connection with the settings of this program. Raises psycopg's errors."""
    connection: Connection[TupleRow] = Connection.connect(
        **{**connection_parameters(address), **parameters}, autocommit=autocommit
    )
    try:
        prepare_session(connection)
    except BaseException:
        connection.close()
        raise
    return connection


class LedgerPostgresDatastore(PostgresDatastore):
    def __init__(self, address: PostgresAddress) -> None:
        self.address = address
        super().__init__(
            dbname="",
            host="",
            port="",
            user="",
            password="",
            pool_size=1,
            max_overflow=CONNECTIONS_MAX - 1,
            connect_timeout=WAIT_SECONDS,
            lock_timeout=WAIT_SECONDS,
            # A client that stops in the middle of a transaction must not block the others.
            idle_in_transaction_session_timeout=5,
            schema=SCHEMA,
            # Must be False: the library's function takes no lock, so a reader that follows the log would miss events.
            enable_db_functions=False,
        )
        # The library's default is five minutes. The pause between its attempts doubles, and a server restarts sooner.
        self.pool.reconnect_timeout = RECONNECT_SECONDS
        # Exactly the parameters that were given: for libpq, an empty password is not the same as no password.
        self.pool.kwargs = {**connection_parameters(address), "row_factory": dict_row}

    def after_connect_func(self) -> Callable[[Connection[Any]], None]:
        set_by_library = super().after_connect_func()

        def after_connect(connection: Connection[Any]) -> None:
            set_by_library(connection)
            prepare_session(connection)

        return after_connect

    @contextmanager
    def get_connection(self) -> Iterator[Connection[DictRow]]:
        connection: Connection[DictRow] | None = None
        try:
            with super().get_connection() as connection:
                yield connection
        except (OperationalError, InterfaceError, InternalError) as error:
            if isinstance(error.__cause__, psycopg.Error) and (known := known_cause(error.__cause__)) is not None:
                raise known from error
            if isinstance(error.__cause__, psycopg_pool.PoolTimeout):
                message = (
                    f"no connection to {self.address} within {WAIT_SECONDS} s: check that the server is running and "
                    "accepts more connections"
                )
                raise OperationalError(message) from error
            if connection is not None and connection.closed:
                # If one connection is lost, the idle ones usually are too. The library's next attempt gets a new one.
                self.pool.check()
                raise OperationalError(f"the connection to {self.address} was lost: {error}") from error
            raise
