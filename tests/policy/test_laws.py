"""Laws that hold of every set of facts, whatever they say."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.facts import AgentTried, AggressiveSign, Circumstances, Facts
from domain.policy.assessment import Assessment, assess
from domain.policy.edition import Edition
from domain.policy.reassessment import reassess
from tests.policy.cases import AS_OF, MET, NEWEST, UNDETERMINED, judge
from tests.policy.strategies import (
    circumstances,
    complete_facts,
    days,
    editions,
    facts,
    facts_near_approval,
    partly_told,
    products,
)

any_facts = facts | facts_near_approval()


@settings(max_examples=30, deadline=None)
@given(any_facts, st.dates(date(1900, 1, 1), date(2199, 12, 31)), editions, circumstances)
def test_every_set_of_facts_has_an_answer(some: Facts, as_of: date, edition: Edition, around: Circumstances) -> None:
    judged = assess(some, as_of, edition, around)
    assert [one.citation for one in judged.findings] == [*edition.by_citation, "NR.5"]
    assert all(one.sentence for one in judged.findings)
    assert Assessment.model_validate(judged.model_dump()) == judged, "findings are built without being validated"
    assert reassess(judged).holds, "it is the same whenever it is evaluated again"
    told = {one.citation: (one.answer == UNDETERMINED, bool(one.missing)) for one in judged.findings}
    groups = ("1.A.iii", "1.A.iii.d", "1.B.iii", "1.A", "1.B", "NR.5")
    assert {one: pair for one, pair in told.items() if pair[0] != pair[1] and one not in groups} == {}


@settings(max_examples=30, deadline=None)
@given(facts_near_approval(), days, editions, circumstances | st.just(Circumstances()))
def test_no_approval_but_for_five_or_three_doses_and_thirty_days(
    some: Facts, as_of: date, edition: Edition, around: Circumstances
) -> None:
    judged = assess(some, as_of, edition, around)
    quantity = judged.path, judged.doses, judged.valid_days
    match judged.recommendation:
        case "approve":
            assert quantity in (("A", 5, 30), ("B", 3, 30))
            assert judged.path == judged.scope
            assert not judged.reasons
            assert judged.finding(f"Dosing.{judged.path}").answer == MET
            assert judged.finding(f"1.{judged.path}").answer == MET
        case "refer":
            assert judged.path == judged.scope
            assert judged.reasons
            assert quantity[1:] == (None, None)
        case _:
            assert quantity == (None, None, None)
            assert bool(judged.needed) == (judged.recommendation == "pend")


CLAUSES_OF_EVIDENCE = ("1.A.iii", "1.A.iii.a", "1.A.iii.b", "1.A.iii.c", "1.A.iii.d")


@settings(max_examples=30, deadline=None)
@given(any_facts, st.lists(st.builds(AgentTried, product=products), max_size=2), st.data())
def test_more_evidence_never_turns_met_into_not_met(some: Facts, more: list[AgentTried], data: st.DataObject) -> None:
    """More agents tried, more findings, more documents: 1.A.iii and each way to it only gains by them."""
    signs: dict[str, Any] = dict(some.aggressive_disease)
    for name in data.draw(st.sets(st.sampled_from(list(signs)), max_size=2)):
        signs[name] = AggressiveSign(finding=True, documentation="attached")
    agents = some.agents.model_copy(update={"tried": (*some.agents.tried, *more)})
    added = some.aggressive_disease.model_copy(update=signs)
    richer = some.model_copy(update={"agents": agents, "aggressive_disease": added})
    before, after = judge(some), judge(richer)
    for citation in CLAUSES_OF_EVIDENCE:
        if before.finding(citation).answer == MET:
            assert after.finding(citation).answer == MET


@st.composite
def told_and_known(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    known = draw(complete_facts())
    return draw(partly_told(known)), known


def _exempt(told: Facts, known: Facts) -> set[str]:
    """The clauses whose reading answers before everything is told, and may answer otherwise afterwards."""
    exempt = set()
    course = told.prior_treatment.open_course
    if course is not None and course.number == 1 and course.doses_given is None:
        exempt.add("Dosing.A")  # R7: with the number given unknown, five days are read as the quantity
    if known.diagnosis == "other":
        exempt |= {"NR.1", "NR.4"}  # R16: another diagnosis clears NR.4, and NR.1 while no form is stated
    return exempt


@settings(max_examples=35, deadline=None)
@given(told_and_known(), editions)
def test_what_is_told_later_never_turns_an_answer_into_its_opposite(
    pair: tuple[dict[str, Any], dict[str, Any]], edition: Edition
) -> None:
    """A clause that is answered on part of the facts is answered alike on all of them, but for two readings."""
    told, known = (Facts.model_validate(one) for one in pair)
    early, full = assess(told, AS_OF, edition), assess(known, AS_OF, edition)
    exempt = _exempt(told, known)
    settled = [one for one in early.findings if one.answer != UNDETERMINED and one.citation not in exempt]
    turned = {one.citation for one in settled if full.finding(one.citation).answer != one.answer}
    assert turned == set()


@settings(max_examples=35, deadline=None)
@given(facts_near_approval(), st.dates(date(2025, 1, 1), date(2026, 12, 31)))
def test_the_day_that_is_promised_keeps_its_promise(some: Facts, as_of: date) -> None:
    """On `approvable_from` the facts are approved or referred, and on no day between are they."""
    judged = assess(some, as_of, NEWEST)
    if judged.approvable_from is None:
        return
    assert judged.recommendation == "not_recommended"
    assert assess(some, judged.approvable_from, NEWEST).recommendation in ("approve", "refer")
    before = assess(some, judged.approvable_from - timedelta(days=1), NEWEST)
    assert before.recommendation not in ("approve", "refer")


@settings(max_examples=35, deadline=None)
@given(any_facts, days)
def test_each_promised_day_turns_its_clause(some: Facts, as_of: date) -> None:
    judged = assess(some, as_of, NEWEST)
    for one in judged.findings:
        if one.approvable_from is not None:
            assert one.answer == "not_met"
            assert assess(some, one.approvable_from, NEWEST).finding(one.citation).answer == MET
