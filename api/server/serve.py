"""`serve`: the API over one ledger, on this machine or behind a proxy, until it is stopped."""

from __future__ import annotations

import logging
import os
import signal
import socket
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from api.server.proxy import PUBLIC_URL, Front, is_loopback, layered
from domain.errors import InvalidCommand
from domain.ledger.application import Ledger

if TYPE_CHECKING:
    from api.identity import Identity

SECONDS_TO_FINISH: Final = 5
"""How long requests under way may take once the server is told to stop."""

ON_THIS_MACHINE: Final = Front()


# -- where it listens --------------------------------------------------------------------------


def listening(host: str, port: int, front: Front = ON_THIS_MACHINE) -> socket.socket:
    """A socket that listens; port 0 takes a free one. Close it, or use it in a `with`.

    Raises InvalidCommand for a host beyond this machine where no public URL says how it is reached.
    """
    if not is_loopback(host) and front.public_url is None:
        raise InvalidCommand(
            "to serve other machines, the server needs a proxy with TLS, and no public address is given",
            field="--host",
            remedy=f"add {PUBLIC_URL} https://…, or serve only this machine with 127.0.0.1, ::1 or localhost",
        )
    address = "127.0.0.1" if host.lower() == "localhost" else host
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    # Named as TCP: only then does asyncio send each answer at once, and not the 40 ms later that a system may wait.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            # A port that was served a moment ago can be served again; on Windows it would be shared.
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
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


# -- the server -------------------------------------------------------------------------------


class WithoutWhatWasSent(logging.Filter):
    """The text of an exception may quote what was sent, a patient's perhaps: only its kind and place are logged."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info is not None and record.exc_info[0] is not None:
            kind, _, trace = record.exc_info
            frames = traceback.extract_tb(trace)
            place = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
            record.msg, record.args = f"A request failed: {kind.__name__}{place}", ()
            record.exc_info = record.exc_text = None
        return True


def serve(ledger: Ledger, listener: socket.socket, front: Front, identity: Identity) -> None:
    """Answers whom `identity` knows until SIGINT or SIGTERM, and keeps the views up to date meanwhile.

    Nothing is logged of a request but security events: a query may say more than its path.
    """
    import uvicorn  # noqa: PLC0415  (slow to import, as above)

    from api.app import create_app  # noqa: PLC0415
    from api.background.sealing import SealingThread  # noqa: PLC0415
    from api.background.view_updater import Tail  # noqa: PLC0415
    from api.http import security_log  # noqa: PLC0415

    security_log.to_standard_error()
    app = create_app(ledger, identity)
    config = uvicorn.Config(
        layered(app, front, this_machine=is_loopback(listener.getsockname()[0])),
        access_log=False,
        log_level="warning",
        # Ours are in `layered`, and know whom to believe.
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
    )
    logging.getLogger("uvicorn.error").addFilter(WithoutWhatWasSent())
    with Tail(ledger), SealingThread(ledger, app.state.sealing):
        uvicorn.Server(config).run(sockets=[listener])


@contextmanager
def until_stopped() -> Iterator[None]:
    """Ends the block at SIGINT and at SIGTERM alike, cleanly: stopping is how a server's work is done."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)
