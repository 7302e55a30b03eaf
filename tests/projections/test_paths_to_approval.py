"""What would lead to an approval, asked of a whole history: what to send, from which day, or why nothing would."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from projections.eligibility import WAYS_LISTED_MAX, Approvable, eligibility
from tests.story import (
    MEETS_A,
    MEETS_B,
    PHYSICIAN,
    Scenario,
    agent_started,
    agent_stopped,
    approved,
    closed,
    denied,
    doses,
    given,
    submitted,
    supplied,
)


def approvable(scenario: Scenario, on: str) -> Approvable:
    found = eligibility(scenario.known, date.fromisoformat(on)).approvable
    assert found is not None
    return found


def told(judged: Approvable) -> list[dict[str, Any]]:
    return [{supply.field: supply.value for supply in way.supplies} for way in judged.ways]


def test_an_open_request_waits_for_one_fact() -> None:
    judged = approvable(given(submitted(MEETS_A | {"hiv_infection": None})), "2026-04-28")
    assert told(judged) == [{"hiv_infection": False}]
    assert (judged.ways[0].leads_to, judged.ways[0].from_day) == ("approve", None)
    assert judged.ways[0].supplies[0].settles == ("NR.3",)


def test_a_request_that_can_be_approved_has_nothing_left_to_send() -> None:
    judged = approvable(given(submitted()), "2026-04-28")
    assert judged.recommendation == "approve"
    assert [(way.size, way.from_day) for way in judged.ways] == [(0, None)]


def test_a_document_counts_once_a_reviewer_found_that_it_supports_the_finding() -> None:
    """R14: the same statement, sent by the prescriber's office, waits for a person of the plan."""
    signs = {"mri": {"finding": True, "documentation": "not_attached"}}
    judged = approvable(given(submitted(MEETS_A | {"agents": [], "aggressive_disease": signs})), "2026-04-28")
    assert told(judged)[0] == {"aggressive_disease.mri.documentation": "attached"}
    assert [supply.needs_document for supply in judged.ways[0].supplies] == [True]
    assert judged.ways[0].supplies[0].settles == ("1.A.iii.d(3)",)


GILENYA = {"product": "Gilenya", "outcome": "adequate", "still_taken": True}


@pytest.mark.parametrize("planned_on", ["2026-05-10", None])
@pytest.mark.parametrize("how", ["by the office", "on record"])
def test_an_agent_that_is_taken_needs_the_day_on_which_it_stops(planned_on: str | None, how: str) -> None:
    """R17: that none will be taken beside Lemtrada is not enough where one is said to be taken."""
    story = given(submitted(MEETS_A | {"agents": [*MEETS_A["agents"], GILENYA]}, planned_first_infusion_on=planned_on))
    story.on("2026-05-04")
    if planned_on is not None:
        # Stated with the plan, it is beside the infusions; a month of stopping leaves it open.
        story.and_given(agent_stopped("Gilenya", "2026-05"))
    assert story.judged().assessment.needed == ("NR.2",)
    (way,) = approvable(story, "2026-05-04").ways
    (supply,) = way.supplies
    latest = "2026-05-09" if planned_on is not None else "2026-05-03"
    assert (supply.field, supply.about, supply.value, supply.or_earlier) == (
        "agents.stopped_on",
        "Gilenya",
        latest,
        True,
    )
    assert (way.size, supply.settles) == (1, ("NR.2",))
    stops = {"product": "Gilenya", "outcome": "adequate", "stopped_on": latest}
    story.and_given(supplied({"agents": [stops]}) if how == "by the office" else agent_stopped("Gilenya", latest))
    story.then_recommended("approve")


def test_an_agent_that_is_not_recognized_needs_the_day_on_which_it_stops_too() -> None:
    taken = {"product": "Tysabry", "outcome": "adequate", "still_taken": True}
    facts = MEETS_A | {"agents": [*MEETS_A["agents"], taken], "other_dmt_continues": False}
    story = given(submitted(facts, planned_first_infusion_on="2026-05-10")).on("2026-05-04")
    assert story.judged().assessment.needed == ("NR.2",)
    assert told(approvable(story, "2026-05-04")) == [{"agents.stopped_on": "2026-05-09"}]
    (needed,) = approvable(story, "2026-05-04").still_needed
    assert "not recognized, did you mean Tysabri?" in needed.sentence
    story.and_given(supplied({"agents": [taken | {"still_taken": None, "stopped_on": "2026-05-02"}]}))
    story.then_recommended("approve")


def test_two_stops_that_cannot_both_be_meant_are_settled_by_a_statement() -> None:
    told_of = [
        agent_started("Gilenya", "2025"),
        agent_stopped("Gilenya", "2026-05-20"),
        agent_stopped("Gilenya", "2026-05-05"),
    ]
    story = given(submitted(planned_first_infusion_on="2026-05-10"), *told_of).on("2026-05-06")
    assert story.judged().assessment.needed == ("NR.2",)
    assert told(approvable(story, "2026-05-06")) == [{"other_dmt_continues": False}]
    story.and_given(supplied({"other_dmt_continues": False})).then_recommended("approve")


def test_where_the_list_may_hold_more_it_needs_to_be_said_of_every_other_agent_too() -> None:
    facts = MEETS_A | {"agents": [*MEETS_A["agents"], GILENYA], "agents_list_is_complete": False}
    story = given(submitted(facts)).on("2026-05-04")
    assert told(approvable(story, "2026-05-04")) == [{"agents.stopped_on": "2026-05-03", "other_dmt_continues": False}]
    story.and_given(agent_stopped("Gilenya", "2026-05-03"))
    assert told(approvable(story, "2026-05-04")) == [{"other_dmt_continues": False}]
    story.and_given(supplied({"other_dmt_continues": False})).then_recommended("approve")


def test_a_later_course_that_was_denied_as_too_early_needs_only_time() -> None:
    story = given(*doses("2026-01-05", 5)).on("2026-06-01").and_given(submitted(MEETS_B), denied("1.B.iv"))
    judged = approvable(story, "2026-06-01")
    assert told(judged) == [{}]
    assert str(judged.ways[0].from_day) == "2027-01-09"
    promised = approvable(story.on("2027-01-09"), "2027-01-09")
    assert promised.recommendation == "approve"


def test_the_next_course_needs_time_and_a_response() -> None:
    story = given(submitted(), approved(), today="2026-03-02").and_given(*doses("2026-03-04", 5)).on("2026-06-01")
    judged = approvable(story, "2026-06-01")
    assert not judged.request_is_open
    assert told(judged) == [{"response.objective_measure": True}, {"response.symptom": True}]
    assert {str(way.from_day) for way in judged.ways} == {"2027-03-08"}


def test_after_a_course_that_was_closed_a_clinician_must_look() -> None:
    story = given(*doses("2026-03-04", 2)).on("2026-03-09").and_given(closed(1).by(PHYSICIAN))
    judged = approvable(story.on("2027-06-01").and_given(submitted(MEETS_B | {"hiv_infection": None})), "2027-06-01")
    assert told(judged) == [{"hiv_infection": False}]
    assert [way.leads_to for way in judged.ways] == ["refer"]


def test_against_a_known_exclusion_nothing_can_be_sent() -> None:
    judged = approvable(given(submitted(MEETS_A | {"hiv_infection": True, "diagnosis": None})), "2026-04-28")
    assert judged.ways == ()
    assert [one.clause for one in judged.speaking_against] == ["NR.3"]


@pytest.mark.parametrize("on", ["2024-10-10", "2026-04-28"])
def test_of_a_new_patient_the_first_ways_are_listed_and_the_others_counted(on: str) -> None:
    judged = approvable(given(), on)
    assert len(judged.ways) == WAYS_LISTED_MAX
    assert judged.ways_not_listed > 0
    assert len({way.size for way in judged.ways}) == 1
