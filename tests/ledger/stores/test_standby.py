"""A primary that dies in mid-burst and a standby that takes over: nothing acknowledged is lost, and work continues.

Both servers are real, stream on loopback, and write to the disk at every commit. The programs that
write have the ledger open all the while, at a URL that names both servers.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event as Flag
from threading import Thread
from typing import Any
from uuid import UUID

import psycopg
import pytest

from domain.ledger.application import Ledger, open_ledger
from domain.ledger.schema import upgrade
from domain.ledger.stores import postgres_datastore
from projections.worklist.listing import Filters, Paging
from projections.worklist.runner import catch_up, folded_rows, rebuild, worklist
from projections.worklist.storage import UNAVAILABLE
from tests import ROOT
from tests.clock import Clock
from tests.conftest import NOON, ZONE, seeded
from tests.ledger.acts import dose, dosed, opened
from tests.ledger.stores.survivor import digest, sending, states
from tests.postgres_standby import Pair, primary_and_standby, wait_until
from tests.story import NURSE

PROGRAMS, THREADS = 2, 3


# -- who commands through it ------------------------------------------------------------------


@dataclass
class Survivors:
    """Programs that command without pause, and what they were told."""

    programs: list[subprocess.Popen[str]]
    told: dict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: {"acknowledged": [], "unanswered": [], "failed": []}
    )
    listeners: list[Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.listeners = [Thread(target=self._listen, args=(program,)) for program in self.programs]
        for listener in self.listeners:
            listener.start()

    def _listen(self, program: subprocess.Popen[str]) -> None:
        assert program.stdout is not None
        for line in program.stdout:
            word, _, said = line.partition(" ")
            self.told[word].append(json.loads(said))

    @property
    def acknowledged(self) -> list[dict[str, Any]]:
        return self.told["acknowledged"]

    def command_on(self, number: int) -> None:
        """Comes back when each thread has had so many more commands acknowledged."""
        before = self._by_thread()
        wait_until(lambda: self._have(before, number), f"{number} more acknowledged a thread", seconds=60)

    def _have(self, before: Counter[str], number: int) -> bool:
        assert not self.told["failed"]
        now = self._by_thread()
        return len(now) == PROGRAMS * THREADS and all(now[one] >= before[one] + number for one in now)

    def _by_thread(self) -> Counter[str]:
        return Counter(one["key"].split("-")[0] for one in list(self.acknowledged))

    def stop(self) -> None:
        """Each thread ends with an answer to its last command."""
        for program in self.programs:
            assert program.stdin is not None
            program.stdin.close()
        for program in self.programs:
            assert program.wait(timeout=60) == 0
        for listener in self.listeners:
            listener.join()
        assert self.told["failed"] == []


@contextmanager
def survivors(url: str) -> Iterator[Survivors]:
    with ExitStack() as started:
        programs = [
            started.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", "tests.ledger.stores.survivor", url, f"p{number}", str(THREADS)],
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for number in range(PROGRAMS)
        ]
        found = Survivors(programs)
        try:
            yield found
        finally:
            for program in programs:
                program.kill()
            for listener in found.listeners:
                listener.join()


@contextmanager
def asking(ledger: Ledger) -> Iterator[list[int]]:
    """Somebody asks for the worklist all the while; how many rows each answer had."""
    stopped, answers = Flag(), list[int]()

    def ask() -> None:
        while not stopped.wait(0.02):
            with suppress(*UNAVAILABLE):
                found = worklist(ledger, Filters(), Paging(limit=1))
                answers.append(sum(found.counts.values()))

    asker = Thread(target=ask)
    asker.start()
    try:
        yield answers
    finally:
        stopped.set()
        asker.join()


# -- what must be there afterwards ------------------------------------------------------------


def check_stored(url: str, acknowledged: list[dict[str, Any]]) -> None:
    """What was acknowledged is there byte for byte, each command once, and nothing else is; no history has a gap."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT originator_id, originator_version, state FROM stored_events ORDER BY notification_id"
        ).fetchall()
        kept = connection.execute("SELECT key, patient_id, first_version, last_version FROM commands").fetchall()
    stored = {(stream, version): bytes(state) for stream, version, state in rows}
    versions: dict[UUID, list[int]] = {}
    for stream, version, _ in rows:
        versions.setdefault(stream, []).append(version)
    assert all(found == list(range(1, len(found) + 1)) for found in versions.values())
    for one in acknowledged:
        patient_id = UUID(one["patient_id"])
        assert digest(stored[patient_id, version] for version in one["versions"]) == one["digest"], one["key"]
    assert {key: (str(patient_id), first, last) for key, patient_id, first, last in kept} == {
        one["key"]: (one["patient_id"], one["versions"][0], one["versions"][-1]) for one in acknowledged
    }
    of_commands = {(one["patient_id"], version) for one in acknowledged for version in one["versions"]}
    patients = {one["patient_id"] for one in acknowledged}
    assert {(str(stream), version) for stream, version in stored if str(stream) in patients} == of_commands


def check_answers(ledger: Ledger, acknowledged: list[dict[str, Any]]) -> None:
    """Every key still answers what it answered first."""
    for one in acknowledged:
        outcome = sending(one["key"], UUID(one["patient_id"]))(ledger)
        assert outcome.replayed
        assert [event.originator_version for event in outcome.events] == one["versions"]
        assert digest(states(ledger, outcome.events)) == one["digest"]


def check_views(ledger: Ledger) -> None:
    """After a catch-up, and after a rebuild, the worklist's rows are those of folding every patient."""
    for refresh in (catch_up, rebuild):
        refresh(ledger)
        listed: dict[str, int] = {}
        after: str | None = None
        while not listed or after is not None:
            page = worklist(ledger, Filters(), Paging(limit=200, after=after))
            assert page.failures == ()
            assert page.items
            listed |= {one.subject_id: one.history_version for one in page.items}
            after = page.next_after
        assert listed == {one.subject_id: one.history_version for one in folded_rows(ledger)}


@contextmanager
def replicated_ledger() -> Iterator[Pair]:
    with primary_and_standby() as pair:
        upgrade(pair.primary.url("postgres"), zone=ZONE, entropy=seeded(0))
        pair.replicate_synchronously()
        yield pair


def fail_over_often(failovers: int) -> None:
    """One burst through all of them; who died comes back as the standby of the other each time."""
    with replicated_ledger() as pair, open_ledger(pair.url(), clock=Clock(NOON)) as ledger:
        with survivors(pair.url()) as burst, asking(ledger) as answers:
            for number in range(failovers):
                if number:
                    pair.rejoin()
                    pair.replicate_synchronously()
                burst.command_on(4)
                pair.fail_over()
                burst.command_on(8)
                asked = len(answers)
                wait_until(lambda: len(answers) > asked, "the worklist answers", seconds=60)  # noqa: B023
            burst.stop()
        # The ledger that was open all the time, and one that is opened at the address of the former standby.
        check_stored(pair.primary.url("postgres"), burst.acknowledged)
        check_views(ledger)
        with open_ledger(pair.primary.url("postgres"), clock=Clock(NOON)) as reopened:
            check_answers(reopened, burst.acknowledged)


def test_nothing_acknowledged_is_lost_when_the_primary_is_killed_in_mid_burst() -> None:
    fail_over_often(1)


@pytest.mark.campaign
def test_ten_failovers_under_one_burst() -> None:
    fail_over_often(10)


# -- that the check sees a loss, and that waiting prevents it ---------------------------------


def cut_off(pair: Pair) -> None:
    """The standby stays up and is sent nothing more."""
    pair.standby.execute("ALTER SYSTEM SET primary_conninfo = ''")
    pair.standby.execute("SELECT pg_reload_conf()")
    wait_until(
        lambda: pair.primary.execute("SELECT 1 FROM pg_stat_replication") == [],
        "the standby is no longer sent anything",
    )


@pytest.mark.campaign
def test_without_synchronous_replication_the_same_check_finds_what_was_lost() -> None:
    with primary_and_standby() as pair:
        upgrade(pair.primary.url("postgres"), zone=ZONE, entropy=seeded(0))
        with survivors(pair.url()) as burst:
            burst.command_on(1)
            cut_off(pair)
            burst.command_on(1)
            pair.primary.kill()
            acknowledged = list(burst.acknowledged)
        pair.standby.run("pg_ctl", "-D", "data", "-w", "promote")
        with pytest.raises((AssertionError, KeyError)):
            check_stored(pair.standby.url("postgres"), acknowledged)


def test_a_command_that_the_standby_did_not_get_is_not_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits until there is a standby again. An old primary that comes back by itself acknowledges nothing either."""
    monkeypatch.setattr(postgres_datastore, "WAIT_SECONDS", 0.1)
    with replicated_ledger() as pair, open_ledger(pair.url(), clock=Clock(NOON)) as ledger:
        patient_id = opened(ledger)
        pair.standby.crash()
        with waiting(ledger, patient_id, 0) as answered:
            assert not answered.wait(1)
            pair.standby.start()
            assert answered.wait(20)
        pair.fail_over()
        old = pair.standby
        old.start()
        with open_ledger(old.url("postgres"), clock=Clock(NOON)) as astray:
            with waiting(astray, patient_id, 1) as answered:
                assert not answered.wait(1)
                old.crash()
            assert not answered.is_set()
        assert [len(one.doses) for one in (ledger.history(patient_id), dosed(ledger, patient_id, 2)[0].history)] == [
            1,
            2,
        ]


def test_what_only_a_restart_of_the_primary_made_visible_is_not_acknowledged_either() -> None:
    """It is on the primary's disk, and seen there after the restart, and yet nowhere else."""
    with replicated_ledger() as pair, open_ledger(pair.primary.url("postgres"), clock=Clock(NOON)) as ledger:
        patients = opened(ledger, "M-1"), opened(ledger, "M-2")
        pair.standby.crash()
        with waiting(ledger, patients[0], 0) as answered, waiting(ledger, patients[1], 0, key="k") as answered_by_key:
            assert not answered.wait(1)
            pair.primary.crash()
            pair.primary.start()
            too_early = answered.wait(2), answered_by_key.wait(0.5)
            pair.standby.start()
            assert answered.wait(20)
            assert answered_by_key.wait(20)
        assert too_early == (False, False)


@contextmanager
def waiting(ledger: Ledger, patient_id: UUID, number: int, key: str | None = None) -> Iterator[Flag]:
    """A dose is being recorded; the flag is set when that is acknowledged."""
    answered = Flag()

    def record() -> None:
        with suppress(*UNAVAILABLE):
            ledger.execute(patient_id, dose(number), NURSE, key=key)
            answered.set()

    recorder = Thread(target=record)
    recorder.start()
    yield answered
    recorder.join()
