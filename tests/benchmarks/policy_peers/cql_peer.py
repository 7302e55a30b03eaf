"""cql-execution, in a node process that lives through all rounds and takes the time by itself."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from domain.policy.editions import EDITIONS
from tests.benchmarks.node import NodeMissing, node, packages
from tests.benchmarks.policy_peers import cql_translated
from tests.benchmarks.policy_peers.answers import CITATIONS, Answer, differences, flat
from tests.benchmarks.policy_peers.cql_policy import policy
from tests.benchmarks.policy_peers.peer import Peer, PeerAbsent
from tests.benchmarks.policy_peers.prepared import Case, prepared

FOLDER = Path(__file__).parent
WARMING = 10
ANSWERS = {True: "met", False: "not_met", None: "undetermined"}


def cql(cases: Sequence[Case]) -> Peer:
    """The quickest form that we found. Raises PeerAbsent where node, its packages or the engine fail."""
    return _peer("cql-execution", policy(), [prepared(case, EDITIONS[0]) for case in cases], cases)


def cql_as_translated(cases: Sequence[Case]) -> Peer:
    """As the language's translator writes it, every result kept. Raises PeerAbsent as `cql` does."""
    facts = [{**prepared(case, EDITIONS[0]), **cql_translated.dated(case)} for case in cases]
    return _peer("cql-execution, as translated", cql_translated.policy(), facts, cases)


def _peer(name: str, library: dict[str, Any], facts: list[dict[str, Any]], cases: Sequence[Case]) -> Peer:
    process = _Process()
    try:
        process.ask(library=library, cases=facts)
        answers = [_in_our_words(one) for one in process.ask(answers=True)["answers"]]
        found = differences(cases, answers)
        for _ in range(WARMING):
            process.ask(round=True)
    except BaseException:
        process.close()
        raise

    def seconds() -> float:
        return median(process.ask(round=True)["nanoseconds"]) / 1e9

    return Peer(name, (len(cases) - len(found), len(cases)), found, seconds, process.close)


class _Process:
    """A question a line, an answer a line."""

    def __init__(self) -> None:
        try:
            command = [str(node()), str(FOLDER / "cql_peer.mjs"), str(packages(FOLDER))]
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        except (NodeMissing, OSError, subprocess.TimeoutExpired) as error:
            raise PeerAbsent(f"cql-execution cannot be started: {error}") from None

    def ask(self, **question: Any) -> dict[str, Any]:
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            stdin.write(json.dumps(question) + "\n")
            stdin.flush()
        except OSError:
            raise PeerAbsent("cql-execution's process ended") from None
        line = stdout.readline()
        answer: dict[str, Any] = json.loads(line) if line else {"error": "its process ended"}
        if "error" in answer:
            raise PeerAbsent(f"cql-execution: {answer['error']}")
        return answer

    def close(self) -> None:
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        stdout.close()


def _in_our_words(result: dict[str, Any]) -> Answer:
    # A result that is not there and one that is null are the same here: JSON keeps no `undefined`.
    findings = {citation: ANSWERS[result.get(citation)] for citation in CITATIONS}
    return {
        **{name: result.get(name) for name in ("recommendation", "path", "doses", "valid_days")},
        "findings": findings,
        "needed": flat(result.get("needed") or []),
        "exclusions": [one for one in ("NR.1", "NR.2", "NR.3", "NR.4") if findings[one] == "met"],
    }
