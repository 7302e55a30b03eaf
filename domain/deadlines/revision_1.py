"""The rule for pauses that was in use before revision 2, for requests and appeals that were decided under it.

Each request for information paused the time of a standard commercial request until the answer or its limit, also
without an extension. Post-service requests had no row of their own. A decision that was made under this rule keeps the
due date that it then had.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from domain.deadline_terms.terms import Days, DeadlineTerms, parts_of
from domain.deadlines.due_dates import (
    DeadlineExtension,
    DecisionDeadline,
    DecisionTimes,
    InformationRequest,
    after,
    as_decided,
    deadline,
    end_of_term,
    is_expedited,
    joined,
    urgent_clock,
)

DEADLINES_REVISION: Final = 2
"""The revision of the rules, which each determination stores. One without it was made under revision 1."""


def decision_deadline_revision_1(terms: DeadlineTerms, times: DecisionTimes, zone: ZoneInfo) -> DecisionDeadline:
    """The turnaround time of a request that was decided under revision 1."""
    # Revision 1 did not look at when the notice of an extension was sent.
    times = as_decided(replace(times, extensions=tuple(replace(one, sent_at=None) for one in times.extensions)))
    if times.urgency == "urgent":
        return urgent_clock(terms, times, times.received_at, zone)
    standard = _standard_clock(terms, times, zone)
    if times.expedited_at is None:
        return standard
    urgent = urgent_clock(terms, times, times.expedited_at, zone)
    return urgent if urgent.due_at <= standard.due_at else standard


def _standard_clock(terms: DeadlineTerms, times: DecisionTimes, zone: ZoneInfo) -> DecisionDeadline:
    start = times.received_at
    stops: list[tuple[datetime, datetime]] = []
    extended: Days | None = None
    due_at = after(start, terms.standard, zone)
    changes: list[tuple[datetime, InformationRequest | DeadlineExtension]] = [
        (one.asked_at, one) for one in times.information_requests
    ]
    changes += [(one.at, one) for one in sorted(times.extensions, key=lambda one: one.granted.count)]
    for at, change in sorted(changes, key=lambda one: one[0]):
        # A deadline that has passed can be neither paused nor extended: later events do not change it.
        if at >= due_at:
            break
        if isinstance(change, InformationRequest):
            if terms.information_extension_stops:
                stops = joined([*stops, (max(start, at), max(start, change.ends_at))])
        elif terms.extension is not None and extended is None and not is_expedited(times, at):
            extended = min(change.granted, terms.extension, key=lambda days: days.count)
        due_at = min(end_of_term(start, one, extended, stops, zone) for one in parts_of(terms.standard))
    rule = f"{terms.line}, standard: {terms.standard} from receipt"
    if extended is not None:
        rule += f", extended by {extended}"
    if stops:
        rule += ", excluding the time while requested information was pending"
    return deadline(terms, times, start, due_at, stops, (rule, "standard", "standard"))
