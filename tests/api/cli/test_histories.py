"""Whole histories that somebody else judged: imported by the program, and answered by it as a person would ask."""

from __future__ import annotations

import json
from functools import reduce
from pathlib import Path
from typing import Any

import pytest

from tests import ROOT
from tests.api.cli.test_questions import run

HISTORIES = Path(__file__).parent / "histories.jsonl"
GIVEN = ROOT.parent / "shared" / "data" / HISTORIES.name
CASES = [json.loads(line) for line in HISTORIES.read_text().splitlines()]


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LEMTRADA_DATABASE", "LEMTRADA_TIME_ZONE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def ledger_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One new ledger with the lines of every case."""
    folder = tmp_path_factory.mktemp("histories")
    url = f"sqlite:///{folder / 'ledger.db'}"
    lines = folder / "lines.jsonl"
    lines.write_text("".join(json.dumps(line) + "\n" for case in CASES for line in case["import"]))
    run("import", str(lines), "--database", url, "--time-zone", "America/New_York")
    return url


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_a_history_is_answered_as_it_was_judged(case: dict[str, Any], ledger_url: str) -> None:
    asked = run("eligibility", case["case"], "--as-of", case["as_of"], "--json", "--database", ledger_url)
    answer = json.loads(asked.stdout)
    names = case["expected"]
    assert {name: reduce(lambda value, key: value[key], name.split("."), answer) for name in names} == names


def test_every_case_is_there_and_says_what_it_expects() -> None:
    assert [case["case"] for case in CASES] == [f"H-0{number}" for number in range(1, 10)]
    assert all(case["import"] and case["expected"] for case in CASES)


@pytest.mark.skipif(not GIVEN.exists(), reason="the histories as they were given are not at hand")
def test_the_copy_is_what_was_given() -> None:
    assert HISTORIES.read_bytes() == GIVEN.read_bytes()
