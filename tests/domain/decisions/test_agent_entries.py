"""Starts and stops of other agents that were recorded by mistake are voided with a reason, and stay visible (R23)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from domain.commands.context import Occasion
from domain.commands.patient import VoidAgentEntry
from domain.decisions.may import may
from domain.errors import Conflict, NotFound, NotPermitted
from domain.events.patient import OtherAgentEntryVoided, OtherAgentStarted
from domain.permissions.commands import MAY
from projections.event_text import sentence_of
from projections.person import person
from tests.story import (
    CLAIMS,
    NURSE,
    OFFICE,
    PATIENT,
    ZONE,
    agent_entry_voided,
    agent_started,
    agent_stopped,
    given,
    submitted,
)

PLANNED = {"planned_first_infusion_on": "2026-05-10"}
TODAY = "2026-04-28"


def test_a_voided_start_is_no_use_and_stays_visible() -> None:
    story = given(agent_started("Tysabri", "2026-03"), submitted(**PLANNED), today=TODAY)
    story.then_recommended("not_recommended", scope="A").then_finding("NR.2", "met")
    story.when(agent_entry_voided(1)).then(OtherAgentEntryVoided)
    story.then_recommended("approve", scope="A").then_finding("NR.2", "not_met")
    (view,) = person(story.known, date(2026, 4, 28)).agents
    assert (view.agent_entry_id, view.voided, view.product) == (f"{PATIENT}.g1", True, "Tysabri")
    assert sentence_of(story.events[-1]) == "g1: Read from another patient's form."


def test_a_voided_stop_ends_no_use() -> None:
    told = [agent_started("Tysabri", "2025-03"), agent_stopped("Tysabri", "2026-04")]
    story = given(*told, submitted(**PLANNED), today=TODAY).then_finding("NR.2", "not_met")
    story.when(agent_entry_voided(2)).then(OtherAgentEntryVoided)
    story.then_finding("NR.2", "met")


def test_of_two_stops_the_mistaken_one_is_voided() -> None:
    told = [
        agent_started("Tysabri", "2025-03"),
        agent_stopped("Tysabri", "2026-05-20"),
        agent_stopped("Tysabri", "2026-04"),
    ]
    story = given(*told, submitted(**PLANNED), today=TODAY).then_finding("NR.2", "undetermined")
    story.and_given(agent_entry_voided(2)).then_finding("NR.2", "not_met")


def test_voiding_once_more_is_answered_as_elsewhere() -> None:
    story = given(agent_started("Tysabri", "2026-03"), agent_entry_voided(1))
    story.when(agent_entry_voided(1)).then_refused(Conflict, field="agent_entry_id")
    story.when(agent_entry_voided(2)).then_refused(NotFound, field="agent_entry_id")
    story.when(agent_started("Tysabri", "2026-03")).then(OtherAgentStarted)
    story.when(agent_entry_voided(2)).then(OtherAgentEntryVoided)


@pytest.mark.parametrize("actor", [OFFICE, CLAIMS])
def test_only_people_of_the_plan_void_an_entry(actor: object) -> None:
    assert MAY[VoidAgentEntry] == frozenset({"reviewer", "clinician", "appeals_clinician"})
    given(agent_started("Tysabri", "2026-03")).when(agent_entry_voided(1).by(actor)).then_refused(NotPermitted)  # type: ignore[arg-type]


def test_whether_an_entry_can_be_voided_is_known_beforehand() -> None:
    story = given(agent_started("Tysabri", "2026-03"), agent_entry_voided(1), agent_started("Tysabri", "2026-03"))
    occasion = Occasion(datetime(2026, 4, 28, 12, tzinfo=UTC), ZONE, NURSE)
    refusals = [may(story.known, occasion, VoidAgentEntry, f"{PATIENT}.g{number}") for number in (1, 2)]
    assert [type(one) for one in refusals] == [Conflict, type(None)]
