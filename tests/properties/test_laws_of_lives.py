"""No definite answer contradicts the life that was told, and exact records are answered exactly (R27)."""

from __future__ import annotations

import ast
from datetime import date
from pathlib import Path

from hypothesis import strategies as st

from tests.properties import lives
from tests.properties.answers_and_lives import contradictions, differences, in_words
from tests.properties.drawn_tellings import agent_tellings, tellings
from tests.properties.settling import with_attributions
from tests.properties.stories import at_every_scale, hold
from tests.properties.tellings import Telling

chosen_days = st.lists(st.integers(0, 400), min_size=1, max_size=4)


def days_asked(telling: Telling, chosen: list[int]) -> list[date]:
    days = telling.days_that_matter()
    asked = {days[one % len(days)] for one in chosen}
    return sorted(asked | ({telling.requested_on} if telling.requested_on is not None else set()))


@at_every_scale
def test_no_definite_answer_contradicts_a_life_that_is_told_in_part(scale: str) -> None:
    def law(telling: Telling, chosen: list[int]) -> None:
        history = telling.perform().known
        for as_of in days_asked(telling, chosen):
            found = contradictions(telling, history, as_of)
            assert not found, in_words(telling, as_of, found)

    hold(scale, law, tellings(), chosen_days, ordinary=100)


@at_every_scale
def test_no_definite_answer_contradicts_a_life_after_persons_said_whose_doses_reports_are_about(scale: str) -> None:
    def law(telling: Telling, chosen: list[int]) -> None:
        history = with_attributions(telling, telling.perform()).known
        for as_of in days_asked(telling, chosen):
            found = contradictions(telling, history, as_of)
            assert not found, in_words(telling, as_of, found)

    hold(scale, law, tellings(), chosen_days, ordinary=15)


@at_every_scale
def test_a_life_that_is_told_exactly_is_answered_exactly(scale: str) -> None:
    def law(telling: Telling, chosen: list[int]) -> None:
        history = telling.perform().known
        for as_of in days_asked(telling, chosen):
            judge = differences if telling.exactly_known_on(as_of) else contradictions
            found = judge(telling, history, as_of)
            assert not found, in_words(telling, as_of, found)

    hold(scale, law, tellings(exact=True, agents=False), chosen_days, ordinary=100)


@at_every_scale
def test_no_answer_about_other_agents_contradicts_their_uses(scale: str) -> None:
    def law(telling: Telling) -> None:
        as_of = telling.requested_on or date.max
        found = contradictions(telling, telling.perform().known, as_of)
        assert not found, in_words(telling, as_of, found)

    hold(scale, law, agent_tellings(), ordinary=100)


@at_every_scale
def test_uses_of_other_agents_that_are_told_exactly_are_answered_exactly(scale: str) -> None:
    def law(telling: Telling) -> None:
        as_of = telling.requested_on or date.max
        found = differences(telling, telling.perform().known, as_of)
        assert not found, in_words(telling, as_of, found)

    hold(scale, law, agent_tellings(exact=True), ordinary=100)


def test_the_judge_of_lives_imports_nothing_of_the_program() -> None:
    assert lives.__file__ is not None
    tree = ast.parse(Path(lives.__file__).read_text())
    imported = {
        alias.name if isinstance(node, ast.Import) else node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert imported == {"__future__", "dataclasses", "datetime"}
