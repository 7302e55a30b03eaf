"""What a peer answered, and where it differs from what the case expects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tests.benchmarks.policy_peers.prepared import Case

CITATIONS = (
    "1.A", "1.A.i", "1.A.ii", "1.A.iii", "1.A.iii.a", "1.A.iii.b", "1.A.iii.c", "1.A.iii.d", "1.A.iii.d(1)",
    "1.A.iii.d(2)", "1.A.iii.d(3)", "1.A.iii.d(4)", "1.A.iv", "1.B", "1.B.i", "1.B.ii", "1.B.iii", "1.B.iii.a",
    "1.B.iii.b", "1.B.iv", "1.B.v", "NR.1", "NR.2", "NR.3", "NR.4", "Dosing.A", "Dosing.B",
)  # fmt: skip

Answer = dict[str, Any]
"""A peer's answer, with the keys and in the words of an expected one."""


def differences(cases: Iterable[Case], answers: Iterable[Answer]) -> list[str]:
    """One line a case, naming the fields that differ."""
    found = []
    for case, answer in zip(cases, answers, strict=True):
        if fields := list(_differing(case["expected"], answer)):
            found.append(f"{case['case_id']}: {', '.join(fields)}")
    return found


def _differing(expected: Answer, answer: Answer) -> Iterator[str]:
    for name, value in expected.items():
        if name == "findings":
            for citation, wanted in value.items():
                if answer["findings"].get(citation) != wanted:
                    yield f"{citation} {answer['findings'].get(citation)} for {wanted}"
        elif answer.get(name) != value:
            yield f"{name} {answer.get(name)} for {value}"


def flat(needed: list[Any]) -> list[str]:
    """The citations of a list in lists, its gaps left out, in the order of ours."""
    found: list[str] = []
    for one in needed:
        found += flat(one) if isinstance(one, list) else [one] if one is not None else []
    return sorted(found)
