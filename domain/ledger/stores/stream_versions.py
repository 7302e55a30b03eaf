"""Which version a patient's history is at now: nothing else is read, and each time it is the store that says so.

Made for a server's event loop, which is never blocked: on SQLite the look-up takes microseconds and waits for
nobody, on PostgreSQL the loop watches the connection's socket.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, NamedTuple
from uuid import UUID
from weakref import WeakKeyDictionary, finalize

import psycopg
from eventsourcing.persistence import InterfaceError, OperationalError
from psycopg import Connection, pq

from domain import errors
from domain.ledger.stores import sqlite_connections
from domain.ledger.stores.postgres_connections import ATTEMPTS, PAUSE_SECONDS, Readers, closed, connected, translated
from domain.ledger.stores.postgres_datastore import SCHEMA, LedgerPostgresDatastore
from domain.ledger.stores.sqlite_connections import LedgerSQLiteDatastore

CONNECTIONS_MAX: Final = 4
"""To PostgreSQL, of one event loop: a look-up is so short that more would wait for the same processor."""

WATCHES_SOCKETS: Final = sys.platform != "win32"
"""The event loop of Windows can't watch a socket that is not its own; there a thread waits instead."""

_SQLITE: Final = "SELECT MAX(originator_version) FROM stored_events WHERE originator_id = ?"
_SELECT: Final = (
    "SELECT MAX(originator_version), pg_postmaster_start_time()::text"  # noqa: S608
    f" FROM {SCHEMA}.stored_events WHERE originator_id = "
)
_NAME: Final = b"head"
_UUID: Final = 2950
"""PostgreSQL's number of the type."""


class Head(NamedTuple):
    """`server` tells one run of a database server from another: a standby that was promoted may never have had the
    newest events, and give their versions to others. On SQLite there is no server, and it is empty."""

    version: int
    server: str


def _head(version: int | None, server: str = "") -> Head:
    if version is None:
        raise errors.NotFound("The patient was not found", field="patient_id", remedy="check the patient id")
    return Head(version, server)


class SQLiteHeads:
    """Safe for threads and for several event loops."""

    def __init__(self, datastore: LedgerSQLiteDatastore) -> None:
        self._path = datastore.path
        self._idle: deque[sqlite3.Connection] = deque()
        self.close = finalize(self, _close_each, self._idle)

    async def read(self, patient_id: UUID) -> Head:
        """Raises NotFound, and eventsourcing's persistence errors where the file can't be read."""
        try:
            connection = self._idle.pop()
        except IndexError:
            # To connect may take its time.
            return _head(await asyncio.to_thread(self._patiently, patient_id))
        try:
            version: int | None = connection.execute(_SQLITE, (patient_id.hex,)).fetchone()[0]
        except sqlite3.Error:
            # Mostly somebody has the file to himself for a moment: waited for, but not by the event loop.
            connection.close()
            return _head(await asyncio.to_thread(self._patiently, patient_id))
        self._idle.append(connection)
        return _head(version)

    def _patiently(self, patient_id: UUID) -> int | None:
        with sqlite_connections.translated():
            connection = sqlite_connections.connect(self._path)
            try:
                version: int | None = connection.execute(_SQLITE, (patient_id.hex,)).fetchone()[0]
                connection.execute("PRAGMA query_only=ON")
                connection.execute("PRAGMA busy_timeout=0")
            except BaseException:
                connection.close()
                raise
        self._idle.append(connection)
        return version


class PostgresHeads:
    """Safe for threads and for several event loops: a connection belongs to a loop only while one look-up lasts."""

    def __init__(self, datastore: LedgerPostgresDatastore) -> None:
        self._datastore = datastore
        self._idle: deque[Connection[Any]] = deque()
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
        self._readers = Readers(datastore)
        self.close = finalize(self, _close_both, self._idle, self._readers)

    async def read(self, patient_id: UUID) -> Head:
        """Raises NotFound, and eventsourcing's persistence errors where no host answers after several attempts."""
        if not WATCHES_SOCKETS:
            statement = f"{_SELECT}%s".encode()
            return _head(*(await asyncio.to_thread(self._readers.read, statement, [patient_id]))[0])
        async with self._turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(CONNECTIONS_MAX)):
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    return _head(*await self._attempted(patient_id))
                except (OperationalError, InterfaceError):
                    if attempt == ATTEMPTS:
                        raise
                await asyncio.sleep(PAUSE_SECONDS)
        raise AssertionError("unreachable")

    async def _attempted(self, patient_id: UUID) -> tuple[int | None, str]:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = await asyncio.to_thread(self._connected)
        try:
            found = await _asked(connection.pgconn, patient_id)
        except BaseException as error:
            # Interrupted or lost in the middle of an exchange; and where one is lost the idle ones mostly are too.
            closed(connection)
            _close_each(self._idle)
            if isinstance(error, psycopg.Error):
                raise translated(error) from error
            raise
        self._idle.append(connection)
        return found

    def _connected(self) -> Connection[Any]:
        connection = connected(self._datastore)
        prepared = connection.pgconn.prepare(_NAME, f"{_SELECT}$1".encode(), [_UUID])
        if prepared.status != pq.ExecStatus.COMMAND_OK:
            closed(connection)
            error = psycopg.errors.error_from_result(prepared)
            raise translated(error) from error
        return connection


async def _asked(server: pq.abc.PGconn, patient_id: UUID) -> tuple[int | None, str]:
    """One round trip, in which the loop is free. Raises psycopg's errors."""
    loop = asyncio.get_running_loop()
    server.send_query_prepared(_NAME, [patient_id.bytes], [pq.Format.BINARY], pq.Format.TEXT)
    while server.flush():
        await _until(loop.add_writer, loop.remove_writer, server.socket)
    result = None
    while True:
        if server.is_busy():
            await _until(loop.add_reader, loop.remove_reader, server.socket)
            server.consume_input()
        elif (another := server.get_result()) is not None:
            result = another
        else:
            break
    if result is None or result.status != pq.ExecStatus.TUPLES_OK:
        raise psycopg.OperationalError("no response") if result is None else psycopg.errors.error_from_result(result)
    version, started = result.get_value(0, 0), result.get_value(0, 1)
    return (int(version) if version is not None else None), (started or b"").decode()


async def _until(add: Callable[..., object], remove: Callable[[int], object], descriptor: int) -> None:
    ready = asyncio.get_running_loop().create_future()
    add(descriptor, _settle, ready)
    try:
        await ready
    finally:
        remove(descriptor)


def _settle(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


def _close_each(connections: deque[Any]) -> None:
    while connections:
        with suppress(sqlite3.Error, psycopg.Error):
            connections.pop().close()


def _close_both(connections: deque[Any], readers: Readers) -> None:
    _close_each(connections)
    readers.close()


def heads_of(datastore: LedgerSQLiteDatastore | LedgerPostgresDatastore) -> SQLiteHeads | PostgresHeads:
    return SQLiteHeads(datastore) if isinstance(datastore, LedgerSQLiteDatastore) else PostgresHeads(datastore)
