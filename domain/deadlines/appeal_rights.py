"""What a notice of an adverse determination says about appeals, by the terms of the day on which it is sent.

A notice keeps what it said. A figure that nobody has confirmed is left out of it.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from domain.deadline_terms.terms import DeadlineTerms, Urgency
from domain.deadlines.appeal_dates import NoticeTimes, appeal_filing_deadline
from domain.events.appeal_rights import AppealRights
from domain.events.patient import LineOfBusiness
from domain.history.records import Appeal


def appeal_rights(terms: DeadlineTerms, dated: date, *, after: Appeal | None = None) -> AppealRights:
    """What a notice with this date says. `after` is the decided appeal that the notice is about, or None."""
    was_second = after is not None and after.level == "second"
    has_next_level = after is None or (not was_second and terms.appeal_levels == 2)
    counts_from_date = terms.appeal_counted_from == "date_on_notice"
    return AppealRights(
        file_within_days=terms.appeal_file_within.count,
        counted_from=terms.appeal_counted_from,
        file_by=appeal_filing_deadline(terms, [NoticeTimes(dated)]) if counts_from_date and has_next_level else None,
        standard=_figure(terms, "standard", after),
        urgent=_figure(terms, "urgent", after),
        has_next_level=has_next_level,
        then=terms.after_last_level,
    )


def appeal_rights_revision_1(line: LineOfBusiness) -> AppealRights:
    """What each notice said before it was recorded, in facts. Of every line it said that the time is from receipt."""
    days, standard = _REVISION_1[line]
    return AppealRights(
        file_within_days=days,
        counted_from="receipt",
        file_by=None,
        standard=standard,
        urgent="72 hours",
        has_next_level=True,
        then="external_review",
    )


_REVISION_1: Final[dict[LineOfBusiness, tuple[int, str]]] = {
    "commercial": (180, "30 days"),
    "medicare_advantage": (65, "7 days"),
    "medicaid": (60, "30 days"),
}


def _figure(terms: DeadlineTerms, urgency: Urgency, after: Appeal | None) -> str | None:
    figure = terms.appeal_figure(urgency, is_second_level=after is not None)
    return None if figure in terms.unconfirmed else str(terms.term(figure))
