"""A server that is asked while its primary is killed and the standby is promoted: 503 in between, and nothing else."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event as Flag
from typing import Any

from domain.ledger.schema import upgrade
from tests.api.routes.commands.acts import Json, dose, opening
from tests.api.server.server import Server, served
from tests.api.server.test_http_crash import DAYS, Answer, told
from tests.conftest import ZONE, seeded
from tests.postgres_standby import primary_and_standby, promote, wait_until

CLIENTS = 3


@dataclass
class Caller:
    """One client, who repeats under its key whatever is answered 503; `answers` are the first that were none."""

    number: int
    sent: dict[str, tuple[str, Json]] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)

    def run(self, server: Server, stopped: Flag) -> None:
        with server.client(timeout=60) as client:
            for key, path, body in self._commands():
                self.sent[key] = path, body
                while (answer := told(client, path, body, key))[0] == 503:
                    self.statuses[503] += 1
                    if stopped.wait(0.05):
                        return
                self.statuses[answer[0]] += 1
                self.answers[key] = answer
                if stopped.wait(0.02):
                    return

    def _commands(self) -> Iterator[tuple[str, str, Json]]:
        for patient in range(1_000):
            opened = f"{self.number}-{patient}"
            yield opened, "/patients", opening(f"C{opened}")
            patient_id = json.loads(self.answers[opened][1])["patient_id"]
            for day in DAYS:
                yield f"{opened}-{day}", f"/patients/{patient_id}/doses", dose(day)


def test_a_server_continues_at_the_promoted_standby_and_loses_nothing_that_it_answered(tmp_path: Path) -> None:
    callers, stopped = [Caller(number) for number in range(CLIENTS)], Flag()

    def all_have(status: int, number: int) -> Any:
        return lambda: all(one.statuses[status] >= number for one in callers)

    with primary_and_standby() as pair:
        upgrade(pair.primary.url("postgres"), zone=ZONE, entropy=seeded(0))
        pair.replicate_synchronously()
        with served(pair.url(), tmp_path / "said") as server, ThreadPoolExecutor(CLIENTS) as threads:
            try:
                running = [threads.submit(one.run, server, stopped) for one in callers]
                wait_until(all_have(201, 3), "commands are recorded")
                pair.primary.kill()
                wait_until(all_have(503, 1), "everybody is told that the store does not answer", seconds=60)
                promote(pair.standby)
                before = max(one.statuses[201] for one in callers)
                wait_until(all_have(201, before + 5), "commands are recorded again", seconds=60)
            finally:
                stopped.set()
            for one in running:
                one.result()
            with server.client(timeout=60) as client:
                assert client.get("/health/ready").status_code == 200
                assert client.get("/worklist").status_code == 200
        assert {status for one in callers for status in one.statuses} == {201, 503}
        said = (tmp_path / "said").read_text()
        assert not [secret for secret in (pair.primary.password, "Synthetic", "postgresql://") if secret in said]

        restarted = served(pair.standby.url("postgres"), tmp_path / "restarted")
        with restarted as server, server.client(timeout=60) as client:
            for one in callers:
                for key, (path, body) in one.sent.items():
                    assert told(client, path, body, key) == one.answers[key]
