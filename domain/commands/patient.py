"""Commands about the patient: the history, corrections, member IDs, links, coverage, and other agents for MS."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool
from pydantic_core import PydanticCustomError

from domain.calendar import Day, PartialDate
from domain.comparison import DAMAGED_ID, compared, is_spreadsheet_damage
from domain.events.base import AgentEntryId, DocumentId
from domain.events.patient import Funding, LineOfBusiness, Member, Relationship, State
from domain.facts import NOT_ONE_LINE, FrozenModel, Name, Text, is_false, is_none, is_one_line


class WithReason(FrozenModel):
    reason: Text


def _intact(member: Member) -> Member:
    """A member ID as a person or a system may send it. Raises ValueError.

    What is on record keeps its form, so this is no check of `Member` itself.
    """
    if is_spreadsheet_damage(member.member_id):
        raise ValueError(f"{DAMAGED_ID.cause}: {DAMAGED_ID.remedy}")
    if not compared(member.member_id) or not compared(member.issuer):
        raise ValueError("the member ID has no visible character: send the ID as the plan writes it")
    if not is_one_line(member.member_id) or not is_one_line(member.issuer):
        raise PydanticCustomError(NOT_ONE_LINE, "The text contains a line break or a tab")
    return member


StatedMember = Annotated[Member, AfterValidator(_intact)]
"""A member ID that comes in. Numbers that a spreadsheet has shortened are refused."""


# A field at its default is left out of the digest, so a command that is sent again is recognized.
_FIRST_DAY: Any = Field(
    default=None,
    exclude_if=is_none,
    description="The first day on which the member ID identified this patient. It is only needed if the ID "
    "identified another person before. Default: the day after that, or today.",
)


class OpenHistory(FrozenModel):
    """Opens a history. `first_day` is the first day on which the member ID identified this patient, if it matters."""

    member: StatedMember
    name: Name
    birth_date: PartialDate | None = None
    first_day: Day | None = _FIRST_DAY


class CorrectDemographics(WithReason):
    """Corrects the name or the birth date. A field that is left out is unchanged."""

    name: Name | None = None
    birth_date: PartialDate | None = None


class AddMemberIdentifier(FrozenModel):
    """Adds a member ID. `first_day` is the first day on which it identified this patient, if it matters."""

    member: StatedMember
    first_day: Day | None = _FIRST_DAY


class RetireMemberIdentifier(WithReason):
    """Retires a member ID. `last_day` defaults to today. `in_error`: the ID never identified this patient."""

    member: Member
    last_day: Day | None = Field(
        default=None,
        exclude_if=is_none,
        description="The last day on which the member ID identified this patient. Default: today.",
    )
    in_error: StrictBool = Field(
        default=False,
        exclude_if=is_false,
        description="The member ID never identified this patient, so it has no last day.",
    )


class _Linking(WithReason):
    other_patient_id: UUID

    def from_the_other_side(self, patient_id: UUID) -> Self:
        """The same command, as the other history records it in the same commit."""
        return self.model_copy(update={"other_patient_id": patient_id})


class LinkHistories(_Linking):
    """Both histories are of one person. The ledger records the link in both, in one commit."""


class UnlinkHistories(_Linking):
    """The link was a mistake. The ledger records this in both histories, in one commit."""


def _none_if_unknown(value: object) -> object:
    return None if value == "unknown" else value


StatedFunding = Annotated[
    Funding | None,
    BeforeValidator(_none_if_unknown, json_schema_input_type=Funding | Literal["unknown"] | None),
]
"""The funding of a coverage that comes in. `unknown` is the same as none: the shorter deadlines apply."""


class ChangeLineOfBusiness(FrozenModel):
    """Records the coverage from a day on. `state` and `funding` decide which deadlines apply. None: not known."""

    on: Day
    line_of_business: LineOfBusiness
    state: State | None = Field(default=None, exclude_if=is_none)
    funding: StatedFunding = Field(default=None, exclude_if=is_none)


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
