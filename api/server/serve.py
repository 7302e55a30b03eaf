"""`serve`: serves the API and the pages of one ledger, on this machine or behind a proxy, until it is stopped."""

from __future__ import annotations

import logging
import os
import signal
import socket
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

from api.server.proxy import PUBLIC_URL, Front, is_loopback, layered
from domain.errors import InvalidCommand
from domain.ledger.application import Ledger

if TYPE_CHECKING:
    from api.identity import Identity

SECONDS_TO_FINISH: Final = 5
"""How long running requests may take after the server is asked to stop."""

SECONDS_BETWEEN_REQUESTS: Final = 5
"""How long a connection stays open after an answer, until the next request begins."""

ON_THIS_MACHINE: Final = Front()


# -- the socket --------------------------------------------------------------------------------


def listening(host: str, port: int, front: Front = ON_THIS_MACHINE) -> socket.socket:
    """A socket that listens. Port 0 selects a free port. Close the socket, or use it in a `with`.

    Raises InvalidCommand if the host is not this machine and there is no public URL, or if the port can't be opened.
    """
    if not is_loopback(host) and front.public_url is None:
        raise InvalidCommand(
            "to serve other machines, the server needs a proxy with TLS, and no public address is given",
            field="--host",
            remedy=f"add {PUBLIC_URL} https://…, or serve only this machine with 127.0.0.1, ::1 or localhost",
        )
    address = "127.0.0.1" if host.lower() == "localhost" else host
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    # With IPPROTO_TCP, asyncio sets TCP_NODELAY. Otherwise the system may delay each answer by 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            # The port can be used again immediately after a server has stopped. On Windows it would be shared.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise InvalidCommand(
            f"port {port} of {host} can't be opened: {error.strerror}",
            field="--port",
            remedy="stop the program that uses the port, or give another port; --port 0 selects a free port",
        ) from None
    return listener


def url_of(listener: socket.socket) -> str:
    """The URL at which a socket listens."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def metrics_address(text: str | None) -> tuple[str, int] | None:
    """Host and port of the option `--metrics`, or None. Raises InvalidCommand."""
    if text is None:
        return None
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise InvalidCommand(
            "this is not an address for the metrics",
            field="--metrics",
            remedy="give HOST:PORT, for example 127.0.0.1:9100",
        )
    return host.removeprefix("[").removesuffix("]"), int(port)


# -- the server -------------------------------------------------------------------------------


class WithoutRequestData(logging.Filter):
    """Logs only the kind and the place of an exception, because its text may quote patient data of the request."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info is not None and record.exc_info[0] is not None:
            kind, _, trace = record.exc_info
            frames = traceback.extract_tb(trace)
            place = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
            record.msg, record.args = f"A request failed: {kind.__name__}{place}", ()
            record.exc_info = record.exc_text = None
        return True


def serve(
    ledger: Ledger,
    listener: socket.socket,
    front: Front,
    identity: Identity,
    announce: Callable[[str | None], None],
    metrics_at: tuple[str, int] | None = None,
) -> None:
    """Serves until SIGINT or SIGTERM. Meanwhile threads update the derived tables and seal the log.

    `announce` is called once, when the server answers requests, with the URL of the metrics if they have an address of
    their own. It prints the addresses. `metrics_at` is that host and port. Raises InvalidCommand if that port can't be
    opened.

    Requests are not logged, because a query may contain patient data. Only security events are logged.
    """
    import uvicorn  # noqa: PLC0415  (slow to import, and not needed to parse options)

    from api.app import create_app  # noqa: PLC0415
    from api.background.sealing import SealingThread  # noqa: PLC0415
    from api.background.view_updater import ViewUpdater  # noqa: PLC0415
    from api.http import security_log  # noqa: PLC0415
    from api.server import metrics as of_server  # noqa: PLC0415
    from api.server.connections import Limits, connections_allowed, protocol, without_disconnects  # noqa: PLC0415

    security_log.to_standard_error()
    metrics_url: str | None = None

    class AnnouncedServer(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                announce(metrics_url)

    token, app = of_server.token_in_environment(), create_app(ledger, identity)
    metrics = of_server.Metrics(app)
    inner = of_server.MetricsWithToken(of_server.RouteNoted(app), metrics, token)
    served = of_server.Measured(layered(inner, front, this_machine=is_loopback(listener.getsockname()[0])), metrics)
    config = uvicorn.Config(
        without_disconnects(served),
        http=protocol(Limits(connections=connections_allowed())),
        access_log=False,
        log_level="warning",
        # `layered` handles the headers of a proxy.
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=SECONDS_BETWEEN_REQUESTS,
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
    )
    logging.getLogger("uvicorn.error").addFilter(WithoutRequestData())
    with ExitStack() as running:
        if metrics_at is not None:
            metrics_url = running.enter_context(of_server.served_at(metrics_at, metrics))
        running.enter_context(ViewUpdater(ledger))
        running.enter_context(SealingThread(ledger, app.state.sealing))
        AnnouncedServer(config).run(sockets=[listener])


@contextmanager
def until_stopped() -> Iterator[None]:
    """Ends the block without an error at SIGINT and at SIGTERM, because this is the normal end of a server."""
    previous_handler = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, previous_handler)
