"""A figure of the benchmark: the ratio of two sides, its interval, and what it says of its goal.

Each round measures both sides, so the ratio is taken within a round, where the machine was the
same to both; the figure is the median of these ratios. Its interval is of order statistics: it
covers the true median with at least 95 %, whatever the ratios are distributed like.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from math import comb
from statistics import median
from typing import Any, Final, Literal

Verdict = Literal["met", "undecided", "short", "absent"]

ROUNDS_MIN: Final = 7
CONFIDENCE: Final = 0.95


@dataclass(frozen=True, slots=True)
class Goal:
    """At least so much, or with `at_most` not more than so much; a ratio on the goal meets it."""

    value: float
    at_most: bool = False

    def __str__(self) -> str:
        return f"{'≤' if self.at_most else '≥'} {self.value:g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One row. `verdict` is None where there is no goal to reach, and the ratio is only reported.

    `beside` holds what belongs to the row but is not the ratio: times, statements, pages read.
    """

    work: str
    ratio: float | None
    low: float | None
    high: float | None
    goal: Goal | None
    verdict: Verdict | None
    beside: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        told = {name: value for name, value in asdict(self).items() if name not in ("goal", "beside")}
        goal = None if self.goal is None else self.goal.value
        at_most = {"goal_is": "at most"} if self.goal is not None and self.goal.at_most else {}
        return {**told, "goal": goal, **at_most, **self.beside}


def figure(work: str, ratios: Sequence[float], goal: Goal | None = None, **beside: Any) -> Figure:
    """Raises ValueError for fewer rounds than an interval needs."""
    low, high = interval(ratios)
    verdict = None if goal is None else verdict_of(low, high, goal)
    beside = {"rounds": len(ratios), "spread": [min(ratios), max(ratios)], **beside}
    return Figure(work, median(ratios), low, high, goal, verdict, beside)


def absent(work: str, reason: str, goal: Goal | None = None) -> Figure:
    return Figure(work, None, None, None, goal, "absent", {"note": reason})


def verdict_of(low: float, high: float, goal: Goal) -> Verdict:
    if goal.at_most:
        low, high, value = -high, -low, -goal.value
    else:
        value = goal.value
    if low >= value:
        return "met"
    return "short" if high < value else "undecided"


def interval(values: Sequence[float]) -> tuple[float, float]:
    """The narrowest pair of order statistics, as far from one end as from the other, that covers the median."""
    number = len(values)
    if number < ROUNDS_MIN:
        raise ValueError(f"{number} rounds are too few for an interval: measure at least {ROUNDS_MIN}")
    ordered = sorted(values)
    left_out = max(one for one in range(number // 2) if _covers(number, one))
    return ordered[left_out], ordered[-1 - left_out]


def _covers(number: int, left_out: int) -> bool:
    """Whether the median is outside of the rest with at most what the confidence leaves."""
    outside = 2 * sum(comb(number, one) for one in range(left_out + 1)) / 2**number
    return outside <= 1 - CONFIDENCE


def paired(of: Sequence[float], to: Sequence[float]) -> list[float]:
    """The ratio of each round."""
    return [ours / theirs for ours, theirs in zip(of, to, strict=True)]
