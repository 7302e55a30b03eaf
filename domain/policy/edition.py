"""The structure of an edition of the policy: clauses with citations, paths, parameters, and a digest.

An edition is an outline of `Leaf` and `Group` nodes. Every node is always assessed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import cache, cached_property, update_wrapper
from operator import attrgetter
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from pydantic import JsonValue
from pydantic_core import to_json

from domain.facts import Facts, PossibleTreatment
from domain.policy.agents import ListedAgents, listed_agents
from domain.policy.answers import Answer
from domain.policy.treatment_standing import TreatmentStatus, treatment_status

NOTHING: Final[Mapping[str, JsonValue]] = MappingProxyType({})


class RuleAnswer(NamedTuple):
    """The answer of a leaf, with a sentence, the facts it is based on (`used`), and the facts that are missing.

    `approvable_from` is the day on which time alone makes the clause met (R4). `arguable`: the clause is not met only
    because of our reading, which the text of the policy does not state, so it is open to judgment (R11, R12).
    """

    answer: Answer
    sentence: str
    used: Mapping[str, JsonValue] = NOTHING
    missing: tuple[str, ...] = ()
    approvable_from: date | None = None
    arguable: bool = False


Rule = Callable[["Question"], RuleAnswer]


class Stated:
    """A rule that depends only on a few stated facts. The answer to each combination of their values is cached.

    Only for facts with few values (yes or no, or one of a list), so that the cache stays small. `values` reads the
    values from the facts, and `answer` takes them as arguments.
    """

    def __init__(self, facts: tuple[str, ...], answer: Callable[..., RuleAnswer]) -> None:
        self.values: Callable[[Facts], Hashable] = attrgetter(*facts)
        self.answer: Callable[..., RuleAnswer] = cache(answer if len(facts) == 1 else lambda values: answer(*values))
        update_wrapper(self, answer)

    def __call__(self, question: Question) -> RuleAnswer:
        return self.answer(self.values(question.facts))


def stated(*facts: str) -> Callable[[Callable[..., RuleAnswer]], Stated]:
    """Makes a rule from a function of these facts. Each is named by its path: `aggressive_disease.mri.finding`."""
    return lambda answer: Stated(facts, answer)


@dataclass(frozen=True)
class Question:
    """The input of an assessment: the facts, the day of the assessment, and the edition.

    With a `life`, the treatment is that one, of several that fit the record (R27).
    """

    facts: Facts
    as_of: date
    edition: Edition
    life: PossibleTreatment | None = None

    @cached_property
    def treatment(self) -> TreatmentStatus:
        """The treatment so far on this day, which many rules use."""
        return treatment_status(self.facts, self.as_of, self.edition.parameters.years_between_courses, self.life)

    @cached_property
    def possible(self) -> tuple[Question, ...]:
        """The question for each treatment that fits the record: this one, if only one does."""
        if self.life is not None or not self.facts.prior_treatment.possible:
            return (self,)
        return tuple(replace(self, life=one) for one in self.facts.prior_treatment.possible)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A clause with a rule of its own.

    `revision` is increased when the rule is corrected. It is part of the edition's digest.
    """

    citation: str
    paraphrase: str
    rule: Rule
    readings: tuple[str, ...] = ()
    documentation_required: bool = False
    revision: int = 1


@dataclass(frozen=True, slots=True)
class Group:
    """A clause that its sub-clauses decide, together (`all_of`) or alternatively (`one_of`)."""

    citation: str
    paraphrase: str
    connective: Literal["all_of", "one_of"]
    clauses: tuple[Node, ...]
    readings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Path:
    """One of the two paths to approval: a scope that the history decides (R1), and criteria.

    `doses` is the number of doses of one approval on this path. `dosing` is the clause of its regimen.
    """

    letter: Literal["A", "B"]
    citation: str
    paraphrase: str
    scope: Leaf
    clauses: tuple[Node, ...]
    doses: int
    dosing: Leaf
    readings: tuple[str, ...] = ()


Node = Leaf | Group


def walk(node: Node) -> Iterator[Node]:
    """A clause and all clauses under it, in the order of the document."""
    yield node
    if isinstance(node, Group):
        for clause in node.clauses:
            yield from walk(clause)


@dataclass(frozen=True, slots=True)
class Parameters:
    """The numbers of the policy. Their names state the units."""

    age_min_years: int = 17
    years_between_courses: int = 1
    mg_per_day: float = 12
    route: str = "intravenous"
    approval_valid_days: int = 30
    start_within_days: int = 30
    disease_modifying_agents_min: int = 2


@dataclass(frozen=True)
class Edition:
    """The policy as of a review date.

    `provenance` states whether the edition is from its own text or was reconstructed from the history table of a newer
    text. `appendix_names` and `one_agent_names` are the agents of the appendix and of 1.A.iii.b as this edition names
    them. Agents are matched by the ingredient and route of these names (R12). `facts_revision` states how the facts for
    its rules are derived from the record: the facts of a determination on record are derived again as they were.
    """

    review_date: date
    revision: int
    provenance: Literal["text", "reconstructed"]
    title: str
    parameters: Parameters
    appendix_names: tuple[str, ...]
    one_agent_names: tuple[str, ...]
    indication: Leaf
    paths: tuple[Path, Path]
    exclusions: tuple[Leaf, ...]
    not_listed: str
    facts_revision: int = 2

    @cached_property
    def key(self) -> str:
        return self.review_date.isoformat()

    def nodes(self) -> tuple[Node | Path, ...]:
        """Every clause of the edition once, in the order of the document."""
        return self._all_nodes

    @cached_property
    def _all_nodes(self) -> tuple[Node | Path, ...]:
        return tuple(self._nodes_of_document())

    def _nodes_of_document(self) -> Iterator[Node | Path]:
        yield self.indication
        for path in self.paths:
            yield path
            for clause in path.clauses:
                yield from walk(clause)
        for path in self.paths:
            yield path.dosing
        yield from self.exclusions

    @cached_property
    def leaves(self) -> tuple[Leaf, ...]:
        """Every leaf of `nodes`, which excludes the scopes of the paths."""
        return tuple(node for node in self.nodes() if isinstance(node, Leaf))

    @cached_property
    def criteria(self) -> dict[str, str]:
        """For each clause of a path's criteria, by citation, the citation of the top criterion that it is under."""
        return {
            node.citation: clause.citation for path in self.paths for clause in path.clauses for node in walk(clause)
        }

    @cached_property
    def rules(self) -> tuple[tuple[Rule, ...], tuple[tuple[str, int], ...]]:
        """The distinct rules of `leaves`, and for each leaf its citation with the index of its rule."""
        rules = tuple(dict.fromkeys(leaf.rule for leaf in self.leaves))
        return rules, tuple((leaf.citation, rules.index(leaf.rule)) for leaf in self.leaves)

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """Every group, after the groups that are part of it."""
        return tuple(node for node in reversed(self.nodes()) if isinstance(node, Group))

    @cached_property
    def appendix(self) -> ListedAgents:
        return listed_agents(self.appendix_names)

    @cached_property
    def one_agent_suffices(self) -> ListedAgents:
        return listed_agents(self.one_agent_names)

    @cached_property
    def by_citation(self) -> dict[str, Node | Path]:
        return {node.citation: node for node in self.nodes()}

    def revised(self, revision: int, *leaves: Leaf, facts_revision: int | None = None) -> Edition:
        """This edition with another revision number, and with these leaves in place of those with their citations.

        `facts_revision` is that of this edition, unless another one is given.

        A file uses this to keep an earlier revision after a rule was corrected: `EDITION.revised(1, <the old leaf>)`.
        A leaf with the citation of a path replaces its scope. Raises ValueError for a leaf that the edition does not
        have.
        """
        by_citation = {leaf.citation: leaf for leaf in leaves}
        if unknown := sorted(by_citation.keys() - {one.citation for one in self.nodes() if not isinstance(one, Group)}):
            raise ValueError(f"edition {self.key} has no leaf {', '.join(unknown)}")
        first, second = (_revised_path(path, by_citation) for path in self.paths)
        return replace(
            self,
            revision=revision,
            facts_revision=self.facts_revision if facts_revision is None else facts_revision,
            indication=by_citation.get(self.indication.citation, self.indication),
            paths=(first, second),
            exclusions=tuple(by_citation.get(one.citation, one) for one in self.exclusions),
        )

    def path(self, letter: Literal["A", "B"]) -> Path:
        return self.paths[0] if letter == "A" else self.paths[1]

    @cached_property
    def digest(self) -> str:
        """SHA-256 over citations, connectives, parameters, agents, readings and leaf revisions, without sentences."""
        return hashlib.sha256(self.digested()).hexdigest()

    def digested(self) -> bytes:
        """The input of the digest, as JSON."""
        return to_json(self._outline())

    def _outline(self) -> dict[str, object]:
        return {
            "review_date": self.key,
            "revision": self.revision,
            "provenance": self.provenance,
            "parameters": asdict(self.parameters),
            "appendix": [sorted(self.appendix_names), sorted(self.appendix)],
            "one_agent_suffices": [sorted(self.one_agent_names), sorted(self.one_agent_suffices)],
            "clauses": [_outline_of(node) for node in self.nodes()],
            "scopes": [_outline_of(path.scope) for path in self.paths],
            "not_listed": "NR.5",
            **({} if self.facts_revision == 1 else {"facts_revision": self.facts_revision}),
        }


def _revised_path(path: Path, leaves: Mapping[str, Leaf]) -> Path:
    return replace(
        path,
        scope=leaves.get(path.citation, path.scope),
        clauses=tuple(_revised(clause, leaves) for clause in path.clauses),
        dosing=leaves.get(path.dosing.citation, path.dosing),
    )


def _revised(node: Node, leaves: Mapping[str, Leaf]) -> Node:
    if isinstance(node, Group):
        return replace(node, clauses=tuple(_revised(clause, leaves) for clause in node.clauses))
    return leaves.get(node.citation, node)


def _outline_of(node: Node | Path) -> list[object]:
    match node:
        case Leaf():
            return [node.citation, "leaf", node.revision, node.documentation_required, *node.readings]
        case Group():
            return [node.citation, node.connective, *(clause.citation for clause in node.clauses), *node.readings]
        case Path():
            return [node.citation, "all_of", node.doses, *(clause.citation for clause in node.clauses), *node.readings]
