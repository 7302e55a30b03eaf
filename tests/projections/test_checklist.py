"""The policy's outline as a checklist: in its order, with what decides lit, what is missing first, and who said so."""

from __future__ import annotations

from typing import Any

from domain.history.state import requester_key
from domain.policy.editions import edition_named
from projections.checklist import Checklist, Item, checklist
from tests.story import CLAIMS, MEETS_A, MEETS_B, NURSE, OFFICE, Scenario, first_course, given, submitted

NO_AGENT: dict[str, Any] = MEETS_A | {"agents": []}
NO_SIGN = {"finding": False}
NOTHING_FOR_IT = NO_AGENT | {
    "aggressive_disease": dict.fromkeys(
        ("rapid_deterioration", "disabling_relapses", "mri", "cognitive_impairment"), NO_SIGN
    )
}


def of(scenario: Scenario, office: str | None = None) -> Checklist:
    request = scenario.known.requests[-1]
    return checklist(scenario.judged().assessment, scenario.known, scenario.events, request.request_id, office)


def item(found: Checklist, citation: str) -> Item:
    return next(one for one in found.walk() if one.citation == citation)


def test_every_clause_of_the_edition_is_there_once_under_its_own() -> None:
    scenario = given(submitted())
    found = of(scenario)
    assessment = scenario.judged().assessment
    assert {one.citation for one in found.walk()} == {one.citation for one in assessment.findings}
    assert len(list(found.walk())) == len(assessment.findings)
    edition = edition_named(found.edition)
    assert [one.citation for one in found.criteria] == ["1", *(path.citation for path in edition.paths)]
    assert [one.citation for one in item(found, "1.A.iii").items] == [f"1.A.iii.{letter}" for letter in "abcd"]


def test_answers_and_sentences_are_those_of_the_assessment() -> None:
    scenario = given(submitted(NOTHING_FOR_IT))
    assessment = scenario.judged().assessment
    for one in of(scenario).walk():
        finding = assessment.finding(one.citation)
        assert (one.answer, one.sentence, one.missing) == (finding.answer, finding.sentence, finding.missing)
        assert tuple(reading.number for reading in one.readings) == finding.readings


def test_of_what_is_recommended_the_path_that_is_met_is_lit_and_not_the_other() -> None:
    found = of(given(submitted()))
    assert item(found, "1.A").is_lit
    assert item(found, "1.A.iii.a").is_lit
    assert item(found, "Dosing.A").is_lit
    assert not item(found, "1.B").is_lit
    assert not item(found, "1.A.iii.d(3)").is_lit
    assert (found.missing, found.against) == ((), ())


def test_of_what_is_open_the_missing_leaves_come_first_and_are_lit_with_all_above_them() -> None:
    scenario = given(submitted(MEETS_A | {"hiv_infection": None, "ms_form": None}))
    found = of(scenario)
    assert {one.citation for one in found.missing} == set(scenario.judged().assessment.needed)
    assert {"1.A.ii", "NR.3"} <= {one.citation for one in found.missing}
    assert all(one.is_lit and not one.items for one in found.missing)
    assert item(found, "1.A").is_lit
    assert not item(found, "1.A.i").is_lit


def test_of_what_is_not_recommended_what_speaks_against_it_is_lit() -> None:
    found = of(given(submitted(NOTHING_FOR_IT)))
    against = {one.citation for one in found.against}
    assert "1.A.iii.a" in against
    assert all(item(found, one).is_lit for one in (*against, "1.A.iii", "1.A"))
    assert not item(found, "1.A.i").is_lit


def test_a_fact_of_the_statement_was_said_by_who_submitted_it() -> None:
    found = of(given(submitted().by(OFFICE)))
    (fact,) = item(found, "1.A.ii").facts
    (said,) = fact.said
    assert (fact.name, fact.value, said.by, said.version) == ("ms_form", "relapsing_remitting", OFFICE, 2)


def test_what_nobody_stated_was_said_by_nobody() -> None:
    (fact,) = item(of(given(submitted(MEETS_A | {"hiv_infection": None}))), "NR.3").facts
    assert (fact.value, fact.said) == (None, ())


def test_treatment_was_said_by_the_doses_on_record_and_not_by_the_prescriber() -> None:
    steps = [one.by(CLAIMS) for one in first_course("2025-03-03")]
    found = of(given(*steps, submitted(MEETS_B)))
    last = next(one for one in item(found, "1.B.iv").facts if one.name == "prior_treatment.last_dose_on")
    assert {one.by for one in last.said} == {CLAIMS}


def test_an_office_is_not_named_who_of_others_recorded_the_doses() -> None:
    steps = [one.by(NURSE) for one in first_course("2025-03-03")]
    scenario = given(*steps, submitted(MEETS_B).by(OFFICE))
    seen = item(of(scenario, requester_key(OFFICE)), "1.B.iv")
    assert NURSE not in {said.by for fact in seen.facts for said in fact.said}
    whole = item(of(scenario), "1.B.iv")
    assert NURSE in {said.by for fact in whole.facts for said in fact.said}
