"""Storage of views: rows derived from the log for all patients, and the position of the log that they include.

A view is stored in generations. One generation serves; a rebuild fills a new one alongside it, and replaces the old
one in one transaction. Rows and position change together or not at all, and only from the position that was read
before: if two runners do the same work, the second one stores nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from eventsourcing.persistence import PersistenceError
from eventsourcing.sqlite import SQLiteDatastore

from domain.ledger.errors import StoreError
from domain.ledger.stores.sql import PostgresViews, SQLiteViews, SqlRun, ViewStore
from domain.ledger.stores.sqlite_connections import LedgerSQLiteDatastore
from projections.worklist.sql_page import counts_of, rows_of
from projections.worklist.sql_rows import NEVER, WorklistEntry, WorklistQuery, drop_rows, replace_rows, turn

if TYPE_CHECKING:
    from eventsourcing.postgres import PostgresDatastore

__all__ = [
    "NEVER",
    "UNAVAILABLE",
    "Generation",
    "Refolded",
    "ViewFailure",
    "ViewStatus",
    "Views",
    "WorklistEntry",
    "WorklistFound",
    "WorklistQuery",
    "views_of",
]

UNAVAILABLE: Final = (PersistenceError, StoreError)
"""Errors that mean that the store does not answer. They are not recorded as a failure of a patient."""

FAILURES_SHOWN: Final = 200
ROWS_DROPPED_AT_ONCE: Final = 2_000
"""Limits how long recording an event can wait while the rows of an old generation are deleted."""

_BEGINNING: Final = datetime(1, 1, 1, tzinfo=UTC)


# -- what is stored, and asked ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Refolded:
    """The current rows of one patient, or the error with which they could not be computed."""

    patient_id: UUID
    entries: tuple[WorklistEntry, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Generation:
    """A generation of rows. `position` is the position of the last event of the log that its rows include."""

    number: int
    position: int


@dataclass(frozen=True, slots=True)
class ViewFailure:
    """A patient whose rows could not be computed in `attempts` tries."""

    patient_id: UUID
    error: str
    failed_at: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class ViewStatus:
    """The status of a view at one instant. `log_position` is the last position of the log.

    `is_due`: the day of the query changes rows. `has_turned`: the status of a deadline has changed since `clocks_at`.
    `clocks_at` is the instant for which the rows have the status of deadlines; it never decreases. `failures` are the
    patients who have waited longest, out of `failed` in total.
    """

    log_position: int
    failures: list[ViewFailure]
    failed: int
    clocks_at: datetime
    moved_at: datetime | None = None
    generation: Generation | None = None
    is_due: bool = False
    has_turned: bool = False


@dataclass(frozen=True, slots=True)
class WorklistFound:
    """One page of rows as JSON, from one generation. `counts` has every state, regardless of the page and its filter.

    `stale` has, for each row, whether its patient has a failure on record.
    """

    rows: list[str]
    stale: list[bool]
    counts: dict[str, int]


# -- the statements, for both stores ----------------------------------------------------------

_SERVING = """
    SELECT generation, position FROM {schema}.view_generations
    WHERE view = :view AND renderer = :renderer AND serves = 1"""
_STATUS = """
    SELECT {log_end} AS log_position, g.generation, g.position, g.clocks_at, g.moved_at, EXISTS (
        SELECT 1 FROM {schema}.worklist_entries AS e WHERE e.generation = g.generation AND e.changes_on <= :day
        AND NOT EXISTS (SELECT 1 FROM {schema}.view_failures AS f WHERE f.view = :view AND f.patient_id = e.patient_id)
    ) AS is_due, EXISTS (
        SELECT 1 FROM {schema}.worklist_entries AS e WHERE e.generation = g.generation
        AND e.turns_at <= CASE WHEN g.clocks_at > :now THEN g.clocks_at ELSE :now END
    ) AS has_turned
    FROM (SELECT 1) AS one LEFT JOIN {schema}.view_generations AS g
    ON g.view = :view AND g.renderer = :renderer AND g.serves = 1"""
_ADVANCE = """
    UPDATE {schema}.view_generations SET position = :position, moved_at = :at,
        clocks_at = CASE WHEN clocks_at < :at THEN :at ELSE clocks_at END
    WHERE view = :view AND generation = :generation AND position = :expected AND serves >= 0
    RETURNING clocks_at"""
_BEGIN = """
    INSERT INTO {schema}.view_generations (view, generation, renderer, position, serves, clocks_at, moved_at)
    SELECT :view, COALESCE(MAX(generation), 0) + 1, :renderer, 0, 0, :beginning, :beginning
    FROM {schema}.view_generations WHERE view = :view
    RETURNING generation"""
_SERVE = """
    UPDATE {schema}.view_generations SET serves = 1 WHERE view = :view AND generation = :generation AND serves >= 0
    RETURNING generation"""
# A newer generation is never dropped, because it is still being filled. Its row is deleted after its entries.
_DROP_OLDER = """
    UPDATE {schema}.view_generations SET serves = -1 WHERE view = :view AND generation < :generation"""
_DROPPED = "SELECT generation FROM {schema}.view_generations WHERE view = :view AND serves = -1 ORDER BY generation"
_DELETE_GENERATION = (
    "DELETE FROM {schema}.view_generations WHERE view = :view AND generation = :generation AND serves = -1"
)
_CLEAR_FAILURES = "DELETE FROM {schema}.view_failures WHERE view = :view AND patient_id {among patients}"
_CLEAR_OTHER_FAILURES = "DELETE FROM {schema}.view_failures WHERE view = :view AND NOT (patient_id {among patients})"
_ADD_FAILURE = """
    INSERT INTO {schema}.view_failures (view, patient_id, error, failed_at, attempts)
    VALUES (:view, :patient_id, :error, :failed_at, 1)
    ON CONFLICT (view, patient_id) DO UPDATE
    SET error = excluded.error, failed_at = excluded.failed_at, attempts = view_failures.attempts + 1"""
_FAILURES = """
    SELECT patient_id, error, failed_at, attempts FROM {schema}.view_failures
    WHERE view = :view ORDER BY failed_at, patient_id LIMIT :limit"""
_COUNT_FAILURES = "SELECT COUNT(*) AS number FROM {schema}.view_failures WHERE view = :view"
_DUE = """
    SELECT DISTINCT patient_id FROM {schema}.worklist_entries
    WHERE generation = :generation AND changes_on <= :day
    AND patient_id NOT IN (SELECT patient_id FROM {schema}.view_failures WHERE view = :view)
    ORDER BY patient_id LIMIT :limit"""


class Views:
    """The tables of one ledger. Create it with `views_of`. Its methods raise only the errors in `UNAVAILABLE`."""

    def __init__(self, store: ViewStore) -> None:
        self._store = store

    # -- status and pages ---------------------------------------------------------------------

    def serving(self, view: str, renderer: str) -> Generation | None:
        """Returns the generation of this renderer that is in use."""
        found = self._store.reads(lambda run: run(_SERVING, view=view, renderer=renderer))
        return Generation(found[0]["generation"], found[0]["position"]) if found else None

    def status(self, view: str, renderer: str, day: date, now: datetime) -> ViewStatus:
        return self._store.reads(lambda run: _status(run, view, renderer, day, now))

    def worklist(
        self, view: str, renderer: str, query: WorklistQuery, day: date, at_least: int | None = None
    ) -> tuple[ViewStatus, WorklistFound | None]:
        """Returns the status of the view, and a page as of the same instant, or None if the view is behind.

        It is behind if it has not reached `at_least`, by default the end of the log, or if time changed rows since.
        """

        def work(run: SqlRun) -> tuple[ViewStatus, WorklistFound | None]:
            status = _status(run, view, renderer, day, query.now)
            generation, wanted = status.generation, at_least if at_least is not None else status.log_position
            if generation is None or generation.position < wanted or status.is_due or status.has_turned:
                return status, None
            counts = counts_of(run, generation.number, query)
            rows = rows_of(run, view, generation.number, query, counts)
            found = WorklistFound([row["row"] for row in rows], [bool(row["stale"]) for row in rows], counts)
            return status, found

        return self._store.reads(work)

    def due(self, view: str, generation: Generation, day: date, limit: int) -> list[UUID]:
        """Returns patients with a row that time may have changed by this day, without the failed patients."""
        rows = self._store.reads(lambda run: run(_DUE, view=view, generation=generation.number, day=day, limit=limit))
        return [_uuid(row["patient_id"]) for row in rows]

    def failures(self, view: str) -> list[ViewFailure]:
        """Returns the failures that have waited longest, oldest first, at most `FAILURES_SHOWN`."""
        return self._store.reads(lambda run: _failures(run, view))

    # -- updates ------------------------------------------------------------------------------

    def store(
        self,
        view: str,
        generation: Generation,
        position: int,
        refolded: Sequence[Refolded],
        at: datetime,
        *,
        are_new: bool = False,
    ) -> Generation | None:
        """Replaces the rows of these patients and advances the generation to `position`, in one transaction.

        With `are_new`, the patients have no rows in the generation yet. Returns None and stores nothing if another
        runner advanced or dropped the generation meanwhile, because the folded rows may be older than the stored ones.
        """

        def work(run: SqlRun) -> Generation | None:
            place = {"view": view, "generation": generation.number}
            if not run(_ADVANCE, **place, position=position, expected=generation.position, at=at):
                return None
            succeeded = [one for one in refolded if one.error is None]
            failed = [one for one in refolded if one.error is not None]
            if failed:
                of_view = {"view": view, "failed_at": at}
                run.each(
                    _ADD_FAILURE, [{**of_view, "patient_id": one.patient_id, "error": one.error} for one in failed]
                )
            if succeeded:
                patients = [one.patient_id for one in succeeded]
                if not are_new:
                    # A rebuild clears no failures: the rows in use are unchanged until it ends, and it may be killed.
                    run(_CLEAR_FAILURES, view=view, patients=patients)
                entries = (entry for one in succeeded for entry in one.entries)
                replace_rows(run, generation.number, () if are_new else patients, entries, at)
            return Generation(generation.number, position)

        return self._store.writes(work)

    def turn(self, view: str, generation: Generation, now: datetime, limit: int) -> bool:
        """Updates up to `limit` rows whose deadline status has changed by now. Returns whether there were any."""

        def work(run: SqlRun) -> bool:
            place = {"view": view, "generation": generation.number, "position": generation.position}
            advanced = run(_ADVANCE, **place, expected=generation.position, at=now)
            return bool(advanced) and turn(run, generation.number, _instant(advanced[0]["clocks_at"]), limit) > 0

        return self._store.writes(work)

    # -- generations --------------------------------------------------------------------------

    def begin(self, view: str, renderer: str) -> Generation:
        """Creates a new, empty generation that is not in use yet."""
        place = {"view": view, "renderer": renderer, "beginning": _BEGINNING}
        (row,) = self._store.writes(lambda run: run(_BEGIN, **place))
        return Generation(row["generation"], 0)

    def serve(
        self, view: str, renderer: str, generation: Generation, *, alone: bool, failed: Sequence[UUID] = ()
    ) -> bool:
        """Puts the generation in use, and drops the older ones of its renderer; with `alone`, of every renderer.

        `failed` are the patients whose rows could not be computed. Returns False if the generation was dropped by a
        newer one that was put in use first.
        """
        older = _DROP_OLDER if alone else f"{_DROP_OLDER} AND renderer = :renderer"

        def work(run: SqlRun) -> bool:
            if not run(_SERVE, view=view, generation=generation.number):
                return False
            run(older, view=view, generation=generation.number, renderer=renderer)
            run(_CLEAR_OTHER_FAILURES, view=view, patients=list(failed))
            return True

        return self._store.writes(work)

    def sweep(self, view: str) -> None:
        """Deletes the rows of dropped generations in small steps, including the rest of a sweep that was killed."""

        def work(run: SqlRun) -> bool:
            dropped = run(_DROPPED, view=view)
            if dropped and drop_rows(run, dropped[0]["generation"], ROWS_DROPPED_AT_ONCE):
                run(_DELETE_GENERATION, view=view, generation=dropped[0]["generation"])
            return bool(dropped)

        while self._store.writes(work):
            pass


def _status(run: SqlRun, view: str, renderer: str, day: date, now: datetime) -> ViewStatus:
    (found,) = run(_STATUS, view=view, renderer=renderer, day=day, now=now)
    failures = _failures(run, view)
    failed = len(failures)
    if failed == FAILURES_SHOWN:
        failed = run(_COUNT_FAILURES, view=view)[0]["number"]
    if found["generation"] is None:
        return ViewStatus(found["log_position"], failures, failed, clocks_at=now)
    return ViewStatus(
        log_position=found["log_position"],
        failures=failures,
        failed=failed,
        clocks_at=max(now, _instant(found["clocks_at"])),
        moved_at=_instant(found["moved_at"]),
        generation=Generation(found["generation"], found["position"]),
        is_due=bool(found["is_due"]),
        has_turned=bool(found["has_turned"]),
    )


def _failures(run: SqlRun, view: str) -> list[ViewFailure]:
    return [
        ViewFailure(_uuid(row["patient_id"]), row["error"], _instant(row["failed_at"]), row["attempts"])
        for row in run(_FAILURES, view=view, limit=FAILURES_SHOWN)
    ]


def views_of(datastore: SQLiteDatastore | PostgresDatastore) -> Views:
    """Returns the views of the ledger whose events are in `datastore`. They share its connections and its lock."""
    if isinstance(datastore, LedgerSQLiteDatastore):
        return Views(SQLiteViews(datastore))
    from domain.ledger.stores.postgres_datastore import LedgerPostgresDatastore  # noqa: PLC0415  (psycopg is slow to import)

    assert isinstance(datastore, LedgerPostgresDatastore)
    return Views(PostgresViews(datastore))


def _uuid(value: UUID | str) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


def _instant(value: datetime | str) -> datetime:
    return value.astimezone(UTC) if isinstance(value, datetime) else datetime.fromisoformat(value)
