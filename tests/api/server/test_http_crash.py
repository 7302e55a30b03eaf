"""The server is killed in the middle of a burst: what it answered holds, and nothing is half done."""

from __future__ import annotations

import json
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Semaphore
from uuid import UUID

import pytest
from httpx2 import Client, HTTPError

from domain.ledger.application import open_ledger
from tests.api.routes.commands.acts import Json, dose, opening
from tests.api.server.server import Server, served

CLIENTS = 3
DAYS = [f"2026-03-0{number}" for number in range(2, 7)]
Answer = tuple[int, bytes, str | None, str | None]


@dataclass
class Burst:
    """One client's commands in order; each patient gets a whole first course. `answers` are those that arrived."""

    number: int
    answers: dict[str, Answer] = field(default_factory=dict)
    patients: list[str] = field(default_factory=list)
    sent: list[tuple[str, Json, str]] = field(default_factory=list)

    def run(self, server: Server, acknowledged: Semaphore) -> None:
        """Until the server is gone."""
        try:
            with server.client(timeout=20) as client:
                for patient in range(1_000):
                    opened = self._send(client, "/patients", opening(f"C{self.number}-{patient}"), f"open-{patient}")
                    acknowledged.release()
                    for day in DAYS:
                        path = f"/patients/{opened['patient_id']}/doses"
                        self._send(client, path, dose(day), f"dose-{patient}-{day}")
                        acknowledged.release()
        except HTTPError:
            return

    def _send(self, client: Client, path: str, body: Json, key: str) -> Json:
        key = f"{self.number}-{key}"
        self.sent.append((path, body, key))
        self.answers[key] = told(client, path, body, key)
        status, content, *_ = self.answers[key]
        assert status == 201, content
        answer: Json = json.loads(content)
        if path == "/patients":
            self.patients.append(answer["patient_id"])
        return answer


def told(client: Client, path: str, body: Json, key: str) -> Answer:
    answer = client.post(path, json=body, headers={"Idempotency-Key": key})
    return answer.status_code, answer.content, answer.headers.get("etag"), answer.headers.get("location")


def killed_in_a_burst(server: Server, after: int) -> list[Burst]:
    """The kill comes a moment after so many answers have arrived."""
    bursts = [Burst(number) for number in range(CLIENTS)]
    acknowledged = Semaphore(0)
    with ThreadPoolExecutor(CLIENTS) as threads:
        running = [threads.submit(burst.run, server, acknowledged) for burst in bursts]
        for _ in range(after):
            assert acknowledged.acquire(timeout=60), "the server stopped answering"
        server.kill()
        for one in running:
            one.result()
    return bursts


@pytest.mark.parametrize("after", [random.Random(seed).randrange(10, 60) for seed in (1, 2)])
def test_what_was_answered_before_a_kill_is_answered_again(ledger_url: str, tmp_path: Path, after: int) -> None:
    with served(ledger_url, tmp_path / "said") as server:
        bursts = killed_in_a_burst(server, after)
    assert sum(len(burst.answers) for burst in bursts) >= after
    assert any(len(burst.sent) > len(burst.answers) for burst in bursts), "no command was under way"

    with served(ledger_url, tmp_path / "said") as server, server.client(timeout=20) as client:
        for burst in bursts:
            for path, body, key in burst.sent:
                again = told(client, path, body, key)
                if key in burst.answers:
                    assert again == burst.answers[key]
                else:
                    # It was stored or it was not, and now it is, once.
                    assert again[0] == 201
                    assert told(client, path, body, key) == again
    assert (tmp_path / "said").read_text() == ""
    nothing_half_done(ledger_url, bursts)


def nothing_half_done(ledger_url: str, bursts: list[Burst]) -> None:
    with open_ledger(ledger_url) as ledger:
        opened = [patient for burst in bursts for patient in burst.patients]
        assert set(map(UUID, opened)) <= set(ledger.patients())
        for patient_id in ledger.patients():
            events = ledger.events(patient_id)
            topics = [event.TOPIC for event in events]
            assert [event.originator_version for event in events] == list(range(1, len(events) + 1))
            given = topics.count("DoseAdministered")
            assert topics == ["HistoryOpened", *["DoseAdministered"] * given, *["CourseCompleted"] * (given == 5)]
