"""How facts are derived from the record, for each revision of the derivation that an edition names.

An assessment on record is made again as it was: the edition of the record names its `facts_revision`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from domain.history.records import Request
from domain.history.state import PatientHistory
from domain.policy.edition import Edition
from domain.treatment import concurrent_agents
from domain.treatment.revision_1 import concurrent_agents as concurrent_agents_revision_1


@dataclass(frozen=True, slots=True)
class Derivation:
    """The derivations that differ between the revisions.

    `agents_not_recognized` names the agents that may still be taken and have a name that is not recognized (R12).
    """

    other_agent_continues: Callable[[PatientHistory, Request, date, Edition], bool | None]
    agents_not_recognized: Callable[[PatientHistory, Request, date, Edition], tuple[str, ...]]


_DERIVATIONS: Final = {
    1: Derivation(
        other_agent_continues=concurrent_agents_revision_1.other_agent_continues,
        agents_not_recognized=lambda *_: (),
    ),
    2: Derivation(
        other_agent_continues=concurrent_agents.other_agent_continues,
        agents_not_recognized=concurrent_agents.agents_not_recognized,
    ),
}


def derivation_for(edition: Edition) -> Derivation:
    """How the facts for an assessment under this edition are derived from the record."""
    return _DERIVATIONS[edition.facts_revision]
