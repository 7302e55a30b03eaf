"""The shortest ways are the shortest: compared with every completion of up to three open facts.

The three hundred cases name no edition, so each is judged under the one in force on its day; the campaign
asks them under the others too.
"""

from __future__ import annotations

import json
import random
from datetime import date
from typing import Any

import pytest

from domain.facts import Facts
from domain.policy.assessment import assess
from domain.policy.edition import Edition
from domain.policy.editions import EDITIONS, edition_for
from domain.policy.shortest_paths import what_if
from tests.policy.cases import AS_OF, NEWEST, initial, later, tried
from tests.policy.clauses.test_sample import CASES
from tests.policy.shortest_paths.every_completion import EveryCompletion, Front, front_of, open_facts


def facts_of(case: dict[str, Any]) -> tuple[Facts, date]:
    return Facts.model_validate_json(json.dumps(case["facts"])), date.fromisoformat(case["as_of"])


def compared(facts: Facts, as_of: date, edition: Edition, size_max: int) -> tuple[Front, Front]:
    """The ways of up to so many supplies that were found, and those that there are."""
    ways = what_if(assess(facts, as_of, edition), edition)
    every = EveryCompletion(facts, as_of, edition, size_max)
    longer = bool(ways) and ways[0].leads_to == "approve" and ways[0].size > size_max
    there_are = every.front("approve") or ({} if longer else every.front("refer"))
    return front_of(ways, as_of, size_max), there_are


def differing(cases: list[dict[str, Any]], size_max: int, edition: Edition | None = None) -> dict[str, object]:
    found = {}
    for case in cases:
        facts, as_of = facts_of(case)
        pair = compared(facts, as_of, edition or edition_for(as_of), size_max)
        if pair[0] != pair[1]:
            found[case["case_id"]] = pair
    return found


def is_small(case: dict[str, Any]) -> bool:
    facts, as_of = facts_of(case)
    return len(list(open_facts(facts, as_of, edition_for(as_of)))) <= 6


@pytest.mark.parametrize("recommendation", ["pend", "not_recommended", "refer", "approve"])
def test_a_sample_of_the_cases_has_no_shorter_way(recommendation: str) -> None:
    """Two of each, chosen by a seed among those with few open facts; the campaign takes all, with all of theirs."""
    cases = [one for one in CASES if one["expected"]["recommendation"] == recommendation and is_small(one)]
    assert differing(random.Random(1).sample(cases, 2), size_max=3) == {}


def test_no_way_of_one_supply_was_overlooked() -> None:
    cases = [one for one in CASES if one["expected"]["recommendation"] == "pend"]
    assert differing(random.Random(1).sample(cases, 24), size_max=1) == {}


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(initial(**changes), id=name)
        for name, changes in {
            "two outcomes open": {
                "agents": tried("Avonex", "Copaxone", outcome=None),
                "aggressive_disease__mri": {"finding": False},
            },
            "a bare name, and how it went": {
                "agents": tried("ofatumumab", outcome=None),
                "aggressive_disease__mri": {"finding": False},
            },
            "three days of an interrupted course": {
                "prior_treatment": {"completed_course": False},
                "requested_dosing__consecutive_days": 3,
            },
            "whether active": {"ms_form": "secondary_progressive_activity_unknown", "hiv_infection": None},
        }.items()
    ]
    + [
        pytest.param(later(**changes), id=name)
        for name, changes in {
            "dates known in part": {"birth_date": "2009", "prior_treatment__last_dose_on": "2025"},
            "a later course of no known date": {
                "prior_treatment": {"last_dose_on": "2025-01-10", "open_course": {"number": 2}},
                "requested_dosing": {"mg_per_day": 12, "route": "intravenous"},
            },
        }.items()
    ],
)
def test_what_the_cases_do_not_show(facts: Facts) -> None:
    found, there_are = compared(facts, AS_OF, NEWEST, size_max=3)
    assert there_are
    assert found == there_are


@pytest.mark.parametrize("edition", EDITIONS, ids=lambda edition: edition.key)
@pytest.mark.parametrize(
    ("products", "complete"),
    [
        (("Tysabry",), True),
        (("Tysabry=?",), True),
        (("Tysabry=?",), None),
        (("Tysabry=adequate",), True),
        (("Avonex", "Plegridi"), True),
        (("Avonex", "Plegridi=?"), True),
        (("Avonex=?", "Rebbif=?"), True),
        (("Avonexx", "Rebbif"), True),
        (("Avonexx", "Avonexx=adequate"), True),
        (("rituximab", "Tysabry=adequate"), True),
        (("rituximab", "qwerty"), True),
        (("Avonex", "Rebif", "qwerty"), True),
        (("ofatumumab", "Tysabry"), True),
    ],
)
def test_a_name_that_is_not_recognized_has_no_shorter_way(
    products: tuple[str, ...], complete: bool | None, edition: Edition
) -> None:
    facts = initial(agents=tried(*products, complete=complete), aggressive_disease__mri={"finding": False})
    found, there_are = compared(facts, AS_OF, edition, size_max=2)
    assert found == there_are


@pytest.mark.campaign
@pytest.mark.parametrize("part", range(10))
def test_every_case_has_no_shorter_way(part: int) -> None:
    assert differing(CASES[part::10], size_max=3) == {}


@pytest.mark.campaign
@pytest.mark.parametrize("edition", EDITIONS[1:], ids=lambda edition: edition.key)
def test_every_case_has_no_shorter_way_under_the_older_editions(edition: Edition) -> None:
    assert differing(CASES, size_max=2, edition=edition) == {}
