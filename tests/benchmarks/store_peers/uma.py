"""umadb, another kind of store: a server of its own, events found by tags, a condition in place of a version."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import umadb

from tests.benchmarks.measuring import timed, timed_together
from tests.benchmarks.patients import DOSES, Template

START_SECONDS = 15


class Uma:
    def __init__(self, address: str, state: bytes) -> None:
        self.address, self.state = address, state
        self.clients = [umadb.Client(address)]

    def seconds(self, streams: int, clients: int) -> float:
        while len(self.clients) < clients:
            self.clients.append(umadb.Client(self.address))
        tags = [f"patient:{uuid4()}" for _ in range(streams)]
        heads = {tag: self._append(self.clients[0], tag, None) for tag in tags}

        def work(client: umadb.Client, mine: Sequence[str]) -> None:
            for _ in range(DOSES):
                for tag in mine:
                    heads[tag] = self._append(client, tag, heads[tag])

        if clients == 1:
            return timed(lambda: work(self.clients[0], tags), streams * DOSES)
        works = [
            lambda client=client, mine=tags[one::clients]: work(client, mine)  # type: ignore[misc]
            for one, client in enumerate(self.clients[:clients])
        ]
        return timed_together(works, streams * DOSES)

    def _append(self, client: umadb.Client, tag: str, head: int | None) -> int:
        """On the condition that nothing of this patient came after what was seen last."""
        query = umadb.Query([umadb.QueryItem(tags=[tag])])
        event = umadb.Event("DoseAdministered", self.state, tags=[tag])
        return client.append([event], umadb.AppendCondition(query, after=head))


@contextmanager
def opened(folder: str, template: Template) -> Iterator[Uma]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    # Its own program is a line of Python; started this way it is the one that belongs to this interpreter.
    code = "import sys, umadb; umadb.run_server_from_args(['umadb', *sys.argv[1:]])"
    command = [sys.executable, "-c", code, "--listen", address, "--db-path", str(Path(folder) / "uma.db")]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(address)
        peer = Uma(f"http://{address}", template.doses[0].state)
        yield peer
        for client in peer.clients:
            client.close()
    finally:
        server.terminate()
        server.wait(10)


def _wait_for(address: str) -> None:
    host, _, port = address.partition(":")
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
