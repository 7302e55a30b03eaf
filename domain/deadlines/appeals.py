"""When an appeal must be decided and forwarded, and by when it must be filed, computed from the history.

From a history of fewer events, the functions return the deadlines as they were known then.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from domain.deadline_terms.kept import terms_kept
from domain.deadline_terms.table import BUILT_IN, DeadlineTable
from domain.deadline_terms.terms import DeadlineTerms
from domain.deadlines.appeal_dates import NoticeTimes, appeal_due_at, appeal_filing_deadline
from domain.deadlines.appealable import Adverse, AdverseKind, adverse_determination
from domain.deadlines.due_dates import DecisionDeadline
from domain.deadlines.requests import terms_of, terms_revision_1
from domain.events.requests import NoticeKind
from domain.history.records import Appeal, Notice, Request
from domain.history.state import PatientHistory

NOTICES_OF: Final[dict[AdverseKind, frozenset[NoticeKind]]] = {
    "denial": frozenset({"denial"}),
    "partial_approval": frozenset({"approval", "denial"}),
    "rescission": frozenset({"denial"}),
}
"""The kinds of notice that state an adverse determination. Such a notice starts the time to appeal."""


@dataclass(frozen=True, slots=True)
class Timeliness:
    """The last day on which an appeal is timely, and whether it is late. None: an appeal is never late."""

    file_by: date | None
    is_late: bool


def appeal_due_date(
    history: PatientHistory, appeal: Appeal, zone: ZoneInfo, table: DeadlineTable = BUILT_IN
) -> datetime:
    """When the appeal must be decided, in UTC."""
    return appeal_deadline(history, appeal, zone, table).due_at


def appeal_deadline(
    history: PatientHistory,
    appeal: Appeal,
    zone: ZoneInfo,
    table: DeadlineTable = BUILT_IN,
    *,
    of_today: bool = False,
) -> DecisionDeadline:
    """The turnaround time of an appeal, in the form of that of a request. Only the decision stops it.

    The terms are those of the request. If nobody has checked a figure against its source, `rule` says that the figure
    is not confirmed. An appeal that was decided keeps the row of that day, and one that was decided under revision 1
    its rules, unless `of_today`.
    """
    terms = (
        terms_of(history, _request_of(history, appeal), table) if of_today else terms_of_appeal(history, appeal, table)
    )
    is_second = appeal.level == "second"
    figure = terms.appeal_figure(appeal.urgency, is_second_level=is_second)
    due_at = appeal_due_at(terms, appeal.urgency, appeal.received_at, zone, is_second_level=is_second)
    unconfirmed = " (not confirmed)" if figure in terms.unconfirmed else ""
    note = f" ({terms.note})" if terms.note else ""
    return DecisionDeadline(
        starts_at=appeal.received_at,
        due_at=due_at,
        at_risk_from=due_at - (due_at - appeal.received_at) * terms.at_risk_percent / 100,
        stops=(),
        stopped_at=appeal.closed_at,
        rule=f"{terms.line}, {appeal.urgency} appeal: {getattr(terms, figure)} from receipt{unconfirmed}{note}",
        source=terms.source_of(figure),
        urgency_applied=appeal.urgency,
    )


def terms_of_appeal(history: PatientHistory, appeal: Appeal, table: DeadlineTable = BUILT_IN) -> DeadlineTerms:
    """The terms of an open appeal by the table of today, and of a decided appeal by the row of its decision."""
    request, made = _request_of(history, appeal), appeal.determination
    if made is None:
        return terms_of(history, request, table)
    if made.deadlines_revision is None:
        return replace(terms_revision_1(request), appeal_standard_of_two=None)
    return terms_of(history, request) if made.deadline_row is None else terms_kept(made.deadline_row)


def forwarding_deadline(
    history: PatientHistory, appeal: Appeal, zone: ZoneInfo, table: DeadlineTable = BUILT_IN
) -> DecisionDeadline | None:
    """By when the plan itself forwards the denial that it upheld; None if the plan need not forward it, or did.

    It is due within the time that the plan had to decide the appeal, counted from the receipt of the appeal.
    """
    request = _request_of(history, appeal)
    terms = terms_of(history, request, table)
    if not (terms.forwards_upheld and appeal.status in ("upheld", "overturned_in_part")):
        return None
    adverse = adverse_determination(history, request)
    if appeal.handed_on_to is not None or adverse is None or adverse.appealed != appeal:
        return None
    decided = appeal_deadline(history, appeal, zone, table)
    return replace(
        decided,
        due_at=appeal.forward_by or decided.due_at,
        stopped_at=None,
        rule=decided.rule.replace(" appeal: ", " appeal, forwarded to the independent review entity: ", 1),
        source=terms.source_of("forwards_upheld"),
    )


def timeliness(history: PatientHistory, appeal: Appeal, zone: ZoneInfo, table: DeadlineTable = BUILT_IN) -> Timeliness:
    """Whether the appeal is timely. An open appeal is computed from the record of today, a closed one as recorded."""
    request = _request_of(history, appeal)
    adverse = adverse_determination(history, request)
    if not appeal.is_open or adverse is None or adverse.version != appeal.decision_version:
        return Timeliness(appeal.file_by, appeal.is_late)
    last_day = file_by(history, request, adverse, zone, table)
    return Timeliness(last_day, last_day is not None and appeal.received_on > last_day)


def file_by(
    history: PatientHistory, request: Request, adverse: Adverse, zone: ZoneInfo, table: DeadlineTable = BUILT_IN
) -> date | None:
    """The last day on which an appeal is timely. None: an appeal is never late (see `appeal_filing_deadline`)."""
    notices = [
        NoticeTimes(_day(one.issued_at, zone), None if one.delivered_at is None else _day(one.delivered_at, zone))
        for one in notices_of(history, request, adverse, zone)
    ]
    return appeal_filing_deadline(terms_of(history, request, table), notices)


def notices_of(history: PatientHistory, request: Request, adverse: Adverse, zone: ZoneInfo) -> list[Notice]:
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


def _day(instant: datetime, zone: ZoneInfo) -> date:
    return instant.astimezone(zone).date()


def _request_of(history: PatientHistory, appeal: Appeal) -> Request:
    request = history.request(appeal.request_id)
    assert request is not None, "an appeal belongs to a request on record"
    return request
