"""Assesses one set of facts: the answer of every clause, and one of four recommendations with its reasons.

The program recommends; a person decides (Automation: None). An assessment is a frozen value. The event of a
determination stores it whole, so it is displayed later without being assessed again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import Annotated, Final, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, Field, JsonValue, StrictBool, StrictInt
from pydantic_core import to_json

from domain.calendar import LAST_YEAR, Day
from domain.facts import Circumstances, Facts, FrozenModel
from domain.frozen import unvalidated
from domain.policy.answers import MET, NOT_MET, UNDETERMINED, Answer, all_of, not_, one_of
from domain.policy.edition import Edition, Group, Leaf, Node, Path, Question, RuleAnswer, Stated
from domain.policy.referral import (
    MILLIGRAMS_OVER_COURSE,
    Reason,
    advisories,
    always_referred,
    dosing_is_decisive,
    planned_day_notes,
    referral_reasons,
)

Recommendation = Literal["approve", "refer", "pend", "not_recommended"]
NOT_LISTED = "NR.5"
"""The citation of the finding that the circumstances are not among the criteria."""


class Finding(FrozenModel):
    """The answer of one clause: its reason, the facts that it is based on, and the readings that it relies on."""

    citation: str
    answer: Annotated[Answer, BeforeValidator(Answer)]
    sentence: str
    facts: dict[str, JsonValue] = Field(default_factory=dict)
    readings: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    approvable_from: Day | None = None
    arguable: StrictBool = False


class Assessment(FrozenModel):
    """What the policy recommends for these facts on one day.

    `scope` is the path that the history decides, even if the path is not met. `needed` cites the undetermined clauses
    that can still change the recommendation, and `exclusions` cites the exclusions that apply.
    """

    edition: str
    edition_revision: StrictInt
    edition_digest: str
    edition_provenance: Literal["text", "reconstructed"]
    as_of: Day
    recommendation: Recommendation
    scope: Literal["A", "B"] | None
    path: Literal["A", "B"] | None
    doses: StrictInt | None
    valid_days: StrictInt | None
    findings: tuple[Finding, ...]
    needed: tuple[str, ...] = ()
    exclusions: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    advisories: tuple[str, ...] = ()
    approvable_from: Day | None = None
    facts: Facts
    circumstances: Circumstances

    def finding(self, citation: str) -> Finding:
        return next(one for one in self.findings if one.citation == citation)

    def digest(self) -> str:
        """SHA-256 over edition, facts, finding values and recommendation; not over sentences or the day."""
        parts = (
            b'{"edition":',
            to_json([self.edition, self.edition_revision, self.edition_digest]),
            b',"facts":',
            _json(self.facts),
            b',"circumstances":',
            _json(self.circumstances),
            b',"findings":',
            to_json([[one.citation, _ANSWER_VALUES[one.answer], one.arguable] for one in self.findings]),
            b',"recommendation":',
            to_json([self.recommendation, self.path, *(reason.code for reason in self.reasons)]),
            b"}",
        )
        return hashlib.sha256(b"".join(parts)).hexdigest()


_ANSWER_VALUES: Final = {answer: str(answer.value) for answer in Answer}


def _json(value: BaseModel) -> bytes:
    written: bytes = type(value).__pydantic_serializer__.to_json(value)
    return written


class _ClauseAnswers:
    """The answer of every clause of the edition. Groups and paths combine the answers of their clauses (Kleene)."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.edition = question.edition
        self.scopes = {path.citation: path.scope.rule(question) for path in self.edition.paths}
        # Both paths have some rules in common. Each rule is evaluated once.
        rules, places = self.edition.rules
        answered = [rule(question) for rule in rules]
        self.results = {citation: answered[place] for citation, place in places}

    def with_arguable_met(self, taken_as_met: bool) -> dict[str, Answer]:
        """The answer of each clause. Optionally, clauses that are open to judgment are taken as met (R11, R12)."""
        values = {citation: result.answer for citation, result in self.results.items()}
        if taken_as_met:
            values |= {citation: MET for citation, result in self.results.items() if result.arguable}
        for group in self.edition.groups:
            parts = [values[clause.citation] for clause in group.clauses]
            values[group.citation] = all_of(parts) if group.connective == "all_of" else one_of(parts)
        for path in self.edition.paths:
            parts = [values[clause.citation] for clause in path.clauses]
            values[path.citation] = all_of([self.scopes[path.citation].answer, *parts])
        return values


class _Conclusion(NamedTuple):
    recommendation: Recommendation
    path: Literal["A", "B"] | None = None
    needed: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()


def assess(facts: Facts, as_of: date, edition: Edition, circumstances: Circumstances | None = None) -> Assessment:
    """Assess the facts on a day under an edition. Every clause is always assessed. Pure.

    Raises ValueError if time alone could change the answer after the last supported year.
    """
    circumstances = circumstances or Circumstances()
    question = Question(facts, as_of, edition)
    answers = _ClauseAnswers(question)
    strict = answers.with_arguable_met(False)
    conclusion = _conclude(answers, strict, circumstances)
    findings = tuple(_findings(edition, answers, strict))
    path = edition.path(conclusion.path) if conclusion.path is not None else None
    approved = conclusion.recommendation == "approve" and path is not None
    scope = next((one.letter for one in edition.paths if answers.scopes[one.citation].answer is MET), None)
    return Assessment(
        edition=edition.key,
        edition_revision=edition.revision,
        edition_digest=edition.digest,
        edition_provenance=edition.provenance,
        as_of=as_of,
        recommendation=conclusion.recommendation,
        scope=scope,
        path=conclusion.path,
        doses=path.doses if approved and path is not None else None,
        valid_days=edition.parameters.approval_valid_days if approved else None,
        findings=findings,
        needed=conclusion.needed,
        exclusions=tuple(leaf.citation for leaf in edition.exclusions if strict[leaf.citation] is MET),
        reasons=conclusion.reasons,
        advisories=(*advisories(question, circumstances), *planned_day_notes(question, circumstances)),
        approvable_from=_approvable_from(findings, answers, circumstances)
        if conclusion.recommendation == "not_recommended"
        else None,
        facts=facts,
        circumstances=circumstances,
    )


def _approvable_from(
    findings: tuple[Finding, ...], answers: _ClauseAnswers, circumstances: Circumstances
) -> date | None:
    """The first day on which time alone makes these facts approvable, or None.

    The facts are assessed on each day on which a finding becomes met by time alone.
    """
    never_approvable = _is_never_approvable(answers)
    for day in sorted({one.approvable_from for one in findings if one.approvable_from is not None}):
        if day.year > LAST_YEAR:
            raise ValueError(f"these facts would need an assessment after the year {LAST_YEAR}")
        if never_approvable:
            continue
        then = _ClauseAnswers(replace(answers.question, as_of=day))
        if _conclude(then, then.with_arguable_met(False), circumstances).recommendation in ("approve", "refer"):
            return day
    return None


def _is_never_approvable(answers: _ClauseAnswers) -> bool:
    """Whether the indication is not met, or an exclusion applies, by a rule that does not depend on the day."""
    edition = answers.edition
    decisive = [(edition.indication, NOT_MET), *((leaf, MET) for leaf in edition.exclusions)]
    return any(
        isinstance(leaf.rule, Stated) and answers.results[leaf.citation].answer is answer for leaf, answer in decisive
    )


def _conclude(answers: _ClauseAnswers, strict: Mapping[str, Answer], circumstances: Circumstances) -> _Conclusion:
    """The recommendation and its reasons.

    From revision 2 on, a death on record and a linked history always lead to clinical review (R28, R29).
    """
    conclusion = _by_criteria(answers, strict, circumstances)
    reasons = always_referred(answers.question, circumstances)
    if conclusion.recommendation == "refer" or not reasons:
        return conclusion
    return _Conclusion(recommendation="refer", path=conclusion.path, reasons=reasons)


def _by_criteria(answers: _ClauseAnswers, strict: Mapping[str, Answer], circumstances: Circumstances) -> _Conclusion:
    """The recommendation by the criteria, and its reasons.

    If the request is not recommended only because of our own readings (R11, R12), the recommendation is the one with
    these clauses met, and each of them is a referral reason.
    """
    question = answers.question
    conclusion = _decide(answers, strict, _reasons(question, circumstances, arguable=()))
    if conclusion.recommendation != "not_recommended":
        return conclusion
    arguable = tuple(citation for citation, result in answers.results.items() if result.arguable)
    if not arguable:
        return conclusion
    with_arguable = answers.with_arguable_met(True)
    relaxed = _decide(answers, with_arguable, _reasons(question, circumstances, arguable))
    return conclusion if relaxed.recommendation == "not_recommended" else relaxed


def _reasons(question: Question, circumstances: Circumstances, arguable: tuple[str, ...]) -> tuple[Reason, ...]:
    return (
        *(
            Reason(code="arguable", citation=one, sentence=f"{one} is open to judgment.", readings=("R11", "R12"))
            for one in arguable
        ),
        *referral_reasons(question, circumstances),
    )


def _decide(answers: _ClauseAnswers, values: Mapping[str, Answer], reasons: tuple[Reason, ...]) -> _Conclusion:
    """The recommendation: not recommended, pend, refer or approve, checked in this order."""
    edition = answers.edition
    indication, paths = edition.indication.citation, edition.paths
    excluded = [leaf for leaf in edition.exclusions if values[leaf.citation] is MET]
    on_a_path = [path for path in paths if values[path.citation] is not NOT_MET]
    if values[indication] is NOT_MET or excluded or not on_a_path:
        return _Conclusion(recommendation="not_recommended")
    needed = sorted(set(_needed(answers, values)))
    if needed:
        return _Conclusion(recommendation="pend", needed=tuple(needed))
    path = next(path for path in paths if values[path.citation] is MET)
    dosing = values[path.dosing.citation]
    if dosing is UNDETERMINED and dosing_is_decisive(answers.question, reasons):
        return _Conclusion(recommendation="pend", needed=(path.dosing.citation,))
    if dosing is NOT_MET:
        sentence = f"The requested dosing is outside the regimen. {answers.results[path.dosing.citation].sentence}"
        outside = Reason(code="dosing_outside_regimen", citation=path.dosing.citation, sentence=sentence)
        reasons = (outside, *(one for one in reasons if one.code != MILLIGRAMS_OVER_COURSE))
    if reasons:
        return _Conclusion(recommendation="refer", path=path.letter, reasons=reasons)
    return _Conclusion(recommendation="approve", path=path.letter)


def _needed(answers: _ClauseAnswers, values: Mapping[str, Answer]) -> Iterator[str]:
    """The undetermined leaves and scopes that can still change the answer of an undetermined clause."""
    edition = answers.edition
    if values[edition.indication.citation] is UNDETERMINED:
        yield edition.indication.citation
    for leaf in edition.exclusions:
        if values[leaf.citation] is UNDETERMINED:
            yield leaf.citation
    for path in edition.paths:
        if values[path.citation] is UNDETERMINED:
            if answers.scopes[path.citation].answer is UNDETERMINED:
                yield path.citation
            for clause in path.clauses:
                yield from _open_leaves(clause, values)


def _open_leaves(node: Node, values: Mapping[str, Answer]) -> Iterator[str]:
    yield from leaves_with(node, values, UNDETERMINED)


def leaves_with(node: Node, values: Mapping[str, Answer], answer: Answer) -> Iterator[str]:
    """The leaves with this answer under clauses that have the same answer. The other leaves do not matter."""
    if values[node.citation] is not answer:
        return
    if isinstance(node, Leaf):
        yield node.citation
    else:
        for clause in node.clauses:
            yield from leaves_with(clause, values, answer)


def _findings(edition: Edition, answers: _ClauseAnswers, values: Mapping[str, Answer]) -> Iterator[Finding]:
    facts = answers.question.facts
    for node in edition.nodes():
        if isinstance(node, Leaf):
            rule = node.rule
            if isinstance(rule, Stated):
                yield _finding_of_stated(node.citation, node.readings, rule, rule.values(facts))
            else:
                yield _finding_of_leaf(node.citation, node.readings, answers.results[node.citation])
        elif isinstance(node, Group):
            answer = values[node.citation]
            yield _finding_of_group(node.citation, node.readings, answer, _decisive(node, answer, values))
        else:
            yield _finding_of_path(node, answers, values)
    yield _not_listed(edition, values)


def _finding_of_leaf(citation: str, readings: tuple[str, ...], result: RuleAnswer) -> Finding:
    return _finding(citation, readings, result.answer, result.sentence, result, result.approvable_from)


@lru_cache(maxsize=4096)
def _finding_of_stated(citation: str, readings: tuple[str, ...], rule: Stated, values: Hashable) -> Finding:
    return _finding_of_leaf(citation, readings, rule.answer(values))


@lru_cache(maxsize=4096)
def _finding_of_group(citation: str, readings: tuple[str, ...], answer: Answer, decisive: tuple[str, ...]) -> Finding:
    return _finding(citation, readings, answer, _sentence(answer, decisive), _NO_RESULT, None)


def _finding_of_path(path: Path, answers: _ClauseAnswers, values: Mapping[str, Answer]) -> Finding:
    scope, answer = answers.scopes[path.citation], values[path.citation]
    sentence = f"{scope.sentence} {_sentence(answer, _decisive(path, answer, values))}"
    approvable_from = _approvable_when(path, answers, values)
    return _finding(path.citation, path.readings, answer, sentence, scope, approvable_from)


def _finding(
    citation: str,
    readings: tuple[str, ...],
    answer: Answer,
    sentence: str,
    result: RuleAnswer,
    approvable_from: date | None,
) -> Finding:
    # The values are not validated again. The rules return these types, and a property test checks them.
    every_field = {
        "citation": citation,
        "answer": answer,
        "sentence": sentence,
        "facts": dict(result.used),
        "readings": readings,
        "missing": result.missing,
        "approvable_from": approvable_from,
        "arguable": result.arguable,
    }
    return unvalidated(Finding, every_field)


_NO_RESULT: Final = RuleAnswer(UNDETERMINED, "")
_IN_WORDS: Final = {MET: "Met", NOT_MET: "Not met", UNDETERMINED: "Undetermined"}


def _decisive(node: Group | Path, answer: Answer, values: Mapping[str, Answer]) -> tuple[str, ...]:
    """The clauses of a group or path that have the same answer as the group or path."""
    return tuple([one.citation for one in node.clauses if values[one.citation] is answer])


def _sentence(answer: Answer, decisive: tuple[str, ...]) -> str:
    return f"{_IN_WORDS[answer]}: {', '.join(decisive) or 'none'}."


def _approvable_when(path: Path, answers: _ClauseAnswers, values: Mapping[str, Answer]) -> date | None:
    """The day on which time alone makes the path met, or None if something else is not met either."""
    if answers.scopes[path.citation].answer is not MET:
        return None
    unmet = [clause.citation for clause in path.clauses if values[clause.citation] is not MET]
    days = [answers.results[one].approvable_from if one in answers.results else None for one in unmet]
    known = [day for day in days if day is not None]
    return max(known) if known and len(known) == len(days) else None


_NOT_LISTED: Final = {
    answer: Finding(citation=NOT_LISTED, answer=answer, sentence=sentence)
    for answer, sentence in (
        (MET, "These circumstances are not among the criteria."),
        (NOT_MET, "These circumstances are among the criteria."),
        (UNDETERMINED, "Whether these circumstances are among the criteria is not known yet."),
    )
}


def _not_listed(edition: Edition, values: Mapping[str, Answer]) -> Finding:
    """The finding of NR.5: what criterion 1 does not list is not recommended. It is the negation of criterion 1."""
    listed = all_of([values[edition.indication.citation], one_of([values[path.citation] for path in edition.paths])])
    return _NOT_LISTED[not_(listed)]
