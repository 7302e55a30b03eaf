"""The ledger's own server without identity and access log, to see what these cost: for the benchmark alone.

python -m tests.benchmarks.without_trust DATABASE
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Sequence

import uvicorn
from starlette.types import Receive, Scope, Send

from api.app import create_app
from api.identity.caller import Caller
from api.routes.eligibility_fast_path import EligibilityFastPath
from domain.ledger.access_log.writer import AccessLog
from domain.ledger.application import open_ledger
from domain.people import Actor
from domain.permissions.disclosure import NewAccess

NOBODY_ASKED = Caller(Actor(id="anybody", name="Anybody", role="service"), "token", "the benchmark")


class ForgetfulLog(AccessLog):
    def record(self, looks: Sequence[NewAccess], *, durable: bool) -> None:
        """Keeps nothing."""


def main() -> None:
    (url,) = sys.argv[1:]
    with open_ledger(url) as ledger, socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        app = create_app(ledger)
        app.authentication, app.fast_path = None, EligibilityFastPath(ledger, ForgetfulLog(ledger))

        async def as_anybody(scope: Scope, receive: Receive, send: Send) -> None:
            scope["caller"] = NOBODY_ASKED
            await app(scope, receive, send)

        listener.bind(("127.0.0.1", 0))
        listener.listen()
        print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        config = uvicorn.Config(
            as_anybody, access_log=False, log_level="warning", proxy_headers=False, server_header=False, lifespan="off"
        )
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
