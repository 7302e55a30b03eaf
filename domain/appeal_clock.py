"""When an appeal is due, and until when it could be filed, from what the history remembers."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from domain.clock_terms import terms_for
from domain.clocks import appeal_due_at
from domain.history import Appeal, PatientHistory


def appeal_clock_of(history: PatientHistory, appeal: Appeal, zone: ZoneInfo) -> datetime:
    """In UTC, by the terms of the request's line of business on the day the request was received."""
    request = history.request(appeal.request_id)
    assert request is not None, "an appeal is of a request on record"
    terms = terms_for(request.line_of_business, request.received_on)
    return appeal_due_at(terms, appeal.urgency, appeal.received_at, zone)
