"""Reads the current version of a patient's history from the store, and nothing else.

It is made for the event loop of a server and never blocks it. On SQLite, the query takes microseconds and does not
wait for a lock. On PostgreSQL, the event loop watches the socket of the connection.
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
from domain.ledger.stores.postgres_connections import (
    ATTEMPTS,
    PAUSE_SECONDS,
    Readers,
    close_quietly,
    connect_to_read,
    translated,
)
from domain.ledger.stores.postgres_datastore import SCHEMA, LedgerPostgresDatastore
from domain.ledger.stores.sqlite_connections import LedgerSQLiteDatastore
from domain.ledger.stores.unavailable import Unavailable

CONNECTIONS_MAX: Final = 4
"""The most connections to PostgreSQL of one event loop. Queries are so short that more would wait for the CPU."""

WATCHES_SOCKETS: Final = sys.platform != "win32"
"""The event loop of Windows can't watch a socket of another library. On Windows, a thread waits instead."""

_SQLITE: Final = "SELECT MAX(originator_version) FROM stored_events WHERE originator_id = ?"
_SELECT: Final = (
    "SELECT MAX(originator_version), pg_postmaster_start_time()::text"  # noqa: S608
    f" FROM {SCHEMA}.stored_events WHERE originator_id = "
)
_NAME: Final = b"head"
_UUID: Final = 2950
"""PostgreSQL's number (OID) of the type uuid."""


class HistoryVersion(NamedTuple):
    """The version of a history, and the run of the database server that reported it.

    A promoted standby may never have received the newest events, and may use their versions for other events. So a
    version is comparable only within one `server`. On SQLite, there is no server, and `server` is empty.
    """

    version: int
    server: str


def _head(version: int | None, server: str = "") -> HistoryVersion:
    if version is None:
        raise errors.NotFound("The patient was not found", field="patient_id", remedy="check the patient id")
    return HistoryVersion(version, server)


class SQLiteVersions:
    """Reads versions on SQLite. Safe for threads and for several event loops."""

    def __init__(self, datastore: LedgerSQLiteDatastore) -> None:
        self._files = datastore.files
        self._idle: deque[sqlite3.Connection] = deque()
        self.close = finalize(self, _close_each, self._idle)

    async def read(self, patient_id: UUID) -> HistoryVersion:
        """The version of a history. Raises NotFound, and eventsourcing's errors if the file can't be read."""
        try:
            connection = self._idle.pop()
        except IndexError:
            # Connecting may take long, so a thread does it.
            return _head(await asyncio.to_thread(self._read_in_thread, patient_id))
        try:
            version: int | None = connection.execute(_SQLITE, (patient_id.hex,)).fetchone()[0]
        except sqlite3.Error:
            # Usually another process holds an exclusive lock for a short time. A thread waits for it.
            connection.close()
            return _head(await asyncio.to_thread(self._read_in_thread, patient_id))
        self._idle.append(connection)
        return _head(version)

    def _read_in_thread(self, patient_id: UUID) -> int | None:
        with sqlite_connections.translated():
            connection = self._files.connect()
            try:
                version: int | None = connection.execute(_SQLITE, (patient_id.hex,)).fetchone()[0]
                connection.execute("PRAGMA query_only=ON")
                connection.execute("PRAGMA busy_timeout=0")
            except BaseException:
                connection.close()
                raise
        self._idle.append(connection)
        return version


class PostgresVersions:
    """Reads versions on PostgreSQL. Safe for threads and for several event loops.

    A connection belongs to an event loop only during one query.
    """

    def __init__(self, datastore: LedgerPostgresDatastore) -> None:
        self._datastore = datastore
        self._idle: deque[Connection[Any]] = deque()
        self._semaphores: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
        self._readers = Readers(datastore)
        self.close = finalize(self, _close_both, self._idle, self._readers)

    async def read(self, patient_id: UUID) -> HistoryVersion:
        """The version of a history. Raises NotFound, and eventsourcing's errors if no host answers after retries."""
        if not WATCHES_SOCKETS:
            statement = f"{_SELECT}%s".encode()
            return _head(*(await asyncio.to_thread(self._readers.read, statement, [patient_id]))[0])
        async with self._semaphores.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(CONNECTIONS_MAX)):
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    return _head(*await self._read_once(patient_id))
                except (OperationalError, InterfaceError) as error:
                    if attempt == ATTEMPTS or isinstance(error, Unavailable):
                        raise
                await asyncio.sleep(PAUSE_SECONDS)
        raise AssertionError("unreachable")

    async def _read_once(self, patient_id: UUID) -> tuple[int | None, str]:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = await asyncio.to_thread(self._connected)
        try:
            found = await _query_version(connection.pgconn, patient_id)
        except BaseException as error:
            # The exchange was interrupted or the connection lost. If one is lost, the idle ones usually are too.
            close_quietly(connection)
            _close_each(self._idle)
            if isinstance(error, psycopg.Error):
                raise translated(error) from error
            raise
        self._idle.append(connection)
        return found

    def _connected(self) -> Connection[Any]:
        connection = connect_to_read(self._datastore)
        prepared = connection.pgconn.prepare(_NAME, f"{_SELECT}$1".encode(), [_UUID])
        if prepared.status != pq.ExecStatus.COMMAND_OK:
            close_quietly(connection)
            error = psycopg.errors.error_from_result(prepared)
            raise translated(error) from error
        return connection


async def _query_version(server: pq.abc.PGconn, patient_id: UUID) -> tuple[int | None, str]:
    """Queries the version and the server in one round trip, without blocking the loop. Raises psycopg's errors."""
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


def version_reader_of(datastore: LedgerSQLiteDatastore | LedgerPostgresDatastore) -> SQLiteVersions | PostgresVersions:
    return SQLiteVersions(datastore) if isinstance(datastore, LedgerSQLiteDatastore) else PostgresVersions(datastore)
