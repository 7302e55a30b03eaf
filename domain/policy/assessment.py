"""Judging one set of facts: every clause, then one of four recommendations with its reasons.

The program recommends; a person decides (Automation: None). An assessment is a frozen value
that a decision's event stores whole, so it is rendered later and never evaluated again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, JsonValue, StrictBool, StrictInt
from pydantic_core import to_json

from domain.calendar import Day
from domain.facts import Circumstances, Fact, Facts
from domain.policy.edition import Edition
from domain.policy.outline import (
    MET,
    NOT_MET,
    UNDETERMINED,
    Answer,
    Group,
    Judged,
    Leaf,
    Node,
    Path,
    Question,
    all_of,
    not_,
    one_of,
)
from domain.policy.referral import Reason, advisories, dosing_is_decisive, planned_day_notes, referral_reasons

Recommendation = Literal["approve", "refer", "pend", "not_recommended"]
NOT_LISTED = "NR.5"


class Finding(Fact):
    """One clause, judged: the answer, why, on which facts, by which readings."""

    citation: str
    answer: Annotated[Answer, BeforeValidator(Answer)]
    sentence: str
    facts: dict[str, JsonValue] = Field(default_factory=dict)
    readings: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    approvable_from: Day | None = None
    arguable: StrictBool = False


class Assessment(Fact):
    """What the policy says of these facts on one day.

    `scope` is the path that the history decides, also where no path is met. `needed` cites
    the undetermined clauses that can still change the answer, `exclusions` those that apply.
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
        return hashlib.sha256(
            to_json(
                {
                    "edition": [self.edition, self.edition_revision, self.edition_digest],
                    "facts": self.facts.model_dump(mode="json"),
                    "circumstances": self.circumstances.model_dump(mode="json"),
                    "findings": [[one.citation, one.answer, one.arguable] for one in self.findings],
                    "recommendation": [self.recommendation, self.path, *(reason.code for reason in self.reasons)],
                }
            )
        ).hexdigest()


class _Answers:
    """Every clause of the edition, judged once; groups and paths by Kleene logic over their parts."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.edition = question.edition
        self.judged: dict[str, Judged] = {}
        self.scopes: dict[str, Judged] = {}
        for node in self.edition.nodes():
            if isinstance(node, Path):
                self.scopes[node.citation] = node.scope.rule(question)
            elif isinstance(node, Leaf):
                self.judged[node.citation] = node.rule(question)

    def with_arguable_met(self, taken_as_met: bool) -> dict[str, Answer]:
        """The answer of each clause; arguable leaves stand as met where that is asked."""
        values = {
            citation: MET if taken_as_met and judged.arguable else judged.answer
            for citation, judged in self.judged.items()
        }
        for path in self.edition.paths:
            for clause in path.clauses:
                _fill(clause, values)
            parts = [values[clause.citation] for clause in path.clauses]
            values[path.citation] = all_of([self.scopes[path.citation].answer, *parts])
        return values


def _fill(node: Node, values: dict[str, Answer]) -> Answer:
    if isinstance(node, Group):
        parts = [_fill(clause, values) for clause in node.clauses]
        values[node.citation] = all_of(parts) if node.connective == "all_of" else one_of(parts)
    return values[node.citation]


class _Verdict(Fact):
    recommendation: Recommendation
    path: Literal["A", "B"] | None = None
    needed: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()


def assess(facts: Facts, as_of: date, edition: Edition, circumstances: Circumstances | None = None) -> Assessment:
    """Judge the facts on a day under an edition. Pure; every clause is always judged."""
    assessment = _assessed(facts, as_of, edition, circumstances or Circumstances())
    if assessment.recommendation != "not_recommended":
        return assessment
    return assessment.model_copy(update={"approvable_from": _approvable_from(assessment, edition)})


def _approvable_from(assessment: Assessment, edition: Edition) -> date | None:
    """The first day on which time alone makes these facts approvable, found by judging them on that day."""
    days = sorted({one.approvable_from for one in assessment.findings if one.approvable_from is not None})
    for day in days:
        then = _assessed(assessment.facts, day, edition, assessment.circumstances)
        if then.recommendation in ("approve", "refer"):
            return day
    return None


def _assessed(facts: Facts, as_of: date, edition: Edition, circumstances: Circumstances) -> Assessment:
    question = Question(facts, as_of, edition)
    answers = _Answers(question)
    strict = answers.with_arguable_met(False)
    verdict = _decide(answers, strict, _reasons(question, circumstances, arguable=()))
    if verdict.recommendation == "not_recommended":
        arguable = tuple(citation for citation, judged in answers.judged.items() if judged.arguable)
        if arguable:
            argued = answers.with_arguable_met(True)
            relaxed = _decide(answers, argued, _reasons(question, circumstances, arguable))
            verdict = verdict if relaxed.recommendation == "not_recommended" else relaxed
    path = edition.path(verdict.path) if verdict.path is not None else None
    approved = verdict.recommendation == "approve" and path is not None
    scope = next((one.letter for one in edition.paths if answers.scopes[one.citation].answer is MET), None)
    return Assessment(
        edition=edition.key,
        edition_revision=edition.revision,
        edition_digest=edition.digest,
        edition_provenance=edition.provenance,
        as_of=as_of,
        recommendation=verdict.recommendation,
        scope=scope,
        path=verdict.path,
        doses=path.doses if approved and path is not None else None,
        valid_days=edition.parameters.approval_valid_days if approved else None,
        findings=tuple(_findings(edition, answers, strict)),
        needed=verdict.needed,
        exclusions=tuple(leaf.citation for leaf in edition.exclusions if strict[leaf.citation] is MET),
        reasons=verdict.reasons,
        advisories=(*advisories(question, circumstances), *planned_day_notes(question, circumstances)),
        facts=facts,
        circumstances=circumstances,
    )


def _reasons(question: Question, circumstances: Circumstances, arguable: tuple[str, ...]) -> tuple[Reason, ...]:
    return (
        *(
            Reason(code="arguable", citation=one, sentence=f"{one} is arguable.", readings=("R11", "R12"))
            for one in arguable
        ),
        *referral_reasons(question, circumstances),
    )


def _decide(answers: _Answers, values: Mapping[str, Answer], reasons: tuple[Reason, ...]) -> _Verdict:
    """The four recommendations, tried in the order that the readings give."""
    edition = answers.edition
    indication, paths = edition.indication.citation, edition.paths
    excluded = any(values[leaf.citation] is MET for leaf in edition.exclusions)
    if values[indication] is NOT_MET or excluded or all(values[path.citation] is NOT_MET for path in paths):
        return _Verdict(recommendation="not_recommended")
    needed = sorted(set(_needed(answers, values)))
    if needed:
        return _Verdict(recommendation="pend", needed=tuple(needed))
    path = next(path for path in paths if values[path.citation] is MET)
    dosing = values[path.dosing.citation]
    if dosing is UNDETERMINED and dosing_is_decisive(answers.question, reasons):
        return _Verdict(recommendation="pend", needed=(path.dosing.citation,))
    if dosing is NOT_MET:
        sentence = f"The requested dosing is outside the regimen. {answers.judged[path.dosing.citation].sentence}"
        outside = Reason(code="dosing_outside_regimen", citation=path.dosing.citation, sentence=sentence)
        reasons = (outside, *reasons)
    if reasons:
        return _Verdict(recommendation="refer", path=path.letter, reasons=reasons)
    return _Verdict(recommendation="approve", path=path.letter)


def _needed(answers: _Answers, values: Mapping[str, Answer]) -> Iterator[str]:
    """The undetermined leaves under clauses that are themselves still open."""
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
    yield from _leaves(node, values, UNDETERMINED)


def _leaves(node: Node, values: Mapping[str, Answer], answer: Answer) -> Iterator[str]:
    """The leaves with this answer, under clauses that have it themselves: the others no longer matter."""
    if values[node.citation] is not answer:
        return
    if isinstance(node, Leaf):
        yield node.citation
    else:
        for clause in node.clauses:
            yield from _leaves(clause, values, answer)


def speaking_against(assessment: Assessment, edition: Edition) -> list[str]:
    """What a denial would cite: exclusions that apply, and what is not met of the diagnosis and of the path's criteria.

    Where the history does not decide the path, of both.
    """
    values = {one.citation: one.answer for one in assessment.findings}
    found = [*assessment.exclusions]
    found += [edition.indication.citation] if values[edition.indication.citation] is NOT_MET else []
    for path in edition.paths:
        if assessment.scope in (None, path.letter):
            for clause in path.clauses:
                found += _leaves(clause, values, NOT_MET)
    return found


def _findings(edition: Edition, answers: _Answers, values: Mapping[str, Answer]) -> Iterator[Finding]:
    for node in edition.nodes():
        judged = answers.scopes[node.citation] if isinstance(node, Path) else answers.judged.get(node.citation)
        # Not validated again: the rules answer in these types, and a law of the tests holds them to it.
        yield Finding.model_construct(
            citation=node.citation,
            answer=values[node.citation],
            sentence=_sentence(node, judged, values),
            facts=dict(judged.used) if judged else {},
            readings=node.readings,
            missing=judged.missing if judged else (),
            approvable_from=_approvable_when(node, answers, values),
            arguable=judged.arguable if judged else False,
        )
    yield _not_listed(edition, values)


def _approvable_when(node: Node | Path, answers: _Answers, values: Mapping[str, Answer]) -> date | None:
    """The day on which time alone turns this "no" into a "yes": of a path, when nothing else stands against it."""
    if not isinstance(node, Path):
        return answers.judged[node.citation].approvable_from if node.citation in answers.judged else None
    if answers.scopes[node.citation].answer is not MET:
        return None
    unmet = [clause.citation for clause in node.clauses if values[clause.citation] is not MET]
    days = [answers.judged[one].approvable_from if one in answers.judged else None for one in unmet]
    known = [day for day in days if day is not None]
    return max(known) if known and len(known) == len(days) else None


def _sentence(node: Node | Path, judged: Judged | None, values: Mapping[str, Answer]) -> str:
    if isinstance(node, Leaf):
        assert judged is not None
        return judged.sentence
    parts = {one.citation: values[one.citation] for one in node.clauses}
    decisive = ", ".join(one for one, value in parts.items() if value is values[node.citation]) or "none"
    start = f"{judged.sentence} " if judged is not None else ""
    return f"{start}{values[node.citation].replace('_', ' ').capitalize()}: {decisive}."


def _not_listed(edition: Edition, values: Mapping[str, Answer]) -> Finding:
    """NR.5: what criterion 1 does not list is not recommended; it is the criterion, turned round."""
    listed = all_of([values[edition.indication.citation], one_of(values[path.citation] for path in edition.paths)])
    applies = not_(listed)
    sentence = {
        MET: "These circumstances are not among the criteria.",
        NOT_MET: "These circumstances are among the criteria.",
        UNDETERMINED: "Whether these circumstances are among the criteria is still open.",
    }[applies]
    return Finding(citation=NOT_LISTED, answer=applies, sentence=sentence)
