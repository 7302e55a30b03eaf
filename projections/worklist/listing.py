"""One page of the worklist: filters, sort order, and cursor.

The store filters and sorts its rows by the same rules (`tables.py`). This module applies them to rows that were just
folded, to answer questions about the past.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from domain.calendar import Day, Instant
from domain.errors import InvalidCommand
from domain.events.patient import LineOfBusiness
from domain.events.requests import Urgency
from domain.facts import FrozenModel
from domain.people import ActorId
from domain.policy.assessment import Recommendation
from projections.worklist.rows import STATES, CaseKind, CaseState, DueStatus, WorklistRow, deadline_status

Sort = Literal["due_at", "received_at", "state", "held_by"]
Clause = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z.()]{1,20}$")]
LAST: Final = datetime(9999, 1, 1, tzinfo=UTC)
"""The sort value of a row without a due date: after all rows that have one."""

LIMIT_MAX: Final = 200
"""The maximum number of rows on one page."""

_CURSOR_TEXT: Final = re.compile(r"[\x21-\x7e]{1,200}")


class Filters(FrozenModel):
    """The conditions for a row. A filter that is left out accepts every row.

    `overdue` and `at_risk` together accept either. `path` is `unknown` if it does not follow from the history.
    `missing` is a clause that is still needed.
    """

    state: tuple[CaseState, ...] = ()
    kind: CaseKind | None = None
    path: Literal["A", "B", "unknown"] | None = None
    recommendation: Recommendation | None = None
    line_of_business: LineOfBusiness | None = None
    urgency: Urgency | None = None
    held_by: ActorId | None = None
    unassigned: bool = False
    overdue: bool = False
    at_risk: bool = False
    missing: Clause | None = None


class Paging(FrozenModel):
    """The order and position of a page. `after` is `next_after` of the previous page, which has the same order."""

    sort: Sort = "due_at"
    descending: bool = False
    after: str | None = None
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = 50


class WorklistItem(WorklistRow):
    """A row with the status of its deadline at the instant of the query.

    `standing` is null if the deadline is not the plan's. `stale`: the history has changed since, and could not be
    folded; see `failures`.
    """

    standing: DueStatus | None
    stale: bool


class FailedPatient(FrozenModel):
    """A patient whose rows cannot be computed, after so many `attempts`. `error` is its type and place in the code."""

    patient_id: UUID
    error: str
    failed_at: Instant
    attempts: int


class Worklist(FrozenModel):
    """One page. The rows are assessed on `as_of`, from what was recorded by `known_at` (null: by now).

    Deadlines are evaluated at `clocks_at`. `counts` has the number of rows that the filters accept, by state, for all
    pages and regardless of the state filter. `next_after` requests the next page; null: this is the last page.
    `failures` are the patients who have waited longest for a retry, 200 at most.
    """

    as_of: Day
    known_at: Instant | None
    clocks_at: Instant
    items: tuple[WorklistItem, ...]
    counts: dict[CaseState, int]
    next_after: str | None
    failures: tuple[FailedPatient, ...]


@dataclass(frozen=True, slots=True)
class SelectedRows:
    """The rows of one page, plus one row if there is another page, and the number of rows of each state."""

    rows: Sequence[WorklistRow]
    counts: dict[CaseState, int]


def select_rows(rows: Iterable[WorklistRow], filters: Filters, paging: Paging, now: datetime) -> SelectedRows:
    """Selects a page from rows that were folded for the query. Raises InvalidCommand for an invalid cursor."""
    accepted = [one for one in rows if matches(one, filters, now)]
    of_states = [one for one in accepted if not filters.state or one.state in filters.state]
    cursor = cursor_of(paging)

    def key(row: WorklistRow) -> tuple[Any, str]:
        return sort_value(row, paging.sort), row.subject_id

    def is_after_cursor(row: WorklistRow) -> bool:
        return cursor is None or (key(row) < cursor if paging.descending else key(row) > cursor)

    in_order = sorted(filter(is_after_cursor, of_states), key=key, reverse=paging.descending)
    return SelectedRows(in_order[: paging.limit + 1], counted(one.state for one in accepted))


def matches(row: WorklistRow, filters: Filters, now: datetime) -> bool:
    """Returns whether the filters accept the row, ignoring the state filter."""
    equal = (
        (filters.kind, row.kind),
        (filters.path, row.path or "unknown"),
        (filters.recommendation, row.recommendation),
        (filters.line_of_business, row.line_of_business),
        (filters.urgency, row.urgency),
        (filters.held_by, row.held_by.id if row.held_by is not None else None),
    )
    if any(wanted is not None and wanted != actual for wanted, actual in equal):
        return False
    if filters.unassigned and row.held_by is not None:
        return False
    if filters.missing is not None and filters.missing not in row.missing:
        return False
    wanted = {name for name in ("overdue", "at_risk") if getattr(filters, name)}
    return not wanted or deadline_status(row, now) in wanted


def counted(states: Iterable[CaseState]) -> dict[CaseState, int]:
    """Counts the rows of each state, including states without rows."""
    found = dict.fromkeys(STATES, 0)
    for state in states:
        found[state] += 1
    return found


# -- the order, and where a page ended --------------------------------------------------------


def sort_value(row: WorklistRow, sort: Sort) -> str | datetime:
    """Returns the value by which the row is sorted. Rows with the same value are sorted by their ids."""
    match sort:
        case "due_at":
            return row.due_at or LAST
        case "received_at":
            return row.received_at
        case "state":
            return row.state
        case "held_by":
            return row.held_by.id if row.held_by is not None else ""


def cursor_after(row: WorklistRow, paging: Paging) -> str:
    """Returns the cursor of the page that starts after this row. A cursor contains only ids, states and instants."""
    return cursor_at(paging, sort_value(row, paging.sort), row.subject_id)


def cursor_at(paging: Paging, value: str | datetime, subject_id: str) -> str:
    """Returns the cursor after a sort value and the id of a row."""
    text = value.isoformat() if isinstance(value, datetime) else value
    parts = json.dumps([paging.sort, paging.descending, text, subject_id])
    return base64.urlsafe_b64encode(parts.encode()).decode().rstrip("=")


def cursor_of(paging: Paging) -> tuple[str | datetime, str] | None:
    """Returns the sort value and the id of the last row of the previous page, or None for the first page.

    Raises InvalidCommand if the cursor is malformed or has another order.
    """
    if paging.after is None:
        return None
    refusal = InvalidCommand(
        "this value does not come from a page with this sort order",
        field="after",
        remedy="send next_after of the previous page with the same sort and direction",
    )
    try:
        padded = paging.after + "=" * (-len(paging.after) % 4)
        parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        sort, descending, text, subject_id = parts
        if (sort, descending) != (paging.sort, paging.descending) or not _CURSOR_TEXT.fullmatch(text + subject_id):
            raise refusal
        if sort not in ("due_at", "received_at"):
            return text, subject_id
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is None:
            raise refusal
        instant = instant.astimezone(UTC)
    except (binascii.Error, UnicodeError, ValueError, TypeError, OverflowError, RecursionError):
        raise refusal from None
    return instant, subject_id


def page_of(
    chosen: SelectedRows,
    paging: Paging,
    *,
    as_of: Day,
    known_at: datetime | None,
    now: datetime,
    failures: Sequence[FailedPatient] = (),
    stale: Collection[UUID] = (),
) -> Worklist:
    """Returns the page with its cursor. `stale` are the patients whose rows are older than their histories."""
    shown = chosen.rows[: paging.limit]
    return Worklist(
        as_of=as_of,
        known_at=known_at,
        clocks_at=now,
        items=tuple(
            WorklistItem(**dict(row), standing=deadline_status(row, now), stale=row.patient_id in stale)
            for row in shown
        ),
        counts=chosen.counts,
        next_after=cursor_after(shown[-1], paging) if len(chosen.rows) > paging.limit else None,
        failures=tuple(failures),
    )
