"""What a verification reads, whether of a ledger or of an export: the log, histories, what was stored of the tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, Protocol

from domain.ledger.verification.check_bytes import Keys, Signed
from domain.ledger.verification.report import Logged, VerificationPart


class VerifiedLeaf(NamedTuple):
    """An event, and the leaf hash that was stored of it; without an event the leaf is of something that is lost."""

    entry: Logged | None
    stored: bytes | None


EditionRevision = tuple[str, int, str]
"""Review date, revision and digest, as a determination names them."""


class Source(Protocol):
    """Read once from beginning to end, and then again history by history. What is not readable is told as a failure."""

    name: str

    def keys(self, found: VerificationPart, keys: Keys) -> None:
        """Adds the keys that lie beside what is verified."""

    def log(self, bytes_found: VerificationPart, order_found: VerificationPart) -> Iterator[VerifiedLeaf]:
        """Every event in the order of the log, then those that are not sealed."""

    def histories(self, heads: Mapping[str, int]) -> Iterator[list[Logged]]:
        """Of each of these streams, the events through its version, oldest first."""

    def checkpoints(self, found: VerificationPart) -> Iterator[Signed]:
        """Those that were stored, by their sizes."""

    def subtrees(self, found: VerificationPart, size: int) -> Iterator[tuple[int, str, Iterable[tuple[int, bytes]]]]:
        """Level, place and numbered hashes of what was stored of the tree above its leaves."""

    def accesses(self, register: str, first: int, count: int) -> list[str]:
        """The rows of the access log from number `first` on, as they are stored: fewer where some are not there."""

    def finish(
        self,
        bytes_found: VerificationPart,
        meaning_found: VerificationPart,
        size: int,
        editions: frozenset[EditionRevision],
    ) -> None:
        """Tells of what is missing, and of what is there and belongs to nothing that was read."""
