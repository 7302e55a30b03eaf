"""SQLite as the ledger needs it: durable at every commit, patient with other processes.

Everything that sqlite3 raises leaves here as one of eventsourcing's persistence errors, and a
transaction that fails in any way, a full disk at commit included, is rolled back before its
connection is used again.
"""

from __future__ import annotations

import os
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
    """Theirs as eventsourcing's; the classes are tried from the narrowest."""
    return next(ours for theirs, ours in _TRANSLATION if isinstance(error, theirs))(str(error))


@contextmanager
def translated() -> Iterator[None]:
    """Within, sqlite3's errors are eventsourcing's."""
    try:
        yield
    except sqlite3.Error as error:
        raise translation(error) from error


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


class Writing:
    """The transactions of the one connection that writes, and the queue of this process's writers for it.

    Written out, because a generator for each of its steps costs a third of a command's time here.
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
            self._undo()
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
            self._undo()
        except BaseException as failure:
            self._undo()
            if isinstance(failure, sqlite3.Error):
                raise translation(failure) from failure
            raise
        finally:
            self._one_writer.release()
        if isinstance(error, sqlite3.Error):
            raise translation(error) from error

    def _undo(self) -> None:
        """Before the connection is used again; where it can't be, there will be another one."""
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
    """One connection writes, and the writers of this process queue for it; the others read, and never wait for it.

    The library's pool is not asked: it keeps its gate shut while a writer waits for the one
    before, readers included, and never opens it again if a connection cannot be made then.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.path = path
        self._writing = Writing(path)
        self._readers: deque[sqlite3.Connection] = deque()
        self._is_closed = False

    def writing(self) -> Writing:
        """A transaction that is durable when its block has ended, or undone where that ended with an error."""
        return self._writing

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Outside of a transaction: each statement sees all that was committed before it."""
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
