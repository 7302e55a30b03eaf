"""How events reach SQLite and PostgreSQL: together with the idempotency row of their command, or not at all.

The row goes through the library's `insert_events(..., idempotency=...)`, into the transaction
of the events. A conflict in either table is the library's IntegrityError.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Any, Final
from uuid import UUID

from eventsourcing.persistence import (
    ApplicationRecorder,
    InfrastructureFactory,
    InterfaceError,
    OperationalError,
    StoredEvent,
)
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresFactory
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteCursor, SQLiteFactory
from eventsourcing.utils import Environment, retry
from psycopg import Cursor
from psycopg.rows import DictRow
from psycopg.sql import SQL

from domain.ledger.postgres_store import SCHEMA, LedgerPostgresDatastore
from domain.ledger.sqlite_store import LedgerSQLiteDatastore
from domain.ledger.urls import Address, PostgresAddress, SQLiteAddress

ORDERING_LOCK: Final = 5_207_642_218_040_313_157
"""PostgreSQL's advisory lock that every writer of events takes first, so that ids come in the order of commits."""


@dataclass(frozen=True, slots=True)
class CommandRecord:
    """What a caller's key stands for: the events of one command, first to last, in a patient's history."""

    caller: str
    key: str
    request_digest: str
    patient_id: UUID
    first_version: int
    last_version: int


_COLUMNS = "caller, key, request_digest, patient_id, first_version, last_version"


class SQLiteLedgerRecorder(SQLiteApplicationRecorder):
    def _insert_events(
        self, c: SQLiteCursor, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        command: CommandRecord | None = kwargs.get("idempotency")
        if command is not None:
            values = [value.hex if isinstance(value, UUID) else value for value in astuple(command)]
            c.execute(f"INSERT INTO commands ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", values)  # noqa: S608
        return super()._insert_events(c, stored_events, **kwargs)

    def find_command(self, caller: str, key: str) -> CommandRecord | None:
        with self.datastore.transaction(commit=False) as c:
            c.execute(f"SELECT {_COLUMNS} FROM commands WHERE caller = ? AND key = ?", (caller, key))  # noqa: S608
            row: sqlite3.Row | None = c.fetchone()
        if row is None:
            return None
        return CommandRecord(**{**dict(row), "patient_id": UUID(row["patient_id"])})


class PostgresLedgerRecorder(PostgresApplicationRecorder):
    def __init__(self, datastore: LedgerPostgresDatastore) -> None:
        super().__init__(datastore)
        # The library locks the table, for which the serving role would need more than INSERT.
        self.lock_table_statements = [
            SQL("SET LOCAL lock_timeout = '{0}s'").format(datastore.lock_timeout),
            SQL("SELECT pg_advisory_xact_lock({0})").format(ORDERING_LOCK),
        ]
        # One statement for both tables: in the library's pipeline, a conflict in an earlier one
        # than the last comes up as a broken pipeline, which it takes for a lost connection.
        self.insert_with_command_statement = (
            SQL("WITH command AS (INSERT INTO {0}.commands ({1}) VALUES (%s, %s, %s, %s, %s, %s))").format(
                SQL(SCHEMA), SQL(_COLUMNS)
            )
            + self.insert_events_statement
        )
        self.select_command = SQL("SELECT {1} FROM {0}.commands WHERE caller = %s AND key = %s").format(
            SQL(SCHEMA), SQL(_COLUMNS)
        )

    def _insert_stored_events(self, curs: Cursor[DictRow], stored_events: Sequence[StoredEvent], **kwargs: Any) -> None:
        command: CommandRecord | None = kwargs.get("idempotency")
        if command is None:
            super()._insert_stored_events(curs, stored_events, **kwargs)
            return
        self._lock_table(curs)
        self._notify_channel(curs)
        rows = [
            self.construct_pg_stored_event(one.originator_id, one.originator_version, one.topic, one.state)
            for one in stored_events
        ]
        curs.execute(self.insert_with_command_statement, (*astuple(command), rows))

    @retry((InterfaceError, OperationalError), max_attempts=10, wait=0.2)
    def find_command(self, caller: str, key: str) -> CommandRecord | None:
        with self.datastore.get_connection() as connection:
            row = connection.execute(self.select_command, (caller, key), prepare=True).fetchone()
        return None if row is None else CommandRecord(**row)


class SQLiteLedgerFactory(SQLiteFactory):
    def __init__(self, address: SQLiteAddress, env: Environment) -> None:
        InfrastructureFactory.__init__(self, env)
        self.datastore = LedgerSQLiteDatastore(address.path)

    def application_recorder(self) -> ApplicationRecorder:
        return SQLiteLedgerRecorder(self.datastore)


class PostgresLedgerFactory(PostgresFactory):
    def __init__(self, address: PostgresAddress, env: Environment) -> None:
        InfrastructureFactory.__init__(self, env)
        self.datastore = LedgerPostgresDatastore(address)

    def application_recorder(self) -> ApplicationRecorder:
        assert isinstance(self.datastore, LedgerPostgresDatastore)
        return PostgresLedgerRecorder(self.datastore)


def factory_at(address: Address, env: Environment) -> SQLiteLedgerFactory | PostgresLedgerFactory:
    """The library's factory of the store at `address`; it looks at nothing but what it is given."""
    match address:
        case SQLiteAddress():
            return SQLiteLedgerFactory(address, env)
        case PostgresAddress():
            return PostgresLedgerFactory(address, env)
