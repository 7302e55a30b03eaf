"""Parses the parameters of a search. An invalid parameter is refused, and the error does not repeat its value."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.datastructures import QueryParams

from api.fhir.instants import Period, period_of
from api.fhir.paging import TrailPosition
from domain.errors import InvalidCommand

COUNT: Final = 50
COUNT_MAX: Final = 200
FORMATS: Final = frozenset({"json", "application/json", "application/fhir+json"})

_PATIENT: Final = re.compile(
    r"(?:Patient/)?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})", re.ASCII | re.IGNORECASE
)
_ID_OF_PATIENT: Final = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:\.[a-z0-9.]{1,40})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A search. `target` is a reference to a patient. `identifier` has the system and the value of an identifier.

    `parameters` are the parameters as they were sent.
    """

    period: Period
    patient_id: UUID | None
    target: str | None
    identifier: tuple[str | None, str] | None
    count: int
    place: TrailPosition | None
    parameters: Sequence[tuple[str, str]]


def asked_of(query: QueryParams, zone: ZoneInfo, dated_by: str) -> SearchQuery:
    """The search of a query. Raises InvalidCommand for an invalid or a repeated parameter.

    Only the date parameter, whose name is `dated_by`, may be repeated. All of its values must match.
    """
    for name in query:
        if name != dated_by and len(query.getlist(name)) > 1:
            raise InvalidCommand("this parameter is given more than once", field=name, remedy="send the parameter once")
    if query.get("_format", "json") not in FORMATS:
        raise InvalidCommand("only JSON is supported", field="_format", remedy="leave the parameter out, or send json")
    patient, target = _patient(query, "patient"), _patient(query, "target")
    identifier = _identifier(query.get("target:identifier"))
    patients = {one for one in (patient, target, _patient_of(identifier)) if one is not None}
    page = query.get("page")
    period = period_of(query.getlist(dated_by), zone, dated_by)
    if len(patients) > 1:
        # No entry belongs to two patients, so the result is empty.
        period = Period(_NEVER.start, _NEVER.end)
    return SearchQuery(
        period=period,
        patient_id=next(iter(patients), None),
        target=f"Patient/{target}" if target is not None else None,
        identifier=identifier,
        count=_count(query.get("_count")),
        place=TrailPosition.at(page) if page is not None else None,
        parameters=query.multi_items(),
    )


def _patient(query: QueryParams, parameter: str) -> UUID | None:
    value = query.get(parameter)
    if value is None:
        return None
    match = _PATIENT.fullmatch(value)
    if match is None:
        raise InvalidCommand(
            "this is not a reference to a patient", field=parameter, remedy="send Patient/ and the patient id"
        )
    return UUID(match[1])


def _identifier(value: str | None) -> tuple[str | None, str] | None:
    """The system and the value of an identifier, from `system|value` or from the value alone."""
    if value is None:
        return None
    system, bar, rest = value.partition("|")
    identifier = (system or None, rest) if bar else (None, value)
    if _patient_of(identifier) is None:
        raise InvalidCommand(
            "this is not the id of an entry in a patient record",
            field="target:identifier",
            remedy="send the ledger's id of a request, dose, report, document, notice, appeal or determination",
        )
    return identifier


def _patient_of(identifier: tuple[str | None, str] | None) -> UUID | None:
    """The patient of an identifier. Every id of the ledger begins with the patient id."""
    match = _ID_OF_PATIENT.fullmatch(identifier[1]) if identifier is not None else None
    return UUID(match[1]) if match is not None else None


def _count(value: str | None) -> int:
    if value is None:
        return COUNT
    if not (value.isascii() and value.isdigit() and 1 <= len(value) <= 9 and int(value) >= 1):
        raise InvalidCommand("this is not a valid number of resources", field="_count", remedy=f"send 1 to {COUNT_MAX}")
    return min(int(value), COUNT_MAX)


_NEVER: Final = period_of(["lt2000", "ge2000"], ZoneInfo("UTC"), "date")
