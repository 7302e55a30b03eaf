"""A claim that is billed again as several lines: each line names it, and each may be a dose of its own (R25, R30)."""

from __future__ import annotations

from datetime import date
from itertools import permutations
from typing import Any

import pytest

from domain.errors import AlreadyRecorded, Conflict
from domain.events.treatment import ClaimLineRecorded, ClaimReplaced, ClaimVoided, CourseCompleted, DoseAdministered
from domain.treatment.dose_entries import entries_to_settle
from projections.eligibility import eligibility
from tests.story import (
    MEETS_A,
    Scenario,
    Step,
    claim_line,
    claim_settled,
    confirmed_duplicate,
    dismissed_duplicate,
    dose,
    dose_corrected,
    given,
    part_of_dose,
    submitted,
    voided,
)

LATER = "2026-04-20"


def claim(on: str, reference: str, mg: float = 12) -> Step:
    return dose(on, source="claim", source_reference=reference, mg=mg).recorded_on(LATER)


def replacement(on: str, of: str | None, reference: str, mg: float = 12) -> Step:
    sent = claim_line("replacement", on, mg, original_reference=of, source_reference=reference)
    return sent.recorded_on(LATER)


C9 = claim("2026-03-02", "C9", 60)
LINES = [replacement(f"2026-03-0{day}", "C9", f"C10-{day}") for day in range(2, 7)]


def given_range(scenario: Scenario) -> tuple[int, int]:
    (course,) = scenario.courses()
    return course.given_range


def to_settle(scenario: Scenario) -> list[str]:
    return [str(one.on) for one in entries_to_settle(scenario.known)]


@pytest.mark.parametrize("lines", [LINES, LINES[::-1], LINES[2:] + LINES[:2]], ids=["in order", "backward", "mixed"])
def test_a_claim_that_is_replaced_by_five_lines_is_one_to_five_doses_until_a_person_says(lines: list[Step]) -> None:
    scenario = given(C9, *lines)
    assert given_range(scenario) == (1, 5)
    assert len(to_settle(scenario)) == 4
    answer = eligibility(scenario.known, date(2026, 4, 28))
    assert [one.field for one in answer.settled_by] == ["duplicate"] * 4
    assert (answer.doses_given, answer.courses_completed_at_least) == (None, 0)
    for number in range(2, 6):
        scenario.and_given(dismissed_duplicate(number))
    assert given_range(scenario) == (5, 5)
    assert scenario.courses()[0].status == "completed"
    assert to_settle(scenario) == []


def test_what_would_be_approved_is_not_while_a_line_waits() -> None:
    dosing = {"requested_dosing": {"mg_per_day": 12, "consecutive_days": 3, "route": "intravenous"}}
    story = given(claim("2026-03-02", "A", 24), replacement("2026-03-02", "A", "R1"))
    story.and_given(replacement("2026-03-03", "A", "R2"), submitted(MEETS_A | dosing))
    story.then_recommended("refer", "entries_waiting", scope="A")
    story.and_given(dismissed_duplicate(2)).then_recommended("approve", scope="A")


def test_the_line_is_recorded_as_an_entry_of_its_own() -> None:
    scenario = given(C9, LINES[0]).when(LINES[1]).then(DoseAdministered, ClaimLineRecorded)
    assert [one.facts.references[-1] for one in scenario.known.doses] == ["C10-2", "C10-3"]
    scenario.when(LINES[1]).then_refused(AlreadyRecorded, field="source_reference")
    scenario.when(LINES[0]).then_refused(AlreadyRecorded, field="source_reference")


def test_the_same_dose_has_the_day_of_its_correction() -> None:
    scenario = given(C9, *LINES[:3]).and_given(confirmed_duplicate(2))
    assert [(str(one.on), one.stands, one.is_uncertain) for one in scenario.known.doses] == [
        ("2026-03-02", False, False),
        ("2026-03-03", True, False),
        ("2026-03-04", True, True),
    ]
    assert given_range(scenario) == (1, 2)
    scenario.and_given(confirmed_duplicate(3))
    assert [str(one.on) for one in scenario.known.doses if one.stands] == ["2026-03-04"]
    scenario.and_given(voided(3))
    assert [str(one.on) for one in scenario.known.doses if one.stands] == ["2026-03-03"]


def test_the_replaced_entry_can_be_found_to_be_another_dose_after_all() -> None:
    scenario = given(C9, *LINES[:2]).and_given(confirmed_duplicate(2), dismissed_duplicate(1))
    assert given_range(scenario) == (2, 2)


def test_both_lines_may_carry_the_reference_of_the_original() -> None:
    lines = [replacement(f"2026-03-0{day}", None, "A") for day in (2, 3)]
    for both in permutations(lines):
        scenario = given(claim("2026-03-02", "A", 24), *both)
        assert given_range(scenario) == (1, 2)
        for one in lines:
            scenario.when(one).then_refused(AlreadyRecorded, field="source_reference")
        scenario.when(replacement("2026-03-03", None, "A", 11)).then(ClaimReplaced)
        assert given_range(scenario) == (1, 2)


def test_a_line_of_another_day_that_names_the_last_replacement_waits_if_that_has_the_same_reference() -> None:
    scenario = given(claim("2026-03-02", "A", 24), replacement("2026-03-02", None, "A"))
    scenario.when(replacement("2026-03-03", "A", "B")).then(DoseAdministered, ClaimLineRecorded)
    assert given_range(scenario) == (1, 2)


def test_two_denied_lines_of_one_claim_that_are_paid_later() -> None:
    denied = [claim_line("denied", f"2026-03-0{day}", source_reference="D").recorded_on(LATER) for day in (2, 3)]
    scenario = given(*denied, replacement("2026-03-02", "D", "R1"), replacement("2026-03-03", "D", "R2"))
    assert given_range(scenario) == (1, 2)


def test_two_lines_of_the_same_day_are_entries_of_one_day() -> None:
    scenario = given(claim("2026-03-02", "A"), replacement("2026-03-02", "A", "R1", 6))
    scenario.when(replacement("2026-03-02", "A", "R2", 6)).then(DoseAdministered, ClaimLineRecorded)
    assert (given_range(scenario), to_settle(scenario)) == ((1, 1), ["2026-03-02"])
    scenario.and_given(part_of_dose(2))
    assert (scenario.known.doses[0].added_mg, to_settle(scenario)) == (6, [])


def test_a_replacement_under_the_reference_of_the_last_one_corrects_it() -> None:
    scenario = given(C9, *LINES[:2])
    scenario.when(replacement("2026-03-02", "C9", "C10-2", 10)).then(ClaimReplaced)
    scenario.when(replacement("2026-03-03", "C9", "C10-3", 10)).then(ClaimReplaced)
    assert [one.mg for one in scenario.known.doses] == [10, 10]
    scenario.when(replacement("2026-03-05", "C10-3", "C11")).then(ClaimReplaced)
    assert [str(one.on) for one in scenario.known.doses] == ["2026-03-02", "2026-03-05"]


def test_a_void_withdraws_the_line_that_it_names() -> None:
    scenario = given(C9, *LINES[:2], dismissed_duplicate(2))
    scenario.when(claim_line("void", None, original_reference="C10-3")).then(ClaimVoided)
    assert given_range(scenario) == (1, 2)
    whole = given(C9, *LINES[:2]).and_given(claim_line("void", None, original_reference="C9"))
    assert given_range(whole) == (0, 2), "the void of the claim leaves nothing certain of its lines"


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
def test_another_entry_of_the_day_counts_whatever_comes_first(order: tuple[int, ...]) -> None:
    infused = dose("2026-03-03", source="infusion_centre", source_reference="I-1").recorded_on(LATER)
    steps = [C9, *LINES[:2], infused]
    if order.index(0) > min(order.index(1), order.index(2)):
        return
    scenario = given(*(steps[place] for place in order))
    at_third = [one for one in scenario.known.doses if str(one.on) == "2026-03-03"]
    assert any(one.waits or one.is_uncertain for one in scenario.known.doses)
    assert len(at_third) == 2
    assert given_range(scenario)[1] == 2


def test_a_part_of_a_dose_has_the_day_of_that_dose() -> None:
    given(C9, *LINES[:2]).when(part_of_dose(2)).then_refused(Conflict, field="dose_id")


def test_a_corrected_day_of_a_waiting_line_asks_again() -> None:
    scenario = given(C9, *LINES[:2], confirmed_duplicate(2)).and_given(dose_corrected(2, on="2026-03-04"))
    assert (given_range(scenario), to_settle(scenario)) == ((1, 2), ["2026-03-04"])


def test_a_mistaken_entry_leaves_the_further_one_as_the_dose() -> None:
    scenario: Any = given(C9, *LINES[:2], voided(1))
    assert (given_range(scenario), to_settle(scenario)) == ((1, 1), [])
    assert CourseCompleted not in map(type, scenario.events)


def test_a_claim_that_is_replaced_after_a_person_said_that_it_was_not_given_is_asked_again() -> None:
    scenario = given(claim("2026-03-02", "A"), claim_line("void", None, original_reference="A"))
    scenario.and_given(claim_settled(1, "not_given")).then_courses()
    scenario.and_given(replacement("2026-03-02", "A", "R1"))
    assert (given_range(scenario), to_settle(scenario)) == ((0, 1), ["2026-03-02"])
    scenario.and_given(claim_settled(1, "billed_elsewhere"))
    assert given_range(scenario) == (1, 1)
