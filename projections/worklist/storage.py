"""The views: what is derived from the log for everybody at once, and how far it has got.

A view is held in generations. One serves; a rebuild fills the next beside it and then takes its
place in one transaction. Rows and position change together or not at all, and only from the
position that was read before: of two that do the same work, the second stores nothing.
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
"""Errors that mean that the store does not answer; no one patient is to blame for them."""

FAILURES_SHOWN: Final = 200
ROWS_DROPPED_AT_ONCE: Final = 2_000
"""So that nobody who records an event waits for long while the rows of an old generation go."""

_BEGINNING: Final = datetime(1, 1, 1, tzinfo=UTC)


# -- what is stored, and asked ----------------------------------------------------------------


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
class ViewFailure:
    """A patient whose rows could not be made, as often as `attempts` says."""

    patient_id: UUID
    error: str
    failed_at: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class ViewStatus:
    """Where a view stands at one moment, beside the log, whose last position is `log_position`.

    `is_due`: the day that was asked about alters rows. `has_turned`: clocks that stand otherwise
    since. `clocks_at`: by when the rows have their standing, which never goes back.
    `failures` are the longest waiting, of `failed` in all.
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
    """One page of rows as JSON, of one generation; `counts` are of every state, whatever page and states were asked.

    `stale` tells of each row whether its patient is one of those who fail.
    """

    rows: list[str]
    stale: list[bool]
    counts: dict[str, int]


# -- the statements, for both stores ----------------------------------------------------------

_SERVING = """
    SELECT generation, position FROM {schema}.view_generations
    WHERE view = :view AND renderer = :renderer AND serves = 1"""
_STANDING = """
    SELECT {log_end} AS log_position, g.generation, g.position, g.clocks_at, g.moved_at, EXISTS (
        SELECT 1 FROM {schema}.worklist_entries AS e WHERE e.generation = g.generation AND e.changes_on <= :day
        AND NOT EXISTS (SELECT 1 FROM {schema}.view_failures AS f WHERE f.view = :view AND f.patient_id = e.patient_id)
    ) AS is_due, EXISTS (
        SELECT 1 FROM {schema}.worklist_entries AS e WHERE e.generation = g.generation
        AND e.turns_at <= CASE WHEN g.clocks_at > :now THEN g.clocks_at ELSE :now END
    ) AS has_turned
    FROM (SELECT 1) AS one LEFT JOIN {schema}.view_generations AS g
    ON g.view = :view AND g.renderer = :renderer AND g.serves = 1"""
_MOVE = """
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
# Never a newer one, which is still being filled. The row itself goes last, with all that was under its number.
_DROP_OLDER = """
    UPDATE {schema}.view_generations SET serves = -1 WHERE view = :view AND generation < :generation"""
_DROPPED = "SELECT generation FROM {schema}.view_generations WHERE view = :view AND serves = -1 ORDER BY generation"
_GONE = "DELETE FROM {schema}.view_generations WHERE view = :view AND generation = :generation AND serves = -1"
_MENDED = "DELETE FROM {schema}.view_failures WHERE view = :view AND patient_id {among patients}"
_MENDED_BUT = "DELETE FROM {schema}.view_failures WHERE view = :view AND NOT (patient_id {among patients})"
_FAILED = """
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
    """The tables of one ledger; `views_of` gives them. Everything raises what `UNAVAILABLE` names, and nothing else."""

    def __init__(self, store: ViewStore) -> None:
        self._store = store

    # -- how far it has got -------------------------------------------------------------------

    def serving(self, view: str, renderer: str) -> Generation | None:
        """The generation that answers questions, of those that this renderer made."""
        found = self._store.reads(lambda run: run(_SERVING, view=view, renderer=renderer))
        return Generation(found[0]["generation"], found[0]["position"]) if found else None

    def standing(self, view: str, renderer: str, day: date, now: datetime) -> ViewStatus:
        return self._store.reads(lambda run: _standing(run, view, renderer, day, now))

    def worklist(
        self, view: str, renderer: str, query: WorklistQuery, day: date, at_least: int | None = None
    ) -> tuple[ViewStatus, WorklistFound | None]:
        """Where the view stands, and a page of it of the same moment; none where it is behind.

        It is behind where it has not come to `at_least`, by itself the end of the log, or where
        time altered rows since.
        """

        def work(run: SqlRun) -> tuple[ViewStatus, WorklistFound | None]:
            standing = _standing(run, view, renderer, day, query.now)
            generation, wanted = standing.generation, at_least if at_least is not None else standing.log_position
            if generation is None or generation.position < wanted or standing.is_due or standing.has_turned:
                return standing, None
            counts = counts_of(run, generation.number, query)
            rows = rows_of(run, view, generation.number, query, counts)
            found = WorklistFound([row["row"] for row in rows], [bool(row["stale"]) for row in rows], counts)
            return standing, found

        return self._store.reads(work)

    def due(self, view: str, generation: Generation, day: date, limit: int) -> list[UUID]:
        """Patients with a row that the time up to this day may have altered; those whose rows fail are left out."""
        rows = self._store.reads(lambda run: run(_DUE, view=view, generation=generation.number, day=day, limit=limit))
        return [_uuid(row["patient_id"]) for row in rows]

    def failures(self, view: str) -> list[ViewFailure]:
        """The longest waiting first, and no more than are shown."""
        return self._store.reads(lambda run: _failures(run, view))

    # -- moving on ----------------------------------------------------------------------------

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
        """Replaces the rows of these patients and moves on to `position`, in one transaction.

        With `are_new`, they have no rows in it yet. None, and nothing stored, where somebody else
        moved the generation on or dropped it meanwhile: what was folded may be older than what is there.
        """

        def work(run: SqlRun) -> Generation | None:
            place = {"view": view, "generation": generation.number}
            if not run(_MOVE, **place, position=position, expected=generation.position, at=at):
                return None
            made = [one for one in refolded if one.error is None]
            failed = [one for one in refolded if one.error is not None]
            if failed:
                of_view = {"view": view, "failed_at": at}
                run.each(_FAILED, [{**of_view, "patient_id": one.patient_id, "error": one.error} for one in failed])
            if made:
                patients = [one.patient_id for one in made]
                if not are_new:
                    # The rows that serve meanwhile are no better for those of a rebuild, which may be killed.
                    run(_MENDED, view=view, patients=patients)
                entries = (entry for one in made for entry in one.entries)
                replace_rows(run, generation.number, () if are_new else patients, entries, at)
            return Generation(generation.number, position)

        return self._store.writes(work)

    def turn(self, view: str, generation: Generation, now: datetime, limit: int) -> bool:
        """Gives rows whose clocks stand otherwise by now their new standing, so many at once; whether any had to."""

        def work(run: SqlRun) -> bool:
            place = {"view": view, "generation": generation.number, "position": generation.position}
            moved = run(_MOVE, **place, expected=generation.position, at=now)
            return bool(moved) and turn(run, generation.number, _instant(moved[0]["clocks_at"]), limit) > 0

        return self._store.writes(work)

    # -- generations --------------------------------------------------------------------------

    def begin(self, view: str, renderer: str) -> Generation:
        """A new one, empty, which serves nobody yet."""
        place = {"view": view, "renderer": renderer, "beginning": _BEGINNING}
        (made,) = self._store.writes(lambda run: run(_BEGIN, **place))
        return Generation(made["generation"], 0)

    def serve(
        self, view: str, renderer: str, generation: Generation, *, alone: bool, failed: Sequence[UUID] = ()
    ) -> bool:
        """From now on this one answers, and the older ones of its renderer are dropped; with `alone`, those of any.

        `failed` are the patients whose rows it could not be given. False where it was dropped by a
        newer one that came to serve first.
        """
        older = _DROP_OLDER if alone else f"{_DROP_OLDER} AND renderer = :renderer"

        def work(run: SqlRun) -> bool:
            if not run(_SERVE, view=view, generation=generation.number):
                return False
            run(older, view=view, generation=generation.number, renderer=renderer)
            run(_MENDED_BUT, view=view, patients=list(failed))
            return True

        return self._store.writes(work)

    def sweep(self, view: str) -> None:
        """Deletes what is left of dropped generations, also of one whose sweeper was killed, a little at a time."""

        def work(run: SqlRun) -> bool:
            dropped = run(_DROPPED, view=view)
            if dropped and drop_rows(run, dropped[0]["generation"], ROWS_DROPPED_AT_ONCE):
                run(_GONE, view=view, generation=dropped[0]["generation"])
            return bool(dropped)

        while self._store.writes(work):
            pass


def _standing(run: SqlRun, view: str, renderer: str, day: date, now: datetime) -> ViewStatus:
    (found,) = run(_STANDING, view=view, renderer=renderer, day=day, now=now)
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
    """Those of the ledger whose events are in `datastore`; they share its connections and its lock."""
    if isinstance(datastore, LedgerSQLiteDatastore):
        return Views(SQLiteViews(datastore))
    from domain.ledger.stores.postgres_datastore import LedgerPostgresDatastore  # noqa: PLC0415  (psycopg is slow to import)

    assert isinstance(datastore, LedgerPostgresDatastore)
    return Views(PostgresViews(datastore))


def _uuid(value: UUID | str) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


def _instant(value: datetime | str) -> datetime:
    return value.astimezone(UTC) if isinstance(value, datetime) else datetime.fromisoformat(value)
