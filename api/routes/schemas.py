"""The schemas of answers, and functions that fill them from events and the history. Nothing is assessed again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field, JsonValue

from api.record_access.shown_answers import decision_shown
from domain.calendar import Day, Instant
from domain.events import PatientEvent
from domain.events.appeals import AppealEvidenceAdded, AppealFiled
from domain.events.base import Event, ImportedFrom, is_empty
from domain.events.patient import LineOfBusiness
from domain.events.requests import InformationSupplied, NoticeIssued, Statement, Urgency
from domain.events.treatment import DoseAdministered, PriorTreatmentReported, Variance
from domain.history.records import ApprovalRecord, Request, RequestStatus
from domain.history.state import PatientHistory
from domain.ledger.application import Outcome
from domain.people import Actor, ConsultationGiven, Prescriber
from domain.permissions.views import ShownVersions, assessment_shown
from domain.policy.assessment import Assessment
from domain.review.assess_request import RequestAssessment
from projections.audit_trail import AuditEntry
from projections.courses import request_shown
from projections.request_status import DecisionView, decision_view

T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """One page of a list, oldest first. `next_after` is the `after` of the next page. Null: this is the last page."""

    items: list[T]
    next_after: int | None


class PatientFound(BaseModel):
    """A patient. After a member was added, `same_person` has the patients who may be the same person."""

    patient_id: UUID
    history_version: int
    same_person: tuple[UUID, ...] = Field(
        default=(),
        exclude_if=is_empty,
        description="Other patients with the same name and birth date, under other member IDs, when a member was "
        "added. Only patients whom the caller may know of. Left out if there are none.",
    )


class AssessmentAnswer(BaseModel):
    """An assessment and its digest. A decision needs the digest of the assessment that the user viewed."""

    assessment_digest: str
    history_version: int | None = Field(description="Null for an assessment that touched no ledger.")
    assessment: Assessment


class ApprovalView(BaseModel):
    """The terms of an approval. The first and the last day are included."""

    course: int
    doses_approved: int
    valid_from: Day
    valid_through: Day
    left_out: str | None
    citing: list[str] = Field(description="The criteria that what is left out rests on.")
    imported_from: ImportedFrom | None


class DeterminationView(BaseModel):
    """A determination that a person made, as recorded."""

    decided_by: Actor
    decided_on: Day
    rationale: str | None
    departs: bool
    citing: list[str]
    history_version: int
    assessment_digest: str
    assessment: Assessment


class RequestView(BaseModel):
    request_id: str
    status: RequestStatus
    received_at: Instant
    received_on: Day
    line_of_business: LineOfBusiness
    urgency: Urgency
    prescriber: Prescriber
    consultation: ConsultationGiven | None
    planned_first_infusion_on: Day | None
    statement: Statement
    submitted_by: Actor
    determination: DeterminationView | None
    past_determination: DecisionView | None = Field(
        description="What another record says was decided; it holds no assessment."
    )
    approval: ApprovalView | None
    imported_from: ImportedFrom | None


class RequestSummary(BaseModel):
    request_id: str
    status: RequestStatus
    received_on: Day
    line_of_business: LineOfBusiness
    urgency: Urgency
    imported_from: ImportedFrom | None


class RequestAnswer(BaseModel):
    """A request and its assessment: on the day of the command, or on the day that a question names."""

    history_version: int
    request: RequestView
    assessment_digest: str | None
    assessment: Assessment | None
    edition_problem: str | None = None


class DoseAnswer(BaseModel):
    """A dose entry after a command. `variances` are those that were found when the dose was recorded."""

    history_version: int
    dose_id: str
    counts: bool
    voided: bool
    course: int | None
    request_id: str | None
    documents_report: str | None
    possible_duplicate_of: str | None
    variances: list[Variance]
    also_recorded: list[str] = Field(description="What followed in the same commit, for example CourseCompleted.")


class HistoryChanged(BaseModel):
    patient_id: UUID
    history_version: int
    recorded: list[str] = Field(description="The events that the command recorded.")
    made: list[str] = Field(description="The ids of what is new: of a report, a document, a notice, an appeal.")


class EventView(BaseModel):
    """One event with all its fields except the salt, which only the seal needs."""

    version: int
    event: str
    recorded_at: Instant
    actor: Actor
    command_id: UUID
    data: dict[str, JsonValue]
    imported_from: ImportedFrom | None


AuditPage = Page[AuditEntry]
EventPage = Page[EventView]
RequestPage = Page[RequestSummary]


def page_of(items: Sequence[T], versions: Sequence[int], after: int, limit: int) -> Page[T]:
    """The items whose version is greater than `after`, at most `limit` of them.

    `versions` has the version of each item as the caller is shown it, in ascending order.
    """
    remaining = [(item, version) for item, version in zip(items, versions, strict=True) if version > after]
    shown = remaining[:limit]
    return Page(items=[item for item, _ in shown], next_after=shown[-1][1] if len(remaining) > limit else None)


def event_view(event: PatientEvent) -> EventView:
    """One event as the API shows it."""
    envelope = {"recorded_at", "actor", "command_id", "salt", "imported_from"}
    return EventView(
        version=event.originator_version,
        event=event.TOPIC,
        recorded_at=event.recorded_at,
        actor=event.actor,
        command_id=event.command_id,
        data=event.model_dump(mode="json", exclude=envelope),
        imported_from=event.imported_from,
    )


def request_view(history: PatientHistory, request: Request, versions: ShownVersions) -> RequestView:
    """The request and its determination."""
    approval = history.approval(request.request_id)
    past_decisions = [one for one in request.decisions if one.past is not None]
    return RequestView(
        request_id=request.request_id,
        status=request.status,
        received_at=request.received_at,
        received_on=request.received_on,
        line_of_business=request.line_of_business,
        urgency=request.urgency,
        prescriber=request.prescriber,
        consultation=request.consultation,
        planned_first_infusion_on=request.planned_first_infusion_on,
        statement=request.statement,
        submitted_by=request.submitted_by,
        determination=_determination(request, versions),
        past_determination=decision_shown(decision_view(past_decisions[-1]), versions) if past_decisions else None,
        approval=_approval(approval) if approval is not None else None,
        imported_from=request.imported_from,
    )


def _determination(request: Request, versions: ShownVersions) -> DeterminationView | None:
    determination, decided_by = request.determination, request.decided_by
    if determination is None or decided_by is None:
        return None
    return DeterminationView(
        decided_by=decided_by,
        decided_on=determination.decided_on,
        rationale=determination.rationale,
        departs=determination.departs,
        citing=list(request.citing),
        history_version=versions.shown(determination.history_version),
        assessment_digest=determination.assessment_digest,
        assessment=assessment_shown(determination.assessment, versions.office),
    )


def _approval(approval: ApprovalRecord) -> ApprovalView:
    return ApprovalView(
        course=approval.course,
        doses_approved=approval.doses_approved,
        valid_from=approval.valid_from,
        valid_through=approval.valid_through,
        left_out=approval.left_out,
        citing=list(approval.citing),
        imported_from=approval.imported_from,
    )


def request_summary(request: Request) -> RequestSummary:
    return RequestSummary(
        request_id=request.request_id,
        status=request.status,
        received_on=request.received_on,
        line_of_business=request.line_of_business,
        urgency=request.urgency,
        imported_from=request.imported_from,
    )


def request_answer(
    history: PatientHistory,
    request: Request,
    assessed: RequestAssessment | None,
    edition_problem: str | None,
    versions: ShownVersions,
) -> RequestAnswer:
    """The request and its assessment. `edition_problem` states why there is no assessment."""
    return RequestAnswer(
        history_version=versions.current,
        request=request_view(history, request, versions),
        assessment_digest=assessed.digest if assessed is not None else None,
        assessment=assessment_shown(assessed.assessment, versions.office) if assessed is not None else None,
        edition_problem=edition_problem,
    )


def dose_answer(outcome: Outcome, dose_id: str, versions: ShownVersions) -> DoseAnswer:
    """A dose entry after a command. An office sees only its own request id."""
    dose = outcome.history.dose(dose_id)
    assert dose is not None
    first, *others = outcome.events
    variances = first.variances if isinstance(first, DoseAdministered) else dose.variances_then
    return DoseAnswer(
        history_version=versions.current,
        dose_id=dose.dose_id,
        counts=dose.counts,
        voided=dose.voided,
        course=dose.course,
        request_id=request_shown(outcome.history, dose, versions.office),
        documents_report=dose.documents_report,
        possible_duplicate_of=dose.duplicate_of,
        variances=list(variances),
        also_recorded=[event.TOPIC for event in others],
    )


def history_changed(outcome: Outcome, versions: ShownVersions) -> HistoryChanged:
    """The answer to a command that has no answer of its own."""
    return HistoryChanged(
        patient_id=outcome.patient_id,
        history_version=versions.current,
        recorded=[event.TOPIC for event in outcome.events],
        made=[one for event in outcome.events for one in _new_ids(event)],
    )


def _new_ids(event: Event) -> Iterator[str]:
    match event:
        case PriorTreatmentReported():
            yield event.report_id
        case InformationSupplied() | AppealEvidenceAdded():
            yield from (one.document_id for one in event.documents)
        case NoticeIssued():
            yield event.notice_id
        case AppealFiled():
            yield event.appeal_id
