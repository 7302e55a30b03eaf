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

from domain.deadline_terms.kept import terms_kept
from domain.deadline_terms.table import BUILT_IN, CoverageOf, DeadlineTable, terms_for
from domain.deadline_terms.terms import Days, DeadlineTerms
from domain.deadlines.answer_limits import AnswerLimits, answer_limits
from domain.deadlines.due_dates import (
    DeadlineExtension,
    DecisionDeadline,
    DecisionTimes,
    InformationRequest,
    decision_deadline,
    end_of_day,
    reason_against_extension,
)
from domain.deadlines.revision_1 import decision_deadline_revision_1
from domain.history.records import DeterminationRecord, Request
from domain.history.request_times import GrantedExtension
from domain.history.state import PatientHistory


def deadline_of(
    history: PatientHistory, request: Request, zone: ZoneInfo, table: DeadlineTable = BUILT_IN
) -> DecisionDeadline:
    """When the request is due, and why.

    The turnaround time of an imported request stops at the latest at the end of the day on which it was decided. A
    request that was decided keeps the row of that day, and one that was decided under revision 1 its rules.
    """
    times = times_of(history, request, zone)
    if was_decided_under_revision_1(request):
        clock = decision_deadline_revision_1(terms_revision_1(request), times, zone)
    else:
        clock = decision_deadline(terms_in_effect(history, request, table), times, zone)
    if restarted_at(request) is None:
        return clock
    return replace(clock, rule=clock.rule.replace("from receipt", "from being reopened"))


def terms_of(history: PatientHistory, request: Request, table: DeadlineTable = BUILT_IN) -> DeadlineTerms:
    """The terms of the request: of its line of business, on the day of the first receipt.

    The state and the funding are those of the coverage on that day, if the coverage is of the same line of business.
    """
    coverage = history.coverage_on(request.received_on)
    of_line = coverage is not None and coverage.line_of_business == request.line_of_business
    return terms_for(
        request.line_of_business,
        request.received_on,
        table,
        is_post_service=is_post_service(request),
        coverage=CoverageOf(coverage.state, coverage.funding) if coverage is not None and of_line else CoverageOf(),
    )


def terms_in_effect(history: PatientHistory, request: Request, table: DeadlineTable = BUILT_IN) -> DeadlineTerms:
    """The terms of an open request by the table of today, and of a decided request by the row of its decision."""
    decision = _closing_decision(request)
    stored = None if decision is None else decision.determination or decision.past
    if decision is None or stored is None:
        return terms_of(history, request, table)
    if stored.deadline_row is not None:
        return terms_kept(stored.deadline_row)
    # The line that is corrected after the decision does not change the row of the decision either.
    return terms_of(history, replace(request, line_of_business=decision.line or request.line_of_business))


def _closing_decision(request: Request) -> DeterminationRecord | None:
    """The determination that ended the turnaround time of a decided request: not one of a later appeal."""
    if not request.is_decided:
        return None
    return next((one for one in reversed(request.decisions) if one.kind != "referred" and one.appeal_id is None), None)


def is_post_service(request: Request) -> bool:
    """Whether the request asks only for doses that were given before.

    An urgent request, and one that asks for further days too, has the shorter terms of other requests. A request that
    is expedited later keeps its terms: the urgent time then starts, and does not shorten the time that was running.
    """
    further_days = request.statement.requested_dosing.consecutive_days or 0
    return request.urgency != "urgent" and 0 < len(request.retrospective_for) >= further_days


def was_decided_under_revision_1(request: Request) -> bool:
    """Whether the determination of a decided request was made before revision 2 of the rules of deadlines."""
    decision = _closing_decision(request)
    made = None if decision is None else decision.determination
    return made is not None and made.deadlines_revision is None


def terms_revision_1(request: Request) -> DeadlineTerms:
    """The terms that revision 1 used: neither the plan's own rows nor those of post-service requests."""
    return terms_for(request.line_of_business, request.received_on)


def times_of(history: PatientHistory, request: Request, zone: ZoneInfo) -> DecisionTimes:
    """The times of the request that count for its deadline. After a restart, these are the times since the restart."""
    restarted = restarted_at(request)
    start = restarted or request.received_at
    asked = tuple(InformationRequest(one.asked_at, one.answer_by, one.answered_at) for one in request.askings)
    expedited_at = request.expedited_at
    was_expedited = restarted is not None and expedited_at is not None and expedited_at <= restarted
    return DecisionTimes(
        received_at=start,
        urgency="urgent" if was_expedited else request.urgency,
        expedited_at=None if was_expedited else expedited_at,
        extensions=tuple(_extension(history, request, one, zone) for one in request.extensions if one.at >= start),
        information_requests=tuple(one for one in asked if restarted is None or one.ends_at > start),
        decided_at=_closed_at(request, zone),
    )


def _extension(
    history: PatientHistory, request: Request, extension: GrantedExtension, zone: ZoneInfo
) -> DeadlineExtension:
    """The extension, with its notice. Of several notices, those that were sent and received first count."""
    day = extension.at.astimezone(zone).date()
    notices = [
        one
        for one in history.notices
        if one.request_id == request.request_id
        and one.kind == "clock_extended"
        and one.issued_at.astimezone(zone).date() >= day
    ]
    return DeadlineExtension(
        extension.at,
        Days(extension.days),
        extension.for_information,
        min((one.delivered_at for one in notices if one.delivered_at is not None), default=None),
        min((one.issued_at for one in notices), default=None),
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


def limits_of_answer(
    history: PatientHistory,
    request: Request,
    asked_at: datetime,
    zone: ZoneInfo,
    table: DeadlineTable,
    extension_days: int | None = None,
) -> AnswerLimits:
    """When a response to information that is requested at an instant may be asked for.

    `extension_days` is the length of an extension for missing information in the same act, or None.
    """
    extension = None if extension_days is None else DeadlineExtension(asked_at, Days(extension_days), True)
    times = times_of(history, request, zone)
    return answer_limits(terms_of(history, request, table), times, asked_at, zone, extension)


def why_not_extended(
    history: PatientHistory, request: Request, at: datetime, zone: ZoneInfo, table: DeadlineTable
) -> str | None:
    """Why the plan can't extend the deadline at an instant, as a sentence; None if it can."""
    times = times_of(history, request, zone)
    return reason_against_extension(terms_of(history, request, table), times, at, zone)
