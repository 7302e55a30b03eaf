"""Reads rows of the access log with their positions, oldest first, along an index. The audit trail uses them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from domain.ledger.reader import LedgerReader
from domain.ledger.stores.sql import PostgresViews, SQLiteViews
from domain.ledger.stores.sqlite_connections import LedgerSQLiteDatastore
from domain.permissions.disclosure import Access

_BEYOND: Final = "(at, register, number) > (:place_at, :place_register, :place_number)"


class RowPlace(NamedTuple):
    """The position of a row in the order of time, register and number."""

    at: datetime
    register: UUID
    number: int


class NumberedAccess(NamedTuple):
    """A row of the access log. A register contains the rows of one process, and `number` counts them from 1."""

    register: UUID
    number: int
    access: Access

    @property
    def place(self) -> RowPlace:
        return RowPlace(self.access.at, self.register, self.number)


def rows_between(
    ledger: LedgerReader,
    *,
    patient_id: UUID | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    after: RowPlace | None = None,
    limit: int,
) -> list[NumberedAccess]:
    """The next rows after a position, of one patient or of all. `start` is included, and `end` is not."""
    index, conditions, values = "accesses_at", list[str](), dict[str, Any](limit=limit)
    if patient_id is not None:
        index, values["patient_id"] = "accesses_of_patient", patient_id
        conditions.append("patient_id = :patient_id")
    if start is not None:
        conditions.append("at >= :start")
        values["start"] = start
    if end is not None:
        conditions.append("at < :end")
        values["end"] = end
    if after is not None:
        conditions.append(_BEYOND)
        values |= {"place_at": after.at, "place_register": after.register, "place_number": after.number}
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    return _read(
        ledger,
        f"SELECT register, number, row FROM {{schema}}.accesses {{by {index}}} {where}"  # noqa: S608
        " ORDER BY at, register, number LIMIT :limit",
        values,
    )


def rows_of_batch(ledger: LedgerReader, register: UUID, first: int, count: int) -> list[NumberedAccess]:
    """The rows of one batch, which one digest covers, in the order of their numbers."""
    return _read(
        ledger,
        "SELECT register, number, row FROM {schema}.accesses"
        " WHERE register = :register AND number >= :first AND number <= :last ORDER BY number",
        {"register": register, "first": first, "last": first + count - 1},
    )


def _read(ledger: LedgerReader, statement: str, values: Mapping[str, Any]) -> list[NumberedAccess]:
    datastore = ledger.recorder.datastore
    if isinstance(datastore, LedgerSQLiteDatastore):
        on_sqlite = {name: value.hex if isinstance(value, UUID) else value for name, value in values.items()}
        rows = SQLiteViews(datastore).reads(lambda run: run(statement, **on_sqlite))
    else:
        rows = PostgresViews(datastore).reads(lambda run: run(statement, **values))
    return [
        NumberedAccess(UUID(str(one["register"])), one["number"], Access.model_validate_json(one["row"]))
        for one in rows
    ]
