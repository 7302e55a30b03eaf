"""The editions side by side: the same facts under each of them, where they answer otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from domain.policy.editions import EDITIONS
from tests.policy.cases import AS_OF, MET, NOT_MET, UNDETERMINED, answer, initial, judge, tried

NEW_KEYS = ["2025-07-23", "2024-10-16", "2024-10-09", "2023-11-15"]


def test_the_editions_are_known_newest_first() -> None:
    assert [one.key for one in EDITIONS] == NEW_KEYS
    assert len({one.digest for one in EDITIONS}) == 4


def _under_each(citation: str, **changes: Any) -> list[str | None]:
    facts = initial(**({"aggressive_disease__mri": {"finding": False}} | changes))
    return [answer(citation, facts, AS_OF, one) if citation in one.by_citation else None for one in EDITIONS]


def test_the_flip_used_ocrevus_no_failure_nothing_else() -> None:
    agents = {"agents": tried("Ocrevus=adequate")}
    assert _under_each("1.A.iii", **agents) == [NOT_MET, NOT_MET, MET, MET]
    assert _under_each("1.A.iii.c", **agents) == [NOT_MET, NOT_MET, None, None]
    facts = initial(**agents, aggressive_disease__mri={"finding": False})
    recommended = [judge(facts, edition=one).recommendation for one in EDITIONS]
    assert recommended == ["not_recommended", "not_recommended", "approve", "approve"]


@pytest.mark.parametrize(
    ("changes", "newer", "older"),
    [
        ({"agents": tried("Ocrevus=?")}, UNDETERMINED, MET),  # previous use does not ask how it went
        ({"agents": tried("natalizumab-abcd=adequate")}, NOT_MET, MET),
        ({"agents": tried("Ocrevus Zunovo")}, MET, NOT_MET),  # not yet among them
        ({"agents": tried("Avonex")}, NOT_MET, NOT_MET),
        ({"agents": tried("ofatumumab=adequate")}, NOT_MET, UNDETERMINED),
        ({"agents": tried("Campath")}, NOT_MET, NOT_MET),
        ({"agents": tried(complete=None)}, UNDETERMINED, UNDETERMINED),
        ({"agents": tried("Lemtrada=adequate"), "prior_treatment": {}}, NOT_MET, MET),
        ({"prior_treatment": {"received_lemtrada": True}}, NOT_MET, MET),
        ({"prior_treatment": {}}, NOT_MET, UNDETERMINED),
        ({"prior_treatment": {}, "agents": tried("alemtuzumab")}, NOT_MET, UNDETERMINED),
    ],
)
def test_1_A_iii_b_before_and_after_failure_was_asked_for(changes: dict[str, Any], newer: str, older: str) -> None:
    assert _under_each("1.A.iii.b", **changes) == [newer, newer, older, older]


def test_what_previous_use_misses_is_named() -> None:
    facts = initial(prior_treatment={}, agents=tried("cladribine", complete=None))
    assert judge(facts, edition=EDITIONS[2]).finding("1.A.iii.b").missing == (
        "agents.list_is_complete",
        "agents.tried: which product cladribine was",
        "prior_treatment.received_lemtrada",
    )


def test_1_A_iii_a_counts_ocrevus_zunovo_once_it_is_listed() -> None:
    assert _under_each("1.A.iii.a", agents=tried("Avonex", "Ocrevus Zunovo")) == [MET, MET, MET, NOT_MET]
    facts = initial(agents=tried("Avonex", "Ocrevus Zunovo"))
    assert judge(facts, edition=EDITIONS[3]).finding("1.A.iii.a").arguable, "used for MS and not listed"


def test_1_A_iii_a_counts_extavia_under_every_edition_by_its_ingredient() -> None:
    assert _under_each("1.A.iii.a", agents=tried("Avonex", "Extavia")) == [MET] * 4
