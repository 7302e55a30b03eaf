"""What can be told of the peers without them: what they are given, what is compared, and that nothing hangs loose."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from domain.policy.editions import EDITIONS
from tests import ROOT
from tests.benchmarks.policy_peers import cql_policy, cql_translated
from tests.benchmarks.policy_peers.answers import CITATIONS, differences, flat
from tests.benchmarks.policy_peers.prepared import prepared
from tests.benchmarks.policy_peers.zen_policy import NAMES, graph
from tests.benchmarks.policy_peers.zen_tables import tables

SAMPLE = ROOT / "tests" / "policy" / "assess-sample.jsonl"
CASES: list[dict[str, Any]] = [json.loads(line) for line in SAMPLE.read_text().splitlines()]


def test_the_answer_that_is_expected_does_not_differ() -> None:
    assert differences(CASES, [case["expected"] for case in CASES]) == []


@pytest.mark.parametrize("name", ["recommendation", "path", "doses", "valid_days", "needed", "exclusions"])
def test_another_answer_is_named_with_its_case_and_field(name: str) -> None:
    (line,) = differences(CASES[:1], [{**CASES[0]["expected"], name: "another"}])
    assert line.startswith(f"{CASES[0]['case_id']}: {name} another for ")


@pytest.mark.parametrize("citation", CITATIONS)
def test_another_finding_is_named_by_its_clause(citation: str) -> None:
    expected = CASES[0]["expected"]
    answer = {**expected, "findings": {**expected["findings"], citation: "another"}}
    assert differences(CASES[:1], [answer]) == [
        f"{CASES[0]['case_id']}: {citation} another for {expected['findings'][citation]}"
    ]


def test_every_clause_of_the_expected_answers_is_compared() -> None:
    assert {frozenset(case["expected"]["findings"]) for case in CASES} == {frozenset(CITATIONS)}
    assert set(NAMES) == set(CITATIONS)


def test_what_a_peer_is_given_does_not_depend_on_what_is_expected() -> None:
    for case in CASES:
        unexpected = {name: value for name, value in case.items() if name != "expected"}
        assert prepared(unexpected, EDITIONS[0]) == prepared(case, EDITIONS[0])


def test_a_date_known_to_the_month_is_given_as_its_first_and_last_day() -> None:
    case = {**CASES[0], "facts": {**CASES[0]["facts"], "birth_date": "2008-02"}}
    given = prepared(case, EDITIONS[0])
    assert (given["born_earliest"], given["born_latest"]) == (20080201, 20080229)


def test_a_case_that_the_peers_were_not_taught_is_refused() -> None:
    treated = {"received_lemtrada": True, "open_course": {"number": 1, "doses_given": 2}}
    with pytest.raises(ValueError, match="no open course"):
        prepared({**CASES[0], "facts": {**CASES[0]["facts"], "prior_treatment": treated}}, EDITIONS[0])


def test_gaps_and_lists_in_lists_become_one_list_in_order() -> None:
    assert flat(["NR.1", None, ["1.B.i", [None, "1.A"]]]) == ["1.A", "1.B.i", "NR.1"]


@pytest.mark.parametrize("policy", [cql_policy.policy, cql_translated.policy])
def test_every_reference_of_the_library_is_defined_before_it(policy: Any) -> None:
    seen: set[str] = set()
    for definition in policy()["library"]["statements"]["def"]:
        assert {one["name"] for one in nodes(definition) if one.get("type") == "ExpressionRef"} <= seen
        seen.add(definition["name"])


def test_the_translated_library_takes_operands_in_twos_and_numbers_each_node_once() -> None:
    every = [one for one in nodes(cql_translated.policy()) if one.get("type") in ("And", "Or")]
    assert {len(one["operand"]) for one in every} == {2}
    numbers = [one["localId"] for one in nodes(cql_translated.policy()) if "localId" in one]
    assert len(numbers) == len(set(numbers)) > 400


@pytest.mark.parametrize("graph_of", [graph, tables])
def test_every_value_of_a_graph_that_an_expression_uses_was_computed_before_it(graph_of: Any) -> None:
    for node in graph_of()["nodes"]:
        seen: set[str] = set()
        for one in node.get("content", {}).get("expressions", []):
            assert set(re.findall(r"\$\.(\w+)", one["value"])) <= seen, one["key"]
            seen.add(one["key"])


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    for one in value if isinstance(value, list) else value.values() if isinstance(value, dict) else ():
        yield from nodes(one)
    if isinstance(value, dict):
        yield value
