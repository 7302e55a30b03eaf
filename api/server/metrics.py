"""The metrics of a server in OpenMetrics format, on an address of their own or with a token. No label has patient data.

Labels are methods, templates of routes, names of commands, and statuses. What the program counts itself is read when
somebody asks for the metrics.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from socketserver import ThreadingMixIn
from threading import Thread
from typing import TYPE_CHECKING, Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from eventsourcing.persistence import PersistenceError
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.problems import NO_ROUTE, problem
from domain.errors import InvalidCommand
from domain.ledger.errors import StoreError
from projections.worklist.runner import lag

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

    from api.app import Application

PATH: Final = "/metrics"
TOKEN_SETTING: Final = "LEMTRADA_METRICS_TOKEN"  # noqa: S105  (the name of the setting)
TOKEN_LENGTH_MIN: Final = 16
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30)
_SIZES: Final = (1, 2, 4, 8, 16, 32, 64)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_ELIGIBILITY: Final = "/patients/{patient_id}/eligibility"
_NO_ROUTE: Final = "(no route)"
_NOTED: Final = "ledger.route"


def token_in_environment() -> str | None:
    """The token for the metrics on the main address, or None. Raises InvalidCommand if the token is too short."""
    token = os.environ.get(TOKEN_SETTING) or None
    if token is not None and (len(token) < TOKEN_LENGTH_MIN or not token.isascii()):
        raise InvalidCommand(
            f"the token for the metrics must have at least {TOKEN_LENGTH_MIN} ASCII characters",
            field=TOKEN_SETTING,
            remedy="set a random one, or leave the variable out",
        )
    return token


class Metrics:
    """The metrics of one application: the requests, and what the application and its ledger count."""

    def __init__(self, app: Application) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "ledger_http_requests", "Answers, by method, route, and status", ["method", "route", "status"],
            registry=self.registry,
        )  # fmt: skip
        self.refused = Counter(
            "ledger_http_refused", "Answers with a status of 400 or above", ["status"], registry=self.registry
        )
        self.seconds = Histogram(
            "ledger_http_request_seconds", "Time until the end of the answer", ["method", "route"], buckets=_SECONDS,
            registry=self.registry,
        )  # fmt: skip
        self.registry.register(OfLedger(app))

    def text(self) -> bytes:
        """All metrics. It reads the store, so it may wait."""
        text: bytes = generate_latest(self.registry)  # type: ignore[no-untyped-call]
        return text


class OfLedger(Collector):
    """What the ledger, the views, the seal, and the access log count. Nothing is counted here."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def describe(self) -> Iterable[Metric]:
        """Nothing, so that registering reads no store."""
        return ()

    def collect(self) -> Iterator[Metric]:
        ledger, state = self._app.state.ledger, self._app.state
        last = ledger.condition.last_write
        yield _gauge("ledger_ready", "1 if /health/ready answers 200", not state.readiness.reasons())
        yield _gauge("ledger_write_failed", "1 if the last write of this process failed", last.failure is not None)
        commands = CounterMetricFamily("ledger_commands", "Commands received, by name", labels=["command"])
        for name, count in sorted(ledger.commands.copy().items()):
            commands.add_metric([name], count)
        yield commands
        yield _sizes(dict(ledger.condition.batch_sizes))
        yield CounterMetricFamily("ledger_lock_waits", "Writes that waited for a lock", value=last.lock_waits)
        yield CounterMetricFamily("ledger_lock_wait_seconds", "Time of those waits", value=last.lock_seconds)
        yield _gauge("ledger_writing_requests", "Requests that write, or wait for a lock", self._app.writing)
        in_use = ledger.condition.connections_in_use
        yield _gauge("ledger_connections_in_use", "Connections for queries that are in use", in_use)
        yield _gauge("ledger_accesses_waiting", "Accesses by systems not on disk yet", state.accesses.backlog.waiting)
        with suppress(PersistenceError, StoreError):
            yield from _views(lag(ledger))
        yield _gauge("ledger_seal_refused", "1 if sealing or signing is refused", state.sealing.refusal is not None)
        unpublished = state.sealing.not_published is not None
        yield _gauge("ledger_seal_not_published", "1 if checkpoints can't be published", unpublished)
        with suppress(PersistenceError, StoreError):
            yield from _seal(state.sealing)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=float(value))


def _sizes(batches: dict[int, int]) -> HistogramMetricFamily:
    """A histogram of the sizes. `batches` has the number of batches of each size."""
    buckets = [(f"{float(most)}", float(sum(n for size, n in batches.items() if size <= most))) for most in _SIZES]
    buckets.append(("+Inf", float(sum(batches.values()))))
    total = sum(size * count for size, count in batches.items())
    return HistogramMetricFamily(
        "ledger_batch_commands", "Commands and accesses that were written in one transaction", buckets, total
    )


def _views(views: Any) -> Iterator[Metric]:
    yield _gauge("ledger_view_events_behind", "Events that the worklist tables are behind the log", views.events_behind)
    yield _gauge("ledger_view_failed", "Patients whose rows could not be computed", views.failed)
    yield _gauge("ledger_log_position", "The position of the last event of the log", views.log_position)
    if views.seconds_since_move is not None:
        yield _gauge("ledger_view_seconds", "Time since the worklist tables were updated", views.seconds_since_move)


def _seal(sealing: Any) -> Iterator[Metric]:
    yield _gauge("ledger_seal_unsealed", "Events that are not sealed yet", sealing.store.unsealed())
    newest = sealing.store.newest(sealing.origins.current())
    if newest is not None:
        signed = newest.signed_at.timestamp()
        yield _gauge("ledger_seal_signed_timestamp_seconds", "When the last checkpoint was signed", signed)


# -- the requests -----------------------------------------------------------------------------


class RouteNoted:
    """ASGI layer directly around the application. It notes the route for `Measured`, which may see another scope."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        finally:
            if (noted := scope.get(_NOTED)) is not None:
                noted["route"] = _template(scope)


def _template(scope: Scope) -> str:
    """The template of the route. The path itself is no label, because it has ids, and text that a user typed."""
    template: str | None = getattr(scope.get("route"), "path", None)
    if template is not None:
        return template
    return _ELIGIBILITY if scope["path"].endswith("/eligibility") and scope.get("caller") is not None else _NO_ROUTE


class Measured:
    """The outermost ASGI layer: counts every answer, also those of the other layers."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope[_NOTED] = noted = {"route": _NO_ROUTE}
        started, status = time.monotonic(), 500

        async def send_noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "OTHER"
            self._metrics.requests.labels(method, noted["route"], str(status)).inc()
            self._metrics.seconds.labels(method, noted["route"]).observe(time.monotonic() - started)
            if status >= HTTPStatus.BAD_REQUEST:
                self._metrics.refused.labels(str(status)).inc()


class MetricsWithToken:
    """ASGI layer that answers `/metrics`: with the token the metrics, and 404 in every other case."""

    def __init__(self, app: ASGIApp, metrics: Metrics, token: str | None) -> None:
        self._app = app
        self._metrics = metrics
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH:
            await self._app(scope, receive, send)
        elif scope["method"] in ("GET", "HEAD") and self._has_token(scope):
            text = await asyncio.to_thread(self._metrics.text)
            await Response(text, media_type=CONTENT_TYPE_LATEST)(scope, receive, send)
        else:
            await problem(404, "Not Found", *NO_ROUTE[404])(scope, receive, send)

    def _has_token(self, scope: Scope) -> bool:
        sent = [value for name, value in scope["headers"] if name == b"authorization"]
        if self._token is None or len(sent) != 1:
            return False
        return hmac.compare_digest(sent[0], f"Bearer {self._token}".encode())


# -- an address of their own ------------------------------------------------------------------


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Handler(WSGIRequestHandler):
    timeout = 10
    """Seconds until a connection on which nothing is sent is closed."""

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: requests are not logged."""


@contextmanager
def served_at(address: tuple[str, int], metrics: Metrics) -> Iterator[str]:
    """Serves the metrics at an address of their own during the block. Yields their URL. Raises InvalidCommand."""

    def answer(environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        if environ["REQUEST_METHOD"] != "GET" or environ["PATH_INFO"] != PATH:
            start("404 Not Found", [("Content-Type", "text/plain")])
            return [b"The metrics are at /metrics.\n"]
        start("200 OK", [("Content-Type", CONTENT_TYPE_LATEST), ("Cache-Control", "no-store")])
        return [metrics.text()]

    host, port = address
    try:
        server = make_server(host, port, answer, _Server, _Handler)
    except OSError as error:
        raise InvalidCommand(
            f"port {port} of {host} can't be opened: {error.strerror}",
            field="--metrics",
            remedy="stop the program that uses the port, or give another port; port 0 selects a free port",
        ) from None
    thread = Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{server.server_port}{PATH}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
