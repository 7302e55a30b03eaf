"""The real `serve`, in a process of its own on a free port of this machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from api.identity import Identity, headers_for
from domain.ledger.application import open_ledger
from domain.people import Actor
from tests import ROOT
from tests.api.callers import Speaking
from tests.story import CLAIMS, NURSE, OFFICE, PHYSICIAN

PROGRAM = "from api.cli.main import main; main()"
CHECKOUT = ROOT


@dataclass(frozen=True)
class Server:
    """`said` is the file of all that it wrote, its address apart."""

    url: str
    process: subprocess.Popen[str]
    said: Path
    headers: dict[Actor, str]
    metrics: str | None = None
    """The address of the metrics, if one was asked for."""

    def client(self, timeout: float = 30) -> Speaking:
        """Of somebody who has a token: those of `SPEAKERS`."""
        client = Speaking(base_url=self.url, timeout=timeout)
        client.header_of = self.headers.__getitem__
        return client

    def kill(self) -> None:
        """SIGKILL: nothing is finished, nothing is tidied."""
        self.process.kill()
        self.process.wait()


SPEAKERS = (NURSE, OFFICE, CLAIMS, PHYSICIAN)


def tokens_at(database: str) -> dict[Actor, str]:
    """Issued before the server starts: one that is issued beside it, it may learn of a second later."""
    with open_ledger(database) as ledger:
        identity = Identity(ledger)
        return {actor: headers_for(identity, actor)["Authorization"] for actor in SPEAKERS}


@contextmanager
def served(
    database: str,
    said: Path,
    *options: str,
    environment: Mapping[str, str] | None = None,
    headers: dict[Actor, str] | None = None,
    before: Callable[[], None] | None = None,
) -> Iterator[Server]:
    """With more `options` of the command, if any, and `environment` added to that of the tests.

    `headers` are those of an earlier server of this ledger. `before` runs in its process before the program.
    """
    headers = headers or tokens_at(database)
    with said.open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", PROGRAM, "serve", "--port", "0", "--database", database, *options],
            cwd=CHECKOUT,
            env={**os.environ, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            preexec_fn=before,  # noqa: PLW1509  (no other thread of the test runs at that time)
        )
    with process:
        try:
            url = _address(process, said)
            metrics = _address(process, said, r"(?<=Metrics: )\S+") if "--metrics" in options else None
            yield Server(url, process, said, headers, metrics)
        finally:
            process.kill()


def _address(process: subprocess.Popen[str], said: Path, pattern: str = r"http://127\.0\.0\.1:\d+") -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if (match := re.search(pattern, line)) is not None:
            return match[0]
    raise AssertionError(said.read_text())
