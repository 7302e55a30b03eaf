"""What is waiting to be done: every open request and appeal, what it lacks, who has it, and when it is due.

A row is a function of one patient's history and of the plan's day. Of the day only the policy's
answer depends (an age, twelve months, an agent's stop), so each row says on which day time alone
alters it next. What depends on the instant (overdue, at risk, paused) follows from the instants
in the row when it is looked at. Rows carry ids, and nobody's name, member id or birth date but
the name of whoever of the plan has the work.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.calendar import Day, Instant, PartialDate, anniversary
from domain.deadlines.appeals import clock_of_appeal
from domain.deadlines.due_dates import DecisionClock
from domain.deadlines.requests import clock_of
from domain.errors import EditionUnknown
from domain.events.patient import LineOfBusiness
from domain.events.requests import Urgency
from domain.facts import FrozenModel
from domain.history.records import Appeal, Request
from domain.history.state import PatientHistory
from domain.people import Actor
from domain.policy.assessment import Recommendation
from domain.policy.editions import edition_for
from domain.review.assess_request import request_assessment
from domain.treatment.reported_courses import COURSE_SPAN

CaseKind = Literal["request", "appeal"]
CaseState = Literal["open", "awaiting_information", "referred", "appeal_open", "with_external_review"]
DueStatus = Literal["running", "at_risk", "overdue", "paused"]
STATES: Final[tuple[CaseState, ...]] = (
    "open",
    "awaiting_information",
    "referred",
    "appeal_open",
    "with_external_review",
)


class Holder(FrozenModel):
    """Who of the plan has the work."""

    id: str
    name: str


class WorklistRow(FrozenModel):
    """One open request or appeal, as its patient's history has it on a day.

    `state`: a referred request whose questions are out is `awaiting_information`. `path`,
    `recommendation` and `missing` (clauses) are the policy's answer on the day, of the request
    that an appeal is about as well; null where no edition is known. `awaits` are the clauses
    asked and not answered in full, until `answer_by`. Of its clock: without `due_at` it is with
    external review, which has its own; it stands still from `paused_from` to `paused_until`,
    both null where it was never stopped. `imported`: its request came with an
    import. `changes_on` is the next day on which time alone alters the row, null where none ever does.
    """

    subject_id: str
    patient_id: UUID
    request_id: str
    kind: CaseKind
    state: CaseState
    path: Literal["A", "B"] | None
    recommendation: Recommendation | None
    missing: tuple[str, ...]
    awaits: tuple[str, ...]
    answer_by: Instant | None
    held_by: Holder | None
    line_of_business: LineOfBusiness
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


def worklist_rows(history: PatientHistory, day: date, zone: ZoneInfo) -> tuple[WorklistRow, ...]:
    """What of this patient waits on the day, oldest first: requests, then appeals."""
    requests = (_of_request(history, one, day, zone) for one in history.requests if _waits(one, day))
    appeals = (
        _of_appeal(history, one, day, zone)
        for one in history.appeals
        if _waits(one, day) or _is_with_external_review(one, day)
    )
    return (*requests, *appeals)


def day_of_folding(history: PatientHistory, today: date, zone: ZoneInfo) -> date:
    """Today, but never a day before the one on which the history was last recorded, should the clock be set back."""
    return max(today, history.recorded_at.astimezone(zone).date())


def standing(row: WorklistRow, now: datetime) -> DueStatus | None:
    """How the clock stands at an instant; None where it is not the plan's. In time is a decision at `due_at` itself."""
    if row.due_at is None or row.at_risk_from is None:
        return None
    if row.paused_from is not None and row.paused_until is not None and row.paused_from <= now < row.paused_until:
        return "paused"
    if now > row.due_at:
        return "overdue"
    return "at_risk" if now >= row.at_risk_from else "running"


# -- the rows ---------------------------------------------------------------------------------


def _waits(one: Request | Appeal, day: date) -> bool:
    """Whether it had come by the day and was closed neither then nor before."""
    return one.received_on <= day and (one.closed_on is None or one.closed_on > day)


def _is_with_external_review(appeal: Appeal, day: date) -> bool:
    return appeal.awaits_external_review and appeal.handed_on_on is not None and appeal.handed_on_on <= day


def _of_request(history: PatientHistory, request: Request, day: date, zone: ZoneInfo) -> WorklistRow:
    clock = clock_of(request, zone)
    out = [one for one in request.askings if one.answered_at is None]
    policy = _Policy.of(history, request, day)
    pause = clock.stops[-1] if clock.stops else (None, None)
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
        awaits=tuple(dict.fromkeys(one.clause for asking in out for one in asking.asked)),
        answer_by=max((one.answer_by for one in out), default=None),
        held_by=_holder(request.held_by),
        line_of_business=request.line_of_business,
        urgency="urgent" if urgent else "standard",
        received_at=request.received_at,
        received_on=request.received_on,
        due_at=clock.due_at,
        at_risk_from=clock.at_risk_from,
        paused_from=pause[0],
        paused_until=pause[1],
        edition=policy.edition,
        edition_provenance=policy.edition_provenance,
        imported=request.imported_from is not None,
        history_version=history.version,
        changes_on=_changes_on(history, request, day, policy),
    )


def _of_appeal(history: PatientHistory, appeal: Appeal, day: date, zone: ZoneInfo) -> WorklistRow:
    request = history.request(appeal.request_id)
    assert request is not None, "an appeal belongs to a request on record"
    outside = _is_with_external_review(appeal, day)
    clock: DecisionClock | None = None if outside else clock_of_appeal(history, appeal, zone)
    policy = _Policy.of(history, request, day)
    return WorklistRow(
        subject_id=appeal.appeal_id,
        patient_id=history.patient_id,
        request_id=appeal.request_id,
        kind="appeal",
        state="with_external_review" if outside else "appeal_open",
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
        due_at=clock.due_at if clock is not None else None,
        at_risk_from=clock.at_risk_from if clock is not None else None,
        paused_from=None,
        paused_until=None,
        edition=policy.edition,
        edition_provenance=policy.edition_provenance,
        imported=appeal.imported_from is not None or request.imported_from is not None,
        history_version=history.version,
        changes_on=_changes_on(history, request, day, policy),
    )


def _state(request: Request) -> CaseState:
    """What it waits for; one that is closed since is looked at on a day when it was open."""
    if request.awaits is not None:
        return "awaiting_information"
    return "referred" if request.status == "referred" else "open"


def _holder(actor: Actor | None) -> Holder | None:
    return Holder(id=actor.id, name=actor.name) if actor is not None else None


@dataclass(frozen=True, slots=True)
class _Policy:
    """What the policy says on a day, as far as a row shows it: all of the row that depends on the day."""

    path: Literal["A", "B"] | None = None
    recommendation: Recommendation | None = None
    missing: tuple[str, ...] = ()
    edition: str | None = None
    edition_provenance: Literal["text", "reconstructed"] | None = None

    @classmethod
    def of(cls, history: PatientHistory, request: Request, day: date) -> _Policy:
        try:
            said = request_assessment(history, request, day).assessment
        except EditionUnknown:
            return cls()
        return cls(said.scope, said.recommendation, said.needed, said.edition, said.edition_provenance)


# -- what time alone alters -------------------------------------------------------------------


def _changes_on(history: PatientHistory, request: Request, day: date, policy: _Policy) -> date | None:
    """The first of the critical days to come on which the policy's answer is another than on `day`."""
    if policy.edition is None:
        return None
    to_come = sorted({one for one in critical_days(history, request) if one > day})
    return next((one for one in to_come if _Policy.of(history, request, one) != policy), None)


def critical_days(history: PatientHistory, request: Request) -> Iterator[date]:
    """Every day on which the policy's answer to a request can be another than on the day before.

    More days than needed do no harm, for each is tried; one too few would leave a row standing.
    """
    parameters = edition_for(request.received_on).parameters
    for born in (history.birth_date, request.statement.birth_date):
        if born is not None:
            # Old enough for certain, and perhaps (R2, R5).
            yield from (anniversary(one, parameters.age_min_years) for one in (born.earliest, born.latest))
    for given in _days_of_treatment(history):
        # From then on it is there, and after a year no longer in the way of a next course (R2, R3, R8).
        yield given.earliest
        yield given.earliest - COURSE_SPAN
        yield from (anniversary(one, parameters.years_between_courses) for one in (given.earliest, given.latest))
    # A course that is closed is a prior course from that day on (R26).
    yield from (marks.closed_on for _, marks in history.marks if marks.closed_on is not None)
    yield from (closed_on for _, closed_on in history.closed_reports)
    stated = (one.stopped_on for one in request.statement.agents)
    for stopped in (*stated, *(one.stopped_on for one in history.agents)):
        if stopped is not None:
            # The day after is the first on which it was certainly stopped before (R17).
            yield stopped.latest + timedelta(days=1)


def _days_of_treatment(history: PatientHistory) -> Iterator[PartialDate]:
    yield from (PartialDate.of(dose.on) for dose in history.doses)
    for report in history.reports:
        for course in report.courses:
            yield from (one for one in (course.first_dose_on, course.last_dose_on) if one is not None)
