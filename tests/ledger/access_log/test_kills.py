"""Processes record accesses and commands and are killed: no access of a person that was answered is lost."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from dataclasses import dataclass, field
from threading import Thread
from uuid import UUID

import pytest

from domain.ledger.application import Ledger
from tests.ledger.access_log.stored import check_digests, stored, subjects

SECONDS = (1.6, 2.2)
"""Between them, how long each of the processes lives after its first access."""


@dataclass
class Looker:
    """A process, and what it said was answered."""

    url: str
    name: str
    threads: int = 8
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.ledger.access_log.looker", self.url, self.name, str(self.threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.reader = Thread(target=self._read)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(line.strip() for line in self.process.stdout)

    def wait_for_the_first(self) -> None:
        deadline = time.monotonic() + 30
        while not self.lines_so_far():
            assert self.process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def lines_so_far(self) -> int:
        return len(self.lines)

    def killed(self) -> float:
        """When, by the clock of all processes."""
        at = time.monotonic()
        self.process.kill()
        self._ended()
        return at

    def stopped(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self._ended() == 0

    def _ended(self) -> int:
        status = self.process.wait(20)
        self.reader.join(10)
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()
        return status

    def said(self, word: str) -> list[list[str]]:
        return [parts[1:] for line in self.lines if (parts := line.split())[0] == word]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_kill_loses_no_answered_access_and_of_systems_the_last_second(
    ledger: Ledger, ledger_url: str, seed: int
) -> None:
    chance = random.Random(seed)
    lookers = [Looker(ledger_url, f"p{number}") for number in range(2)]
    for one in lookers:
        one.wait_for_the_first()
    killed = []
    for one in lookers:
        time.sleep(chance.uniform(*SECONDS))
        killed.append(one.killed())
    check_digests(ledger)
    found = set(subjects(ledger))
    for one, at in zip(lookers, killed, strict=True):
        durable = {subject for (subject,) in one.said("durable")}
        assert len(durable) > 8
        assert durable <= found
        before = {subject for subject, noted in one.said("noted") if float(noted) < at - 1}
        assert before
        assert before <= found
        patients = {UUID(patient) for (patient,) in one.said("recorded")}
        assert patients
        assert patients <= set(ledger.patients())
    assert len({one.register for one in stored(ledger)}) == 2


def test_who_is_stopped_loses_nothing_and_stores_nothing_twice(ledger: Ledger, ledger_url: str) -> None:
    looker = Looker(ledger_url, "p")
    looker.wait_for_the_first()
    time.sleep(0.4)
    looker.stopped()
    check_digests(ledger)
    said = [subject for subject, *_ in (*looker.said("durable"), *looker.said("noted"))]
    found = subjects(ledger)
    assert len(found) == len(set(found))
    assert set(said) <= set(found)
