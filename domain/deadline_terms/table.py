"""Finds the row of a request: by line of business, day of receipt, service, and the state and funding of the coverage.

If the state or the funding is not on record, every row that may apply is found, and the figures of the shortest are
used: the plan then decides in time under each of them, and calls no appeal late that is timely under one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Final, get_args

from domain.deadline_terms.rows import TERMS
from domain.deadline_terms.terms import Days, DeadlineTerms, Term, TermsLine
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
    unknown = " and ".join(
        name for name, value in (("state", coverage.state), ("funding", coverage.funding)) if value is None
    )
    by_standard = sorted(rows, key=lambda row: (_hours(row.standard), _hours(row.urgent), row.source))
    terms = by_standard[0]
    for figure, choose in _SAFE.items():
        chosen = choose(by_standard, figure)
        terms = replace(
            terms,
            **{figure: getattr(chosen, figure)},
            sources=MappingProxyType({**terms.sources, figure: chosen.source_of(figure)}),
            unconfirmed=(terms.unconfirmed - {figure}) | (chosen.unconfirmed & {figure}),
        )
    return replace(terms, note=f"{unknown} of the coverage not on record, so the shortest row applies")


def _hours(term: Term | None) -> int:
    return 0 if term is None else term.count * 24 if isinstance(term, Days) else term.count


def _least(rows: Sequence[DeadlineTerms], figure: str) -> DeadlineTerms:
    return min(rows, key=lambda row: _hours(getattr(row, figure)))


def _most(rows: Sequence[DeadlineTerms], figure: str) -> DeadlineTerms:
    return max(rows, key=lambda row: _hours(getattr(row, figure)))


def _false(rows: Sequence[DeadlineTerms], figure: str) -> DeadlineTerms:
    return next((row for row in rows if not getattr(row, figure)), rows[0])


def _true(rows: Sequence[DeadlineTerms], figure: str) -> DeadlineTerms:
    return next((row for row in rows if getattr(row, figure)), rows[0])


def _from_receipt(rows: Sequence[DeadlineTerms], figure: str) -> DeadlineTerms:
    return next((row for row in rows if getattr(row, figure) == "receipt"), rows[0])


_SAFE: Final[dict[str, Callable[[Sequence[DeadlineTerms], str], DeadlineTerms]]] = {
    **dict.fromkeys(("standard", "urgent", "extension", "urgent_decide_within", "urgent_ask_within"), _least),
    **dict.fromkeys(("appeal_standard", "appeal_standard_of_two", "appeal_urgent"), _least),
    **dict.fromkeys(("extends_urgent", "information_extension_stops"), _false),
    **dict.fromkeys(("answer_urgent", "appeal_file_within", "appeal_file_after_receipt"), _most),
    "answer_standard": _least,
    "appeal_counted_from": _from_receipt,
    "forwards_upheld": _true,
}
"""For each figure, how the row is chosen whose figure is safe under each row."""
