"""Claim lines of several infusion days beside other entries of their days, in whatever order they come (R7, R25)."""

from __future__ import annotations

from datetime import date
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given as given_values
from hypothesis import settings
from hypothesis import strategies as st

from domain.errors import Conflict
from domain.events.treatment import DoseDaysStated
from domain.treatment.dose_entries import entries_to_settle
from projections.eligibility import eligibility
from tests.story import (
    MEETS_A,
    Scenario,
    Step,
    approved,
    claim_line,
    confirmed_duplicate,
    days_stated,
    dismissed_duplicate,
    dose,
    given,
    part_of_dose,
    submitted,
)


def claim(on: str, reference: str | None = None, mg: float = 12, **values: Any) -> Step:
    return dose(on, source="claim", source_reference=reference or f"C-{on}", mg=mg, **values).recorded_on("2026-04-20")


INFUSED = dose("2026-03-02", source="infusion_centre", source_reference="I-1").recorded_on("2026-04-20")
LINE = claim("2026-03-02", mg=60)


def ranges(scenario: Scenario) -> list[tuple[int, int]]:
    return [one.given_range for one in scenario.courses()]


def asked(scenario: Scenario) -> set[tuple[str | None, str]]:
    return {(one.dose_id, one.field) for one in eligibility(scenario.known, scenario.today).settled_by}


@pytest.mark.parametrize("steps", [(INFUSED, LINE), (LINE, INFUSED)], ids=["dose first", "line first"])
def test_a_line_of_several_days_is_a_range_whether_it_comes_first_or_second(steps: tuple[Step, ...]) -> None:
    scenario = given(*steps)
    assert ranges(scenario) == [(1, 5)]
    line = next(one for one in scenario.known.doses if one.source == "claim")
    assert (line.dose_id, "days") in asked(scenario)
    same = scenario.and_given(confirmed_duplicate(2))
    assert ranges(same) == [(1, 5)], "it is not known how many days the line tells of"
    assert line.dose_id in [one.dose_id for one in entries_to_settle(same.known)]
    number = [one.source for one in same.known.doses].index("claim") + 1
    same.when(days_stated(number, 3)).then(DoseDaysStated)
    assert ranges(same) == [(3, 3)]


@pytest.mark.parametrize("mg", [24, 60])
def test_the_most_that_may_have_been_given_counts_for_what_may_be_used(mg: int) -> None:
    entries = [
        dose("2026-05-04", source=source, source_reference=source, mg=units).recorded_on("2026-05-20")
        for source, units in (("infusion_centre", 12), ("claim", mg))
    ]
    found = []
    for steps in permutations(entries):
        scenario = given(submitted(MEETS_A), approved(), *steps)
        answer = eligibility(scenario.known, date(2026, 5, 20))
        found.append((answer.doses_usable, answer.doses_given_at_least, answer.doses_given_at_most))
    assert found == [(5 - mg // 12 - 1 if mg < 60 else 0, 1, mg // 12)] * 2


def test_the_days_of_a_line_that_waits_can_be_stated() -> None:
    waiting = given(INFUSED, LINE).when(days_stated(2, 2, first_on="2026-03-02", last_on="2026-03-03"))
    waiting.then(DoseDaysStated)
    assert ranges(waiting) == [(2, 2)]
    assert asked(waiting) == {(waiting.known.doses[1].dose_id, "duplicate")}


def test_a_line_that_is_part_of_the_dose_adds_its_milligrams_and_no_day() -> None:
    scenario = given(INFUSED, LINE, part_of_dose(2))
    assert ranges(scenario) == [(1, 1)]
    scenario.when(days_stated(2, 2)).then_refused(Conflict, field="dose_id")


def test_a_separate_line_has_its_own_days() -> None:
    assert ranges(given(INFUSED, LINE, dismissed_duplicate(2), days_stated(2, 3))) == [(4, 4)]


def test_what_was_stated_of_a_line_holds_for_the_same_line_sent_again() -> None:
    again = given(LINE, claim("2026-03-02", "C2", 60), days_stated(1, 3))
    assert ranges(again) == [(3, 5)], "the second line waits, and may tell of more days"
    again.and_given(confirmed_duplicate(2))
    assert (ranges(again), [*entries_to_settle(again.known)]) == ([(3, 3)], [])


def test_a_replacement_that_raises_a_confirmed_entry_asks_again() -> None:
    scenario = given(INFUSED, claim("2026-03-02"), confirmed_duplicate(2))
    assert (ranges(scenario), [*entries_to_settle(scenario.known)]) == ([(1, 1)], [])
    scenario.and_given(claim_line("replacement", "2026-03-02", 36, original_reference="C-2026-03-02"))
    assert ranges(scenario) == [(1, 3)]
    assert [one.source for one in entries_to_settle(scenario.known)] == ["claim"]


def test_the_milligrams_are_those_of_the_line_with_the_most_in_either_order() -> None:
    dosing = {"requested_dosing": {"mg_per_day": 12, "consecutive_days": 4, "route": "intravenous"}}
    for steps in ((INFUSED, claim("2026-03-02", mg=30)), (claim("2026-03-02", mg=30), INFUSED)):
        number = 2 if steps[0] is INFUSED else 1
        story = given(*steps, confirmed_duplicate(2), days_stated(number, 1), submitted(MEETS_A | dosing))
        story.then_recommended("refer", "milligrams_over_day", "milligrams_over_course", scope="A")


# -- stated days beside other entries ----------------------------------------------------------------


def infused(*days: int) -> list[Step]:
    return [
        dose(f"2026-03-0{day}", source="infusion_centre", source_reference=f"I-{day}").recorded_on("2026-04-20")
        for day in days
    ]


def test_a_stated_day_may_be_the_day_of_another_entry() -> None:
    scenario = given(*infused(3, 4, 5), claim("2026-03-02", mg=24), days_stated(4, 2))
    assert ranges(scenario) == [(4, 5)]
    found = eligibility(scenario.known, scenario.today)
    assert (found.path, found.doses_given) == (None, None)
    number = scenario.known.doses[3].dose_id
    assert {(number, "first_on"), (number, "last_on")} <= asked(scenario)
    elsewhere = given(*infused(3, 4, 5), claim("2026-03-02", mg=24))
    elsewhere.and_given(days_stated(4, 2, first_on="2026-03-01", last_on="2026-03-02"))
    assert ranges(elsewhere) == [(5, 5)]


@pytest.mark.parametrize("at_first", [True, False])
def test_a_dose_on_a_stated_day_is_the_dose_of_the_line(at_first: bool) -> None:
    entries = [claim("2026-03-02", mg=24), *infused(3)]
    number = 1 if at_first else 2
    said = days_stated(number, 2, first_on="2026-03-02", last_on="2026-03-03")
    scenario = given(*(entries if at_first else entries[::-1]), said)
    assert ranges(scenario) == [(2, 2)]
    assert ranges(given(entries[0], days_stated(1, 2, last_on="2026-03-03").recorded_on("2026-04-20"), entries[1])) == [
        (2, 2)
    ]


def test_stated_days_of_two_lines_may_be_the_same_days() -> None:
    scenario = given(claim("2026-03-02", mg=24), claim("2026-03-05", mg=24), days_stated(1, 2), days_stated(2, 2))
    assert ranges(scenario) == [(2, 4)]


# -- the law of order --------------------------------------------------------------------------------


@st.composite
def two_orders(draw: st.DrawFn) -> tuple[list[Step], list[Step]]:
    entries = [dose("2026-03-02", source="infusion_centre", source_reference="I-1").recorded_on("2026-04-20")]
    for number in range(draw(st.integers(1, 3))):
        on, mg = draw(st.sampled_from(["2026-03-02", "2026-03-03"])), draw(st.sampled_from([6, 12, 24, 36, 60]))
        entries.append(claim(on, f"C{number}", mg))
    return entries, list(draw(st.permutations(entries)))


@settings(max_examples=40, deadline=None)
@given_values(two_orders())
def test_lines_of_any_amount_give_the_same_courses_in_any_order(two: tuple[list[Step], list[Step]]) -> None:
    def outcome(steps: list[Step]) -> Any:
        scenario = given(*steps)
        found = eligibility(scenario.known, scenario.today)
        waiting = sorted(one.on for one in scenario.known.doses if one.waits)
        return [(one.status, one.given_range) for one in scenario.courses()], found.path, waiting

    first, second = map(outcome, two)
    assert first == second
