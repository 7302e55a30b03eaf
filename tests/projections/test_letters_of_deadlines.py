"""What letters say of deadlines: how long there is to appeal, and where a question stops the time."""

from __future__ import annotations

import json

import pytest

from domain.deadline_terms.plan_rows import table_from
from domain.deadline_terms.table import BUILT_IN, DeadlineTable
from domain.history import evolve
from projections.letters import Letter, LetterKind, letter
from tests.story import (
    MEETS_A,
    OFFICE,
    ZONE,
    Scenario,
    appealed,
    denied,
    dose,
    given,
    information_requested,
    noticed,
    submitted,
    upheld,
)
from tests.story.deadlines import TWO_LEVELS

SENT = "2026-04-28T11:00:00-04:00"
OPEN_HIV = MEETS_A | {"hiv_infection": None}


def read(scenario: Scenario, kind: LetterKind, table: DeadlineTable = BUILT_IN) -> str:
    history = scenario.known
    appeal = history.appeals[-1] if history.appeals else None
    return in_words(letter(history, history.requests[-1], kind, ZONE, appeal, table))


def in_words(shown: Letter) -> str:
    return " | ".join(
        text for part in shown.parts for text in (*part.sentences, *(f"{label}: {value}" for label, value in part.rows))
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("commercial", "In time: 180 days from the day on which you receive this letter"),
        ("medicare_advantage", "In time: until 2026-07-02, which is 65 days from the date on this letter"),
        ("medicaid", "In time: until 2026-06-27, which is 60 days from the date on this letter"),
    ],
)
def test_a_denial_says_how_long_there_is_to_appeal(line: str, said: str) -> None:
    text = read(given(submitted(line_of_business=line), denied("1.A.i")), "denial")
    assert said in text
    assert "not confirmed" not in text
    assert "If urgent: 72 hours" in text


def test_a_figure_without_a_confirmed_source_is_left_out_until_the_plan_confirms_it() -> None:
    """29 CFR 2560.503-1(i)(2)(iii): 60 days for doses that were given before, which nobody has checked."""
    scenario = given(dose("2026-04-20"))
    asked = MEETS_A | {"requested_dosing": MEETS_A["requested_dosing"] | {"consecutive_days": 1}}
    listed = [one.dose_id for one in scenario.known.doses]
    scenario.and_given(submitted(asked, retrospective_for=listed), denied("1.A.i"))
    text = read(scenario, "denial")
    assert "60 days" not in text
    assert "Decided within" not in text
    row = {"line": "commercial", "effective_on": "2026-01-01", "source": "checked", "service": "post_service"}
    confirmed = table_from(json.dumps({"rows": [row | {"appeal_standard": {"days": 60}}]}))
    assert "Decided within: 60 days" in read(scenario, "denial", confirmed)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("commercial", "you may ask for an external review"),
        ("medicare_advantage", "the plan sends your case to the independent review entity"),
        ("medicaid", "you may ask for a state fair hearing"),
    ],
)
def test_an_upheld_appeal_names_the_next_step(line: str, said: str) -> None:
    text = read(
        given(submitted(line_of_business=line), denied("1.A.i"), appealed(), upheld("1.A.i")), "appeal_decision"
    )
    assert said in text
    assert "appeal once more" not in text


def test_with_a_second_level_it_offers_that_with_fifteen_days() -> None:
    scenario = given(submitted(), denied("1.A.i"), appealed(), upheld("1.A.i"))
    text = read(scenario, "appeal_decision", TWO_LEVELS)
    assert "You may appeal once more. After that, you may ask for an external review." in text
    assert "Decided within: 15 days" in text


def test_a_letter_that_was_sent_keeps_what_it_said_when_the_plans_rows_change() -> None:
    scenario = given(submitted(), denied("1.A.i")).and_given(noticed("denial", SENT))
    assert "Decided within: 30 days" in read(scenario, "denial", TWO_LEVELS)
    assert "Decided within: 15 days" in read(given(submitted(), denied("1.A.i")), "denial", TWO_LEVELS)


def test_a_letter_that_was_sent_before_keeps_what_it_said_then() -> None:
    scenario = given(submitted(line_of_business="medicaid"), denied("1.A.i")).and_given(noticed("denial", SENT))
    (issued,) = scenario.last
    scenario.history = evolve(scenario.versions[-2], issued.model_copy(update={"appeal_rights": None}))
    text = read(scenario, "denial")
    assert "In time: 60 days (this figure is not confirmed from its source) from when this letter comes" in text


def test_a_request_for_information_says_where_the_time_stops_and_where_it_does_not() -> None:
    extend = {"notice": "We need more time."}
    asked = given(submitted(OPEN_HIV).by(OFFICE), information_requested())
    assert "This does not stop the time to decide" in read(asked, "information_needed")
    extended = given(submitted(OPEN_HIV).by(OFFICE), information_requested(extend=extend))
    text = read(extended, "information_needed")
    assert "You have at least 45 days from the day on which you receive the notice of the extension." in text
    urgent = given(submitted(OPEN_HIV, urgency="urgent").by(OFFICE), information_requested())
    assert "depends on the day on which we have it" in read(urgent, "information_needed")
