"""Commands about a request, without its determinations: receipt, information, documents, assignment, notices."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictBool, StrictInt

from domain.calendar import Day, Instant
from domain.commands.patient import WithReason
from domain.events.base import AppealId, DocumentId, DoseId, NoticeId, RequestId
from domain.events.documents import DocumentKind, MediaType, Sha256
from domain.events.patient import LineOfBusiness
from domain.events.receipts import ReceiptSource
from domain.events.requests import Channel, DismissalGround, NoticeKind, Statement, Urgency
from domain.facts import FrozenModel, Name, Text, is_false, is_none
from domain.people import Actor, ConsultationGiven, Prescriber

Digest = Annotated[
    str, Field(pattern=r"^[0-9a-f]{64}$", description="The digest of the assessment that the user viewed.")
]
ViewedDigest = Annotated[
    str | None,
    Field(
        pattern=r"^[0-9a-f]{64}$",
        description="The digest of the assessment that the user viewed. Left out only if the request has no assessment,"
        " because it was received before the first policy version on file (R31).",
    ),
]
ShownVersion = Annotated[
    StrictInt | None,
    Field(
        ge=1,
        exclude_if=is_none,
        description="The history version that was shown with the digest. A refusal lists the changes since.",
    ),
]


class SubmitRequest(FrozenModel):
    """Submits a request. `retrospective_for` lists doses on record that were given before the request was received.

    `received_at` defaults to now. Only a user of the plan may send another time, such as that of a fax, and
    `receipt_source`, which states how the request was received.
    """

    received_at: Instant | None = None
    line_of_business: LineOfBusiness
    urgency: Urgency = "standard"
    prescriber: Prescriber
    consultation: ConsultationGiven | None = None
    planned_first_infusion_on: Day | None = None
    statement: Statement
    planned_site: Name | None = None
    retrospective_for: Annotated[tuple[DoseId, ...], Field(max_length=10)] = ()
    receipt_source: ReceiptSource | None = Field(default=None, exclude_if=is_none)


class ReceiptCorrection(WithReason):
    """When and how the plan really received the request."""

    received_at: Instant
    receipt_source: ReceiptSource


class CorrectReceipt(ReceiptCorrection):
    request_id: RequestId


class NewDocument(FrozenModel):
    """A document whose bytes are stored already, under the patient and this SHA-256."""

    name: Name
    kind: DocumentKind
    media_type: MediaType
    size_bytes: Annotated[StrictInt, Field(ge=1)]
    sha256: Sha256
    clause: Name | None = None


NewDocuments = Annotated[tuple[NewDocument, ...], Field(max_length=50)]


class InformationExtension(FrozenModel):
    """Extends the deadline because requested information is missing. From this notice on, the deadline is paused.

    `notice` is what is said to the claimant. `days` defaults to what the terms of the line of business allow.
    """

    notice: Text
    days: Annotated[StrictInt, Field(ge=1, le=60)] | None = None


class InformationAsked(FrozenModel):
    """Requests exactly what the assessment with this digest leaves undetermined.

    `answer_by` defaults to the least time that the terms of the line of business give, or else to the time at which the
    decision is due. `extend` extends the deadline for the missing information in the same act. Without it, the request
    for information does not stop the turnaround time of a standard request.
    """

    assessment_digest: Digest
    history_version: ShownVersion = None
    answer_by: Instant | None = None
    note: Text | None = None
    extend: InformationExtension | None = Field(default=None, exclude_if=is_none)


class RequestInformation(InformationAsked):
    request_id: RequestId


class Supplement(FrozenModel):
    """Facts and documents. Only what is sent changes: null does not remove a fact.

    Diagnosis codes are added. An agent replaces the agent of the same product as a whole, or is added.
    """

    received_at: Instant
    statement: Statement = Statement()
    consultation: ConsultationGiven | None = None
    documents: NewDocuments = ()


class SupplyInformation(Supplement):
    request_id: RequestId


class StatementCorrection(WithReason):
    """The complete statement as it should have been. Of the other fields, one that is left out is unchanged."""

    statement: Statement
    consultation: ConsultationGiven | None = None
    line_of_business: LineOfBusiness | None = None


class CorrectStatement(StatementCorrection):
    request_id: RequestId


class DocumentFinding(FrozenModel):
    """What a person of the plan found: the document supports the finding of the clause, or does not (R14)."""

    clause: Name
    supports: StrictBool
    note: Text | None = None


class ReviewDocument(DocumentFinding):
    document_id: DocumentId


class DocumentCorrection(WithReason):
    """Corrects the details of a document. A field that is left out is unchanged, and the bytes never change."""

    name: Name | None = None
    kind: DocumentKind | None = None
    clause: Name | None = None


class CorrectDocument(DocumentCorrection):
    document_id: DocumentId


class VoidDocument(WithReason):
    document_id: DocumentId


class Reminder(FrozenModel):
    channel: Channel
    note: Text | None = None


class SendReminder(Reminder):
    request_id: RequestId


class PlannedInfusion(FrozenModel):
    """The planned infusion as it is now. Null: no day, or no site, is planned."""

    planned_first_infusion_on: Day | None
    planned_site: Name | None


class ChangePlannedInfusion(PlannedInfusion):
    request_id: RequestId


class NewPrescriber(FrozenModel):
    prescriber: Prescriber
    consultation: ConsultationGiven | None = None


class ChangePrescriber(NewPrescriber):
    request_id: RequestId


class Assignment(FrozenModel):
    to: Actor


class AssignRequest(Assignment):
    request_id: RequestId


class ReleaseRequest(FrozenModel):
    request_id: RequestId


class Withdrawal(WithReason):
    """Withdraws a request or an appeal. `by` is the name of the person who withdraws it."""

    by: Name


class WithdrawRequest(Withdrawal):
    request_id: RequestId


class Dismissal(WithReason):
    """Dismisses a request. `duplicate_of` is needed if the ground is that the request is a duplicate."""

    ground: DismissalGround
    duplicate_of: RequestId | None = None


class DismissRequest(Dismissal):
    request_id: RequestId


class ReopenRequest(WithReason):
    request_id: RequestId


class PeerToPeerOffer(FrozenModel):
    until: Day | None = None
    note: Text | None = None


class OfferPeerToPeer(PeerToPeerOffer):
    request_id: RequestId


class PeerToPeer(FrozenModel):
    """A conversation that took place. `on` defaults to today."""

    on: Day | None = None
    with_whom: Name
    outcome: Text


class HoldPeerToPeer(PeerToPeer):
    request_id: RequestId


class Expediting(WithReason):
    """Grants or refuses expediting. `asked_at` is when expediting was requested."""

    asked_at: Instant


class ExpediteRequest(Expediting):
    request_id: RequestId


class RefuseExpediting(Expediting):
    request_id: RequestId


class ClockExtension(WithReason):
    """Extends the deadline of a request.

    `notice` is what is said to the claimant. `days` defaults to what the terms of the line of business allow.
    `for_information`: the reason is that requested information is missing, which also pauses the deadline.
    """

    notice: Text
    days: Annotated[StrictInt, Field(ge=1, le=60)] | None = None
    for_information: Annotated[StrictBool, Field(exclude_if=is_false)] = False


class ExtendClock(ClockExtension):
    request_id: RequestId


class NoticeTerms(FrozenModel):
    kind: NoticeKind
    channel: Channel
    addressee: Name
    issued_at: Instant
    appeal_id: AppealId | None = None


class IssueNotice(NoticeTerms):
    request_id: RequestId


class Delivery(FrozenModel):
    delivered_at: Instant


class RecordDelivery(Delivery):
    notice_id: NoticeId


RequestCommand = (
    SubmitRequest
    | RequestInformation
    | SupplyInformation
    | CorrectStatement
    | CorrectReceipt
    | ReviewDocument
    | CorrectDocument
    | VoidDocument
    | SendReminder
    | ChangePlannedInfusion
    | ChangePrescriber
    | AssignRequest
    | ReleaseRequest
    | WithdrawRequest
    | DismissRequest
    | ReopenRequest
    | OfferPeerToPeer
    | HoldPeerToPeer
    | ExpediteRequest
    | RefuseExpediting
    | ExtendClock
    | IssueNotice
    | RecordDelivery
)
