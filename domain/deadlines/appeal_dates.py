"""By when an appeal must be filed, and when it is due: computed from the terms and the times on record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from domain.deadline_terms.terms import DeadlineTerms, Urgency
from domain.deadlines.due_dates import after


@dataclass(frozen=True, slots=True)
class NoticeTimes:
    """One notice of an adverse determination: the date on it, and the day of its receipt. None: not on record."""

    dated: date
    received_on: date | None = None


def appeal_filing_deadline(terms: DeadlineTerms, notices: Sequence[NoticeTimes]) -> date | None:
    """The last day on which an appeal is timely. None: an appeal is never late.

    Without a notice, the time does not start. Where it counts from receipt, it does not start either while the receipt
    of one of the notices is not on record. Of several notices, the one counts that gives the latest day.

    >>> from domain.deadline_terms.table import terms_for
    >>> commercial = terms_for("commercial", date(2026, 3, 2))
    >>> appeal_filing_deadline(commercial, [NoticeTimes(date(2026, 3, 10), date(2026, 3, 12))])
    datetime.date(2026, 9, 8)
    >>> appeal_filing_deadline(commercial, [NoticeTimes(date(2026, 3, 10))]) is None
    True
    """
    days = [_last_day(terms, one) for one in notices]
    known = [day for day in days if day is not None]
    return max(known) if known and len(known) == len(days) else None


def _last_day(terms: DeadlineTerms, notice: NoticeTimes) -> date | None:
    within = timedelta(days=terms.appeal_file_within.count)
    if terms.appeal_counted_from == "receipt":
        return None if notice.received_on is None else notice.received_on + within
    last_day = notice.dated + within
    if terms.appeal_file_after_receipt is None or notice.received_on is None:
        return last_day
    return max(last_day, notice.received_on + timedelta(days=terms.appeal_file_after_receipt.count))


def appeal_due_at(
    terms: DeadlineTerms, urgency: Urgency, filed_at: datetime, zone: ZoneInfo, *, is_second_level: bool = False
) -> datetime:
    """When an appeal must be decided, in UTC."""
    return after(filed_at, terms.term(terms.appeal_figure(urgency, is_second_level=is_second_level)), zone)
