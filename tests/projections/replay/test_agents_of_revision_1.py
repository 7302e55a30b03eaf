"""Determinations under revision 1 are re-run as they were made, with the agents recognized and ordered as then."""

from __future__ import annotations

from typing import Any

import pytest

from domain.policy import editions
from tests.projections.replay.test_replay import replayed
from tests.story import MEETS_A, Scenario, agent_started, agent_stopped, approved, denied, given, submitted

RECEIVED = "2026-04-28"


@pytest.fixture
def under_revision_1(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The program as it was before revision 2. Undone to look back."""
    monkeypatch.setattr(editions, "KNOWN", tuple(revisions[1:] for revisions in editions.KNOWN))
    return monkeypatch


def looked_back_on(story: Scenario, patched: pytest.MonkeyPatch, then: str, now: str) -> None:
    patched.undo()
    told = replayed(story)
    assert (told.recorded.edition_revision, told.agreement.status) == (1, "agrees")
    assert told.as_known_then is not None
    assert told.as_known_then.assessment == told.recorded.assessment
    assert told.recorded.recommendation == then
    newest = told.other_editions[0].assessment
    assert (newest.edition, newest.edition_revision, newest.recommendation) == (told.recorded.edition, 2, now)


def stating(**agent: Any) -> dict[str, Any]:
    return MEETS_A | {"agents": [*MEETS_A["agents"], {"outcome": "adequate", **agent}]}


def test_a_start_that_was_dropped_then(under_revision_1: pytest.MonkeyPatch) -> None:
    told = [agent_started("Tysabri", "2020-01"), agent_stopped("Tysabri", "2021-01")]
    story = given(*told, submitted(stating(product="Tysabri", started_on="2026-03")), approved(), today=RECEIVED)
    looked_back_on(story, under_revision_1, "approve", "pend")


def test_a_start_and_a_stop_of_one_month_that_were_ordered_then(under_revision_1: pytest.MonkeyPatch) -> None:
    told = [agent_started("Tysabri", "2026-03"), agent_stopped("Tysabri", "2026-03")]
    story = given(*told, submitted(), approved(), today=RECEIVED)
    looked_back_on(story, under_revision_1, "approve", "pend")


def test_a_name_that_was_not_recognized_then(under_revision_1: pytest.MonkeyPatch) -> None:
    failed = {"product": "Tysabry", "outcome": "inadequate_efficacy", "stopped_on": "2018-01"}
    signs = ("rapid_deterioration", "disabling_relapses", "mri", "cognitive_impairment")
    none_exists = {name: {"finding": False} for name in signs}
    statement = MEETS_A | {"agents": [failed], "aggressive_disease": none_exists}
    story = given(submitted(statement), denied("1.A.iii"), today=RECEIVED)
    looked_back_on(story, under_revision_1, "not_recommended", "pend")
