"""Another process holds a lock, and fifty clients wait for it: everybody gets an answer in time, and others at once."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event
from typing import NamedTuple

import psycopg
import pytest
from httpx2 import Response

from tests.api.routes.commands.acts import dose, opening, refused
from tests.api.server.server import Server, served
from tests.story import CLAIMS, NURSE

CLIENTS = 50
ANSWERED_WITHIN = 30.0
"""As the operations guide says."""
AT_ONCE = 2.0
"""On a machine that other tests use, too."""


class Answered(NamedTuple):
    response: Response
    seconds: float


@contextmanager
def held(url: str) -> Iterator[None]:
    """The most exclusive lock of each store, held by a process other than the server."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            yield
            other.execute("ROLLBACK")
    else:
        with psycopg.connect(url) as connection:
            connection.execute("LOCK TABLE stored_events, commands, accesses IN ACCESS EXCLUSIVE MODE")
            yield
            connection.rollback()


def one_client(server: Server, number: int, patient: str) -> Answered:
    """A command for each second client, and a question of a user for the others."""
    if not number % 2:
        return timed(lambda: asked(server, f"/patients/{patient}/courses", server.headers[NURSE]))
    with server.client(timeout=90) as client:
        return timed(lambda: client.post(f"/patients/{patient}/doses", json=dose(reference=f"R-{number}")))


def timed(ask: Callable[[], Response]) -> Answered:
    started = time.monotonic()
    return Answered(ask(), time.monotonic() - started)


def asked(server: Server, path: str, authorization: str | None = None) -> Response:
    with server.client(timeout=90) as client:
        return client.get(path, headers={"Authorization": authorization} if authorization else {})


@contextmanager
def watched(server: Server, threads: ThreadPoolExecutor) -> Iterator[Future[float]]:
    """The longest time that `/health/live` took, asked again and again until the end of the block."""
    is_over = Event()

    def slowest() -> float:
        seconds = 0.0
        with server.client(timeout=90) as client:
            while not is_over.is_set():
                response, took = timed(lambda: client.get("/health/live"))
                assert response.status_code == 200
                seconds = max(seconds, took)
                time.sleep(0.05)
        return seconds

    watching = threads.submit(slowest)
    try:
        yield watching
    finally:
        is_over.set()


def test_fifty_clients_that_wait_for_a_lock(ledger_url: str, tmp_path: Path) -> None:
    with served(ledger_url, tmp_path / "said") as server, server.client() as client:
        patient: str = client.post("/patients", json=opening()).json()["patient_id"]
        assert client.get(f"/patients/{patient}/courses").status_code == 200
        with ThreadPoolExecutor(CLIENTS + 1) as threads, watched(server, threads) as alive, held(ledger_url):
            waiting = [threads.submit(one_client, server, number, patient) for number in range(CLIENTS)]
            time.sleep(6)
            ready, ready_seconds = timed(lambda: asked(server, "/health/ready"))
            if ledger_url.startswith("sqlite"):
                # A system's question writes nothing before its answer, and reading waits for no writer.
                path = f"/patients/{patient}/eligibility"
                shown, seconds = timed(lambda: asked(server, path, server.headers[CLAIMS]))
                assert shown.status_code == 200
                assert seconds < AT_ONCE
            answered = [one.result() for one in waiting]
        assert alive.result() < AT_ONCE
        assert "lock" in refused(ready, 503)["detail"]
        assert ready_seconds < 10
        for one in answered:
            refused(one.response, 503)
            assert one.response.headers["retry-after"] == "1"
        slowest = max(one.seconds for one in answered)
        assert slowest < ANSWERED_WITHIN, slowest
        # The lock is free again.
        assert client.post(f"/patients/{patient}/doses", json=dose(reference="R-after")).status_code == 201
        assert client.get(f"/patients/{patient}/courses").status_code == 200
        assert client.get("/health/ready").status_code == 200


@pytest.mark.parametrize("store", ["sqlite"])
def test_a_user_s_question_waits_for_a_writer_only_so_long(ledger_url: str, tmp_path: Path) -> None:
    """The access is on disk before the answer, so the question waits as long as a command may, and no longer."""
    with served(ledger_url, tmp_path / "said") as server, server.client(timeout=90) as client:
        patient: str = client.post("/patients", json=opening()).json()["patient_id"]
        with held(ledger_url):
            started = time.monotonic()
            problem = refused(client.get(f"/patients/{patient}/courses"), 503)
            assert time.monotonic() - started < 10
        assert "locked" in problem["detail"]
        assert client.get(f"/patients/{patient}/courses").status_code == 200
