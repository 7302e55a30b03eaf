"""The patient: the history, member ids, coverage, representatives, and agents of other prescribers."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Final, Literal
from uuid import UUID

from pydantic import Field, StrictInt

from domain.calendar import Day, PartialDate
from domain.events.base import About, AgentEntryId, DocumentId, Event
from domain.facts import FrozenModel, Name, Text, is_none

LineOfBusiness = Literal["commercial", "medicare_advantage", "medicaid"]
Funding = Literal["insured", "self_funded"]
_STATES: Final = (
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA "
    "RI SC SD TN TX UT VT VA WA WV WI WY DC AS GU MP PR VI"
)
STATES: Final = frozenset(_STATES[number : number + 2] for number in range(0, len(_STATES), 3))
"""The states, the District of Columbia, and the territories."""

State = Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="The two letters of a state.")]
Relationship = Literal["appointed", "power_of_attorney", "guardian", "parent", "other"]


class Member(FrozenModel):
    """A member ID, and its `issuer`: `plan` is this plan."""

    issuer: Name = "plan"
    member_id: Name


class HistoryOpened(Event):
    """The history of a patient was opened. It is the first event of the history."""

    TOPIC: ClassVar[str] = "HistoryOpened"
    TITLE: ClassVar[str] = "Member added"
    ABOUT: ClassVar[About] = About("patient", "create")

    member: Member
    name: Name
    birth_date: PartialDate | None


class DemographicsCorrected(Event):
    """The name or the birth date was wrong (R23). A value that is None is unchanged."""

    TOPIC: ClassVar[str] = "DemographicsCorrected"
    TITLE: ClassVar[str] = "Name or birth date corrected"
    ABOUT: ClassVar[About] = About("patient", "update")

    name: Name | None
    birth_date: PartialDate | None
    reason: Text


class MemberIdentifierAdded(Event):
    """Another member ID of this patient. The index points from the ID to the patient in the same commit."""

    TOPIC: ClassVar[str] = "MemberIdentifierAdded"
    TITLE: ClassVar[str] = "Member ID added"
    ABOUT: ClassVar[About] = About("patient", "update")

    member: Member


class MemberIdentifierRetired(Event):
    """The member ID no longer identifies this patient. It may be added to another history later."""

    TOPIC: ClassVar[str] = "MemberIdentifierRetired"
    TITLE: ClassVar[str] = "Member ID retired"
    ABOUT: ClassVar[About] = About("patient", "update")

    member: Member
    reason: Text


class HistoriesLinked(Event):
    """Two histories are of one person. Nothing is copied: each points to the other, in one commit."""

    TOPIC: ClassVar[str] = "HistoriesLinked"
    TITLE: ClassVar[str] = "Linked with another patient"
    ABOUT: ClassVar[About] = About("patient", "update")

    other_patient_id: UUID
    reason: Text


class HistoriesUnlinked(Event):
    """The link was a mistake (R23)."""

    TOPIC: ClassVar[str] = "HistoriesUnlinked"
    TITLE: ClassVar[str] = "Link with another patient removed"
    ABOUT: ClassVar[About] = About("patient", "update")

    other_patient_id: UUID
    reason: Text


class LineOfBusinessChanged(Event):
    """From this day on, the patient's coverage is of another line of business.

    A request keeps the line of business under which it was received. `state` and `funding` decide which deadlines apply
    to requests that are received while this coverage is in effect. None: not known.
    """

    TOPIC: ClassVar[str] = "LineOfBusinessChanged"
    TITLE: ClassVar[str] = "Line of business changed"
    ABOUT: ClassVar[About] = About("coverage", "update")

    on: Day
    line_of_business: LineOfBusiness
    state: State | None = Field(default=None, exclude_if=is_none)
    funding: Funding | None = Field(default=None, exclude_if=is_none)

    @property
    def happened(self) -> date:
        return self.on


class RepresentativeNamed(Event):
    """A representative may act for the patient from the day `on`, and through the day `through` if there is one."""

    TOPIC: ClassVar[str] = "RepresentativeNamed"
    TITLE: ClassVar[str] = "Representative added"
    ABOUT: ClassVar[About] = About("representative", "create")

    name: Name
    relationship: Relationship
    on: Day
    through: Day | None
    document_id: DocumentId | None = Field(default=None, exclude_if=is_none)

    @property
    def happened(self) -> date:
        return self.on


class DeathRecorded(Event):
    """The death of the patient was recorded."""

    TOPIC: ClassVar[str] = "DeathRecorded"
    TITLE: ClassVar[str] = "Death recorded"
    ABOUT: ClassVar[About] = About("patient", "update")

    on: PartialDate
    source: Text


class DeathRecordVoided(Event):
    """The record of the patient's death was a mistake (R23)."""

    TOPIC: ClassVar[str] = "DeathRecordVoided"
    TITLE: ClassVar[str] = "Record of death voided"
    ABOUT: ClassVar[About] = About("patient", "void")

    reason: Text


class OtherAgentStarted(Event):
    """The patient started another agent for MS.

    The agent matters for concurrent use (R17). It is no trial with an outcome.
    """

    TOPIC: ClassVar[str] = "OtherAgentStarted"
    TITLE: ClassVar[str] = "Other agent started"
    ABOUT: ClassVar[About] = About("other agent", "create")

    product: Name
    on: PartialDate
    source: Text


class OtherAgentStopped(Event):
    """The patient stopped another agent for MS, or will stop it on a planned day (R17)."""

    TOPIC: ClassVar[str] = "OtherAgentStopped"
    TITLE: ClassVar[str] = "Other agent stopped"
    ABOUT: ClassVar[About] = About("other agent", "update")

    product: Name
    on: PartialDate
    source: Text


class OtherAgentEntryVoided(Event):
    """The start or the stop of another agent was recorded by mistake (R23).

    `entry_version` is the version of the event that recorded it.
    """

    TOPIC: ClassVar[str] = "OtherAgentEntryVoided"
    TITLE: ClassVar[str] = "Entry of other agent voided"
    ABOUT: ClassVar[About] = About("other agent", "void")

    agent_entry_id: AgentEntryId
    entry_version: Annotated[StrictInt, Field(ge=1)]
    reason: Text


# -- the index: which patient a member id points to -------------------------------------------


class RequesterAdmitted(Event):
    """The actor's office, a prescriber's, may send requests for this patient.

    The office named the member ID, the name and the birth date of the patient as they are on record.
    """

    TOPIC: ClassVar[str] = "RequesterAdmitted"
    TITLE: ClassVar[str] = "Provider office added"
    ABOUT: ClassVar[About] = About("patient", "update")


class MemberIndexed(Event):
    """In an index stream: from now on, this member ID identifies the history of `indexed_patient_id`."""

    TOPIC: ClassVar[str] = "MemberIndexed"

    indexed_patient_id: UUID


class MemberUnindexed(Event):
    """In an index stream: from now on, this member ID identifies no history."""

    TOPIC: ClassVar[str] = "MemberUnindexed"

    retired_patient_id: UUID


PersonEvent = (
    HistoryOpened
    | DemographicsCorrected
    | MemberIdentifierAdded
    | MemberIdentifierRetired
    | HistoriesLinked
    | HistoriesUnlinked
    | LineOfBusinessChanged
    | RepresentativeNamed
    | RequesterAdmitted
    | DeathRecorded
    | DeathRecordVoided
    | OtherAgentStarted
    | OtherAgentStopped
    | OtherAgentEntryVoided
)
IndexEvent = MemberIndexed | MemberUnindexed
