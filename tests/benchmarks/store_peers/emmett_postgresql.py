"""emmett's PostgreSQL store, in a node process that lives through all rounds and takes the time by itself."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.benchmarks.node import node, packages
from tests.benchmarks.patients import DOSES, Template
from tests.benchmarks.store_peers import payload

FOLDER: Final = Path(__file__).parent / "emmett"


class Emmett:
    def __init__(self, process: subprocess.Popen[str], dose: dict[str, Any]) -> None:
        self.process, self.dose = process, dose

    def seconds(self, streams: int, clients: int) -> float:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        asked = {"streams": streams, "clients": clients, "doses": DOSES, "data": self.dose}
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            assert self.process.stderr is not None
            raise RuntimeError(f"emmett's process ended: {self.process.stderr.read().strip()[-300:]}")
        seconds: float = json.loads(answer)["seconds"]
        return seconds


@contextmanager
def opened(url: str, template: Template) -> Iterator[Emmett]:
    command = [str(node()), str(FOLDER / "append.mjs"), str(packages(FOLDER)), url]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield Emmett(process, payload(template))
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
