"""Commands about the patient: the history, corrections, member IDs, links, coverage, and other agents for MS."""

from __future__ import annotations

from typing import Self
from uuid import UUID

from pydantic import Field

from domain.calendar import Day, PartialDate
from domain.events.base import AgentEntryId, DocumentId
from domain.events.patient import Funding, LineOfBusiness, Member, Relationship, State
from domain.facts import FrozenModel, Name, Text, is_none


class WithReason(FrozenModel):
    reason: Text


class OpenHistory(FrozenModel):
    member: Member
    name: Name
    birth_date: PartialDate | None = None


class CorrectDemographics(WithReason):
    """Corrects the name or the birth date. A field that is left out is unchanged."""

    name: Name | None = None
    birth_date: PartialDate | None = None


class AddMemberIdentifier(FrozenModel):
    member: Member


class RetireMemberIdentifier(WithReason):
    member: Member


class _Linking(WithReason):
    other_patient_id: UUID

    def from_the_other_side(self, patient_id: UUID) -> Self:
        """The same command, as the other history records it in the same commit."""
        return self.model_copy(update={"other_patient_id": patient_id})


class LinkHistories(_Linking):
    """Both histories are of one person. The ledger records the link in both, in one commit."""


class UnlinkHistories(_Linking):
    """The link was a mistake. The ledger records this in both histories, in one commit."""


class ChangeLineOfBusiness(FrozenModel):
    """Records the coverage from a day on. `state` and `funding` decide which deadlines apply. None: not known."""

    on: Day
    line_of_business: LineOfBusiness
    state: State | None = Field(default=None, exclude_if=is_none)
    funding: Funding | None = Field(default=None, exclude_if=is_none)


class NameRepresentative(FrozenModel):
    """Names a representative. `on` defaults to today. `through` is the last day; without it there is no last day."""

    name: Name
    relationship: Relationship
    on: Day | None = None
    through: Day | None = None
    document_id: DocumentId | None = None


class RecordDeath(FrozenModel):
    on: PartialDate
    source: Text


class VoidDeathRecord(WithReason):
    pass


class RecordAgentStarted(FrozenModel):
    """The patient started an agent for MS other than Lemtrada."""

    product: Name
    on: PartialDate
    source: Text


class RecordAgentStopped(FrozenModel):
    """The patient stopped another agent for MS, or will stop it on a planned day."""

    product: Name
    on: PartialDate
    source: Text


class VoidAgentEntry(WithReason):
    """The start or the stop of another agent was recorded by mistake."""

    agent_entry_id: AgentEntryId


PersonCommand = (
    OpenHistory
    | CorrectDemographics
    | AddMemberIdentifier
    | RetireMemberIdentifier
    | LinkHistories
    | UnlinkHistories
    | ChangeLineOfBusiness
    | NameRepresentative
    | RecordDeath
    | VoidDeathRecord
    | RecordAgentStarted
    | RecordAgentStopped
    | VoidAgentEntry
)
