"""The owner of the database: statements on both stores, with the guards dropped."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from types import TracebackType
from typing import Any

import psycopg

from domain.ledger.application import Ledger
from domain.ledger.stores.postgres_datastore import connection_parameters
from domain.ledger.stores.urls import SQLiteAddress


class Owner:
    """`?` is a parameter on both stores. On SQLite the triggers that guard what is recorded are dropped first."""

    def __init__(self, ledger: Ledger) -> None:
        self.on_sqlite = isinstance(ledger.address, SQLiteAddress)
        if isinstance(ledger.address, SQLiteAddress):
            self.connection: Any = sqlite3.connect(ledger.address.path, isolation_level=None)
            # What is tried here need not survive a power failure.
            self.connection.execute("PRAGMA synchronous=OFF")
        else:
            self.connection = psycopg.connect(**connection_parameters(ledger.address), autocommit=True)

    def __enter__(self) -> Owner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.close()

    def drop_guards(self) -> None:
        if self.on_sqlite:
            names = self.connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for (name,) in names:
                self.connection.execute(f"DROP TRIGGER {name}")

    def run(self, statement: str, *values: Any) -> int:
        """How many rows it changed."""
        cursor = self.connection.execute(self._spelled(statement), values)
        changed: int = cursor.rowcount
        return changed

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.connection.execute(self._spelled(statement), values).fetchall()]

    def each(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
        for row in rows:
            self.run(statement, *row)

    def _spelled(self, statement: str) -> str:
        return statement if self.on_sqlite else statement.replace("?", "%s")
