"""No rule changes silently: every leaf of every revision answers as it did when its row was written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest

from domain.policy import assessment, criteria, editions, prior_agents
from domain.policy.answers import MET, NOT_MET, Answer
from domain.policy.edition import Edition, Question, RuleAnswer
from tests.policy import fingerprints as rows
from tests.policy.cases import NEWEST
from tests.policy.changed_rules import NEXT, leaf_of, old_enough_at_eighteen
from tests.policy.fingerprints import complaints, fingerprint, leaves, on_record, value
from tests.policy.questions import questions

NAMES = {citation for citation, _ in leaves(NEWEST)} | {rows.CONCLUSIONS}
ROWS = {cited: value for (key, _, cited, _), value in on_record().items() if key == NEWEST.key}


def test_every_rule_answers_as_it_did() -> None:
    assert complaints(on_record()) == []


@cache
def _asked() -> tuple[Question, ...]:
    return tuple(Question(facts, as_of, NEWEST) for facts, as_of in questions())


# -- what the table of questions can see -----------------------------------------------------------


def test_the_table_of_questions_draws_every_answer_from_every_leaf() -> None:
    never = [
        (citation, answer.value)
        for citation, leaf in leaves(NEWEST)
        for answer in Answer
        if all(leaf.rule(one).answer is not answer for one in _asked())
    ]
    assert never == []


def _a_day_later(rule: Callable[[Question], RuleAnswer]) -> Callable[[Question], RuleAnswer]:
    return lambda question: rule(replace(question, as_of=question.as_of + timedelta(days=1)))


def _with_numbers(rule: Callable[[Question], RuleAnswer], **numbers: float) -> Callable[[Question], RuleAnswer]:
    def other(question: Question) -> RuleAnswer:
        edition = replace(question.edition, parameters=replace(question.edition.parameters, **numbers))
        return rule(replace(question, edition=edition))

    return other


def _unknown_is_no(rule: Callable[[Question], RuleAnswer]) -> Callable[[Question], RuleAnswer]:
    def other(question: Question) -> RuleAnswer:
        judged = rule(question)
        return judged if judged.answer in (MET, NOT_MET) else judged._replace(answer=NOT_MET)

    return other


def _never_arguable(question: Question) -> RuleAnswer:
    return prior_agents.two_agents(question)._replace(arguable=False)


def _extavia_apart(question: Question) -> RuleAnswer:
    without = tuple(one for one in NEWEST.appendix_names if one != "Betaseron")
    return prior_agents.two_agents(replace(question, edition=replace(NEWEST, appendix_names=without)))


def _consultation_not_asked(question: Question) -> RuleAnswer:
    facts = question.facts.model_copy(update={"consulted_specialty": "none"})
    return criteria.specialist(replace(question, facts=facts))


CHANGED = [
    ("1.A.i", _a_day_later(criteria.old_enough)),
    ("1.A.i", old_enough_at_eighteen),
    ("1.B.iv", _a_day_later(criteria.twelve_months_since_last_dose)),
    ("1.B.iv", _with_numbers(criteria.twelve_months_since_last_dose, years_between_courses=2)),
    ("1.A.iii.a", _never_arguable),
    ("1.A.iii.a", _extavia_apart),
    ("1.A.iii.a", _with_numbers(prior_agents.two_agents, disease_modifying_agents_min=1)),
    ("1.A.iii.b", prior_agents.previous_use_of_one_agent),
    ("1.A.iv", _consultation_not_asked),
    ("Dosing.A", _with_numbers(criteria.first_course_regimen, mg_per_day=11.5)),
    ("Dosing.A", criteria.later_course_regimen),
    ("Dosing.B", criteria.first_course_regimen),
    ("NR.1", criteria.non_relapsing_form),
    *((citation, _unknown_is_no(leaf.rule)) for citation, leaf in leaves(NEWEST)),
]


@pytest.mark.parametrize(("citation", "rule"), CHANGED, ids=[f"{n} {one}" for n, (one, _) in enumerate(CHANGED)])
def test_a_rule_that_answers_otherwise_is_seen(citation: str, rule: Callable[[Question], RuleAnswer]) -> None:
    now = dict(leaves(NEWEST))[citation].rule
    assert any(value(rule(one)) != value(now(one)) for one in _asked())


def test_what_is_seen_once_changes_the_fingerprint() -> None:
    leaf = leaf_of(NEWEST, "1.A.i")
    turned = {"met": NOT_MET, "not_met": MET, "undetermined": MET}
    for odd_one_out in (_asked()[0], _asked()[-1]):

        def rule(one: Question, odd: Question = odd_one_out) -> RuleAnswer:
            judged = leaf.rule(one)
            return judged._replace(answer=turned[judged.answer.value]) if one is odd else judged

        assert fingerprint(replace(leaf, rule=rule), _asked()) != ROWS["1.A.i"]


def test_other_words_do_not_change_a_fingerprint() -> None:
    leaf = leaf_of(NEWEST, "1.A.i")
    reworded = replace(leaf, rule=lambda one: leaf.rule(one)._replace(sentence="Other words."))
    assert fingerprint(reworded, _asked()) == ROWS["1.A.i"]


# -- what the complaint says -----------------------------------------------------------------------


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Says which revisions there are: at first the newest edition alone, its rows taken over a tenth of the table."""

    def tell(*revisions: Edition) -> None:
        monkeypatch.setattr(editions, "KNOWN", (revisions,))

    monkeypatch.setattr(rows, "questions", lambda: questions()[::10])
    monkeypatch.setattr(rows, "FILE", tmp_path / "fingerprints.txt")
    rows.FILE.touch()
    tell(NEWEST)
    assert rows.add_missing_rows() == len(NAMES)
    assert complaints(on_record()) == []
    return tell


def test_a_rule_changed_in_place_is_told_to_become_a_new_revision(known: Callable[..., None]) -> None:
    changed = NEWEST.revised(NEWEST.revision, replace(leaf_of(NEWEST, "1.A.i"), rule=old_enough_at_eighteen))
    assert changed.digest == NEWEST.digest, "the digest cannot see it"
    known(changed)
    assert rows.add_missing_rows() == 0, "what is written stays"
    (complaint,) = complaints(on_record())
    assert complaint.startswith(
        "The rule of 1.A.i (leaf revision 1) in edition 2025-07-23 revision 2 answers otherwise"
    )
    assert "give the leaf the new one and `revision=2`, and the edition `revision=3`" in complaint
    assert "`EDITION.revised(2, <the leaf as it was>)` behind it in REVISIONS" in complaint


def test_another_way_to_the_recommendation_is_told_what_it_would_do_to_the_record(
    known: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assessment, "referral_reasons", lambda *_: ())
    (complaint,) = complaints(on_record())
    assert complaint.startswith("Edition 2025-07-23 revision 2 concludes otherwise than it did from the same answers.")
    assert "Every record under it would be reported as not agreeing" in complaint


def test_an_old_revision_that_is_gone_is_asked_back(known: Callable[..., None]) -> None:
    known(NEXT)
    found = complaints(on_record())
    assert len(found) == 2 * len(NAMES)
    assert sum("is gone" in one for one in found) == sum("has no fingerprint yet" in one for one in found) == len(NAMES)


def test_a_mended_rule_adds_rows_and_alters_none(known: Callable[..., None]) -> None:
    before, names = rows.FILE.read_text(), set(on_record())
    known(NEXT, NEWEST)
    assert rows.add_missing_rows() == len(NAMES)
    assert rows.FILE.read_text().startswith(before)
    added = on_record().keys() - names
    assert {(key, revision) for key, revision, _, _ in added} == {(NEWEST.key, NEXT.revision)}
    assert [leaf for _, _, cited, leaf in added if cited == "1.A.i"] == [2]
    assert complaints(on_record()) == []
