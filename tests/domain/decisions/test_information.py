"""What is asked for is exactly what is open; what comes is a fact, whenever it comes; what was wrong is corrected."""

from __future__ import annotations

from typing import Any

import pytest

from domain.errors import AlreadyRecorded, InvalidCommand, NotPermitted
from domain.events.determinations import CourseApproved
from domain.events.requests import InformationSupplied, StatementCorrected
from domain.history.state import PatientHistory
from domain.review.assess_request import request_assessment
from domain.review.statements import supplemented
from tests.story import (
    MEETS_A,
    MRI,
    OFFICE,
    Scenario,
    approved,
    approved_by_clinician,
    died,
    document_voided,
    given,
    information_requested,
    reported,
    sent,
    statement_corrected,
    submitted,
    supplied,
    withdrawn,
)

OTHER_SIGNS = ("rapid_deterioration", "disabling_relapses", "cognitive_impairment")
NO_OTHER_SIGN = {one: {"finding": False} for one in OTHER_SIGNS}
RESTS_ON_THE_MRI = MEETS_A | {"agents": [], "aggressive_disease": NO_OTHER_SIGN | {"mri": {"finding": True}}}
TWO_OPEN = RESTS_ON_THE_MRI | {"hiv_infection": None}
NO_HIV = {"hiv_infection": False}


def asking() -> Scenario:
    """Two clauses are open, and both are asked for."""
    return given(submitted(TWO_OPEN).by(OFFICE), information_requested())


# -- answered ---------------------------------------------------------------------------------


def test_answered_in_full_once_each_clause_has_its_fact_or_a_document_meant_for_it() -> None:
    scenario = asking().when(supplied(NO_HIV)).then(InformationSupplied, answers_in_full=False)
    assert scenario.known.requests[0].awaits is not None
    scenario.when(supplied({}, sent("MRI of March", MRI))).then(InformationSupplied, answers_in_full=True)
    assert scenario.known.requests[0].awaits is None


@pytest.mark.parametrize(
    ("clause", "in_full"),
    [(MRI, True), ("1.A.iii.d", True), ("1.A", True), ("1.A.iii.d(1)", False), ("NR.3", False), (None, False)],
)
def test_a_document_counts_for_its_clause_or_for_the_group_that_holds_it(clause: str | None, in_full: bool) -> None:
    asking().when(supplied(NO_HIV, sent("MRI of March", clause))).then(InformationSupplied, answers_in_full=in_full)


def test_a_document_from_before_the_question_does_not_answer_it() -> None:
    scenario = given(submitted(TWO_OPEN).by(OFFICE), supplied({}, sent("MRI of March", MRI)), information_requested())
    scenario.when(supplied(NO_HIV)).then(InformationSupplied, answers_in_full=False)


def test_a_voided_document_answers_nothing() -> None:
    scenario = asking().and_given(supplied({}, sent("MRI of March", MRI)), document_voided(1))
    scenario.when(supplied(NO_HIV)).then(InformationSupplied, answers_in_full=False)


def test_of_two_questions_both_must_be_answered() -> None:
    scenario = asking().and_given(
        supplied(NO_HIV), statement_corrected(RESTS_ON_THE_MRI | {"diagnosis": None}), information_requested()
    )
    scenario.when(supplied({"diagnosis": "multiple_sclerosis"})).then(InformationSupplied, answers_in_full=False)
    scenario.when(supplied({}, sent("MRI of March", MRI))).then(InformationSupplied, answers_in_full=True)
    assert all(one.answered_at is not None for one in scenario.known.requests[0].askings)


def test_in_full_once_the_last_part_was_received_whichever_was_recorded_first() -> None:
    """What was received on 5 May is recorded after what came on the 8th."""
    scenario = asking().on("2026-05-08").and_given(supplied(NO_HIV, on="2026-05-08"))
    scenario.on("2026-05-11").when(supplied(None, sent("MRI", MRI), on="2026-05-05"))
    scenario.then(InformationSupplied, answers_in_full=True)
    assert str(scenario.known.requests[0].askings[0].answered_at) == "2026-05-08 15:30:00+00:00"


def test_what_nobody_asked_for_answers_nothing() -> None:
    given(submitted(TWO_OPEN)).when(supplied(NO_HIV)).then(InformationSupplied, answers_in_full=False)


def test_an_answer_that_points_to_what_came_another_way_sets_the_clock_going() -> None:
    """The treatment that was asked about is reported by itself; the answer then says no more than that."""
    unknown = MEETS_A | {"received_lemtrada": None}
    scenario = given(submitted(unknown), information_requested())
    scenario.when(supplied()).then_refused(InvalidCommand, field="statement")
    scenario.and_given(reported())
    scenario.when(supplied()).then(InformationSupplied, answers_in_full=True, fields=(), documents=())


# -- supplied, asked for or not ---------------------------------------------------------------


def test_facts_are_never_refused_also_after_the_determination() -> None:
    scenario = given(submitted(), approved())
    scenario.when(supplied({"rems_enrolled": True})).then(InformationSupplied, fields=("statement.rems_enrolled",))
    given(submitted(), withdrawn()).when(supplied({"rems_enrolled": True})).then(InformationSupplied)
    given(submitted(), died("2026-04-20")).when(supplied({"rems_enrolled": True})).then(InformationSupplied)


def test_later_answers_use_what_was_supplied_and_earlier_ones_do_not() -> None:
    scenario = given(submitted(MEETS_A | {"hiv_infection": None}), supplied(NO_HIV))
    before, after = scenario.versions[-2:]
    assert said(before, scenario) == "pend"
    assert said(after, scenario) == "approve"


def said(history: PatientHistory, scenario: Scenario) -> str:
    return request_assessment(history, history.requests[-1], scenario.today).assessment.recommendation


@pytest.mark.parametrize("received_at", ["2026-04-29T09:00:00-04:00", "2026-04-28T09:59:59-04:00"])
def test_it_was_received_after_the_request_and_not_in_the_future(received_at: str) -> None:
    given(submitted(TWO_OPEN)).when(supplied(NO_HIV, received_at=received_at)).then_refused(
        InvalidCommand, field="received_at"
    )


def test_what_changes_nothing_is_no_fact() -> None:
    given(submitted()).when(supplied({"diagnosis": "multiple_sclerosis"})).then_refused(InvalidCommand)
    given(submitted()).when(supplied()).then_refused(InvalidCommand)


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"birth_date": "2026-05"}, "statement.birth_date"),
        (
            {"agents": [{"product": "Ocrevus"}, {"product": "Tysabri", "started_on": "2020", "stopped_on": "2019"}]},
            "statement.agents.1.stopped_on",
        ),
    ],
)
def test_dates_that_cannot_be_meant_are_refused_wherever_they_are_stated(facts: dict[str, Any], field: str) -> None:
    given().when(submitted(MEETS_A | facts)).then_refused(InvalidCommand, field=field)
    given(submitted()).when(supplied(facts)).then_refused(InvalidCommand, field=field)
    given(submitted()).when(statement_corrected(MEETS_A | facts)).then_refused(InvalidCommand, field=field)


def test_a_consultation_that_is_supplied_counts() -> None:
    assistant = {"name": "Ada Assistant", "specialty": "neurology", "credential": "physician_assistant"}
    scenario = given(submitted(prescriber=assistant)).then_recommended("pend", needed=("1.A.iv",))
    named = {"specialty": "neurology", "name": "Max Specialist"}
    scenario.when(supplied(consultation=named)).then(InformationSupplied, fields=("consultation",))
    scenario.then_recommended("approve", scope="A")
    scenario.when(supplied(consultation=named)).then_refused(InvalidCommand)


# -- how a supplement is laid over the statement ----------------------------------------------


def test_only_what_is_given_changes_down_to_the_half_of_a_sign() -> None:
    scenario = given(submitted(RESTS_ON_THE_MRI).by(OFFICE))
    half = {"aggressive_disease": {"mri": {"documentation": "none_exists"}}, "response": {"symptom": True}}
    scenario.when(supplied(half)).then(
        InformationSupplied,
        fields=("statement.aggressive_disease.mri.documentation", "statement.response.symptom"),
    )
    stated = scenario.known.requests[0].statement
    assert (stated.aggressive_disease.mri.finding, stated.hiv_infection) == (True, False)
    scenario.then_finding(MRI, "not_met")


def agents(*products: str, **values: Any) -> dict[str, Any]:
    return {"agents": [{"product": one} | values for one in products]}


@pytest.mark.parametrize(
    ("before", "told", "after"),
    [
        (["Ocrevus"], ["Tysabri"], ["Ocrevus", "Tysabri*"]),
        (["Ocrevus", "Tysabri"], ["OCREVUS"], ["OCREVUS*", "Tysabri"]),
        # Another brand of one ingredient is another product; a generic name and its one brand are the same.
        (["Copaxone"], ["Glatopa"], ["Copaxone", "Glatopa*"]),
        (["Tysabri"], ["natalizumab"], ["natalizumab*"]),
        (["natalizumab"], ["Tysabri"], ["Tysabri*"]),
        (["Copaxone", "Glatopa"], ["glatiramer acetate"], ["Copaxone", "Glatopa", "glatiramer acetate*"]),
        # The entries told of a product take the place of all that there were.
        (["Tysabri", "Ocrevus", "Tysabri"], ["Tysabri"], ["Tysabri*", "Ocrevus"]),
        (["Ocrevus"], ["Ocrevus", "ocrelizumab", "Ocrevus"], ["Ocrevus*", "Ocrevus*", "ocrelizumab*"]),
        (["Quixomab"], ["quixomab", "Rubimab"], ["quixomab*", "Rubimab*"]),
    ],
)
def test_an_agent_takes_the_place_of_the_same_product_or_is_added(
    before: list[str], told: list[str], after: list[str]
) -> None:
    scenario = given(submitted(MEETS_A | agents(*before)), supplied(agents(*told, outcome="adequate")))
    stated = scenario.known.requests[0].statement.agents
    assert [f"{one.product}{'*' if one.outcome else ''}" for one in stated] == after


def test_codes_are_added_and_said_once() -> None:
    scenario = given(submitted(MEETS_A | {"diagnosis_codes": ["G35", "G35.A"]}))
    scenario.when(supplied({"diagnosis_codes": ["G35.A", "G35.C1"]})).then(
        InformationSupplied, fields=("statement.diagnosis_codes",)
    )
    assert scenario.known.requests[0].statement.diagnosis_codes == ("G35", "G35.A", "G35.C1")


@pytest.mark.parametrize(("name", "most"), [("diagnosis_codes", 20), ("agents", 100)])
def test_a_statement_holds_only_so_much(name: str, most: int) -> None:
    entries: list[Any] = [f"entry {number}" for number in range(most + 1)]
    if name == "agents":
        entries = [{"product": one} for one in entries]
    scenario = given(submitted(MEETS_A | {name: entries[:most]}))
    scenario.when(supplied({name: entries[most:]})).then_refused(InvalidCommand, field=f"statement.{name}")


def test_a_supplement_laid_over_twice_is_laid_over_once() -> None:
    base = given(submitted(MEETS_A)).known.requests[0].statement
    told = given(submitted(TWO_OPEN | agents("Tysabri", "Ocrevus"))).known.requests[0].statement
    once = supplemented(base, told)
    assert supplemented(once, told) == once
    assert supplemented(base, base) == base


# -- corrected (R23) --------------------------------------------------------------------------


def test_a_correction_names_what_changed_and_every_later_answer_uses_it() -> None:
    scenario = given(submitted(MEETS_A | {"ms_form": "primary_progressive"})).then_recommended("not_recommended")
    scenario.when(statement_corrected(MEETS_A)).then(
        StatementCorrected, fields=("statement.ms_form",), reason="Misread from the fax."
    )
    scenario.then_recommended("approve", scope="A")
    assert [said(one, scenario) for one in scenario.versions[-2:]] == ["not_recommended", "approve"]


def test_a_correction_is_whole_and_what_it_leaves_out_is_not_stated() -> None:
    scenario = given(submitted())
    scenario.when(statement_corrected(MEETS_A | {"hiv_infection": None, "agents": MEETS_A["agents"][:1]})).then(
        StatementCorrected, fields=("statement.agents.1", "statement.hiv_infection")
    )
    scenario.then_finding("NR.3", "undetermined")


def test_of_two_corrections_the_last_holds() -> None:
    scenario = given(submitted(), statement_corrected(MEETS_A | {"hiv_infection": True}))
    scenario.then_finding("NR.3", "met").and_given(statement_corrected(MEETS_A)).then_finding("NR.3", "not_met")


def test_a_correction_that_changes_nothing_is_refused() -> None:
    given(submitted()).when(statement_corrected(MEETS_A)).then_refused(InvalidCommand, field="statement")


def test_line_and_consultation_stand_unless_they_are_corrected_too() -> None:
    named = {"specialty": "ms_specialist", "name": "Max Specialist"}
    scenario = given(submitted(consultation=named))
    scenario.when(statement_corrected(MEETS_A, line_of_business="medicaid")).then(
        StatementCorrected, fields=("line_of_business",), line_of_business="medicaid"
    )
    request = scenario.known.requests[0]
    assert request.consultation is not None
    assert (request.line_of_business, request.consultation.name) == ("medicaid", "Max Specialist")
    other = {"specialty": "neurology", "name": "Nele Other"}
    scenario.when(statement_corrected(MEETS_A, consultation=other)).then(StatementCorrected, fields=("consultation",))


def test_what_was_decided_stays_as_it_was_when_the_statement_is_corrected() -> None:
    scenario = given(submitted(), approved())
    before = scenario.known.requests[0].determination
    scenario.when(statement_corrected(MEETS_A | {"hiv_infection": True})).then(StatementCorrected)
    assert scenario.known.requests[0].determination == before
    assert scenario.known.requests[0].status == "approved"
    scenario.then_finding("NR.3", "met")


def test_the_office_supplies_and_does_not_correct() -> None:
    given(submitted()).when(statement_corrected(TWO_OPEN).by(OFFICE)).then_refused(NotPermitted)


# -- from the question to the approval --------------------------------------------------------


def test_asked_supplied_and_approved() -> None:
    scenario = given(submitted(MEETS_A | {"hiv_infection": None}).by(OFFICE)).then_recommended("pend", needed=("NR.3",))
    scenario.and_given(information_requested()).on("2026-05-06")
    scenario.when(supplied(NO_HIV)).then(InformationSupplied, answers_in_full=True)
    scenario.when(approved()).then(CourseApproved)


def test_a_document_that_is_on_record_is_not_supplied_again() -> None:
    scenario = asking().and_given(supplied({}, sent("MRI of March", MRI)))
    scenario.when(supplied(NO_HIV, sent("MRI of March", MRI))).then_refused(AlreadyRecorded, field="documents.0.sha256")
    # Nothing of a refused command is kept: the fact is sent again without it.
    assert scenario.known.requests[0].statement.hiv_infection is None
    scenario.when(approved_by_clinician()).then(CourseApproved)
