"""Finds the row of a request: by line of business, day of receipt, service, and the state and funding of the coverage.

If the state or the funding is not on record, every row that may apply is found, and the figures of the shortest are
used: the plan then decides in time under each of them, calls no appeal late that is timely under one of them, and
refuses no second level that one of them has. Days and hours are compared by their ends, which depend on the start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

from domain.deadline_terms.rows import TERMS
from domain.deadline_terms.terms import Days, DeadlineTerms, Either, Hours, TermsLine
from domain.events.patient import Funding

_ELSEWHERE: Final = "another state"
"""A state that no row names."""


@dataclass(frozen=True, slots=True, eq=False)
class DeadlineTable:
    """All rows: the built-in rows, and `own` rows of the plan, which come first where both apply.

    A table is compared by identity, so that what depends on it can be cached.
    """

    own: tuple[DeadlineTerms, ...] = ()
    built_in: tuple[DeadlineTerms, ...] = TERMS

    @property
    def rows(self) -> tuple[DeadlineTerms, ...]:
        return (*self.own, *self.built_in)


BUILT_IN: Final = DeadlineTable()
"""The table of a plan that supplies no rows."""


@dataclass(frozen=True, slots=True)
class CoverageOf:
    """The state and the funding of the coverage on the day of receipt. None: not on record."""

    state: str | None = None
    funding: Funding | None = None


NOT_ON_RECORD: Final = CoverageOf()


@lru_cache(maxsize=4096)
def terms_for(
    line: TermsLine,
    received_on: date,
    table: DeadlineTable = BUILT_IN,
    *,
    is_post_service: bool = False,
    coverage: CoverageOf = NOT_ON_RECORD,
) -> DeadlineTerms:
    """The row in effect for the line of business on the day of receipt. Before the first row, the first row applies.

    A plan may import requests of years before the first row. They get a deadline for comparison rather than none, and
    `in_words` states from which day the row is known to be in effect. A line without a row for post-service requests
    uses its other row.
    """
    rows = [row for row in table.rows if row.line == line]
    if is_post_service and any(row.is_post_service for row in rows):
        rows = [row for row in rows if row.is_post_service]
    else:
        rows = [row for row in rows if not row.is_post_service]
    states = [coverage.state] if coverage.state else [*sorted({one.state for one in rows if one.state}), _ELSEWHERE]
    fundings: Sequence[Funding] = (coverage.funding,) if coverage.funding else get_args(Funding)
    own = frozenset(id(row) for row in table.own)
    possible = {
        id(row): row
        for state in states
        for funding in fundings
        for row in [_row(rows, received_on, state, funding, own)]
    }
    found = tuple(possible.values())
    return found[0] if len(found) == 1 else _shortest(found, coverage)


def _row(
    rows: Iterable[DeadlineTerms], received_on: date, state: str, funding: Funding, own: frozenset[int]
) -> DeadlineTerms:
    """The row for a known state and funding: the most specific one, and of several of a kind the latest in effect."""
    fitting = [row for row in rows if row.state in (None, state) and row.funding in (None, funding)]
    in_effect = [row for row in fitting if row.effective_on <= received_on]
    if not in_effect:
        first = min(row.effective_on for row in fitting)
        in_effect = [row for row in fitting if row.effective_on == first]
    return max(
        in_effect, key=lambda row: (row.state is not None, row.funding is not None, id(row) in own, row.effective_on)
    )


def _shortest(rows: Sequence[DeadlineTerms], coverage: CoverageOf) -> DeadlineTerms:
    """One row of the figures that are safe under each row: the shortest time to decide, the longest to appeal."""
    ordered = sorted(rows, key=lambda row: (row.state is None, row.state, row.funding is None, row.funding))
    terms = ordered[0]
    if coverage.state is None:
        terms = replace(terms, state=None)
    if coverage.funding is None:
        terms = replace(terms, funding=None)
    for figure, choose in _SAFE.items():
        terms = _with(terms, figure, choose([(row, figure) for row in ordered]))
    terms = _with(terms, "at_risk_percent", _greatest([(row, "at_risk_percent") for row in ordered]))
    if len({row.appeal_levels for row in ordered}) > 1:
        terms = _with_open_levels(terms, ordered)
    return replace(terms, note=_note(ordered, coverage))


def _with(terms: DeadlineTerms, figure: str, chosen: _Chosen) -> DeadlineTerms:
    """The row with a figure of others, which keeps its sources, and is unconfirmed if it is in one of them."""
    value, places = chosen
    sources = " or ".join(dict.fromkeys(row.source_of(name) for row, name in places))
    is_unconfirmed = any(name in row.unconfirmed for row, name in places)
    return replace(
        terms,
        **{figure: value},
        sources=MappingProxyType({**terms.sources, figure: sources}),
        unconfirmed=(terms.unconfirmed - {figure}) | ({figure} if is_unconfirmed else frozenset()),
    )


def _with_open_levels(terms: DeadlineTerms, rows: Sequence[DeadlineTerms]) -> DeadlineTerms:
    """The row where one or two levels are possible: the shortest time of a first level, and a second is not refused."""
    first = [(row, row.appeal_figure("standard")) for row in rows]
    second = [(row, "appeal_standard_of_two") for row in rows if row.appeal_levels == 2]
    terms = _with(terms, "appeal_standard", _earliest(first))
    terms = _with(terms, "appeal_standard_of_two", _earliest(second))
    return replace(terms, appeal_levels_open=True)


def _note(rows: Sequence[DeadlineTerms], coverage: CoverageOf) -> str:
    unknown = " and ".join(
        name for name, value in (("state", coverage.state), ("funding", coverage.funding)) if value is None
    )
    named = [f"{row.source} for {_coverage_in_words(row)}" for row in rows]
    more = f"; and {len(named) - _NAMED_MOST} more" if len(named) > _NAMED_MOST else ""
    possible = "; ".join(named[:_NAMED_MOST])
    return f"{unknown} of the coverage not on record, so the shortest row applies. Possible rows: {possible}{more}"


_NAMED_MOST: Final = 6
"""So many rows are named in a note."""


def _coverage_in_words(row: DeadlineTerms) -> str:
    if row.state is None and row.funding is None:
        return "other coverage"
    funding = "coverage" if row.funding is None else f"{row.funding.replace('_', '-')} coverage"
    return funding if row.state is None else f"{funding} of {row.state}"


# -- the safe figure of several rows -------------------------------------------------------------

_FigureOf = tuple[DeadlineTerms, str]
"""A row, and the name of one of its figures."""
_Chosen = tuple[Any, Sequence[_FigureOf]]
"""A figure, and where it is from."""


def _earliest(places: Sequence[_FigureOf]) -> _Chosen:
    """The time that ends first. None is no time at all, which is the shortest."""
    without = next((one for one in places if _value(one) is None), None)
    return (None, [without]) if without is not None else _time(places, "first")


def _latest(places: Sequence[_FigureOf]) -> _Chosen:
    """The time that ends last. None is no time at all, which is the shortest."""
    stated = [one for one in places if _value(one) is not None]
    return _time(stated, "last") if stated else (None, places[:1])


def _time(places: Sequence[_FigureOf], ends: Literal["first", "last"]) -> _Chosen:
    """The time that ends first or last. Of days and hours, both remain if the start decides which one that is."""
    choose = min if ends == "first" else max
    by_kind = [[one for one in places if isinstance(_value(one), kind)] for kind in (Days, Hours)]
    best = [choose(of_kind, key=lambda one: _value(one).count) for of_kind in by_kind if of_kind]
    if len(best) == 1:
        return _value(best[0]), best
    days, hours = (_value(one) for one in best)
    # N days end at a midnight, so they have from about 24 N hours to the hours of another day more. Another day is left
    # on both sides for changes of the zone's offset from UTC.
    if 24 * (days.count - 1) < hours.count < 24 * (days.count + 2):
        return Either(days, hours, ends), best
    chosen = best[0] if (days.count * 24 < hours.count) == (ends == "first") else best[1]
    return _value(chosen), [chosen]


def _value(place: _FigureOf) -> Any:
    return getattr(*place)


def _one_with(value: object) -> Callable[[Sequence[_FigureOf]], _Chosen]:
    """Chooses this value if one of the rows has it."""

    def choose(places: Sequence[_FigureOf]) -> _Chosen:
        chosen = next((one for one in places if _value(one) == value), places[0])
        return _value(chosen), [chosen]

    return choose


def _greatest(places: Sequence[_FigureOf]) -> _Chosen:
    chosen = max(places, key=_value)
    return _value(chosen), [chosen]


_SAFE: Final[dict[str, Callable[[Sequence[_FigureOf]], _Chosen]]] = {
    **dict.fromkeys(("standard", "urgent", "extension", "urgent_decide_within", "urgent_ask_within"), _earliest),
    **dict.fromkeys(("appeal_standard", "appeal_standard_of_two", "appeal_urgent"), _earliest),
    **dict.fromkeys(("extends_urgent", "information_extension_stops"), _one_with(False)),
    **dict.fromkeys(("answer_urgent", "appeal_file_within", "appeal_file_after_receipt"), _latest),
    "answer_standard": _earliest,
    "appeal_counted_from": _one_with("receipt"),
    "appeal_levels": _greatest,
    "forwards_upheld": _one_with(True),
}
"""For each figure, how the figure is chosen that is safe under each row.

What follows the last level is not among them: no row of a plan can state another than the law does.
"""
