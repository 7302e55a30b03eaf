"""Connections to SQLite: durable at every commit, and waiting for other processes.

The errors of sqlite3 are raised as eventsourcing's persistence errors. A transaction that fails in any way, such as
by a full disk at the commit, is rolled back before its connection is used again. Nothing is written, and no commit is
acknowledged, after a file of the ledger was removed, replaced, or unmounted: SQLite itself would not notice.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections import deque
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Final, NoReturn
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
from domain.ledger.stores.sqlite_files import companions, documents_folder
from domain.ledger.stores.unavailable import Busy, FilesChanged, LastWrite, Unavailable

BUSY_SECONDS: Final = 5
"""How long a writer waits for another process's transaction, and before that for the other writers of this process.

A reader waits only while another process closes, repairs, or replaces the whole database, and at most as long.
"""

_OF_THE_DISK: Final = {
    sqlite3.SQLITE_FULL: ("The disk of the database is full", "make room on the disk, and send the request again"),
    sqlite3.SQLITE_READONLY: (
        "The database is read-only",
        "make the file and its folder writable for the user of the server, and send the request again",
    ),
    sqlite3.SQLITE_IOERR: (
        "The disk of the database reports an error",
        "check the disk, its free space and its quota, and send the request again",
    ),
}
_PUT_BACK: Final = "stop the server, put the file back as it was, and start the server again"
LOCK_WAIT_SECONDS: Final = 0.005
"""A write that took at least this long to begin had to wait for a lock. It is counted for the metrics."""

_LOG: Final = logging.getLogger(__name__)

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
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Busy(f"The database is locked: another process did not finish writing within {BUSY_SECONDS:g} seconds")
    if code in _OF_THE_DISK:
        return Unavailable(*_OF_THE_DISK[code])
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


class LedgerFiles:
    """The files of one ledger as this process opened them, by device and inode.

    One connection is open and unused as long as any other may be. While it is open, no process removes the write-ahead
    log, so a log that is missing or different was removed or replaced by a person.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        log, shared_memory, _ = companions(path)
        self._of_database = (str(path), str(log), str(shared_memory))
        self._documents = str(documents_folder(path))
        self._known: dict[str, tuple[int, int]] = {}
        self._anchor: sqlite3.Connection | None = None
        self._one_opens = Lock()
        self._is_reported = False

    def connect(self) -> sqlite3.Connection:
        """A new connection to the file that was opened first. Raises sqlite3.Error and FilesChanged."""
        with self._one_opens:
            if self._anchor is None:
                before = _device_and_inode(str(self.path))
                self._anchor = connect(self.path)
                for name in self._of_database:
                    if (found := _device_and_inode(name)) is not None:
                        self._known[name] = found
                if before is not None:
                    self._known[str(self.path)] = before
        self.check()
        connection = connect(self.path)
        try:
            self.check()
        except BaseException:
            connection.close()
            raise
        return connection

    def check(self) -> None:
        """Raises FilesChanged, and logs that once, if a file is not the one that was opened.

        The folder of documents belongs to the ledger from the first document on.
        """
        for name, known in self._known.items():
            # Without a function for it, because this runs twice for each write.
            try:
                found = os.stat(name)
            except OSError:
                self._refuse(name)
            if (found.st_dev, found.st_ino) != known:
                self._refuse(name)
        self._is_reported = False
        if self._documents not in self._known and (documents := _device_and_inode(self._documents)) is not None:
            self._known = {**self._known, self._documents: documents}

    def _refuse(self, name: str) -> NoReturn:
        what = "folder of documents" if name == self._documents else "file"
        if not self._is_reported:
            self._is_reported = True
            _LOG.error(
                "Nothing more is saved: %s was removed, replaced, or unmounted while it was in use: %s", name, _PUT_BACK
            )
        raise FilesChanged(
            f"The ledger's {what} {Path(name).name} was removed, replaced, or unmounted while the server was running",
            _PUT_BACK,
        )

    def close(self) -> None:
        with self._one_opens:
            if self._anchor is not None:
                self._anchor.close()
                self._anchor = None
                self._known.clear()


def _device_and_inode(name: str) -> tuple[int, int] | None:
    """What identifies a file on this machine. None if there is no file, or if it can't be reached."""
    try:
        found = os.stat(name)
    except OSError:
        return None
    return found.st_dev, found.st_ino


class Writing:
    """The transactions of the one connection that writes. The writers of this process wait for it one after another.

    This is a class, because a generator for each of its steps would take a third of a command's time here.
    """

    def __init__(self, files: LedgerFiles) -> None:
        self._files = files
        self._one_writer = Lock()
        self.connection: sqlite3.Connection | None = None
        self.last = LastWrite()

    def __enter__(self) -> sqlite3.Connection:
        started = time.monotonic()
        if not self._one_writer.acquire(timeout=BUSY_SECONDS):
            raise Busy("The ledger is busy: other writers of this process did not finish in time")
        try:
            if self.connection is None:
                self.connection = self._files.connect()
            self.connection.execute("BEGIN IMMEDIATE")
            self._files.check()
        except BaseException as error:
            self._roll_back()
            self.last.failure = error
            self._one_writer.release()
            if isinstance(error, sqlite3.Error):
                raise translation(error) from error
            raise
        finally:
            if (waited := time.monotonic() - started) > LOCK_WAIT_SECONDS:
                self.last.lock_waits += 1
                self.last.lock_seconds += waited
        return self.connection

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        assert self.connection is not None
        try:
            if error is None:
                self.connection.commit()
                # A file that vanished meanwhile has the commit, but the ledger does not.
                self._files.check()
                self.last.failure, self.last.succeeded_at = None, time.monotonic()
                return
            self._roll_back()
        except BaseException as failure:
            self._roll_back()
            self.last.failure = failure
            if isinstance(failure, sqlite3.Error):
                raise translation(failure) from failure
            raise
        finally:
            self._one_writer.release()
        if isinstance(error, sqlite3.Error):
            if not isinstance(error, sqlite3.IntegrityError):
                self.last.failure = error
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
        self.files = LedgerFiles(path)
        self._writing = Writing(self.files)
        self._readers: deque[sqlite3.Connection] = deque()
        self._reading = deque[None]()
        self._is_closed = False

    def writing(self) -> Writing:
        """A write transaction. It is durable after its block, or rolled back if the block raises an error."""
        return self._writing

    @property
    def readers_in_use(self) -> int:
        """How many connections read now, for the metrics."""
        return len(self._reading)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection outside of a transaction. Each statement sees everything that was committed before it."""
        with translated():
            try:
                connection = self._readers.pop()
            except IndexError:
                connection = self.files.connect()
            self._reading.append(None)
            try:
                yield connection
            except BaseException:
                connection.close()
                raise
            finally:
                self._reading.pop()
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
        self.files.close()
        super().close()
