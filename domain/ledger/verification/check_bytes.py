"""Checks bytes: the tree is rebuilt from the events, and everything that was signed or stored is compared with it.

A root that is computed from all leaves proves more than a consistency proof. The tree of every checkpoint is the
start of this tree, so its root is compared when the rebuilt tree has the size of the checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from heapq import merge
from typing import Final, NamedTuple
from uuid import UUID

from domain.events import STORED_EVENTS
from domain.events.system import SealingKeyNamed, SealStarted
from domain.ledger.verification.report import Logged, VerificationFailure, VerificationPart, about
from domain.seal.checkpoints import Checkpoint, read_checkpoint
from domain.seal.entries import HEADER, LogEntry
from domain.seal.errors import Malformed, SealError
from domain.seal.merkle import Frontier, node_hash, root_of
from domain.seal.notes import Note, VerifyingKey, open_note, read_note, read_verifying_key
from domain.seal.tiles import HEIGHT, WIDTH

_TOPICS: Final = frozenset(one.TOPIC for one in STORED_EVENTS)

WAITING_MAX: Final = 1_000
"""The most checkpoints whose signatures wait to be checked. The event that names a key may come after its first use."""


class Signed(NamedTuple):
    """A checkpoint with its note. `place` is where it was found. `is_given` is true for an independent checkpoint."""

    size: int
    place: str
    note: str
    checkpoint: Checkpoint
    signatures: int
    is_given: bool


def read_signed(content: str | bytes, place: str, *, is_given: bool) -> Signed:
    """Parses a checkpoint, without checking its signatures. Raises SealError if it is malformed."""
    note: Note = read_note(content)
    checkpoint = read_checkpoint(note.text)
    return Signed(checkpoint.size, place, note.encoded(), checkpoint, len(note.signatures), is_given)


@dataclass(slots=True)
class Keys:
    """The keys that may sign. The ledger's statements about its own keys prove nothing; `given` is independent.

    A later key is trusted if a trusted key signed a tree in which an event names the later key as its successor.
    """

    given: VerifyingKey | None = None
    known: list[VerifyingKey] = field(default_factory=list)
    origins: set[str] = field(default_factory=set)
    trusted: set[str] = field(default_factory=set)
    successions: list[tuple[int, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.given is not None:
            self.add(self.given)
            self.trusted.add(self.given.text())

    def add(self, key: VerifyingKey) -> None:
        if key not in self.known:
            self.known.append(key)

    def named(self, event: SealStarted | SealingKeyNamed, leaf: int) -> None:
        """Adds the origin or key that the event at this leaf names. Raises Malformed if the key is malformed."""
        if isinstance(event, SealStarted):
            self.origins.add(event.origin)
            return
        self.add(read_verifying_key(event.verifier_key))
        if event.replaces is not None:
            self.successions.append((leaf, event.replaces, event.verifier_key))

    def signed_by(self, signed: Signed) -> tuple[VerifyingKey, ...]:
        """The known keys that signed a checkpoint. Raises SealError if there are none, or if a signature is invalid."""
        _, signers = open_note(signed.note, self.known)
        if not self.trusted.isdisjoint(key.text() for key in signers):
            for leaf, old, new in self.successions:
                if leaf < signed.size and old in self.trusted:
                    self.trusted.add(new)
        return signers


class BytesCheck:
    """The check of the bytes. It takes every event in the order of the log, and then the stored hashes of the tree."""

    def __init__(self, part: VerificationPart, keys: Keys, stored: Iterable[Signed], given: Iterable[Signed]) -> None:
        self.part = part
        self.keys = keys
        self.size = 0
        self._leaves: list[bytes] = []
        self._full = Frontier()
        self.levels: list[list[bytes]] = []
        self.last: Signed | None = None
        self.last_signers: tuple[VerifyingKey, ...] = ()
        self._expected: Iterator[Signed] = merge(stored, given, key=lambda one: one.size)
        self._next = next(self._expected, None)
        self._waiting: list[tuple[Signed, bytes | None]] = []
        self._note_roots()

    def take(self, entry: Logged, stored: bytes | None) -> bytes:
        """Adds the leaf of an event, compares it with the `stored` leaf hash, and returns its hash."""
        leaf = leaf_hash_of(entry)
        if leaf != stored:
            what = (
                "its stored content differs from the sealed content" if stored is not None else "its leaf is not stored"
            )
            self.part.fail(about(what, entry))
        self.grow(leaf)
        return leaf

    def grow(self, leaf: bytes) -> None:
        """Adds a leaf by its hash. If the event of a leaf is missing, only the stored hash is available."""
        self.size += 1
        self._leaves.append(leaf)
        if len(self._leaves) == WIDTH:
            self._add(root_of(self._leaves))
            self._leaves.clear()
        if self._next is not None and self._next.size <= self.size:
            self._note_roots()

    def _add(self, full: bytes) -> None:
        """Adds a full subtree of 256 leaves. It may complete larger subtrees, of which every eighth level is stored."""
        completed = [(0, full), *((one.level, one.hash) for one in self._full.append(full))]
        for above, hash in completed:
            level, rest = divmod(above, HEIGHT)
            if not rest:
                if len(self.levels) <= level:
                    self.levels.append([])
                self.levels[level].append(hash)

    def root(self) -> bytes:
        """The root of all leaves so far: the full subtrees of 256 leaves, and the remaining leaves."""
        if not self._leaves:
            return self._full.root()
        rest = root_of(self._leaves)
        for full in reversed(self._full.subtrees):
            rest = node_hash(full, rest)
        return rest

    # -- checkpoints --------------------------------------------------------------------------

    def _note_roots(self) -> None:
        """Records the current root for each checkpoint of the current size."""
        root = None
        while self._next is not None and self._next.size <= self.size:
            root = root or (self.root())
            self._waiting.append((self._next, root))
            self._next = next(self._expected, None)
        if len(self._waiting) >= WAITING_MAX:
            self._check_waiting()

    def _check_waiting(self) -> None:
        for signed, root in self._waiting:
            self._check_checkpoint(signed, root)
        self._waiting = []

    def _check_checkpoint(self, signed: Signed, root: bytes | None) -> None:
        checkpoint, signers = signed.checkpoint, self._signers(signed)
        counts = self.part.counts
        counts["independent checkpoints" if signed.is_given else "checkpoints"] += 1
        if self.keys.origins and checkpoint.origin not in self.keys.origins:
            self._fail(signed, f"it belongs to {checkpoint.origin[:100]}, which is not an origin of this ledger")
        if root is None:
            self._fail(signed, f"it covers {signed.size} leaves, but only {self.size} are present: entries were lost")
        elif checkpoint.root != root:
            self._fail(signed, f"the tree of its {signed.size} leaves has a different root: entries were altered")
        if not signed.is_given:
            self.last, self.last_signers = signed, signers

    def _signers(self, signed: Signed) -> tuple[VerifyingKey, ...]:
        try:
            signers = self.keys.signed_by(signed)
        except SealError as error:
            self._fail(signed, error.what)
            return ()
        if not signed.is_given and len(signers) != signed.signatures:
            self._fail(signed, "it has a signature by an unknown key")
        return signers

    def _fail(self, signed: Signed, what: str) -> None:
        self.part.fail(VerificationFailure(what, file=signed.place))

    def finish(self) -> None:
        while self._next is not None:
            self._waiting.append((self._next, None))
            self._next = next(self._expected, None)
        self._check_waiting()
        counts = self.part.counts
        counts["leaves"] = self.size
        if self.last is None:
            if self.size and self.keys.given is not None:
                self.part.fail(VerificationFailure("no stored checkpoint could have been signed by the given key"))
            elif self.size:
                self.part.remark(
                    "No checkpoint is signed yet. The leaves match the events, and nothing else is proven."
                )
            return
        if self.keys.given is not None and self.keys.trusted.isdisjoint(key.text() for key in self.last_signers):
            what = "it is signed neither by the given key nor by a successor of that key"
            self._fail(self.last, what)
        if self.last.size < self.size:
            counts["leaves after the last checkpoint"] = self.size - self.last.size

    # -- the stored hashes of the tree ----------------------------------------------------------

    def check_subtrees(self, level: int, stored: Iterable[tuple[int, bytes]], place: str) -> None:
        """Compares the stored hashes of subtrees of 256 ** `level` leaves, in the order of their numbers."""
        rebuilt = self.levels[level - 1] if level <= len(self.levels) else []
        expected = 0
        for number, content in stored:
            if number != expected or number >= len(rebuilt):
                self.part.fail(VerificationFailure(f"hash {expected} of level {level} is missing or wrong", file=place))
            elif content != rebuilt[number]:
                self.part.fail(
                    VerificationFailure(f"hash {number} of level {level} does not match its leaves", file=place)
                )
            expected = number + 1
        if expected < len(rebuilt):
            self.part.fail(VerificationFailure(f"hashes of level {level} are missing from {expected} on", file=place))


def leaf_hash_of(entry: Logged) -> bytes:
    """The leaf hash of an event as it is now. If it can't be an entry, the result is a hash that no tree contains."""
    _, stream, version, topic, state = entry
    if topic in _TOPICS and version > 0:
        # The same bytes as an entry of `domain.seal.entries`, which accepts all of these topics.
        return sha256(f"\0{HEADER}\n{stream}\n{version}\n{topic}\n\n".encode() + state).digest()
    try:
        return LogEntry(UUID(stream), version, topic, state).leaf_hash()
    except Malformed:
        return b""
