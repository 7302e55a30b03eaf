"""The rows of the worklist: every open request and appeal, what is missing, who is assigned, and when it is due.

Other items wait for a person: an approval that a later report questions, a dose after the patient's death on record, a
dose entry that is not settled, a void whose claim is not known, and a member ID that another patient has in another
spelling. They have no due date.

A row is a function of one patient's history and of the day in the plan's time zone. Only the policy's answer depends
on the day (an age, twelve months, the stop of an agent), so each row states the next day on which time alone changes
it. What depends on the instant (overdue, at risk, paused) is computed from the instants in the row when it is read.
Rows contain ids and the name of the assigned user, but no name, member ID or birth date of a patient.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Final, Literal, get_args
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field

from domain.calendar import Day, Instant
from domain.deadline_terms.table import BUILT_IN, DeadlineTable
from domain.deadlines.appeals import appeal_deadline, forwarding_deadline
from domain.deadlines.due_dates import DecisionDeadline
from domain.deadlines.requests import deadline_of
from domain.errors import EditionUnknown
from domain.events.patient import LineOfBusiness
from domain.events.requests import Urgency
from domain.facts import FrozenModel
from domain.history.entry_facts import RecordedClaimLine
from domain.history.records import Appeal, Dose, Request
from domain.history.state import PatientHistory
from domain.people import Actor
from domain.permissions.views import same_requests
from domain.policy.assessment import Recommendation
from domain.review.assess_request import request_assessment
from domain.treatment.after_death import doses_after_death
from domain.treatment.dose_entries import entries_to_settle
from domain.treatment.questioned_approvals import questioned_approvals
from projections.worklist.critical_days import critical_days

CaseKind = Literal["request", "appeal", "dose", "claim", "member"]
CaseState = Literal[
    "open",
    "awaiting_information",
    "referred",
    "appeal_open",
    "appeal_to_forward",
    "with_external_review",
    "approval_to_review",
    "dose_to_review",
    "entry_to_settle",
    "void_waiting",
    "shared_member_id",
]
DueStatus = Literal["running", "at_risk", "overdue", "paused"]
STATES: Final[tuple[CaseState, ...]] = get_args(CaseState)
NOT_ASSIGNED: Final[tuple[CaseState, ...]] = (
    "approval_to_review",
    "dose_to_review",
    "entry_to_settle",
    "void_waiting",
    "shared_member_id",
)
"""The states of items that are not assigned to a user: any user with the role may act on them."""


class Holder(FrozenModel):
    """The user of the plan who is assigned."""

    id: str
    name: str


class WorklistRow(FrozenModel):
    """One open request or appeal, or another item that waits for a person, from its patient's history on a day.

    `state`: a referred request with open information requests is `awaiting_information`. `appeal_to_forward`: the plan
    upheld a denial, and itself forwards it to the independent review entity by `due_at`. `approval_to_review`: a
    report that was recorded after this approval speaks against its path or its interval, so a clinician rescinds or
    confirms it.
    `dose_to_review`: a dose after the patient's death on record. `entry_to_settle`: a dose entry of which a person says
    whether it is a dose of its own, whether the infusion of its voided claim was given, or how many dose days its claim
    line is about (R25, R30). `void_waiting`: a void whose claim is not on record, or that names no claim and may be of
    several; the claim is to be sent, or the void again with the reference of its claim (R30). The `request_id` and
    `line_of_business` of a dose are null if they are not known.
    `shared_member_id`: another spelling of a member ID of this patient is also one of each of the patients `others`, so
    it identifies none of them. `path`, `recommendation` and
    `missing` (clauses) are the policy's answer on the day for the request, also in the row of an appeal; `path` and
    `recommendation` are null if no edition is known. `awaits` are the clauses for which requested information is not
    complete, due by `answer_by`. `due_at` is null if the case is with external review, which has its own deadlines.
    The deadline is paused from `paused_from` to `paused_until`, both null if it was never paused. `imported`: the
    request or the appeal was imported. `changes_on` is the next day on which time alone changes the row, or null.
    `same_as` are other requests of the same day, prescriber and statement: the request may have been sent twice.
    """

    subject_id: str
    patient_id: UUID
    request_id: str | None
    kind: CaseKind
    state: CaseState
    path: Literal["A", "B"] | None
    recommendation: Recommendation | None
    missing: tuple[str, ...]
    awaits: tuple[str, ...]
    answer_by: Instant | None
    held_by: Holder | None
    line_of_business: LineOfBusiness | None
    urgency: Urgency
    received_at: Instant
    received_on: Day
    due_at: Instant | None
    at_risk_from: Instant | None
    paused_from: Instant | None
    paused_until: Instant | None
    edition: str | None
    edition_provenance: Literal["text", "reconstructed"] | None
    imported: bool
    history_version: int
    changes_on: Day | None
    same_as: tuple[str, ...] = ()
    others: Annotated[
        tuple[UUID, ...], Field(description="The other patients whom the item is about: those who share a member ID.")
    ] = ()


def worklist_rows(
    history: PatientHistory, day: date, zone: ZoneInfo, table: DeadlineTable = BUILT_IN
) -> tuple[WorklistRow, ...]:
    """Returns the rows of the patient on the day, oldest first: requests, appeals, questioned approvals, doses."""
    requests = (_of_request(history, one, day, zone, table) for one in history.requests if _is_open_on(one, day))
    appeals = (
        _of_appeal(history, one, day, zone, table)
        for one in history.appeals
        if _is_open_on(one, day)
        or _is_with_external_review(one, day)
        or forwarding_deadline(history, one, zone, table) is not None
    )
    questioned = dict.fromkeys(one.request_id for one in questioned_approvals(history, day))
    approvals = (
        _of_approval(history, request, day)
        for request in history.requests
        if request.request_id in questioned and not _is_open_on(request, day)
    )
    doses = (_of_dose(history, one, zone, "dose_to_review") for one in doses_after_death(history) if one.on <= day)
    entries = (_of_dose(history, one, zone, "entry_to_settle") for one in entries_to_settle(history) if one.on <= day)
    voids = (_of_void(history, one, zone) for one in history.claim_lines if one.waits)
    return (*requests, *appeals, *approvals, *doses, *entries, *voids)


def deadline_status(row: WorklistRow, now: datetime) -> DueStatus | None:
    """Returns the status of the deadline at an instant, or None if it is not the plan's. `due_at` itself is in time."""
    if row.due_at is None or row.at_risk_from is None:
        return None
    if row.paused_from is not None and row.paused_until is not None and row.paused_from <= now < row.paused_until:
        return "paused"
    if now > row.due_at:
        return "overdue"
    return "at_risk" if now >= row.at_risk_from else "running"


# -- the rows ---------------------------------------------------------------------------------


def _is_open_on(one: Request | Appeal, day: date) -> bool:
    """Returns whether the case was received by the day and is not closed on it."""
    return one.received_on <= day and (one.closed_on is None or one.closed_on > day)


def _is_with_external_review(appeal: Appeal, day: date) -> bool:
    return appeal.awaits_external_review and appeal.handed_on_on is not None and appeal.handed_on_on <= day


def _of_request(
    history: PatientHistory, request: Request, day: date, zone: ZoneInfo, table: DeadlineTable
) -> WorklistRow:
    deadline = deadline_of(history, request, zone, table)
    unanswered = [one for one in request.askings if one.answered_at is None]
    policy = _Policy.of(history, request, day)
    pause = deadline.stops[-1] if deadline.stops else (None, None)
    urgent = request.urgency == "urgent" or request.expedited_at is not None
    return WorklistRow(
        subject_id=request.request_id,
        patient_id=history.patient_id,
        request_id=request.request_id,
        kind="request",
        state=_state(request),
        path=policy.path,
        recommendation=policy.recommendation,
        missing=policy.missing,
        awaits=tuple(dict.fromkeys(one.clause for asking in unanswered for one in asking.asked)),
        answer_by=max((one.answer_by for one in unanswered), default=None),
        held_by=_holder(request.held_by),
        line_of_business=request.line_of_business,
        urgency="urgent" if urgent else "standard",
        received_at=request.received_at,
        received_on=request.received_on,
        due_at=deadline.due_at,
        at_risk_from=deadline.at_risk_from,
        paused_from=pause[0],
        paused_until=pause[1],
        edition=policy.edition,
        edition_provenance=policy.edition_provenance,
        imported=request.imported_from is not None,
        history_version=history.version,
        changes_on=_changes_on(history, request, day, policy),
        same_as=same_requests(history, request),
    )


def _of_appeal(history: PatientHistory, appeal: Appeal, day: date, zone: ZoneInfo, table: DeadlineTable) -> WorklistRow:
    request = history.request(appeal.request_id)
    assert request is not None, "an appeal belongs to a request on record"
    is_external = _is_with_external_review(appeal, day)
    forwarding = None if _is_open_on(appeal, day) else forwarding_deadline(history, appeal, zone, table)
    deadline: DecisionDeadline | None = forwarding
    if forwarding is None and not is_external:
        deadline = appeal_deadline(history, appeal, zone, table)
    policy = _Policy.of(history, request, day)
    return WorklistRow(
        subject_id=appeal.appeal_id,
        patient_id=history.patient_id,
        request_id=appeal.request_id,
        kind="appeal",
        state="with_external_review" if is_external else "appeal_to_forward" if forwarding else "appeal_open",
        path=policy.path,
        recommendation=policy.recommendation,
        missing=policy.missing,
        awaits=(),
        answer_by=None,
        held_by=_holder(appeal.assigned_to),
        line_of_business=request.line_of_business,
        urgency=appeal.urgency,
        received_at=appeal.received_at,
        received_on=appeal.received_on,
        due_at=deadline.due_at if deadline is not None else None,
        at_risk_from=deadline.at_risk_from if deadline is not None else None,
        paused_from=None,
        paused_until=None,
        edition=policy.edition,
        edition_provenance=policy.edition_provenance,
        imported=appeal.imported_from is not None or request.imported_from is not None,
        history_version=history.version,
        changes_on=_changes_on(history, request, day, policy),
    )


def _of_approval(history: PatientHistory, request: Request, day: date) -> WorklistRow:
    """Returns the row of an approval of a first course that a later report questions."""
    policy = _Policy.of(history, request, day)
    expires = [one.valid_through + timedelta(days=1) for one in questioned_approvals(history, day)]
    changes = [*expires, *filter(None, [_changes_on(history, request, day, policy)])]
    return WorklistRow(
        subject_id=request.request_id,
        patient_id=history.patient_id,
        request_id=request.request_id,
        kind="request",
        state="approval_to_review",
        path=policy.path,
        recommendation=policy.recommendation,
        missing=policy.missing,
        awaits=(),
        answer_by=None,
        held_by=None,
        line_of_business=request.line_of_business,
        urgency=request.urgency,
        received_at=request.received_at,
        received_on=request.received_on,
        due_at=None,
        at_risk_from=None,
        paused_from=None,
        paused_until=None,
        edition=policy.edition,
        edition_provenance=policy.edition_provenance,
        imported=request.imported_from is not None,
        history_version=history.version,
        changes_on=min(changes),
    )


def _of_dose(history: PatientHistory, dose: Dose, zone: ZoneInfo, state: CaseState) -> WorklistRow:
    """Returns the row of a dose entry that waits for a person."""
    return row_without_answer(
        history,
        dose.dose_id,
        "dose",
        state,
        request_id=dose.request_id,
        line_of_business=history.line_of_business(dose.on),
        received_at=dose.recorded_at,
        received_on=dose.recorded_at.astimezone(zone).date(),
        imported=dose.imported_from is not None,
    )


def _of_void(history: PatientHistory, line: RecordedClaimLine, zone: ZoneInfo) -> WorklistRow:
    """Returns the row of a void that waits for its claim, with a number of the event that recorded it."""
    received_on = line.recorded_at.astimezone(zone).date()
    return row_without_answer(
        history,
        f"{history.patient_id}.v{line.recorded_version}",
        "claim",
        "void_waiting",
        request_id=None,
        line_of_business=history.line_of_business(line.on or received_on),
        received_at=line.recorded_at,
        received_on=received_on,
        imported=line.imported_from is not None,
    )


def row_without_answer(
    history: PatientHistory, subject_id: str, kind: CaseKind, state: CaseState, **known: Any
) -> WorklistRow:
    """Returns the row of an item about which the policy has no answer, and that has no due date."""
    return WorklistRow(
        subject_id=subject_id,
        patient_id=history.patient_id,
        kind=kind,
        state=state,
        path=None,
        recommendation=None,
        missing=(),
        awaits=(),
        answer_by=None,
        held_by=None,
        urgency="standard",
        due_at=None,
        at_risk_from=None,
        paused_from=None,
        paused_until=None,
        edition=None,
        edition_provenance=None,
        history_version=history.version,
        changes_on=None,
        **known,
    )


def _state(request: Request) -> CaseState:
    """Returns the state of a request that is open on the day, even if it was closed later."""
    if request.awaits is not None:
        return "awaiting_information"
    return "referred" if request.status == "referred" else "open"


def _holder(actor: Actor | None) -> Holder | None:
    return Holder(id=actor.id, name=actor.name) if actor is not None else None


@dataclass(frozen=True, slots=True)
class _Policy:
    """The policy's answer on a day, as shown in a row. It is the only part of the row that depends on the day."""

    path: Literal["A", "B"] | None = None
    recommendation: Recommendation | None = None
    missing: tuple[str, ...] = ()
    edition: str | None = None
    edition_provenance: Literal["text", "reconstructed"] | None = None

    @classmethod
    def of(cls, history: PatientHistory, request: Request, day: date) -> _Policy:
        try:
            assessment = request_assessment(history, request, day).assessment
        except EditionUnknown:
            return cls()
        return cls(
            assessment.scope,
            assessment.recommendation,
            assessment.needed,
            assessment.edition,
            assessment.edition_provenance,
        )


# -- what time alone changes ------------------------------------------------------------------


def _changes_on(history: PatientHistory, request: Request, day: date, policy: _Policy) -> date | None:
    """Returns the first critical day after `day` on which the policy's answer differs from the answer on `day`."""
    if policy.edition is None:
        return None
    later_days = sorted({one for one in critical_days(history, request) if one > day})
    return next((one for one in later_days if _Policy.of(history, request, one) != policy), None)
