"""The eligibility of one patient over HTTP: the ledger's own server, and servers that only read a version.

The ledger's server is measured without identity and access log, and then as it is served: to a system, whose
accesses are on disk within a second, and to a person, whose access is on disk before the answer is sent.
"""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from statistics import median
from typing import Final
from uuid import UUID

from api.identity import Identity, headers_for
from domain.ledger.application import Ledger, open_ledger
from domain.people import Actor
from tests import ROOT
from tests.benchmarks.measuring import microseconds, rounds
from tests.benchmarks.patients import Template, patient_ids, rows_of
from tests.benchmarks.ratios import Figure, Goal, figure, paired
from tests.benchmarks.stores import NAMES, Stores, fill, namespace_of
from tests.story import CLAIMS, NURSE

PATIENTS: Final = 200
CHECKOUT: Final = ROOT
FLOORS: Final = {"fastapi": "FastAPI", "starlette": "bare Starlette", "logged": "FastAPI that commits a row of its log"}
FLOOR_PROGRAM: Final = ["-m", "tests.benchmarks.floors.eligibility"]
OUR_PROGRAM: Final = ["-c", "from api.cli.main import main; main()", "serve", "--port", "0", "--database"]
WITHOUT: Final = ["-m", "tests.benchmarks.without_trust"]
ASKING: Final = {
    "a system": CLAIMS,
    "a person": NURSE,
}
ROWS: Final = (
    ("without", "fastapi", Goal(1.3)),
    ("without", "starlette", None),
    ("a system", "fastapi", Goal(1.3)),
    ("a system", "starlette", None),
    ("a person", "logged", Goal(1.3)),
    ("a person", "fastapi", None),
)
"""Ours, the floor, and what is to be reached."""


class Client:
    """One connection that is kept through a round, and as little between the clock and the server as can be."""

    def __init__(self, address: str, patient: UUID, header: str = "") -> None:
        host, _, port = address.removeprefix("http://").partition(":")
        self.place = host, int(port)
        lines = f"GET /patients/{patient}/eligibility HTTP/1.1\r\nHost: {host}:{port}\r\n{header}\r\n"
        self.request = lines.encode()
        self.connect()

    def connect(self) -> None:
        """Connects again for each round, because a server closes a connection that was idle for a while."""
        self.connection = socket.create_connection(self.place, timeout=10)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        self.connection.close()

    def get(self) -> bytes:
        """The body. Raises RuntimeError for any answer but 200."""
        self.connection.sendall(self.request)
        answer = bytearray()
        while (end := answer.find(b"\r\n\r\n")) < 0:
            answer += self._more()
        head = bytes(answer[:end]).lower()
        length = re.search(rb"content-length: (\d+)", head)
        if length is None or not head.startswith(b"http/1.1 200"):
            raise RuntimeError(f"the server answered {bytes(answer[:200])!r}")
        while len(answer) < end + 4 + int(length[1]):
            answer += self._more()
        return bytes(answer[end + 4 :])

    def _more(self) -> bytes:
        received = self.connection.recv(1 << 16)
        if not received:
            raise RuntimeError("the server closed the connection")
        return received

    def half_of_them_within(self, requests: int) -> float:
        self.close()
        self.connect()
        self.get()
        taken = []
        for _ in range(requests):
            start = time.perf_counter()
            self.get()
            taken.append(time.perf_counter() - start)
        return median(taken)


def asking(stores: Stores, store: str, template: Template, number: int, requests: int) -> Iterator[Figure]:
    """The median of so many requests is a round's; the floors return the bytes that ours gave."""
    patients = patient_ids(PATIENTS)
    url, patient = stores.new_ledger(store), patients[PATIENTS // 2]
    fill(url, rows_of(template, namespace_of(url), patients, 0))
    with open_ledger(url) as ledger:
        headers = {name: _header(ledger, actor) for name, actor in ASKING.items()}
    with ExitStack() as opened:
        clients = {"without": Client(opened.enter_context(_served([*WITHOUT, url])), patient)}
        file = stores.folder / f"eligibility-{patient}.json"
        file.write_bytes(clients["without"].get())
        served = opened.enter_context(_served([*OUR_PROGRAM, url]))
        for name, header in headers.items():
            clients[name] = Client(served, patient, header)
        for kind in FLOORS:
            address = opened.enter_context(_served([*FLOOR_PROGRAM, kind, url, str(patient), str(file)]))
            clients[kind] = Client(address, patient)
        for client in clients.values():
            opened.callback(client.close)
            client.close()
            client.connect()
            assert client.get() == file.read_bytes(), "all sides give the same bytes"
        taken = rounds({name: _round(client, requests) for name, client in clients.items()}, number)
    for ours, floor, goal in ROWS:
        times = {"ours_us": microseconds(taken[ours]), "floor_us": microseconds(taken[floor])}
        to = "without identity and access log" if ours == "without" else f"to {ours}"
        work = f"eligibility over HTTP, p50, {to}, {NAMES[store]}, beside {FLOORS[floor]}"
        yield figure(work, paired(taken[floor], taken[ours]), goal, **times)


def _header(ledger: Ledger, actor: Actor) -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in headers_for(Identity(ledger), actor).items())


def _round(client: Client, requests: int) -> Callable[[], float]:
    return lambda: client.half_of_them_within(requests)


@contextmanager
def _served(program: list[str]) -> Iterator[str]:
    """The address that the program prints once it listens."""
    process = subprocess.Popen([sys.executable, *program], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if (found := re.search(r"http://127\.0\.0\.1:\d+", line)) is not None:
                yield found[0]
                break
        else:
            raise RuntimeError(f"a server did not start: {' '.join(program[:3])}")
    finally:
        process.terminate()
        process.wait(10)
        assert process.stdout is not None
        process.stdout.close()
