"""Appeals of what was denied, wholly or in part: filed, looked at by somebody else, decided once."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Literal

from pydantic import StrictBool, StrictInt

from domain.calendar import Day, Instant
from domain.events.base import About, AppealId, Event, RequestId
from domain.events.determinations import Determination
from domain.events.documents import Document
from domain.events.requests import Statement, Urgency
from domain.facts import FrozenModel, Name, Text
from domain.people import Actor, ConsultationGiven

AppealLevel = Literal["first", "second"]
AppealOutcome = Literal["upheld", "overturned", "overturned_in_part"]
FilerRelation = Literal["patient", "representative", "prescriber", "other"]
AppealDismissalGround = Literal["late", "improperly_filed", "not_appealable"]


class Filer(FrozenModel):
    """Who filed it, and what this person is to the patient."""

    name: Name
    relation: FilerRelation


class AppealFiled(Event):
    """`decision_version` is of the event that is appealed, `file_by` the last day on which it is in time."""

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
    file_by: Day
    is_late: StrictBool

    @property
    def happened(self) -> datetime:
        return self.received_at


class AppealEvidenceAdded(Event):
    """Facts and documents for an appeal; the request's facts stand from now on as `statement` says, whole."""

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
    """To somebody who took no part in the determination and reports to nobody who did."""

    TOPIC: ClassVar[str] = "AppealAssigned"
    TITLE: ClassVar[str] = "Appeal assigned"
    ABOUT: ClassVar[About] = About("appeal", "update")

    appeal_id: AppealId
    to: Actor


class AppealDecided(Event):
    """Upheld, or overturned in whole or in part; then the course's approval is in the same commit.

    The assessment inside is under the edition of the request (R21).
    """

    TOPIC: ClassVar[str] = "AppealDecided"
    TITLE: ClassVar[str] = "Appeal decided"
    ABOUT: ClassVar[About] = About("appeal", "update")

    appeal_id: AppealId
    outcome: AppealOutcome
    citing: tuple[str, ...]
    determination: Determination

    @property
    def happened(self) -> date:
        return self.determination.decided_on


class AppealWithdrawn(Event):
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
    """Not decided, and why: a late appeal is recorded first, and refused only with a reason."""

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
    """The upheld appeal went to an independent organisation."""

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
    """What the independent organisation decided; where it overturned, the approval is in the same commit."""

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
