"""The row of a request as a decision stores it, and the terms from a stored row.

A request or an appeal that was decided keeps the row of that day, whatever the plan corrects later. A built-in row is
not stored: the revision of the rules, which each determination has, stands for it.
"""

from __future__ import annotations

from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from domain.deadline_terms.rows import TERMS
from domain.deadline_terms.terms import Days, DeadlineTerms, Either, Hours
from domain.events.deadline_row import DeadlineRow, RowFigure

FIGURES_KEPT: Final = (
    "standard",
    "urgent",
    "extension",
    "extends_urgent",
    "information_extension_stops",
    "answer_standard",
    "urgent_ask_within",
    "urgent_decide_within",
    "answer_urgent",
    "appeal_file_within",
    "appeal_counted_from",
    "appeal_file_after_receipt",
    "appeal_levels",
    "appeal_levels_open",
    "appeal_standard",
    "appeal_standard_of_two",
    "appeal_urgent",
    "forwards_upheld",
    "after_last_level",
    "at_risk_percent",
)
"""Every figure of a row."""


def row_to_keep(terms: DeadlineTerms) -> DeadlineRow | None:
    """The row as a decision stores it; None if it is a built-in row."""
    if terms.line == "cms_0057_f" or any(terms is row for row in TERMS):
        return None
    return DeadlineRow(
        line=terms.line,
        effective_on=terms.effective_on,
        source=terms.source,
        is_post_service=terms.is_post_service,
        state=terms.state,
        funding=terms.funding,
        note=terms.note or None,
        figures=tuple(_stored(terms, name) for name in FIGURES_KEPT),
    )


def _stored(terms: DeadlineTerms, name: str) -> RowFigure:
    value = getattr(terms, name)
    figure: dict[str, Any] = {"value": value}
    if isinstance(value, Days):
        figure = {"days": value.count}
    elif isinstance(value, Hours):
        figure = {"hours": value.count}
    elif isinstance(value, Either):
        figure = {"days": value.days.count, "hours": value.hours.count, "ends": value.ends}
    return RowFigure(name=name, source=terms.source_of(name), unconfirmed=name in terms.unconfirmed, **figure)


@lru_cache(maxsize=1024)
def terms_kept(row: DeadlineRow) -> DeadlineTerms:
    """The terms of a row that a decision stores."""
    figures: dict[str, Any] = {one.name: _value(one) for one in row.figures}
    return DeadlineTerms(
        line=row.line,
        effective_on=row.effective_on,
        source=row.source,
        is_post_service=row.is_post_service,
        state=row.state,
        funding=row.funding,
        note=row.note or "",
        sources=MappingProxyType({one.name: one.source for one in row.figures}),
        unconfirmed=frozenset(one.name for one in row.figures if one.unconfirmed),
        **figures,
    )


def _value(figure: RowFigure) -> object:
    if figure.days is not None and figure.hours is not None and figure.ends is not None:
        return Either(Days(figure.days), Hours(figure.hours), figure.ends)
    if figure.days is not None:
        return Days(figure.days)
    return figure.value if figure.hours is None else Hours(figure.hours)
