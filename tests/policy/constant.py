"""Editions whose leaves answer what a test says, so that only the logic above them is tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from domain.policy.answers import Answer
from domain.policy.edition import Edition, Group, Leaf, Node, Path, RuleAnswer
from tests.policy.cases import NEWEST

LEAVES = tuple(node.citation for node in NEWEST.nodes() if isinstance(node, Leaf))
SCOPES = tuple(f"scope of {path.citation}" for path in NEWEST.paths)


def answering(answers: Mapping[str, Answer], arguable: frozenset[str] = frozenset()) -> Edition:
    """The newest edition with constant leaves; `scope of 1.A` and `scope of 1.B` name the scopes."""

    def leaf(one: Leaf, name: str) -> Leaf:
        return replace(one, rule=lambda _: RuleAnswer(answers[name], f"{name} as told.", arguable=name in arguable))

    def node(one: Node) -> Node:
        if isinstance(one, Group):
            return replace(one, clauses=tuple(node(clause) for clause in one.clauses))
        return leaf(one, one.citation)

    def path(one: Path) -> Path:
        clauses = tuple(node(clause) for clause in one.clauses)
        scope, dosing = leaf(one.scope, f"scope of {one.citation}"), leaf(one.dosing, one.dosing.citation)
        return replace(one, scope=scope, clauses=clauses, dosing=dosing)

    first, second = NEWEST.paths
    exclusions = tuple(leaf(one, one.citation) for one in NEWEST.exclusions)
    indication = leaf(NEWEST.indication, "1")
    return replace(NEWEST, indication=indication, paths=(path(first), path(second)), exclusions=exclusions)
