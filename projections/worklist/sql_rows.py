"""The tables of the worklist: the stored row, the counts of rows, and the query for a page.

The counts are stored with the rows, by every filter, so they are always exact, and reading them costs the same for a
thousand rows as for a million. They also show how rare the rows of a query are, which decides which index to read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from domain.ledger.stores.sql import SqlRun

NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)
"""The value of a column without an instant: it is never reached, and sorts last."""

EVERY_VALUE: Final = "*"
"""The value in a count that means every assigned user, or every missing clause. No user id and no clause is `*`."""

Sort = Literal["due_at", "received_at", "state", "held_by"]


@dataclass(frozen=True, slots=True)
class WorklistEntry:
    """A stored row of the worklist: the values for filters and sort orders, and the whole row as JSON.

    Texts are empty if the value is not known. `missing` has a space before and after each clause.
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
class WorklistQuery:
    """A query for a page.

    `equal` has the accepted values of columns. `after` is the sort value and the id of the last row seen.
    """

    now: datetime
    equal: Mapping[str, Sequence[str]] = field(default_factory=dict)
    overdue: bool = False
    at_risk: bool = False
    missing: str | None = None
    sort: Sort = "due_at"
    descending: bool = False
    after: tuple[str | datetime, str] | None = None
    limit: int = 50


COLUMNS: Final = tuple(one.name for one in fields(WorklistEntry))
FACETS: Final = ("held_by", "missing", "kind", "state", "path", "recommendation", "line_of_business", "urgency")
CELL: Final = (*FACETS, "standing")
"""The columns by which rows are counted."""

INDEX_OF: Final[dict[Sort, str]] = {
    "due_at": "worklist_entries_due",
    "received_at": "worklist_entries_received",
    "state": "worklist_entries_state",
    "held_by": "worklist_entries_holder",
}

# -- the statements, for both stores ----------------------------------------------------------

SqlCell = tuple[str, ...]

_DELETE_ROWS = (
    "DELETE FROM {schema}.worklist_entries WHERE generation = :generation AND patient_id {among patients}"  # noqa: S608
    f" RETURNING {', '.join(CELL)}"
)
_ADD_TO_COUNT = f"""
    INSERT INTO {{schema}}.worklist_counts (generation, {", ".join(CELL)}, number)
    VALUES (:generation, {", ".join(f":{name}" for name in CELL)}, :number)
    ON CONFLICT (generation, {", ".join(CELL)}) DO UPDATE SET number = worklist_counts.number + excluded.number"""  # noqa: S608
_SAME_CELL = " AND ".join(f"{name} = :{name}" for name in CELL)
_DELETE_EMPTY_COUNT = (
    f"DELETE FROM {{schema}}.worklist_counts WHERE generation = :generation AND {_SAME_CELL} AND number = 0"  # noqa: S608
)
_STATUS_CHANGED = f"""
    SELECT subject_id, due_at, at_risk_from, paused_from, paused_until, {", ".join(CELL)}
    FROM {{schema}}.worklist_entries WHERE generation = :generation AND turns_at <= :now
    ORDER BY turns_at LIMIT :limit"""  # noqa: S608
_UPDATE_STATUS = """
    UPDATE {schema}.worklist_entries SET standing = :standing, turns_at = :turns_at
    WHERE generation = :generation AND subject_id = :subject_id"""
_DROP_ROWS = """
    DELETE FROM {schema}.worklist_entries WHERE generation = :generation AND subject_id IN (
        SELECT subject_id FROM {schema}.worklist_entries WHERE generation = :generation
        ORDER BY subject_id LIMIT :limit)
    RETURNING generation"""
_DROP_COUNTS = "DELETE FROM {schema}.worklist_counts WHERE generation = :generation"


# -- the rows, and what is counted of them ----------------------------------------------------


def deadline_status_at(
    due_at: datetime, at_risk_from: datetime, paused_from: datetime, paused_until: datetime, now: datetime
) -> tuple[str, datetime]:
    """Returns the status of the deadline, and the instant of its next change.

    They are empty text and `NEVER` if the deadline is not the plan's.
    """
    if due_at == NEVER:
        return "", NEVER
    if paused_from <= now < paused_until:
        standing = "paused"
    elif now > due_at:
        standing = "overdue"
    else:
        standing = "at_risk" if now >= at_risk_from else "running"
    # A decision at `due_at` itself is in time.
    instants = (paused_from, paused_until, at_risk_from, due_at + timedelta.resolution)
    return standing, min((one for one in instants if one > now), default=NEVER)


def replace_rows(
    run: SqlRun, generation: int, patients: Sequence[UUID], entries: Iterable[WorklistEntry], at: datetime
) -> None:
    """Replaces the rows of the patients by these rows, with the status of deadlines at `at`, and updates the counts."""
    counted = Counter[SqlCell]()
    if patients:
        for row in run(_DELETE_ROWS, generation=generation, patients=list(patients)):
            _count(counted, tuple(row[name] for name in CELL), -1)
    rows = []
    for entry in entries:
        row = {name: getattr(entry, name) for name in COLUMNS}
        row["standing"], row["turns_at"] = deadline_status_at(
            entry.due_at, entry.at_risk_from, entry.paused_from, entry.paused_until, at
        )
        row["generation"] = generation
        _count(counted, tuple(row[name] for name in CELL), 1)
        rows.append(row)
    if rows:
        run.add("worklist_entries", rows)
    _store_counts(run, generation, counted)


def turn(run: SqlRun, generation: int, now: datetime, limit: int) -> int:
    """Updates up to `limit` rows whose deadline status has changed by now. Returns their number."""
    counted, rows = Counter[SqlCell](), []
    changed = run(_STATUS_CHANGED, generation=generation, now=now, limit=limit)
    for row in changed:
        standing, turns_at = deadline_status_at(
            _instant(row["due_at"]),
            _instant(row["at_risk_from"]),
            _instant(row["paused_from"]),
            _instant(row["paused_until"]),
            now,
        )
        facets = tuple(row[name] for name in FACETS)
        _count(counted, (*facets, row["standing"]), -1)
        _count(counted, (*facets, standing), 1)
        place = {"generation": generation, "subject_id": row["subject_id"]}
        rows.append({**place, "standing": standing, "turns_at": turns_at})
    if rows:
        run.each(_UPDATE_STATUS, rows)
    _store_counts(run, generation, counted)
    return len(changed)


def drop_rows(run: SqlRun, generation: int, limit: int) -> bool:
    """Deletes up to `limit` rows of a generation. Returns whether these were the last."""
    if len(run(_DROP_ROWS, generation=generation, limit=limit)) == limit:
        return False
    run(_DROP_COUNTS, generation=generation)
    return True


def _count(counted: Counter[SqlCell], cell: SqlCell, number: int) -> None:
    """Adds `number` to the counts of a row: for its assigned user, and for every user.

    Missing clauses are counted for unassigned rows and for every user, but not for each assigned user, because the few
    rows of one user can be counted directly.
    """
    held_by, missing, *rest = cell
    counted[EVERY_VALUE, EVERY_VALUE, *rest] += number
    counted[EVERY_VALUE, missing, *rest] += number
    counted[held_by, EVERY_VALUE, *rest] += number
    if not held_by:
        counted[held_by, missing, *rest] += number


def _store_counts(run: SqlRun, generation: int, counted: Counter[SqlCell]) -> None:
    # In a fixed order, so that neighboring cells are written one after the other.
    changes = [(dict(zip(CELL, cell, strict=True)), number) for cell, number in sorted(counted.items()) if number]
    place = {"generation": generation}
    if changes:
        run.each(_ADD_TO_COUNT, [{**place, **cell, "number": number} for cell, number in changes])
    if decreased := [{**place, **cell} for cell, number in changes if number < 0]:
        run.each(_DELETE_EMPTY_COUNT, decreased)


def _instant(value: datetime | str) -> datetime:
    return value.astimezone(UTC) if isinstance(value, datetime) else datetime.fromisoformat(value)
