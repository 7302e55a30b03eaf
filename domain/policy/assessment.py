"""Judging one set of facts: every clause, then one of four recommendations with its reasons.

The program recommends; a person decides (Automation: None). An assessment is a frozen value
that a decision's event stores whole, so it is rendered later and never evaluated again.
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
from domain.policy.edition import Edition, Group, Judged, Leaf, Node, Path, Question, Stated
from domain.policy.referral import Reason, advisories, dosing_is_decisive, planned_day_notes, referral_reasons

Recommendation = Literal["approve", "refer", "pend", "not_recommended"]
NOT_LISTED = "NR.5"


class Finding(FrozenModel):
    """One clause, judged: the answer, why, on which facts, by which readings."""

    citation: str
    answer: Annotated[Answer, BeforeValidator(Answer)]
    sentence: str
    facts: dict[str, JsonValue] = Field(default_factory=dict)
    readings: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    approvable_from: Day | None = None
    arguable: StrictBool = False


class Assessment(FrozenModel):
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
        parts = (
            b'{"edition":',
            to_json([self.edition, self.edition_revision, self.edition_digest]),
            b',"facts":',
            _json(self.facts),
            b',"circumstances":',
            _json(self.circumstances),
            b',"findings":',
            to_json([[one.citation, _WRITTEN[one.answer], one.arguable] for one in self.findings]),
            b',"recommendation":',
            to_json([self.recommendation, self.path, *(reason.code for reason in self.reasons)]),
            b"}",
        )
        return hashlib.sha256(b"".join(parts)).hexdigest()


_WRITTEN: Final = {answer: str(answer.value) for answer in Answer}


def _json(value: BaseModel) -> bytes:
    written: bytes = type(value).__pydantic_serializer__.to_json(value)
    return written


class _ClauseAnswers:
    """Every clause of the edition, judged once; groups and paths by Kleene logic over their parts."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.edition = question.edition
        self.scopes = {path.citation: path.scope.rule(question) for path in self.edition.paths}
        # Both paths ask some of the same: a rule answers a question once.
        rules, places = self.edition.rules
        answered = [rule(question) for rule in rules]
        self.judged = {citation: answered[place] for citation, place in places}

    def with_arguable_met(self, taken_as_met: bool) -> dict[str, Answer]:
        """The answer of each clause; arguable leaves stand as met where that is asked."""
        values = {citation: judged.answer for citation, judged in self.judged.items()}
        if taken_as_met:
            values |= {citation: MET for citation, judged in self.judged.items() if judged.arguable}
        for group in self.edition.groups:
            parts = [values[clause.citation] for clause in group.clauses]
            values[group.citation] = all_of(parts) if group.connective == "all_of" else one_of(parts)
        for path in self.edition.paths:
            parts = [values[clause.citation] for clause in path.clauses]
            values[path.citation] = all_of([self.scopes[path.citation].answer, *parts])
        return values


class _Verdict(NamedTuple):
    recommendation: Recommendation
    path: Literal["A", "B"] | None = None
    needed: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()


def assess(facts: Facts, as_of: date, edition: Edition, circumstances: Circumstances | None = None) -> Assessment:
    """Judge the facts on a day under an edition. Pure; every clause is always judged."""
    circumstances = circumstances or Circumstances()
    question = Question(facts, as_of, edition)
    answers = _ClauseAnswers(question)
    strict = answers.with_arguable_met(False)
    verdict = _verdict(answers, strict, circumstances)
    findings = tuple(_findings(edition, answers, strict))
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
        findings=findings,
        needed=verdict.needed,
        exclusions=tuple(leaf.citation for leaf in edition.exclusions if strict[leaf.citation] is MET),
        reasons=verdict.reasons,
        advisories=(*advisories(question, circumstances), *planned_day_notes(question, circumstances)),
        approvable_from=_approvable_from(findings, answers, circumstances)
        if verdict.recommendation == "not_recommended"
        else None,
        facts=facts,
        circumstances=circumstances,
    )


def _approvable_from(
    findings: tuple[Finding, ...], answers: _ClauseAnswers, circumstances: Circumstances
) -> date | None:
    """The first day on which time alone makes these facts approvable, found by judging them on that day."""
    stays = _stays_turned_down(answers)
    for day in sorted({one.approvable_from for one in findings if one.approvable_from is not None}):
        if day.year > LAST_YEAR:
            raise ValueError(f"these facts would need an assessment after the year {LAST_YEAR}")
        if stays:
            continue
        then = _ClauseAnswers(replace(answers.question, as_of=day))
        if _verdict(then, then.with_arguable_met(False), circumstances).recommendation in ("approve", "refer"):
            return day
    return None


def _stays_turned_down(answers: _ClauseAnswers) -> bool:
    """Whether the indication is not met, or an exclusion applies, by a rule that does not look at the day."""
    edition = answers.edition
    against = [(edition.indication, NOT_MET), *((leaf, MET) for leaf in edition.exclusions)]
    return any(
        isinstance(leaf.rule, Stated) and answers.judged[leaf.citation].answer is answer for leaf, answer in against
    )


def _verdict(answers: _ClauseAnswers, strict: Mapping[str, Answer], circumstances: Circumstances) -> _Verdict:
    """What is recommended; where that is to turn it down, whether it rests on our own readings alone (R11, R12)."""
    question = answers.question
    verdict = _decide(answers, strict, _reasons(question, circumstances, arguable=()))
    if verdict.recommendation != "not_recommended":
        return verdict
    arguable = tuple(citation for citation, judged in answers.judged.items() if judged.arguable)
    if not arguable:
        return verdict
    argued = answers.with_arguable_met(True)
    relaxed = _decide(answers, argued, _reasons(question, circumstances, arguable))
    return verdict if relaxed.recommendation == "not_recommended" else relaxed


def _reasons(question: Question, circumstances: Circumstances, arguable: tuple[str, ...]) -> tuple[Reason, ...]:
    return (
        *(
            Reason(code="arguable", citation=one, sentence=f"{one} is open to judgment.", readings=("R11", "R12"))
            for one in arguable
        ),
        *referral_reasons(question, circumstances),
    )


def _decide(answers: _ClauseAnswers, values: Mapping[str, Answer], reasons: tuple[Reason, ...]) -> _Verdict:
    """The four recommendations, tried in the order that the readings give."""
    edition = answers.edition
    indication, paths = edition.indication.citation, edition.paths
    excluded = [leaf for leaf in edition.exclusions if values[leaf.citation] is MET]
    on_a_path = [path for path in paths if values[path.citation] is not NOT_MET]
    if values[indication] is NOT_MET or excluded or not on_a_path:
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


def _needed(answers: _ClauseAnswers, values: Mapping[str, Answer]) -> Iterator[str]:
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


def _findings(edition: Edition, answers: _ClauseAnswers, values: Mapping[str, Answer]) -> Iterator[Finding]:
    facts = answers.question.facts
    for node in edition.nodes():
        if isinstance(node, Leaf):
            rule = node.rule
            if isinstance(rule, Stated):
                yield _of_stated(node.citation, node.readings, rule, rule.values(facts))
            else:
                yield _of_judged(node.citation, node.readings, answers.judged[node.citation])
        elif isinstance(node, Group):
            answer = values[node.citation]
            yield _of_group(node.citation, node.readings, answer, _decisive(node, answer, values))
        else:
            yield _of_path(node, answers, values)
    yield _not_listed(edition, values)


def _of_judged(citation: str, readings: tuple[str, ...], judged: Judged) -> Finding:
    return _finding(citation, readings, judged.answer, judged.sentence, judged, judged.approvable_from)


@lru_cache(maxsize=4096)
def _of_stated(citation: str, readings: tuple[str, ...], rule: Stated, values: Hashable) -> Finding:
    return _of_judged(citation, readings, rule.answer(values))


@lru_cache(maxsize=4096)
def _of_group(citation: str, readings: tuple[str, ...], answer: Answer, decisive: tuple[str, ...]) -> Finding:
    return _finding(citation, readings, answer, _concluded(answer, decisive), _NOTHING_JUDGED, None)


def _of_path(path: Path, answers: _ClauseAnswers, values: Mapping[str, Answer]) -> Finding:
    scope, answer = answers.scopes[path.citation], values[path.citation]
    sentence = f"{scope.sentence} {_concluded(answer, _decisive(path, answer, values))}"
    approvable_from = _approvable_when(path, answers, values)
    return _finding(path.citation, path.readings, answer, sentence, scope, approvable_from)


def _finding(
    citation: str,
    readings: tuple[str, ...],
    answer: Answer,
    sentence: str,
    judged: Judged,
    approvable_from: date | None,
) -> Finding:
    # Not validated again: the rules answer in these types, and a law of the tests holds them to it.
    every_field = {
        "citation": citation,
        "answer": answer,
        "sentence": sentence,
        "facts": dict(judged.used),
        "readings": readings,
        "missing": judged.missing,
        "approvable_from": approvable_from,
        "arguable": judged.arguable,
    }
    return unvalidated(Finding, every_field)


_NOTHING_JUDGED: Final = Judged(UNDETERMINED, "")
_SPOKEN: Final = {MET: "Met", NOT_MET: "Not met", UNDETERMINED: "Undetermined"}


def _decisive(node: Group | Path, answer: Answer, values: Mapping[str, Answer]) -> tuple[str, ...]:
    """The clauses under a group or path that have its own answer."""
    return tuple([one.citation for one in node.clauses if values[one.citation] is answer])


def _concluded(answer: Answer, decisive: tuple[str, ...]) -> str:
    return f"{_SPOKEN[answer]}: {', '.join(decisive) or 'none'}."


def _approvable_when(path: Path, answers: _ClauseAnswers, values: Mapping[str, Answer]) -> date | None:
    """The day on which time alone turns a path's "no" into a "yes", when nothing else stands against it."""
    if answers.scopes[path.citation].answer is not MET:
        return None
    unmet = [clause.citation for clause in path.clauses if values[clause.citation] is not MET]
    days = [answers.judged[one].approvable_from if one in answers.judged else None for one in unmet]
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
    """NR.5: what criterion 1 does not list is not recommended; it is the criterion, turned round."""
    listed = all_of([values[edition.indication.citation], one_of([values[path.citation] for path in edition.paths])])
    return _NOT_LISTED[not_(listed)]
