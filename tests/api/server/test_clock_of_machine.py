"""The real `serve` on a machine with a wrong clock: libfaketime moves that clock alone, not that of elapsed time."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from domain.ledger.application import open_ledger
from tests.api.routes.commands.acts import opening
from tests.api.server.server import CHECKOUT, PROGRAM, Server, served, tokens_at

AHEAD = "+40d"
RIGHT = "+0"


def faketime() -> Path:
    found = importlib.util.find_spec("libfaketime")
    assert found is not None
    assert found.origin is not None
    (library,) = Path(found.origin).parent.glob("vendor/**/libfaketime.so.1")
    return library


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """The environment of a program whose clock is ahead by what the file says."""
    (tmp_path / "clock").write_text(RIGHT)
    return {
        "LD_PRELOAD": str(faketime()),
        "FAKETIME_TIMESTAMP_FILE": str(tmp_path / "clock"),
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_NO_CACHE": "1",
    }


@pytest.fixture
def set_clock(tmp_path: Path) -> Callable[[str], None]:
    def set_to(ahead: str) -> None:
        # At once for a program that reads it now.
        (tmp_path / "next").write_text(ahead)
        (tmp_path / "next").replace(tmp_path / "clock")
        time.sleep(1.1)

    return set_to


def opened(server: Server, member: str) -> tuple[int, dict[str, str]]:
    with server.client() as client:
        answer = client.post("/patients", json=opening(member), headers={"Idempotency-Key": member})
        return answer.status_code, answer.json()


def readiness(server: Server) -> tuple[int, str]:
    with server.client() as client:
        answer = client.get("/health/ready")
        return answer.status_code, answer.text


def test_a_jump_of_forty_days_for_some_seconds_writes_nothing(
    ledger_url: str, tmp_path: Path, machine: dict[str, str], set_clock: Callable[[str], None]
) -> None:
    with served(ledger_url, tmp_path / "said", environment=machine) as server:
        status, patient = opened(server, "M-1")
        assert status == 201
        set_clock(AHEAD)
        status, problem = opened(server, "M-2")
        assert status == 503, problem
        assert "clock" in problem["detail"]
        assert "clock confirm" in problem["remedy"]
        status, said = readiness(server)
        assert (status, "clock" in said) == (503, True)
        with server.client() as client:
            read = client.get(f"/patients/{patient['patient_id']}/eligibility")
            assert read.status_code == 200, "reading goes on"
        set_clock(RIGHT)
        assert readiness(server)[0] == 200
        assert opened(server, "M-2")[0] == 201
    with open_ledger(ledger_url) as ledger:
        assert [one.recorded_at <= ledger.now() for one in ledger.events(UUID(patient["patient_id"]))] == [True]


def test_after_an_event_of_a_clock_that_was_ahead_an_administrator_confirms_the_clock(
    sqlite_url: str, tmp_path: Path, machine: dict[str, str], set_clock: Callable[[str], None]
) -> None:
    """On PostgreSQL, the clock of the database server forbids the event that is ahead: see the test below."""
    ledger_url, headers = sqlite_url, tokens_at(sqlite_url)
    set_clock(AHEAD)
    with served(ledger_url, tmp_path / "said", environment=machine, headers=headers) as server:
        status, patient = opened(server, "M-1")
        assert status == 201, "a ledger alone cannot know that its machine starts with a wrong clock"
    set_clock(RIGHT)
    with served(ledger_url, tmp_path / "said", environment=machine, headers=headers) as server:
        status, problem = opened(server, "M-2")
        assert status == 503, problem
        assert "behind the newest event" in problem["detail"]
        confirm = ["clock", "confirm", "--reason", "The time server was corrected.", "--database", ledger_url, "--json"]
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, *confirm],
            cwd=CHECKOUT, env={**os.environ, **machine}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert json.loads(done.stdout)["reason"] == "The time server was corrected."
        time.sleep(1.1)
        assert opened(server, "M-2")[0] == 201
        with server.client() as client:
            death = {"on": "2025-01-01", "source": "the office"}
            path = f"/patients/{patient['patient_id']}/death"
            assert client.post(path, json=death, headers={"Idempotency-Key": "death"}).is_success
    with open_ledger(ledger_url) as ledger:
        first, second = ledger.events(UUID(patient["patient_id"]))
        assert first.recorded_at > ledger.now()
        assert second.recorded_at > first.recorded_at
        assert second.at < ledger.now(), "it is dated by the right clock"


def test_on_postgresql_a_program_that_starts_with_a_wrong_clock_writes_nothing(
    postgresql_url: str, tmp_path: Path, machine: dict[str, str], set_clock: Callable[[str], None]
) -> None:
    headers = tokens_at(postgresql_url)
    set_clock(AHEAD)
    with served(postgresql_url, tmp_path / "said", environment=machine, headers=headers) as server:
        status, problem = opened(server, "M-1")
        assert status == 503, problem
        assert "database server" in problem["detail"]
        set_clock(RIGHT)
        assert opened(server, "M-1")[0] in {201, 503}
