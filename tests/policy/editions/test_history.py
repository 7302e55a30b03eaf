"""The editions against the history table of the document: each told change is in them, and nothing that is not told."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest

from domain.policy.edition import Edition
from domain.policy.editions import EDITIONS
from tests.policy.differences import differences, printed
from tests.policy.document import POLICY

NEIGHBORS = [*pairwise(EDITIONS)]

TOLD = {
    "2025-07-23": {
        "Extavia left the appendix.": {"appendix": ["- Extavia"]},
        "The name of the policy gained two words.": {
            "title": ["Multiple Sclerosis - Lemtrada -> Multiple Sclerosis (Injectable - Other) - Lemtrada"]
        },
    },
    "2024-10-16": {
        "The one agent tried must have failed or not been tolerated.": {
            "1.A.iii.b": [
                "words One of the named high-efficacy agents, or Lemtrada, was used before."
                " -> One of the named high-efficacy agents failed or was not tolerated.",
                "readings R1 R13 R18 -> R13",
                "rule previous_use_of_one_agent -> one_sufficient_agent",
            ]
        },
        "Ocrevus Zunovo joined these agents, any natalizumab replaced its two brands, and Lemtrada left.": {
            "named in 1.A.iii.b": ["+ Ocrevus Zunovo", "+ natalizumab", "- Lemtrada", "- Tyruko", "- Tysabri"]
        },
        "Lemtrada received before became a criterion of its own, without asking how it went.": {
            "1.A.iii.c": ["added"],
            "1.A.iii": [
                "words One of a, b or d. -> One of a to d.",
                "clauses 1.A.iii.a 1.A.iii.b 1.A.iii.d -> 1.A.iii.a 1.A.iii.b 1.A.iii.c 1.A.iii.d",
            ],
        },
    },
    "2024-10-09": {"Ocrevus Zunovo joined the appendix.": {"appendix": ["+ Ocrevus Zunovo"]}},
}
"""Each row of the history table in our words, and what it changed from the edition before. The oldest row has none."""

FIRST_ROW = {"Tyruko", "Briumvi", "Mavenclad", "Lemtrada"}
"""What 2023-11-15 added to the agents of which previous use suffices."""


@pytest.mark.parametrize(("newer", "older"), NEIGHBORS, ids=lambda one: one.key)
def test_neighbors_differ_in_what_the_history_tells_and_in_nothing_else(newer: Edition, older: Edition) -> None:
    """`pytest -s -k neighbors` shows what each edition changed."""
    print(printed(newer, older))
    told = {part: changes for row in TOLD[newer.key].values() for part, changes in row.items()}
    found = differences(newer, older)
    found.pop("provenance", None)
    assert found == told


def test_only_the_newest_edition_is_the_text() -> None:
    """How we came to know an edition is no change of the policy: it is the one difference that no row tells."""
    assert [one.provenance for one in EDITIONS] == ["text", "reconstructed", "reconstructed", "reconstructed"]
    found = [differences(newer, older).get("provenance") for newer, older in NEIGHBORS]
    assert found == [["reconstructed -> text"], None, None]


def test_what_is_printed_names_both_editions_and_each_change() -> None:
    assert printed(EDITIONS[2], EDITIONS[3]) == "2024-10-09, unlike 2023-11-15:\n  appendix: + Ocrevus Zunovo"


def test_a_difference_is_seen_in_every_part_of_an_edition() -> None:
    newest = EDITIONS[0]
    first, second = newest.paths
    other = replace(
        newest.revised(1, replace(first.scope, readings=()), replace(newest.indication, paraphrase="Other words.")),
        title="Another",
        parameters=replace(newest.parameters, age_min_years=18),
        exclusions=newest.exclusions[1:],
        not_listed="Other words.",
    )
    other = replace(other, paths=(other.paths[0], replace(second, doses=4)))
    assert differences(other, newest) == {
        "1": ["words The diagnosis is multiple sclerosis. -> Other words."],
        "1.B": ["doses 3 -> 4"],
        "NR.1": ["taken out"],
        "not listed": ["Anything that the criteria do not list is not recommended. -> Other words."],
        "parameters": ["age_min_years 17 -> 18"],
        "scope of 1.A": ["readings R1 R6 R7 R27 -> none"],
        "title": ["Multiple Sclerosis (Injectable - Other) - Lemtrada -> Another"],
    }


# -- and the table itself, where the document is at hand -------------------------------------------

ROW = re.compile(r"^[^\t\n]+\t(?P<summary>[^\t\n]+)\t(?P<month>\d\d)/(?P<day>\d\d)/(?P<year>\d{4})$", re.MULTILINE)
AGENTS = {name for one in EDITIONS for name in (*one.appendix_names, *one.one_agent_names)}

with_the_document = pytest.mark.skipif(POLICY is None, reason="the text of the policy is not beside this checkout")


def _rows() -> dict[str, str]:
    """What each row of the history table says, by its review date; without what stands in brackets."""
    assert POLICY is not None
    table = POLICY.read_text().partition("\nHISTORY\n")[2].partition("\nAPPENDIX\n")[0]
    return {
        f"{row['year']}-{row['month']}-{row['day']}": re.sub(r"\([^)]*\)", "", row["summary"])
        for row in ROW.finditer(table)
    }


def _agents_named(summary: str) -> set[str]:
    longest_first = sorted(AGENTS, key=len, reverse=True)
    return set(re.findall("|".join(map(re.escape, longest_first)), summary))


@with_the_document
def test_there_is_an_edition_for_each_row_and_no_other() -> None:
    assert sorted(_rows(), reverse=True) == [one.key for one in EDITIONS] == [*TOLD, EDITIONS[-1].key]


@with_the_document
@pytest.mark.parametrize(("newer", "older"), NEIGHBORS, ids=lambda one: one.key)
def test_the_agents_of_a_row_are_those_that_came_or_went(newer: Edition, older: Edition) -> None:
    changes = [one for part in differences(newer, older).values() for one in part]
    came_or_went = {one[2:] for one in changes if one[:2] in ("+ ", "- ")}
    assert _agents_named(_rows()[newer.key]) == came_or_went


@with_the_document
def test_the_words_of_the_rows_are_those_that_the_rules_follow() -> None:
    rows = {key: re.sub(r"\W+", " ", row.casefold()) for key, row in _rows().items()}
    assert "extavia was removed" in rows["2025-07-23"]
    assert "injectable other" in rows["2025-07-23"]
    assert "injectable other" in re.sub(r"\W+", " ", EDITIONS[0].title.casefold())
    for said in ("inadequate efficacy", "significant intolerance", "individual criterion", "natalizumab intravenous"):
        assert said in rows["2024-10-16"], said
    assert "added to the appendix" in rows["2024-10-09"]
    assert "previous use" in rows["2023-11-15"]


def test_what_the_oldest_row_added_is_in_the_oldest_edition() -> None:
    assert set(EDITIONS[-1].one_agent_names) >= FIRST_ROW
    if POLICY is not None:
        assert _agents_named(_rows()[EDITIONS[-1].key]) == FIRST_ROW
