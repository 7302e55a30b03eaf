"""The tree against RFC 6962's own vectors, against a naive reading of its definition, and against forgery."""

from __future__ import annotations

from functools import cache
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.seal.errors import OutsideTree
from domain.seal.merkle import (
    EMPTY_ROOT,
    SIZE_MAX,
    Frontier,
    ReadSubtree,
    check_consistency,
    check_inclusion,
    consistency_path,
    inclusion_path,
    leaf_hash,
    node_hash,
    root_at,
    root_of,
)

SIZES = range(71)
LEAVES = tuple(leaf_hash(b"leaf %d" % number) for number in range(SIZES.stop))

# The eight leaves that the implementations of Certificate Transparency share as their test tree.
SHARED_LEAVES = [
    bytes.fromhex(leaf)
    for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
SHARED_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


# -- the definition, read as it stands --------------------------------------------------------


@cache
def naive_root(leaves: tuple[bytes, ...]) -> bytes:
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256().digest()
    middle = max(power for power in (2**exponent for exponent in range(12)) if power < len(leaves))
    return sha256(b"\1" + naive_root(leaves[:middle]) + naive_root(leaves[middle:])).digest()


def naive_inclusion(index: int, leaves: tuple[bytes, ...]) -> list[bytes]:
    if len(leaves) < 2:
        return []
    middle = max(power for power in (2**exponent for exponent in range(12)) if power < len(leaves))
    if index < middle:
        return [*naive_inclusion(index, leaves[:middle]), naive_root(leaves[middle:])]
    return [*naive_inclusion(index - middle, leaves[middle:]), naive_root(leaves[:middle])]


def naive_consistency(old: int, leaves: tuple[bytes, ...], whole: bool = True) -> list[bytes]:
    if old == len(leaves):
        return [] if whole else [naive_root(leaves)]
    middle = max(power for power in (2**exponent for exponent in range(12)) if power < len(leaves))
    if old <= middle:
        return [*naive_consistency(old, leaves[:middle], whole), naive_root(leaves[middle:])]
    return [*naive_consistency(old - middle, leaves[middle:], False), naive_root(leaves[:middle])]


def reading(leaves: tuple[bytes, ...]) -> ReadSubtree:
    """Refuses what is not a full subtree, as a store would."""

    def read(level: int, number: int) -> bytes:
        under = leaves[number << level : (number + 1) << level]
        assert len(under) == 1 << level, "only full subtrees are stored"
        return naive_root(under)

    return read


# -- tables -----------------------------------------------------------------------------------


def test_the_shared_test_tree_has_its_known_roots() -> None:
    hashes = [leaf_hash(leaf) for leaf in SHARED_LEAVES]
    assert [root_of(hashes[:size]).hex() for size in range(1, 9)] == SHARED_ROOTS
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("size", SIZES)
def test_a_root_is_what_the_definition_says(size: int) -> None:
    leaves = LEAVES[:size]
    assert root_of(leaves) == root_at(size, reading(leaves)) == naive_root(leaves)


def test_a_growing_edge_has_every_root_on_its_way_and_names_each_full_subtree_once() -> None:
    edge = Frontier()
    completed = []
    for size in SIZES:
        assert edge.size == size
        assert edge.root() == naive_root(LEAVES[:size])
        assert Frontier.of(size, reading(LEAVES[:size])).subtrees == edge.subtrees
        completed += edge.append(LEAVES[size])
    full = {(level, number) for level in range(1, 7) for number in range(len(LEAVES) >> level)}
    assert {(subtree.level, subtree.number) for subtree in completed} == full
    assert len(completed) == len(full)
    assert all(subtree.hash == reading(LEAVES)(subtree.level, subtree.number) for subtree in completed)


@pytest.mark.parametrize("size", SIZES)
def test_every_leaf_has_a_path_and_no_other_leaf_has_it(size: int) -> None:
    leaves = LEAVES[:size]
    root = naive_root(leaves)
    for index in range(size):
        path = inclusion_path(index, size, reading(leaves))
        assert path == naive_inclusion(index, leaves)
        assert [at for at in range(size) if check_inclusion(at, size, leaves[index], path, root)] == [index]


@pytest.mark.parametrize("new", SIZES)
def test_every_older_tree_is_proven_to_be_a_beginning(new: int) -> None:
    leaves = LEAVES[:new]
    root = naive_root(leaves)
    for old in range(new + 1):
        path = consistency_path(old, new, reading(leaves))
        assert path == (naive_consistency(old, leaves) if old else [])
        assert check_consistency(old, new, naive_root(leaves[:old]), root, path)


@pytest.mark.parametrize(
    ("ask", "outside"),
    [
        (lambda: inclusion_path(0, 0, reading(LEAVES)), "0 is out of range"),
        (lambda: inclusion_path(7, 7, reading(LEAVES)), "7 is out of range"),
        (lambda: inclusion_path(-1, 7, reading(LEAVES)), "-1 is out of range"),
        (lambda: consistency_path(8, 7, reading(LEAVES)), "8 is out of range"),
        (lambda: consistency_path(-1, 7, reading(LEAVES)), "-1 is out of range"),
        (lambda: root_at(-1, reading(LEAVES)), "-1 is out of range"),
        (lambda: root_at(SIZE_MAX + 1, reading(LEAVES)), f"{SIZE_MAX + 1} is out of range"),
        (lambda: inclusion_path(0, SIZE_MAX + 1, lambda *_: LEAVES[0]), f"tree of {SIZE_MAX + 1} leaves"),
        (lambda: consistency_path(1, SIZE_MAX + 1, lambda *_: LEAVES[0]), f"tree of {SIZE_MAX + 1} leaves"),
        (lambda: Frontier(3, [LEAVES[0]]), "1 full subtrees do not add up to 3 leaves"),
        (lambda: Frontier(-1, [LEAVES[0]]), "1 full subtrees do not add up to -1 leaves"),
    ],
)
def test_what_a_tree_does_not_have_is_not_proven(ask: object, outside: str) -> None:
    assert callable(ask)
    with pytest.raises(OutsideTree, match=outside):
        ask()


# -- laws -------------------------------------------------------------------------------------


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


bits = st.integers(0, 255)
two_sizes = st.integers(1, 70).flatmap(lambda new: st.tuples(st.integers(1, new), st.just(new)))


@given(two_sizes, bits, st.data())
def test_an_inclusion_proof_with_any_bit_changed_proves_nothing(
    sizes: tuple[int, int], bit: int, data: st.DataObject
) -> None:
    index, size = sizes[0] - 1, sizes[1]
    leaves = LEAVES[:size]
    leaf, path, root = leaves[index], inclusion_path(index, size, reading(leaves)), root_of(leaves)
    assert check_inclusion(index, size, leaf, path, root)
    assert not check_inclusion(index, size, flipped(leaf, bit), path, root)
    assert not check_inclusion(index, size, leaf, path, flipped(root, bit))
    assert not check_inclusion(index ^ (1 << data.draw(st.integers(0, 8))), size, leaf, path, root)
    assert not check_inclusion(index, size, leaf, [*path, flipped(root, bit)], root)
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        assert not check_inclusion(index, size, leaf, [*path[:at], flipped(path[at], bit), *path[at + 1 :]], root)
        assert not check_inclusion(index, size, leaf, path[:at] + path[at + 1 :], root)
        assert not check_inclusion(index, size, leaf, [*path[:at], path[at][:-1], *path[at + 1 :]], root)


@given(two_sizes, bits, st.data())
def test_a_consistency_proof_with_any_bit_changed_proves_nothing(
    sizes: tuple[int, int], bit: int, data: st.DataObject
) -> None:
    old, new = sizes
    leaves = LEAVES[:new]
    old_root, new_root = root_of(leaves[:old]), root_of(leaves)
    path = consistency_path(old, new, reading(leaves))
    assert check_consistency(old, new, old_root, new_root, path)
    assert not check_consistency(old, new, flipped(old_root, bit), new_root, path)
    assert not check_consistency(old, new, old_root, flipped(new_root, bit), path)
    assert not check_consistency(old, new, old_root, new_root, [*path, flipped(new_root, bit)])
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        changed = [*path[:at], flipped(path[at], bit), *path[at + 1 :]]
        assert not check_consistency(old, new, old_root, new_root, changed)
        assert not check_consistency(old, new, old_root, new_root, path[:at] + path[at + 1 :])


@given(two_sizes, st.data())
def test_a_tree_with_one_older_leaf_changed_is_no_continuation(sizes: tuple[int, int], data: st.DataObject) -> None:
    old, new = sizes
    at = data.draw(st.integers(0, old - 1))
    rewritten = (*LEAVES[:at], leaf_hash(b"rewritten"), *LEAVES[at + 1 : new])
    path = consistency_path(old, new, reading(rewritten))
    assert not check_consistency(old, new, root_of(LEAVES[:old]), root_of(rewritten), path)


def test_a_byte_moved_between_neighbors_proves_nothing() -> None:
    """The same bytes are hashed, cut at another place."""
    left, right = LEAVES[:2]
    root = root_of([left, right])
    assert check_inclusion(0, 2, left, [right], root)
    assert not check_inclusion(0, 2, left[:-1], [left[-1:] + right], root)
    assert check_consistency(1, 2, left, root, [right])
    assert not check_consistency(1, 2, left[:-1], root, [left[-1:] + right])


def test_the_largest_tree_that_can_be_written_has_proofs() -> None:
    """All of its leaves are the same, so that each level has but one hash."""
    size, levels = 2**63 - 1, [LEAVES[0]]
    while len(levels) < 63:
        levels.append(node_hash(levels[-1], levels[-1]))

    def read(level: int, number: int) -> bytes:
        return levels[level]

    root = root_at(size, read)
    for index in (0, 1, size // 2, size - 1):
        path = inclusion_path(index, size, read)
        assert len(path) <= 63
        assert check_inclusion(index, size, LEAVES[0], path, root)
        assert not check_inclusion(index, size + 1, LEAVES[0], path, root)
    for old in (1, 2**62, size - 1):
        path = consistency_path(old, size, read)
        assert len(path) <= 63
        assert check_consistency(old, size, root_at(old, read), root, path)


def test_nothing_is_proven_of_sizes_that_cannot_be() -> None:
    root = root_of(LEAVES[:1])
    assert check_inclusion(0, 1, LEAVES[0], [], root)
    assert not check_inclusion(0, 0, LEAVES[0], [], EMPTY_ROOT)
    assert not check_inclusion(0, SIZE_MAX + 1, LEAVES[0], [LEAVES[1]] * 64, root)
    assert check_consistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, [])
    assert check_consistency(0, 1, EMPTY_ROOT, root, [])
    assert not check_consistency(0, 0, EMPTY_ROOT, root, [])
    assert not check_consistency(0, 1, root, root, [])
    assert not check_consistency(0, 1, EMPTY_ROOT, root, [root])
    assert not check_consistency(1, 1, root, root, [root])
    assert not check_consistency(2, 1, root, root, [])
    assert not check_consistency(-1, 1, root, root, [])
