"""Seals a ledger: the events of the log become leaves of a tree, and the head of the tree is signed and published.

    log → leaves and subtrees (one transaction a batch) → signer's folder → checkpoint stored → published

If the process is killed at any step, the next start continues. Any process numbers the leaves in the order of the
commits. Only a stored tree is signed. The signer saves a note before anything else gets it, and the note is stored
and published later if that had not happened yet.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from time import monotonic, sleep
from typing import Final
from uuid import UUID

from domain.events.appeals import AppealDecided
from domain.events.requests import NoticeIssued
from domain.ledger.reader import LedgerReader
from domain.ledger.sealing.origins import Origins
from domain.ledger.sealing.publishing import publish
from domain.ledger.sealing.signer import NotConsistent, Signer, check_continues
from domain.ledger.sealing.store import LeaseHeldElsewhere, SealStore, StoredCheckpoint, StoredLeaf
from domain.seal.checkpoints import Checkpoint, read_checkpoint
from domain.seal.entries import HEADER
from domain.seal.merkle import Frontier, Subtree, consistency_path, inclusion_path, leaf_hash
from domain.seal.notes import read_note
from domain.seal.proofs import ConsistencyProof, InclusionProof

BATCH: Final = 1_000
"""The most events that are sealed in one transaction."""

AT_ONCE: Final = frozenset({NoticeIssued.TOPIC, AppealDecided.TOPIC})
"""Topics of events that inform people of a determination. They get a checkpoint at once."""

_HEAD: Final = f"{HEADER}\n".encode()


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint, and its signed note."""

    checkpoint: Checkpoint
    note: str

    @classmethod
    def of(cls, note: str) -> SignedCheckpoint:
        return cls(read_checkpoint(read_note(note).text), note)


@dataclass(frozen=True, slots=True)
class SealedPlace:
    """The leaf of an event, and the first checkpoint that covers it, or None if there is none yet."""

    leaf_index: int
    checkpoint: SignedCheckpoint | None


class Sealing:
    """Seals and signs one ledger. Safe for threads and several processes: one seals at a time.

    `published_in` is the folder to which checkpoints are published, or None.
    """

    def __init__(self, ledger: LedgerReader, signer: Signer, published_in: Path | None = None) -> None:
        self._ledger = ledger
        self._signer = signer
        self._published_in = published_in
        self._one_at_a_time = RLock()
        self._holder = os.urandom(8).hex()
        self._tree = Frontier()
        self._position = 0
        self.store = SealStore(ledger.recorder.datastore)
        self.origins = Origins(ledger)
        self._unpublished: dict[tuple[str, int], str] = {}
        self.not_published: str | None = None
        self._has_signed = False
        self.refusal: str | None = None
        """Why sealing or signing is refused now, for monitoring; None if nothing is wrong."""
        self.waits_for_store = False
        """Whether the refusal is only that the store does not answer, which readiness finds out by itself."""

    @property
    def position(self) -> int:
        """The log position of the last event that is sealed, as far as this process knows."""
        return self._position

    # -- sealing --------------------------------------------------------------------------------

    def seal(self) -> frozenset[str]:
        """Seals all events of the log. Returns the topics of the sealed events. Raises LeaseIsAnothers."""
        return self._seal(release=True)

    def _seal(self, *, release: bool) -> frozenset[str]:
        sealed: set[str] = set()
        with self._one_at_a_time:
            while topics := self._seal_batch(release):
                sealed |= topics
        return frozenset(sealed)

    def _seal_batch(self, release: bool) -> frozenset[str]:
        self._catch_up()
        rows = self._ledger.recorder.log(self._position, BATCH)
        if not rows:
            return frozenset()
        plain, tree = self._ledger.events.mapper.plain_state, Frontier(self._tree.size, self._tree.subtrees)
        leaves: list[tuple[int, bytes]] = []
        completed: list[Subtree] = []
        for position, stream, version, topic, state in rows:
            # The same bytes as an entry of `domain.seal.entries`, written here because this line decides the speed.
            hash = leaf_hash(
                b"%b%b\n%d\n%b\n\n%b" % (_HEAD, str(stream).encode(), version, topic.encode(), plain(state))
            )
            leaves.append((position, hash))
            completed += tree.append(hash)
        is_last = release and len(rows) < BATCH
        self.store.append(self._holder, self._tree.size, leaves, completed, release=is_last)
        self._tree, self._position = tree, rows[-1][0]
        return frozenset(row[3] for row in rows)

    def _catch_up(self) -> None:
        """Reads the tree from the store if other processes sealed events, or if this process has just started."""
        last = self.store.last()
        size, position = (last.number + 1, last.position) if last is not None else (0, 0)
        if (size, position) != (self._tree.size, self._position):
            self._tree, self._position = Frontier.of(size, self.store.read), position

    # -- signing --------------------------------------------------------------------------------

    def sign(self, *, in_place_of_another: bool = False) -> SignedCheckpoint:
        """Signs a checkpoint over all sealed events, stores it, and publishes it.

        Raises NotConsistent, LeaseIsAnothers, and StoreError if the signer's folder can't be used, or if another key
        seals this ledger and `in_place_of_another` does not allow a new one.
        """
        with self._one_at_a_time:
            self.store.take_lease(self._holder)
            try:
                self.origins.name_key(self._signer, in_place_of_another=in_place_of_another)
                self._catch_up()
                # Keep the lease, so that no other process signs in between.
                self._seal(release=False)
                return self._signed()
            finally:
                self.store.release(self._holder)

    def _signed(self) -> SignedCheckpoint:
        origin = self.origins.current()
        last = self._signer.last()
        if last is None and (stored := self.store.newest(origin)) is not None:
            # This signer is on another machine, or its folder was lost. It must at least not contradict the store.
            check_continues(SignedCheckpoint.of(stored.note).checkpoint, self._head(origin), self._path)
        if last is not None and last[1].origin == origin and last[1].size <= self._tree.size:
            # The process may have been killed after it signed, so store and publish the signed note.
            self._keep(last[0], last[1])
        note = self._signer.sign(self._head(origin), self._path)
        signed = SignedCheckpoint.of(note)
        self._has_signed = True
        self._keep(note, signed.checkpoint)
        return signed

    def _head(self, origin: str) -> Checkpoint:
        return Checkpoint(origin, self._tree.size, self._tree.root(), self.origins.extension())

    def _path(self, old: int, new: int) -> Sequence[bytes]:
        return consistency_path(old, new, self.store.read)

    def _keep(self, note: str, checkpoint: Checkpoint) -> None:
        stored = StoredCheckpoint(checkpoint.origin, checkpoint.size, note, self._ledger.now())
        self.store.store_checkpoint(self._holder, stored)
        self._unpublished[checkpoint.origin, checkpoint.size] = note
        self.publish()

    def publish(self) -> None:
        """Publishes signed checkpoints that are not published yet. An error is reported, and they are tried again."""
        with self._one_at_a_time:
            for place, note in list(self._unpublished.items()):
                if self._published_in is not None:
                    try:
                        publish(self._published_in, note, read_checkpoint(read_note(note).text))
                    except OSError as error:
                        # The checkpoint is stored, so sealing does not wait for the folder.
                        self.not_published = f"{self._published_in} can't be written: {error.strerror}"
                        return
                del self._unpublished[place]
            self.not_published = None

    def seal_now(self, patience: float = 20.0, *, in_place_of_another: bool = False) -> SignedCheckpoint:
        """Seals and signs everything recorded so far. Waits up to `patience` seconds for another process that seals.

        Raises what `sign` raises.
        """
        return self._in_turn(lambda: (self.seal(), self.sign(in_place_of_another=in_place_of_another))[1], patience)

    def _in_turn(self, work: Callable[[], SignedCheckpoint], patience: float) -> SignedCheckpoint:
        deadline = monotonic() + patience
        while True:
            try:
                return work()
            except LeaseHeldElsewhere:
                if monotonic() > deadline:
                    raise
                sleep(0.05)

    def lost_folder(self) -> str | None:
        """Why the signer can't go on, if the folder with what it signed is missing; None if it is in place."""
        folder = self._signer.folder
        if not self._has_signed or self._signer.has_signed():
            return None
        return f"The signer's folder {folder.name} is missing, or has no checkpoint: restore it from its backup"

    def would_refuse(self) -> str | None:
        """Why the signer would refuse to sign the sealed events now; None if it would sign."""
        last = self._signer.last()
        if last is None:
            return None
        with self._one_at_a_time:
            self._catch_up()
            try:
                check_continues(last[1], self._head(self.origins.current()), self._path)
            except NotConsistent as refused:
                return str(refused)
        return None

    # -- reading --------------------------------------------------------------------------------

    def place_of(self, stream: UUID, version: int) -> SealedPlace | None:
        """The place of an event in the tree; None if it is not sealed yet."""
        leaf = self.store.leaf_of(stream, version)
        if leaf is None:
            return None
        covering = self.store.covering(self.origins.current(), leaf.number)
        return SealedPlace(leaf.number, SignedCheckpoint.of(covering.note) if covering is not None else None)

    def leaves(self, first: int, count: int) -> list[StoredLeaf]:
        return self.store.leaves(first, count)

    def newest(self) -> SignedCheckpoint | None:
        stored = self.store.newest(self.origins.current())
        return SignedCheckpoint.of(stored.note) if stored is not None else None

    def proof_of(self, leaf: int, under: SignedCheckpoint) -> InclusionProof:
        """The proof that a leaf is in the tree of a checkpoint. Raises OutsideTree if the leaf is not in it."""
        return InclusionProof(leaf, tuple(inclusion_path(leaf, under.checkpoint.size, self.store.read)), under.note)

    def consistency(self, old_size: int, under: SignedCheckpoint) -> ConsistencyProof:
        """The proof that the checkpoint's tree starts with the tree of `old_size` leaves. Raises OutsideTree."""
        path = consistency_path(old_size, under.checkpoint.size, self.store.read)
        return ConsistencyProof(old_size, tuple(path), under.note)


__all__ = ["AT_ONCE", "LeaseHeldElsewhere", "NotConsistent", "SealedPlace", "Sealing", "SignedCheckpoint"]
