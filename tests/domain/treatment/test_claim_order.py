"""Claim lines in whatever order they come: voids before their claims, and claims that were denied first (R22, R30)."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given as given_values
from hypothesis import settings
from hypothesis import strategies as st

from domain.errors import AlreadyRecorded, NotPermitted, OriginalNotOnRecord
from domain.events.treatment import ClaimLineRecorded, ClaimReplaced, ClaimVoided, DoseAdministered
from tests.story import CLAIMS, Scenario, Step, claim_line, claim_settled, dose, dose_corrected, given


def claim(on: str, reference: str) -> Step:
    return dose(on, source="claim", source_reference=reference)


def replacement(on: str, of: str | None, mg: float = 12, **values: Any) -> Step:
    return claim_line("replacement", on, mg, original_reference=of, **values)


def void(on: str | None, of: str | None, **values: Any) -> Step:
    return claim_line("void", on, original_reference=of, **values)


VOIDS_OF_C1 = (void("2026-03-06", "C1", source_reference="V1"), void("2026-03-06", "C1", source_reference="V2"))


def test_a_void_before_its_claim_finds_it_by_the_day_as_one_after_it_does() -> None:
    first = given(void("2026-03-06", None, source_reference="V1")).when(claim("2026-03-06", "C-2026-03-06"))
    first.then(DoseAdministered, ClaimVoided).then_courses("unknown 0 to 1")
    assert [(one.waits, one.found_by) for one in first.known.claim_lines] == [(False, "day")]
    another_day = given(void("2026-03-06", None, source_reference="V1")).when(claim("2026-03-05", "C-2026-03-05"))
    another_day.then(DoseAdministered).then_courses("open 1")


@pytest.mark.parametrize("line", [void, replacement], ids=["void", "replacement"])
def test_a_named_original_that_is_not_on_record_is_not_the_line_itself(line: Any) -> None:
    scenario = given(claim("2026-03-06", "C1")).when(line("2026-03-06", "C-9", source_reference="C1"))
    if line is replacement:
        scenario.then_refused(OriginalNotOnRecord, field="original_reference")
        return
    scenario.then(ClaimLineRecorded, line="void").then_courses("open 1")
    scenario.when(claim("2026-03-07", "C-9")).then(DoseAdministered, ClaimVoided)


def test_all_voids_that_name_a_claim_are_settled_by_it() -> None:
    waiting = given(void("2026-03-06", "C1", source_reference="V1"), void("2026-03-06", "C1", source_reference="V2"))
    waiting.when(claim("2026-03-06", "C1")).then(DoseAdministered, ClaimVoided, ClaimVoided)
    assert [one.waits for one in waiting.known.claim_lines] == [False, False]


@given_values(st.permutations([claim("2026-03-06", "C1"), *VOIDS_OF_C1, claim_line("denied", "2026-03-06")]))
def test_the_order_in_which_a_claim_and_its_voids_come_does_not_matter(steps: list[Step]) -> None:
    scenario = given()
    for step in steps:
        try:
            scenario.and_given(step)
        except AlreadyRecorded:
            assert step in VOIDS_OF_C1
    assert scenario.courses()[0].given_range == (0, 1)
    assert not any(one.waits for one in scenario.known.claim_lines)


@pytest.mark.parametrize("of", ["C10", None], ids=["named", "by the day"])
def test_a_denied_claim_that_is_paid_as_a_replacement_is_one_dose(of: str | None) -> None:
    denied = given(claim_line("denied", "2026-03-02", source_reference="C10"))
    denied.when(replacement("2026-03-02", of, source_reference="C11")).then(DoseAdministered, ClaimLineRecorded)
    denied.then_courses("open 1")
    denied.when(replacement("2026-03-02", "C10", 6, source_reference="C11")).then(ClaimReplaced).then_courses("open 1")
    denied.when(claim("2026-03-02", "C10")).then_refused(AlreadyRecorded, field="source_reference")
    denied.when(void("2026-03-02", "C10")).then(ClaimVoided).then_courses("unknown 0 to 1")


def test_a_void_that_waits_for_the_denied_claim_voids_what_replaces_it() -> None:
    waiting = given(claim_line("denied", "2026-03-02", source_reference="C10"), void("2026-03-02", "C10"))
    waiting.when(replacement("2026-03-02", "C10")).then(DoseAdministered, ClaimLineRecorded, ClaimVoided)
    assert waiting.courses()[0].given_range == (0, 1)


def test_a_service_replaces_only_its_own_denied_line() -> None:
    line = claim_line("denied", "2026-03-02", source_reference="C10")
    paid = replacement("2026-03-02", "C10").by(CLAIMS)
    given(line.by(CLAIMS)).when(paid).then(DoseAdministered, ClaimLineRecorded)
    given(line).when(paid).then_refused(NotPermitted, field="actor.id")


# -- voids that name no claim, and are found by the day ----------------------------------------------

VOID_OF_DAY = void("2026-03-06", None, source_reference="V1")
TWO_OF_A_DAY = (claim("2026-03-06", "C1"), claim("2026-03-06", "C2"))


def in_effect(scenario: Scenario) -> list[bool]:
    return [one.facts.is_in_effect for one in scenario.known.doses]


def waiting(scenario: Scenario) -> list[str]:
    return [one.source_reference for one in scenario.known.claim_lines if one.waits]


@pytest.mark.parametrize("steps", list(permutations([*TWO_OF_A_DAY, VOID_OF_DAY])))
def test_a_void_of_a_day_with_two_claims_waits_in_any_order(steps: tuple[Step, ...]) -> None:
    scenario = given(*steps)
    assert (in_effect(scenario), waiting(scenario)) == ([True, True], ["V1"])


def test_it_is_settled_by_the_same_void_with_its_original() -> None:
    scenario = given(*TWO_OF_A_DAY, VOID_OF_DAY).when(void("2026-03-06", "C2", source_reference="V1"))
    scenario.then(ClaimVoided, found_by="original_reference")
    assert (in_effect(scenario), waiting(scenario)) == ([True, False], [])


def test_it_is_settled_also_if_another_void_named_the_claim_before() -> None:
    scenario = given(*TWO_OF_A_DAY, VOID_OF_DAY, void(None, "C2", source_reference="V2"))
    assert waiting(scenario) == ["V1"]
    scenario.when(void("2026-03-06", "C2", source_reference="V1")).then(ClaimVoided)
    assert (in_effect(scenario), waiting(scenario)) == ([True, False], [])
    named = given(*TWO_OF_A_DAY, void(None, "C9", source_reference="V1"))
    named.when(void(None, "C1", source_reference="V1")).then(ClaimVoided)
    assert waiting(named) == ["V1"], "the void of another claim waits for that claim"


@pytest.mark.parametrize("steps", list(permutations([TWO_OF_A_DAY[0], VOID_OF_DAY, void(None, "C1", mg=12)])))
def test_a_void_that_names_the_claim_is_in_effect_instead_of_one_of_its_day(steps: tuple[Step, ...]) -> None:
    scenario = given(*steps)
    assert (in_effect(scenario), waiting(scenario)) == ([False], ["V1"])
    assert in_effect(scenario.and_given(TWO_OF_A_DAY[1])) == [False, True]


def test_what_a_person_found_holds_when_another_claim_of_the_day_comes() -> None:
    scenario = given(TWO_OF_A_DAY[0], VOID_OF_DAY, claim_settled(1, "not_given"), TWO_OF_A_DAY[1])
    assert (in_effect(scenario), waiting(scenario)) == ([False, True], [])
    scenario.and_given(void(None, "C1", source_reference="V2"))
    assert [one.facts.finding for one in scenario.known.doses] == ["not_given", None]


def test_a_void_with_the_reference_of_a_later_claim_is_of_that_claim() -> None:
    own = void("2026-03-06", None, source_reference="C2")
    for on in ("2026-03-06", "2026-03-07"):
        scenario = given(TWO_OF_A_DAY[0], own).and_given(claim(on, "C2"))
        assert (in_effect(scenario), waiting(scenario)) == ([True, False], [])


def test_an_entry_that_gets_the_day_makes_a_void_of_it_wait() -> None:
    moved = given(TWO_OF_A_DAY[0], VOID_OF_DAY, claim("2026-03-05", "C2"))
    assert in_effect(moved) == [False, True]
    moved.and_given(replacement("2026-03-06", "C2", source_reference="C3"))
    assert (in_effect(moved), waiting(moved)) == ([True, True], ["V1"])
    corrected = given(TWO_OF_A_DAY[0], VOID_OF_DAY, claim("2026-03-05", "C2"), dose_corrected(2, on="2026-03-06"))
    assert (in_effect(corrected), waiting(corrected)) == ([True, True], ["V1"])


def test_a_voided_and_replaced_claim_counts_however_the_lines_name_it() -> None:
    for of in ("C1", None):
        scenario = given(TWO_OF_A_DAY[0], void("2026-03-06", of), replacement("2026-03-06", of, 6))
        scenario.then_courses("open 1")
        assert scenario.known.is_replaced_after_void(scenario.known.doses[0])


# -- the law of order --------------------------------------------------------------------------------

ORIGINALS = {
    "C1": claim("2026-03-06", "C1"),
    "C2 of that day": claim("2026-03-06", "C2"),
    "C2 of the next day": claim("2026-03-07", "C2"),
    "C3 denied": claim_line("denied", "2026-03-08", source_reference="C3"),
}
CORRECTIONS = {
    "void C1": void(None, "C1", source_reference="V1"),
    "void C2": void("2026-03-06", "C2", source_reference="V2"),
    "void C3": void("2026-03-08", "C3", source_reference="V3"),
    "void of the day": void("2026-03-06", None, source_reference="V4"),
    "void of the next day": void("2026-03-07", None, source_reference="V5"),
    "void of the denied day": void("2026-03-08", None, source_reference="V6"),
    "replace C1": replacement("2026-03-06", "C1", 6, source_reference="R1"),
    "replace C2": replacement("2026-03-07", "C2", 6, source_reference="R2"),
    "replace C3": replacement("2026-03-08", "C3", source_reference="R3"),
}


@st.composite
def orders(draw: st.DrawFn) -> tuple[list[str], list[str]]:
    """The lines of a feed in two orders. A claim comes before its replacement, and its last line stays its last."""
    second = draw(st.sampled_from(["C2 of that day", "C2 of the next day"]))
    originals = [one for one in ORIGINALS if not one.startswith("C2") or one == second]
    corrections = draw(st.lists(st.sampled_from(list(CORRECTIONS)), unique=True, max_size=6))
    mixed = draw(st.permutations([*originals, *corrections]))
    if any(one.startswith("replace") for one in corrections):
        in_order = iter(corrections)
        mixed = [next(in_order) if one in CORRECTIONS else one for one in mixed]
    for one in corrections:
        original = next((name for name in originals if name.startswith(one.removeprefix("replace "))), None)
        if original is not None and mixed.index(original) > mixed.index(one):
            mixed.remove(original)
            mixed.insert(mixed.index(one), original)
    return [*originals, *corrections], list(mixed)


def outcome(names: list[str]) -> tuple[Any, ...]:
    """The doses and the courses after these lines. A void that changes nothing may be refused as recorded already."""
    scenario = given()
    for name in names:
        try:
            scenario.and_given((ORIGINALS | CORRECTIONS)[name])
        except AlreadyRecorded:
            assert name.startswith("void")
    doses = [
        (one.facts.references, one.on, one.mg, one.facts.is_in_effect, scenario.known.is_replaced_after_void(one))
        for one in scenario.known.doses
    ]
    return sorted(doses, key=str), [(one.status, one.given_range) for one in scenario.courses()]


@settings(max_examples=60, deadline=None)
@given_values(orders())
def test_doses_and_courses_are_the_same_in_any_order_of_the_lines(two: tuple[list[str], list[str]]) -> None:
    first, second = map(outcome, two)
    assert first == second
