"""A mended rule, made for tests: one more revision of the newest edition, in which 1.A.i asks for eighteen years."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.policy import editions
from domain.policy.edition import Edition, Leaf, Question, RuleAnswer
from domain.policy.editions import revisions_of
from tests.policy.cases import NEWEST


def old_enough_at_eighteen(question: Question) -> RuleAnswer:
    older = replace(question.edition, parameters=replace(question.edition.parameters, age_min_years=18))
    return leaf_of(NEWEST, "1.A.i").rule(replace(question, edition=older))


def leaf_of(edition: Edition, citation: str) -> Leaf:
    found = edition.by_citation[citation]
    assert isinstance(found, Leaf)
    return found


NEXT = NEWEST.revised(NEWEST.revision + 1, replace(leaf_of(NEWEST, "1.A.i"), rule=old_enough_at_eighteen, revision=2))


def known_with(*revisions: Edition) -> tuple[tuple[Edition, ...], ...]:
    """All editions, this one with the revisions given, newest first: beside the others, or in place of its own."""
    others = [one for one in editions.KNOWN if one[0].key != revisions[0].key]
    return tuple(sorted([revisions, *others], key=lambda one: one[0].key, reverse=True))


@pytest.fixture
def next_revision(monkeypatch: pytest.MonkeyPatch) -> Edition:
    """The program as it is after the rule was mended."""
    monkeypatch.setattr(editions, "KNOWN", known_with(NEXT, *revisions_of(NEWEST.key)))
    return NEXT
