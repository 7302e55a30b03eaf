"""Claim lines in whatever order they come: voids before their claims, and claims that were denied first (R22, R30)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given as given_values
from hypothesis import strategies as st

from domain.errors import AlreadyRecorded, NotPermitted, OriginalNotOnRecord
from domain.events.treatment import ClaimLineRecorded, ClaimReplaced, ClaimVoided, DoseAdministered
from tests.story import CLAIMS, Step, claim_line, dose, given


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
    denied.when(replacement("2026-03-02", "C10", 6, source_reference="C12")).then(ClaimReplaced).then_courses("open 1")
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
