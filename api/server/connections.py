"""The limits on connections and on requests that are not complete, before anything of the program sees a request.

uvicorn has no limit on the bytes of a request head, no deadline for a head or a body, and its limit on connections
refuses the health check too. The protocol of this file adds them. Clients without a credential reach all of this.

No timer belongs to one request: one timer looks at all connections that wait for their client.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any, Final, cast

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from api.http.bodies import DISCARDED_BYTES_MAX
from api.http.problems import problem
from api.server.proxy import CONTENT_SECURITY, NO_STORE, SAFE_HEADERS

FILES_WANTED: Final = 4_096
FILES_FOR_THE_LEDGER: Final = 200
"""Open files that are not connections to clients: databases, documents, and the program's own."""
LIVENESS: Final = "/health/live"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a client may send, and how long it may take. Times are in seconds."""

    head_bytes: int = 32_768
    headers: int = 100
    head_seconds: float = 10.0
    body_seconds: float = 30.0
    body_bytes_per_second: int = 16_384
    """Each part of the body of this size gives the client one more second."""
    answer_seconds: float = 60.0
    """How long the client may take to receive the next part of an answer."""
    connections: int = 1_000
    seconds_to_stop: float = 2.0
    """How long the rest of a body is awaited after the server is asked to stop."""
    linger_seconds: float = 1.0
    """How long a connection stays open after a refusal, so that a client that is sending gets the answer."""


@dataclass(slots=True, eq=False)
class Waiting:
    """The connections that wait for their client, each with the time since when, the longest first."""

    limits: Limits
    heads: dict[LimitedProtocol, float] = field(default_factory=dict)
    """For a request, or for the rest of its head."""
    bodies: dict[LimitedProtocol, float] = field(default_factory=dict)
    answers: dict[LimitedProtocol, float] = field(default_factory=dict)
    """For the client to receive what was sent."""
    ended: dict[LimitedProtocol, float] = field(default_factory=dict)
    """For the client to end the connection after a refusal. Each has a timer of its own."""
    is_watched: bool = False

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Ends late connections from now on, until no connection waits."""
        if not self.is_watched:
            self.is_watched = True
            shortest = min(self.limits.head_seconds, self.limits.body_seconds, self.limits.answer_seconds)
            loop.call_later(min(1.0, shortest / 4), self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for waiting in (self.heads, self.bodies, self.answers):
            for connection, since in list(waiting.items()):
                connection.end_if_late(waiting, since, now)
        self.is_watched = False
        if self.heads or self.bodies or self.answers:
            self.watch(loop)

    def make_room(self) -> bool:
        """Ends the connection that has waited longest for its client. False if no connection waits for its client."""
        for waiting in (self.ended, self.heads, self.bodies, self.answers):
            if waiting:
                next(iter(waiting)).abort()
                return True
        return False

    def forget(self, connection: LimitedProtocol) -> None:
        for waiting in (self.ended, self.heads, self.bodies, self.answers):
            waiting.pop(connection, None)


class LimitedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with the limits."""

    def __init__(self, *, waiting: Waiting, **of_uvicorn: Any) -> None:
        super().__init__(**of_uvicorn)
        self._waiting = waiting
        self._limits = waiting.limits
        self._bytes_since_progress = 0
        """Received since the parser last reported something complete. They may still be in its memory."""
        self._head_bytes_max = 0
        """No head that is complete in the part of the data that was received last has more bytes."""
        self._body_bytes = self._bytes_discarded = 0
        self._has_begun = self._is_head_complete = self._is_head_too_large = self._is_ending = False

    # -- the connection -----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self._limits.connections and not self._waiting.make_room():
            # All others are being answered.
            self.app = cast("Any", only_liveness(cast("Any", self.app)))
        self._wait(self._waiting.heads)

    def connection_lost(self, exc: Exception | None) -> None:
        self._waiting.forget(self)
        super().connection_lost(exc)

    def _wait(self, waiting: dict[LimitedProtocol, float]) -> None:
        waiting.pop(self, None)
        waiting[self] = self.loop.time()
        self._waiting.watch(self.loop)

    # -- what is received ---------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        if self._is_ending:
            self._bytes_discarded += len(data)
            if self._bytes_discarded > DISCARDED_BYTES_MAX:
                self.abort()
            return
        self._head_bytes_max = self._bytes_since_progress = self._bytes_since_progress + len(data)
        super().data_received(data)
        if self._is_head_too_large or self._bytes_since_progress > self._limits.head_bytes:
            self._refuse_head()
        elif self._is_head_complete:
            # A request that is queued behind another one waits for the server, not for its client.
            if self not in self._waiting.bodies and not self.pipeline:
                self._wait(self._waiting.bodies)
        elif self._bytes_since_progress and not self._has_begun:
            self._has_begun = True
            self._wait(self._waiting.heads)

    def on_headers_complete(self) -> None:
        self._bytes_since_progress = self._body_bytes = 0
        self._waiting.heads.pop(self, None)
        limits = self._limits
        is_large = self._head_bytes_max > limits.head_bytes and self._head_bytes > limits.head_bytes
        if is_large or len(self.headers) > limits.headers:
            self._is_head_too_large = True
            return
        self._is_head_complete = True
        super().on_headers_complete()

    @property
    def _head_bytes(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + len(": \r\n") for name, value in self.headers)

    def on_chunk_header(self) -> None:
        self._bytes_since_progress = 0

    def on_body(self, body: bytes) -> None:
        self._bytes_since_progress = 0
        self._body_bytes += len(body)
        if not self._is_head_too_large and not self._is_ending:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._bytes_since_progress = 0
        self._has_begun = self._is_head_complete = False
        self._waiting.bodies.pop(self, None)
        if not self._is_head_too_large and not self._is_ending:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._is_ending:
            return
        if not self._is_head_complete:
            # As in `_wait`, but this is done for each request.
            self._waiting.heads[self] = self.loop.time()
            if not self._waiting.is_watched:
                self._waiting.watch(self.loop)
        elif self not in self._waiting.bodies:
            self._wait(self._waiting.bodies)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._wait(self._waiting.answers)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._waiting.answers.pop(self, None)

    # -- the end ------------------------------------------------------------------------------

    def end_if_late(self, waiting: dict[LimitedProtocol, float], since: float, now: float) -> None:
        """Ends the connection if its client had more time than the limit."""
        if waiting is self._waiting.answers:
            if now - since > self._limits.answer_seconds:
                self.abort()
        elif self.flow.read_paused or (waiting is self._waiting.heads and self._is_answering):
            # The server does not read now, so the client is not late.
            waiting.pop(self)
            waiting[self] = now
        elif waiting is self._waiting.bodies:
            limit = self._limits.body_seconds + self._body_bytes / self._limits.body_bytes_per_second
            if now - since > limit:
                self._refuse(408, "Request timeout", "The body was not received in time.", "send the request again")
        elif now - since > self._limits.head_seconds:
            if self._has_begun:
                self._refuse(408, "Request timeout", "The headers were not received in time.", "send the request again")
            else:
                self.abort()

    def shutdown(self) -> None:
        """Called when the server is asked to stop. A request that is not complete soon gets an answer."""
        if self._is_head_complete and self._is_answering and not self.pipeline:
            self.cycle.keep_alive = False
            self.loop.call_later(self._limits.seconds_to_stop, self._refuse_if_incomplete)
        elif self._has_begun and not self._is_answering:
            self._refuse(*STOPPING)
        else:
            super().shutdown()

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _refuse_if_incomplete(self) -> None:
        if self._is_head_complete and not self._is_ending:
            self._refuse(*STOPPING)

    def _refuse_head(self) -> None:
        most = self._limits.head_bytes
        if self._is_head_complete:
            self._refuse(431, "Headers too large", f"A part of the body has more than {most} bytes of its own headers.",
                         "send the body in larger parts, without trailers")  # fmt: skip
        # Before the first byte of a request, there is no URL.
        elif len(getattr(self, "url", b"")) > most:
            self._refuse(414, "URL too long", f"The URL has more than {most} bytes.", "send a shorter URL")
        else:
            self._refuse(431, "Headers too large", f"The headers have more than {most} bytes, or there are more than "
                         f"{self._limits.headers}.", "send fewer or shorter headers")  # fmt: skip

    def _refuse(self, status: int, title: str, detail: str, remedy: str) -> None:
        """Answers the request that is not complete, unless an answer has begun, and ends the connection."""
        self._waiting.forget(self)
        if self._is_ending or self.transport.is_closing():
            return
        if self.pipeline or (self._is_answering if not self._is_head_complete else self.cycle.response_started):
            # There is an answer on this connection already, to this request or to the one before it.
            self.abort()
            return
        if self._is_head_complete:
            # The application learns that the client is gone. What it sends no longer reaches the connection.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self._is_ending = True
        answer = refusal(status, title, detail, remedy)
        lines = [b": ".join(one) + b"\r\n" for one in self.server_state.default_headers + answer.raw_headers]
        self.transport.write(b"".join([STATUS_LINE[status], *lines, b"\r\n", bytes(answer.body)]))
        self.flow.resume_reading()
        # To close now, while the client sends, would reset the connection, and the client could lose the answer.
        self.transport.write_eof()
        self._waiting.ended[self] = self.loop.time()
        self.loop.call_later(self._limits.linger_seconds, self.transport.abort)

    def abort(self) -> None:
        """Ends the connection at once."""
        self._waiting.forget(self)
        self._is_ending = True
        # uvicorn is told later that the connection is lost, and a new one may be counted before.
        self.connections.discard(self)
        self.transport.abort()


TOO_MANY: Final = (503, "Too many connections", "The server has too many connections. Nothing was saved.",
                   "send the same request again with the same Idempotency-Key")  # fmt: skip
STOPPING: Final = (503, "Server stopping", "The server stops, and the request was not complete. Nothing was saved.",
                   "send the same request again with the same Idempotency-Key")  # fmt: skip


def refusal(status: int, title: str, detail: str, remedy: str) -> Response:
    """A problem that ends the connection. The layers that add headers to each answer do not see it."""
    answer = problem(status, title, detail, remedy)
    answer.raw_headers += [*SAFE_HEADERS, NO_STORE, CONTENT_SECURITY, (b"connection", b"close")]
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers["Retry-After"] = "1"
    return answer


def only_liveness(app: ASGIApp) -> ASGIApp:
    """The application for a connection beyond the limit: it answers only whether the process is alive."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == LIVENESS:
            await app(scope, receive, send)
            return
        await refusal(*TOO_MANY)(scope, receive, send)

    return answer


def without_disconnects(app: ASGIApp) -> ASGIApp:
    """The application without the error of a request whose client is gone, which is no error of the program."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        with suppress(ClientDisconnect):
            await app(scope, receive, send)

    return answer


def protocol(limits: Limits) -> Any:
    """What `uvicorn.Config` takes as `http`. All connections of one server share it."""
    return partial(LimitedProtocol, waiting=Waiting(limits))


def connections_allowed() -> int:
    """The limit on connections, which is lower where the process may not open so many files."""
    wanted = Limits().connections
    if sys.platform == "win32":
        return wanted
    import resource  # noqa: PLC0415  (does not exist on Windows)

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    allowed = FILES_WANTED if hard == unlimited else min(hard, FILES_WANTED)
    if soft != unlimited and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
        soft = allowed
    return wanted if soft == unlimited else max(1, min(wanted, soft - FILES_FOR_THE_LEDGER))
