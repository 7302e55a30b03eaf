"""Connections to SQLite: durable at every commit, and waiting for other processes.

The errors of sqlite3 are raised as eventsourcing's persistence errors. A transaction that fails in any way, such as
by a full disk at the commit, is rolled back before its connection is used again.
"""

from __future__ import annotations

import sqlite3
import time
from collections import deque
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
from eventsourcing.sqlite import SQLiteCursor, SQLiteDatastore

from domain.ledger.durable_folders import new_file

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


def translation(error: sqlite3.Error) -> PersistenceError:
    """The persistence error of eventsourcing for an error of sqlite3. The narrowest class that fits is used."""
    return next(ours for theirs, ours in _TRANSLATION if isinstance(error, theirs))(str(error))


@contextmanager
def translated() -> Iterator[None]:
    """Inside the block, errors of sqlite3 are raised as errors of eventsourcing."""
    try:
        yield
    except sqlite3.Error as error:
        raise translation(error) from error


def connect(path: Path, *, create: bool = False) -> sqlite3.Connection:
    """A connection in autocommit mode, with a write-ahead log and an fsync at each commit.

    Without `create`, a missing file is an error, so that a deleted ledger is not replaced by an empty one.
    """
    if create:
        # The file contains health data, so only its owner may read it and its write-ahead log.
        with suppress(FileExistsError):
            new_file(path).close()
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
    # Unlike a transaction, this switch does not wait for other processes by itself.
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
    """A cursor in a transaction. A write transaction takes the lock at once, so it can't fail after a read."""
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


class Writing:
    """The transactions of the one connection that writes. The writers of this process wait for it one after another.

    This is a class, because a generator for each of its steps would take a third of a command's time here.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._one_writer = Lock()
        self.connection: sqlite3.Connection | None = None

    def __enter__(self) -> sqlite3.Connection:
        if not self._one_writer.acquire(timeout=2 * BUSY_SECONDS):
            raise OperationalError("The ledger is busy: other writers of this process did not finish in time")
        try:
            if self.connection is None:
                self.connection = connect(self._path)
            self.connection.execute("BEGIN IMMEDIATE")
        except BaseException as error:
            self._roll_back()
            self._one_writer.release()
            if isinstance(error, sqlite3.Error):
                raise translation(error) from error
            raise
        return self.connection

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        assert self.connection is not None
        try:
            if error is None:
                self.connection.commit()
                return
            self._roll_back()
        except BaseException as failure:
            self._roll_back()
            if isinstance(failure, sqlite3.Error):
                raise translation(failure) from failure
            raise
        finally:
            self._one_writer.release()
        if isinstance(error, sqlite3.Error):
            raise translation(error) from error

    def _roll_back(self) -> None:
        """Rolls back before the connection is used again. If that fails, closes it, and a new one is opened later."""
        if self.connection is not None:
            with suppress(sqlite3.Error):
                self.connection.rollback()
            if self.connection.in_transaction:
                self.connection.close()
                self.connection = None

    def close(self) -> None:
        with self._one_writer:
            if self.connection is not None:
                self.connection.close()
                self.connection = None


class LedgerSQLiteDatastore(SQLiteDatastore):
    """One connection writes, and the writers of this process wait for it. The other connections read, without waiting.

    The library's pool is not used. While a writer waits in it for another, the pool also blocks readers, and it stays
    blocked if it can't open a connection at that time.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.path = path
        self._writing = Writing(path)
        self._readers: deque[sqlite3.Connection] = deque()
        self._is_closed = False

    def writing(self) -> Writing:
        """A write transaction. It is durable after its block, or rolled back if the block raises an error."""
        return self._writing

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection outside of a transaction. Each statement sees everything that was committed before it."""
        with translated():
            try:
                connection = self._readers.pop()
            except IndexError:
                connection = connect(self.path)
            try:
                yield connection
            except BaseException:
                connection.close()
                raise
            if self._is_closed:
                connection.close()
            else:
                self._readers.append(connection)

    @contextmanager
    def transaction(self, *, commit: bool) -> Iterator[SQLiteCursor]:
        if commit:
            with self.writing() as connection, closing(connection.cursor()) as cursor:
                yield SQLiteCursor(cursor)
        else:
            with self.reading() as connection, transaction(connection, commit=False) as cursor:
                yield SQLiteCursor(cursor)

    def close(self) -> None:
        self._is_closed = True
        while self._readers:
            self._readers.pop().close()
        self._writing.close()
        super().close()
