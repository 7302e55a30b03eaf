"""The interface of a ledger or an export for verification: the log, the histories, and the stored tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from domain.ledger.verification.check_bytes import Keys, Signed
from domain.ledger.verification.report import Logged, VerificationPart


class VerifiedLeaf(NamedTuple):
    """An event, and its stored leaf hash. If `entry` is None, the event of the leaf is missing."""

    entry: Logged | None
    stored: bytes | None


EditionRevision = tuple[str, int, str]
"""Review date, revision and digest, as a determination names them."""


class Source(Protocol):
    """A source is read once from start to end, and then again history by history. Unreadable parts are failures."""

    name: str

    def damage(self) -> Sequence[str]:
        """What is wrong with the files of the source, which can keep the rest from being read."""

    def keys(self, part: VerificationPart, keys: Keys) -> None:
        """Adds the keys that are stored with the source."""

    def log(self, bytes_part: VerificationPart, order_part: VerificationPart) -> Iterator[VerifiedLeaf]:
        """Every event in the order of the log, then those that are not sealed."""

    def histories(self, heads: Mapping[str, int]) -> Iterator[list[Logged]]:
        """For each of these streams, the events up to its version, oldest first."""

    def checkpoints(self, part: VerificationPart) -> Iterator[Signed]:
        """The stored checkpoints, ordered by size."""

    def subtrees(self, part: VerificationPart, size: int) -> Iterator[tuple[int, str, Iterable[tuple[int, bytes]]]]:
        """The stored subtrees above the leaves: for each level, its place in words and its numbered hashes."""

    def accesses(self, register: str, first: int, count: int) -> list[str]:
        """The stored rows of the access log from number `first` on. Fewer than `count` if some are missing."""

    def finish(
        self,
        bytes_part: VerificationPart,
        meaning_part: VerificationPart,
        size: int,
        editions: frozenset[EditionRevision],
    ) -> None:
        """Reports what is missing, and what belongs to nothing that was read."""
