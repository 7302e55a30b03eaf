"""Where in the sealed log a determination is, as a letter says it."""

from __future__ import annotations

from dataclasses import dataclass

from domain.ledger.sealing.sealing import Place


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


def seal_words(place: Place | None) -> SealWords | None:
    if place is None:
        return None
    under = place.checkpoint.checkpoint if place.checkpoint is not None else None
    return SealWords(place.leaf_index, under.origin if under else None, under.size if under else None)
