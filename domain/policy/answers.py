"""Answers have three values, met, not met and undetermined, combined by Kleene's logic.

No missing fact is ever read as "no", and an answer refuses to be used as a bool, because
"undetermined" is neither.
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
