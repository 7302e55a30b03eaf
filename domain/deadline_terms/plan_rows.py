"""Reads the rows that a plan supplies, checks them, and builds the table with them.

A row states what differs: a state's shorter times for insured coverage, or the number of appeal levels. A figure that
it leaves out is that of the next more general row in effect on the day of the request: the row for the state and the
funding, then for the state, then for the funding, then for all, then the built-in row. A later row replaces the earlier
row for the same requests. A figure that a row states counts as confirmed by the plan. A row can't give the plan more
time than the confirmed figure of the built-in row, nor give others less.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import BeforeValidator, Field, StrictBool, StrictInt, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from domain.calendar import Day
from domain.deadline_terms.rows import TERMS
from domain.deadline_terms.table import DeadlineTable, terms_for
from domain.deadline_terms.terms import AfterLastLevel, AppealCountedFrom, Days, DeadlineTerms, Hours
from domain.deadline_terms.words import AFTER_LAST_LEVEL
from domain.errors import InvalidCommand
from domain.events.patient import STATES, Funding, LineOfBusiness
from domain.facts import FrozenModel, Name

Service = Literal["pre_service", "post_service", "both"]
Count = Annotated[StrictInt, Field(ge=1, le=1000)]


def _whole(value: object) -> object:
    """The value, unless it is true, false or a number with a fraction, which compare as equal to a whole number."""
    if isinstance(value, bool | float):
        raise PydanticCustomError("literal_error", "Input should be 1 or 2", {"expected": "1 or 2"})
    return value


class InDays(FrozenModel):
    """A time in calendar days. It ends at the midnight, in the plan's time zone, that ends its last day."""

    days: Count


class InHours(FrozenModel):
    """A time in hours from an instant."""

    hours: Count


class PlanRow(FrozenModel):
    """One row: for which requests it is, its source, and the figures that differ.

    `service`: `post_service` is for requests that ask only for doses that were given before. `state` and `funding`
    limit the row to coverage of that state and funding. `extension` is null if no extension is allowed.
    """

    line: LineOfBusiness
    effective_on: Day
    source: Name
    service: Service = "pre_service"
    state: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    funding: Funding | None = None
    standard: InDays | InHours | None = None
    urgent: InDays | InHours | None = None
    extension: InDays | None = None
    information_extension_stops: StrictBool | None = None
    answer_standard: InDays | InHours | None = None
    urgent_ask_within: InHours | None = None
    urgent_decide_within: InHours | None = None
    answer_urgent: InDays | InHours | None = None
    appeal_file_within: InDays | None = None
    appeal_counted_from: AppealCountedFrom | None = None
    appeal_levels: Annotated[Literal[1, 2], BeforeValidator(_whole)] | None = None
    appeal_standard: InDays | InHours | None = None
    appeal_standard_of_two: InDays | InHours | None = None
    appeal_urgent: InDays | InHours | None = None
    after_last_level: AfterLastLevel | None = None
    at_risk_percent: Annotated[StrictInt, Field(ge=1, le=100)] | None = None

    @model_validator(mode="after")
    def _known_state(self) -> PlanRow:
        if self.state is not None and self.state not in STATES:
            raise ValueError("state: this is not a state; write the two letters of a state or territory")
        return self


class PlanDeadlines(FrozenModel):
    """The deadlines of a plan, where they differ from the built-in rows."""

    rows: Annotated[tuple[PlanRow, ...], Field(max_length=500)]


FIGURES: Final = tuple(
    name
    for name in PlanRow.model_fields
    if name not in ("line", "effective_on", "source", "service", "state", "funding")
)
_AT_MOST: Final = (
    "standard",
    "urgent",
    "extension",
    "urgent_ask_within",
    "urgent_decide_within",
    "appeal_standard",
    "appeal_standard_of_two",
    "appeal_urgent",
)
"""Times of the plan, which a row can only make shorter."""
_AT_LEAST: Final = ("answer_standard", "answer_urgent", "appeal_file_within")
"""Times of others, which a row can only make longer."""

_RequestsOfRow = tuple[LineOfBusiness, bool]
_Place = tuple[str | None, Funding | None]
"""The state and the funding that rows are for."""


def table_from(text: str) -> DeadlineTable:
    """The table with the rows of a JSON text. Raises InvalidCommand, which names the first wrong row and its field."""
    try:
        given = PlanDeadlines.model_validate_json(text)
    except ValidationError as error:
        raise _invalid(error.errors(include_url=False)) from None
    _check_keys(text)
    found: dict[_RequestsOfRow, dict[_Place, dict[date, PlanRow]]] = {}
    for number, row in enumerate(given.rows, 1):
        for is_post_service in _services(number, row):
            rows = found.setdefault((row.line, is_post_service), {}).setdefault((row.state, row.funding), {})
            if row.effective_on in rows:
                raise _refused(number, "effective_on", "another row is for the same requests", "remove one of the two")
            rows[row.effective_on] = row
            law = terms_for(row.line, row.effective_on, is_post_service=is_post_service)
            for name, value in _figures(row).items():
                _check(number, name, value, law)
    return DeadlineTable(own=tuple(terms for key, places in found.items() for terms in _own(key, places)))


def _services(number: int, row: PlanRow) -> Iterator[bool]:
    has_post_service = any(one.line == row.line and one.is_post_service for one in TERMS)
    if row.service == "post_service" and not has_post_service:
        cause = f"{row.line} has the same times for doses that were given before"
        raise _refused(number, "service", cause, "leave this field out")
    if row.service in ("pre_service", "both"):
        yield False
    if row.service in ("post_service", "both") and has_post_service:
        yield True


def _own(key: _RequestsOfRow, places: Mapping[_Place, Mapping[date, PlanRow]]) -> Iterator[DeadlineTerms]:
    """The complete rows of a line and service: one for each place and day from which a figure can be another."""
    line, is_post_service = key
    both = {(state, funding) for state, _ in places for _, funding in places if (state, None) in places}
    both = {place for place in both if (None, place[1]) in places}
    law_days = {row.effective_on for row in TERMS if row.line == line and row.is_post_service == is_post_service}
    for place in sorted({*places, *both}, key=lambda one: (one[0] or "", one[1] or "")):
        chain = [
            places.get(one, {}) for one in dict.fromkeys((place, (place[0], None), (None, place[1]), (None, None)))
        ]
        # A row for a place without own rows is in effect as soon as a row for its state is, as without it.
        first = min(chain[0] or chain[1])
        for day in sorted({day for rows in (*chain, law_days) for day in rows if day >= first}):
            in_effect = [rows[max(fitting)] for rows in chain if (fitting := [one for one in rows if one <= day])]
            base = terms_for(line, day, is_post_service=is_post_service)
            yield _terms(in_effect, replace(base, state=place[0], funding=place[1], effective_on=day))


def _terms(rows: Sequence[PlanRow], base: DeadlineTerms) -> DeadlineTerms:
    """The built-in row `base` with the figures of the rows in effect, the most specific row first."""
    terms = replace(base, source=rows[0].source, sources=MappingProxyType(_sources(base)))
    for row in reversed(rows):
        figures: dict[str, Any] = _figures(row)
        terms = replace(
            terms,
            sources=MappingProxyType({**terms.sources, **dict.fromkeys(figures, row.source)}),
            unconfirmed=terms.unconfirmed - figures.keys() - {"effective_on"},
            **figures,
        )
    return terms


def _figures(row: PlanRow) -> dict[str, object]:
    """The figures that a row states. Null is a figure of `extension` alone."""
    given = {name: _value(getattr(row, name)) for name in FIGURES if name in row.model_fields_set}
    return {name: value for name, value in given.items() if value is not None or name == "extension"}


def _sources(base: DeadlineTerms) -> dict[str, str]:
    """The source of every figure of the row that this one is based on, so that an inherited figure keeps its source."""
    names = [*FIGURES, "extends_urgent", "appeal_file_after_receipt", "forwards_upheld"]
    return {name: base.source_of(name) for name in names}


def _value(given: object) -> object:
    if isinstance(given, InDays):
        return Days(given.days)
    return Hours(given.hours) if isinstance(given, InHours) else given


def _check(number: int, name: str, value: object, law: DeadlineTerms) -> None:
    """Raises InvalidCommand if the row's figure is worse for others than the confirmed figure of the law."""
    limit, source = getattr(law, name), law.source_of(name)
    if name == "extension" and limit is None and value is not None:
        raise _refused(number, name, f"{law.line} allows no extension ({source})", "leave this field out")
    if isinstance(value, Days | Hours) and limit is None and name != "extension":
        raise _refused(number, name, f"{law.line} has no such time ({source})", "leave this field out")
    if name == "appeal_levels" and value == 2 and law.appeal_standard_of_two is None:
        raise _refused(
            number, name, f"{law.line} has one level of appeal ({source})", "send 1, or leave this field out"
        )
    if name == "information_extension_stops" and value and not limit:
        cause = f"a request for information never stops the time of {law.line} ({source})"
        raise _refused(number, name, cause, "send false, or leave this field out")
    if name == "appeal_counted_from" and value == "date_on_notice" and limit == "receipt":
        cause = f"the time to appeal counts from the receipt of the notice ({source})"
        raise _refused(number, name, cause, "send receipt, or leave this field out")
    if name == "after_last_level" and value != limit:
        cause = f"the last level of {law.line} is followed by {AFTER_LAST_LEVEL[law.after_last_level]} ({source})"
        raise _refused(number, name, cause, f"send {limit}, or leave this field out")
    if not isinstance(value, Days | Hours) or not isinstance(limit, Days | Hours) or name in law.unconfirmed:
        return
    if name in _AT_MOST and _may_exceed(value, limit):
        raise _refused(number, name, f"{value} exceed the {limit} that are allowed ({source})", f"send at most {limit}")
    if name in _AT_LEAST and _may_exceed(limit, value):
        raise _refused(number, name, f"{value} are less than the {limit} of {source}", f"send at least {limit}")


def _may_exceed(one: Days | Hours, other: Days | Hours) -> bool:
    """Whether a term can end later than the other: n days have from 24 n hours to the hours of another day more."""
    if type(one) is type(other):
        return one.count > other.count
    most = 24 * (one.count + 1) if isinstance(one, Days) else one.count
    return most > (24 * other.count if isinstance(other, Days) else other.count)


class _Object(dict[str, Any]):
    """An object of a JSON text, which knows a key that it has twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        keys = [key for key, _ in pairs]
        self.twice = next((key for key in keys if keys.count(key) > 1), None)


def _check_keys(text: str) -> None:
    """Raises InvalidCommand if an object of the text, which is valid otherwise, has a key twice."""
    cause, remedy = "this field is there twice", "remove one of the two"
    given = json.loads(text, object_pairs_hook=_Object, parse_int=str)
    if given.twice:
        raise InvalidCommand(cause, field=given.twice, remedy=remedy)
    for number, row in enumerate(given["rows"], 1):
        inside = (f"{name}.{one.twice}" for name, one in row.items() if isinstance(one, _Object) and one.twice)
        if field := row.twice or next(inside, None):
            raise _refused(number, field, cause, remedy)


_CAUSES: Final = {
    "missing": "this field is required",
    "extra_forbidden": "this field does not exist",
    "literal_error": "this is not one of the values of this field",
    "json_invalid": "this is not JSON",
}
_REMEDIES: Final = {
    "literal_error": "send one of {expected}",
    "greater_than_equal": "send at least {ge}",
    "less_than_equal": "send at most {le}",
    "int_type": "send a whole number",
    "bool_type": "send true or false",
    "string_type": "send a text",
    "string_too_short": "send at least {min_length} character(s)",
    "string_too_long": "send at most {max_length} characters",
    "string_pattern_mismatch": "write the two capital letters of a state or territory",
    "too_long": "send at most {max_length} rows",
}
_WRONG_PARTS: Final = ("missing", "extra_forbidden", "model_type", "model_attributes_type")


def _invalid(errors: Sequence[Any]) -> InvalidCommand:
    """The first error of the validator, with the row and the field."""
    error = errors[0]
    location = [one for one in error["loc"] if one not in ("InDays", "InHours", "days", "hours")]
    ctx = error.get("ctx", {})
    remedy = _REMEDIES.get(error["type"], "see the published schema of this file").format(**ctx).replace("'", "")
    cause = _CAUSES.get(error["type"], "this value is not allowed")
    if error["type"] == "value_error":
        cause = str(error["msg"]).removeprefix("Value error, ")
        if cause.startswith("state: "):
            location.append("state")
        cause, _, advice = cause.removeprefix("state: ").partition("; ")
        remedy = advice or remedy
    if len(location) >= 2 and isinstance(location[1], int):
        field = ".".join(str(one) for one in location[2:])
        if units := _units(location[2] if len(location) > 2 else ""):
            field = str(location[2])
            of_field = [one["type"] for one in errors if one["loc"][:3] == error["loc"][:3]]
            is_number = any(one not in _WRONG_PARTS for one in of_field)
            cause = "this number is not allowed" if is_number else "this is not a time"
            remedy = f"send {units}, where N is a whole number from 1 to 1000"
        return _refused(location[1] + 1, field, cause, remedy)
    return InvalidCommand(cause, field=".".join(str(one) for one in location) or None, remedy=remedy)


def _units(field: str) -> str:
    """How a time of this field is written, or an empty text if it is no time."""
    known = PlanRow.model_fields.get(field)
    kinds = get_args(known.annotation) if known is not None else ()
    written = (f'{{"{unit}": N}}' for kind, unit in ((InDays, "days"), (InHours, "hours")) if kind in kinds)
    return " or ".join(written)


def _refused(number: int, field: str, cause: str, remedy: str) -> InvalidCommand:
    return InvalidCommand(cause, field=f"row {number}, {field}" if field else f"row {number}", remedy=remedy)
