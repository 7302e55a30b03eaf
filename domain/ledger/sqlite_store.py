"""SQLite as the ledger needs it: durable at every commit, patient with other processes.

Everything that sqlite3 raises leaves here as one of eventsourcing's persistence errors, and a
transaction that fails in any way, a full disk at commit included, is rolled back before its
connection is used again.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Final
from urllib.parse import quote

from eventsourcing.persistence import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    InternalError,
    NotSupportedError,
    OperationalError,
    PersistenceError,
    ProgrammingError,
)
from eventsourcing.sqlite import SQLiteConnection, SQLiteConnectionPool, SQLiteCursor, SQLiteDatastore

BUSY_SECONDS: Final = 30
"""How long a writer waits for another process's transaction."""

_TRANSLATION: Final[tuple[tuple[type[sqlite3.Error], type[PersistenceError]], ...]] = (
    (sqlite3.IntegrityError, IntegrityError),
    (sqlite3.OperationalError, OperationalError),
    (sqlite3.InterfaceError, InterfaceError),
    (sqlite3.DataError, DataError),
    (sqlite3.InternalError, InternalError),
    (sqlite3.ProgrammingError, ProgrammingError),
    (sqlite3.NotSupportedError, NotSupportedError),
    (sqlite3.DatabaseError, DatabaseError),
    (sqlite3.Error, PersistenceError),
)


@contextmanager
def translated() -> Iterator[None]:
    """sqlite3's errors as eventsourcing's; the classes are tried from the narrowest."""
    try:
        yield
    except sqlite3.Error as error:
        for theirs, ours in _TRANSLATION:
            if isinstance(error, theirs):
                raise ours(str(error)) from error
        raise


def connect(path: Path, *, create: bool = False) -> sqlite3.Connection:
    """A connection in autocommit mode, with write-ahead log and an fsync at each commit.

    Without `create` a missing file is an error: a ledger that vanished is not begun anew.
    """
    if create:
        # The file holds health data: nobody but its owner reads it, and neither its log.
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode=rw",
        uri=True,
        check_same_thread=False,
        isolation_level=None,
        timeout=BUSY_SECONDS,
    )
    try:
        _use_write_ahead_log(connection)
        connection.execute("PRAGMA synchronous=FULL")
    except BaseException:
        connection.close()
        raise
    connection.row_factory = sqlite3.Row
    return connection


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    # The switch does not wait for other processes by itself, as transactions do.
    deadline = time.monotonic() + BUSY_SECONDS
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            if mode != "wal":
                raise sqlite3.OperationalError("the write-ahead log does not work on this file system")


@contextmanager
def transaction(connection: sqlite3.Connection, *, commit: bool) -> Iterator[sqlite3.Cursor]:
    """A cursor in a transaction. Writing takes the lock at once, so it cannot fail for having read before."""
    with closing(connection.cursor()) as cursor:
        cursor.execute("BEGIN IMMEDIATE" if commit else "BEGIN")
        try:
            yield cursor
            if commit:
                connection.commit()
            else:
                connection.rollback()
        except BaseException:
            connection.rollback()
            raise


class LedgerConnectionPool(SQLiteConnectionPool):
    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(db_name=str(path), lock_timeout=BUSY_SECONDS, pool_timeout=2 * BUSY_SECONDS)

    def _create_connection(self) -> SQLiteConnection:
        return SQLiteConnection(sqlite_conn=connect(self.path), max_age=self.max_age)


class LedgerSQLiteDatastore(SQLiteDatastore):
    """Writers of this process queue on one lock; readers never wait for them.

    The library's pool keeps its gate shut while a writer waits for the one before, readers
    included, and never opens it again if a connection cannot be made then. So its gate is not
    asked for; the queue stands here.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.path = path
        self.pool = LedgerConnectionPool(path)
        self._one_writer = Lock()

    @contextmanager
    def get_connection(self, *, commit: bool) -> Iterator[SQLiteConnection]:
        if commit and not self._one_writer.acquire(timeout=2 * BUSY_SECONDS):
            raise OperationalError("The ledger is busy: other writers of this process did not finish in time")
        try:
            connection = self.pool.get_connection()
            try:
                yield connection
            finally:
                self.pool.put_connection(connection)
        finally:
            if commit:
                self._one_writer.release()

    @contextmanager
    def transaction(self, *, commit: bool) -> Iterator[SQLiteCursor]:
        with translated(), self.get_connection(commit=commit) as connection:
            try:
                with transaction(connection._sqlite_conn, commit=commit) as cursor:
                    yield SQLiteCursor(cursor)
            except BaseException:
                if connection._sqlite_conn.in_transaction:
                    connection.close()
                raise
