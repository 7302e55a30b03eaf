"""Why an assessment is no longer the one that was shown: facts that changed, or time alone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from domain.review import assessment_changes
from domain.review.assess_request import RequestAssessment, request_assessment
from domain.review.assessment_changes import Change, changes_since
from tests.story import MEETS_A, MEETS_B, Scenario, dose, first_course, given, opened, submitted, voided


def moved(scenario: Scenario, looked_at: str, today: str) -> dict[str, Change]:
    request = scenario.known.requests[-1].request_id
    changes = changes_since(looked_at, scenario.versions, request, date.fromisoformat(today))
    return {change.what: change for change in changes}


def test_time_alone_and_the_twelve_months_are_over() -> None:
    scenario = given(*first_course("2025-04-24"), submitted(MEETS_B), today="2026-04-20")
    changes = moved(scenario, scenario.judged().digest, "2026-04-28")
    assert {"1.B.iv", "1.B"} <= set(changes)
    assert (changes["1.B.iv"].was, changes["1.B.iv"].is_now) == ("not_met", "met")
    assert all(change.time_alone for change in changes.values())


def test_time_alone_and_a_birthday() -> None:
    scenario = Scenario(today=date(2026, 4, 20)).and_given(opened("2009-04-28"), submitted(MEETS_A))
    changes = moved(scenario, scenario.judged().digest, "2026-04-28")
    assert changes["1.A.i"].time_alone
    assert moved(scenario, scenario.judged().digest, "2026-04-27") == {}


def test_time_alone_and_a_stop_date_has_passed() -> None:
    agents = [*MEETS_A["agents"], {"product": "Tysabri", "outcome": "adequate", "stopped_on": "2026-04-25"}]
    scenario = given(submitted(MEETS_A | {"agents": agents}), today="2026-04-20")
    changes = moved(scenario, scenario.judged().digest, "2026-04-28")
    assert {"NR.2", "other_dmt_continues"} <= set(changes)
    assert all(change.time_alone for change in changes.values())


def test_facts_that_moved_are_named_and_are_not_times() -> None:
    scenario = given(*first_course("2024-03-04"), submitted(MEETS_B))
    looked_at = scenario.judged().digest
    scenario.and_given(dose("2026-04-27"))
    changes = moved(scenario, looked_at, "2026-04-28")
    assert "prior_treatment" in changes
    assert not any(change.time_alone for change in changes.values())


def test_what_time_did_is_told_apart_from_what_was_recorded() -> None:
    scenario = given(*first_course("2025-04-24"), submitted(MEETS_B), today="2026-04-20")
    looked_at = scenario.judged().digest
    scenario.and_given(dose("2026-04-29"))
    changes = moved(scenario, looked_at, "2026-04-30")
    assert changes["1.B.iv"].time_alone
    assert not changes["prior_treatment"].time_alone


def test_an_assessment_that_was_shown_earlier_is_found_through_later_events() -> None:
    scenario = given(*first_course("2024-03-04"), submitted(MEETS_B), today="2026-04-01")
    looked_at = scenario.judged().digest
    scenario.and_given(dose("2026-04-10"), dose("2026-04-12"), voided(6).recorded_on("2026-04-20"))
    assert "prior_treatment" in moved(scenario, looked_at, "2026-04-28")


def test_a_digest_of_nothing_here_moves_nothing() -> None:
    assert moved(given(submitted()), "0" * 64, "2026-04-28") == {}


def test_sentences_and_days_are_no_part_of_the_digest() -> None:
    scenario = given(*first_course("2024-03-04"), submitted(MEETS_B), today="2026-04-20")
    assert scenario.judged(as_of="2026-04-20").digest == scenario.judged(as_of="2026-04-28").digest


@pytest.mark.parametrize("days", [1, 40])
def test_the_version_that_was_shown_is_assessed_and_no_other(days: int, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = given(*first_course("2024-03-04"), submitted(MEETS_B), today="2026-03-01")
    seen = scenario.judged()
    later = [date(2026, 3, 1) + timedelta(days=number) for number in range(1, days + 1)]
    scenario.and_given(*(dose(day.isoformat()) for day in later))
    assessed = counted(monkeypatch)
    changed = changes_since(seen.digest, scenario.versions, request_of(scenario), later[-1], seen.history_version)
    # One that was shown on that day or the day after, and two to compare.
    assert len(assessed) <= 5
    assert "prior_treatment" in {one.what for one in changed}
    # Without it, a later version on an earlier day can have the same assessment, and time would seem to be the cause.
    assert not any(one.time_alone for one in changed)


@pytest.mark.parametrize("wrong", [1, 3, 4_000])
def test_a_version_that_was_not_shown_is_a_hint_and_no_more(wrong: int) -> None:
    scenario = given(*first_course("2024-03-04"), submitted(MEETS_B), today="2026-04-01")
    seen = scenario.judged()
    scenario.and_given(dose("2026-04-20"))
    today, request = date(2026, 4, 28), request_of(scenario)
    searched = changes_since(seen.digest, scenario.versions, request, today)
    assert searched == changes_since(seen.digest, scenario.versions, request, today, wrong)
    assert searched


def request_of(scenario: Scenario) -> str:
    return scenario.known.requests[-1].request_id


def counted(monkeypatch: pytest.MonkeyPatch) -> list[date]:
    """The days of the assessments that are made from here on."""
    assessed: list[date] = []

    def noted(history: Any, request: Any, as_of: date) -> RequestAssessment:
        assessed.append(as_of)
        return request_assessment(history, request, as_of)

    monkeypatch.setattr(assessment_changes, "request_assessment", noted)
    return assessed
