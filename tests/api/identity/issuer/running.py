"""The issuer as a process: npm's `oauth2-mock-server` in a node of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.node import node, packages

HERE = Path(__file__).parent


@dataclass
class Issuer:
    """`kid` is the id of its first key."""

    process: subprocess.Popen[str]
    url: str
    kid: str

    def token(self, **claims: Any) -> str:
        """From its token endpoint, with these claims; None takes one out."""
        token: str = self._does("token", claims=claims)["token"]
        return token

    def signed_with(self, key: str, **claims: Any) -> str:
        token: str = self._does("built", claims=claims, key=key)["token"]
        return token

    def generates(self, algorithm: str = "RS256") -> str:
        """The id of another key."""
        kid: str = self._does("generate", algorithm=algorithm)["kid"]
        return kid

    def stop(self) -> None:
        """It stops listening; its keys stay."""
        self._does("stop")

    def _does(self, act: str, **terms: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"act": act, **terms}) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer


@contextmanager
def issuer() -> Iterator[Issuer]:
    """On a free port of this machine, until the end of the block."""
    place = packages(HERE)
    process = subprocess.Popen(
        [str(node()), str(HERE / "issuer.mjs"), str(place)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            started = json.loads(process.stdout.readline())
            yield Issuer(process, started["url"], started["kid"])
        finally:
            process.kill()
