"""Appeals of an adverse determination: filed, reviewed by a person who was not involved, and decided once."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Literal

from pydantic import Field, StrictBool, StrictInt

from domain.calendar import Day, Instant
from domain.events.base import About, AppealId, Event, RequestId
from domain.events.determinations import Determination
from domain.events.documents import Document
from domain.events.requests import Statement, Urgency
from domain.facts import FrozenModel, Name, Text, is_none
from domain.people import Actor, ConsultationGiven

AppealLevel = Literal["first", "second"]
AppealOutcome = Literal["upheld", "overturned", "overturned_in_part"]
FilerRelation = Literal["patient", "representative", "prescriber", "other"]
AppealDismissalGround = Literal["late", "improperly_filed", "not_appealable"]


class Filer(FrozenModel):
    """The person who filed an appeal, and the person's relation to the patient."""

    name: Name
    relation: FilerRelation


class AppealFiled(Event):
    """An appeal was filed.

    `decision_version` is the version of the event that is appealed. `file_by` is the last day on which the appeal is
    timely, and `is_late` is true after that day. None: the time to appeal had not started, so no appeal is late.
    """

    TOPIC: ClassVar[str] = "AppealFiled"
    TITLE: ClassVar[str] = "Appeal filed"
    ABOUT: ClassVar[About] = About("appeal", "create")

    appeal_id: AppealId
    request_id: RequestId
    decision_version: StrictInt
    level: AppealLevel
    urgency: Urgency
    grounds: Text
    filer: Filer
    received_at: Instant
    received_on: Day
    file_by: Day | None
    is_late: StrictBool

    @property
    def happened(self) -> datetime:
        return self.received_at


class AppealEvidenceAdded(Event):
    """Facts and documents were added to an open appeal.

    `statement` is the complete statement of the request that is in effect from now on. `fields` names what changed.
    """

    TOPIC: ClassVar[str] = "AppealEvidenceAdded"
    TITLE: ClassVar[str] = "Evidence added to the appeal"
    ABOUT: ClassVar[About] = About("appeal", "update")

    appeal_id: AppealId
    received_at: Instant
    received_on: Day
    statement: Statement
    consultation: ConsultationGiven | None
    fields: tuple[str, ...]
    documents: tuple[Document, ...]
    note: Text | None

    @property
    def happened(self) -> datetime:
        return self.received_at


class AppealAssigned(Event):
    """The appeal was assigned to a person.

    The person was not involved in the determination, and is not a subordinate of anyone who was.
    """

    TOPIC: ClassVar[str] = "AppealAssigned"
    TITLE: ClassVar[str] = "Appeal assigned"
    ABOUT: ClassVar[About] = About("appeal", "update")

    appeal_id: AppealId
    to: Actor


class AppealDecided(Event):
    """The appeal was decided: upheld, or overturned in whole or in part.

    Where the appeal is overturned, the approval of the course is in the same commit. The assessment in `determination`
    is under the edition of the request (R21). `forward_by` is the time by which the plan itself forwards a denial that
    it upheld to the independent review entity, where it must.
    """

    TOPIC: ClassVar[str] = "AppealDecided"
    TITLE: ClassVar[str] = "Appeal decided"
    ABOUT: ClassVar[About] = About("appeal", "update")

    appeal_id: AppealId
    outcome: AppealOutcome
    citing: tuple[str, ...]
    determination: Determination
    forward_by: Instant | None = Field(default=None, exclude_if=is_none)

    @property
    def happened(self) -> date:
        return self.determination.decided_on


class AppealWithdrawn(Event):
    """The appeal was withdrawn. `by` is the name of the person who withdrew it."""

    TOPIC: ClassVar[str] = "AppealWithdrawn"
    TITLE: ClassVar[str] = "Appeal withdrawn"
    ABOUT: ClassVar[About] = About("appeal", "update")

    appeal_id: AppealId
    on: Day
    by: Name
    reason: Text

    @property
    def happened(self) -> date:
        return self.on


class AppealDismissed(Event):
    """The appeal was dismissed without a decision, with the reason.

    A late appeal is recorded first. Only a dismissal refuses it.
    """

    TOPIC: ClassVar[str] = "AppealDismissed"
    TITLE: ClassVar[str] = "Appeal dismissed"
    ABOUT: ClassVar[About] = About("appeal", "update")

    appeal_id: AppealId
    on: Day
    ground: AppealDismissalGround
    reason: Text

    @property
    def happened(self) -> date:
        return self.on


class AppealHandedOn(Event):
    """The appeal was forwarded to an independent review organization.

    The plan forwards an appeal that it upheld, or overturned only in part.
    """

    TOPIC: ClassVar[str] = "AppealHandedOn"
    TITLE: ClassVar[str] = "Appeal forwarded to external review"
    ABOUT: ClassVar[About] = About("appeal", "update")

    appeal_id: AppealId
    on: Day
    organisation: Name

    @property
    def happened(self) -> date:
        return self.on


class ExternalReviewAnswered(Event):
    """The decision of the independent review organization was recorded.

    Where the organization overturned the plan's decision, the approval is in the same commit.
    """

    TOPIC: ClassVar[str] = "ExternalReviewAnswered"
    TITLE: ClassVar[str] = "External decision recorded"
    ABOUT: ClassVar[About] = About("appeal", "update")

    appeal_id: AppealId
    received_on: Day
    outcome: AppealOutcome
    rationale: Text

    @property
    def happened(self) -> date:
        return self.received_on


AppealEvent = (
    AppealFiled
    | AppealEvidenceAdded
    | AppealAssigned
    | AppealDecided
    | AppealWithdrawn
    | AppealDismissed
    | AppealHandedOn
    | ExternalReviewAnswered
)
