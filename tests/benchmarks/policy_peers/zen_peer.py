"""zen-engine, through its Python package, with its trace on."""

from __future__ import annotations

import time
from collections.abc import Sequence
from importlib import import_module
from statistics import median
from typing import Any

from domain.policy.editions import EDITIONS
from tests.benchmarks.policy_peers.answers import Answer, differences, flat
from tests.benchmarks.policy_peers.peer import Peer, PeerAbsent
from tests.benchmarks.policy_peers.prepared import Case, prepared
from tests.benchmarks.policy_peers.zen_policy import EXCLUSIONS, NAMES, graph
from tests.benchmarks.policy_peers.zen_tables import tables

ANSWERS = ("not_met", "undetermined", "met")
WITH_TRACE = {"trace": True}
WARMING = 3
POLICY = "policy"


def zen(cases: Sequence[Case]) -> Peer:
    """By expressions, the quickest form that we found. Raises PeerAbsent where the package is not installed."""
    return _peer("zen-engine with trace", graph(), cases)


def zen_by_tables(cases: Sequence[Case]) -> Peer:
    """By decision tables, whose trace explains each finding. Raises PeerAbsent where the package is not installed."""
    return _peer("zen-engine with trace, by tables", tables(), cases)


def _peer(name: str, decision: dict[str, Any], cases: Sequence[Case]) -> Peer:
    try:
        package = import_module("zen")
    except ImportError as error:
        raise PeerAbsent(f"zen-engine is not installed: {error}; run with --extra bench") from None
    facts = [prepared(case, EDITIONS[0]) for case in cases]
    try:
        # Of the ways in, the engine that is given its decisions at the start is twice as fast as a decision by itself.
        engine = package.ZenEngine({"loader": {"type": "static", "content": {POLICY: decision}}})
        answers = [engine.evaluate(POLICY, one, WITH_TRACE) for one in facts]
    except Exception as error:  # The package raises nothing narrower.
        raise PeerAbsent(f"zen-engine refuses the decision graph: {str(error)[:300]}") from None
    found = differences(cases, [_in_our_words(one["result"]) for one in answers])

    def seconds() -> float:
        taken = []
        for one in facts:
            start = time.perf_counter()
            engine.evaluate(POLICY, one, WITH_TRACE)
            taken.append(time.perf_counter() - start)
        return median(taken)

    for _ in range(WARMING):
        seconds()
    return Peer(name, (len(cases) - len(found), len(cases)), found, seconds)


def _in_our_words(result: dict[str, Any]) -> Answer:
    return {
        **{name: result.get(name) for name in ("recommendation", "path", "doses", "valid_days")},
        "findings": {citation: ANSWERS[result[name]] for citation, name in NAMES.items()},
        "needed": flat(result["needed"]),
        "exclusions": [citation for citation, name in EXCLUSIONS.items() if result[name] == 2],
    }
