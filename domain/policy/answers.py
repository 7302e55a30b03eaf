"""Answers with three values (met, not met, undetermined), which are combined by Kleene's logic.

A missing fact never means "no". Using an answer as a bool raises TypeError, because "undetermined" is neither true nor
false.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NoReturn


class Answer(StrEnum):
    MET = "met"
    NOT_MET = "not_met"
    UNDETERMINED = "undetermined"

    def __bool__(self) -> NoReturn:
        raise TypeError("an answer has three values: compare it with MET, NOT_MET or UNDETERMINED")


MET, NOT_MET, UNDETERMINED = Answer.MET, Answer.NOT_MET, Answer.UNDETERMINED


def answer_of(known: bool | None) -> Answer:
    """The answer for a bool that may be unknown (None)."""
    return UNDETERMINED if known is None else MET if known is True else NOT_MET


def all_of(answers: Iterable[Answer]) -> Answer:
    """Kleene conjunction: not met if one answer is not met, else undetermined if one is undetermined.

    >>> all_of([MET, UNDETERMINED]), all_of([NOT_MET, UNDETERMINED])
    (<Answer.UNDETERMINED: 'undetermined'>, <Answer.NOT_MET: 'not_met'>)
    """
    seen = tuple(answers)
    return NOT_MET if NOT_MET in seen else UNDETERMINED if UNDETERMINED in seen else MET


def one_of(answers: Iterable[Answer]) -> Answer:
    """Kleene disjunction: met if one answer is met, else undetermined if one is undetermined."""
    seen = tuple(answers)
    return MET if MET in seen else UNDETERMINED if UNDETERMINED in seen else NOT_MET


def not_(answer: Answer) -> Answer:
    return NOT_MET if answer is MET else MET if answer is NOT_MET else UNDETERMINED
