"""The Merkle tree of RFC 6962, section 2, and its proofs: over leaf hashes, whoever keeps them.

A tree of n leaves splits at the largest power of two below n; what is left of the split is full.
Every hash that a proof needs is therefore that of a full subtree, or a fold of a few: `read(level, number)`
gives the hash of the number-th subtree of 2 ** level leaves. Paths run from the leaf up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Final, NamedTuple

from domain.seal.errors import OutsideTree

HASH_SIZE: Final = 32
SIZE_MAX: Final = 2**63 - 1
EMPTY_ROOT: Final = sha256().digest()

ReadSubtree = Callable[[int, int], bytes]


class Subtree(NamedTuple):
    """A full subtree: the `number`-th (from 0) of those of 2 ** `level` leaves."""

    level: int
    number: int
    hash: bytes


def leaf_hash(entry: bytes) -> bytes:
    return sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over these leaf hashes, or over the hashes of full subtrees of one level."""
    if not hashes:
        return EMPTY_ROOT
    row = list(hashes)
    while len(row) > 1:
        # A hash without a right neighbour stands for itself one level up: RFC 6962 pads nothing.
        alone = row[-1:] if len(row) % 2 else []
        row = [sha256(b"\1" + left + right).digest() for left, right in zip(row[::2], row[1::2], strict=False)] + alone
    return row[0]


def root_at(size: int, read: ReadSubtree) -> bytes:
    """The root of the first `size` leaves."""
    _in_bounds(size, SIZE_MAX, size)
    return _hash_of(0, size, read) if size else EMPTY_ROOT


class Frontier:
    """The right edge of a growing tree: the hashes of its full subtrees, largest first, as many as `size` has ones."""

    __slots__ = ("size", "subtrees")

    def __init__(self, size: int = 0, subtrees: Iterable[bytes] = ()) -> None:
        self.size = size
        self.subtrees = list(subtrees)
        if size < 0 or len(self.subtrees) != size.bit_count():
            raise OutsideTree(f"{len(self.subtrees)} full subtrees do not add up to {size} leaves", "frontier")

    @classmethod
    def of(cls, size: int, read: ReadSubtree) -> Frontier:
        """Rebuilt from a stored tree."""
        return cls(size, [read(level, number) for level, number in _full_subtrees(0, size)])

    def append(self, hash: bytes) -> list[Subtree]:
        """Adds a leaf. Returns the full subtrees that it completes, smallest first; the leaf is not among them."""
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
        return _folded(self.subtrees) if self.subtrees else EMPTY_ROOT


# -- proofs -----------------------------------------------------------------------------------


def inclusion_path(index: int, size: int, read: ReadSubtree) -> list[bytes]:
    """That leaf `index` is in the tree of `size` leaves: the hashes beside its way to the root."""
    _in_bounds(index, size - 1, size)
    return [_hash_of(beside.first, beside.end, read) for beside in _way_to_leaf(index, size)]


def check_inclusion(index: int, size: int, leaf_hash: bytes, path: Sequence[bytes], root: bytes) -> bool:
    """Whether `path` proves that leaf `index` of the tree with this `root` and `size` has this hash."""
    if not 0 <= index < size <= SIZE_MAX or not _are_hashes(leaf_hash, root, *path):
        return False
    way = _way_to_leaf(index, size)
    if len(way) != len(path):
        return False
    hash = leaf_hash
    for beside, sibling in zip(way, path, strict=True):
        hash = node_hash(sibling, hash) if beside.is_left else node_hash(hash, sibling)
    return hash == root


def consistency_path(old: int, new: int, read: ReadSubtree) -> list[bytes]:
    """That the tree of `new` leaves begins with all `old` leaves of the older one. Empty from nothing, or to itself."""
    _in_bounds(old, new, new)
    if old in (0, new):
        return []
    first, way = _way_to_edge(old, new)
    # The older tree's own root is not repeated: who checks has it.
    start = [_hash_of(first, old, read)] if first else []
    return start + [_hash_of(beside.first, beside.end, read) for beside in way]


def check_consistency(old_size: int, new_size: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether `path` proves that the newer tree only added to the older one."""
    if not 0 <= old_size <= new_size <= SIZE_MAX or not _are_hashes(old_root, new_root, *path):
        return False
    if old_size == 0:
        # Every tree begins with no leaves, and the tree of none has but one root.
        return not path and old_root == EMPTY_ROOT and (new_size > 0 or new_root == EMPTY_ROOT)
    first, way = _way_to_edge(old_size, new_size)
    hashes = list(path) if first else [old_root, *path]
    if len(hashes) != len(way) + 1:
        return False
    old = new = hashes[0]
    for beside, sibling in zip(way, hashes[1:], strict=True):
        if beside.is_left:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
        else:
            new = node_hash(new, sibling)
    return old == old_root and new == new_root


# -- the shape of a tree ----------------------------------------------------------------------


class _Siblings(NamedTuple):
    """The leaves from `first` up to, not including, `end` lie beside the way, to its left or its right."""

    first: int
    end: int
    is_left: bool


def _split(first: int, end: int) -> int:
    """Where the subtree of these leaves (at least two) divides: after the largest power of two below their number."""
    return first + (1 << (end - first - 1).bit_length() - 1)


def _way_to_leaf(index: int, size: int) -> list[_Siblings]:
    first, end, way = 0, size, []
    while end - first > 1:
        middle = _split(first, end)
        if index < middle:
            way.append(_Siblings(middle, end, is_left=False))
            end = middle
        else:
            way.append(_Siblings(first, middle, is_left=True))
            first = middle
    return way[::-1]


def _way_to_edge(old: int, new: int) -> tuple[int, list[_Siblings]]:
    """The way up from the older tree's last subtree, which holds its leaves from `first` on, to the newer root."""
    first, end, way = 0, new, []
    while end != old:
        middle = _split(first, end)
        if old <= middle:
            way.append(_Siblings(middle, end, is_left=False))
            end = middle
        else:
            way.append(_Siblings(first, middle, is_left=True))
            first = middle
    return first, way[::-1]


def _full_subtrees(first: int, end: int) -> Iterator[tuple[int, int]]:
    """Level and number of the full subtrees of these leaves, largest first. `first` is where some split begins."""
    while first < end:
        level = (end - first).bit_length() - 1
        yield level, first >> level
        first += 1 << level


def _hash_of(first: int, end: int, read: ReadSubtree) -> bytes:
    return _folded([read(level, number) for level, number in _full_subtrees(first, end)])


def _folded(hashes: Sequence[bytes]) -> bytes:
    *larger, hash = hashes
    for left in reversed(larger):
        hash = node_hash(left, hash)
    return hash


def _are_hashes(*values: bytes) -> bool:
    return all(len(value) == HASH_SIZE for value in values)


def _in_bounds(number: int, last: int, size: int) -> None:
    if not 0 <= number <= last or size > SIZE_MAX:
        raise OutsideTree(f"{number} is out of range", f"tree of {size} leaves")
