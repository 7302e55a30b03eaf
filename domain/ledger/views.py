"""The tables of the views: what is derived from the log for everybody at once, and how far it has got.

A view is held in generations. One serves; a rebuild fills the next beside it and then takes its
place in one transaction. Rows and position change together or not at all, and only from the
position that was read before: of two that do the same work, the second stores nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Final, Literal, TypeVar
from uuid import UUID

from eventsourcing.persistence import InterfaceError, OperationalError, PersistenceError
from eventsourcing.postgres import PostgresDatastore
from eventsourcing.sqlite import SQLiteDatastore
from eventsourcing.utils import retry

from domain.ledger.errors import StoreError
from domain.ledger.postgres_store import SCHEMA, LedgerPostgresDatastore
from domain.ledger.sqlite_store import LedgerSQLiteDatastore

UNAVAILABLE: Final = (PersistenceError, StoreError)
"""Errors that mean that the store does not answer; no one patient is to blame for them."""

NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)
"""Stands in an instant's column where there is none: it is never reached, and sorts last."""

_VIEWS_LOCK: Final = 5_207_642_218_040_313_159
_MAIN: Final = "main"

T = TypeVar("T")
Sort = Literal["due_at", "received_at", "state", "held_by"]
Run = Callable[..., list[Mapping[str, Any]]]
"""Executes a statement with named parameters; the rows that it returns, none for one that returns nothing."""


# -- what is stored, and asked ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WorklistEntry:
    """A row of the worklist: what it is found and sorted by, and the whole of it as JSON.

    Texts are empty where nothing is known; `missing` has a space before and after each clause.
    """

    subject_id: str
    patient_id: UUID
    kind: str
    state: str
    path: str
    recommendation: str
    line_of_business: str
    urgency: str
    held_by: str
    received_at: datetime
    due_at: datetime
    at_risk_from: datetime
    paused_from: datetime
    paused_until: datetime
    changes_on: date | None
    missing: str
    row: str
    history_version: int


@dataclass(frozen=True, slots=True)
class Refolded:
    """The rows of one patient as they are now, or why they could not be made."""

    patient_id: UUID
    entries: tuple[WorklistEntry, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Generation:
    """`position` is that of the last event of the log that its rows hold."""

    number: int
    position: int


@dataclass(frozen=True, slots=True)
class Failure:
    """A patient whose rows could not be made, as often as `attempts` says."""

    patient_id: UUID
    error: str
    failed_at: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class WorklistQuery:
    """`equal` are columns with the values to accept; `after` is the last row seen, by its sort value and id."""

    now: datetime
    equal: Mapping[str, Sequence[str]] = field(default_factory=dict)
    overdue: bool = False
    at_risk: bool = False
    missing: str | None = None
    sort: Sort = "due_at"
    descending: bool = False
    after: tuple[str | datetime, str] | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class WorklistFound:
    """One page of rows as JSON, of one generation; `counts` are of every state, whatever page and states were asked."""

    generation: int
    rows: list[str]
    counts: dict[str, int]
    failures: list[Failure]


COLUMNS: Final = tuple(one.name for one in fields(WorklistEntry))
_NAMES: Final = ", ".join(f'"{name}"' for name in COLUMNS)

# -- the statements, for both stores ----------------------------------------------------------

_POSITION = "UPDATE {schema}.view_positions SET position = :position"
_SERVING = "SELECT generation, position FROM {schema}.view_positions WHERE view = :view AND renderer = :renderer"
_MOVE = f"{_POSITION} WHERE view = :view AND generation = :generation AND position = :expected RETURNING generation"
_BEGIN = """
    INSERT INTO {schema}.view_positions (view, generation, renderer, position, serves)
    SELECT :view, COALESCE(MAX(generation), 0) + 1, :renderer, 0, 0 FROM {schema}.view_positions WHERE view = :view
    RETURNING generation"""
_SERVE = """
    UPDATE {schema}.view_positions SET serves = 1 WHERE view = :view AND generation = :generation
    RETURNING generation"""
# Never a newer one, which is still being filled: so that no number is given out twice.
_OLDER = "SELECT generation FROM {schema}.view_positions WHERE view = :view AND generation < :generation"
_DROP_ROWS = "DELETE FROM {schema}.worklist_rows WHERE generation = :generation"
_DROP = "DELETE FROM {schema}.view_positions WHERE view = :view AND generation = :generation"
_FORGET = "DELETE FROM {schema}.worklist_rows WHERE generation = :generation AND patient_id = :patient_id"
_INSERT = (
    f"INSERT INTO {{schema}}.worklist_rows (generation, {_NAMES})"  # noqa: S608
    f" VALUES (:generation, {', '.join(f':{name}' for name in COLUMNS)})"
)
_MENDED = "DELETE FROM {schema}.view_failures WHERE view = :view AND patient_id = :patient_id"
_FAILED = """
    INSERT INTO {schema}.view_failures (view, patient_id, error, failed_at, attempts)
    VALUES (:view, :patient_id, :error, :failed_at, 1)
    ON CONFLICT (view, patient_id) DO UPDATE
    SET error = excluded.error, failed_at = excluded.failed_at, attempts = view_failures.attempts + 1"""
_FAILURES = "SELECT * FROM {schema}.view_failures WHERE view = :view ORDER BY failed_at, patient_id"
_DUE = """
    SELECT DISTINCT patient_id FROM {schema}.worklist_rows
    WHERE generation = :generation AND changes_on <= :day
    AND patient_id NOT IN (SELECT patient_id FROM {schema}.view_failures WHERE view = :view)
    ORDER BY patient_id LIMIT :limit"""

_RUNS = "NOT (paused_from <= :now AND :now < paused_until)"
_OVERDUE = f"(due_at < :now AND {_RUNS})"
_AT_RISK = f"(at_risk_from <= :now AND :now <= due_at AND {_RUNS})"


class Views:
    """The tables of one ledger; `views_of` gives them. Everything raises what `UNAVAILABLE` names, and nothing else."""

    def __init__(self, store: _SQLiteTables | _PostgresTables) -> None:
        self._store = store

    def serving(self, view: str, renderer: str) -> Generation | None:
        """The generation that answers questions, of those that this renderer made."""
        where = f"{_SERVING} AND serves = 1"
        found = self._store.reads(lambda run: run(where, view=view, renderer=renderer))
        return Generation(found[0]["generation"], found[0]["position"]) if found else None

    def begin(self, view: str, renderer: str) -> Generation:
        """A new one, empty, which serves nobody yet."""
        (made,) = self._store.writes(lambda run: run(_BEGIN, view=view, renderer=renderer))
        return Generation(made["generation"], 0)

    def store(
        self, view: str, generation: Generation, position: int, refolded: Sequence[Refolded], at: datetime
    ) -> Generation | None:
        """Replaces the rows of these patients and moves on to `position`, in one transaction.

        None, and nothing stored, where somebody else moved the generation on or dropped it meanwhile:
        what was folded may be older than what is there.
        """

        def work(run: Run) -> Generation | None:
            place = {"view": view, "generation": generation.number}
            if not run(_MOVE, **place, position=position, expected=generation.position):
                return None
            for one in refolded:
                patient = {"view": view, "patient_id": one.patient_id}
                if one.error is not None:
                    run(_FAILED, **patient, error=one.error, failed_at=at)
                    continue
                run(_MENDED, **patient)
                run(_FORGET, generation=generation.number, patient_id=one.patient_id)
                for entry in one.entries:
                    run(_INSERT, generation=generation.number, **asdict(entry))
            return Generation(generation.number, position)

        return self._store.writes(work)

    def serve(self, view: str, renderer: str, generation: Generation, *, alone: bool) -> bool:
        """From now on this one answers, and the older ones of its renderer are gone; with `alone`, those of any.

        False where it was dropped by a newer one that came to serve first.
        """
        older = _OLDER if alone else f"{_OLDER} AND renderer = :renderer"

        def work(run: Run) -> bool:
            if not run(_SERVE, view=view, generation=generation.number):
                return False
            for one in run(older, view=view, generation=generation.number, renderer=renderer):
                run(_DROP_ROWS, generation=one["generation"])
                run(_DROP, view=view, generation=one["generation"])
            return True

        return self._store.writes(work)

    def due(self, view: str, generation: Generation, day: date, limit: int) -> list[UUID]:
        """Patients with a row that the time up to this day may have altered; those whose rows fail are left out."""
        rows = self._store.reads(lambda run: run(_DUE, view=view, generation=generation.number, day=day, limit=limit))
        return [_uuid(row["patient_id"]) for row in rows]

    def failures(self, view: str) -> list[Failure]:
        """The longest waiting first."""
        return self._store.reads(lambda run: _failures(run, view))

    def worklist(self, view: str, renderer: str, query: WorklistQuery) -> WorklistFound:
        """Rows, counts and failures of one moment, from the generation that serves."""

        def work(run: Run) -> WorklistFound:
            serving = run(f"{_SERVING} AND serves = 1", view=view, renderer=renderer)
            number = serving[0]["generation"] if serving else 0
            conditions, values = _conditions(query, ("state",))
            counted = run(
                f"SELECT state, COUNT(*) AS number FROM {{schema}}.worklist_rows WHERE {conditions} GROUP BY state",  # noqa: S608
                generation=number,
                **values,
            )
            statement, values = _page(query)
            rows = run(statement, generation=number, **values)
            return WorklistFound(
                generation=number,
                rows=[row["row"] for row in rows],
                counts={row["state"]: row["number"] for row in counted},
                failures=_failures(run, view),
            )

        return self._store.reads(work)


def _failures(run: Run, view: str) -> list[Failure]:
    return [
        Failure(_uuid(row["patient_id"]), row["error"], _instant(row["failed_at"]), row["attempts"])
        for row in run(_FAILURES, view=view)
    ]


def _conditions(query: WorklistQuery, leaving_out: Sequence[str] = ()) -> tuple[str, dict[str, Any]]:
    """What the query asks of a row; names of columns are ours, values are parameters."""
    conditions, values = ["generation = :generation"], dict[str, Any]()
    for column, accepted in query.equal.items():
        assert column in COLUMNS
        if column in leaving_out:
            continue
        names = [f"{column}_{number}" for number in range(len(accepted))]
        conditions.append(f"{column} IN ({', '.join(f':{name}' for name in names)})" if names else "1 = 0")
        values |= dict(zip(names, accepted, strict=True))
    standings = [clause for clause, wanted in ((_OVERDUE, query.overdue), (_AT_RISK, query.at_risk)) if wanted]
    if standings:
        conditions.append(f"({' OR '.join(standings)})")
        values["now"] = query.now
    if query.missing is not None:
        # Not LIKE, which takes upper for lower case on one of the stores.
        conditions.append("REPLACE(missing, :missing, '') <> missing")
        values["missing"] = f" {query.missing} "
    return " AND ".join(conditions), values


def _page(query: WorklistQuery) -> tuple[str, dict[str, Any]]:
    """One row more than a page, which tells that there is another page."""
    conditions, values = _conditions(query)
    direction, beyond = ("DESC", "<") if query.descending else ("ASC", ">")
    if query.after is not None:
        conditions += f" AND ({query.sort}, subject_id) {beyond} (:after_value, :after_subject)"
        values["after_value"], values["after_subject"] = query.after
    order = f"{query.sort} {direction}, subject_id {direction}"
    select = f'SELECT CAST("row" AS text) AS "row" FROM {{schema}}.worklist_rows WHERE {conditions}'  # noqa: S608
    return f"{select} ORDER BY {order} LIMIT :limit", values | {"limit": query.limit + 1}


# -- the two stores ---------------------------------------------------------------------------


def views_of(datastore: SQLiteDatastore | PostgresDatastore) -> Views:
    """Those of the ledger whose events are in `datastore`; they share its connections and its lock."""
    if isinstance(datastore, LedgerSQLiteDatastore):
        return Views(_SQLiteTables(datastore))
    assert isinstance(datastore, LedgerPostgresDatastore)
    return Views(_PostgresTables(datastore))


class _SQLiteTables:
    """Writers take the lock of the file, so one comes after the other."""

    def __init__(self, datastore: LedgerSQLiteDatastore) -> None:
        self._datastore = datastore

    def reads(self, work: Callable[[Run], T]) -> T:
        with self._transaction(commit=False) as run:
            return work(run)

    def writes(self, work: Callable[[Run], T]) -> T:
        with self._transaction(commit=True) as run:
            return work(run)

    @contextmanager
    def _transaction(self, *, commit: bool) -> Iterator[Run]:
        with self._datastore.transaction(commit=commit) as cursor:

            def run(statement: str, **values: Any) -> list[Mapping[str, Any]]:
                cursor.execute(_for_sqlite(statement), {name: _as_text(value) for name, value in values.items()})
                return list(cursor.fetchall())

            yield run


class _PostgresTables:
    """Writers take an advisory lock, so one comes after the other; what is lost with a connection is done again."""

    def __init__(self, datastore: LedgerPostgresDatastore) -> None:
        self._datastore = datastore

    @retry((InterfaceError, OperationalError), max_attempts=10, wait=0.2)
    def reads(self, work: Callable[[Run], T]) -> T:
        with self._transaction(commit=False, first="SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY") as run:
            return work(run)

    @retry((InterfaceError, OperationalError), max_attempts=10, wait=0.2)
    def writes(self, work: Callable[[Run], T]) -> T:
        with self._transaction(commit=True, first=f"SELECT pg_advisory_xact_lock({_VIEWS_LOCK})") as run:
            return work(run)

    @contextmanager
    def _transaction(self, *, commit: bool, first: str) -> Iterator[Run]:
        with self._datastore.transaction(commit=commit) as cursor:
            cursor.execute(first.encode())

            def run(statement: str, **values: Any) -> list[Mapping[str, Any]]:
                cursor.execute(_for_postgres(statement), values)
                return list(cursor.fetchall()) if cursor.description is not None else []

            yield run


@lru_cache(maxsize=256)
def _for_sqlite(statement: str) -> str:
    return statement.replace("{schema}", _MAIN)


@lru_cache(maxsize=256)
def _for_postgres(statement: str) -> bytes:
    return re.sub(r":(\w+)", r"%(\1)s", statement.replace("{schema}", SCHEMA)).encode()


def _as_text(value: Any) -> Any:
    """As SQLite compares it: instants in UTC and of one width, days as YYYY-MM-DD."""
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds")
        case date():
            return value.isoformat()
        case UUID():
            return str(value)
    return value


def _uuid(value: UUID | str) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


def _instant(value: datetime | str) -> datetime:
    return value.astimezone(UTC) if isinstance(value, datetime) else datetime.fromisoformat(value)
