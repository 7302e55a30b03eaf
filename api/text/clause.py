"""The explanation of a clause: its paraphrase, the facts it uses, and the readings it relies on."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from domain.errors import NotFound
from domain.facts import Facts, counted
from domain.policy.assessment import NOT_LISTED
from domain.policy.edition import Edition, Group, Leaf, Node, Path, Question
from domain.policy.readings import READINGS, Reading

CONNECTED: Final = {"all_of": "all of", "one_of": "one of"}


@dataclass(frozen=True, slots=True)
class Explanation:
    """One clause. `needs` is what it requires, `looks_at` names its facts, `clauses` are its sub-clauses in brief."""

    edition: Edition
    citation: str
    paraphrase: str
    needs: str
    looks_at: tuple[str, ...] = ()
    documentation_required: bool = False
    clauses: tuple[tuple[str, str], ...] = ()
    readings: tuple[Reading, ...] = ()

    def to_json_value(self) -> dict[str, Any]:
        return {
            "citation": self.citation,
            "edition": self.edition.key,
            "edition_revision": self.edition.revision,
            "provenance": self.edition.provenance,
            "paraphrase": self.paraphrase,
            "needs": self.needs,
            "looks_at": list(self.looks_at),
            "documentation_required": self.documentation_required,
            "clauses": [{"citation": citation, "paraphrase": words} for citation, words in self.clauses],
            "readings": [one._asdict() for one in self.readings],
        }

    def lines(self) -> Iterator[str]:
        yield f"{self.citation}  {self.paraphrase}"
        yield f"Policy version {self.edition.key}, {_provenance(self.edition)}"
        yield f"Needs: {self.needs}"
        if self.looks_at:
            yield f"Facts used: {', '.join(self.looks_at)}"
        yield from (f"  {citation}  {words}" for citation, words in self.clauses)
        yield from (f"{one.number}. {one.question}: {one.answer}" for one in self.readings)


def explain(citation: str, edition: Edition) -> Explanation:
    """Returns the clause with this citation, ignoring case and spaces. Raises NotFound with the closest citations."""
    known = {_plain(one): one for one in (*edition.by_citation, NOT_LISTED)}
    wanted = _plain(citation)
    if wanted not in known:
        nearest = [known[one] for one in difflib.get_close_matches(wanted, known, n=3, cutoff=0)]
        raise NotFound(
            f"Policy version {edition.key} has no clause {citation!r}",
            field="citation",
            remedy=f"the closest are {', '.join(nearest)}; `explain` without a citation prints all clauses",
        )
    if known[wanted] == NOT_LISTED:
        return Explanation(edition, NOT_LISTED, edition.not_listed, "applies if criterion 1 is not met")
    return _explained(edition.by_citation[known[wanted]], edition)


def outline_lines(edition: Edition) -> Iterator[str]:
    """Yields the outline as lines of text: the edition, and every clause."""
    yield f"Policy version {edition.key}, {_provenance(edition)}"
    yield from (f"{'  ' * depth}{citation}  {words}" for depth, citation, words in outline(edition))


def outline_values(edition: Edition) -> list[dict[str, Any]]:
    """Returns the outline as values. Each clause names its edition."""
    of_edition = {
        "edition": edition.key,
        "edition_revision": edition.revision,
        "provenance": edition.provenance,
    }
    return [
        {"citation": citation, "depth": depth, "paraphrase": words} | of_edition
        for depth, citation, words in outline(edition)
    ]


def outline(edition: Edition) -> Iterator[tuple[int, str, str]]:
    """Yields every clause as depth, citation and paraphrase, in document order."""
    yield 0, edition.indication.citation, edition.indication.paraphrase
    for path in edition.paths:
        yield 1, path.citation, path.paraphrase
        for clause in path.clauses:
            yield from _outlined(clause, 2)
    for path in edition.paths:
        yield 0, path.dosing.citation, path.dosing.paraphrase
    for leaf in edition.exclusions:
        yield 0, leaf.citation, leaf.paraphrase
    yield 0, NOT_LISTED, edition.not_listed


def _outlined(node: Node, depth: int) -> Iterator[tuple[int, str, str]]:
    yield depth, node.citation, node.paraphrase
    if isinstance(node, Group):
        for clause in node.clauses:
            yield from _outlined(clause, depth + 1)


def _explained(node: Node | Path, edition: Edition) -> Explanation:
    readings = tuple(READINGS[number] for number in node.readings)
    match node:
        case Leaf():
            needs = _leaf_needs(node, edition)
            looks_at = _looks_at(node, edition)
            documented = node.documentation_required
            return Explanation(edition, node.citation, node.paraphrase, needs, looks_at, documented, readings=readings)
        case Group():
            needs, looks_at = f"{CONNECTED[node.connective]} {_cited(node.clauses)}", ()
        case Path():
            needs = f"{node.scope.paraphrase.rstrip('.')}; all of {_cited(node.clauses)}"
            needs += f". Approved for {counted(node.doses, 'dose')} with the dosing of {node.dosing.citation}"
            looks_at = _looks_at(node.scope, edition)
    clauses = tuple((one.citation, one.paraphrase) for one in node.clauses)
    return Explanation(edition, node.citation, node.paraphrase, needs, looks_at, clauses=clauses, readings=readings)


def _leaf_needs(leaf: Leaf, edition: Edition) -> str:
    if leaf.documentation_required:
        return "the finding, and an attached document that a reviewer found to support it"
    if leaf in edition.exclusions:
        return "must be known not to apply"
    return leaf.paraphrase.rstrip(".").lower()


def _looks_at(leaf: Leaf, edition: Edition) -> tuple[str, ...]:
    """Returns the names of the facts that the rule uses, found by running the rule without any known fact."""
    return tuple(leaf.rule(Question(Facts(), edition.review_date, edition)).used)


def _cited(nodes: tuple[Node, ...]) -> str:
    return ", ".join(node.citation for node in nodes)


def _provenance(edition: Edition) -> str:
    return "from the text" if edition.provenance == "text" else "reconstructed from the history table"


def _plain(citation: str) -> str:
    return re.sub(r"\s+", "", citation).casefold()
