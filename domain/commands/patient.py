"""Who she is: open a history, correct it, identifiers, links, coverage, agents of others."""

from __future__ import annotations

from typing import Self
from uuid import UUID

from domain.calendar import Day, PartialDate
from domain.events.base import DocumentId
from domain.events.patient import LineOfBusiness, Member, Relationship
from domain.facts import FrozenModel, Name, Text


class WithReason(FrozenModel):
    reason: Text


class OpenHistory(FrozenModel):
    member: Member
    name: Name
    birth_date: PartialDate | None = None


class CorrectDemographics(WithReason):
    """What is left out stands as it was."""

    name: Name | None = None
    birth_date: PartialDate | None = None


class AddMemberIdentifier(FrozenModel):
    member: Member


class RetireMemberIdentifier(WithReason):
    member: Member


class _Linking(WithReason):
    other_patient_id: UUID

    def from_the_other_side(self, patient_id: UUID) -> Self:
        """The same, as the other history records it in the same commit."""
        return self.model_copy(update={"other_patient_id": patient_id})


class LinkHistories(_Linking):
    """Both are of one person; the ledger records it in both, in one commit."""


class UnlinkHistories(_Linking):
    """The link was a mistake; the ledger records it in both, in one commit."""


class ChangeLineOfBusiness(FrozenModel):
    on: Day
    line_of_business: LineOfBusiness


class NameRepresentative(FrozenModel):
    """`on` defaults to today; `through` is the last day, or open."""

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
    """Another agent for MS than Lemtrada was begun."""

    product: Name
    on: PartialDate
    source: Text


class RecordAgentStopped(FrozenModel):
    """Another agent for MS was stopped, or will be on a day that is set."""

    product: Name
    on: PartialDate
    source: Text


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
)
