"""The limits of a real `serve`: its memory, its log, and what its clients are answered."""

from __future__ import annotations

import json
import re
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from statistics import median
from typing import Final
from urllib.parse import urlsplit

import pytest

from api.server.connections import Limits
from api.server.serve import SECONDS_TO_FINISH
from tests.api.server.server import Server, served
from tests.api.server.test_connections import GET, all_of, problem_of, status_of
from tests.story import OFFICE

pytestmark = pytest.mark.parametrize("store", ["sqlite"])

MEGABYTES_SENT: Final = 300
MEGABYTES_MORE: Final = 40
"""What the process may grow by: some requests at once, never a part of what a client sends without end."""
LIVE: Final = b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
NEVER_COMPLETE: Final = {
    "a URL": (b"GET /", b"u"),
    "a header": (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ", b"v"),
    "headers": (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n", b"n: v\r\n"),
    "empty lines": (b"", b"\r\n"),
    "trailers": (b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"n: v\r\n"),
}


@pytest.fixture
def server(ledger_url: str, tmp_path: Path) -> Iterator[Server]:
    with served(ledger_url, tmp_path / "said") as one:
        # The time until the server has started is no time of a request.
        assert status_of(sent(one, LIVE)) == 200
        yield one


def connected(server: Server) -> socket.socket:
    parts = urlsplit(server.url)
    return socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=60)


def sent(server: Server, data: bytes) -> bytes:
    with closing(connected(server)) as one:
        one.sendall(data)
        return all_of(one)


def megabytes(server: Server) -> float:
    """The most memory that the process has had (VmHWM)."""
    text = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", text)[0]) / 1024


@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory of a process from /proc")
@pytest.mark.parametrize("kind", NEVER_COMPLETE)
def test_what_a_client_sends_without_end_is_not_kept(server: Server, kind: str) -> None:
    begins, repeated = NEVER_COMPLETE[kind]
    part = repeated * (1_048_576 // len(repeated))
    assert status_of(sent(server, LIVE)) == 200
    before = megabytes(server)
    with closing(connected(server)) as one:
        one.sendall(begins)
        parts = 0
        with suppress(ConnectionError):
            for _ in range(MEGABYTES_SENT):
                one.sendall(part)
                parts += 1
        assert parts < MEGABYTES_SENT, "the server did not end the connection"
    assert megabytes(server) - before < MEGABYTES_MORE
    assert status_of(sent(server, LIVE)) == 200


@pytest.mark.parametrize("begins", ["", "half a "], ids=["no byte of the body", "half a body"])
def test_a_body_that_is_half_sent_when_the_server_is_stopped_is_refused_and_nothing_fails(
    server: Server, begins: str
) -> None:
    head = (
        "POST /patients HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n"
        f"Authorization: {server.headers[OFFICE]}\r\n\r\n"
    )
    with closing(connected(server)) as one, closing(connected(server)) as idle:
        one.sendall((head + begins).encode())
        assert status_of(sent(server, LIVE)) == 200
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        answer = all_of(one)
        problem = problem_of(answer, 503)
        assert problem["title"] == "Server stopping"
        assert problem["remedy"] == "Send the same request again with the same Idempotency-Key."
        assert b"retry-after: 1" in answer.lower()
        assert all_of(idle) == b""
    assert server.process.wait(timeout=30) == 0
    assert time.monotonic() - began < SECONDS_TO_FINISH
    assert server.said.read_text() == ""


@pytest.mark.campaign
def test_the_deadlines_of_the_server_hold_and_its_log_stays_empty(server: Server) -> None:
    """Half heads and half bodies, with the program's own deadlines."""
    limits = Limits()
    command = (
        "POST /patients HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n"
        f"Authorization: {server.headers[OFFICE]}\r\n\r\nhalf a "
    ).encode()
    with ExitStack() as stack:
        for begins, seconds in ((GET[:-2], limits.head_seconds), (command, limits.body_seconds)):
            several = [stack.enter_context(closing(connected(server))) for _ in range(50)]
            began = time.monotonic()
            for one in several:
                one.sendall(begins)
            assert [status_of(all_of(one)) for one in several] == [408] * 50
            assert seconds <= time.monotonic() - began < seconds + 5
    assert server.said.read_text() == ""


@pytest.mark.campaign
def test_ten_thousand_idle_or_half_sent_connections_keep_nobody_out(server: Server) -> None:
    sign_in = b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\ncode"
    taken: list[float] = []
    kept: list[socket.socket] = []
    with ExitStack() as stack:
        for number in range(10_000):
            if len(kept) == 800:
                kept.pop(0).close()
            one = connected(server)
            stack.callback(one.close)
            with suppress(ConnectionError):
                one.sendall((b"", GET[:-2], sign_in)[number % 3])
            kept.append(one)
            if number % 50 == 0:
                began = time.monotonic()
                assert status_of(sent(server, LIVE)) == 200
                taken.append(time.monotonic() - began)
    assert median(taken) < 1
    assert max(taken) < Limits().head_seconds
    assert json.loads(sent(server, LIVE).partition(b"\r\n\r\n")[2])
    events = [json.loads(line)["event"] for line in server.said.read_text().splitlines()]
    assert set(events) <= {"too_many_attempts", "sign_in_failed"}
