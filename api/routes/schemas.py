"""The schemas of answers, and the functions that several modules fill them with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field, JsonValue

from domain.calendar import Day, Instant
from domain.events import PatientEvent
from domain.events.base import ImportedFrom
from domain.events.patient import LineOfBusiness
from domain.events.receipts import ReceiptSource
from domain.events.requests import Statement, Urgency
from domain.events.treatment import Variance
from domain.facts import is_empty
from domain.history.records import Request
from domain.history.request_times import RequestStatus
from domain.people import Actor, ConsultationGiven, Prescriber
from domain.policy.assessment import Assessment
from projections.audit_trail import AuditEntry
from projections.request_status import DecisionView

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
    edition: str = Field(description="The review date of the policy version, or `unknown` without an assessment (R31).")
    assessment_digest: str | None
    assessment: Assessment | None


class RequestView(BaseModel):
    request_id: str
    status: RequestStatus
    received_at: Instant
    received_on: Day
    receipt_source: ReceiptSource | None
    line_of_business: LineOfBusiness
    urgency: Urgency
    prescriber: Prescriber
    consultation: ConsultationGiven | None
    planned_first_infusion_on: Day | None
    statement: Statement
    submitted_by: Actor
    same_as: list[str] = Field(
        description="Other requests of the same day, prescriber and statement: this one may have been sent twice."
    )
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
    waits: bool = Field(
        default=False, description="A second entry of its day, not counted until a user states what it is (R25)."
    )
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
    envelope = {"recorded_at", "actor", "command_id", "salt", "imported_from", "clock_at"}
    return EventView(
        version=event.originator_version,
        event=event.TOPIC,
        recorded_at=event.at,
        actor=event.actor,
        command_id=event.command_id,
        data=event.model_dump(mode="json", exclude=envelope),
        imported_from=event.imported_from,
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
