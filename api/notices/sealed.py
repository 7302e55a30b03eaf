"""The place of a determination in the sealed log, as a letter states it."""

from __future__ import annotations

from dataclasses import dataclass

from domain.facts import counted
from domain.ledger.sealing.sealing import SealedPlace
from projections.letters import Letter


@dataclass(frozen=True, slots=True)
class SealWords:
    """A leaf of the log. `size` and `origin` are of the first checkpoint that covers it; null until it is signed."""

    leaf_index: int
    origin: str | None
    size: int | None

    def rows(self) -> tuple[tuple[str, str], ...]:
        checkpoint = (
            f"the checkpoint of {counted(self.size, 'leaf', 'leaves')} of {self.origin}"
            if self.size is not None
            else "none that is signed"
        )
        return (("Leaf", str(self.leaf_index)), ("Checkpoint", checkpoint))


def seal_words(place: SealedPlace | None) -> SealWords | None:
    """Returns the place in words, or None if the determination is not sealed yet."""
    if place is None:
        return None
    first = place.checkpoint.checkpoint if place.checkpoint is not None else None
    return SealWords(place.leaf_index, first.origin if first else None, first.size if first else None)


def rows_of(letter: Letter, seal: SealWords | None) -> tuple[tuple[str, str], ...]:
    """Returns the event number and the seal of what the letter reports, to check that nothing was altered."""
    event = ("Event", f"number {letter.version} of this history")
    return (event, *(seal.rows() if seal is not None else (("Sealed", "not yet: within a minute, as a rule"),)))
