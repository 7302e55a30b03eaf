"""The status of a request: who is assigned, what was requested and received, when it is due, and how it ended.

The status is computed on each call. Days and instants are compared with `now`, which the caller supplies.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

from domain.calendar import Day, Instant
from domain.deadline_terms.table import BUILT_IN, DeadlineTable
from domain.deadlines.appeals import appeal_due_date, forwarding_deadline, timeliness
from domain.deadlines.due_dates import DeadlineStatus, end_of_day
from domain.deadlines.requests import deadline_of
from domain.events.appeals import AppealLevel, AppealOutcome, Filer
from domain.events.base import ImportedFrom
from domain.events.documents import Document
from domain.events.receipts import ReceiptSource
from domain.events.requests import Asked, NoticeKind, Urgency
from domain.facts import FrozenModel
from domain.history.records import Appeal, ApprovalRecord, DeterminationRecord, DocumentOnRecord, Request
from domain.history.state import PatientHistory
from domain.people import Actor
from domain.policy.editions import EDITIONS

UNKNOWN: Final = "unknown"
"""The edition of an imported determination that its record does not name."""


class AskingView(FrozenModel):
    """One request for information. `answered_at` is when the complete response was received."""

    asked: tuple[Asked, ...]
    asked_at: Instant
    answer_by: Instant
    answered_at: Instant | None


class ClockView(FrozenModel):
    """The deadline of a decision, its rule, and its status.

    Hours are counted in UTC. Days end at midnight in the plan's time zone.
    """

    due_at: Instant
    at_risk_from: Instant
    stopped_at: Instant | None
    standing: DeadlineStatus
    rule: str
    source: str


class ReviewView(FrozenModel):
    """One review of a document for one clause."""

    clause: str
    supports: bool
    by: Actor
    reviewed_at: Instant
    note: str | None


class DocumentView(FrozenModel):
    """One document on record. `supports` are the clauses whose finding it supports, by the latest review for each."""

    document: Document
    appeal_id: str | None
    received_on: Day
    voided: bool
    corrected: bool
    reviews: tuple[ReviewView, ...]
    supports: tuple[str, ...]


class NoticeView(FrozenModel):
    """One notice of the request or of an appeal. `delivered_at` is null until the delivery is recorded."""

    notice_id: str
    appeal_id: str | None
    kind: NoticeKind
    channel: str
    addressee: str
    issued_at: Instant
    delivered_at: Instant | None


class WindowView(FrozenModel):
    """One approval of the request. Both days are included. From `rescinded_on`, the approval covers nothing."""

    course: int
    doses_approved: int
    valid_from: Day
    valid_through: Day
    extensions: int
    rescinded_on: Day | None
    appeal_id: str | None
    left_out: str | None
    imported_from: ImportedFrom | None


class DecisionView(FrozenModel):
    """One determination as recorded. `edition` is a review date, or the edition as an import stated it.

    `provenance` is whether the text of that edition is on file or was reconstructed; null for an unknown edition.
    `outcome` and `decided_by_name` are what another record states; `by` is then the person who imported it.
    """

    version: int
    kind: Literal["approved", "denied", "referred", "imported"]
    on: Day
    by: Actor
    outcome: str | None
    decided_by_name: str | None
    rationale: str | None
    citing: tuple[str, ...]
    edition: str
    edition_revision: int | None
    provenance: Literal["text", "reconstructed"] | None
    appeal_id: str | None
    imported_from: ImportedFrom | None


class AppealView(FrozenModel):
    """One appeal. `due_at` is null after the appeal is closed.

    `file_by` is null if the time to appeal had not started: then the appeal is not late. `forward_by` is when the plan
    itself must have forwarded what it upheld; null if it need not, or did.
    """

    appeal_id: str
    request_id: str
    decision_version: int
    level: AppealLevel
    urgency: Urgency
    status: str
    grounds: str
    filer: Filer
    received_at: Instant
    received_on: Day
    file_by: Day | None
    is_late: bool
    assigned_to: Actor | None
    decided_by: Actor | None
    rationale: str | None
    citing: tuple[str, ...]
    closed_on: Day | None
    due_at: Instant | None
    overdue: bool
    handed_on_to: str | None
    external_outcome: AppealOutcome | None
    forward_by: Instant | None


class ReceiptView(FrozenModel):
    """When and how the request was received: as submitted, or as a person of the plan corrected it."""

    received_at: Instant
    received_on: Day
    receipt_source: ReceiptSource | None
    by: Actor
    recorded_at: Instant
    reason: str | None


class RequestLife(FrozenModel):
    """The status of one request with its documents, notices, approvals, decisions and appeals.

    The last of `receipts` is in effect. The first is as submitted.
    """

    request_id: str
    status: str
    closed_on: Day | None
    receipts: tuple[ReceiptView, ...]
    held_by: Actor | None
    planned_site: str | None
    retrospective_for: tuple[str, ...]
    awaits_information: bool
    askings: tuple[AskingView, ...]
    reminders: int
    expedited_at: Instant | None
    expediting_refused: bool
    peer_to_peer_offered: bool
    peer_to_peer_held: bool
    clock: ClockView
    documents: tuple[DocumentView, ...]
    notices: tuple[NoticeView, ...]
    approvals: tuple[WindowView, ...]
    decisions: tuple[DecisionView, ...]
    appeals: tuple[AppealView, ...]
    imported_from: ImportedFrom | None


def deadline_instant(now: datetime, zone: ZoneInfo, as_of: date | None, known_at: datetime | None) -> datetime:
    """Returns the instant for which deadlines are evaluated.

    It is the end of `as_of` if that is not today, otherwise `known_at` if it is given, otherwise `now`.
    """
    if as_of is not None and as_of != now.astimezone(zone).date():
        return end_of_day(as_of, zone)
    return known_at if known_at is not None else now


def request_status(
    history: PatientHistory, request: Request, zone: ZoneInfo, now: datetime, table: DeadlineTable = BUILT_IN
) -> RequestLife:
    """Returns the status of the request. Only the status of deadlines depends on `now`."""
    request_id = request.request_id
    return RequestLife(
        request_id=request_id,
        status=request.status,
        closed_on=request.closed_on,
        receipts=tuple(
            ReceiptView(
                received_at=one.received_at,
                received_on=one.received_on,
                receipt_source=one.source,
                by=one.by,
                recorded_at=one.recorded_at,
                reason=one.reason,
            )
            for one in request.receipts
        ),
        held_by=request.held_by,
        planned_site=request.planned_site,
        retrospective_for=request.retrospective_for,
        awaits_information=request.awaits is not None,
        askings=tuple(
            AskingView(asked=one.asked, asked_at=one.asked_at, answer_by=one.answer_by, answered_at=one.answered_at)
            for one in request.askings
        ),
        reminders=request.reminders,
        expedited_at=request.expedited_at,
        expediting_refused=request.expediting_refused,
        peer_to_peer_offered=request.peer_to_peer_offered,
        peer_to_peer_held=request.peer_to_peer_held,
        clock=_deadline(history, request, zone, now, table),
        documents=tuple(_document(one) for one in history.documents if one.request_id == request_id),
        notices=tuple(
            NoticeView(
                notice_id=one.notice_id,
                appeal_id=one.appeal_id,
                kind=one.kind,
                channel=one.channel,
                addressee=one.addressee,
                issued_at=one.issued_at,
                delivered_at=one.delivered_at,
            )
            for one in history.notices
            if one.request_id == request_id
        ),
        approvals=tuple(_window(one) for one in history.approvals if one.request_id == request_id),
        decisions=tuple(decision_view(one) for one in request.decisions),
        appeals=tuple(
            appeal_view(history, one, zone, now, table) for one in history.appeals if one.request_id == request_id
        ),
        imported_from=request.imported_from,
    )


def _deadline(
    history: PatientHistory, request: Request, zone: ZoneInfo, now: datetime, table: DeadlineTable
) -> ClockView:
    deadline = deadline_of(history, request, zone, table)
    standing = deadline.standing(now)
    return ClockView(
        due_at=deadline.due_at,
        at_risk_from=deadline.at_risk_from,
        stopped_at=deadline.stopped_at,
        standing=standing,
        rule=deadline.rule,
        source=deadline.source,
    )


def _document(one: DocumentOnRecord) -> DocumentView:
    clauses = dict.fromkeys(review.clause for review in one.reviews)
    return DocumentView(
        document=one.document,
        appeal_id=one.appeal_id,
        received_on=one.received_on,
        voided=one.voided,
        corrected=one.corrected,
        reviews=tuple(
            ReviewView(
                clause=review.clause,
                supports=review.supports,
                by=review.by,
                reviewed_at=review.reviewed_at,
                note=review.note,
            )
            for review in one.reviews
        ),
        supports=tuple(clause for clause in clauses if one.supports(clause)),
    )


def _window(one: ApprovalRecord) -> WindowView:
    return WindowView(
        course=one.course,
        doses_approved=one.doses_approved,
        valid_from=one.valid_from,
        valid_through=one.valid_through,
        extensions=one.extensions,
        rescinded_on=one.rescinded_on,
        appeal_id=one.appeal_id,
        left_out=one.left_out,
        imported_from=one.imported_from,
    )


def decision_view(one: DeterminationRecord) -> DecisionView:
    """Returns one determination, either of this ledger or imported."""
    stored, past = one.determination, one.past
    assessment = stored.assessment if stored is not None else None
    edition = assessment.edition if assessment is not None else past.edition if past is not None else UNKNOWN
    known_edition = next((candidate for candidate in EDITIONS if candidate.key == edition), None)
    provenance = known_edition.provenance if known_edition is not None else None
    return DecisionView(
        version=one.version,
        kind=one.kind,
        on=one.on,
        by=one.by,
        outcome=past.outcome if past is not None else None,
        decided_by_name=past.decided_by if past is not None else None,
        rationale=stored.rationale if stored is not None else past.rationale if past is not None else None,
        citing=one.citing,
        edition=edition,
        edition_revision=assessment.edition_revision if assessment is not None else None,
        provenance=assessment.edition_provenance if assessment is not None else provenance,
        appeal_id=one.appeal_id,
        imported_from=past.imported_from if past is not None else None,
    )


def appeal_view(
    history: PatientHistory, appeal: Appeal, zone: ZoneInfo, now: datetime, table: DeadlineTable = BUILT_IN
) -> AppealView:
    """Returns one appeal. Only `overdue` depends on `now`."""
    due_at = appeal_due_date(history, appeal, zone, table) if appeal.is_open else None
    timely, forwarding = timeliness(history, appeal, zone, table), forwarding_deadline(history, appeal, zone, table)
    due_next = due_at if forwarding is None else forwarding.due_at
    return AppealView(
        appeal_id=appeal.appeal_id,
        request_id=appeal.request_id,
        decision_version=appeal.decision_version,
        level=appeal.level,
        urgency=appeal.urgency,
        status=appeal.status,
        grounds=appeal.grounds,
        filer=appeal.filer,
        received_at=appeal.received_at,
        received_on=appeal.received_on,
        file_by=timely.file_by,
        is_late=timely.is_late,
        assigned_to=appeal.assigned_to,
        decided_by=appeal.decided_by,
        rationale=appeal.determination.rationale if appeal.determination is not None else None,
        citing=appeal.citing,
        closed_on=appeal.closed_on,
        due_at=due_at,
        overdue=due_next is not None and now > due_next,
        handed_on_to=appeal.handed_on_to,
        external_outcome=appeal.external_outcome,
        forward_by=forwarding.due_at if forwarding is not None else None,
    )
