"""Limits on connections and on requests that are not complete, over real sockets."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from api.server.connections import Limits, protocol, without_disconnects
from api.server.serve import listening

SHORT = Limits(
    head_bytes=4_096,
    headers=10,
    head_seconds=0.5,
    body_seconds=0.5,
    body_bytes_per_second=1_000_000,
    answer_seconds=0.5,
    connections=20,
    seconds_to_stop=0.3,
    linger_seconds=0.3,
)
GET = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 100\r\n\r\n"


@dataclass
class Running:
    """A server in a thread. `received`: the bodies that the application received whole."""

    port: int
    server: uvicorn.Server
    received: list[bytes]

    def connected(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def sent(self, data: bytes) -> bytes:
        with closing(self.connected()) as one:
            one.sendall(data)
            return all_of(one)


def all_of(one: socket.socket) -> bytes:
    """What the server sends until it closes the connection."""
    parts = []
    while part := one.recv(65_536):
        parts.append(part)
    return b"".join(parts)


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def problem_of(answer: bytes, status: int) -> dict[str, Any]:
    assert status_of(answer) == status, answer
    head, _, body = answer.partition(b"\r\n\r\n")
    names = {line.partition(b":")[0].lower() for line in head.split(b"\r\n")[1:]}
    assert {b"content-type", b"content-length", b"cache-control", b"x-content-type-options", b"connection"} <= names
    problem: dict[str, Any] = json.loads(body)
    assert problem["status"] == status
    return problem


def within_seconds(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def running(limits: Limits = SHORT) -> Iterator[Running]:
    """The application reads the whole body and answers: at /slow after two seconds, and at /large with 50 MB."""
    received: list[bytes] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        while scope["type"] == "http":
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message["body"]
            if not message.get("more_body"):
                break
        received.append(body)
        if scope["path"] == "/slow":
            await asyncio.sleep(2)
        size = 50_000_000 if scope["path"] == "/large" else 2
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % size)]})
        for _ in range(0, size, 50_000):
            await send({"type": "http.response.body", "body": b"x" * min(size, 50_000), "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    with listening("127.0.0.1", 0) as listener:
        config = uvicorn.Config(
            without_disconnects(app),
            http=protocol(limits),
            lifespan="off",
            log_level="error",
            timeout_graceful_shutdown=5,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            yield Running(listener.getsockname()[1], server, received)
        finally:
            server.should_exit = True
            thread.join(timeout=20)
            assert not thread.is_alive()


# -- the head ---------------------------------------------------------------------------------


def test_a_request_within_the_limits_is_answered_and_the_connection_stays() -> None:
    with running() as here, closing(here.connected()) as one:
        for _ in range(3):
            one.sendall(GET)
            assert one.recv(4_096).endswith(b"xx")
            one.sendall(POST + b"b" * 60)
            one.sendall(b"b" * 40)
            assert one.recv(4_096).endswith(b"xx")
    assert [len(one) for one in here.received] == [0, 100] * 3


@pytest.mark.parametrize("ends", [b"", b"\r\n\r\n"], ids=["without end", "complete"])
@pytest.mark.parametrize(
    ("begins", "status", "title"),
    [
        (b"GET /" + b"u" * 5_000, 414, "URL too long"),
        (b"GET / HTTP/1.1\r\nHost: here\r\nX: " + b"v" * 5_000, 431, "Headers too large"),
        (b"GET / HTTP/1.1\r\nHost: here\r\n" + b"n" * 5_000, 431, "Headers too large"),
        (b"GET / HTTP/1.1\r\n" + b"".join(b"n%d: v\r\n" % one for one in range(800)), 431, "Headers too large"),
        (b"GET / HTTP/1.1\r\n" + b"".join(b"n%d: v\r\n" % one for one in range(11)), 431, "Headers too large"),
    ],
)
def test_a_head_that_is_too_large_is_refused(begins: bytes, status: int, title: str, ends: bytes) -> None:
    if title == "URL too long" and ends:
        ends = b" HTTP/1.1\r\nHost: here" + ends
    if begins.endswith(b"n") and ends:
        ends = b": v" + ends
    with running() as here:
        if not ends and len(begins) < SHORT.head_bytes:
            return  # The headers are counted when the head is complete.
        assert problem_of(here.sent(begins + ends), status)["title"] == title
        assert here.received == []
        # A head that is complete in one part of the connection's data, behind another request.
        assert here.sent(GET + begins + ends).count(b"HTTP/1.1 200") <= 1
        assert status_of(here.sent(GET[:-2] + b"Connection: close\r\n\r\n")) == 200


@pytest.mark.parametrize(
    "endless",
    [b"0\r\n" + b"trailer: value\r\n" * 50_000, b"0\r\nt: " + b"v" * 900_000, b"1;" + b"e" * 900_000],
    ids=["trailers", "a trailer", "a chunk extension"],
)
def test_what_belongs_to_no_head_and_no_body_has_the_same_limit(endless: bytes) -> None:
    head = b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"
    with running() as here:
        assert problem_of(here.sent(head + endless), 431)["title"] == "Headers too large"
        assert here.received == []
        assert here.sent(head + b"0\r\nConnection: close\r\n\r\n" + GET[:-2] + b"Connection: close\r\n\r\n").count(
            b"xx"
        )
        assert here.received[0] == b"ab"


def test_empty_lines_without_end_are_refused() -> None:
    with running() as here:
        assert status_of(here.sent(b"\r\n" * 40_000)) == 431


# -- deadlines --------------------------------------------------------------------------------


@pytest.mark.parametrize("begins", [b"G", b"GET / HTTP/1.1\r\nHost: he", b"\r\n"])
def test_a_head_that_is_not_complete_in_time_is_refused(begins: bytes) -> None:
    with running() as here, closing(here.connected()) as one:
        one.sendall(begins)
        began = time.monotonic()
        assert problem_of(all_of(one), 408)["remedy"] == "Send the request again."
        assert SHORT.head_seconds < time.monotonic() - began < 3


def test_a_byte_now_and_then_does_not_put_the_deadline_off() -> None:
    with running() as here, closing(here.connected()) as one:
        one.sendall(GET[:-2])
        began = time.monotonic()
        with suppress(OSError):
            while time.monotonic() - began < 5:
                one.sendall(b"x")
                time.sleep(0.05)
        assert time.monotonic() - began < 3


def test_a_connection_on_which_nothing_is_sent_is_closed() -> None:
    with running() as here, closing(here.connected()) as one:
        assert all_of(one) == b""


@pytest.mark.parametrize("rest", [b"", b"x" * 99])
def test_a_body_that_is_not_complete_in_time_is_refused_and_the_application_ends(rest: bytes) -> None:
    with running() as here:
        assert problem_of(here.sent(POST + rest), 408)["detail"] == "The body was not received in time."
        assert here.received == []
        within_seconds(lambda: here.server.server_state.tasks == set())


def test_a_body_that_arrives_slowly_but_steadily_has_more_time() -> None:
    steady = Limits(head_seconds=0.5, body_seconds=0.5, body_bytes_per_second=20)
    with running(steady) as here, closing(here.connected()) as one:
        one.sendall(POST[:-2] + b"Connection: close\r\n\r\n")
        for _ in range(100):
            one.sendall(b"x")
            time.sleep(0.02)
        assert status_of(all_of(one)) == 200
    assert here.received == [b"x" * 100]


def test_a_client_that_does_not_receive_the_answer_is_disconnected() -> None:
    with running() as here, closing(here.connected()) as one:
        one.sendall(GET.replace(b"/ ", b"/large "))
        within_seconds(lambda: len(here.server.server_state.connections) == 1)
        within_seconds(lambda: here.server.server_state.connections == set())


# -- the number of connections ----------------------------------------------------------------


@pytest.mark.parametrize("begins", [b"", b"GET / HTTP/1.1\r\n", POST], ids=["idle", "half a head", "half a body"])
def test_beyond_the_limit_the_connection_that_waits_longest_for_its_client_gives_way(begins: bytes) -> None:
    limits = Limits(connections=20)
    with running(limits) as here, ExitStack() as stack:
        for _ in range(60):
            one = stack.enter_context(closing(here.connected()))
            one.sendall(begins)
        for _ in range(5):
            assert status_of(here.sent(GET[:-2] + b"Connection: close\r\n\r\n")) == 200
        assert len(here.server.server_state.connections) <= limits.connections + 1


def test_while_every_connection_is_being_answered_a_new_one_learns_only_that_the_process_lives() -> None:
    with running(Limits(connections=3)) as here, ExitStack() as stack:
        busy = [stack.enter_context(closing(here.connected())) for _ in range(3)]
        for one in busy:
            one.sendall(GET.replace(b"/ ", b"/slow ")[:-2] + b"Connection: close\r\n\r\n")
        time.sleep(0.3)
        live = GET.replace(b"/ ", b"/health/live ")[:-2] + b"Connection: close\r\n\r\n"
        assert status_of(here.sent(live)) == 200
        assert problem_of(here.sent(GET), 503)["title"] == "Too many connections"
        assert [status_of(all_of(one)) for one in busy] == [200] * 3
        assert status_of(here.sent(GET[:-2] + b"Connection: close\r\n\r\n")) == 200


# -- the end of the server --------------------------------------------------------------------


@pytest.mark.parametrize("begins", [POST, POST + b"x" * 50, b"GET / HTTP/1.1\r\nHo"])
def test_a_request_that_is_half_sent_when_the_server_stops_is_answered(begins: bytes) -> None:
    with running(Limits(seconds_to_stop=0.3)) as here:
        one = here.connected()
        one.sendall(begins)
        time.sleep(0.2)
        here.server.should_exit = True
        problem = problem_of(all_of(one), 503)
        assert problem["title"] == "Server stopping"
        one.close()
    assert here.received == []


def test_a_body_whose_rest_is_sent_soon_after_the_server_is_stopped_is_still_taken() -> None:
    with running(Limits(seconds_to_stop=2)) as here, closing(here.connected()) as one:
        one.sendall(POST)
        time.sleep(0.2)
        here.server.should_exit = True
        time.sleep(0.3)
        one.sendall(b"x" * 100)
        assert status_of(all_of(one)) == 200
    assert here.received == [b"x" * 100]
