"""Where in the sealed log a determination is, as a letter says it."""

from __future__ import annotations

from dataclasses import dataclass

from domain.ledger.sealing.sealing import SealedPlace
from projections.letters import Letter


@dataclass(frozen=True, slots=True)
class SealWords:
    """`size` and `origin` are those of the first checkpoint over the leaf; both null until one is signed."""

    leaf_index: int
    origin: str | None
    size: int | None

    def rows(self) -> tuple[tuple[str, str], ...]:
        under = (
            f"the checkpoint of {self.size} leaves of {self.origin}" if self.size is not None else "none that is signed"
        )
        return (("Leaf", str(self.leaf_index)), ("Checkpoint", under))


def seal_words(place: SealedPlace | None) -> SealWords | None:
    if place is None:
        return None
    under = place.checkpoint.checkpoint if place.checkpoint is not None else None
    return SealWords(place.leaf_index, under.origin if under else None, under.size if under else None)


def rows_of(letter: Letter, seal: SealWords | None) -> tuple[tuple[str, str], ...]:
    """Where the record holds what the letter tells of, for whoever wants to check that nothing was altered."""
    event = ("Event", f"number {letter.version} of this history")
    return (event, *(seal.rows() if seal is not None else (("Sealed", "not yet: within a minute, as a rule"),)))
