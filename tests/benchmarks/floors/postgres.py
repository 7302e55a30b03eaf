"""The floor on PostgreSQL: what somebody who needs nothing but the rows would write with psycopg, and as durable.

It takes no lock that orders the commits: a reader that tails its log misses events.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final
from uuid import UUID

import psycopg

from tests.benchmarks.patients import StoredRow

TABLES: Final = """
CREATE TABLE stored_events (originator_id uuid NOT NULL, originator_version bigint NOT NULL, topic text, state bytea,
    notification_id bigserial, PRIMARY KEY (originator_id, originator_version));
CREATE UNIQUE INDEX ON stored_events (notification_id);
CREATE TABLE commands (caller text NOT NULL, key text NOT NULL, request_digest text NOT NULL, patient_id uuid NOT NULL,
    first_version bigint NOT NULL, last_version bigint NOT NULL, PRIMARY KEY (caller, key));
"""
KEY: Final = "SELECT * FROM commands WHERE caller = %s AND key = %s"
HEAD: Final = "SELECT MAX(originator_version) FROM stored_events WHERE originator_id = %s"
INSERT_EVENT: Final = (
    "INSERT INTO stored_events (originator_id, originator_version, topic, state) VALUES (%s, %s, %s, %s)"
)
INSERT_COMMAND: Final = "INSERT INTO commands VALUES (%s, %s, %s, %s, %s, %s)"
BOTH_READS: Final = f"SELECT EXISTS ({KEY}), ({HEAD})"
BOTH_WRITES: Final = f"WITH event AS ({INSERT_EVENT}) {INSERT_COMMAND}"


class PostgresFloor:
    """One connection, statements prepared; no guards, no checks, no objects."""

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url, autocommit=True, prepare_threshold=0)

    def command(self, row: StoredRow, caller: str, key: str, digest: str) -> None:
        """A transaction, and the statements in it, as they stand in a textbook."""
        patient, version = row.originator_id, row.originator_version
        with self.connection.transaction(), self.connection.cursor() as cursor:
            found = cursor.execute(KEY, (caller, key)).fetchone()
            head = cursor.execute(HEAD, (patient,)).fetchone()
            assert found is None
            assert head == (version - 1,)
            cursor.execute(INSERT_EVENT, (patient, version, row.topic, row.state))
            cursor.execute(INSERT_COMMAND, (caller, key, digest, patient, version, version))

    def command_in_two(self, row: StoredRow, caller: str, key: str, digest: str) -> None:
        """The same in two round trips: one statement that reads, and one that writes, each its own transaction."""
        patient, version = row.originator_id, row.originator_version
        with self.connection.cursor() as cursor:
            read = cursor.execute(BOTH_READS, (caller, key, patient)).fetchone()
            assert read == (False, version - 1)
            written = (patient, version, row.topic, row.state, caller, key, digest, patient, version, version)
            cursor.execute(BOTH_WRITES, written)

    def states(self, patient_id: UUID) -> list[tuple[str, bytes]]:
        return self.connection.execute(
            "SELECT topic, state FROM stored_events WHERE originator_id = %s ORDER BY originator_version",
            (patient_id,),
            binary=True,
        ).fetchall()

    def log(self) -> Iterator[tuple[int, UUID, int, str, bytes]]:
        """Everybody's events, oldest first."""
        yield from self.connection.execute(
            "SELECT notification_id, originator_id, originator_version, topic, state FROM stored_events"
            " ORDER BY notification_id",
            binary=True,
        )

    def close(self) -> None:
        self.connection.close()


def make(url: str, rows: Iterable[StoredRow]) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(TABLES)
        insert(connection, rows)
        connection.execute("VACUUM ANALYZE")


def insert(connection: psycopg.Connection, rows: Iterable[StoredRow]) -> None:
    """Very many, in one transaction, in the order in which they come."""
    copy = "COPY stored_events (originator_id, originator_version, topic, state) FROM STDIN"
    with connection.transaction(), connection.cursor() as cursor, cursor.copy(copy) as copying:
        for one in rows:
            copying.write_row((one.originator_id, one.originator_version, one.topic, one.state))
