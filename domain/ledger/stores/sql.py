"""How the tables of the views are read and written on both stores: the same statements, in a transaction each time.

In a statement, `:name` is a parameter, `{schema}` the tables' schema, `{log_end}` the position of
the log's last event, `{among name}` a condition on a list, and `{by index}` names the index that
SQLite, which keeps no statistics by itself, is to read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar
from uuid import UUID

from eventsourcing.persistence import InterfaceError, OperationalError
from eventsourcing.sqlite import SQLiteCursor
from eventsourcing.utils import retry
from pydantic_core import to_json

from domain.ledger.stores.sqlite_connections import LedgerSQLiteDatastore
from domain.ledger.tables.tables import SCHEMA

if TYPE_CHECKING:
    from psycopg import Cursor
    from psycopg.rows import DictRow

    from domain.ledger.stores.postgres_datastore import LedgerPostgresDatastore

_VIEWS_LOCK: Final = 5_207_642_218_040_313_159
_MAIN: Final = "main"

ROWS_TO_COPY: Final = 20
"""From so many on, PostgreSQL takes new rows faster by its COPY, which costs a round trip more."""

T = TypeVar("T")


class SqlRun(Protocol):
    """What is done in a transaction."""

    def __call__(self, statement: str, **values: Any) -> list[Mapping[str, Any]]:
        """The rows that a statement returns, none for one that returns nothing."""

    def each(self, statement: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """The statement once for each of the rows, together."""

    def add(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """New rows, which have the same columns."""

    def in_order(self) -> None:
        """From here on, rows are found in the order that is asked for, by its index, and not sorted."""


class ViewStore(Protocol):
    def reads(self, work: Callable[[SqlRun], T]) -> T:
        """In a transaction that sees one moment."""

    def writes(self, work: Callable[[SqlRun], T]) -> T:
        """In a transaction of which there is one at a time; it may be done again where a connection was lost."""


# -- SQLite -----------------------------------------------------------------------------------


class SQLiteViews:
    """Writers take the lock of the file, so one comes after the other."""

    def __init__(self, datastore: LedgerSQLiteDatastore) -> None:
        self._datastore = datastore

    def reads(self, work: Callable[[SqlRun], T]) -> T:
        with self._datastore.transaction(commit=False) as cursor:
            return work(OnSQLite(cursor))

    def writes(self, work: Callable[[SqlRun], T]) -> T:
        with self._datastore.transaction(commit=True) as cursor:
            return work(OnSQLite(cursor))


class OnSQLite:
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
        """Its statements name their indexes."""


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
    """As SQLite compares it: instants in UTC and of one width, days as YYYY-MM-DD."""
    # By its exact type, because very many values come here.
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
    """Writers take an advisory lock, so one comes after the other; what is lost with a connection is done again."""

    def __init__(self, datastore: LedgerPostgresDatastore, lock: int = _VIEWS_LOCK) -> None:
        self._datastore = datastore
        self._lock = lock

    @retry((InterfaceError, OperationalError), max_attempts=10, wait=0.2)
    def reads(self, work: Callable[[SqlRun], T]) -> T:
        with self._transaction(commit=False, first="SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY") as run:
            return work(run)

    @retry((InterfaceError, OperationalError), max_attempts=10, wait=0.2)
    def writes(self, work: Callable[[SqlRun], T]) -> T:
        with self._transaction(commit=True, first=f"SELECT pg_advisory_xact_lock({self._lock})") as run:
            return work(run)

    @contextmanager
    def _transaction(self, *, commit: bool, first: str) -> Iterator[SqlRun]:
        with self._datastore.transaction(commit=commit) as cursor:
            # Its planner counts rows a while after they came, and until then may prefer to read all of them.
            cursor.execute(f"{first}; SET LOCAL enable_seqscan = off".encode(), prepare=False)
            yield OnPostgres(cursor)


class OnPostgres:
    def __init__(self, cursor: Cursor[DictRow]) -> None:
        self._cursor = cursor

    def __call__(self, statement: str, **values: Any) -> list[Mapping[str, Any]]:
        self._cursor.execute(for_postgres(statement), values)
        return list(self._cursor.fetchall()) if self._cursor.description is not None else []

    def each(self, statement: str, rows: Sequence[Mapping[str, Any]]) -> None:
        # In the driver's pipeline: one round trip for all of them.
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
