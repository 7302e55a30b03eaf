"""The ways to an approval, in words for a terminal: rendered from the facts they name, never written by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from api.text.eligibility import eligibility_rows, headline, path_in_words
from domain.facts import Facts
from domain.policy.assessment import assess
from domain.policy.shortest_paths import what_if
from projections.eligibility import eligibility
from tests.policy.cases import AS_OF, NEWEST, initial, later, tried
from tests.story import MEETS_A, given, submitted


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (initial(), "no information needed, a person decides"),
        (initial(hiv_infection=None), "HIV status (approvable if negative)"),
        (initial(birth_date="2009-05-01"), "no information needed, from 2026-05-01 on"),
        (
            initial(birth_date="2009-05-01", hiv_infection=None),
            "HIV status (approvable if negative), from 2026-05-01 on",
        ),
        (initial(birth_date=None), "birth date (approvable if 2009-04-28 or earlier)"),
        (
            initial(aggressive_disease__mri={"finding": True}),
            "a document for 1.A.iii.d(3), with a review that finds it supportive",
        ),
        (
            initial(aggressive_disease__mri={"documentation": "attached"}),
            "the finding for 1.A.iii.d(3) (approvable if present)",
        ),
        (
            initial(aggressive_disease__mri={}),
            "the finding and a document for 1.A.iii.d(3), with a review that finds it supportive",
        ),
        (
            initial(agents=tried("Avonex=?"), aggressive_disease__mri={"finding": True}, diagnosis=None),
            "diagnosis (approvable if multiple sclerosis) and a document for 1.A.iii.d(3), "
            "with a review that finds it supportive",
        ),
        (
            initial(agents=tried("Kesimpta=?"), aggressive_disease__mri={"finding": False}),
            "Kesimpta, outcome (approvable if inadequate efficacy or significant intolerance)",
        ),
        (
            initial(agents=tried("ofatumumab"), aggressive_disease__mri={"finding": False}),
            "ofatumumab, product (approvable if ofatumumab subcutaneous)",
        ),
        (
            initial(agents=tried("Tysabry"), aggressive_disease__mri={"finding": False}),
            "Tysabry, product (for example Tysabri, Kesimpta or natalizumab)",
        ),
        (
            initial(agents={}, aggressive_disease__mri={"finding": False}),
            "one more agent that was tried (for example Kesimpta, natalizumab or Briumvi, approvable if"
            " inadequate efficacy or significant intolerance)",
        ),
        (
            later(requested_dosing={}, response={"symptom": None, "objective_measure": False}),
            "response by a symptom (approvable if yes) and requested dosing (approvable if 12 mg a day, "
            "3 days, intravenous)",
        ),
        (
            initial(
                prior_treatment={"received_lemtrada": True, "completed_course": False},
                requested_dosing__consecutive_days=3,
            ),
            "doses given in the current course (approvable if 2 or 1)",
        ),
    ],
)
def test_a_way_says_what_to_send_and_what_it_would_have_to_say(facts: Facts, words: str) -> None:
    assert path_in_words(what_if(assess(facts, AS_OF, NEWEST), NEWEST)[0]) == words


def rows(statement: dict[str, Any] | None, label: str) -> list[str]:
    story = given() if statement is None else given(submitted(MEETS_A | statement))
    answer = eligibility(story.known, date(2026, 4, 28))
    return [sentence for name, sentence in eligibility_rows(answer, "America/New_York") if name == label]


def test_each_way_has_a_row() -> None:
    assert rows({"hiv_infection": None}, "To be approved") == ["HIV status (approvable if negative)"]
    assert rows({"hiv_infection": True}, "To be approved") == ["no further information can change this"]
    assert rows({}, "To be approved") == []


def test_where_only_a_clinician_can_be_reached_the_row_says_so() -> None:
    outside = {"requested_dosing": {"mg_per_day": 24, "consecutive_days": 5, "route": "intravenous"}}
    assert rows(outside | {"hiv_infection": None}, "For review") == ["HIV status (approvable if negative)"]


def test_of_many_ways_the_first_are_shown_and_the_others_counted() -> None:
    found = rows(None, "To be approved")
    assert [one.split()[0] for one in found] == ["diagnosis", "or", "or", "or", "or"]
    assert found[-1] == "or 18 other paths of the same length"


def test_of_an_agent_that_is_taken_it_asks_when_it_is_stopped() -> None:
    gilenya = {"product": "Gilenya", "outcome": "adequate", "still_taken": True}
    story = given(submitted(MEETS_A | {"agents": [*MEETS_A["agents"], gilenya]}))
    judged = eligibility(story.known, date(2026, 5, 4)).approvable
    assert judged is not None
    assert path_in_words(judged.ways[0]) == "Gilenya, stop date (approvable if 2026-05-03 or earlier)"


def test_without_a_policy_version_the_short_answer_says_so() -> None:
    """A patient whose only request was received before the first policy version that is known."""
    scenario = given(submitted(MEETS_A, received_on="2010-05-03"))
    answer = eligibility(scenario.known, AS_OF)
    assert answer.approvable is None
    assert headline(answer) == f"Path A, course 1: {str(answer.edition_problem).removesuffix('.')}."
