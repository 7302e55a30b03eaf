"""The worklist in its tables: a row, how rows are counted, and which are asked for.

The counts are kept with the rows, by everything that can be asked of a row: so they are always
exact, and cost the same for a thousand rows as for a million. They also tell how rare what is
asked for is, and by that whether to gather it or to meet it on the way along the order.
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
"""Stands in an instant's column where there is none: it is never reached, and sorts last."""

ANY: Final = "*"
"""Stands in a count for every holder, or for whatever is missing. Nobody's id and no clause is written so."""

Sort = Literal["due_at", "received_at", "state", "held_by"]


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


COLUMNS: Final = tuple(one.name for one in fields(WorklistEntry))
FACETS: Final = ("held_by", "missing", "kind", "state", "path", "recommendation", "line_of_business", "urgency")
CELL: Final = (*FACETS, "standing")
INDEX_OF: Final[dict[Sort, str]] = {
    "due_at": "worklist_entries_due",
    "received_at": "worklist_entries_received",
    "state": "worklist_entries_state",
    "held_by": "worklist_entries_holder",
}

# -- the statements, for both stores ----------------------------------------------------------

SqlCell = tuple[str, ...]

_FORGET = (
    "DELETE FROM {schema}.worklist_entries WHERE generation = :generation AND patient_id {among patients}"  # noqa: S608
    f" RETURNING {', '.join(CELL)}"
)
_COUNT = f"""
    INSERT INTO {{schema}}.worklist_counts (generation, {", ".join(CELL)}, number)
    VALUES (:generation, {", ".join(f":{name}" for name in CELL)}, :number)
    ON CONFLICT (generation, {", ".join(CELL)}) DO UPDATE SET number = worklist_counts.number + excluded.number"""  # noqa: S608
_SAMECELL = " AND ".join(f"{name} = :{name}" for name in CELL)
_UNCOUNT = f"DELETE FROM {{schema}}.worklist_counts WHERE generation = :generation AND {_SAMECELL} AND number = 0"  # noqa: S608
_TURNED = f"""
    SELECT subject_id, due_at, at_risk_from, paused_from, paused_until, {", ".join(CELL)}
    FROM {{schema}}.worklist_entries WHERE generation = :generation AND turns_at <= :now
    ORDER BY turns_at LIMIT :limit"""  # noqa: S608
_TURN = """
    UPDATE {schema}.worklist_entries SET standing = :standing, turns_at = :turns_at
    WHERE generation = :generation AND subject_id = :subject_id"""
_DROP_ROWS = """
    DELETE FROM {schema}.worklist_entries WHERE generation = :generation AND subject_id IN (
        SELECT subject_id FROM {schema}.worklist_entries WHERE generation = :generation
        ORDER BY subject_id LIMIT :limit)
    RETURNING generation"""
_DROP_COUNTS = "DELETE FROM {schema}.worklist_counts WHERE generation = :generation"


# -- the rows, and what is counted of them ----------------------------------------------------


def standing_at(
    due_at: datetime, at_risk_from: datetime, paused_from: datetime, paused_until: datetime, now: datetime
) -> tuple[str, datetime]:
    """How the clock stands, and when it stands otherwise; nothing and never where it is not the plan's."""
    if due_at == NEVER:
        return "", NEVER
    if paused_from <= now < paused_until:
        standing = "paused"
    elif now > due_at:
        standing = "overdue"
    else:
        standing = "at_risk" if now >= at_risk_from else "running"
    # In time is a decision at `due_at` itself.
    turns = (paused_from, paused_until, at_risk_from, due_at + timedelta.resolution)
    return standing, min((one for one in turns if one > now), default=NEVER)


def replace_rows(
    run: SqlRun, generation: int, patients: Sequence[UUID], entries: Iterable[WorklistEntry], at: datetime
) -> None:
    """Puts these rows, as they stand at an instant, in the place of those of the patients; counts with them."""
    counted = Counter[SqlCell]()
    if patients:
        for row in run(_FORGET, generation=generation, patients=list(patients)):
            _count(counted, tuple(row[name] for name in CELL), -1)
    rows = []
    for entry in entries:
        row = {name: getattr(entry, name) for name in COLUMNS}
        row["standing"], row["turns_at"] = standing_at(
            entry.due_at, entry.at_risk_from, entry.paused_from, entry.paused_until, at
        )
        row["generation"] = generation
        _count(counted, tuple(row[name] for name in CELL), 1)
        rows.append(row)
    if rows:
        run.add("worklist_entries", rows)
    _store_counts(run, generation, counted)


def turn(run: SqlRun, generation: int, now: datetime, limit: int) -> int:
    """Gives some of the rows whose clocks stand otherwise by now their new standing; how many it was."""
    counted, rows = Counter[SqlCell](), []
    turned = run(_TURNED, generation=generation, now=now, limit=limit)
    for row in turned:
        standing, turns_at = standing_at(
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
        run.each(_TURN, rows)
    _store_counts(run, generation, counted)
    return len(turned)


def drop_rows(run: SqlRun, generation: int, limit: int) -> bool:
    """Deletes some rows; whether these were the last."""
    if len(run(_DROP_ROWS, generation=generation, limit=limit)) == limit:
        return False
    run(_DROP_COUNTS, generation=generation)
    return True


def _count(counted: Counter[SqlCell], cell: SqlCell, number: int) -> None:
    """A row is counted for its holder and for any; but with what it lacks only for nobody and for any.

    What one person has is little, and is counted as it is.
    """
    held_by, missing, *rest = cell
    counted[ANY, ANY, *rest] += number
    counted[ANY, missing, *rest] += number
    counted[held_by, ANY, *rest] += number
    if not held_by:
        counted[held_by, missing, *rest] += number


def _store_counts(run: SqlRun, generation: int, counted: Counter[SqlCell]) -> None:
    # In one order, so that cells that are near each other are written after each other.
    changes = [(dict(zip(CELL, cell, strict=True)), number) for cell, number in sorted(counted.items()) if number]
    place = {"generation": generation}
    if changes:
        run.each(_COUNT, [{**place, **cell, "number": number} for cell, number in changes])
    if fewer := [{**place, **cell} for cell, number in changes if number < 0]:
        run.each(_UNCOUNT, fewer)


def _instant(value: datetime | str) -> datetime:
    return value.astimezone(UTC) if isinstance(value, datetime) else datetime.fromisoformat(value)
