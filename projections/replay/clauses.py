"""The replay clause by clause: the answers side by side, what changed since, and which event changed it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from domain.facts import FrozenModel
from domain.policy.answers import Answer
from domain.policy.assessment import NOT_LISTED, Assessment, Finding, Recommendation
from domain.policy.edition import Edition, Group, Path
from domain.policy.readings import READINGS
from projections.timeline import TimelineEntry


@dataclass(frozen=True, slots=True)
class Columns:
    """The assessments to show side by side. None: there is no such assessment."""

    recorded: Assessment | None
    then: Assessment | None
    now: Assessment | None
    others: tuple[Assessment, ...]
    groups: frozenset[str]
    """Clauses whose answer is decided by other clauses."""

    def all(self) -> Iterator[Assessment]:
        yield from (one for one in (self.recorded, self.then, self.now, *self.others) if one is not None)


@dataclass(frozen=True, slots=True)
class ReplayStep:
    """The assessment after this event was recorded. Without an event: as known then, on the day asked for."""

    by: TimelineEntry | None
    assessment: Assessment


class EditionAnswer(FrozenModel):
    """The answer under another edition. Null: that edition has no such clause."""

    edition: str
    edition_revision: int
    answer: Answer | None
    sentence: str | None


class ClauseRow(FrozenModel):
    """One clause. `depth` is its level in the outline; `because` is the sentence of the latest answer.

    `changed`: the answer as known now differs from the answer as known then. `differs_by_edition`: as known now, the
    answer under another edition with this clause differs from the answer under the determination's own edition.
    """

    citation: str
    paraphrase: str
    depth: int
    is_group: bool
    readings: tuple[str, ...]
    recorded: Answer | None
    as_known_then: Answer | None
    as_known_now: Answer | None
    other_editions: tuple[EditionAnswer, ...]
    changed: bool
    differs_by_edition: bool
    because: str


class ChangedBy(FrozenModel):
    """One change of an answer, and the event that changed it. Null: only time has passed."""

    was: str
    is_now: str
    by: TimelineEntry | None


class ClauseChange(FrozenModel):
    """A clause whose answer differs from the one as known then, under the same edition, with its changes in order."""

    citation: str
    paraphrase: str
    is_group: bool
    was: Answer
    is_now: Answer
    because: str
    readings: tuple[str, ...]
    changed_by: tuple[ChangedBy, ...]


class RecommendationChange(FrozenModel):
    """A recommendation that now differs from the one as known then, with its changes in order."""

    was: Recommendation
    is_now: Recommendation
    changed_by: tuple[ChangedBy, ...]


class ReadingRelied(FrozenModel):
    """A reading, and the findings or reasons that relied on it."""

    number: str
    question: str
    answer: str
    relied_on_by: tuple[str, ...]


# -- the clauses of the editions that are shown -------------------------------------------------


def citations(editions: Iterable[Edition]) -> list[str]:
    """Returns every clause of any edition, in the order of the newest edition; clauses of only older ones are last."""
    newest_first = sorted(editions, key=lambda one: (one.review_date, one.revision), reverse=True)
    return list(dict.fromkeys(one for edition in newest_first for one in (*edition.by_citation, NOT_LISTED)))


def paraphrase(citation: str, editions: Sequence[Edition]) -> str:
    """Returns the paraphrase of the clause in the first edition that has it."""
    if citation == NOT_LISTED:
        return editions[0].not_listed
    return next(one.by_citation[citation].paraphrase for one in editions if citation in one.by_citation)


def is_group(citation: str, editions: Sequence[Edition]) -> bool:
    """Returns whether the answer of the clause is decided by other clauses."""
    if citation == NOT_LISTED:
        return True
    node = next(one.by_citation[citation] for one in editions if citation in one.by_citation)
    return isinstance(node, Group | Path)


def groups(editions: Sequence[Edition]) -> frozenset[str]:
    """Returns the clauses whose answer is decided by other clauses."""
    return frozenset(one for one in citations(editions) if is_group(one, editions))


def depth(citation: str) -> int:
    """Returns the level of a clause in the outline: 0 for `1` and for clauses outside of criterion 1."""
    return citation.count(".") + citation.count("(") if citation.startswith("1") else 0


# -- side by side -------------------------------------------------------------------------------


def rows(editions: Sequence[Edition], columns: Columns) -> tuple[ClauseRow, ...]:
    """Returns a row for each clause. The first edition must be the determination's own."""
    return tuple(_row(one, editions, columns) for one in citations(editions)) if editions else ()


def _row(citation: str, editions: Sequence[Edition], columns: Columns) -> ClauseRow:
    then, now = _finding(columns.then, citation), _finding(columns.now, citation)
    recorded = _finding(columns.recorded, citation)
    others = tuple(_edition_answer(one, citation) for one in columns.others)
    latest = now or then or recorded or next((_finding(one, citation) for one in columns.others), None)
    shown = [
        one for one in (now, then, recorded, *(_finding(one, citation) for one in columns.others)) if one is not None
    ]
    return ClauseRow(
        citation=citation,
        paraphrase=paraphrase(citation, editions),
        depth=depth(citation),
        is_group=is_group(citation, editions),
        readings=tuple(dict.fromkeys(number for one in shown for number in one.readings)),
        recorded=_answer(recorded),
        as_known_then=_answer(then),
        as_known_now=_answer(now),
        other_editions=others,
        changed=_answer(now) is not _answer(then) and then is not None and now is not None,
        differs_by_edition=any(one.answer not in (None, _answer(now)) for one in others),
        because=latest.sentence if latest is not None else "",
    )


def _finding(assessment: Assessment | None, citation: str) -> Finding | None:
    if assessment is None:
        return None
    return next((one for one in assessment.findings if one.citation == citation), None)


def _answer(finding: Finding | None) -> Answer | None:
    return finding.answer if finding is not None else None


def _edition_answer(assessment: Assessment, citation: str) -> EditionAnswer:
    finding = _finding(assessment, citation)
    return EditionAnswer(
        edition=assessment.edition,
        edition_revision=assessment.edition_revision,
        answer=_answer(finding),
        sentence=finding.sentence if finding is not None else None,
    )


# -- what changed, and by which event -----------------------------------------------------------


def changes(
    editions: Sequence[Edition], then: Assessment | None, steps: Sequence[ReplayStep]
) -> tuple[ClauseChange, ...]:
    """Returns the clauses whose last answer differs from the answer as known then, each with every change.

    `steps` are the assessments on the day asked for, oldest first.
    """
    if then is None or not steps:
        return ()
    all_steps = [ReplayStep(None, then), *steps]
    found = []
    for was, is_now in zip(then.findings, steps[-1].assessment.findings, strict=True):
        if was.answer is not is_now.answer:
            answer_changes = tuple(
                _answer_changes([(step.by, step.assessment.finding(was.citation).answer.value) for step in all_steps])
            )
            found.append(
                ClauseChange(
                    citation=was.citation,
                    paraphrase=paraphrase(was.citation, editions),
                    is_group=is_group(was.citation, editions),
                    was=was.answer,
                    is_now=is_now.answer,
                    because=is_now.sentence,
                    readings=is_now.readings,
                    changed_by=answer_changes,
                )
            )
    return tuple(found)


def recommendation_change(then: Assessment | None, steps: Sequence[ReplayStep]) -> RecommendationChange | None:
    """Returns how the recommendation changed, or None if it is the same as known then."""
    if then is None or not steps or then.recommendation == steps[-1].assessment.recommendation:
        return None
    all_steps = [ReplayStep(None, then), *steps]
    return RecommendationChange(
        was=then.recommendation,
        is_now=steps[-1].assessment.recommendation,
        changed_by=tuple(_answer_changes([(step.by, step.assessment.recommendation) for step in all_steps])),
    )


def _answer_changes(answers: Sequence[tuple[TimelineEntry | None, str]]) -> Iterator[ChangedBy]:
    for (_, was), (by, is_now) in pairwise(answers):
        if was != is_now:
            yield ChangedBy(was=was, is_now=is_now, by=by)


def readings_relied_on(columns: Columns) -> tuple[ReadingRelied, ...]:
    """Returns the readings that any of the assessments used, each with the clauses and reasons that name it."""
    relied: dict[str, dict[str, None]] = {}
    for assessment in columns.all():
        for finding in assessment.findings:
            for number in finding.readings:
                relied.setdefault(number, {})[finding.citation] = None
        for reason in assessment.reasons:
            for number in reason.readings:
                relied.setdefault(number, {})[reason.citation or reason.code] = None
    return readings_relied_on_in(relied)


def readings_relied_on_in(relied: Mapping[str, Iterable[str]]) -> tuple[ReadingRelied, ...]:
    """Returns the readings in the order of their numbers. `relied` has, for each number, what relied on it."""
    return tuple(
        ReadingRelied(number=number, question=one.question, answer=one.answer, relied_on_by=tuple(relied[number]))
        for number, one in READINGS.items()
        if number in relied
    )
