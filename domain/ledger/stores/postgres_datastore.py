"""PostgreSQL as the ledger needs it: libpq's parameters untouched, connection trouble in one clear error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg_pool
from eventsourcing.persistence import InterfaceError, InternalError, OperationalError
from eventsourcing.postgres import PostgresDatastore
from psycopg import Connection
from psycopg.rows import DictRow, dict_row

from domain.ledger.stores.urls import PostgresAddress
from domain.ledger.tables.tables import SCHEMA

__all__ = ["CONNECTIONS_MAX", "SCHEMA", "LedgerPostgresDatastore", "connection_parameters"]

CONNECTIONS_MAX: Final = 16
WAIT_SECONDS: Final = 3
"""For a connection, and for the lock; the library tries ten times, so half a minute in all."""
RECONNECT_SECONDS: Final = 5


def connection_parameters(address: PostgresAddress) -> dict[str, Any]:
    """The URL's own parameters, and ours where it gives none.

    Of several hosts the one that takes writes is meant. One that has vanished without a word is noticed
    within half a minute, not within the hours that a system waits by itself.
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
            # A client that stops in the middle of a transaction must not hold the others up.
            idle_in_transaction_session_timeout=5,
            schema=SCHEMA,
            # Never: the function takes no lock, and a reader that tails the log would miss events.
            enable_db_functions=False,
        )
        # Not five minutes: the pause between its attempts doubles, and a server is back sooner than that.
        self.pool.reconnect_timeout = RECONNECT_SECONDS
        # All that libpq was told, and nothing that it was not (an empty password is not "no password").
        self.pool.kwargs = {**connection_parameters(address), "row_factory": dict_row}

    @contextmanager
    def get_connection(self) -> Iterator[Connection[DictRow]]:
        connection: Connection[DictRow] | None = None
        try:
            with super().get_connection() as connection:
                yield connection
        except (OperationalError, InterfaceError, InternalError) as error:
            if isinstance(error.__cause__, psycopg_pool.PoolTimeout):
                message = (
                    f"no connection to {self.address} within {WAIT_SECONDS} s: check that the server is running and "
                    "accepts more connections"
                )
                raise OperationalError(message) from error
            if connection is not None and connection.closed:
                # Where one is lost the idle ones mostly are too; the library's next attempt gets a new one.
                self.pool.check()
                raise OperationalError(f"the connection to {self.address} was lost: {error}") from error
            raise
