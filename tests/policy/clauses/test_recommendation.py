"""The four recommendations: their order, what is asked for, and what is arguable."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.facts import Circumstances, Facts
from domain.policy.answers import Answer, all_of, answer_of, not_, one_of
from domain.policy.assessment import Assessment, assess
from tests.policy.cases import AS_OF, initial, judge, later, tried
from tests.policy.constant import LEAVES, SCOPES, answering

MET, NOT_MET, UNDETERMINED = Answer.MET, Answer.NOT_MET, Answer.UNDETERMINED
DOSING = ("Dosing.A", "Dosing.B")
EXCLUSIONS = ("NR.1", "NR.2", "NR.3", "NR.4")
IN_ORDER = ("not_recommended", "pend", "refer", "approve")


@pytest.mark.parametrize("answer", Answer)
def test_an_answer_is_no_bool(answer: Answer) -> None:
    with pytest.raises(TypeError, match="three values"):
        bool(answer)
    with pytest.raises(TypeError):
        _ = answer and MET


@pytest.mark.parametrize(("one", "other"), list(product(Answer, Answer)))
def test_kleene_logic(one: Answer, other: Answer) -> None:
    """By its meaning: the answer of every way in which the unknown may turn out, or undetermined where they differ."""
    ways = {MET: {True}, NOT_MET: {False}, UNDETERMINED: {True, False}}

    def meaning(results: set[bool]) -> Answer:
        return answer_of(next(iter(results)) if len(results) == 1 else None)

    pairs = list(product(ways[one], ways[other]))
    assert all_of([one, other]) is meaning({a and b for a, b in pairs})
    assert one_of([one, other]) is meaning({a or b for a, b in pairs})
    assert not_(one) is meaning({not a for a in ways[one]})


def test_the_four_are_tried_in_their_order() -> None:
    """Each change adds what an earlier recommendation stands for; it prevails over what is there already."""
    changes: dict[str, Any] = {}
    seen = [judge(initial(**changes)).recommendation]
    for change in ({"active_infection": True}, {"birth_date": None}, {"hiv_infection": True}):
        changes |= change
        seen.append(judge(initial(**changes)).recommendation)
    assert tuple(reversed(seen)) == IN_ORDER


@pytest.mark.parametrize(
    "facts",
    [
        initial(diagnosis="other"),
        initial(birth_date="2010"),
        later(prior_treatment__last_dose_on="2026-01-01"),
        initial(diagnosis="other", birth_date=None),
        initial(prescriber_specialty="other", prior_treatment={}),  # neither path, whichever it is
    ],
)
def test_what_cannot_be_met_is_not_recommended_whatever_is_unknown(facts: Facts) -> None:
    judged = judge(facts)
    assert (judged.recommendation, judged.needed, judged.path) == ("not_recommended", (), None)


@pytest.mark.parametrize(("facts", "path", "doses"), [(initial(), "A", 5), (later(), "B", 3)])
def test_an_approval_is_for_the_quantity_of_its_path(facts: Facts, path: str, doses: int) -> None:
    judged = judge(facts)
    answered = judged.recommendation, judged.path, judged.doses, judged.valid_days, judged.reasons
    assert answered == ("approve", path, doses, 30, ())


def test_a_referral_gives_its_path_and_reasons_and_no_quantity() -> None:
    judged = judge(later(requested_dosing__consecutive_days=5, hypersensitivity=True))
    assert (judged.recommendation, judged.path, judged.doses, judged.valid_days) == ("refer", "B", None, None)
    assert [one.code for one in judged.reasons] == ["dosing_outside_regimen", "hypersensitivity"]


# -- dosing is asked last -------------------------------------------------------------------------


@pytest.mark.parametrize(("facts", "citation"), [(initial, "Dosing.A"), (later, "Dosing.B")])
def test_dosing_is_asked_when_nothing_else_is_needed(facts: Any, citation: str) -> None:
    assert judge(facts(requested_dosing={})).needed == (citation,)
    assert judge(facts(requested_dosing={}, hiv_infection=None)).needed == ("NR.3",)
    other = {"mg_per_day": 24, "consecutive_days": None}
    assert judge(facts(requested_dosing=other)).recommendation == "refer", "no number of days could mend it"


def test_dosing_is_not_asked_where_a_clinician_must_review_anyway() -> None:
    for sent_on in ({"active_infection": True}, {"agents": tried("Avonex", "Rebif"), "aggressive_disease__mri": {}}):
        judged = judge(initial(requested_dosing={}, **sent_on))
        assert not set(judged.needed) & set(DOSING), sent_on
    referred = judge(later(requested_dosing={}), circumstances=Circumstances(course_short=True))
    assert (referred.recommendation, referred.needed) == ("refer", ())


# -- by brute force -------------------------------------------------------------------------------

NOT_DOSING = tuple(one for one in LEAVES if one not in DOSING) + SCOPES


@st.composite
def answers(draw: st.DrawFn) -> dict[str, Answer]:
    """Every leaf answered, at most five of them undetermined; mostly nothing stands in the way."""
    wanted = {one: NOT_MET if one in EXCLUSIONS else MET for one in NOT_DOSING if one not in SCOPES}
    against = draw(st.sets(st.sampled_from(list(wanted)), max_size=8))
    unknown = draw(st.sets(st.sampled_from(list(wanted)), max_size=3))
    chosen = wanted | {one: not_(wanted[one]) for one in against} | dict.fromkeys(unknown, UNDETERMINED)
    # A history is on one path or the other, or not known at all.
    scope = draw(st.sampled_from(Answer))
    return chosen | dict(zip(SCOPES, (scope, not_(scope)), strict=True)) | dict.fromkeys(DOSING, MET)


def _outcomes(given_answers: dict[str, Answer]) -> dict[tuple[Answer, ...], tuple[object, ...]]:
    """What is recommended, for every way in which the undetermined leaves may turn out."""
    unknown = [one for one, answer in given_answers.items() if answer is UNDETERMINED]
    found = {}
    for way in product((MET, NOT_MET), repeat=len(unknown)):
        judged = _judged(given_answers | dict(zip(unknown, way, strict=True)))
        found[way] = (judged.recommendation, judged.path)
    return found


def _judged(given_answers: dict[str, Answer]) -> Assessment:
    return assess(Facts(), AS_OF, answering(given_answers))


@settings(max_examples=25, deadline=None)
@given(answers())
def test_needed_is_exactly_what_can_still_change_the_answer(given_answers: dict[str, Answer]) -> None:
    """A leaf is needed when flipping it alone changes the outcome, in some way the other unknowns may turn out."""
    judged, outcomes = _judged(given_answers), _outcomes(given_answers)
    unknown = [one for one, answer in given_answers.items() if answer is UNDETERMINED]
    decisive = set()
    for way, outcome in outcomes.items():
        for index, name in enumerate(unknown):
            flipped = (*way[:index], not_(way[index]), *way[index + 1 :])
            if outcomes[flipped] != outcome:
                decisive.add(name.removeprefix("scope of "))
    assert set(judged.needed) == decisive
    assert list(judged.needed) == sorted(judged.needed)
    assert (judged.recommendation == "pend") == bool(decisive)


# -- what is arguable -----------------------------------------------------------------------------

ON_PATH_A = dict.fromkeys(NOT_DOSING, MET) | dict.fromkeys((*EXCLUSIONS, SCOPES[1]), NOT_MET)
ONLY_TWO_AGENTS = ON_PATH_A | {one: NOT_MET for one in NOT_DOSING if one.startswith("1.A.iii.")}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, ("refer", "A", ())),
        ({"Dosing.A": NOT_MET}, ("refer", "A", ())),
        ({"Dosing.A": UNDETERMINED}, ("refer", "A", ())),
        ({"NR.2": UNDETERMINED}, ("pend", None, ("NR.2",))),
        ({"1.A.i": UNDETERMINED, "1.A.iii.d(1)": NOT_MET}, ("pend", None, ("1.A.i",))),
        ({"1.A.iii.c": UNDETERMINED}, ("pend", None, ("1.A.iii.c",))),
        ({"1.A.iii.c": MET}, ("approve", "A", ())),
        ({"1.A.iv": NOT_MET}, ("not_recommended", None, ())),
        ({"NR.3": MET}, ("not_recommended", None, ())),
    ],
)
def test_an_arguable_leaf_is_tried_again_as_met(change: dict[str, Answer], expected: tuple[object, ...]) -> None:
    told = ONLY_TWO_AGENTS | dict.fromkeys(DOSING, MET) | change
    judged = assess(Facts(), AS_OF, answering(told, arguable=frozenset({"1.A.iii.a"})))
    assert (judged.recommendation, judged.path, judged.needed) == expected
    assert judged.finding("1.A.iii.a").answer is NOT_MET, "the finding shown stays the strict one"
    without = assess(Facts(), AS_OF, answering(told))
    if expected[0] in ("refer", "pend") and "1.A.iii.c" not in change:
        assert without.recommendation == "not_recommended"


def test_an_arguable_leaf_that_the_answer_does_not_rest_on_is_no_reason() -> None:
    told = ON_PATH_A | dict.fromkeys(DOSING, MET) | {"1.A.iii.a": NOT_MET}
    judged = assess(Facts(), AS_OF, answering(told, arguable=frozenset({"1.A.iii.a"})))
    assert (judged.recommendation, judged.reasons) == ("approve", ())
