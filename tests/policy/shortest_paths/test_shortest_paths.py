"""The shortest way to an approval: what to supply, or from which day, and that each way keeps its promise."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.facts import Circumstances, Facts
from domain.policy.assessment import Assessment, assess
from domain.policy.denial_citations import denial_citations
from domain.policy.edition import Edition, Question
from domain.policy.editions import EDITIONS, edition_for
from domain.policy.missing_facts import Supply, completions, with_fact
from domain.policy.shortest_paths import Way, what_if
from domain.policy.treatment_standing import contradictions
from tests.policy.cases import AS_OF, NEWEST, initial, judge, later, tried
from tests.policy.clauses.test_sample import CASES
from tests.policy.shortest_paths.every_completion import open_facts
from tests.policy.shortest_paths.test_brute_force import facts_of
from tests.policy.strategies import (
    circumstances,
    complete_facts,
    days,
    editions,
    facts,
    facts_near_approval,
    partly_told,
)

DENIED = {"aggressive_disease__mri": {"finding": False}}
DOCUMENTED = {"finding": True, "documentation": "attached"}
NONE_EXISTS = {
    f"aggressive_disease__{sign}": {"documentation": "none_exists"}
    for sign in ("rapid_deterioration", "disabling_relapses", "mri", "cognitive_impairment")
}


def ways(facts: Facts, as_of: date = AS_OF, edition: Edition = NEWEST, **around: Any) -> tuple[Way, ...]:
    return what_if(assess(facts, as_of, edition, Circumstances(**around)), edition)


def told(way: Way) -> dict[str, Any]:
    return {supply.field: supply.value for supply in way.supplies}


def only(found: tuple[Way, ...]) -> Way:
    (way,) = found
    return way


# -- what is missing ----------------------------------------------------------------------------


def test_what_is_approved_needs_nothing() -> None:
    assert ways(initial()) == (Way(leads_to="approve", size=0),)


def test_one_missing_fact_is_the_way() -> None:
    supply = Supply(field="hiv_infection", value=False, settles=("NR.3",))
    assert ways(initial(hiv_infection=None)) == (Way(leads_to="approve", size=1, supplies=(supply,)),)


def test_every_supply_names_what_it_settles_on_the_path() -> None:
    way = only(ways(later(ms_form=None, birth_date=None, requested_dosing={}, diagnosis=None)))
    assert {supply.field: supply.settles for supply in way.supplies} == {
        "diagnosis": ("1",),
        "ms_form": ("1.B.ii", "NR.1", "NR.4"),
        "birth_date": ("1.B.i",),
        "requested_dosing": ("Dosing.B",),
    }
    assert told(way)["requested_dosing"] == {"mg_per_day": 12, "consecutive_days": 3, "route": "intravenous"}


def test_either_specialist_will_do_and_facts_come_before_documents() -> None:
    found = ways(initial(prescriber_specialty="other", consulted_specialty=None, agents={}, **DENIED))
    assert [(sum(one.needs_document for one in way.supplies), sorted(told(way))) for way in found] == [
        (0, ["agents.tried", "consulted_specialty"])
    ]
    found = ways(initial(agents={}, aggressive_disease__mri={"finding": True}))
    assert [told(way) for way in found] == [
        {"agents.tried": {"product": "Kesimpta", "outcome": "inadequate_efficacy"}},
        {"aggressive_disease.mri.documentation": "attached"},
    ]
    assert [way.supplies[0].needs_document for way in found] == [False, True]
    assert found[1].supplies[0].settles == ("1.A.iii.d(3)",)


def test_a_finding_that_is_not_stated_needs_no_second_document() -> None:
    """R14: what is attached already was found to support something; the finding itself is what is asked."""
    way = only(ways(initial(aggressive_disease__mri={"documentation": "attached"})))
    assert (told(way), way.supplies[0].needs_document) == ({"aggressive_disease.mri.finding": True}, False)


def test_a_document_for_what_is_stated_comes_before_one_for_what_is_not() -> None:
    found = ways(initial(aggressive_disease={"cognitive_impairment": {"finding": True}, "mri": {"finding": False}}))
    assert [told(way) for way in found] == [
        {"aggressive_disease.cognitive_impairment.documentation": "attached"},
        {"aggressive_disease.rapid_deterioration": DOCUMENTED},
        {"aggressive_disease.disabling_relapses": DOCUMENTED},
    ]


@pytest.mark.parametrize(
    ("agents", "field", "value"),
    [
        (tried("Avonex", complete=False), "agents.tried", {"product": "Aubagio", "outcome": "inadequate_efficacy"}),
        (tried("Kesimpta=?"), "agents.tried.0.outcome", "inadequate_efficacy"),
        (tried("ofatumumab"), "agents.tried.0.product", "ofatumumab subcutaneous"),
        (tried("Tysabry"), "agents.tried.0.product", "Tysabri"),
        (tried("Aubagio", "Avonexx"), "agents.tried.1.product", "Avonex"),
        (tried("Rebif", "Avonexx"), "agents.tried.1.product", "Kesimpta"),  # another interferon would not help
    ],
)
def test_what_is_open_of_the_agents_tried(agents: dict[str, Any], field: str, value: Any) -> None:
    assert told(only(ways(initial(agents=agents, **DENIED)))) == {field: value}


def test_in_the_older_editions_the_use_alone_is_enough() -> None:
    some = initial(agents={}, **DENIED)
    found = {edition.key: told(ways(some, edition=edition)[0])["agents.tried"]["outcome"] for edition in EDITIONS}
    assert found == {
        "2025-07-23": "inadequate_efficacy",
        "2024-10-16": "inadequate_efficacy",
        "2024-10-09": None,
        "2023-11-15": None,
    }


def test_three_days_are_what_two_given_doses_leave_of_a_first_course() -> None:
    """R7: with the number given not stated, any other number of days than five is outside the regimen."""
    begun = initial(
        prior_treatment={"received_lemtrada": True, "completed_course": False}, requested_dosing__consecutive_days=3
    )
    assert judge(begun).recommendation == "refer"
    way = only(ways(begun))
    assert told(way) == {"prior_treatment.open_course": {"number": 1, "doses_given": 2}}
    assert way.supplies[0].alternatives == ({"number": 1, "doses_given": 1},)


def test_where_nothing_is_known_of_a_patient_every_requirement_is_asked_once() -> None:
    found = ways(Facts())
    assert {way.size for way in found} == {9}
    assert {way.leads_to for way in found} == {"approve"}
    settled = [citation for supply in found[0].supplies for citation in supply.settles]
    assert len(settled) == len(set(settled))


# -- time ---------------------------------------------------------------------------------------


def test_time_alone_is_the_way_of_who_is_too_young() -> None:
    assert ways(initial(birth_date="2009-05-01")) == (Way(leads_to="approve", size=0, from_day=date(2026, 5, 1)),)


def test_time_and_a_fact_together() -> None:
    way = only(ways(later(prior_treatment__last_dose_on="2025-08-20", hiv_infection=None)))
    assert (told(way), way.from_day) == ({"hiv_infection": False}, date(2026, 8, 20))


def test_waiting_for_the_end_of_the_year_or_telling_the_day() -> None:
    waiting, telling = ways(later(prior_treatment__last_dose_on="2025"))
    assert (waiting.size, waiting.from_day) == (0, date(2026, 12, 31))
    assert (told(telling), telling.from_day) == ({"prior_treatment.last_dose_on": "2025-04-28"}, None)
    assert telling.supplies[0].or_earlier


def test_from_the_anniversary_on_an_unfinished_later_course_is_a_prior_one() -> None:
    """R8: until then a clinician must review; from then on three days are the regimen again."""
    course = {"number": 2, "doses_given": 1, "last_dose_on": "2026-03-01"}
    some = later(prior_treatment__last_dose_on="2025-01-01", prior_treatment__open_course=course)
    assert judge(some).recommendation == "refer"
    assert ways(some) == (Way(leads_to="approve", size=0, from_day=date(2027, 3, 1)),)


# -- a clinician, or nobody -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("why", "told_first"), [("course_closed_unfinished", {"hiv_infection": False}), ("course_short", {})]
)
def test_where_a_clinician_must_review_no_fact_avoids_the_review(why: str, told_first: dict[str, bool]) -> None:
    """While a course is short, every recommendation is clinical review, also if facts are missing (R24)."""
    assert ways(later(), **{why: True}) == (Way(leads_to="refer", size=0),)
    way = only(ways(later(hiv_infection=None), **{why: True}))
    assert (way.leads_to, told(way)) == ("refer", told_first)


def test_a_dose_outside_the_regimen_leads_to_a_clinician() -> None:
    way = only(ways(initial(requested_dosing__mg_per_day=24, hiv_infection=None)))
    assert (way.leads_to, told(way)) == ("refer", {"hiv_infection": False})


def test_what_only_our_reading_leaves_out_leads_to_a_clinician() -> None:
    """R11: two brands of one ingredient, and nothing else that is open."""
    assert only(ways(initial(agents=tried("Avonex", "Rebif"), **NONE_EXISTS))).leads_to == "refer"


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(initial(hiv_infection=True), id="an exclusion"),
        pytest.param(initial(diagnosis="other"), id="the diagnosis"),
        pytest.param(initial(ms_form="primary_progressive"), id="the form"),
        pytest.param(initial(prescriber_specialty="other"), id="no specialist"),
        pytest.param(initial(**NONE_EXISTS), id="no evidence"),
    ],
)
def test_against_what_is_known_there_is_no_way(facts: Facts) -> None:
    assert ways(facts) == ()
    assert denial_citations(judge(facts), NEWEST)


# -- laws ---------------------------------------------------------------------------------------


def keeps_its_promise(way: Way, known: Facts, as_of: date, edition: Edition, around: Circumstances) -> None:
    """It leads where it says, by any of its values, from its day on; and with one supply less it does not."""
    leads_to = {"approve": ("approve",), "refer": ("approve", "refer")}[way.leads_to]
    day = way.from_day or as_of

    def leads(supplies: list[tuple[str, Any]], on: date = day) -> bool:
        some = known
        for field, value in supplies:
            # Without what it presupposes a fact is not asked: the doses of a course that is not known to be.
            if field in dict(open_facts(some, as_of, edition)):
                some = with_fact(some, field, value)
        return assess(some, on, edition, around).recommendation in leads_to

    whole = [(one.field, one.value) for one in way.supplies]
    assert leads(whole)
    assert way.size == len(way.supplies)
    assert way.from_day is None or not leads(whole, day - timedelta(days=1))
    for place, one in enumerate(way.supplies):
        rest = [pair for number, pair in enumerate(whole) if number != place]
        assert not leads(rest)
        assert one.settles
        for other in (one.alternatives[:1], one.alternatives[-1:]):
            assert all(leads([*whole[:place], (one.field, value), *whole[place + 1 :]]) for value in other)


@pytest.mark.parametrize(
    "every",
    [pytest.param(1, marks=pytest.mark.campaign, id="all three hundred"), pytest.param(7, id="each seventh")],
)
def test_each_way_of_the_three_hundred_keeps_its_promise(every: int) -> None:
    for case in CASES[::every]:
        known, as_of = facts_of(case)
        for way in ways(known, as_of, edition_for(as_of)):
            keeps_its_promise(way, known, as_of, edition_for(as_of), Circumstances())


def test_some_tens_of_assessments_find_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """At most ten for each third of the cases, beside its own; some tens where nothing is known."""
    judged: list[Facts] = []

    def counted(facts: Facts, *others: Any) -> Assessment:
        judged.append(facts)
        return assess(facts, *others)

    monkeypatch.setattr("domain.policy.shortest_paths.assess", counted)

    def taken(facts: Facts, as_of: date) -> int:
        judged.clear()
        edition = edition_for(as_of)
        what_if(assess(facts, as_of, edition), edition)
        return len(judged)

    assert max(taken(*facts_of(case)) for case in CASES[::3]) <= 10
    assert taken(Facts(), AS_OF) <= 60


@st.composite
def partly_told_facts(draw: st.DrawFn) -> Facts:
    return Facts.model_validate(draw(partly_told(draw(complete_facts()))))


@settings(max_examples=30, deadline=None)
@given(facts_near_approval() | partly_told_facts(), editions, circumstances | st.just(Circumstances()))
def test_each_way_keeps_its_promise(some: Facts, edition: Edition, around: Circumstances) -> None:
    assume(not contradictions(some, AS_OF))
    judged = assess(some, AS_OF, edition, around)
    found = what_if(judged, edition)
    assert found or judged.recommendation == "not_recommended"
    for way in found[:3]:
        keeps_its_promise(way, some, AS_OF, edition, around)


@settings(max_examples=15, deadline=None)
@given(st.data(), editions)
def test_an_approval_is_never_further_away_than_what_was_left_out(data: st.DataObject, edition: Edition) -> None:
    """Facts that are approved, some of them not told yet: there is a way, of no more supplies than were left out."""
    known = data.draw(complete_facts().filter(lambda one: _approves(one, edition)))
    untold = data.draw(partly_told(known))
    left_out = len(set(_places(known)) - set(_places(untold)))
    found = ways(Facts.model_validate(untold), edition=edition)
    assert any(way.leads_to == "approve" and way.from_day is None and way.size <= left_out for way in found)


def _approves(known: dict[str, Any], edition: Edition) -> bool:
    return assess(Facts.model_validate(known), AS_OF, edition).recommendation == "approve"


def _places(value: Any, place: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], str]]:
    """Every known value with its place; a value that is told less exactly is another."""
    if isinstance(value, dict):
        return [found for name, held in value.items() for found in _places(held, (*place, name))]
    if isinstance(value, list):
        return [found for number, held in enumerate(value) for found in _places(held, (*place, str(number)))]
    return [] if value is None else [(place, repr(value))]


@settings(max_examples=30, deadline=None)
@given(facts_near_approval(), days, st.integers(1, 800), editions)
def test_what_time_approves_stays_approved(some: Facts, as_of: date, later_by: int, edition: Edition) -> None:
    if assess(some, as_of, edition).recommendation == "approve":
        assert assess(some, as_of + timedelta(days=later_by), edition).recommendation == "approve"


@settings(max_examples=30, deadline=None)
@given(facts | partly_told_facts(), editions)
def test_nothing_is_asked_that_contradicts_what_is_known(some: Facts, edition: Edition) -> None:
    assume(not contradictions(some, AS_OF))
    for one in completions(Question(some, AS_OF, edition), AS_OF):
        for value in (one.supply.value, *one.supply.alternatives):
            assert not contradictions(with_fact(some, one.supply.field, value), AS_OF)
