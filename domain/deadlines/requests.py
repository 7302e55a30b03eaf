"""The turnaround time of a request, computed from its history.

From a history of fewer events, the functions return the deadline as it was known then.

If a request was denied or withdrawn and then reopened, the whole turnaround time starts again at the reopening: the
first one ended with the decision or the withdrawal. If a dismissal is reopened, the dismissal was the plan's mistake
and costs the claimant nothing: the time runs on from the first receipt, as if the request had never been dismissed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from domain.deadlines.due_dates import (
    DeadlineExtension,
    DecisionDeadline,
    DecisionTimes,
    Pause,
    answer_limit,
    decision_deadline,
    end_of_day,
    reason_against_extension,
)
from domain.deadlines.terms import Days, DeadlineTerms, terms_for
from domain.history.records import Request


def deadline_of(request: Request, zone: ZoneInfo) -> DecisionDeadline:
    """When the request is due, and why.

    The turnaround time of an imported request stops at the latest at the end of the day on which it was decided.
    """
    clock = decision_deadline(terms_of(request), times_of(request, zone), zone)
    if restarted_at(request) is None:
        return clock
    return replace(clock, rule=clock.rule.replace("from receipt", "from being reopened"))


def terms_of(request: Request) -> DeadlineTerms:
    """The terms of the request's line of business, on the day of the first receipt."""
    return terms_for(request.line_of_business, request.received_on)


def times_of(request: Request, zone: ZoneInfo) -> DecisionTimes:
    """The times of the request that count for its deadline. After a restart, these are the times since the restart."""
    restarted = restarted_at(request)
    start = restarted or request.received_at
    pauses = tuple(Pause(one.asked_at, one.answer_by, one.answered_at) for one in request.askings)
    expedited_at = request.expedited_at
    was_expedited = restarted is not None and expedited_at is not None and expedited_at <= restarted
    return DecisionTimes(
        received_at=start,
        urgency="urgent" if was_expedited else request.urgency,
        expedited_at=None if was_expedited else expedited_at,
        extensions=tuple(DeadlineExtension(at, Days(days)) for at, days in request.extensions if at >= start),
        pauses=tuple(one for one in pauses if restarted is None or one.ends_at > start),
        decided_at=_closed_at(request, zone),
    )


def restarted_at(request: Request) -> datetime | None:
    """When the whole turnaround time started again; None if it runs from receipt."""
    restarts = [one.reopened_at for one in request.reopenings if one.was != "dismissed"]
    return restarts[-1] if restarts else None


def _closed_at(request: Request, zone: ZoneInfo) -> datetime | None:
    """When the closing was recorded, but not later than the end of the day on which it took place."""
    if request.closed_at is None or request.closed_on is None:
        return None
    return min(request.closed_at, end_of_day(request.closed_on, zone))


def answer_by_at_least(request: Request, asked_at: datetime, zone: ZoneInfo) -> datetime:
    """The end of the least time to respond to information that is requested at an instant, in UTC."""
    is_urgent = request.urgency == "urgent" or request.expedited_at is not None
    return answer_limit(terms_of(request), "urgent" if is_urgent else "standard", asked_at, zone)


def why_not_extended(request: Request, at: datetime, zone: ZoneInfo) -> str | None:
    """Why the plan can't extend the deadline at an instant, as a sentence; None if it can."""
    return reason_against_extension(terms_of(request), times_of(request, zone), at, zone)
