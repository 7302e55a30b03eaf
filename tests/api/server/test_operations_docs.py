"""What the README says of running it is true: its settings start a server, and what it refers to exists."""

from __future__ import annotations

import re

import pytest

from domain.ledger.stores import stream_versions
from domain.ledger.stores.postgres_datastore import CONNECTIONS_MAX
from tests.architecture.test_readme import README, ROOT
from tests.postgres_server import PostgresServer, postgres_server

RUNNING_IT = README.split("## Running it")[1].split("\n## ")[0]


def settings() -> list[dict[str, str]]:
    """Of each block, by their names."""
    found = re.findall(r"^ *```ini\n(.*?)^ *```$", RUNNING_IT, re.MULTILINE | re.DOTALL)
    lines = [re.findall(r"^ *(\w+) = (.+)$", block, re.MULTILINE) for block in found]
    return [{name: value.strip("'") for name, value in block} for block in lines]


def test_a_server_starts_with_these_settings() -> None:
    serving, restoring = settings()
    assert len(serving) > 8
    with postgres_server(*(f"{name}={value}" for name, value in serving.items())) as server:
        taken = {name: value for name in serving for ((value,),) in [server.execute(f"SHOW {name}")]}
        known = {name for (name,) in server.execute("SELECT name FROM pg_settings")}
    assert taken == serving
    assert len(restoring) == 3
    assert restoring.keys() < known


def test_the_questions_to_watch_by_are_answered(postgres: PostgresServer) -> None:
    questions = re.findall(r"`(SELECT .+?)`", RUNNING_IT)
    assert len(questions) == 4
    for question in questions:
        assert postgres.execute(question) is not None


@pytest.mark.parametrize("name", ["fsync", "full_page_writes", "synchronous_commit"])
def test_what_makes_a_commit_durable_is_on(name: str) -> None:
    assert settings()[0][name] == "on"


def test_what_it_refers_to_exists() -> None:
    every = 2 * CONNECTIONS_MAX + stream_versions.CONNECTIONS_MAX + 2
    assert f"at most {every} connections ({CONNECTIONS_MAX} for questions" in RUNNING_IT
    assert f"{stream_versions.CONNECTIONS_MAX} for eligibility over HTTP" in RUNNING_IT
    tests = re.findall(r"`(?:tests/\w+/)?(test_\w+\.py)`", RUNNING_IT)
    assert len(tests) == 8
    for test in tests:
        assert list((ROOT / "tests").rglob(test)), test
