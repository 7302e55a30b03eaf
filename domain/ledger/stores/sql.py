"""Runs the same SQL statements on both stores, in transactions. The tables of the views are read and written with it.

In a statement, `:name` is a parameter, `{schema}` is the schema of the tables, `{log_end}` is the position of the
last event of the log, `{among name}` is a condition on a list, and `{by index}` names the index that SQLite must
use, because SQLite collects no statistics by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar
from uuid import UUID

from eventsourcing.sqlite import SQLiteCursor
from pydantic_core import to_json

from domain.ledger.stores.sqlite_connections import LedgerSQLiteDatastore
from domain.ledger.stores.unavailable import LOCK_SECONDS, STATEMENT_SECONDS, VIEWS_WAIT_SECONDS, retried
from domain.ledger.tables.tables import SCHEMA

if TYPE_CHECKING:
    from psycopg import Cursor
    from psycopg.rows import DictRow

    from domain.ledger.stores.postgres_datastore import LedgerPostgresDatastore

_VIEWS_LOCK: Final = 5_207_642_218_040_313_159
_MAIN: Final = "main"

ROWS_TO_COPY: Final = 20
"""From this number of rows on, COPY is faster on PostgreSQL than INSERT, although it needs one more round trip."""

T = TypeVar("T")


class SqlRun(Protocol):
    """The statements that can be run in a transaction."""

    def __call__(self, statement: str, **values: Any) -> list[Mapping[str, Any]]:
        """Runs a statement and returns its rows, if any."""

    def each(self, statement: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Runs a statement once for each of the rows, in one batch."""

    def add(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Inserts rows into a table. All rows have the same columns."""

    def in_order(self) -> None:
        """Makes the following statements read rows in their order by an index, instead of sorting them."""


class ViewStore(Protocol):
    def reads(self, work: Callable[[SqlRun], T]) -> T:
        """Runs `work` in a read transaction, which sees one snapshot."""

    def writes(self, work: Callable[[SqlRun], T]) -> T:
        """Runs `work` in a write transaction, one at a time. `work` is run again if a connection was lost."""


# -- SQLite -----------------------------------------------------------------------------------


class SQLiteViews:
    """The tables on SQLite. Writers take the lock of the file, so only one writes at a time."""

    def __init__(self, datastore: LedgerSQLiteDatastore) -> None:
        self._datastore = datastore

    def reads(self, work: Callable[[SqlRun], T]) -> T:
        with self._datastore.transaction(commit=False) as cursor:
            return work(SQLiteRun(cursor))

    def writes(self, work: Callable[[SqlRun], T]) -> T:
        with self._datastore.transaction(commit=True) as cursor:
            return work(SQLiteRun(cursor))


class SQLiteRun:
    def __init__(self, cursor: SQLiteCursor) -> None:
        self._cursor = cursor

    def __call__(self, statement: str, **values: Any) -> list[Mapping[str, Any]]:
        self._cursor.execute(for_sqlite(statement), {name: _as_text(value) for name, value in values.items()})
        return list(self._cursor.fetchall())

    def each(self, statement: str, rows: Sequence[Mapping[str, Any]]) -> None:
        values = [{name: _as_text(value) for name, value in row.items()} for row in rows]
        self._cursor.executemany(for_sqlite(statement), values)

    def add(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        self.each(_insert(table, tuple(rows[0])), rows)

    def in_order(self) -> None:
        """Does nothing, because statements name their indexes on SQLite."""


@lru_cache(maxsize=16)
def _insert(table: str, columns: tuple[str, ...]) -> str:
    values = ", ".join(f":{name}" for name in columns)
    return f"INSERT INTO {{schema}}.{table} ({', '.join(columns)}) VALUES ({values})"  # noqa: S608


@lru_cache(maxsize=256)
def for_sqlite(statement: str) -> str:
    statement = statement.replace("{log_end}", "(SELECT COALESCE(MAX(rowid), 0) FROM {schema}.stored_events)")
    statement = re.sub(r"\{among (\w+)\}", r"IN (SELECT value FROM json_each(:\1))", statement)
    statement = re.sub(r"\{by (\w+)\}", r"INDEXED BY \1", statement)
    return statement.replace("{schema}", _MAIN)


def _as_text(value: Any) -> Any:
    """The value in a form that SQLite compares correctly: instants in UTC and of one width, days as YYYY-MM-DD."""
    # A lookup by the exact type is fast, and this function is called very often.
    write = _WRITTEN.get(type(value))
    return value if write is None else write(value)


_WRITTEN: Final[dict[type[Any], Callable[[Any], str]]] = {
    datetime: lambda instant: instant.astimezone(UTC).isoformat(timespec="microseconds"),
    date: date.isoformat,
    UUID: str,
    list: lambda values: to_json(values).decode(),
}


# -- PostgreSQL -------------------------------------------------------------------------------


class PostgresViews:
    """The tables on PostgreSQL. Writers take an advisory lock, so only one writes at a time.

    A transaction that is lost with its connection is run again.
    """

    def __init__(self, datastore: LedgerPostgresDatastore, lock: int = _VIEWS_LOCK) -> None:
        self._datastore = datastore
        self._lock = lock

    @retried
    def reads(self, work: Callable[[SqlRun], T]) -> T:
        first = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
        limits = f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'; SET LOCAL statement_timeout = '{STATEMENT_SECONDS}s'"
        with self._transaction(commit=False, first=f"{first}; {limits}") as run:
            return work(run)

    @retried
    def writes(self, work: Callable[[SqlRun], T]) -> T:
        limit = f"SET LOCAL lock_timeout = '{VIEWS_WAIT_SECONDS}s'"
        with self._transaction(commit=True, first=f"{limit}; SELECT pg_advisory_xact_lock({self._lock})") as run:
            return work(run)

    @contextmanager
    def _transaction(self, *, commit: bool, first: str) -> Iterator[SqlRun]:
        with self._datastore.transaction(commit=commit) as cursor:
            # PostgreSQL updates its statistics some time after rows were added. Until then, its planner may choose to
            # read the whole table.
            cursor.execute(f"{first}; SET LOCAL enable_seqscan = off".encode(), prepare=False)
            yield PostgresRun(cursor)


class PostgresRun:
    def __init__(self, cursor: Cursor[DictRow]) -> None:
        self._cursor = cursor

    def __call__(self, statement: str, **values: Any) -> list[Mapping[str, Any]]:
        self._cursor.execute(for_postgres(statement), values)
        return list(self._cursor.fetchall()) if self._cursor.description is not None else []

    def each(self, statement: str, rows: Sequence[Mapping[str, Any]]) -> None:
        # The driver uses a pipeline: one round trip for all rows.
        self._cursor.executemany(for_postgres(statement), rows)

    def add(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        columns = tuple(rows[0])
        if len(rows) < ROWS_TO_COPY:
            self.each(_insert(table, columns), rows)
            return
        with self._cursor.copy(f"COPY {SCHEMA}.{table} ({', '.join(columns)}) FROM STDIN".encode()) as copying:
            for row in rows:
                copying.write_row([row[name] for name in columns])

    def in_order(self) -> None:
        self._cursor.execute(b"SET LOCAL enable_sort = off", prepare=False)


@lru_cache(maxsize=256)
def for_postgres(statement: str) -> bytes:
    log_end = "(SELECT COALESCE(MAX(notification_id), 0) FROM {schema}.stored_events)"
    statement = statement.replace("{log_end}", log_end)
    statement = re.sub(r"\{among (\w+)\}", r"= ANY(:\1)", statement)
    statement = re.sub(r"\{by (\w+)\}", "", statement)
    return re.sub(r":(\w+)", r"%(\1)s", statement.replace("{schema}", SCHEMA)).encode()
