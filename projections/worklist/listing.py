"""One page of the worklist: which rows are asked for, in which order, and from where on.

The store filters and sorts its rows by the same rules (`tables.py`); here they are applied to
rows that were just folded, which is how a question about the past is answered.
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
from projections.worklist.rows import STATES, CaseKind, CaseState, DueStatus, WorklistRow, standing

Sort = Literal["due_at", "received_at", "state", "held_by"]
Clause = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z.()]{1,20}$")]
LAST: Final = datetime(9999, 1, 1, tzinfo=UTC)
"""Where a row without a due date sorts: behind all that have one."""

LIMIT_MAX: Final = 200
_PLACE: Final = re.compile(r"[\x21-\x7e]{1,200}")


class Filters(FrozenModel):
    """What a row must be; left out, it may be anything. `overdue` and `at_risk` together take either.

    `path` is `unknown` where the history does not say; `missing` is a clause that is still needed.
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
    """`after` is the `next_after` of the page before, which was sorted the same way."""

    sort: Sort = "due_at"
    descending: bool = False
    after: str | None = None
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = 50


class WorklistItem(WorklistRow):
    """A row as it is at the instant of the question.

    `standing` is null where the clock is not the plan's. `stale`: the history has changed since, and
    could not be folded; see `failures`.
    """

    standing: DueStatus | None
    stale: bool


class FailedPatient(FrozenModel):
    """A patient whose rows cannot be made, as often as was tried; `error` is its kind and place."""

    patient_id: UUID
    error: str
    failed_at: Instant
    attempts: int


class Worklist(FrozenModel):
    """One page. The rows are judged on `as_of`, from what was recorded by `known_at` (null: by now).

    Clocks are read at `clocks_at`. `counts` are of the rows that the filters take, by state, whatever
    states and page were asked for. `next_after` asks for the next page; null: this was the last.
    `failures` are the longest waiting, 200 at the most.
    """

    as_of: Day
    known_at: Instant | None
    clocks_at: Instant
    items: tuple[WorklistItem, ...]
    counts: dict[CaseState, int]
    next_after: str | None
    failures: tuple[FailedPatient, ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The rows of one page, one more where there is another page, and how many there are of each state."""

    rows: Sequence[WorklistRow]
    counts: dict[CaseState, int]


def chosen_from(rows: Iterable[WorklistRow], filters: Filters, paging: Paging, now: datetime) -> Chosen:
    """The page of rows that were folded for the question."""
    of_any_state = [one for one in rows if matches(one, filters, now)]
    of_states = [one for one in of_any_state if not filters.state or one.state in filters.state]
    place = cursor_of(paging)

    def key(row: WorklistRow) -> tuple[Any, str]:
        return sort_value(row, paging.sort), row.subject_id

    def is_beyond(row: WorklistRow) -> bool:
        return place is None or (key(row) < place if paging.descending else key(row) > place)

    in_order = sorted(filter(is_beyond, of_states), key=key, reverse=paging.descending)
    return Chosen(in_order[: paging.limit + 1], counted(one.state for one in of_any_state))


def matches(row: WorklistRow, filters: Filters, now: datetime) -> bool:
    """Whether the filters take the row, whatever its state."""
    equal = (
        (filters.kind, row.kind),
        (filters.path, row.path or "unknown"),
        (filters.recommendation, row.recommendation),
        (filters.line_of_business, row.line_of_business),
        (filters.urgency, row.urgency),
        (filters.held_by, row.held_by.id if row.held_by is not None else None),
    )
    if any(wanted is not None and wanted != is_ for wanted, is_ in equal):
        return False
    if filters.unassigned and row.held_by is not None:
        return False
    if filters.missing is not None and filters.missing not in row.missing:
        return False
    wanted = {name for name in ("overdue", "at_risk") if getattr(filters, name)}
    return not wanted or standing(row, now) in wanted


def counted(states: Iterable[CaseState]) -> dict[CaseState, int]:
    """Every state, also those of no row."""
    found = dict.fromkeys(STATES, 0)
    for state in states:
        found[state] += 1
    return found


# -- the order, and where a page ended --------------------------------------------------------


def sort_value(row: WorklistRow, sort: Sort) -> str | datetime:
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
    """Where the next page begins: behind this row, in this order. It holds ids and instants alone."""
    return cursor_at(paging, sort_value(row, paging.sort), row.subject_id)


def cursor_at(paging: Paging, value: str | datetime, subject_id: str) -> str:
    text = value.isoformat() if isinstance(value, datetime) else value
    place = json.dumps([paging.sort, paging.descending, text, subject_id])
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def cursor_of(paging: Paging) -> tuple[str | datetime, str] | None:
    """The sort value and the id of the last row of the page before. Raises InvalidCommand."""
    if paging.after is None:
        return None
    refusal = InvalidCommand(
        "this value does not come from a page with this sort order",
        field="after",
        remedy="send next_after of the previous page with the same sort and direction",
    )
    try:
        padded = paging.after + "=" * (-len(paging.after) % 4)
        place = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        sort, descending, text, subject_id = place
        if (sort, descending) != (paging.sort, paging.descending) or not _PLACE.fullmatch(text + subject_id):
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
    chosen: Chosen,
    paging: Paging,
    *,
    as_of: Day,
    known_at: datetime | None,
    now: datetime,
    failures: Sequence[FailedPatient] = (),
    stale: Collection[UUID] = (),
) -> Worklist:
    """`stale` are the patients whose rows are older than their histories."""
    shown = chosen.rows[: paging.limit]
    return Worklist(
        as_of=as_of,
        known_at=known_at,
        clocks_at=now,
        items=tuple(
            WorklistItem(**dict(row), standing=standing(row, now), stale=row.patient_id in stale) for row in shown
        ),
        counts=chosen.counts,
        next_after=cursor_after(shown[-1], paging) if len(chosen.rows) > paging.limit else None,
        failures=tuple(failures),
    )
