"""What age and the twelve months were on the day of the first dose of a retrospective request (R4)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from domain.facts import Facts
from domain.policy.answers import MET, NOT_MET
from domain.policy.criteria import old_enough, twelve_months_since_last_dose
from domain.policy.edition import Edition, Leaf, Question, walk

TIME_RULES = (old_enough, twelve_months_since_last_dose)
"""The rules of the clauses that depend on the day."""


def unmet_by_time(facts: Facts, on: date, edition: Edition) -> tuple[str, ...]:
    """The clauses on age and interval, of each path that the history allows, that are not known to be met on the day.

    Each with its answer: `1.B.iv not_met`.
    """
    return tuple(dict.fromkeys(_unmet(Question(facts, on, edition))))


def _unmet(question: Question) -> Iterator[str]:
    for path in question.edition.paths:
        if path.scope.rule(question).answer is NOT_MET:
            continue
        for leaf in (node for clause in path.clauses for node in walk(clause) if isinstance(node, Leaf)):
            if leaf.rule in TIME_RULES and (answer := leaf.rule(question).answer) is not MET:
                yield f"{leaf.citation} {answer.value}"
