"""Bodies that are wrong in thousands of places: how long other clients wait meanwhile, as a ratio to a floor."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from api.http import examples
from tests.api.server.server import Server, served
from tests.benchmarks.measuring import rounds
from tests.benchmarks.ratios import Goal, figure
from tests.story import NURSE

pytestmark = pytest.mark.parametrize("store", ["sqlite"])

ROUNDS: Final = 7
SECONDS: Final = 0.4
GOAL: Final = Goal(6.0, at_most=True)
"""An invalid body may take as long as a few valid ones. Without the bounds, the ratio is in the hundreds."""

WRONG: Final[dict[str, tuple[Any, int]]] = {
    "as many invalid values as a body may have": ([None] * 2_470, 422),
    "as many unknown names as a body may have": ([{"x": 1}] * 1_230, 422),
    "80,000 invalid values": ([None] * 80_000, 413),
}


def body_of(tried: Any) -> bytes:
    facts = examples.ASSESS["facts"] | {"agents": {"list_is_complete": True, "tried": tried}}
    return json.dumps(examples.ASSESS | {"facts": facts}, separators=(",", ":")).encode()


@contextmanager
def sending(server: Server, body: bytes, status: int) -> Iterator[None]:
    """Another client, which sends this body again and again, and gets this answer."""
    ended, answers = threading.Event(), set()

    def send() -> None:
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)
        headers = {"Authorization": server.headers[NURSE], "Content-Type": "application/json"}
        while not ended.is_set():
            connection.request("POST", "/assessments", body, headers)
            answer = connection.getresponse()
            answer.read()
            answers.add(answer.status)
        connection.close()

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
    assert answers == {status}


def seconds_of_others(server: Server, body: bytes, status: int) -> float:
    """The median time of a request of another client, while this body is sent again and again."""
    taken = []
    with sending(server, body, status):
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            began = time.perf_counter()
            # This request is answered in the event loop, where bodies are validated.
            connection.request("GET", "/nothing/here", headers={"Authorization": server.headers[NURSE]})
            connection.getresponse().read()
            taken.append(time.perf_counter() - began)
        connection.close()
    return median(taken)


@pytest.mark.parametrize("wrong", WRONG)
def test_others_wait_little_longer_than_beside_the_largest_valid_bodies(
    ledger_url: str, tmp_path: Path, wrong: str
) -> None:
    tried, status = WRONG[wrong]
    valid = body_of([{"product": "Avonex", "outcome": "inadequate_efficacy"}] * 100)
    with served(ledger_url, tmp_path / "said") as server:
        taken = rounds(
            {
                "valid": lambda: seconds_of_others(server, valid, 200),
                "wrong": lambda: seconds_of_others(server, body_of(tried), status),
            },
            ROUNDS,
        )
    ratios = [one / floor for one, floor in zip(taken["wrong"], taken["valid"], strict=True)]
    measured = figure(wrong, ratios, GOAL)
    print(measured)
    assert measured.verdict != "short", measured
