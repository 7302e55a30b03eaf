"""The outline of the policy as a checklist for one assessment: each clause, its answer, and its evidence.

Nothing is evaluated here. The answers, sentences and readings are taken from the assessment, which is either current
or recorded. Clauses that decide the recommendation are highlighted (`is_lit`), and missing items are listed first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final, Literal

from pydantic import JsonValue

from domain.calendar import Day, Instant
from domain.events import PatientEvent
from domain.facts import FrozenModel
from domain.history.records import DocumentOnRecord
from domain.history.state import PatientHistory
from domain.people import Actor
from domain.policy.answers import MET, Answer
from domain.policy.assessment import NOT_LISTED, Assessment, Finding
from domain.policy.denial_citations import denial_citations
from domain.policy.edition import Edition, Group, Leaf, Node, Path
from domain.policy.editions import edition_named
from domain.policy.readings import READINGS
from projections.fact_sources import FactSource, FactSources

ItemKind = Literal["indication", "path", "group", "criterion", "dosing", "exclusion", "not_listed"]

_ASSESSMENT_DAY: Final = "as_of"
_IS_LIT: Final = attrgetter("is_lit")


class ClauseFact(FrozenModel):
    """One fact that the clause used, and the events that stated it."""

    name: str
    value: JsonValue
    said: tuple[FactSource, ...]


class ClauseDocument(FrozenModel):
    """A document that was sent or reviewed for the clause. `supports` is null until it is reviewed for the clause."""

    document_id: str
    name: str
    supports: bool | None
    read_by: Actor | None
    read_at: Instant | None


class ClauseReading(FrozenModel):
    """A reading: how this program interprets the policy where the policy is silent."""

    number: str
    question: str
    answer: str


class Item(FrozenModel):
    """One clause of the outline.

    `is_lit`: the clause, or a clause below it, decides the recommendation. `is_needed`: the clause is undetermined
    and can still change the recommendation.
    """

    citation: str
    kind: ItemKind
    paraphrase: str
    connective: Literal["all_of", "one_of"] | None
    answer: Answer
    sentence: str
    is_lit: bool
    is_needed: bool
    missing: tuple[str, ...]
    facts: tuple[ClauseFact, ...]
    documents: tuple[ClauseDocument, ...]
    documentation_required: bool
    readings: tuple[ClauseReading, ...]
    approvable_from: Day | None
    arguable: bool
    items: tuple[Item, ...] = ()


class Checklist(FrozenModel):
    """The outline of one edition, in document order.

    `missing` are the items that are needed, in the same order. `against` are the clauses that cause the recommendation
    "not recommended"; it is empty for any other recommendation. `citable` are the clauses that are not met, which a
    denial may cite.
    """

    edition: str
    provenance: Literal["text", "reconstructed"]
    criteria: tuple[Item, ...]
    exclusions: tuple[Item, ...]
    dosing: tuple[Item, ...]
    missing: tuple[Item, ...]
    against: tuple[Item, ...]
    citable: tuple[str, ...]

    def walk(self) -> list[Item]:
        """Returns every item, in document order."""
        return _flattened((*self.criteria, *self.exclusions, *self.dosing))


def _flattened(items: Iterable[Item]) -> list[Item]:
    found: list[Item] = []
    pending = list(items)[::-1]
    while pending:
        found.append(pending.pop())
        pending += found[-1].items[::-1]
    return found


def checklist(
    assessment: Assessment,
    history: PatientHistory,
    events: Sequence[PatientEvent],
    request_id: str,
    office: str | None = None,
) -> Checklist:
    """Returns the checklist of an assessment of the request.

    `history` and `events` are those that the assessment was based on. With an `office`, sources in the patient's
    record are named only if that prescriber's office recorded them.
    """
    edition = edition_named(assessment.edition)
    documents = [one for one in history.documents if one.request_id == request_id and not one.voided]
    builder = _ItemBuilder(
        assessment,
        {one.citation: one for one in assessment.findings},
        frozenset(decisive(assessment, edition)),
        FactSources(events, request_id, office),
        documents,
    )
    criteria = (builder.leaf(edition.indication, "indication"), *(builder.path(one) for one in edition.paths))
    exclusions = (*(builder.leaf(one, "exclusion") for one in edition.exclusions), builder.not_listed(edition))
    dosing = tuple(builder.leaf(one.dosing, "dosing") for one in edition.paths)
    items = _flattened((*criteria, *exclusions, *dosing))
    against = denial_citations(assessment, edition) if assessment.recommendation == "not_recommended" else []
    return Checklist(
        edition=assessment.edition,
        provenance=assessment.edition_provenance,
        criteria=criteria,
        exclusions=exclusions,
        dosing=dosing,
        missing=tuple([one for one in items if one.is_needed]),
        against=tuple([one for one in items if one.citation in against]),
        citable=tuple([one.citation for one in items if one.answer is not MET]),
    )


def decisive(assessment: Assessment, edition: Edition) -> Iterator[str]:
    """Yields the clauses that decide the recommendation: those needed, those against it, or those that are met."""
    if assessment.recommendation == "pend":
        yield from assessment.needed
    elif assessment.recommendation == "not_recommended":
        yield from denial_citations(assessment, edition)
        yield from [NOT_LISTED] if not denial_citations(assessment, edition) else []
    else:
        yield edition.indication.citation
        for path in edition.paths:
            if path.letter == assessment.path:
                met = {one.citation for one in assessment.findings if one.answer is MET or one.arguable}
                yield from [
                    one.citation
                    for one in edition.leaves
                    if one.citation in met and one.citation.startswith(f"{path.citation}.")
                ]
                yield path.dosing.citation
        yield from (one.citation for one in assessment.reasons if one.citation is not None)


_READINGS: Final = {
    number: ClauseReading(number=number, question=one.question, answer=one.answer) for number, one in READINGS.items()
}


@dataclass(frozen=True, slots=True)
class _ItemBuilder:
    """Builds the items of one checklist."""

    assessment: Assessment
    findings: dict[str, Finding]
    lit: frozenset[str]
    sources: FactSources
    request_documents: list[DocumentOnRecord]

    def path(self, path: Path) -> Item:
        return self._item(path, "path", "all_of", tuple(map(self.node, path.clauses)))

    def node(self, node: Node) -> Item:
        if isinstance(node, Leaf):
            return self.leaf(node, "criterion")
        return self._item(node, "group", node.connective, tuple(map(self.node, node.clauses)))

    def leaf(self, leaf: Leaf, kind: ItemKind) -> Item:
        return self._item(leaf, kind, None, ())

    def not_listed(self, edition: Edition) -> Item:
        return self._build(self.findings[NOT_LISTED], "not_listed", edition.not_listed)

    def _item(
        self,
        node: Leaf | Group | Path,
        kind: ItemKind,
        connective: Literal["all_of", "one_of"] | None,
        items: tuple[Item, ...],
    ) -> Item:
        needs_document = isinstance(node, Leaf) and node.documentation_required
        return self._build(self.findings[node.citation], kind, node.paraphrase, connective, items, needs_document)

    def _build(
        self,
        finding: Finding,
        kind: ItemKind,
        paraphrase: str,
        connective: Literal["all_of", "one_of"] | None = None,
        items: tuple[Item, ...] = (),
        documentation_required: bool = False,
    ) -> Item:
        facts = [
            ClauseFact(name=name, value=value, said=self.sources.of(name) if value is not None else ())
            for name, value in finding.facts.items()
            if name != _ASSESSMENT_DAY
        ]
        return Item(
            citation=finding.citation,
            kind=kind,
            paraphrase=paraphrase,
            connective=connective,
            answer=finding.answer,
            sentence=finding.sentence,
            is_lit=finding.citation in self.lit or any(map(_IS_LIT, items)),
            is_needed=finding.citation in self.assessment.needed,
            missing=finding.missing,
            facts=tuple(facts),
            documents=tuple(self.documents(finding.citation)) if self.request_documents and not items else (),
            documentation_required=documentation_required,
            readings=tuple(map(_READINGS.__getitem__, finding.readings)),
            approvable_from=finding.approvable_from,
            arguable=finding.arguable,
            items=items,
        )

    def documents(self, clause: str) -> Iterator[ClauseDocument]:
        """Yields the documents that were sent or reviewed for the clause, each with its latest review for it."""
        for one in self.request_documents:
            reviews = [review for review in one.reviews if review.clause == clause]
            if not reviews and not one.is_meant_for(clause):
                continue
            last = reviews[-1] if reviews else None
            yield ClauseDocument(
                document_id=one.document.document_id,
                name=one.document.name,
                supports=last.supports if last is not None else None,
                read_by=last.by if last is not None else None,
                read_at=last.reviewed_at if last is not None else None,
            )
