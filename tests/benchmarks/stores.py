"""The two stores of the benchmark: fresh files and databases for every side, as durable as they are by default."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from uuid import UUID

import psycopg

from domain.ledger.schema import read_settings, upgrade
from domain.ledger.stores.urls import address_of
from tests.benchmarks.floors import postgres as floor_postgres
from tests.benchmarks.floors import sqlite as floor_sqlite
from tests.benchmarks.floors.postgres import PostgresFloor
from tests.benchmarks.floors.sqlite import SQLiteFloor
from tests.benchmarks.patients import ZONE, StoredRow
from tests.postgres_server import PostgresServer, postgres_server

NAMES: Final = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@dataclass
class Stores:
    """Everything in one folder and one server, so that all sides have the same disk under them."""

    folder: Path
    server: PostgresServer
    _numbers: count[int] = field(default_factory=count)

    def new_url(self, store: str) -> str:
        """A file or database that holds nothing yet."""
        number = next(self._numbers)
        if store == "sqlite":
            return f"sqlite:///{self.folder / f'store_{number}.db'}"
        self.server.execute("CREATE DATABASE {}", f"store_{number}")
        return self.server.url(f"store_{number}")

    def new_ledger(self, store: str) -> str:
        """The URL of an empty one, as `database upgrade` makes it."""
        url = self.new_url(store)
        upgrade(url, zone=ZONE, entropy=os.urandom)
        return url

    def floor(self, store: str, rows: Iterable[StoredRow] = ()) -> SQLiteFloor | PostgresFloor:
        (floor,) = self.floors(1, store, rows)
        return floor

    def floors(self, clients: int, store: str, rows: Iterable[StoredRow]) -> list[SQLiteFloor] | list[PostgresFloor]:
        """Connections to one and the same, one for each client."""
        url = self.new_url(store)
        if store == "sqlite":
            floor_sqlite.make(path_of(url), rows)
            return [SQLiteFloor(path_of(url)) for _ in range(clients)]
        floor_postgres.make(url, rows)
        return [PostgresFloor(url) for _ in range(clients)]


def path_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def fill(url: str, rows: Iterable[StoredRow]) -> None:
    """Stores events of a ledger directly, very many at once, and lets the store take stock of them."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(path_of(url), isolation_level=None)
        floor_sqlite.insert(connection, rows)
        connection.close()
        return
    with psycopg.connect(url, autocommit=True) as there:
        floor_postgres.insert(there, rows)
        there.execute("VACUUM ANALYZE")


def namespace_of(url: str) -> UUID:
    """Under which the ledger's index of members is kept."""
    return read_settings(address_of(url)).index_namespace


@contextmanager
def opened_stores() -> Iterator[Stores]:
    """PostgreSQL as it comes: fsync on, synchronous_commit on."""
    with ExitStack() as opened:
        folder = Path(opened.enter_context(TemporaryDirectory(prefix="ledger-bench-")))
        yield Stores(folder, opened.enter_context(postgres_server()))
