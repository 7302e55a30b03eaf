"""From what the prescriber stated and the record shows to what the policy is asked (R14, R15, R17 to R19)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.story import MEETS_A, NURSE, OFFICE, PHYSICIAN, Scenario, given, submitted

RECEIVED = "2026-04-28"
PLANNED = "2026-05-10"


# -- documents (R14) --------------------------------------------------------------------------

ATTACHED = MEETS_A | {
    "agents": [],
    "aggressive_disease": {
        "rapid_deterioration": {"finding": False},
        "disabling_relapses": {"finding": False},
        "mri": {"finding": True, "documentation": "attached"},
        "cognitive_impairment": {"finding": True, "documentation": "none_exists"},
    },
}


def test_a_document_of_the_requester_does_not_count_before_a_person_of_the_plan_read_it() -> None:
    scenario = given(submitted(ATTACHED).by(OFFICE)).then_recommended("pend", needed=("1.A.iii.d(3)",))
    scenario.then_finding("1.A.iii.d(4)", "not_met")
    assert any("was received and is not yet reviewed" in note for note in scenario.judged().assessment.advisories)
    assert scenario.known.requests[0].statement.aggressive_disease.mri.documentation == "attached"


@pytest.mark.parametrize("reader", [NURSE, PHYSICIAN], ids=["reviewer", "clinician"])
def test_recorded_by_a_person_of_the_plan_it_does(reader: Any) -> None:
    scenario = given(submitted(ATTACHED).by(reader)).then_recommended("approve", scope="A")
    assert not any("document" in note for note in scenario.judged().assessment.advisories)


# -- diagnosis codes (R15) --------------------------------------------------------------------

FORM_BY_CODE = {
    "G35.A": "relapsing",
    "G35.C1": "relapsing",
    "G35.B0": "not relapsing",
    "G35.B1": "not relapsing",
    "G35.B2": "not relapsing",
    "G35.C2": "not relapsing",
    "G35.C0": "silent",
    "G35.D": "silent",
    "G35": "silent",
}


@pytest.mark.parametrize(("code", "says"), FORM_BY_CODE.items())
@pytest.mark.parametrize("form", ["relapsing_remitting", "active_secondary_progressive"])
def test_a_code_against_a_relapsing_form_sends_the_request_to_a_clinician(form: str, code: str, says: str) -> None:
    scenario = given(submitted(MEETS_A | {"ms_form": form, "diagnosis_codes": [code]}))
    if says == "not relapsing":
        scenario.then_recommended("refer", "diagnosis_code_contradicts")
    else:
        scenario.then_recommended("approve")


@pytest.mark.parametrize("code", ["g35.b1", "G35B1", " G35B1 "])
def test_a_code_is_read_with_or_without_its_dot(code: str) -> None:
    scenario = given(submitted(MEETS_A | {"diagnosis_codes": ["G35.A", code]}))
    scenario.then_recommended("refer", "diagnosis_code_contradicts")


def test_a_code_never_makes_a_form_met_or_not_met() -> None:
    for code in FORM_BY_CODE:
        scenario = given(submitted(MEETS_A | {"ms_form": None, "diagnosis_codes": [code]}))
        scenario.then_finding("1.A.ii", "undetermined").then_finding("NR.4", "undetermined")
    given(submitted(MEETS_A | {"ms_form": "primary_progressive", "diagnosis_codes": ["G35.A"]})).then_recommended(
        "not_recommended"
    )


# -- concurrent use (R17) ---------------------------------------------------------------------


def continues(agent: dict[str, Any] | None, planned: str | None, **stated: Any) -> bool | None:
    agents = [*MEETS_A["agents"], *([{"product": "Tysabri", "outcome": "adequate"} | agent] if agent else [])]
    statement = MEETS_A | {"agents": agents} | stated
    scenario = given(submitted(statement, planned_first_infusion_on=planned), today=RECEIVED)
    return scenario.facts().other_dmt_continues


@pytest.mark.parametrize(
    ("stopped", "still_taken", "planned", "answer"),
    [
        # A stop date before the planned day clears it; on the day, or after it, it is still taken.
        ("2026-05-09", None, PLANNED, False),
        ("2026-05-10", None, PLANNED, True),
        ("2026-05-11", None, PLANNED, True),
        ("2026-05", None, PLANNED, None),
        ("2026-04", None, PLANNED, False),
        ("2026-06", None, PLANNED, True),
        ("2026", None, PLANNED, None),
        # Still taken now, with a stop that is planned.
        ("2026-05-09", True, PLANNED, False),
        ("2026-05-10", True, PLANNED, True),
        # Not taken any more.
        ("2026-04-27", False, PLANNED, False),
        ("2026-04", False, PLANNED, False),
        # The statement contradicts its own date.
        ("2026-04-27", True, PLANNED, None),
        ("2026-05-09", False, PLANNED, None),
        # Without a planned day only a stop before today clears it.
        ("2026-04-27", None, None, False),
        ("2026-04-28", None, None, None),
        ("2026-05-09", None, None, None),
        # Without a stop date.
        (None, True, PLANNED, True),
        (None, True, None, None),
        (None, False, PLANNED, False),
        (None, False, None, False),
        (None, None, PLANNED, None),
        (None, None, None, None),
    ],
)
@pytest.mark.parametrize("started", [None, "2020-01", "2026-04-01"])
def test_another_agent_still_taken_on_the_planned_day(
    started: str | None, stopped: str | None, still_taken: bool | None, planned: str | None, answer: bool | None
) -> None:
    agent = {"started_on": started, "stopped_on": stopped, "still_taken": still_taken}
    assert continues(agent, planned) is answer


@pytest.mark.parametrize("product", ["Lemtrada", "alemtuzumab", "Campath", "prednisone", "baclofen"])
def test_lemtrada_steroids_and_symptom_drugs_are_not_another_agent(product: str) -> None:
    agent = {"product": product, "still_taken": True}
    assert continues(agent, PLANNED, received_lemtrada=True) is False


@pytest.mark.parametrize("product", ["rituximab", "Quixomab"])
def test_an_agent_that_is_not_listed_neither_excludes_nor_clears(product: str) -> None:
    assert continues({"product": product, "still_taken": True}, PLANNED) is None
    assert continues({"product": product, "stopped_on": "2026-04-01"}, PLANNED) is False


def test_without_a_complete_list_only_the_statement_clears() -> None:
    assert continues(None, PLANNED, agents_list_is_complete=None) is None
    assert continues(None, PLANNED, agents_list_is_complete=False) is None
    assert continues(None, PLANNED, agents_list_is_complete=None, other_dmt_continues=False) is False
    assert continues(None, PLANNED) is False
    assert continues(None, PLANNED, other_dmt_continues=True) is True


def test_an_agent_known_to_be_taken_beats_a_statement_of_none() -> None:
    assert continues({"still_taken": True}, PLANNED, other_dmt_continues=False) is True


# -- Campath (R18) ----------------------------------------------------------------------------


def test_campath_is_shown_and_not_counted() -> None:
    agents = [{"product": "Campath", "outcome": "inadequate_efficacy"}, MEETS_A["agents"][1]]
    scenario = given(submitted(MEETS_A | {"agents": agents}))
    scenario.then_finding("1.A.iii.c", "not_met").then_finding("1.A.iii.a", "not_met")
    assert scenario.facts().prior_treatment.received_lemtrada is False
    assert any("Campath" in note for note in scenario.judged().assessment.advisories)


def test_so_is_a_plain_statement_of_it() -> None:
    scenario = given(submitted(MEETS_A | {"campath_received": True})).then_recommended("approve", scope="A")
    assert any("Campath" in note for note in scenario.judged().assessment.advisories)


# -- specialist (R19) -------------------------------------------------------------------------


def by_prescriber(consultation: dict[str, Any] | None = None, **prescriber: Any) -> Scenario:
    values = {"name": "Nora", "specialty": "neurology", "credential": "physician"} | prescriber
    return given(submitted(prescriber=values, consultation=consultation))


@pytest.mark.parametrize("specialty", ["neurology", "ms_specialist"])
def test_a_physician_of_the_specialty_needs_no_consultation(specialty: str) -> None:
    by_prescriber(specialty=specialty).then_finding("1.A.iv", "met")


@pytest.mark.parametrize("credential", ["nurse_practitioner", "physician_assistant", "nurse", "pharmacist", "none"])
def test_everybody_else_in_neurology_needs_it(credential: str) -> None:
    by_prescriber(credential=credential).then_finding("1.A.iv", "undetermined")
    none = {"specialty": "none"}
    by_prescriber(none, credential=credential).then_finding("1.A.iv", "not_met")
    named = {"specialty": "neurology", "name": "Max Specialist"}
    by_prescriber(named, credential=credential).then_finding("1.A.iv", "met")


@pytest.mark.parametrize(
    ("consultation", "answer"),
    [
        ({"specialty": "neurology", "name": "Max Specialist"}, "met"),
        ({"specialty": "ms_specialist", "name": "Max Specialist"}, "met"),
        ({"specialty": "neurology"}, "undetermined"),
        ({"specialty": "other", "name": "Ira Internist"}, "not_met"),
        ({"specialty": "other"}, "not_met"),
        ({"specialty": "none"}, "not_met"),
        (None, "undetermined"),
    ],
)
def test_only_a_named_consultation_with_a_specialist_counts(consultation: dict[str, Any] | None, answer: str) -> None:
    by_prescriber(consultation, specialty="other").then_finding("1.A.iv", answer)
