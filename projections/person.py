"""The patient's identifiers, coverage, representatives, links, and other agents on record."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from domain.calendar import Day, PartialDate
from domain.events.base import ImportedFrom
from domain.events.patient import Funding, LineOfBusiness, Member
from domain.facts import FrozenModel, is_empty
from domain.history.records import AgentUse
from domain.history.state import PatientHistory
from domain.policy.agents import nearest_names, recognize


class RepresentativeView(FrozenModel):
    """A person who may represent the patient. `through` is the last day; null if there is no last day."""

    name: str
    relationship: str
    on: Day
    through: Day | None


class AgentUseView(FrozenModel):
    """One entry about another disease-modifying agent: started or stopped. A voided entry is not used.

    `nearest_names` proposes known names if the name of the product is not recognized (R12).
    """

    product: str
    is_recognized: bool
    nearest_names: tuple[str, ...]
    started_on: PartialDate | None
    stopped_on: PartialDate | None
    agent_entry_id: str
    voided: bool


class FormerMemberView(FrozenModel):
    """A member ID that was retired. `last_day` is the last day on which it identified the patient, if known.

    `in_error`: it never identified the patient.
    """

    member: Member
    last_day: Annotated[
        Day | None,
        Field(description="The last day on which the member ID identified the patient. Null: not known, or never."),
    ]
    in_error: Annotated[bool, Field(description="The member ID never identified the patient.")]


class Person(FrozenModel):
    """The patient, as known in one version of the history. `line_of_business` is the one on the day `as_of`.

    `state` and `funding` are those of the coverage on that day. Null: not known.
    """

    patient_id: UUID
    history_version: int
    as_of: Day
    name: str
    birth_date: PartialDate | None
    members: tuple[Member, ...]
    line_of_business: LineOfBusiness | None
    representatives: tuple[RepresentativeView, ...]
    linked_histories: tuple[UUID, ...]
    deceased_on: PartialDate | None
    agents: tuple[AgentUseView, ...]
    imported_from: ImportedFrom | None
    state: str | None
    funding: Funding | None
    former_members: Annotated[
        tuple[FormerMemberView, ...],
        Field(exclude_if=is_empty, description="The member IDs that were retired. Left out if there are none."),
    ] = ()


def person(history: PatientHistory, as_of: date) -> Person:
    """Returns the patient, with the representatives who are in effect on the day."""
    coverage = history.coverage_on(as_of)
    return Person(
        patient_id=history.patient_id,
        history_version=history.version,
        as_of=as_of,
        name=history.name,
        birth_date=history.birth_date,
        members=history.members,
        line_of_business=history.line_of_business(as_of),
        representatives=tuple(
            RepresentativeView(name=one.name, relationship=one.relationship, on=one.on, through=one.through)
            for one in history.representatives
            if one.on <= as_of and (one.through is None or as_of <= one.through)
        ),
        linked_histories=history.linked,
        deceased_on=history.deceased_on,
        agents=tuple(_agent_use(one) for one in history.agents),
        imported_from=history.imported_from,
        state=coverage.state if coverage is not None else None,
        funding=coverage.funding if coverage is not None else None,
        former_members=tuple(
            FormerMemberView(member=one.member, last_day=one.last_day, in_error=one.in_error)
            for one in history.retired_members
        ),
    )


def _agent_use(use: AgentUse) -> AgentUseView:
    is_recognized = recognize(use.product).kind != "unknown"
    return AgentUseView(
        product=use.product,
        is_recognized=is_recognized,
        nearest_names=() if is_recognized else nearest_names(use.product),
        started_on=use.started_on,
        stopped_on=use.stopped_on,
        agent_entry_id=use.entry_id,
        voided=use.voided,
    )
