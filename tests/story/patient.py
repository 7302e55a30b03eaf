"""Steps of the person: corrections, identifiers, links, coverage, death, agents of others."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from domain.commands.patient import (
    AddMemberIdentifier,
    ChangeLineOfBusiness,
    CorrectDemographics,
    LinkHistories,
    NameRepresentative,
    RecordAgentStarted,
    RecordAgentStopped,
    RecordDeath,
    RetireMemberIdentifier,
    UnlinkHistories,
    VoidAgentEntry,
    VoidDeathRecord,
)
from tests.story.people import CLAIMS
from tests.story.scenario import PATIENT, Step

TWIN = UUID("22222222-2222-4333-8444-555555555555")
WRONG = {"reason": "Read from another patient's form."}


def _step(kind: type[Any], values: dict[str, Any]) -> Step:
    command = kind.model_validate(values)
    return Step(lambda _: command)


def demographics_corrected(**values: Any) -> Step:
    return _step(CorrectDemographics, WRONG | values)


def identifier_added(member_id: str, issuer: str = "plan") -> Step:
    return _step(AddMemberIdentifier, {"member": {"issuer": issuer, "member_id": member_id}})


def identifier_retired(member_id: str, issuer: str = "plan") -> Step:
    return _step(RetireMemberIdentifier, WRONG | {"member": {"issuer": issuer, "member_id": member_id}})


def linked(other: UUID = TWIN) -> Step:
    return _step(LinkHistories, {"other_patient_id": other, "reason": "One person under two numbers."})


def unlinked(other: UUID = TWIN) -> Step:
    return _step(UnlinkHistories, WRONG | {"other_patient_id": other})


linked_to_itself = linked(PATIENT)


def line_changed(on: str, line: str = "medicare_advantage", **values: Any) -> Step:
    return _step(ChangeLineOfBusiness, {"on": on, "line_of_business": line} | values).by(CLAIMS)


def representative(**values: Any) -> Step:
    return _step(NameRepresentative, {"name": "Berta Synthetic", "relationship": "appointed"} | values)


def died(on: str, source: str = "Letter of the family.") -> Step:
    return _step(RecordDeath, {"on": on, "source": source})


def death_voided() -> Step:
    return _step(VoidDeathRecord, WRONG)


def agent_started(product: str, on: str) -> Step:
    return _step(RecordAgentStarted, {"product": product, "on": on, "source": "Claim of another drug."})


def agent_stopped(product: str, on: str) -> Step:
    return _step(RecordAgentStopped, {"product": product, "on": on, "source": "The prescriber's note."})


def agent_entry_voided(number: int) -> Step:
    """The entry of another agent with this number: the first that was recorded is 1."""
    return _step(VoidAgentEntry, {"agent_entry_id": f"{PATIENT}.g{number}"} | WRONG)
