"""Help: every clause opens our paraphrase, its readings and examples that the policy itself answers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from api.pages.policy.clause_examples import EXAMPLES, assessed_examples
from domain.people import Actor
from domain.policy.answers import UNDETERMINED
from domain.policy.edition import Leaf
from domain.policy.editions import EDITIONS
from domain.policy.readings import READINGS
from tests import story
from tests.api.pages.desk import Desk
from tests.story import ADMINISTRATOR

Desks = Callable[[Actor], Desk]
NEWEST = EDITIONS[0]
LEAVES = [citation for citation, node in NEWEST.by_citation.items() if isinstance(node, Leaf)]


@pytest.mark.parametrize("citation", LEAVES)
def test_an_example_is_what_the_policy_answers(citation: str) -> None:
    examples = EXAMPLES[citation]
    assert [one.answer for one in assessed_examples(citation, NEWEST)] == [one.answer for one in examples]
    assert {one.answer for one in examples} >= {UNDETERMINED}
    assert len({one.answer for one in examples}) == 3


@pytest.mark.parametrize("edition", EDITIONS, ids=lambda one: one.key)
def test_every_clause_of_every_edition_opens(desk: Desks, edition: object) -> None:
    reviewer = desk(story.NURSE)
    for one in EDITIONS:
        if one is not edition:
            continue
        outline = reviewer.opens("/pages/policy", edition=one.key)
        assert outline.status == 200
        assert ("Reconstructed" in outline.text) == (one.provenance != "text")
        for citation in (*one.by_citation, "NR.5"):
            assert f'href="/pages/policy/{citation}?edition={one.key}"' in outline.html
            shown = reviewer.opens(f"/pages/policy/{citation}", edition=one.key)
            assert shown.status == 200, citation
            assert f"Clause {citation}" in shown.text


def test_the_readings_say_which_clauses_rely_on_them(desk: Desks) -> None:
    shown = desk(ADMINISTRATOR).opens("/pages/policy/readings")
    for number, reading in READINGS.items():
        assert f'id="{number}"' in shown.html
        assert reading.question.split("'")[0] in shown.text


def test_a_clause_that_is_none_leads_to_the_nearest(desk: Desks) -> None:
    shown = desk(story.NURSE).opens("/pages/policy/1.A.iii.d(5)")
    assert shown.status == 404
    assert "1.A.iii.d(4)" in shown.text


def test_the_same_use_of_ocrevus_is_another_answer_under_another_edition(desk: Desks) -> None:
    reviewer = desk(story.NURSE)
    case = "Ocrevus helped"
    newer, older = (
        reviewer.opens("/pages/policy/1.A.iii.b", edition=one).text.partition(case)[2][:20]
        for one in ("2025-07-23", "2024-10-09")
    )
    assert newer.strip().startswith("Not met")
    assert older.strip().startswith("Met")
