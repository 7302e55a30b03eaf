"""OPERATIONS.md is correct: a server starts with its settings, and the queries and tests that it names exist."""

from __future__ import annotations

import re
from typing import Final

import pytest

from domain.ledger.stores import stream_versions
from domain.ledger.stores.postgres_datastore import CONNECTIONS_MAX
from tests import ROOT
from tests.docs import between, block
from tests.postgres_server import PostgresServer, postgres_server

OPERATIONS: Final = ROOT / "api" / "server" / "OPERATIONS.md"
SETTINGS: Final = between(OPERATIONS, "settings")
RECOVERY: Final = between(OPERATIONS, "recovery")
MONITORING: Final = between(OPERATIONS, "monitoring")


def settings_in(region: str) -> dict[str, str]:
    """The settings of the region's only ini block, by name, without quotation marks."""
    found = re.findall(r"^(\w+) = (.+)$", block(region, "ini"), re.MULTILINE)
    return {name: value.strip("'") for name, value in found}


def test_a_server_starts_with_these_settings() -> None:
    serving, restoring = settings_in(SETTINGS), settings_in(RECOVERY)
    assert len(serving) > 8
    with postgres_server(*(f"{name}={value}" for name, value in serving.items())) as server:
        taken = {name: value for name in serving for ((value,),) in [server.execute(f"SHOW {name}")]}
        known = {name for (name,) in server.execute("SELECT name FROM pg_settings")}
    assert taken == serving
    assert len(restoring) == 3
    assert restoring.keys() < known


def test_the_questions_to_watch_by_are_answered(postgres: PostgresServer) -> None:
    queries = [re.findall(r"`(SELECT .+?)`", region) for region in (MONITORING, RECOVERY)]
    assert [len(found) for found in queries] == [3, 1]
    for query in (query for found in queries for query in found):
        assert postgres.execute(query) is not None


@pytest.mark.parametrize("name", ["fsync", "full_page_writes", "synchronous_commit"])
def test_what_makes_a_commit_durable_is_on(name: str) -> None:
    assert settings_in(SETTINGS)[name] == "on"


def test_the_connections_of_a_process_are_counted() -> None:
    words = (
        r"at most (\d+) connections: (\d+) for queries, (\d+) for views and documents,"
        r" (\d+) for eligibility over HTTP, (\d+) to write, and (\d+) to listen"
    )
    (found,) = re.findall(words, " ".join(SETTINGS.split()))
    total, *parts = map(int, found)
    assert parts == [CONNECTIONS_MAX, CONNECTIONS_MAX, stream_versions.CONNECTIONS_MAX, 1, 1]
    assert total == sum(parts)


def test_what_it_refers_to_exists() -> None:
    named = re.findall(r"`(?:tests/(?:\w+/)*)?(test_\w+\.py)`", OPERATIONS.read_text(encoding="utf-8"))
    assert len(named) == 9
    for test in named:
        assert list((ROOT / "tests").rglob(test)), test
