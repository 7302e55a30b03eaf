"""Reports that are about doses of this ledger, or confirm them: they add nothing, but still tell (R27)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain.errors import NotPermitted
from domain.events.treatment import PriorTreatmentReported
from domain.frozen import set_fields
from domain.history import evolve
from projections.eligibility import Eligibility, eligibility
from tests.story import (
    MEETS_A,
    Scenario,
    Step,
    approved,
    attributed,
    dose,
    doses,
    given,
    report_corrected,
    report_voided,
    reported,
    submitted,
    voided,
)

FIVE: dict[str, Any] = {
    "doses_given": 5,
    "first_dose_on": "2026-01-05",
    "last_dose_on": "2026-01-09",
    "completed": True,
}
TOLD_ON = "2026-02-01"
OURS = attributed(1, "our_doses")


def told(*courses: dict[str, Any], on: str = TOLD_ON) -> Step:
    return reported(*courses, source="attested").recorded_on(on)


def asked_for(days: int, on: str = TOLD_ON, **stated: Any) -> Step:
    dosing = {"mg_per_day": 12, "consecutive_days": days, "route": "intravenous"}
    return submitted(MEETS_A | {"requested_dosing": dosing} | stated, on).recorded_on(on)


def confirming(scenario: Scenario, report: Step) -> Scenario:
    """As a ledger has it that recorded a confirmation before it was compared with what is on record."""
    before = scenario.known
    event = next(one for one in given(report).events if isinstance(one, PriorTreatmentReported))
    event = event.model_copy(update={"confirms_record": True})
    event = set_fields(event, originator_id=before.patient_id, originator_version=before.version + 1)
    scenario.history = evolve(before, event)
    return scenario


def answered(scenario: Scenario, on: str = TOLD_ON) -> Eligibility:
    return eligibility(scenario.known, date.fromisoformat(on))


def recommended(scenario: Scenario, on: str = TOLD_ON) -> str:
    answer = answered(scenario, on).approvable
    assert answer is not None
    return answer.recommendation


def given_by(answer: Eligibility) -> tuple[int, int]:
    return answer.doses_given_at_least, answer.doses_given_at_most


def asked(answer: Eligibility) -> list[str]:
    return [one.field for one in answer.settled_by]


def by_attribution(*steps: Step) -> Scenario:
    return given(*steps, told(FIVE)).and_given(OURS)


def by_confirmation(*steps: Step) -> Scenario:
    return confirming(given(*steps), told(FIVE))


ABOUT_OURS = pytest.mark.parametrize("about_ours", [by_attribution, by_confirmation])


@ABOUT_OURS
def test_a_report_of_five_of_which_three_are_on_record_leaves_three_to_five(about_ours: Any) -> None:
    scenario = about_ours(*doses("2026-01-05", 3)).and_given(asked_for(2))
    answer = answered(scenario)
    assert (answer.path, answer.doses_given, given_by(answer)) == (None, None, (3, 5))
    assert recommended(scenario) == "pend"
    assert asked(answer) == ["tells_of", "courses"]
    scenario.when(approved()).then_refused(NotPermitted)


@ABOUT_OURS
def test_the_doses_that_were_still_to_come_settle_it(about_ours: Any) -> None:
    scenario = about_ours(*doses("2026-01-05", 3)).and_given(
        dose("2026-01-08", TOLD_ON, source="claim"), dose("2026-01-09", TOLD_ON, source="claim")
    )
    answer = answered(scenario)
    assert (answer.path, answer.courses_completed, asked(answer)) == ("B", 1, [])
    assert str(answer.next_course_from) == "2027-01-09"


def test_the_corrected_or_voided_report_settles_it() -> None:
    scenario = by_attribution(*doses("2026-01-05", 3)).and_given(
        report_corrected(1, FIVE | {"doses_given": 3, "last_dose_on": "2026-01-07", "completed": False})
    )
    assert (answered(scenario).path, answered(scenario).doses_given) == ("A", 3)
    scenario = by_attribution(*doses("2026-01-05", 3)).and_given(report_voided(1), asked_for(2))
    assert (answered(scenario).path, recommended(scenario)) == ("A", "approve")
    scenario = by_attribution(*doses("2026-01-05", 3)).and_given(attributed(1, "other_doses"))
    assert (answered(scenario).path, asked(answered(scenario))) == ("B", [])


@ABOUT_OURS
def test_if_our_doses_are_voided_the_report_tells_again(about_ours: Any) -> None:
    scenario = about_ours(*doses("2026-01-05", 5))
    assert (answered(scenario).path, asked(answered(scenario))) == ("B", [])
    scenario.and_given(*(voided(number) for number in range(1, 6)), asked_for(5))
    assert (answered(scenario).path, recommended(scenario)) == (None, "pend")
    assert asked(answered(scenario)) == ["tells_of", "courses"]
    scenario.when(approved()).then_refused(NotPermitted)


@ABOUT_OURS
def test_a_report_of_days_that_no_entry_has_is_not_about_our_doses(about_ours: Any) -> None:
    scenario = about_ours(*doses("2025-01-06", 5))
    answer = answered(scenario)
    assert (answer.path, answer.courses_completed, str(answer.last_dose_on)) == ("B", 2, "2026-01-09")
    assert asked(answer) == ["tells_of", "courses"]
    assert "A person stated" in answer.settled_by[0].question


def test_a_confirmed_report_holds_when_the_report_that_it_confirmed_is_voided() -> None:
    course = {"doses_given": 5, "last_dose_on": "2020-03-06", "completed": True}
    scenario = given(told(course), reported(course, confirms_record=True).recorded_on(TOLD_ON))
    assert (answered(scenario).path, answered(scenario).courses_completed) == ("B", 1)
    scenario.and_given(report_voided(1), asked_for(5))
    assert answered(scenario).path == "B"
    assert recommended(scenario) != "approve"


def test_our_doses_are_those_that_an_undated_report_counts() -> None:
    scenario = given(*doses("2026-01-05", 3), told({"doses_given": 4}), OURS, asked_for(2))
    answer = answered(scenario)
    assert (answer.path, given_by(answer), recommended(scenario)) == ("A", (3, 4), "pend")
    scenario = given(*doses("2026-01-05", 3), told({"doses_given": 2}), OURS, asked_for(2))
    assert (answered(scenario).doses_given, recommended(scenario)) == (3, "approve")


def test_three_doses_said_to_be_complete_are_of_a_later_course_also_if_they_are_ours() -> None:
    scenario = given(*doses("2026-01-05", 3), told({"doses_given": 3, "completed": True}), OURS)
    assert (answered(scenario).path, answered(scenario).course_number) == ("B", 3)


@pytest.mark.parametrize("attribution", [[], [OURS]], ids=["not attributed", "our doses"])
def test_the_milligrams_of_a_report_of_our_doses_count(attribution: list[Step]) -> None:
    two = {"doses_given": 2, "first_dose_on": "2026-01-05", "last_dose_on": "2026-01-06", "completed": False}
    scenario = given(*doses("2026-01-05", 2), told(two | {"mg_total": 48}), *attribution, asked_for(3))
    assert recommended(scenario) == "refer"
    scenario = given(*doses("2026-01-05", 2), told(two | {"mg_total": 24}), *attribution, asked_for(3))
    assert recommended(scenario) == "approve"
