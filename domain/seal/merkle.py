"""The Merkle tree of RFC 6962, section 2, and its proofs, computed from leaf hashes that the caller supplies.

A tree of n leaves splits at the largest power of two below n, and the left part is always full. Every hash that a proof
needs is therefore the hash of one full subtree, or is computed from a few of them: `read(level, number)` returns the
hash of the number-th subtree of 2 ** level leaves. Paths are in order from the leaf up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Final, NamedTuple

from domain.seal.errors import OutsideTree

HASH_SIZE: Final = 32
SIZE_MAX: Final = 2**63 - 1
EMPTY_ROOT: Final = sha256().digest()
"""The root of a tree without leaves."""

ReadSubtree = Callable[[int, int], bytes]
"""Returns the hash of a full subtree, from its level and its number (from 0)."""


class Subtree(NamedTuple):
    """A full subtree: the `number`-th (from 0) of the subtrees of 2 ** `level` leaves."""

    level: int
    number: int
    hash: bytes


def leaf_hash(entry: bytes) -> bytes:
    """The hash of a leaf, from its entry."""
    return sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node, from the hashes of its two children."""
    return sha256(b"\1" + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over these leaf hashes, or over the hashes of full subtrees of one level."""
    if not hashes:
        return EMPTY_ROOT
    row = list(hashes)
    while len(row) > 1:
        # A hash without a right sibling is used unchanged one level up: RFC 6962 pads nothing.
        unpaired = row[-1:] if len(row) % 2 else []
        row = [
            sha256(b"\1" + left + right).digest() for left, right in zip(row[::2], row[1::2], strict=False)
        ] + unpaired
    return row[0]


def root_at(size: int, read: ReadSubtree) -> bytes:
    """The root of the first `size` leaves. Raises OutsideTree."""
    _in_bounds(size, SIZE_MAX, size)
    return _hash_of(0, size, read) if size else EMPTY_ROOT


class Frontier:
    """The right edge of a growing tree: the hashes of its full subtrees, largest first.

    Their number is the number of ones in the binary form of `size`. Raises OutsideTree.
    """

    __slots__ = ("size", "subtrees")

    def __init__(self, size: int = 0, subtrees: Iterable[bytes] = ()) -> None:
        self.size = size
        self.subtrees = list(subtrees)
        if size < 0 or len(self.subtrees) != size.bit_count():
            raise OutsideTree(f"{len(self.subtrees)} full subtrees do not add up to {size} leaves", "frontier")

    @classmethod
    def of(cls, size: int, read: ReadSubtree) -> Frontier:
        """The frontier of a stored tree of `size` leaves."""
        return cls(size, [read(level, number) for level, number in _full_subtrees(0, size)])

    def append(self, hash: bytes) -> list[Subtree]:
        """Adds a leaf by its hash. Returns the full subtrees that it completes, smallest first.

        The leaf itself is not among them.
        """
        completed: list[Subtree] = []
        level, number, subtrees = 0, self.size, self.subtrees
        while number & 1:
            level, number = level + 1, number >> 1
            hash = sha256(b"\1" + subtrees.pop() + hash).digest()
            completed.append(Subtree(level, number, hash))
        subtrees.append(hash)
        self.size += 1
        return completed

    def root(self) -> bytes:
        """The root of the tree as it is now."""
        return _folded(self.subtrees) if self.subtrees else EMPTY_ROOT


# -- proofs -----------------------------------------------------------------------------------


def inclusion_path(index: int, size: int, read: ReadSubtree) -> list[bytes]:
    """The proof that leaf `index` is in the tree of `size` leaves: the sibling hashes up to the root.

    Raises OutsideTree.
    """
    _in_bounds(index, size - 1, size)
    return [_hash_of(leaves.first, leaves.end, read) for leaves in _siblings_of_leaf(index, size)]


def check_inclusion(index: int, size: int, leaf_hash: bytes, path: Sequence[bytes], root: bytes) -> bool:
    """Whether `path` proves that leaf `index` of the tree with this `root` and `size` has this hash."""
    if not 0 <= index < size <= SIZE_MAX or not _are_hashes(leaf_hash, root, *path):
        return False
    siblings = _siblings_of_leaf(index, size)
    if len(siblings) != len(path):
        return False
    hash = leaf_hash
    for leaves, sibling in zip(siblings, path, strict=True):
        hash = node_hash(sibling, hash) if leaves.is_left else node_hash(hash, sibling)
    return hash == root


def consistency_path(old: int, new: int, read: ReadSubtree) -> list[bytes]:
    """The proof that the tree of `new` leaves starts with all `old` leaves of the older tree. Raises OutsideTree.

    The path is empty if the older tree is empty, or is the same tree.
    """
    _in_bounds(old, new, new)
    if old in (0, new):
        return []
    first, siblings = _siblings_of_edge(old, new)
    # The root of the older tree is not repeated, because the verifier has it.
    start = [_hash_of(first, old, read)] if first else []
    return start + [_hash_of(leaves.first, leaves.end, read) for leaves in siblings]


def check_consistency(old_size: int, new_size: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether `path` proves that the newer tree only added leaves to the older tree."""
    if not 0 <= old_size <= new_size <= SIZE_MAX or not _are_hashes(old_root, new_root, *path):
        return False
    if old_size == 0:
        # Every tree starts with the tree without leaves, which has only one root.
        return not path and old_root == EMPTY_ROOT and (new_size > 0 or new_root == EMPTY_ROOT)
    first, siblings = _siblings_of_edge(old_size, new_size)
    hashes = list(path) if first else [old_root, *path]
    if len(hashes) != len(siblings) + 1:
        return False
    old = new = hashes[0]
    for leaves, sibling in zip(siblings, hashes[1:], strict=True):
        if leaves.is_left:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
        else:
            new = node_hash(new, sibling)
    return old == old_root and new == new_root


# -- the shape of a tree ----------------------------------------------------------------------


class _Siblings(NamedTuple):
    """The leaves from `first` up to but not including `end`: a sibling subtree, on the left or on the right."""

    first: int
    end: int
    is_left: bool


def _split(first: int, end: int) -> int:
    """Where the subtree of these leaves (at least two) splits: after the largest power of two below their number."""
    return first + (1 << (end - first - 1).bit_length() - 1)


def _siblings_of_leaf(index: int, size: int) -> list[_Siblings]:
    """The sibling subtrees from the leaf up to the root."""
    first, end, siblings = 0, size, []
    while end - first > 1:
        middle = _split(first, end)
        if index < middle:
            siblings.append(_Siblings(middle, end, is_left=False))
            end = middle
        else:
            siblings.append(_Siblings(first, middle, is_left=True))
            first = middle
    return siblings[::-1]


def _siblings_of_edge(old: int, new: int) -> tuple[int, list[_Siblings]]:
    """The first leaf of the older tree's last subtree, and the sibling subtrees from there up to the newer root."""
    first, end, siblings = 0, new, []
    while end != old:
        middle = _split(first, end)
        if old <= middle:
            siblings.append(_Siblings(middle, end, is_left=False))
            end = middle
        else:
            siblings.append(_Siblings(first, middle, is_left=True))
            first = middle
    return first, siblings[::-1]


def _full_subtrees(first: int, end: int) -> Iterator[tuple[int, int]]:
    """Level and number of the full subtrees of these leaves, largest first.

    A split of the tree must start at `first`.
    """
    while first < end:
        level = (end - first).bit_length() - 1
        yield level, first >> level
        first += 1 << level


def _hash_of(first: int, end: int, read: ReadSubtree) -> bytes:
    return _folded([read(level, number) for level, number in _full_subtrees(first, end)])


def _folded(hashes: Sequence[bytes]) -> bytes:
    """The root over the hashes of full subtrees, largest first."""
    *larger, hash = hashes
    for left in reversed(larger):
        hash = node_hash(left, hash)
    return hash


def _are_hashes(*values: bytes) -> bool:
    return all(len(value) == HASH_SIZE for value in values)


def _in_bounds(number: int, last: int, size: int) -> None:
    if not 0 <= number <= last or size > SIZE_MAX:
        raise OutsideTree(f"{number} is out of range", f"tree of {size} leaves")
