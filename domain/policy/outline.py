"""How a policy is written down: clauses with citations, three-valued answers, Kleene logic.

An edition is an outline of `Leaf` and `Group` nodes. Every node is always judged; no
missing fact is ever read as "no"; and an answer refuses to be used as a bool, because
"undetermined" is neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cache, update_wrapper
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, NoReturn

from pydantic import JsonValue

from domain.facts import Facts

if TYPE_CHECKING:
    from domain.policy.edition import Edition


class Answer(StrEnum):
    MET = "met"
    NOT_MET = "not_met"
    UNDETERMINED = "undetermined"

    def __bool__(self) -> NoReturn:
        raise TypeError("an answer has three values: compare it with MET, NOT_MET or UNDETERMINED")


MET, NOT_MET, UNDETERMINED = Answer.MET, Answer.NOT_MET, Answer.UNDETERMINED


def answer_of(known: bool | None) -> Answer:
    """Three values from a bool that may be unknown."""
    return UNDETERMINED if known is None else MET if known is True else NOT_MET


def all_of(answers: Iterable[Answer]) -> Answer:
    """Kleene conjunction: one "no" decides, and an unknown keeps it open.

    >>> all_of([MET, UNDETERMINED]), all_of([NOT_MET, UNDETERMINED])
    (<Answer.UNDETERMINED: 'undetermined'>, <Answer.NOT_MET: 'not_met'>)
    """
    seen = tuple(answers)
    return NOT_MET if NOT_MET in seen else UNDETERMINED if UNDETERMINED in seen else MET


def one_of(answers: Iterable[Answer]) -> Answer:
    """Kleene disjunction: one "yes" decides, and an unknown keeps it open."""
    seen = tuple(answers)
    return MET if MET in seen else UNDETERMINED if UNDETERMINED in seen else NOT_MET


def not_(answer: Answer) -> Answer:
    return NOT_MET if answer is MET else MET if answer is NOT_MET else UNDETERMINED


NOTHING: Final[Mapping[str, JsonValue]] = MappingProxyType({})


class Judged(NamedTuple):
    """What a leaf answers: the value, a sentence for people, and what it rests on.

    `approvable_from` is the day on which time alone turns a "no" into a "yes" (R4).
    `arguable`: not met on our reading alone, which the text does not state (R11, R12).
    """

    answer: Answer
    sentence: str
    used: Mapping[str, JsonValue] = NOTHING
    missing: tuple[str, ...] = ()
    approvable_from: date | None = None
    arguable: bool = False


Rule = Callable[["Question"], Judged]


class Stated:
    """A rule that looks at a few stated facts and at nothing else: it answers each combination of their values once.

    Only for facts of a few values, yes or no or one of a list, so that what is kept stays small.
    """

    def __init__(self, facts: tuple[str, ...], answer: Callable[..., Judged]) -> None:
        self._read = attrgetter(*facts)
        self._answer: Callable[..., Judged] = cache(answer if len(facts) == 1 else lambda values: answer(*values))
        update_wrapper(self, answer)

    def __call__(self, question: Question) -> Judged:
        return self._answer(self._read(question.facts))


def stated(*facts: str) -> Callable[[Callable[..., Judged]], Stated]:
    """Makes a rule of a function of these facts, each by its place: `aggressive_disease.mri.finding`."""
    return lambda answer: Stated(facts, answer)


@dataclass(frozen=True, slots=True)
class Question:
    """One judgement: these facts, on this day, under this edition.

    `worked_out` keeps what several leaves need and none should work out again; it belongs to this question
    alone, and `replace` begins a new one.
    """

    facts: Facts
    as_of: date
    edition: Edition
    worked_out: dict[str, Any] = field(init=False, compare=False, repr=False, default_factory=dict)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A clause that one named function judges.

    `revision` is raised when its rule is mended; it is part of the edition's digest.
    """

    citation: str
    paraphrase: str
    rule: Rule
    readings: tuple[str, ...] = ()
    documentation_required: bool = False
    revision: int = 1


@dataclass(frozen=True, slots=True)
class Group:
    """A clause that its sub-clauses decide."""

    citation: str
    paraphrase: str
    connective: Literal["all_of", "one_of"]
    clauses: tuple[Node, ...]
    readings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Path:
    """One of the two ways to coverage: a scope that the history decides (R1), and criteria.

    `doses` is what one approval on this path is for; `dosing` cites the path's regimen.
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
    """A clause and everything under it, in the order of the document."""
    yield node
    if isinstance(node, Group):
        for clause in node.clauses:
            yield from walk(clause)
