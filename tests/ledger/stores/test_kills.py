"""kill -9 in the middle of commands: what was acknowledged is there, and no half of a command is.

A seeded sample runs with the ordinary tests, a hundred kills a store with `-m campaign`.
PostgreSQL keeps its fsync here, and is itself crashed too.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any
from uuid import UUID

import pytest

from domain.events import STORED_EVENTS
from domain.events.base import Event
from domain.events.patient import HistoriesLinked, HistoryOpened, MemberIdentifierAdded, MemberIndexed
from domain.events.treatment import CourseCompleted, DoseAdministered
from domain.ledger.application import Ledger, open_ledger
from domain.ledger.schema import upgrade
from tests import ROOT
from tests.conftest import ZONE, seeded
from tests.ledger.stores.burst import DOSES
from tests.postgres_server import PostgresServer, postgres_server
from tests.story import NURSE

SEED = 20260428


@pytest.fixture(scope="module")
def durable_postgres() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture
def durable_url(store: str, request: pytest.FixtureRequest, sqlite_url: str) -> str:
    if store == "sqlite":
        return sqlite_url
    server: PostgresServer = request.getfixturevalue("durable_postgres")
    name = f"kills_{len(server.execute('SELECT 1 FROM pg_database'))}"
    server.execute("CREATE DATABASE {}", name)
    upgrade(server.url(name), zone=ZONE, entropy=seeded(0))
    return server.url(name)


@dataclass
class Bursts:
    """The process that forks what is to be killed, and everything it ever acknowledged."""

    process: subprocess.Popen[str]
    acknowledged: list[dict[str, Any]] = field(default_factory=list)

    def run(self, url: str, name: str, stop: Callable[[], None], acknowledgements: int, delay: float) -> int:
        """A burst that is killed `delay` seconds after so many acknowledgements; says how many there were."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{url} {name}\n")
        self.process.stdin.flush()
        pid, told = None, 0
        while pid is None or told < acknowledgements:
            word, _, rest = self._line()
            if word == "pid":
                pid = int(rest)
            else:
                told += self._told(word, rest)
        time.sleep(delay)
        stop()
        os.kill(pid, signal.SIGKILL)
        while True:
            word, _, rest = self._line()
            if word == "dead":
                return told
            told += self._told(word, rest)

    def _told(self, word: str, rest: str) -> int:
        assert word == "acknowledged", f"{word} {rest}"
        self.acknowledged.append(json.loads(rest))
        return 1

    def _line(self) -> tuple[str, str, str]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the bursting process ended"
        return line.rstrip("\n").partition(" ")


@contextmanager
def bursts() -> Iterator[Bursts]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.ledger.stores.burst"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield Bursts(process)
        finally:
            process.kill()


def check(ledger: Ledger, acknowledged: list[dict[str, Any]]) -> int:
    """Everything acknowledged is stored, every command whole; gives the number of commands stored."""
    events = every_event(ledger)
    streams: dict[UUID, list[Event]] = {}
    commands: dict[UUID, list[Event]] = {}
    for event in events:
        streams.setdefault(event.originator_id, []).append(event)
        commands.setdefault(event.command_id, []).append(event)

    for stream in streams.values():
        assert [event.originator_version for event in stream] == list(range(1, len(stream) + 1))
    for command_id, group in commands.items():
        assert [type(event) for event in group] == whole_command(group[0]), command_id
    # Commands of one ledger are stored one after the other: none is within another.
    assert len(list(groupby(events, key=lambda event: event.command_id))) == len(commands)

    for told in acknowledged:
        patient_id, command_id = UUID(told["patient_id"]), UUID(told["command_id"])
        placed = [event for event in commands[command_id] if event.originator_id == patient_id]
        assert [event.originator_version for event in placed] == told["versions"]
        record = ledger.recorder.find_command(NURSE.id, told["key"])
        assert record is not None
        assert (record.patient_id, record.first_version, record.last_version) == (
            patient_id,
            told["versions"][0],
            told["versions"][-1],
        )
    return len(commands)


def whole_command(first: Event) -> list[type[Event]]:
    """The events of the command that stored this one first."""
    if isinstance(first, HistoryOpened):
        return [HistoryOpened, MemberIndexed]
    if isinstance(first, MemberIdentifierAdded):
        return [MemberIdentifierAdded, MemberIndexed]
    if isinstance(first, HistoriesLinked):
        return [HistoriesLinked, HistoriesLinked]
    assert isinstance(first, DoseAdministered)
    completes = first.originator_version == 2 + DOSES
    return [DoseAdministered, CourseCompleted] if completes else [DoseAdministered]


def every_event(ledger: Ledger) -> list[Event]:
    topics = [one.TOPIC for one in STORED_EVENTS]
    notifications = ledger.recorder.select_notifications(1, 1_000_000, topics=topics)
    assert [one.id for one in notifications] == sorted({one.id for one in notifications})
    return [ledger.mapper.to_domain_event(one) for one in notifications]


def intact(url: str) -> None:
    if url.startswith("sqlite:"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def kill_often(url: str, kills: int, server: PostgresServer | None = None) -> None:
    """Kills the bursting process, and before it the server where one is given."""
    chance = random.Random(SEED)
    stored = 0
    with bursts() as running:
        for number in range(kills):
            told = running.run(
                url,
                f"burst{number}",
                stop=_nothing if server is None else server.crash,
                acknowledgements=chance.choice([0, 1, 2, 6, 7, 8, 14, 15, chance.randrange(30)]),
                delay=chance.uniform(0, 0.01),
            )
            if server is not None:
                server.start()
            intact(url)
            with open_ledger(url) as ledger:
                before, stored = stored, check(ledger, running.acknowledged)
            # At most the command that was in the air was stored without having been acknowledged.
            assert told <= stored - before <= told + 1


def _nothing() -> None:
    pass


def test_killed_processes_lose_nothing_and_leave_no_half_commands(durable_url: str) -> None:
    kill_often(durable_url, 5)


@pytest.mark.campaign
def test_a_hundred_killed_processes(durable_url: str) -> None:
    kill_often(durable_url, 100)


def test_a_server_that_crashes_loses_nothing(durable_postgres: PostgresServer) -> None:
    upgrade(durable_postgres.url("postgres"), zone=ZONE, entropy=seeded(0))
    kill_often(durable_postgres.url("postgres"), 2, durable_postgres)


@pytest.mark.campaign
def test_a_server_that_crashes_twenty_times(durable_postgres: PostgresServer) -> None:
    durable_postgres.execute("CREATE DATABASE crashes")
    upgrade(durable_postgres.url("crashes"), zone=ZONE, entropy=seeded(0))
    kill_often(durable_postgres.url("crashes"), 20, durable_postgres)
