"""Proofs that are complete by themselves: each has its hashes and the signed checkpoint that they lead to.

Inclusion, as a C2SP tlog-proof:            Consistency, in the format of C2SP tlog-witness:

    c2sp.org/tlog-proof@v1                      old <size of the older tree>
    extra <base64>        (optional)            <hash, base64>
    index <leaf number>                         <one hash a line, as many as needed>
    <hash, base64>
    <one a line, from the leaf up>              <the newer checkpoint, signed>

    <the checkpoint, signed>
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from domain.seal.checkpoints import Checkpoint, read_checkpoint
from domain.seal.encoding import base64_of, bytes_of, hash_of, number_of, text_of
from domain.seal.errors import Malformed, NotProven
from domain.seal.merkle import HASH_SIZE, SIZE_MAX, check_consistency, check_inclusion
from domain.seal.notes import VerifyingKey, open_note, read_note

FIRST_LINE: Final = "c2sp.org/tlog-proof@v1"
HASHES_MAX: Final = 63
_INCLUSION: Final = "inclusion proof"
_CONSISTENCY: Final = "consistency proof"


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """States that leaf `index` is in the tree whose signed checkpoint is `note`. Raises Malformed.

    `extra` is neither signed nor proven.
    """

    index: int
    path: tuple[bytes, ...]
    note: str
    extra: bytes | None = None

    def __post_init__(self) -> None:
        _check_content(self.index, self.path, self.note, _INCLUSION)
        if self.extra == b"":
            raise Malformed("empty extra data must be left out", _INCLUSION)

    def text(self) -> str:
        """The proof as it is written."""
        extra = [] if self.extra is None else [f"extra {base64_of(self.extra)}"]
        return _text([FIRST_LINE, *extra, f"index {self.index}"], self.path, self.note)


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """States that the tree whose signed checkpoint is `note` starts with all `old_size` leaves of the older tree.

    Raises Malformed.
    """

    old_size: int
    path: tuple[bytes, ...]
    note: str

    def __post_init__(self) -> None:
        _check_content(self.old_size, self.path, self.note, _CONSISTENCY)

    def text(self) -> str:
        """The proof as it is written."""
        return _text([f"old {self.old_size}"], self.path, self.note)


def read_inclusion_proof(content: str | bytes) -> InclusionProof:
    """An inclusion proof from its text, unchecked. Raises Malformed."""
    (first, *lines), note = _parts(content, _INCLUSION)
    if first != FIRST_LINE:
        raise Malformed(f"it does not begin with {FIRST_LINE}", _INCLUSION)
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = bytes_of(lines.pop(0).removeprefix("extra "), "extra data", _INCLUSION)
    index, *hashes = lines or [""]
    return InclusionProof(_labeled_number(index, "index", _INCLUSION), _hashes(hashes, _INCLUSION), note, extra)


def read_consistency_proof(content: str | bytes) -> ConsistencyProof:
    """A consistency proof from its text, unchecked. Raises Malformed."""
    (old, *hashes), note = _parts(content, _CONSISTENCY)
    return ConsistencyProof(_labeled_number(old, "old", _CONSISTENCY), _hashes(hashes, _CONSISTENCY), note)


def prove_inclusion(
    proof: InclusionProof, leaf_hash: bytes, origin: str, known: Iterable[VerifyingKey]
) -> tuple[Checkpoint, tuple[VerifyingKey, ...]]:
    """The checkpoint of the tree that contains the leaf, and the known keys that have signed it.

    Raises NotProven, Malformed.
    """
    checkpoint, signed_by = open_checkpoint(proof.note, origin, known)
    if not check_inclusion(proof.index, checkpoint.size, leaf_hash, proof.path, checkpoint.root):
        raise NotProven(
            f"this leaf is not leaf {proof.index} of the tree of {checkpoint.size} leaves with that root", _INCLUSION
        )
    return checkpoint, signed_by


def prove_consistency(
    proof: ConsistencyProof, older: Checkpoint, known: Iterable[VerifyingKey]
) -> tuple[Checkpoint, tuple[VerifyingKey, ...]]:
    """The newer checkpoint, whose tree only adds to that of the older one, and the known keys that have signed it.

    Raises NotProven, Malformed.
    """
    newer, signed_by = open_checkpoint(proof.note, older.origin, known)
    if proof.old_size != older.size:
        raise NotProven(
            f"it starts from {proof.old_size} leaves, but the older checkpoint has {older.size}", _CONSISTENCY
        )
    if not check_consistency(older.size, newer.size, older.root, newer.root, proof.path):
        raise NotProven(
            f"the tree of {newer.size} leaves does not start with the tree of {older.size} leaves", _CONSISTENCY
        )
    return newer, signed_by


def open_checkpoint(
    note: str | bytes, origin: str, known: Iterable[VerifyingKey]
) -> tuple[Checkpoint, tuple[VerifyingKey, ...]]:
    """The checkpoint of this origin, and the known keys that have signed it: at least one.

    Raises NotProven, Malformed.
    """
    text, signed_by = open_note(note, known)
    checkpoint = read_checkpoint(text)
    if checkpoint.origin != origin:
        raise NotProven(f"it belongs to {checkpoint.origin}, not to {origin}", "origin of the checkpoint")
    return checkpoint, signed_by


# -- the text of both proofs ----------------------------------------------------------------------


def _check_content(number: int, path: tuple[bytes, ...], note: str, where: str) -> None:
    if not 0 <= number <= SIZE_MAX or len(path) > HASHES_MAX or any(len(hash) != HASH_SIZE for hash in path):
        raise Malformed(f"it must have a number from 0 to 2**63 - 1 and at most {HASHES_MAX} hashes", where)
    read_checkpoint(read_note(note).text)


def _text(head: list[str], path: tuple[bytes, ...], note: str) -> str:
    return "".join(f"{line}\n" for line in (*head, *map(base64_of, path), "")) + note


def _parts(content: str | bytes, where: str) -> tuple[list[str], str]:
    """The lines before the first empty line, and the note after it."""
    head, empty, note = text_of(content, where).partition("\n\n")
    if not empty:
        raise Malformed("there is no empty line before the checkpoint", where)
    return head.split("\n"), note


def _labeled_number(line: str, word: str, where: str) -> int:
    """The number on a line that starts with this word."""
    if not line.startswith(f"{word} "):
        raise Malformed(f"the line that starts with {word} is missing", where)
    return number_of(line.removeprefix(f"{word} "), word, where)


def _hashes(lines: list[str], where: str) -> tuple[bytes, ...]:
    return tuple(hash_of(line, "hash", f"hash {number} of the {where}") for number, line in enumerate(lines, 1))
