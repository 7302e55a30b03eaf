"""The program recommends; a person decides: who may approve, deny or refer what, and with which words."""

from __future__ import annotations

from typing import Any

import pytest

from domain.commands.determinations import ApproveCourse
from domain.decisions.may import may
from domain.errors import AlreadyDecided, AssessmentMoved, InvalidCommand, NotFound, NotPermitted
from domain.events.base import Event
from domain.events.determinations import CourseApproved, RequestDenied, RequestReferred
from domain.people import Actor
from tests.story import (
    CLAIMS,
    MEETS_A,
    MEETS_B,
    NURSE,
    OFFICE,
    PHARMACIST,
    PHYSICIAN,
    PHYSICIAN_REVIEWER,
    Scenario,
    Step,
    approved,
    approved_by_clinician,
    denied,
    dose,
    first_course,
    given,
    referred,
    submitted,
)

CLINICIAN_NURSE = Actor(id="c.nurse", name="Clara Nurse", role="clinician", credential="nurse")

SITUATIONS: dict[str, dict[str, Any]] = {
    "approve": MEETS_A,
    "refer": MEETS_A | {"active_infection": True},
    "pend": MEETS_A | {"hiv_infection": None},
    "not_recommended": MEETS_A | {"hiv_infection": True},
}
CITED = {"approve": "1.A.i", "refer": "1.B", "pend": "NR.3", "not_recommended": "NR.3"}
PEOPLE = {
    "office": OFFICE,
    "claims": CLAIMS,
    "nurse": NURSE,
    "physician as reviewer": PHYSICIAN_REVIEWER,
    "pharmacist": PHARMACIST,
    "physician": PHYSICIAN,
    "nurse as clinician": CLINICIAN_NURSE,
}
EVERYBODY = set(PEOPLE)
CLINICIANS = {"pharmacist", "physician"}
REVIEWERS = {"nurse", "physician as reviewer"}

DECIDED: dict[str, type[Event]] = {"approve": CourseApproved, "deny": RequestDenied, "refer": RequestReferred}

MAY: dict[tuple[str, str], set[str]] = {
    ("approve", "approve"): REVIEWERS | CLINICIANS,
    ("approve", "refer"): CLINICIANS,
    ("approve", "pend"): CLINICIANS,
    ("approve", "not_recommended"): CLINICIANS,
    **{("deny", recommended): {"physician"} for recommended in SITUATIONS},
    **{("refer", recommended): REVIEWERS | CLINICIANS for recommended in SITUATIONS},
}


def act(action: str, recommended: str) -> Step:
    if action == "approve":
        return approved(rationale="As discussed with the prescriber.")
    return denied(CITED[recommended]) if action == "deny" else referred(rationale="Please look.")


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("recommended", SITUATIONS)
@pytest.mark.parametrize("action", ["approve", "deny", "refer"])
def test_who_may_do_what(action: str, recommended: str, who: str) -> None:
    scenario = given(submitted(SITUATIONS[recommended]))
    assert scenario.judged().assessment.recommendation == recommended
    scenario.when(act(action, recommended).by(PEOPLE[who]))
    if who in MAY[action, recommended]:
        scenario.then(DECIDED[action])
        assert scenario.events[-1].actor == PEOPLE[who]
    else:
        scenario.then_refused(NotPermitted)


@pytest.mark.parametrize("line", ["commercial", "medicare_advantage", "medicaid"])
def test_only_a_physician_denies_in_every_line_of_business(line: str) -> None:
    scenario = given(submitted(SITUATIONS["not_recommended"], line_of_business=line))
    scenario.when(denied("NR.3").by(PHARMACIST)).then_refused(NotPermitted, field="actor.credential")
    scenario.when(denied("NR.3")).then(RequestDenied, citing=("NR.3",))


def test_a_refusal_to_approve_names_the_clause_in_the_way() -> None:
    pending = given(submitted(SITUATIONS["pend"]))
    pending.when(approved()).then_refused(NotPermitted, field="actor.role", clause="NR.3")


def test_a_reviewer_is_told_that_it_is_not_theirs_before_anything_else() -> None:
    unknown = given(submitted(MEETS_A | {"received_lemtrada": None}))
    unknown.when(approved()).then_refused(NotPermitted, field="actor.role")


def test_a_reviewer_who_approves_fewer_doses_is_not_asked_to_correct_the_other_terms() -> None:
    """The patient never was treated, so path B is wrong too; that is for the clinician to correct, who may approve."""
    scenario = given(submitted())
    wrong = {"doses": 2, "path": "B"}
    scenario.when(approved(**wrong)).then_refused(NotPermitted, field="actor.role")
    scenario.when(approved_by_clinician(**wrong)).then_refused(InvalidCommand, field="path")


def test_that_a_command_is_not_for_a_role_is_known_before_its_terms() -> None:
    scenario = given(submitted())
    request = scenario.known.requests[0].request_id
    for actor, is_permitted in ((OFFICE, False), (CLAIMS, False), (NURSE, True)):
        refusal = may(scenario.known, scenario.moment(actor), ApproveCourse, request)
        assert refusal is None if is_permitted else isinstance(refusal, NotPermitted)


# -- what the stored determination says -------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "recommended", "departs"),
    [
        ("approve", "approve", False),
        ("approve", "refer", False),
        ("approve", "pend", True),
        ("approve", "not_recommended", True),
        ("deny", "approve", True),
        ("deny", "refer", False),
        ("deny", "pend", True),
        ("deny", "not_recommended", False),
        ("refer", "approve", False),
    ],
)
def test_it_records_whether_the_person_overrode_the_recommendation(
    action: str, recommended: str, departs: bool
) -> None:
    scenario = given(submitted(SITUATIONS[recommended]), act(action, recommended).by(PHYSICIAN))
    determination = scenario.known.requests[0].determination
    assert determination is not None
    assert determination.departs is departs


def test_it_holds_the_whole_assessment_as_it_was_shown() -> None:
    scenario = given(submitted())
    looked_at = scenario.judged()
    scenario.and_given(approved(), *first_course("2026-05-04"))
    determination = scenario.known.requests[0].determination
    assert determination is not None
    assert determination.assessment == looked_at.assessment
    assert determination.assessment_digest == looked_at.digest
    assert determination.history_version == 2
    assert determination.decided_on == scenario.today


# -- rationale and left out -------------------------------------------------------------------


@pytest.mark.parametrize("recommended", ["refer", "pend", "not_recommended"])
def test_what_is_not_recommended_approve_needs_a_rationale(recommended: str) -> None:
    scenario = given(submitted(SITUATIONS[recommended]))
    scenario.when(approved().by(PHYSICIAN)).then_refused(InvalidCommand, field="rationale")


def test_so_does_a_request_that_somebody_referred() -> None:
    scenario = given(submitted(), referred())
    scenario.when(approved().by(PHYSICIAN)).then_refused(InvalidCommand, field="rationale")
    scenario.when(approved_by_clinician()).then(CourseApproved)


def test_a_recommended_approval_needs_none() -> None:
    given(submitted()).when(approved()).then(CourseApproved)


def test_less_than_was_asked_is_a_clinicians_and_says_what_is_left_out_and_why() -> None:
    scenario = given(submitted()).when(approved(doses=3, left_out="Two days.", rationale="Low platelets."))
    scenario.then_refused(NotPermitted, field="actor.role")
    whole: dict[str, Any] = {"left_out": "Two days.", "rationale": "Low platelets.", "citing": ["Dosing.A"]}
    for missing, nothing in (("left_out", None), ("rationale", None), ("citing", [])):
        scenario = given(submitted()).when(approved(doses=3, **whole | {missing: nothing}).by(PHYSICIAN))
        scenario.then_refused(InvalidCommand, field=missing)
    unknown = given(submitted()).when(approved(doses=3, **whole | {"citing": ["9.Z"]}).by(PHYSICIAN))
    unknown.then_refused(InvalidCommand, field="citing")
    scenario = given(submitted()).when(approved(doses=3, **whole).by(PHYSICIAN))
    scenario.then(CourseApproved, doses_approved=3, left_out="Two days.", citing=("Dosing.A",))


def test_leaving_something_out_takes_one_who_may_deny() -> None:
    partial = approved(doses=1, left_out="Four days.", rationale="Low platelets.")
    given(submitted()).when(partial.by(PHARMACIST)).then_refused(NotPermitted, field="actor.credential")


def test_a_denial_that_cites_only_what_supports_the_request_overrides_the_recommendation() -> None:
    story = given(submitted(SITUATIONS["refer"]), denied("1.A.i"))
    assert story.known.requests[0].determination is not None
    assert story.known.requests[0].determination.departs


def test_the_policys_quantity_is_partial_where_more_was_asked() -> None:
    more = MEETS_A | {"requested_dosing": {"mg_per_day": 12, "consecutive_days": 8, "route": "intravenous"}}
    given(submitted(more)).when(approved_by_clinician()).then_refused(InvalidCommand, field="left_out")


# -- what a denial cites ----------------------------------------------------------------------


def test_a_denial_names_a_criterion_that_speaks_against_the_request() -> None:
    scenario = given(submitted(SITUATIONS["not_recommended"]))
    scenario.when(denied("1.A.i")).then_refused(InvalidCommand, field="citing", clause="1.A.i")
    scenario.when(denied("1.A.i", "NR.3")).then(RequestDenied, citing=("1.A.i", "NR.3"))


def test_a_criterion_of_the_path_that_the_history_rules_out_does_not() -> None:
    too_young = given(submitted(), submitted(MEETS_A | {"ms_form": "primary_progressive"}))
    too_young.when(denied("1.B")).then_refused(InvalidCommand, field="citing", clause="1.B")
    too_early = given(*first_course("2025-09-01"), submitted(MEETS_B))
    too_early.when(denied("1.A")).then_refused(InvalidCommand, field="citing", clause="1.A")
    too_early.when(denied("1.B.iv")).then(RequestDenied)


def test_a_clause_that_no_edition_has_is_not_cited() -> None:
    scenario = given(submitted(SITUATIONS["not_recommended"]))
    scenario.when(denied("NR.9")).then_refused(InvalidCommand, field="citing")


# -- once, and only the assessment that was shown ---------------------------------------------


@pytest.mark.parametrize(
    "again", [approved_by_clinician(), denied("1.A.i"), referred()], ids=["approve", "deny", "refer"]
)
@pytest.mark.parametrize("first", [approved(), denied("1.A.i")], ids=["approved", "denied"])
def test_a_request_is_decided_once(first: Step, again: Step) -> None:
    given(submitted(), first).when(again).then_refused(AlreadyDecided, field="request_id")


def test_a_referred_request_is_referred_once_and_then_a_clinicians() -> None:
    scenario = given(submitted(), referred()).when(referred()).then_refused(AlreadyDecided)
    scenario.when(approved(rationale="All is met.")).then_refused(NotPermitted, field="actor.role")
    scenario.when(approved_by_clinician()).then(CourseApproved)


def moved(step: Step) -> Scenario:
    scenario = given(submitted())
    looked_at = scenario.judged().digest
    scenario.and_given(dose("2026-04-27"))
    command = step.make(scenario).model_copy(update={"assessment_digest": looked_at})
    return scenario.when(Step(lambda _: command, step.actor))


@pytest.mark.parametrize("step", [approved(), denied("1.A.i"), referred()], ids=["approve", "deny", "refer"])
def test_an_assessment_that_changed_since_it_was_shown_is_not_decided(step: Step) -> None:
    scenario = moved(step).then_refused(AssessmentMoved, field="assessment_digest")
    assert scenario.error is not None
    assert scenario.error.details["assessment_digest"] == scenario.judged().digest


def test_a_request_that_is_not_of_this_history_is_not_found() -> None:
    scenario = given(submitted())
    unknown = scenario.known.requests[0].request_id.replace(".r1", ".r2")
    scenario.when(approved(request_id=unknown)).then_refused(NotFound, field="request_id")


def test_a_clause_that_another_made_needless_is_no_ground_to_deny() -> None:
    """One of two agents failed and Lemtrada was never received, but 1.A.iii is met without them."""
    infected = MEETS_A | {"hiv_infection": True}
    assert given(submitted(infected)).judged().assessment.finding("1.A.iii.c").answer.value == "not_met"
    given(submitted(infected)).when(denied("1.A.iii.c")).then_refused(InvalidCommand, field="citing")
    given(submitted(infected)).when(denied("1.A.iii.c", "NR.3")).then(RequestDenied)


def test_a_group_whose_parts_are_not_met_may_be_cited_as_a_whole() -> None:
    signs = ("rapid_deterioration", "disabling_relapses", "mri", "cognitive_impairment")
    nothing = {"agents": [], "aggressive_disease": {sign: {"finding": False} for sign in signs}}
    for citation in ("1.A.iii", "1.A.iii.d", "1.A.iii.d(3)", "NR.5"):
        given(submitted(MEETS_A | nothing)).when(denied(citation)).then(RequestDenied, citing=(citation,))
