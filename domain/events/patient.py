"""The person: her history, her identifiers, what surrounds her coverage, and the agents of others she takes."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from domain.calendar import Day, PartialDate
from domain.events.base import DocumentId, Event, is_none
from domain.facts import Fact, Name, Text

LineOfBusiness = Literal["commercial", "medicare_advantage", "medicaid"]
Relationship = Literal["appointed", "power_of_attorney", "guardian", "parent", "other"]


class Member(Fact):
    """A member of a plan, as the plan's `issuer` numbers her."""

    issuer: Name = "plan"
    member_id: Name


class HistoryOpened(Event):
    TOPIC: ClassVar[str] = "HistoryOpened"

    member: Member
    name: Name
    birth_date: PartialDate | None


class DemographicsCorrected(Event):
    """The name or the birth date was wrong (R23); None: that one stands as it was."""

    TOPIC: ClassVar[str] = "DemographicsCorrected"

    name: Name | None
    birth_date: PartialDate | None
    reason: Text


class MemberIdentifierAdded(Event):
    """Another number under which a plan knows this person; the index points from it to her in the same commit."""

    TOPIC: ClassVar[str] = "MemberIdentifierAdded"

    member: Member


class MemberIdentifierRetired(Event):
    """The number no longer leads here; it may be given to another history later."""

    TOPIC: ClassVar[str] = "MemberIdentifierRetired"

    member: Member
    reason: Text


class HistoriesLinked(Event):
    """Two histories are of one person. Nothing is copied; each points to the other, in one commit."""

    TOPIC: ClassVar[str] = "HistoriesLinked"

    other_patient_id: UUID
    reason: Text


class HistoriesUnlinked(Event):
    """The link was a mistake (R23)."""

    TOPIC: ClassVar[str] = "HistoriesUnlinked"

    other_patient_id: UUID
    reason: Text


class LineOfBusinessChanged(Event):
    """From this day on her coverage is of another line; requests keep the line under which they were received."""

    TOPIC: ClassVar[str] = "LineOfBusinessChanged"

    on: Day
    line_of_business: LineOfBusiness

    @property
    def happened(self) -> date:
        return self.on


class RepresentativeNamed(Event):
    """Somebody may speak for her, from a day on and perhaps through another."""

    TOPIC: ClassVar[str] = "RepresentativeNamed"

    name: Name
    relationship: Relationship
    on: Day
    through: Day | None
    document_id: DocumentId | None = Field(default=None, exclude_if=is_none)

    @property
    def happened(self) -> date:
        return self.on


class DeathRecorded(Event):
    TOPIC: ClassVar[str] = "DeathRecorded"

    on: PartialDate
    source: Text


class DeathRecordVoided(Event):
    """The record of her death was a mistake (R23)."""

    TOPIC: ClassVar[str] = "DeathRecordVoided"

    reason: Text


class OtherAgentStarted(Event):
    """She began another agent for MS; it bears on concurrent use (R17) and is no trial with an outcome."""

    TOPIC: ClassVar[str] = "OtherAgentStarted"

    product: Name
    on: PartialDate
    source: Text


class OtherAgentStopped(Event):
    """She stopped, or will stop, another agent for MS (R17)."""

    TOPIC: ClassVar[str] = "OtherAgentStopped"

    product: Name
    on: PartialDate
    source: Text


# -- the index: which patient a member id points to -------------------------------------------


class RequesterAdmitted(Event):
    """A prescriber's office that named the member, her name and birth date as they are on record may ask for her."""

    TOPIC: ClassVar[str] = "RequesterAdmitted"


class MemberIndexed(Event):
    """In an index stream: from here on, this member's history is that patient's."""

    TOPIC: ClassVar[str] = "MemberIndexed"

    indexed_patient_id: UUID


class MemberUnindexed(Event):
    """In an index stream: from here on, this member id leads to nobody."""

    TOPIC: ClassVar[str] = "MemberUnindexed"

    retired_patient_id: UUID
