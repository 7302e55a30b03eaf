"""The floor on SQLite: what somebody who needs nothing but the rows would write with sqlite3, and as durable."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final
from uuid import UUID

from tests.benchmarks.patients import StoredRow

TABLES: Final = """
CREATE TABLE stored_events (originator_id TEXT, originator_version INTEGER, topic TEXT, state BLOB,
    PRIMARY KEY (originator_id, originator_version));
CREATE TABLE commands (caller TEXT NOT NULL, key TEXT NOT NULL, request_digest TEXT NOT NULL, patient_id TEXT NOT NULL,
    first_version INTEGER NOT NULL, last_version INTEGER NOT NULL, PRIMARY KEY (caller, key)) WITHOUT ROWID;
"""
HEAD: Final = "SELECT MAX(originator_version) FROM stored_events WHERE originator_id = ?"
INSERT_EVENT: Final = "INSERT INTO stored_events VALUES (?, ?, ?, ?)"


class SQLiteFloor:
    """One connection, one event a transaction; no guards, no checks, no objects."""

    def __init__(self, path: Path) -> None:
        self.connection = connected(path)

    def command(self, row: StoredRow, caller: str, key: str, digest: str) -> None:
        patient, execute = row.originator_id.hex, self.connection.execute
        execute("BEGIN IMMEDIATE")
        found = execute("SELECT * FROM commands WHERE caller = ? AND key = ?", (caller, key)).fetchone()
        (head,) = execute(HEAD, (patient,)).fetchone()
        assert found is None
        assert head == row.originator_version - 1
        execute(INSERT_EVENT, (patient, row.originator_version, row.topic, row.state))
        execute(
            "INSERT INTO commands VALUES (?, ?, ?, ?, ?, ?)",
            (caller, key, digest, patient, row.originator_version, row.originator_version),
        )
        execute("COMMIT")

    def states(self, patient_id: UUID) -> list[tuple[str, bytes]]:
        return self.connection.execute(
            "SELECT topic, state FROM stored_events WHERE originator_id = ? ORDER BY originator_version",
            (patient_id.hex,),
        ).fetchall()

    def log(self) -> Iterator[tuple[int, str, int, str, bytes]]:
        """Everybody's events, oldest first."""
        yield from self.connection.execute(
            "SELECT rowid, originator_id, originator_version, topic, state FROM stored_events ORDER BY rowid"
        )

    def close(self) -> None:
        self.connection.close()


def connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def make(path: Path, rows: Iterable[StoredRow]) -> None:
    """A file of its own, closed again: its log begins as short as that of any file that is opened."""
    connection = connected(path)
    connection.executescript(TABLES)
    insert(connection, rows)
    connection.close()


def insert(connection: sqlite3.Connection, rows: Iterable[StoredRow]) -> None:
    """Very many, in one transaction."""
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(
        INSERT_EVENT, ((one.originator_id.hex, one.originator_version, one.topic, one.state) for one in rows)
    )
    connection.execute("COMMIT")
