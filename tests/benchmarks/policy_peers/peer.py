"""What a peer offers to the benchmark."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


class PeerAbsent(Exception):
    """The peer cannot be installed or started here; the text says why."""


@dataclass(frozen=True)
class Peer:
    """Another engine that was given the same policy and the same cases.

    `agreement` counts the cases whose whole answer is as expected, and all cases; `differences` has a line for
    each of the others. `seconds` runs one warm round over all cases and gives the median of an assessment.
    """

    name: str
    agreement: tuple[int, int]
    differences: list[str]
    seconds: Callable[[], float]
    close: Callable[[], None] = lambda: None

    @property
    def agrees(self) -> bool:
        return self.agreement[0] == self.agreement[1]
