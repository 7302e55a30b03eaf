"""Our own assessment of the same cases, measured as the peers are."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date
from statistics import median

from domain.policy.assessment import NOT_LISTED, Assessment, assess
from domain.policy.editions import EDITIONS
from tests.benchmarks.policy_peers.answers import Answer, differences
from tests.benchmarks.policy_peers.peer import Peer
from tests.benchmarks.policy_peers.prepared import Case, facts_of

WARMING = 3


def ours(cases: Sequence[Case]) -> Peer:
    """With its full explanation: every finding with its sentence, facts, readings and what is missing."""
    edition = EDITIONS[0]
    days = [date.fromisoformat(case["as_of"]) for case in cases]
    answers = [assess(facts_of(case), day, edition) for case, day in zip(cases, days, strict=True)]
    found = differences(cases, map(_in_words, answers))

    def seconds() -> float:
        taken = []
        # Read anew in each round, outside the time, so that nothing remembered of a case can help.
        for facts, day in zip([facts_of(case) for case in cases], days, strict=True):
            start = time.perf_counter()
            assess(facts, day, edition)
            taken.append(time.perf_counter() - start)
        return median(taken)

    for _ in range(WARMING):
        seconds()
    return Peer("lemtrada-ledger", (len(cases) - len(found), len(cases)), found, seconds)


def _in_words(judged: Assessment) -> Answer:
    return {
        "recommendation": judged.recommendation,
        "path": judged.path,
        "doses": judged.doses,
        "valid_days": judged.valid_days,
        "findings": {
            one.citation: one.answer.value for one in judged.findings if one.citation not in ("1", NOT_LISTED)
        },
        "needed": list(judged.needed),
        "exclusions": list(judged.exclusions),
    }
