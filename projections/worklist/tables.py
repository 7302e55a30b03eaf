"""The worklist in its tables: how a row is stored, and how a page is read from the store."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Final
from uuid import UUID

from domain.deadlines.terms import TERMS
from domain.policy.editions import EDITIONS
from projections.worklist.listing import FailedPatient, Filters, Paging, SelectedRows, cursor_of
from projections.worklist.rows import STATES, WorklistRow
from projections.worklist.storage import NEVER, ViewStatus, WorklistEntry, WorklistFound, WorklistQuery

WORKLIST: Final = "worklist"

_FOLD: Final = 4
"""The version of the fold. It must be raised by one if the same history gives different rows than before."""


def _renderer() -> str:
    """Returns an identifier of everything that rows depend on besides the log: the fold, the editions, the deadlines.

    Each renderer has its own rows, so that an older version of the program can run alongside a newer one.
    """
    editions = [(one.key, one.revision, one.digest) for one in EDITIONS]
    clocks = [[(one.name, _in_order(getattr(row, one.name))) for one in fields(row)] for row in TERMS]
    return f"{_FOLD}-{hashlib.sha256(repr((editions, clocks)).encode()).hexdigest()[:16]}"


def _in_order(value: object) -> object:
    """Returns a value with a fixed order. The order of a set differs between processes."""
    if isinstance(value, frozenset):
        return sorted(value)
    return sorted(value.items()) if isinstance(value, Mapping) else value


RENDERER: Final = _renderer()
"""The renderer of this program."""


def entry_of(row: WorklistRow) -> WorklistEntry:
    """Returns a row in the form in which it is stored."""
    return WorklistEntry(
        subject_id=row.subject_id,
        patient_id=row.patient_id,
        kind=row.kind,
        state=row.state,
        path=row.path or "unknown",
        recommendation=row.recommendation or "",
        line_of_business=row.line_of_business or "",
        urgency=row.urgency,
        held_by=row.held_by.id if row.held_by is not None else "",
        received_at=row.received_at,
        due_at=row.due_at or NEVER,
        at_risk_from=row.at_risk_from or NEVER,
        paused_from=row.paused_from or NEVER,
        paused_until=row.paused_until or NEVER,
        changes_on=row.changes_on,
        missing="".join(f" {clause} " for clause in row.missing),
        row=row.model_dump_json(),
        history_version=row.history_version,
    )


def query_of(filters: Filters, paging: Paging, now: datetime) -> WorklistQuery:
    """Returns the query for a page. Raises InvalidCommand if the cursor is malformed or has another order."""
    equal: dict[str, tuple[str, ...]] = {
        name: (value,)
        for name in ("kind", "path", "recommendation", "line_of_business", "urgency", "held_by")
        if (value := getattr(filters, name)) is not None
    }
    if filters.state:
        equal["state"] = filters.state
    if filters.unassigned:
        # No row is both assigned to a user and unassigned.
        equal["held_by"] = ("",) if filters.held_by is None else ()
    return WorklistQuery(
        now=now,
        equal=equal,
        overdue=filters.overdue,
        at_risk=filters.at_risk,
        missing=filters.missing,
        sort=paging.sort,
        descending=paging.descending,
        after=cursor_of(paging),
        limit=paging.limit,
    )


def stored_page(
    found: WorklistFound, status: ViewStatus
) -> tuple[SelectedRows, frozenset[UUID], tuple[FailedPatient, ...]]:
    """Returns the stored rows of a page, the patients whose rows are stale, and the patients whose rows failed."""
    rows = [WorklistRow.model_validate_json(one) for one in found.rows]
    stale = frozenset(row.patient_id for row, is_stale in zip(rows, found.stale, strict=True) if is_stale)
    failures = tuple(
        FailedPatient(patient_id=one.patient_id, error=one.error, failed_at=one.failed_at, attempts=one.attempts)
        for one in status.failures
    )
    return SelectedRows(rows, {state: found.counts.get(state, 0) for state in STATES}), stale, failures
