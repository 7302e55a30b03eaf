"""The same library as CQL's translator would write it: two operands an operator, CQL's own dates, a number a node.

The numbers make the engine keep the result of every node, which is how programs built on it explain a result; its
dates know by themselves what is known only to the month. `cql_policy` spares the engine both.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

from tests.benchmarks.policy_peers import elm
from tests.benchmarks.policy_peers.cql_policy import AGENTS, CRITERIA, HISTORY, RECOMMENDATION
from tests.benchmarks.policy_peers.elm import Elm, at_least, fact, number
from tests.benchmarks.policy_peers.prepared import Case


def _years_between(since: str, years: int) -> Elm:
    between = {"type": "DurationBetween", "precision": "Year", "operand": [fact(since), fact("as_of_on")]}
    return at_least(between, number(years))


DATES = {
    "1.A.i": _years_between("born_on", 17),
    "1.B.iv": _years_between("last_dose_on", 1),
}


def policy() -> Elm:
    numbered: Elm = _numbered(elm.library({**HISTORY, **AGENTS, **CRITERIA, **DATES, **RECOMMENDATION}), count(1))
    return numbered


def dated(case: Case) -> dict[str, Any]:
    """What the other form gets as ranges of numbers, as it was written; the engine's dates are made before the time."""
    facts = case["facts"]
    return {
        "as_of_on": case["as_of"],
        "born_on": facts["birth_date"],
        "last_dose_on": facts["prior_treatment"]["last_dose_on"],
    }


def _numbered(node: Any, numbers: Iterator[int]) -> Any:
    """Operators in twos, and a number for every expression."""
    if isinstance(node, list):
        return [_numbered(one, numbers) for one in node]
    if not isinstance(node, dict):
        return node
    if node.get("type") in ("And", "Or") and len(node["operand"]) > 2:
        *earlier, last = node["operand"]
        node = {**node, "operand": [{"type": node["type"], "operand": earlier}, last]}
    inner = {key: _numbered(value, numbers) for key, value in node.items()}
    return {**inner, "localId": str(next(numbers))} if "type" in node or "accessLevel" in node else inner
