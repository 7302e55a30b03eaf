"""What a piece of work asks of its store: statements, and pages read, each as the store itself or the system counts."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg

from domain.ledger.application import Ledger, open_ledger
from tests.benchmarks.stores import Stores

PAGE_BYTES = 4096
_FLUSHED_SECONDS = 1.1
"""A PostgreSQL session tells of its reads at the end of a transaction, once a second at most."""


@dataclass(frozen=True, slots=True)
class Asked:
    """By one piece of work. `pages` is None where nobody counts them."""

    statements: float
    pages: float | None


Work = Callable[[Ledger, int], object]


def asked(stores: Stores, url: str, work: Work, pieces: int, *, before: Callable[[Ledger], object]) -> Asked:
    """`work` is done for each number below `pieces` and some more, on a ledger of its own; `before` is not counted."""
    if url.startswith("sqlite"):
        return _of_sqlite(url, work, pieces, before)
    return _of_postgres(stores, url, work, pieces, before)


UNCOUNTED = 2
"""Pieces of work that warm a ledger or make its store tell of itself."""


def _of_sqlite(url: str, work: Work, pieces: int, prepare: Callable[[Ledger], object]) -> Asked:
    statements: list[str] = []
    connect = sqlite3.connect

    def traced(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*arguments, **options)
        connection.set_trace_callback(statements.append)
        return connection

    with patch.object(sqlite3, "connect", traced), open_ledger(url) as ledger:
        prepare(ledger)
        work(ledger, 0)
        statements.clear()
        before = _bytes_read()
        for number in range(1, pieces + 1):
            work(ledger, number)
        after = _bytes_read()
    # The statements inside of a trigger are told of as comments.
    count = sum(not one.startswith("--") for one in statements)
    pages = None if before is None or after is None else (after - before) / PAGE_BYTES / pieces
    return Asked(count / pieces, pages)


def _bytes_read() -> int | None:
    """By this process and through the system; what is in SQLite's own page cache is not read again."""
    counters = Path("/proc/self/io")
    if not counters.exists():
        return None
    found = re.search(r"^rchar: (\d+)", counters.read_text(), re.MULTILINE)
    return None if found is None else int(found[1])


def _of_postgres(stores: Stores, url: str, work: Work, pieces: int, prepare: Callable[[Ledger], object]) -> Asked:
    database = url.rpartition("/")[2]
    stores.server.execute("ALTER DATABASE {} SET log_statement = 'all'", database)
    try:
        with open_ledger(url) as ledger, _watched(stores, url) as pages_so_far:
            prepare(ledger)
            work(ledger, 0)
            time.sleep(_FLUSHED_SECONDS)
            work(ledger, 1)
            before, logged_before = pages_so_far(), _logged(stores)
            for number in range(2, pieces + 2):
                if number == pieces + 1:
                    time.sleep(_FLUSHED_SECONDS)
                work(ledger, number)
            time.sleep(0.1)
            after, logged_after = pages_so_far(), _logged(stores)
    finally:
        stores.server.execute("ALTER DATABASE {} RESET log_statement", database)
    return Asked((logged_after - logged_before) / pieces, (after - before) / pieces)


@contextmanager
def _watched(stores: Stores, url: str) -> Iterator[Callable[[], int]]:
    """Pages read in that database, whether they were in memory or not; the watcher asks from another database."""
    with psycopg.connect(stores.server.url("postgres"), autocommit=True) as watcher:
        statement = "SELECT blks_hit + blks_read FROM pg_stat_database WHERE datname = %s"

        def pages() -> int:
            row = watcher.execute(statement, (url.rpartition("/")[2],)).fetchone()
            assert row is not None
            return int(row[0])

        yield pages


def _logged(stores: Stores) -> int:
    text = (stores.server.folder / "log").read_text(errors="replace")
    return len(re.findall(r"LOG:  (?:statement|execute [^:]*):", text))
