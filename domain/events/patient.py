"""The patient: the history, member ids, coverage, representatives, and agents of other prescribers."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Final, Literal
from uuid import UUID

from pydantic import Field, StrictBool, StrictInt

from domain.calendar import Day, Instant, PartialDate
from domain.events.base import About, AgentEntryId, DocumentId, Event
from domain.facts import FrozenModel, Name, Text, is_false, is_none

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
    """The history of a patient was opened. It is the first event of the history.

    `first_day` is the first day on which the member ID identified this patient, if it was stated.
    """

    TOPIC: ClassVar[str] = "HistoryOpened"
    TITLE: ClassVar[str] = "Member added"
    ABOUT: ClassVar[About] = About("patient", "create")

    member: Member
    name: Name
    birth_date: PartialDate | None
    first_day: Day | None = Field(default=None, exclude_if=is_none)


class DemographicsCorrected(Event):
    """The name or the birth date was wrong (R23). A value that is None is unchanged."""

    TOPIC: ClassVar[str] = "DemographicsCorrected"
    TITLE: ClassVar[str] = "Name or birth date corrected"
    ABOUT: ClassVar[About] = About("patient", "update")

    name: Name | None
    birth_date: PartialDate | None
    reason: Text


class MemberIdentifierAdded(Event):
    """Another member ID of this patient. The index points from the ID to the patient in the same commit.

    `first_day` is the first day on which the ID identified this patient, if it was stated.
    """

    TOPIC: ClassVar[str] = "MemberIdentifierAdded"
    TITLE: ClassVar[str] = "Member ID added"
    ABOUT: ClassVar[About] = About("patient", "update")

    member: Member
    first_day: Day | None = Field(default=None, exclude_if=is_none)


class MemberIdentifierRetired(Event):
    """The member ID no longer identifies this patient. It may be added to another history later.

    `last_day` is the last day on which the ID identified this patient; None in events that did not record it.
    `in_error`: the ID never identified this patient, so there is no last day.
    """

    TOPIC: ClassVar[str] = "MemberIdentifierRetired"
    TITLE: ClassVar[str] = "Member ID retired"
    ABOUT: ClassVar[About] = About("patient", "update")

    member: Member
    reason: Text
    last_day: Day | None = Field(default=None, exclude_if=is_none)
    in_error: StrictBool = Field(default=False, exclude_if=is_false)


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
    """In an index stream: from now on, this member ID identifies the history of `indexed_patient_id`.

    A stream has all member IDs with one compared form, and `member_stream` says which of them it is. In ledgers of
    earlier programs each ID has a stream of its own, and its events have no `member_stream`. `first_day` is the first
    day on which the ID identified the patient, if it was stated. `added_at` is the instant at which the ID was added,
    where an upgrade recorded this event later.
    """

    TOPIC: ClassVar[str] = "MemberIndexed"

    indexed_patient_id: UUID
    member_stream: UUID | None = Field(default=None, exclude_if=is_none)
    first_day: Day | None = Field(default=None, exclude_if=is_none)
    added_at: Instant | None = Field(default=None, exclude_if=is_none)


class MemberUnindexed(Event):
    """In an index stream: from now on, this member ID identifies no history.

    `member_stream` is as in `MemberIndexed`. `last_day` is the last day on which the ID identified the patient, if it
    is known. `in_error`: it never did. `retired_at` is the instant at which the ID was retired, where an upgrade
    recorded this event later.
    """

    TOPIC: ClassVar[str] = "MemberUnindexed"

    retired_patient_id: UUID
    member_stream: UUID | None = Field(default=None, exclude_if=is_none)
    last_day: Day | None = Field(default=None, exclude_if=is_none)
    in_error: StrictBool = Field(default=False, exclude_if=is_false)
    retired_at: Instant | None = Field(default=None, exclude_if=is_none)


class SharedSpellingFound(Event):
    """In the stream of shared member IDs: an upgrade found several patients with the compared form of this stream."""

    TOPIC: ClassVar[str] = "SharedSpellingFound"

    spelling_stream: UUID


class IssuerIndexed(Event):
    """In the stream of an issuer: a member ID of this issuer is, or was, on record."""

    TOPIC: ClassVar[str] = "IssuerIndexed"


class PersonIndexed(Event):
    """In the stream of a name and a year of birth: the history of this patient has, or had, this name and year."""

    TOPIC: ClassVar[str] = "PersonIndexed"

    indexed_patient_id: UUID


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
IndexEvent = MemberIndexed | MemberUnindexed | SharedSpellingFound | IssuerIndexed | PersonIndexed
