"""When an appeal is due, and until when it could be filed, from what the history remembers.

Folding fewer events gives the clocks as they were known then.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from domain.deadlines.appealable import Adverse, AdverseKind
from domain.deadlines.due_dates import DecisionClock, appeal_due_at, appeal_filing_deadline
from domain.deadlines.terms import ClockTerms, terms_for
from domain.events.requests import NoticeKind
from domain.history.records import Appeal, Notice, Request
from domain.history.state import PatientHistory

TOLD_BY: Final[dict[AdverseKind, frozenset[NoticeKind]]] = {
    "denial": frozenset({"denial"}),
    "partial_approval": frozenset({"approval", "denial"}),
    "rescission": frozenset({"denial"}),
}
"""Which notices tell of an adverse determination, and set the time for its appeal going."""


def appeal_clock_of(history: PatientHistory, appeal: Appeal, zone: ZoneInfo) -> datetime:
    """When it is due, in UTC, by the terms of the request's line of business on the day the request was received."""
    return clock_of_appeal(history, appeal, zone).due_at


def clock_of_appeal(history: PatientHistory, appeal: Appeal, zone: ZoneInfo) -> DecisionClock:
    """The clock of an appeal, as one of a request: nothing stops it but the decision.

    A figure that nobody has checked against its source says so in `rule`.
    """
    request = history.request(appeal.request_id)
    assert request is not None, "an appeal belongs to a request on record"
    terms = _terms(request)
    figure = "appeal_urgent" if appeal.urgency == "urgent" else "appeal_standard"
    due_at = appeal_due_at(terms, appeal.urgency, appeal.received_at, zone)
    unconfirmed = " (not confirmed)" if figure in terms.unconfirmed else ""
    return DecisionClock(
        starts_at=appeal.received_at,
        due_at=due_at,
        at_risk_from=due_at - (due_at - appeal.received_at) * terms.at_risk_percent / 100,
        stops=(),
        stopped_at=appeal.closed_at,
        rule=f"{terms.line}, {appeal.urgency} appeal: {getattr(terms, figure)} from receipt{unconfirmed}",
        source=terms.source_of(figure),
        urgency_applied=appeal.urgency,
    )


def file_by(history: PatientHistory, request: Request, adverse: Adverse, zone: ZoneInfo) -> date:
    """The last day on which an appeal is in time.

    Counted from when the notice was delivered, else issued, else from the determination. Where
    several notices told of it, the latest counts: time runs from when whoever appeals was told.
    """
    told = _notices(history, request, adverse, zone)
    latest = max(told, key=_told_at, default=None)
    return appeal_filing_deadline(
        _terms(request),
        determined_on=_decided_on(adverse),
        issued_on=_day(latest.issued_at, zone) if latest is not None else None,
        delivered_on=_day(latest.delivered_at, zone)
        if latest is not None and latest.delivered_at is not None
        else None,
    )


def _notices(history: PatientHistory, request: Request, adverse: Adverse, zone: ZoneInfo) -> list[Notice]:
    """The notices of what is appealed: of the appeal before, at the second level."""
    before = adverse.appealed
    kinds = TOLD_BY[adverse.kind] if before is None else frozenset[NoticeKind]({"appeal_decision"})
    return [
        one
        for one in history.notices
        if one.request_id == request.request_id
        and one.kind in kinds
        and one.appeal_id == (before.appeal_id if before is not None else None)
        and _day(one.issued_at, zone) >= _decided_on(adverse)
    ]


def _decided_on(adverse: Adverse) -> date:
    before = adverse.appealed
    return before.closed_on if before is not None and before.closed_on is not None else adverse.on


def _told_at(notice: Notice) -> datetime:
    return notice.delivered_at or notice.issued_at


def _day(instant: datetime, zone: ZoneInfo) -> date:
    return instant.astimezone(zone).date()


def _terms(request: Request) -> ClockTerms:
    return terms_for(request.line_of_business, request.received_on)
