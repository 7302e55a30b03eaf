"""The floor of a rebuild: one pass over the log by patient, the same folds, rows in batches, counts at the end."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from itertools import groupby, islice
from operator import itemgetter
from types import TracebackType
from typing import Any, Final, Self
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg

from domain.events.patient import HistoryOpened
from projections.worklist.rows import worklist_rows
from projections.worklist.sql_rows import COLUMNS, EVERY_VALUE, FACETS, WorklistEntry, deadline_status_at
from projections.worklist.tables import entry_of
from tests.benchmarks.floors.by_hand import folded_by_hand
from tests.benchmarks.stores import path_of

PATIENTS_AT_ONCE: Final = 500
STORED: Final = ("generation", *COLUMNS, "standing", "turns_at")
COUNTED: Final = (*FACETS, "standing")

Row = tuple[Any, ...]
BY_PATIENT: Final = "SELECT originator_id, topic, state FROM stored_events ORDER BY originator_id, originator_version"


class Counts(Counter[Row]):
    def add(self, entry: WorklistEntry, standing: str) -> None:
        rest = (*(getattr(entry, name) for name in FACETS[2:]), standing)
        for holder in (entry.held_by, EVERY_VALUE):
            for missing in (entry.missing, EVERY_VALUE):
                self[holder, missing, *rest] += 1


def folded(events: Iterable[tuple[Any, str, bytes]], zone: ZoneInfo, now: datetime) -> Iterator[WorklistEntry]:
    """The rows of everybody in a selection by patient; streams that are no patient's have none."""
    today = now.astimezone(zone).date()
    for stream, rows in groupby(events, key=itemgetter(0)):
        told = [(topic, state) for _, topic, state in rows]
        if told[0][0] != HistoryOpened.TOPIC:
            continue
        history = folded_by_hand(stream if isinstance(stream, UUID) else UUID(stream), told)
        for row in worklist_rows(history, today, zone):
            yield entry_of(row)


def batches(entries: Iterator[WorklistEntry], counts: Counts, generation: int, now: datetime) -> Iterator[list[Row]]:
    while chunk := list(islice(entries, PATIENTS_AT_ONCE)):
        rows = []
        for one in chunk:
            standing, turns_at = deadline_status_at(
                one.due_at, one.at_risk_from, one.paused_from, one.paused_until, now
            )
            counts.add(one, standing)
            rows.append((generation, *(getattr(one, name) for name in COLUMNS), standing, turns_at))
        yield rows


class SQLiteRebuild:
    def __init__(self, url: str, zone: ZoneInfo) -> None:
        self.zone, self.generation = zone, 0
        self.reader, self.writer = (sqlite3.connect(path_of(url), isolation_level=None) for _ in range(2))
        self.writer.execute("PRAGMA synchronous=FULL")

    def rebuild(self, now: datetime) -> None:
        self.generation += 1
        counts = Counts()
        entries = folded(self.reader.execute(BY_PATIENT), self.zone, now)
        insert = f"INSERT INTO worklist_entries ({', '.join(STORED)}) VALUES ({', '.join('?' * len(STORED))})"
        for rows in batches(entries, counts, self.generation, now):
            self.writer.execute("BEGIN IMMEDIATE")
            self.writer.executemany(insert, [[_as_text(value) for value in row] for row in rows])
            self.writer.execute("COMMIT")
        self.writer.execute("BEGIN IMMEDIATE")
        self.writer.execute("DELETE FROM worklist_entries WHERE generation < ?", (self.generation,))
        self.writer.execute("DELETE FROM worklist_counts WHERE generation < ?", (self.generation,))
        insert = f"INSERT INTO worklist_counts (generation, {', '.join(COUNTED)}, number) VALUES (?{', ?' * 10})"
        self.writer.executemany(insert, [(self.generation, *cell, number) for cell, number in counts.items()])
        self.writer.execute("COMMIT")

    def stored(self) -> list[Row]:
        """What is left of both tables, but for the number of the generation."""
        return [
            *self.reader.execute(f"SELECT {', '.join(COLUMNS)} FROM worklist_entries ORDER BY subject_id"),
            *self.reader.execute(
                f"SELECT {', '.join(COUNTED)}, number FROM worklist_counts ORDER BY {', '.join(COUNTED)}"
            ),
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.reader.close()
        self.writer.close()


class PostgresRebuild:
    def __init__(self, url: str, zone: ZoneInfo) -> None:
        self.zone, self.generation = zone, 0
        self.reader, self.writer = psycopg.connect(url), psycopg.connect(url, autocommit=True)

    def rebuild(self, now: datetime) -> None:
        self.generation += 1
        counts = Counts()
        with self.reader.cursor("log", binary=True) as log, self.writer.cursor() as writer:
            log.itersize = 4 * PATIENTS_AT_ONCE
            entries = folded(log.execute(BY_PATIENT), self.zone, now)
            for rows in batches(entries, counts, self.generation, now):
                # One statement with COPY is one transaction.
                with writer.copy(f"COPY worklist_entries ({', '.join(STORED)}) FROM STDIN") as copying:
                    for row in rows:
                        copying.write_row(row)
        self.reader.rollback()
        with self.writer.transaction(), self.writer.cursor() as writer:
            writer.execute("DELETE FROM worklist_entries WHERE generation < %s", (self.generation,))
            writer.execute("DELETE FROM worklist_counts WHERE generation < %s", (self.generation,))
            columns = f"generation, {', '.join(COUNTED)}, number"
            with writer.copy(f"COPY worklist_counts ({columns}) FROM STDIN") as copying:
                for cell, number in counts.items():
                    copying.write_row((self.generation, *cell, number))

    def stored(self) -> list[Row]:
        """What is left of both tables, but for the number of the generation."""
        texts = ", ".join(f"{name}::text" for name in COLUMNS)
        counted = ", ".join(COUNTED)
        return [
            *self.writer.execute(f"SELECT {texts} FROM worklist_entries ORDER BY subject_id"),
            *self.writer.execute(f"SELECT {counted}, number FROM worklist_counts ORDER BY {counted}"),
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.reader.close()
        self.writer.close()


def _as_text(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
