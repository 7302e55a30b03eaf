"""The clock of a request, from what its history remembers; folding fewer events gives the clock as it was known."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from domain.clock_terms import Days, terms_for
from domain.clocks import DecisionClock, DecisionMoments, Extension, Pause, decision_clock
from domain.history import Request


def moments_of(request: Request) -> DecisionMoments:
    return DecisionMoments(
        received_at=request.received_at,
        urgency=request.urgency,
        expedited_at=request.expedited_at,
        extensions=tuple(Extension(at, Days(days)) for at, days in request.extensions),
        pauses=tuple(Pause(one.asked_at, one.answer_by, one.answered_at) for one in request.askings),
        decided_at=request.closed_at,
    )


def clock_of(request: Request, zone: ZoneInfo) -> DecisionClock:
    """By the terms of its line of business on the day of receipt. A reopened request runs on from its first receipt."""
    return decision_clock(terms_for(request.line_of_business, request.received_on), moments_of(request), zone)
