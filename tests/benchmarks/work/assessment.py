"""Assessments with their full explanation, beside engines that were given the same policy and the same cases."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from statistics import median
from typing import Final

from domain.facts import Facts
from domain.policy.assessment import Assessment, assess
from domain.policy.editions import edition_for
from tests import ROOT
from tests.benchmarks.measuring import microseconds, rounds
from tests.benchmarks.policy_peers import Peer, PeerAbsent, cql, cql_as_translated, zen, zen_by_tables
from tests.benchmarks.policy_peers.prepared import Case, facts_of
from tests.benchmarks.ratios import Figure, Goal, absent, figure, paired

CASES: Final = ROOT / "tests" / "policy" / "assess-sample.jsonl"
Make = Callable[[Sequence[Case]], Peer]
PEERS: Final[dict[str, tuple[Make, Goal]]] = {
    "zen-engine with trace": (zen, Goal(10)),
    "zen-engine with trace, by tables": (zen_by_tables, Goal(10)),
    "cql-execution": (cql, Goal(20)),
    "cql-execution, as translated": (cql_as_translated, Goal(20)),
}
"""Each in the shortest form that we could write, and in the form that it is made for."""


def assessing(number: int) -> Iterator[Figure]:
    cases: list[Case] = [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]
    for name, (make, goal) in PEERS.items():
        work = f"assessment with full explanation, beside {name}"
        try:
            peer = make(cases)
        except PeerAbsent as reason:
            yield absent(work, str(reason), goal)
            continue
        try:
            agreeing, every = peer.agreement
            if not peer.agrees:
                note = f"it agrees on {agreeing} of {every} cases, so its speed says nothing"
                yield absent(work, f"{note}: {'; '.join(peer.differences[:3])}", goal)
                continue
            taken = rounds({"peer": peer.seconds, "ours": lambda: seconds(cases)}, number)
        finally:
            peer.close()
        times = {"ours_us": microseconds(taken["ours"]), "floor_us": microseconds(taken["peer"])}
        ratios = paired(taken["peer"], taken["ours"])
        yield figure(work, ratios, goal, **times, agreement=[agreeing, every])


def seconds(cases: Sequence[Case]) -> float:
    """Of the median case, each with facts that were not assessed before; all of its explanation is read."""
    questions = [(facts_of(case), date.fromisoformat(case["as_of"])) for case in cases]
    taken = []
    for facts, as_of in questions:
        start = time.perf_counter()
        explained(facts, as_of)
        taken.append(time.perf_counter() - start)
    return median(taken)


def explained(facts: Facts, as_of: date) -> Assessment:
    judged = assess(facts, as_of, edition_for(as_of))
    for finding in judged.findings:
        assert finding.sentence
        assert finding.readings is not None
        assert finding.facts is not None
    return judged
