"""The clock of a request, from what its history remembers; folding fewer events gives the clock as it was known.

A request that was denied or withdrawn, and then reopened, has its whole time again from the
reopening: its first clock ended with the decision, or with the word of who asked. A dismissal
that is taken back was the plan's mistake and costs the claimant nothing: the clock runs on from
the first receipt, as if the request had never been dismissed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from domain.deadlines.due_dates import (
    DeadlineExtension,
    DecisionClock,
    DecisionMoments,
    Pause,
    answer_limit,
    decision_clock,
    end_of_day,
    reason_against_extension,
)
from domain.deadlines.terms import ClockTerms, Days, terms_for
from domain.history.records import Request


def clock_of(request: Request, zone: ZoneInfo) -> DecisionClock:
    """When it is due, and why; an imported request stopped by the end of the day on which it was decided then."""
    clock = decision_clock(terms_of(request), moments_of(request, zone), zone)
    if restarted_at(request) is None:
        return clock
    return replace(clock, rule=clock.rule.replace("from receipt", "from being reopened"))


def terms_of(request: Request) -> ClockTerms:
    """Of its line of business, on the day of its first receipt."""
    return terms_for(request.line_of_business, request.received_on)


def moments_of(request: Request, zone: ZoneInfo) -> DecisionMoments:
    restarted = restarted_at(request)
    start = restarted or request.received_at
    pauses = tuple(Pause(one.asked_at, one.answer_by, one.answered_at) for one in request.askings)
    expedited_at = request.expedited_at
    was_expedited = restarted is not None and expedited_at is not None and expedited_at <= restarted
    return DecisionMoments(
        received_at=start,
        urgency="urgent" if was_expedited else request.urgency,
        expedited_at=None if was_expedited else expedited_at,
        extensions=tuple(DeadlineExtension(at, Days(days)) for at, days in request.extensions if at >= start),
        pauses=tuple(one for one in pauses if restarted is None or one.ends_at > start),
        decided_at=_closed_at(request, zone),
    )


def restarted_at(request: Request) -> datetime | None:
    """From when its time counts anew; None: from receipt."""
    again = [one.reopened_at for one in request.reopenings if one.was != "dismissed"]
    return again[-1] if again else None


def _closed_at(request: Request, zone: ZoneInfo) -> datetime | None:
    """When it was recorded, and at the latest by the end of the day on which it is said to have happened."""
    if request.closed_at is None or request.closed_on is None:
        return None
    return min(request.closed_at, end_of_day(request.closed_on, zone))


def answer_by_at_least(request: Request, asked_at: datetime, zone: ZoneInfo) -> datetime:
    """The least time to answer that somebody gets who is asked at an instant."""
    is_urgent = request.urgency == "urgent" or request.expedited_at is not None
    return answer_limit(terms_of(request), "urgent" if is_urgent else "standard", asked_at, zone)


def why_not_extended(request: Request, at: datetime, zone: ZoneInfo) -> str | None:
    """Why the plan can't take more time at an instant; None: it can."""
    return reason_against_extension(terms_of(request), moments_of(request, zone), at, zone)
