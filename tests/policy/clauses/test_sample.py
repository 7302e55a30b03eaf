"""Three hundred cases that somebody else judged: every field of every answer agrees."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from domain.facts import Facts
from domain.policy.assessment import NOT_LISTED, assess
from domain.policy.editions import edition_for
from tests import ROOT

HERE = ROOT / "tests" / "policy"
SAMPLE = HERE / "assess-sample.jsonl"
GIVEN = HERE.parents[1].parent / "shared" / "data" / SAMPLE.name

CASES = [json.loads(line) for line in SAMPLE.read_text().splitlines()]


def test_the_sample_is_whole() -> None:
    assert len({case["case_id"] for case in CASES}) == 300
    assert {case["expected"]["recommendation"] for case in CASES} == {"approve", "refer", "pend", "not_recommended"}


def _answered(case: dict[str, Any]) -> dict[str, Any]:
    as_of = date.fromisoformat(case["as_of"])
    judged = assess(Facts.model_validate_json(json.dumps(case["facts"])), as_of, edition_for(as_of))
    findings = {one.citation: one.answer.value for one in judged.findings if one.citation not in ("1", NOT_LISTED)}
    return {
        "recommendation": judged.recommendation,
        "path": judged.path,
        "doses": judged.doses,
        "valid_days": judged.valid_days,
        "findings": findings,
        "needed": list(judged.needed),
        "exclusions": list(judged.exclusions),
    }


def test_every_case_agrees_in_every_field() -> None:
    differing = {case["case_id"]: (_answered(case), case["expected"]) for case in CASES}
    assert {name: pair for name, pair in differing.items() if pair[0] != pair[1]} == {}


@pytest.mark.skipif(not GIVEN.exists(), reason="the sample as it was given is not beside this checkout")
def test_the_copy_is_what_was_given() -> None:
    assert SAMPLE.read_bytes() == GIVEN.read_bytes()
