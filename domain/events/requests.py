"""The life of a request for prior authorization, from receipt to notices, without its determinations."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StrictBool, StrictInt

from domain.calendar import Day, Instant, PartialDate
from domain.events.appeal_rights import AppealRights
from domain.events.base import About, AppealId, DoseId, Event, NoticeId, RequestId
from domain.events.documents import Document
from domain.events.patient import LineOfBusiness
from domain.events.receipts import ReceiptSource
from domain.facts import (
    AggressiveDisease,
    Diagnosis,
    FrozenModel,
    MsForm,
    Name,
    RequestedDosing,
    Response,
    Text,
    TrialOutcome,
    is_empty,
    is_false,
    is_none,
)
from domain.people import Actor, ConsultationGiven, Prescriber

Urgency = Literal["standard", "urgent"]
Channel = Literal["mail", "fax", "portal", "telephone", "other"]
NoticeKind = Literal["approval", "denial", "information_needed", "clock_extended", "dismissal", "appeal_decision"]
DismissalGround = Literal["duplicate", "improperly_filed"]


class StatedAgent(FrozenModel):
    """An agent for MS as the prescriber stated it, with the dates on which the patient took it."""

    product: Name
    outcome: TrialOutcome | None = None
    started_on: PartialDate | None = None
    stopped_on: PartialDate | None = None
    still_taken: StrictBool | None = None


class Statement(FrozenModel):
    """The facts as the prescriber stated them. `None` is "not stated".

    `received_lemtrada` and `birth_date` are used only if the record has no entry (R1).
    """

    birth_date: PartialDate | None = None
    diagnosis: Diagnosis | None = None
    diagnosis_codes: Annotated[tuple[Name, ...], Field(max_length=20)] = ()
    ms_form: MsForm | None = None
    received_lemtrada: StrictBool | None = None
    campath_received: StrictBool | None = None
    agents: Annotated[tuple[StatedAgent, ...], Field(max_length=100)] = ()
    agents_list_is_complete: StrictBool | None = None
    other_dmt_continues: StrictBool | None = None
    aggressive_disease: AggressiveDisease = AggressiveDisease()
    response: Response = Response()
    hiv_infection: StrictBool | None = None
    active_infection: StrictBool | None = None
    hypersensitivity: StrictBool | None = None
    rems_enrolled: StrictBool | None = None
    progressive_multifocal_leukoencephalopathy: StrictBool | None = None
    requested_dosing: RequestedDosing = RequestedDosing()


class RequestSubmitted(Event):
    """A request was received. `retrospective_for` lists doses that were given before the request was received."""

    TOPIC: ClassVar[str] = "RequestSubmitted"
    TITLE: ClassVar[str] = "Request received"
    ABOUT: ClassVar[About] = About("request", "create")

    request_id: RequestId
    received_at: Instant
    received_on: Day
    line_of_business: LineOfBusiness
    urgency: Urgency
    prescriber: Prescriber
    consultation: ConsultationGiven | None
    planned_first_infusion_on: Day | None
    statement: Statement
    planned_site: Name | None = Field(default=None, exclude_if=is_none)
    retrospective_for: tuple[DoseId, ...] = Field(default=(), exclude_if=is_empty)
    receipt_source: ReceiptSource | None = Field(default=None, exclude_if=is_none)

    @property
    def happened(self) -> datetime:
        return self.received_at


class Asked(FrozenModel):
    """One clause that was undetermined, and the facts that would determine it."""

    clause: str
    sentence: str
    missing: tuple[str, ...]


class InformationRequested(Event):
    """The plan requested exactly what was still undetermined (`asked`), by the instant `answer_by`."""

    TOPIC: ClassVar[str] = "InformationRequested"
    TITLE: ClassVar[str] = "Information requested"
    ABOUT: ClassVar[About] = About("request", "update")

    request_id: RequestId
    asked: tuple[Asked, ...]
    answer_by: Instant
    assessment_digest: str
    history_version: StrictInt
    note: Text | None


class InformationSupplied(Event):
    """Facts and documents were received. `statement` and `consultation` are complete, as in effect from now on.

    `fields` names what changed. `answers_in_full` is true if each requested item has its fact or a document; the
    response ends a pause of the turnaround time.
    """

    TOPIC: ClassVar[str] = "InformationSupplied"
    TITLE: ClassVar[str] = "Information received"
    ABOUT: ClassVar[About] = About("request", "update")

    request_id: RequestId
    received_at: Instant
    received_on: Day
    statement: Statement
    consultation: ConsultationGiven | None
    fields: tuple[str, ...]
    documents: tuple[Document, ...]
    answers_in_full: StrictBool

    @property
    def happened(self) -> datetime:
        return self.received_at


class StatementCorrected(Event):
    """What was submitted was wrong (R23). The event holds the complete facts; `fields` names what changed."""

    TOPIC: ClassVar[str] = "StatementCorrected"
    TITLE: ClassVar[str] = "Statement corrected"
    ABOUT: ClassVar[About] = About("request", "update")

    request_id: RequestId
    statement: Statement
    consultation: ConsultationGiven | None
    line_of_business: LineOfBusiness
    fields: tuple[str, ...]
    reason: Text


class ReminderSent(Event):
    TOPIC: ClassVar[str] = "ReminderSent"
    TITLE: ClassVar[str] = "Reminder sent"
    ABOUT: ClassVar[About] = About("request", "update")

    request_id: RequestId
    channel: Channel
    note: Text | None


class PlannedInfusionChanged(Event):
    """The planned day or site of the first infusion changed. None: no day, or no site, is planned."""

    TOPIC: ClassVar[str] = "PlannedInfusionChanged"
    TITLE: ClassVar[str] = "Planned infusion changed"
    ABOUT: ClassVar[About] = About("request", "update")

    request_id: RequestId
    planned_first_infusion_on: Day | None
    planned_site: Name | None


class PrescriberChanged(Event):
    TOPIC: ClassVar[str] = "PrescriberChanged"
    TITLE: ClassVar[str] = "Prescriber changed"
    ABOUT: ClassVar[About] = About("request", "update")

    request_id: RequestId
    prescriber: Prescriber
    consultation: ConsultationGiven | None


# -- assignment, and closing without a determination ----------------------------------------------


class RequestAssigned(Event):
    TOPIC: ClassVar[str] = "RequestAssigned"
    TITLE: ClassVar[str] = "Request assigned"
    ABOUT: ClassVar[About] = About("request", "update")

    request_id: RequestId
    to: Actor


class RequestReleased(Event):
    """The request was unassigned."""

    TOPIC: ClassVar[str] = "RequestReleased"
    TITLE: ClassVar[str] = "Request unassigned"
    ABOUT: ClassVar[About] = About("request", "update")

    request_id: RequestId


class RequestWithdrawn(Event):
    """The request was withdrawn by the person named in `by`. Nothing was decided."""

    TOPIC: ClassVar[str] = "RequestWithdrawn"
    TITLE: ClassVar[str] = "Request withdrawn"
    ABOUT: ClassVar[About] = About("request", "update")

    request_id: RequestId
    on: Day
    by: Name
    reason: Text

    @property
    def happened(self) -> date:
        return self.on


class RequestDismissed(Event):
    """The request was dismissed without a determination: it is a duplicate, or was improperly filed."""

    TOPIC: ClassVar[str] = "RequestDismissed"
    TITLE: ClassVar[str] = "Request dismissed"
    ABOUT: ClassVar[About] = About("request", "update")

    request_id: RequestId
    on: Day
    ground: DismissalGround
    duplicate_of: RequestId | None
    reason: Text

    @property
    def happened(self) -> date:
        return self.on


class RequestReopened(Event):
    """A denied, withdrawn or dismissed request is to be decided again. The earlier determination stays on record."""

    TOPIC: ClassVar[str] = "RequestReopened"
    TITLE: ClassVar[str] = "Request reopened"
    ABOUT: ClassVar[About] = About("request", "update")

    request_id: RequestId
    on: Day
    reason: Text

    @property
    def happened(self) -> date:
        return self.on


# -- peer-to-peer, deadlines, and notices ---------------------------------------------------------


class PeerToPeerOffered(Event):
    """A conversation between the prescriber and a clinician of the plan was offered, through the day `until`."""

    TOPIC: ClassVar[str] = "PeerToPeerOffered"
    TITLE: ClassVar[str] = "Peer-to-peer offered"
    ABOUT: ClassVar[About] = About("request", "update")

    request_id: RequestId
    until: Day | None
    note: Text | None


class PeerToPeerHeld(Event):
    """The conversation took place, with the prescriber or a person in their place. The actor is of the plan."""

    TOPIC: ClassVar[str] = "PeerToPeerHeld"
    TITLE: ClassVar[str] = "Peer-to-peer held"
    ABOUT: ClassVar[About] = About("request", "update")

    request_id: RequestId
    on: Day
    with_whom: Name
    outcome: Text

    @property
    def happened(self) -> date:
        return self.on


class RequestExpedited(Event):
    """The request was expedited. The urgent turnaround time starts at `asked_at`, when expediting was requested."""

    TOPIC: ClassVar[str] = "RequestExpedited"
    TITLE: ClassVar[str] = "Request expedited"
    ABOUT: ClassVar[About] = About("request", "update")

    request_id: RequestId
    asked_at: Instant
    reason: Text

    @property
    def happened(self) -> datetime:
        return self.asked_at


class ExpeditingRefused(Event):
    """The plan refused to expedite the request. `asked_at` is when expediting was requested."""

    TOPIC: ClassVar[str] = "ExpeditingRefused"
    TITLE: ClassVar[str] = "Request to expedite refused"
    ABOUT: ClassVar[About] = About("request", "update")

    request_id: RequestId
    asked_at: Instant
    reason: Text

    @property
    def happened(self) -> datetime:
        return self.asked_at


class ClockExtended(Event):
    """The plan extended the deadline. `for_information`: it waits for information, and pauses from this notice on."""

    TOPIC: ClassVar[str] = "ClockExtended"
    TITLE: ClassVar[str] = "Deadline extended"
    ABOUT: ClassVar[About] = About("request", "update")

    request_id: RequestId
    days: StrictInt
    reason: Text
    notice: Text
    for_information: StrictBool = Field(default=False, exclude_if=is_false)


class NoticeIssued(Event):
    """The plan sent a notice. `appeal_rights` is what it says about appeals; older notices have none on record."""

    TOPIC: ClassVar[str] = "NoticeIssued"
    TITLE: ClassVar[str] = "Notice sent"
    ABOUT: ClassVar[About] = About("notice", "create")

    notice_id: NoticeId
    request_id: RequestId
    appeal_id: AppealId | None
    kind: NoticeKind
    channel: Channel
    addressee: Name
    issued_at: Instant
    appeal_rights: AppealRights | None = Field(default=None, exclude_if=is_none)

    @property
    def happened(self) -> datetime:
        return self.issued_at


class NoticeDelivered(Event):
    TOPIC: ClassVar[str] = "NoticeDelivered"
    TITLE: ClassVar[str] = "Notice delivered"
    ABOUT: ClassVar[About] = About("notice", "update")

    notice_id: NoticeId
    delivered_at: Instant

    @property
    def happened(self) -> datetime:
        return self.delivered_at


RequestEvent = (
    RequestSubmitted
    | InformationRequested
    | InformationSupplied
    | StatementCorrected
    | ReminderSent
    | PlannedInfusionChanged
    | PrescriberChanged
    | RequestAssigned
    | RequestReleased
    | RequestWithdrawn
    | RequestDismissed
    | RequestReopened
    | PeerToPeerOffered
    | PeerToPeerHeld
    | RequestExpedited
    | ExpeditingRefused
    | ClockExtended
    | NoticeIssued
    | NoticeDelivered
)
