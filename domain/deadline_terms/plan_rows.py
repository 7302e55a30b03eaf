"""Reads the rows that a plan supplies, checks them, and builds the table with them.

A row states what differs: a state's shorter times for insured coverage, or the number of appeal levels. A figure that
it leaves out is that of the plan's more general row, or else of the built-in row. A figure that it states counts as
confirmed by the plan. A row can't give the plan more time than the confirmed figure of the built-in row, nor give
others less.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StrictBool, StrictInt, ValidationError, model_validator

from domain.calendar import Day
from domain.deadline_terms.rows import TERMS
from domain.deadline_terms.table import DeadlineTable, terms_for
from domain.deadline_terms.terms import AfterLastLevel, AppealCountedFrom, Days, DeadlineTerms, Hours, Term
from domain.errors import InvalidCommand
from domain.events.patient import STATES, Funding, LineOfBusiness
from domain.facts import FrozenModel, Name

Service = Literal["pre_service", "post_service", "both"]
Count = Annotated[StrictInt, Field(ge=1, le=1000)]


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
    appeal_levels: Literal[1, 2] | None = None
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
    "urgent_decide_within",
    "appeal_standard",
    "appeal_standard_of_two",
    "appeal_urgent",
)
"""Times of the plan, which a row can only make shorter."""
_AT_LEAST: Final = ("answer_standard", "answer_urgent", "appeal_file_within")
"""Times of others, which a row can only make longer."""


def table_from(text: str) -> DeadlineTable:
    """The table with the rows of a JSON text. Raises InvalidCommand, which names the first wrong row and its field."""
    try:
        given = PlanDeadlines.model_validate_json(text)
    except ValidationError as error:
        raise _invalid(error.errors(include_url=False)[0]) from None
    table = DeadlineTable()
    seen = set[tuple[object, ...]]()
    # General rows first: a row for a state inherits from the plan's row for all states.
    numbered = sorted(enumerate(given.rows, 1), key=lambda one: (_specific(one[1]), one[1].effective_on))
    for number, row in numbered:
        for is_post_service in _services(row):
            place = (row.line, is_post_service, row.state, row.funding, row.effective_on)
            if place in seen:
                raise _refused(number, "effective_on", "another row is for the same requests", "remove one of the two")
            seen.add(place)
            table = DeadlineTable(own=(*table.own, _terms(number, row, table, is_post_service)))
    return table


def _specific(row: PlanRow) -> int:
    return (row.state is not None) + (row.funding is not None)


def _services(row: PlanRow) -> Iterator[bool]:
    has_post_service = any(one.line == row.line and one.is_post_service for one in TERMS)
    if row.service in ("pre_service", "both"):
        yield False
    if row.service == "post_service" or (row.service == "both" and has_post_service):
        yield True


def _terms(number: int, row: PlanRow, table: DeadlineTable, is_post_service: bool) -> DeadlineTerms:
    general = DeadlineTable(own=tuple(one for one in table.own if one.state is None and one.funding is None))
    base = terms_for(row.line, row.effective_on, general, is_post_service=is_post_service)
    figures = {name: _value(getattr(row, name)) for name in FIGURES if name in row.model_fields_set}
    figures = {name: value for name, value in figures.items() if value is not None or name == "extension"}
    law = terms_for(row.line, row.effective_on, is_post_service=is_post_service)
    for name, value in figures.items():
        _check(number, name, value, law)
    changes: dict[str, Any] = dict(figures)
    return replace(
        base,
        effective_on=row.effective_on,
        is_post_service=is_post_service,
        state=row.state,
        funding=row.funding,
        source=row.source,
        sources=MappingProxyType({**_sources(base), **dict.fromkeys(figures, row.source)}),
        unconfirmed=base.unconfirmed - figures.keys() - {"effective_on"},
        **changes,
    )


def _sources(base: DeadlineTerms) -> dict[str, str]:
    """The source of every figure of the row that this one is based on, so that an inherited figure keeps its source."""
    names = [*FIGURES, "extends_urgent", "appeal_file_after_receipt", "forwards_upheld"]
    return {name: base.source_of(name) for name in names}


def _value(given: object) -> object:
    if isinstance(given, InDays):
        return Days(given.days)
    return Hours(given.hours) if isinstance(given, InHours) else given


def _check(number: int, name: str, value: object, law: DeadlineTerms) -> None:
    """Raises InvalidCommand if the law's figure is confirmed, and the row's figure is worse for others than that."""
    limit = getattr(law, name)
    if name == "appeal_levels" and value == 2 and law.appeal_standard_of_two is None:
        cause = f"{law.line} has one level of appeal ({law.source_of(name)})"
        raise _refused(number, name, cause, "send 1, or leave this field out")
    if not isinstance(value, Days | Hours) or name in law.unconfirmed:
        return
    if name == "extension" and limit is None:
        raise _refused(number, name, f"{law.line} allows no extension ({law.source_of(name)})", "leave this field out")
    if not isinstance(limit, Days | Hours):
        return
    source = law.source_of(name)
    if name in _AT_MOST and _longest(value) > _longest(limit):
        raise _refused(number, name, f"{value} exceed the {limit} that are allowed ({source})", f"send at most {limit}")
    if name in _AT_LEAST and _longest(value) < _longest(limit):
        raise _refused(number, name, f"{value} are less than the {limit} of {source}", f"send at least {limit}")


def _longest(term: Term) -> int:
    """The most hours that a term can have: a term of days ends with its last day."""
    return 24 * term.count + 23 if isinstance(term, Days) else term.count


_CAUSES: Final = {
    "missing": "this field is required",
    "extra_forbidden": "this field does not exist",
    "literal_error": "this is not one of the values of this field",
    "json_invalid": "this is not JSON",
}


def _invalid(error: Any) -> InvalidCommand:
    """The error of the validator, with the row and the field."""
    location = [one for one in error["loc"] if one not in ("InDays", "InHours", "days", "hours")]
    expected = error.get("ctx", {}).get("expected")
    remedy = f"send one of {expected}".replace("'", "") if expected else "see the published schema of this file"
    cause = _CAUSES.get(error["type"], "this value is not allowed")
    if error["type"] == "value_error":
        cause = str(error["msg"]).removeprefix("Value error, ")
        if cause.startswith("state: "):
            location.append("state")
        cause, _, advice = cause.removeprefix("state: ").partition("; ")
        remedy = advice or remedy
    if len(location) >= 2 and isinstance(location[1], int):
        return _refused(location[1] + 1, ".".join(str(one) for one in location[2:]), cause, remedy)
    return InvalidCommand(cause, field=".".join(str(one) for one in location) or None, remedy=remedy)


def _refused(number: int, field: str, cause: str, remedy: str) -> InvalidCommand:
    return InvalidCommand(cause, field=f"row {number}, {field}" if field else f"row {number}", remedy=remedy)
