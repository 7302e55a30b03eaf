"""When an appeal must be decided, and by when an appeal must be filed, computed from the history.

From a history of fewer events, the functions return the deadlines as they were known then.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from domain.deadlines.appealable import Adverse, AdverseKind
from domain.deadlines.due_dates import DecisionDeadline, appeal_due_at, appeal_filing_deadline
from domain.deadlines.terms import DeadlineTerms, terms_for
from domain.events.requests import NoticeKind
from domain.history.records import Appeal, Notice, Request
from domain.history.state import PatientHistory

NOTICES_OF: Final[dict[AdverseKind, frozenset[NoticeKind]]] = {
    "denial": frozenset({"denial"}),
    "partial_approval": frozenset({"approval", "denial"}),
    "rescission": frozenset({"denial"}),
}
"""The kinds of notice that state an adverse determination. Such a notice starts the time to appeal."""


def appeal_due_date(history: PatientHistory, appeal: Appeal, zone: ZoneInfo) -> datetime:
    """When the appeal must be decided, in UTC.

    The terms are those of the request's line of business on the day on which the request was received.
    """
    return appeal_deadline(history, appeal, zone).due_at


def appeal_deadline(history: PatientHistory, appeal: Appeal, zone: ZoneInfo) -> DecisionDeadline:
    """The turnaround time of an appeal, in the form of that of a request. Only the decision stops it.

    If nobody has checked a figure against its source, `rule` says that the figure is not confirmed.
    """
    request = history.request(appeal.request_id)
    assert request is not None, "an appeal belongs to a request on record"
    terms = _terms(request)
    figure = "appeal_urgent" if appeal.urgency == "urgent" else "appeal_standard"
    due_at = appeal_due_at(terms, appeal.urgency, appeal.received_at, zone)
    unconfirmed = " (not confirmed)" if figure in terms.unconfirmed else ""
    return DecisionDeadline(
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
    """The last day on which an appeal is timely.

    The period starts on the day on which the notice was delivered; if that is not recorded, on the day on which the
    notice was sent; without a notice, on the day of the determination. If several notices state the determination, the
    latest counts, because the period starts when the person who appeals was notified.
    """
    notices = _notices(history, request, adverse, zone)
    latest = max(notices, key=_notified_at, default=None)
    return appeal_filing_deadline(
        _terms(request),
        determined_on=_decided_on(adverse),
        issued_on=_day(latest.issued_at, zone) if latest is not None else None,
        delivered_on=_day(latest.delivered_at, zone)
        if latest is not None and latest.delivered_at is not None
        else None,
    )


def _notices(history: PatientHistory, request: Request, adverse: Adverse, zone: ZoneInfo) -> list[Notice]:
    """The notices of the determination. At the second level, these are the notices of the earlier appeal's decision."""
    earlier_appeal = adverse.appealed
    kinds = NOTICES_OF[adverse.kind] if earlier_appeal is None else frozenset[NoticeKind]({"appeal_decision"})
    return [
        one
        for one in history.notices
        if one.request_id == request.request_id
        and one.kind in kinds
        and one.appeal_id == (earlier_appeal.appeal_id if earlier_appeal is not None else None)
        and _day(one.issued_at, zone) >= _decided_on(adverse)
    ]


def _decided_on(adverse: Adverse) -> date:
    earlier_appeal = adverse.appealed
    return (
        earlier_appeal.closed_on if earlier_appeal is not None and earlier_appeal.closed_on is not None else adverse.on
    )


def _notified_at(notice: Notice) -> datetime:
    return notice.delivered_at or notice.issued_at


def _day(instant: datetime, zone: ZoneInfo) -> date:
    return instant.astimezone(zone).date()


def _terms(request: Request) -> DeadlineTerms:
    return terms_for(request.line_of_business, request.received_on)
