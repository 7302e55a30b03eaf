"""The terms of a request: doses that were given before, and the state and funding of the coverage."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from domain.deadline_terms.table import DeadlineTable, terms_for
from domain.deadline_terms.terms import Days
from domain.events.requests import ClockExtended
from tests.domain.deadlines.request_clock import OPEN_HIV, clock, due, received
from tests.story import (
    OFFICE,
    Scenario,
    clock_extended,
    dose,
    expedited,
    given,
    line_changed,
    statement_corrected,
    submitted,
)

# -- doses that were given before ---------------------------------------------------------------


def afterwards(**values: Any) -> Scenario:
    """Two doses that were given, and asked for on 28 April."""
    scenario = given(dose("2026-04-20"), dose("2026-04-21"))
    listed = [one.dose_id for one in scenario.known.doses]
    asked = OPEN_HIV | {"requested_dosing": OPEN_HIV["requested_dosing"] | {"consecutive_days": 2}}
    return scenario.and_given(submitted(asked, retrospective_for=listed, **values).by(OFFICE))


def test_asked_for_afterwards_there_are_30_days_and_15_more() -> None:
    assert due(afterwards()) == "2026-05-29"
    scenario = afterwards().on("2026-05-20").when(clock_extended(days=15)).then(ClockExtended)
    assert due(scenario) == "2026-06-13"


def test_asked_for_afterwards_with_further_days_or_as_urgent_the_shorter_times_apply() -> None:
    further = afterwards().and_given(statement_corrected(OPEN_HIV))
    assert due(further) == "2026-05-14"
    assert due(afterwards(urgency="urgent")) == "2026-05-01T14:00Z"
    assert due(afterwards(line_of_business="medicaid")) == "2026-04-29T14:00Z"


def test_expediting_what_was_asked_for_afterwards_does_not_shorten_the_time_that_was_running() -> None:
    """72 hours from the request to expedite, but not more than the 30 days."""
    scenario = afterwards().on("2026-05-18").and_given(expedited("2026-05-18T09:00:00-04:00"))
    assert due(scenario) == "2026-05-21T13:00Z"
    scenario = afterwards().on("2026-05-27").and_given(expedited("2026-05-27T09:00:00-04:00"))
    assert due(scenario) == "2026-05-29"


# -- rows of the plan ---------------------------------------------------------------------------

STATE_LAW = DeadlineTable(
    own=(replace(terms_for("commercial", date(2026, 4, 28)), state="CA", funding="insured", standard=Days(5)),)
)


@pytest.mark.parametrize(
    ("coverage", "expected", "note"),
    [
        ({}, "2026-05-04", "state and funding of the coverage not on record"),
        ({"funding": "insured"}, "2026-05-04", "state of the coverage not on record"),
        ({"state": "CA"}, "2026-05-04", "funding of the coverage not on record"),
        ({"state": "CA", "funding": "insured"}, "2026-05-04", ""),
        ({"state": "NY", "funding": "insured"}, "2026-05-14", ""),
        ({"state": "CA", "funding": "self_funded"}, "2026-05-14", ""),
        ({"funding": "self_funded"}, "2026-05-14", ""),
    ],
)
def test_the_state_and_the_funding_of_the_coverage_choose_the_row(
    coverage: dict[str, str], expected: str, note: str
) -> None:
    scenario = received().under(STATE_LAW)
    scenario.and_given(line_changed("2026-01-01", "commercial", **coverage))
    assert due(scenario) == expected
    assert note in clock(scenario).rule
    assert ("so the shortest row applies" in clock(scenario).rule) == bool(note)


def test_the_coverage_of_the_day_of_receipt_counts_and_of_the_same_line() -> None:
    scenario = received().under(STATE_LAW)
    scenario.and_given(line_changed("2026-01-01", "commercial", state="NY", funding="insured"))
    scenario.and_given(line_changed("2026-05-01", "commercial", state="CA", funding="insured"))
    assert due(scenario) == "2026-05-14"
    scenario.and_given(line_changed("2026-02-01", "medicaid", state="NY"))
    assert due(scenario) == "2026-05-04"
