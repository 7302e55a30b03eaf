"""Who decides an appeal: nobody who took part in what is appealed, nor anyone below; and who upholds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from domain.errors import NotPermitted
from domain.events.appeals import AppealAssigned, AppealDecided
from domain.events.determinations import CourseApproved
from domain.people import Actor
from domain.permissions.appeal_independence import SIMILAR_SPECIALTIES, normalized
from tests.story import (
    ABOVE_THE_DENIER,
    BELOW_THE_DENIER,
    CARDIOLOGIST,
    MEETS_A,
    NEUROLOGIST,
    NURSE,
    OFFICE,
    PHARMACIST,
    PHARMACIST_OF_APPEALS,
    PHYSICIAN,
    SECOND_PHYSICIAN,
    Scenario,
    Step,
    appeal_assigned,
    appealed,
    approved,
    approved_by_clinician,
    denied,
    given,
    overturned,
    overturned_in_part,
    past_determination,
    referred,
    rescinded,
    submitted,
    upheld,
)

HIV = MEETS_A | {"hiv_infection": True}
REFERRER = SECOND_PHYSICIAN
IN_PART = approved_by_clinician(doses=2, left_out="Three days.")


DECISIONS = {"upheld": upheld("NR.3"), "overturned in part": overturned_in_part(2), "overturned": overturned()}

# -- taking part ------------------------------------------------------------------------------

PARTS: dict[str, tuple[list[Step], Actor]] = {
    "denied it": ([submitted(), denied("1.A.i")], PHYSICIAN),
    "referred it": ([submitted(), referred().by(REFERRER), denied("1.A.i")], REFERRER),
    "approved a part of it": ([submitted(), IN_PART], PHYSICIAN),
    "took its approval back": ([submitted(), approved(), rescinded().by(REFERRER)], REFERRER),
    "approved what was taken back": ([submitted(), approved_by_clinician().by(REFERRER), rescinded()], REFERRER),
}


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("decision", DECISIONS)
def test_a_user_who_took_part_does_not_decide(part: str, decision: str) -> None:
    before, who = PARTS[part]
    given(*before, appealed()).when(DECISIONS[decision].by(who)).then_refused(NotPermitted, field="actor.id")


@pytest.mark.parametrize("part", PARTS)
def test_nor_does_anyone_who_reports_to_them_however_far_above(part: str) -> None:
    before, who = PARTS[part]
    scenario = given(*before, appealed())
    for above in ((who.id,), ("team.lead", who.id), ("team.lead", "head", who.id)):
        below = NEUROLOGIST.model_copy(update={"reports_to": above})
        scenario.when(overturned().by(below)).then_refused(NotPermitted, field="actor.reports_to")


def test_everybody_who_worked_towards_it_took_part() -> None:
    """Users who requested information, read a document or spoke with the prescriber, as the history records them."""
    scenario = given(submitted(), denied("1.A.i"), appealed())
    request = scenario.known.requests[0]
    worked = replace(request, took_part=(*request.took_part, NEUROLOGIST))
    scenario.history = replace(scenario.known, requests=(worked,))
    scenario.when(overturned()).then_refused(NotPermitted, field="actor.id")


@pytest.mark.parametrize("who", [ABOVE_THE_DENIER, NEUROLOGIST, PHARMACIST_OF_APPEALS, PHARMACIST, REFERRER])
def test_anybody_else_may_overturn(who: Actor) -> None:
    scenario = given(submitted(), denied("1.A.i"), appealed())
    scenario.when(overturned().by(who)).then(AppealDecided, CourseApproved)


def test_a_user_who_only_entered_it_took_no_part() -> None:
    entered = submitted().by(NEUROLOGIST.model_copy(update={"role": "reviewer"}))
    given(entered, denied("1.A.i"), appealed()).when(overturned()).then(AppealDecided, CourseApproved)


def test_work_on_another_request_is_no_part_in_this_one() -> None:
    other = [submitted(), denied("1.A.i").by(REFERRER)]
    scenario = given(*other, submitted(), denied("1.A.i"), appealed())
    scenario.when(overturned().by(REFERRER)).then(AppealDecided, CourseApproved)


def test_nor_is_an_appeal_of_another_request() -> None:
    other = [submitted(HIV), denied("NR.3"), appealed(), upheld("NR.3")]
    given(*other, submitted(HIV), denied("NR.3"), appealed()).when(upheld("NR.3")).then(AppealDecided)


@pytest.mark.parametrize("who", [NURSE, OFFICE, NEUROLOGIST.model_copy(update={"credential": "nurse"})])
def test_a_person_of_another_role_or_credential_decides_none(who: Actor) -> None:
    given(submitted(), denied("1.A.i"), appealed()).when(overturned().by(who)).then_refused(NotPermitted)


def test_who_decided_before_this_ledger_is_known_by_name_alone() -> None:
    imported = [submitted(received_on="2026-04-01").imported(), past_determination("denied", "2026-04-10")]
    named = past_determination("denied", "2026-04-10", decided_by="ANNA  appeals")
    given(imported[0], named, appealed()).when(overturned()).then_refused(NotPermitted, field="actor.id")
    given(*imported, appealed()).when(overturned()).then(AppealDecided, CourseApproved)


@pytest.mark.parametrize(
    ("written", "name", "is_same"),
    [
        ("Conor O\u2019Appeals", "Conor O'Appeals", True),
        ("CONOR OAPPEALS", "Conor O'Appeals", True),
        ("Anna Syn Thetic", "Anna Syn-Thetic", True),
        ("Rene\u0301e Appeals", "Ren\u00e9e Appeals", True),
        ("Renee Appeals", "Ren\u00e9e Appeals", False),
    ],
)
def test_their_names_are_compared_as_all_names_are(written: str, name: str, is_same: bool) -> None:
    imported = [submitted(received_on="2026-04-01").imported()]
    past = past_determination("denied", "2026-04-10", decided_by=written)
    who = Actor(id="another.id", name=name, role="appeals_clinician", credential="pharmacist")
    decided = given(*imported, past, appealed()).when(overturned().by(who))
    if is_same:
        decided.then_refused(NotPermitted, field="actor.id")
    else:
        decided.then(AppealDecided, CourseApproved)


# -- upholding --------------------------------------------------------------------------------

MAY_UPHOLD: dict[str, tuple[Actor, str | None]] = {
    "a neurologist": (NEUROLOGIST, None),
    "a neurologist who decides requests": (REFERRER, None),
    "a cardiologist": (CARDIOLOGIST, "actor.specialty"),
    "a physician without a specialty": (NEUROLOGIST.model_copy(update={"specialty": None}), "actor.specialty"),
    "a pharmacist": (PHARMACIST_OF_APPEALS, "actor.credential"),
    "a pharmacist of neurology": (PHARMACIST.model_copy(update={"specialty": "neurology"}), "actor.credential"),
}


@pytest.mark.parametrize("who", MAY_UPHOLD)
@pytest.mark.parametrize("decision", ["upheld", "overturned in part"])
def test_upholding_takes_a_physician_of_a_similar_specialty(who: str, decision: str) -> None:
    actor, field = MAY_UPHOLD[who]
    scenario = given(submitted(HIV), denied("NR.3"), appealed()).when(DECISIONS[decision].by(actor))
    if field is None:
        assert isinstance(scenario.last[0], AppealDecided)
        assert scenario.error is None
    else:
        scenario.then_refused(NotPermitted, field=field)


@pytest.mark.parametrize("who", MAY_UPHOLD)
def test_overturning_takes_none(who: str) -> None:
    scenario = given(submitted(HIV), denied("NR.3"), appealed())
    scenario.when(overturned().by(MAY_UPHOLD[who][0])).then(AppealDecided, CourseApproved)


@pytest.mark.parametrize("who", MAY_UPHOLD)
def test_being_assigned_takes_none_either(who: str) -> None:
    scenario = given(submitted(HIV), denied("NR.3"), appealed())
    scenario.when(appeal_assigned(MAY_UPHOLD[who][0])).then(AppealAssigned)


@pytest.mark.parametrize(
    ("written", "is_similar"),
    [
        ("neurology", True),
        (" Neurology ", True),
        ("NEUROLOGIST", True),
        ("ms_specialist", True),
        ("MS specialist", True),
        ("Multiple  Sclerosis", True),
        ("neuroimmunology", True),
        ("Neuro-ophthalmology", True),
        ("child neurology", True),
        ("neurosurgery", False),
        ("oncology", False),
        ("internal medicine", False),
        ("", False),
    ],
)
def test_specialties_are_compared_whatever_their_case_and_spaces(written: str, is_similar: bool) -> None:
    assert (normalized(written) in SIMILAR_SPECIALTIES) is is_similar


def test_the_table_is_written_as_it_is_compared() -> None:
    assert {normalized(one) for one in SIMILAR_SPECIALTIES} == SIMILAR_SPECIALTIES


def test_it_is_reported_before_anything_that_could_be_corrected() -> None:
    """A person who may not decide is not told which digest or clause to send."""
    scenario = given(submitted(HIV), denied("NR.3"), appealed())
    wrong: dict[str, Any] = {"assessment_digest": "a" * 64}
    scenario.when(upheld("9.Z", **wrong).by(BELOW_THE_DENIER)).then_refused(NotPermitted)
    scenario.when(upheld("9.Z", **wrong).by(CARDIOLOGIST)).then_refused(NotPermitted)


def test_every_refusal_says_who_can_decide() -> None:
    scenario: Scenario = given(submitted(HIV), denied("NR.3"), appealed())
    for step, who in (
        (overturned().by(PHYSICIAN), "not a subordinate of anyone involved"),
        (upheld("NR.3").by(CARDIOLOGIST), "phys"),
    ):
        scenario.when(step)
        assert scenario.error is not None
        assert who in scenario.error.remedy
