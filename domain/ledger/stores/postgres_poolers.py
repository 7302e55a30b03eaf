"""Recognizes a connection pooler that gives each transaction to a server process of its choice.

Prepared statements, notifications and settings belong to one server process, so none of them works through such a
pooler. PgBouncer calls this its transaction mode.
"""

from __future__ import annotations

import select
import time
from contextlib import closing, suppress
from typing import Any, Final

import psycopg
from psycopg import Connection, pq
from psycopg.rows import TupleRow

from domain.ledger.errors import StoreError
from domain.ledger.stores.postgres_datastore import connection_parameters
from domain.ledger.stores.postgres_session import prepare_session
from domain.ledger.stores.urls import PostgresAddress

ANSWER_SECONDS: Final = 5.0
"""How long a probe waits. A pooler that has no connection left does not answer."""
_PROBES: Final = 3
_WHERE: Final = b"SELECT pg_backend_pid()"


def checked_connection(address: PostgresAddress) -> Connection[TupleRow]:
    """A new connection with the settings of this program. Raises psycopg's errors, and StoreError for a pooler."""
    connection: Connection[TupleRow] = psycopg.connect(**connection_parameters(address), autocommit=True)
    try:
        # First: what is set through such a pooler stays set for whoever gets the server process next.
        check_pooler(connection, address)
        prepare_session(connection)
        connection.autocommit = False
    except BaseException:
        connection.close()
        raise
    return connection


def check_pooler(connection: Connection[Any], address: PostgresAddress) -> None:
    """Raises StoreError if there is a pooler in transaction mode between this program and the server."""
    # The number that a connection is told at its start is for canceling. The server tells the number of its process,
    # and a pooler makes one up.
    ((server_process,),) = connection.execute(_WHERE, prepare=False).fetchall()
    if server_process == connection.info.backend_pid:
        return
    with closing(psycopg.connect(**connection_parameters(address), autocommit=True)) as other:
        if _shares_server_process(connection.pgconn, other.pgconn):
            raise StoreError(
                f"Between the ledger and PostgreSQL at {address} there is a connection pooler in transaction mode,"
                " which gives each transaction to another server process",
                "give the address of PostgreSQL itself, or let the pooler keep a server process for each connection"
                " (PgBouncer: pool_mode = session)",
            )


def _shares_server_process(one: pq.abc.PGconn, other: pq.abc.PGconn) -> bool:
    """Whether two connections, both open, get the same server process in turn, or one gets several.

    While no transaction is open, such a pooler takes the server process back. A probe that is not answered proves
    nothing: a pooler in session mode may have no process left for it.
    """
    with suppress(TimeoutError):
        for _ in range(_PROBES):
            before = _answer(one, _WHERE)
            try:
                begun = _answer(other, b"BEGIN")
            except psycopg.OperationalError:
                begun = None
            if begun is None:
                # A pooler that gives each statement to another process refuses a transaction, and disconnects.
                return True
            # In this order: if there is one server process, it is in this transaction and cannot answer the other.
            if _answer(other, _WHERE) == before or _answer(one, _WHERE) != before:
                return True
            _answer(other, b"ROLLBACK")
    return False


def _answer(server: pq.abc.PGconn, statement: bytes) -> bytes | None:
    """The value that a statement returns, empty if it returns none. None: it was refused. Raises TimeoutError."""
    deadline = time.monotonic() + ANSWER_SECONDS
    server.send_query(statement)
    answer: bytes | None = None
    while True:
        if not server.is_busy():
            result = server.get_result()
            if result is None:
                return answer
            if result.status in {pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK}:
                answer = result.get_value(0, 0) if result.ntuples else b""
        elif select.select([server.socket], [], [], max(0.0, deadline - time.monotonic()))[0]:
            server.consume_input()
        else:
            raise TimeoutError
