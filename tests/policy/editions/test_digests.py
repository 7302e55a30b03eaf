"""What the digests cover: the rules of an edition, and what an assessment rests on. Never sentences, never the day."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.facts import Circumstances
from domain.policy.edition import Edition, Group, Leaf
from domain.policy.editions import EDITIONS, KNOWN
from tests.policy.cases import AS_OF, NEWEST, initial, judge, later

PINNED = {
    ("2025-07-23", 2): "2a2cf41b42241dec6c817797f58d5077ab11b1e70a072357bcb493f5cf052648",
    ("2024-10-16", 2): "1e989e24950082e94730de2b342b0fc299004bad08c614c2acb64c2ca5807260",
    ("2024-10-09", 2): "e45d96ad8f8ffc4549a6cb13f33b8b73b42c46f05b3e0407bd3ccc20d2cbcf8c",
    ("2023-11-15", 2): "095f18e9a817757b129c5c7d4b726081d7c8ff77a99e61cf4f1b3154e7013745",
    ("2025-07-23", 1): "ab02d851b12c9edc65cf111e30dfe84eba42f6f18db3556fab27b9712325248b",
    ("2024-10-16", 1): "b189810f5cc4b7bce8b31af36103c80225753a489fb48beeecd760b3ddfeec80",
    ("2024-10-09", 1): "5d333260dc004421c5778d4ecaf52c55e3e1a12f1500a16a3d3d9696c4e0a4fd",
    ("2023-11-15", 1): "c41cb5962e11f84c8c4b1aabdf3dd83fe7c4af5c4e054b4141e1e870a37547aa",
}


def test_the_digests_of_the_editions_are_these() -> None:
    """Determinations on record name them: a fixed rule adds a row for its new revision, and no row ever changes."""
    assert {(one.key, one.revision): one.digest for revisions in KNOWN for one in revisions} == PINNED


def _with_indication(**changes: Any) -> Edition:
    return replace(NEWEST, indication=replace(NEWEST.indication, **changes))


def _with_path(**changes: Any) -> Edition:
    return replace(NEWEST, paths=(replace(NEWEST.paths[0], **changes), NEWEST.paths[1]))


CRITERION_I = NEWEST.paths[0].clauses[0]
assert isinstance(CRITERION_I, Leaf)

RULES_CHANGED = {
    "a leaf's revision": _with_indication(revision=2),
    "a leaf's readings": _with_indication(readings=("R1",)),
    "documentation": _with_indication(documentation_required=True),
    "a nested leaf's revision": _with_path(clauses=(replace(CRITERION_I, revision=2), *NEWEST.paths[0].clauses[1:])),
    "a scope's revision": _with_path(scope=replace(NEWEST.paths[0].scope, revision=3)),
    "the doses": _with_path(doses=4),
    "a dosing rule": _with_path(dosing=replace(NEWEST.paths[0].dosing, revision=3)),
    "a clause left out": _with_path(clauses=NEWEST.paths[0].clauses[1:]),
    "a parameter": replace(NEWEST, parameters=replace(NEWEST.parameters, age_min_years=18)),
    "an agent of the appendix": replace(NEWEST, appendix_names=(*NEWEST.appendix_names, "Extavia")),
    "an agent that suffices": replace(NEWEST, one_agent_names=NEWEST.one_agent_names[1:]),
    "an exclusion": replace(NEWEST, exclusions=NEWEST.exclusions[1:]),
    "the edition's revision": replace(NEWEST, revision=3),
    "the provenance": replace(NEWEST, provenance="reconstructed"),
}


@pytest.mark.parametrize("what", RULES_CHANGED)
def test_an_editions_digest_changes_with(what: str) -> None:
    assert RULES_CHANGED[what].digest != NEWEST.digest


@pytest.mark.parametrize(
    "edition",
    [
        _with_indication(paraphrase="Other words."),
        _with_path(paraphrase="Other words."),
        replace(NEWEST, title="Another title"),
        replace(NEWEST, not_listed="Other words."),
        replace(NEWEST, appendix_names=tuple(reversed(NEWEST.appendix_names))),
    ],
)
def test_an_editions_digest_does_not_change_with_words(edition: Edition) -> None:
    assert edition.digest == NEWEST.digest


def test_a_connective_changes_the_digest() -> None:
    second = NEWEST.paths[1]
    other = tuple(replace(one, connective="all_of") if isinstance(one, Group) else one for one in second.clauses)
    assert replace(NEWEST, paths=(NEWEST.paths[0], replace(second, clauses=other))).digest != NEWEST.digest


# -- assessments ----------------------------------------------------------------------------------


def test_an_assessments_digest_is_the_same_on_another_day_with_the_same_answers() -> None:
    today, tomorrow = judge(later()), judge(later(), AS_OF + timedelta(days=1))
    assert today.findings != tomorrow.findings, "the sentences and facts name the day"
    assert today.digest() == tomorrow.digest()


def test_an_assessments_digest_changes_when_time_alone_changes_a_finding() -> None:
    facts = later(prior_treatment__last_dose_on="2025-04-29")
    assert judge(facts).digest() != judge(facts, AS_OF + timedelta(days=1)).digest()


@pytest.mark.parametrize(
    "other",
    [
        judge(later(birth_date="1990-01-17")),  # a fact, though every answer is the same
        judge(later(hiv_infection=None)),
        judge(later(), edition=EDITIONS[1]),
        judge(later(), edition=replace(NEWEST, revision=3)),
        judge(later(), circumstances=Circumstances(rems_enrolled=True)),
        judge(later(active_infection=True)),
        judge(initial()),
    ],
)
def test_an_assessments_digest_changes_with_edition_facts_circumstances_or_answer(other: Any) -> None:
    assert other.digest() != judge(later()).digest()


def test_an_assessments_digest_does_not_cover_sentences() -> None:
    judged = judge(later())
    reworded = tuple(one.model_copy(update={"sentence": "Other words."}) for one in judged.findings)
    assert judged.model_copy(update={"findings": reworded, "advisories": ()}).digest() == judged.digest()


def test_an_assessment_survives_its_journey_through_json() -> None:
    judged = judge(later(), circumstances=Circumstances(planned_first_infusion_on=AS_OF))
    again = type(judged).model_validate_json(judged.model_dump_json())
    assert (again, again.digest()) == (judged, judged.digest())
