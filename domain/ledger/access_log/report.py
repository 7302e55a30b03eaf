"""Reads the access log, newest first: the accesses to a patient's record, or the accesses of a user, by date."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field

from domain.deadlines.due_dates import end_of_day
from domain.errors import InvalidCommand
from domain.facts import FrozenModel
from domain.ledger.reader import LedgerReader
from domain.ledger.stores.sql import PostgresViews, SQLiteViews, ViewStore
from domain.ledger.stores.sqlite_connections import LedgerSQLiteDatastore
from domain.permissions.disclosure import Access

PAGE_MAX: Final = 200

_OF_PATIENT: Final = "patient_id = :patient_id"
_BY_ACTOR: Final = "actor_id = :actor_id"
_BEYOND: Final = "(at, register, number) < (:place_at, :place_register, :place_number)"


class AccessesShown(FrozenModel):
    """One page, newest first. `next_after` asks for the next page; null: this was the last."""

    items: tuple[Access, ...]
    next_after: Annotated[str, Field(max_length=400)] | None


@dataclass(frozen=True, slots=True)
class AccessQuery:
    """The filters of a report; None is no filter. Days are in the plan's time zone, and both are included.

    `after` is the `next_after` of the previous page, with the same filters. Raises InvalidCommand if it is malformed,
    before anything of a patient is read.
    """

    patient_id: UUID | None = None
    actor_id: str | None = None
    since: date | None = None
    until: date | None = None
    after: str | None = None
    limit: int = PAGE_MAX

    def __post_init__(self) -> None:
        if self.after is not None:
            _cursor_values(self.after)


def accesses(ledger: LedgerReader, question: AccessQuery) -> AccessesShown:
    """One page, read along one index whatever the filters are."""
    store, is_on_sqlite = _store_of(ledger)
    statement, values = statement_for(question, ledger.zone)
    if is_on_sqlite:
        values = {name: value.hex if isinstance(value, UUID) else value for name, value in values.items()}
    rows = store.reads(lambda run: run(statement, **values))
    shown = rows[: question.limit]
    return AccessesShown(
        items=tuple(Access.model_validate_json(one["row"]) for one in shown),
        next_after=cursor_at(*(shown[-1][name] for name in ("at", "register", "number")))
        if len(rows) > question.limit
        else None,
    )


def all_accesses(ledger: LedgerReader, question: AccessQuery) -> Iterator[Access]:
    """All accesses that match the query, read page by page."""
    while True:
        page = accesses(ledger, question)
        yield from page.items
        if page.next_after is None:
            return
        question = replace(question, after=page.next_after)


def _store_of(ledger: LedgerReader) -> tuple[ViewStore, bool]:
    datastore = ledger.recorder.datastore
    if isinstance(datastore, LedgerSQLiteDatastore):
        return SQLiteViews(datastore), True
    return PostgresViews(datastore), False


def statement_for(question: AccessQuery, zone: ZoneInfo) -> tuple[str, dict[str, Any]]:
    """The SQL statement of a query and its values. It asks for one row more than the page has."""
    index, conditions, values = "accesses_at", list[str](), dict[str, Any](limit=question.limit + 1)
    if question.actor_id is not None:
        index, values["actor_id"] = "accesses_by_actor", question.actor_id
        conditions.append(_BY_ACTOR)
    if question.patient_id is not None:
        index, values["patient_id"] = "accesses_of_patient", question.patient_id
        conditions.append(_OF_PATIENT)
    if question.since is not None:
        conditions.append("at >= :since")
        values["since"] = end_of_day(question.since - timedelta(days=1), zone)
    if question.until is not None:
        conditions.append("at < :until")
        values["until"] = end_of_day(question.until, zone)
    if question.after is not None:
        conditions.append(_BEYOND)
        values |= _cursor_values(question.after)
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    statement = (
        f"SELECT at, register, number, row FROM {{schema}}.accesses {{by {index}}} {where}"  # noqa: S608
        " ORDER BY at DESC, register DESC, number DESC LIMIT :limit"
    )
    return statement, values


def cursor_at(at: datetime | str, register: UUID | str, number: int) -> str:
    """The cursor of the page after this row."""
    text = at.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(at, datetime) else at
    place = json.dumps([text, UUID(str(register)).hex, number])
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _cursor_values(after: str) -> dict[str, Any]:
    try:
        padded = after + "=" * (-len(after) % 4)
        at, register, number = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        instant = datetime.fromisoformat(at)
        place = {"place_at": instant.astimezone(UTC), "place_register": UUID(register), "place_number": int(number)}
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        place = {}
    if not place or instant.tzinfo is None or not 0 < int(number) < 1 << 63:
        raise InvalidCommand(
            "this value does not come from a page of the access log",
            field="after",
            remedy="send next_after of the previous page with the same filters",
        )
    return place
