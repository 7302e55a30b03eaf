"""Proofs on paper and tiles: written as C2SP says, read as written, refused in any other spelling."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.seal.checkpoints import Checkpoint
from domain.seal.errors import Malformed, NotProven, OutsideTree, SealError
from domain.seal.merkle import SIZE_MAX, consistency_path, inclusion_path, leaf_hash, root_at, root_of
from domain.seal.proofs import (
    HASHES_MAX,
    ConsistencyProof,
    InclusionProof,
    open_checkpoint,
    prove_consistency,
    prove_inclusion,
    read_consistency_proof,
    read_inclusion_proof,
)
from domain.seal.tiles import Tile, hashes_of_tile, read_tile_path, reading_tiles, tile_bytes, tiles_of
from tests.seal.trees import KEY, ORIGIN, OTHER_KEY, VKEY, leaves, reading, signed


def inclusion(index: int, size: int) -> InclusionProof:
    return InclusionProof(index, tuple(inclusion_path(index, size, reading(leaves(size)))), signed(size))


def consistency(old: int, new: int) -> ConsistencyProof:
    return ConsistencyProof(old, tuple(consistency_path(old, new, reading(leaves(new)))), signed(new))


def test_an_inclusion_proof_is_its_lines_and_the_signed_checkpoint() -> None:
    proof = inclusion(4, 7)
    hashes = "".join(f"{base64.b64encode(hash).decode()}\n" for hash in proof.path)
    assert len(proof.path) == 3
    assert proof.text() == f"c2sp.org/tlog-proof@v1\nindex 4\n{hashes}\n{signed(7)}"
    assert read_inclusion_proof(proof.text()) == read_inclusion_proof(proof.text().encode()) == proof


def test_extra_data_stands_before_the_index() -> None:
    proof = InclusionProof(0, (), signed(1), b"anything")
    assert proof.text() == f"c2sp.org/tlog-proof@v1\nextra YW55dGhpbmc=\nindex 0\n\n{signed(1)}"
    assert read_inclusion_proof(proof.text()) == proof


def test_a_consistency_proof_is_what_a_log_sends_to_a_witness() -> None:
    proof = consistency(3, 7)
    hashes = "".join(f"{base64.b64encode(hash).decode()}\n" for hash in proof.path)
    assert len(proof.path) == 4
    assert proof.text() == f"old 3\n{hashes}\n{signed(7)}"
    assert read_consistency_proof(proof.text()) == read_consistency_proof(proof.text().encode()) == proof


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 21])
def test_every_leaf_of_a_tree_is_proven_and_no_other(size: int) -> None:
    for index in range(size):
        proof = read_inclusion_proof(inclusion(index, size).text())
        checkpoint, signed_by = prove_inclusion(proof, leaves(size)[index], ORIGIN, [VKEY])
        assert (checkpoint.size, checkpoint.root, signed_by) == (size, root_of(leaves(size)), (VKEY,))
        with pytest.raises(NotProven, match=f"not leaf {index} of the tree of {size} leaves"):
            prove_inclusion(proof, leaves(size + 1)[index + 1], ORIGIN, [VKEY])


@pytest.mark.parametrize("new", [1, 2, 3, 7, 8, 21])
def test_every_older_checkpoint_is_proven_to_be_continued(new: int) -> None:
    for old in range(new + 1):
        older, _ = open_checkpoint(signed(old), ORIGIN, [VKEY])
        newer, signed_by = prove_consistency(read_consistency_proof(consistency(old, new).text()), older, [VKEY])
        assert (newer.size, signed_by) == (new, (VKEY,))


@pytest.mark.parametrize("old", [1, 2, 3, 7, 8])
def test_an_older_checkpoint_with_another_root_is_not_continued(old: int) -> None:
    """As after a history was rewritten: the newer tree is proven only to continue what was there before."""
    rewritten = root_of([*leaves(old)[:-1], leaf_hash(b"rewritten")])
    for new in (8, 9, 21):
        with pytest.raises(NotProven, match=f"the tree of {new} leaves does not start with the tree of {old} leaves"):
            prove_consistency(consistency(old, new), Checkpoint(ORIGIN, old, rewritten), [VKEY])


def test_a_proof_for_another_log_or_of_another_key_proves_nothing() -> None:
    proof, leaf = inclusion(2, 5), leaves(5)[2]
    with pytest.raises(NotProven, match=r"not to lemtrada-ledger/another"):
        prove_inclusion(proof, leaf, "lemtrada-ledger/another", [VKEY])
    with pytest.raises(NotProven, match="none of the known keys"):
        prove_inclusion(proof, leaf, ORIGIN, [OTHER_KEY.verifying_key])
    older, _ = open_checkpoint(signed(2), ORIGIN, [VKEY])
    with pytest.raises(NotProven, match="starts from 3 leaves, but the older checkpoint has 2"):
        prove_consistency(consistency(3, 5), older, [VKEY])


TEXT = inclusion(4, 7).text()
FIRST_HASH = TEXT.splitlines()[2]
MALFORMED_PROOFS = {
    "nothing": "",
    "another version": TEXT.replace("@v1", "@v2"),
    "no first line": TEXT.partition("\n")[2],
    "the first line alone": f"c2sp.org/tlog-proof@v1\n\n{signed(7)}",
    "no index": TEXT.replace("index 4\n", ""),
    "an index without number": TEXT.replace("index 4", "index"),
    "a leading zero": TEXT.replace("index 4", "index 04"),
    "two spaces": TEXT.replace("index 4", "index  4"),
    "a tab": TEXT.replace("index 4", "index\t4"),
    "a space at the end": TEXT.replace("index 4", "index 4 "),
    "a negative index": TEXT.replace("index 4", "index -4"),
    "an index beyond 63 bits": TEXT.replace("index 4", f"index {SIZE_MAX + 1}"),
    "extra after the index": TEXT.replace("index 4\n", "index 4\nextra YQ==\n"),
    "extra twice": TEXT.replace("index 4\n", "extra YQ==\nextra YQ==\nindex 4\n"),
    "extra of nothing": TEXT.replace("index 4\n", "extra \nindex 4\n"),
    "extra that is not base64": TEXT.replace("index 4\n", "extra YQ\nindex 4\n"),
    "a short hash": TEXT.replace(FIRST_HASH, base64.b64encode(bytes(31)).decode()),
    "a hash in hex": TEXT.replace(FIRST_HASH, bytes(32).hex()),
    "an empty line more": TEXT.replace(FIRST_HASH, f"\n{FIRST_HASH}"),
    "no empty line": TEXT.replace("\n\nlemtrada", "\nlemtrada"),
    "carriage returns": TEXT.replace("\n", "\r\n"),
    "no checkpoint": TEXT.partition("\n\n")[0] + "\n\n",
    "a checkpoint without signature": TEXT.rpartition("\u2014")[0],
    "no newline at the end": TEXT[:-1],
    "more hashes than a tree is high": TEXT.replace(FIRST_HASH, "\n".join([FIRST_HASH] * (HASHES_MAX + 1))),
}


@pytest.mark.parametrize("text", MALFORMED_PROOFS.values(), ids=MALFORMED_PROOFS)
def test_a_proof_that_is_written_otherwise_is_refused(text: str) -> None:
    assert text != TEXT
    with pytest.raises(Malformed):
        read_inclusion_proof(text)


@pytest.mark.parametrize("line", ["", "old", "old ", "old 03", "old -3", "old 3 ", "old  3", "Old 3", "new 3", "3"])
def test_a_consistency_proof_that_is_written_otherwise_is_refused(line: str) -> None:
    with pytest.raises(Malformed):
        read_consistency_proof(consistency(3, 7).text().replace("old 3", line))


@given(st.integers(0, len(TEXT.encode()) * 8 - 1))
def test_a_proof_with_any_bit_changed_proves_nothing(bit: int) -> None:
    changed = bytearray(TEXT.encode())
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SealError):
        prove_inclusion(read_inclusion_proof(bytes(changed)), leaves(5)[4], ORIGIN, [VKEY])


CONSISTENCY_TEXT = consistency(3, 7).text()


@given(st.integers(0, len(CONSISTENCY_TEXT.encode()) * 8 - 1))
def test_a_consistency_proof_on_paper_with_any_bit_changed_proves_nothing(bit: int) -> None:
    older, _ = open_checkpoint(signed(3), ORIGIN, [VKEY])
    changed = bytearray(CONSISTENCY_TEXT.encode())
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SealError):
        prove_consistency(read_consistency_proof(bytes(changed)), older, [VKEY])


def test_a_proof_has_up_to_63_hashes_and_the_largest_index() -> None:
    hashes, note = (bytes(32),) * 63, signed(1)
    for proof in (InclusionProof(2**63 - 1, hashes, note), ConsistencyProof(2**63 - 1, hashes, note)):
        read = read_inclusion_proof if isinstance(proof, InclusionProof) else read_consistency_proof
        assert read(proof.text()) == proof
        with pytest.raises(Malformed, match="at most 63 hashes"):
            read(proof.text().replace("\n\n", f"\n{base64.b64encode(bytes(32)).decode()}\n\n", 1))


def test_a_proof_without_its_empty_line_says_so() -> None:
    with pytest.raises(Malformed, match="there is no empty line before the checkpoint"):
        read_inclusion_proof(TEXT.replace("\n\n", "\n"))


def test_a_proof_that_cannot_be_written_is_not_made() -> None:
    note, hash = signed(1), bytes(32)
    for make in (
        lambda: InclusionProof(-1, (), note),
        lambda: InclusionProof(SIZE_MAX + 1, (), note),
        lambda: InclusionProof(0, (hash[1:],), note),
        lambda: InclusionProof(0, (hash,) * (HASHES_MAX + 1), note),
        lambda: InclusionProof(0, (), "no note"),
        lambda: InclusionProof(0, (), note, b""),
        lambda: ConsistencyProof(-1, (), note),
    ):
        with pytest.raises(Malformed):
            make()


def test_a_note_of_two_keys_proves_by_either() -> None:
    both = InclusionProof(0, (), signed(1, KEY, OTHER_KEY))
    for key in (VKEY, OTHER_KEY.verifying_key):
        assert prove_inclusion(both, leaves(1)[0], ORIGIN, [key])[1] == (key,)


# -- tiles ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 0, 1), "tile/0/000.p/1"),
        (Tile(1, 7, 255), "tile/1/007.p/255"),
        (Tile(0, 999), "tile/0/999"),
        (Tile(0, 1000), "tile/0/x001/000"),
        (Tile(0, 1234067), "tile/0/x001/x234/067"),
        (Tile(63, 1234067, 8), "tile/63/x001/x234/067.p/8"),
        (Tile(0, SIZE_MAX), "tile/0/x009/x223/x372/x036/x854/x775/807"),
    ],
)
def test_a_tile_has_its_path(tile: Tile, path: str) -> None:
    assert tile.path() == path
    assert read_tile_path(path) == tile


@given(st.integers(0, 63), st.integers(0, SIZE_MAX), st.integers(1, 256))
def test_every_tile_is_read_again_from_its_path(level: int, number: int, width: int) -> None:
    assert read_tile_path(Tile(level, number, width).path()) == Tile(level, number, width)


@pytest.mark.parametrize(
    "path",
    """|tile|tile/0|tile/0/|tile/0/0|tile/0/00|tile/0/0000|tile/00/000|tile/01/000|tile/-1/000|tile/64/000
    tile/0/x000/000|tile/0/001/000|tile/0/x001|tile/0/x01/000|tile/0/X001/000|tile/0/000.p|tile/0/000.p/|tile/0/000.p/0
    tile/0/000.p/01|tile/0/000.p/256|tile/0/000.p/999|tile/0/000.p/1000|tile/0/000/|/tile/0/000|tile//000|tile/0/000.p/1/|tile/0/٠٠٠
    tile/entries/000|tile/0/x009/x223/x372/x036/x854/x775/808|tile/0/x001/x009/x223/x372/x036/x854/x775/807""".replace(
        "\n    ", "|"
    ).split("|"),
)
def test_a_path_that_is_written_otherwise_is_refused(path: str) -> None:
    with pytest.raises(Malformed):
        read_tile_path(path)
    with pytest.raises(Malformed):
        read_tile_path(path + "\n")


def test_a_path_of_thousands_of_folders_is_refused() -> None:
    with pytest.raises(Malformed):
        read_tile_path(f"tile/0/{'x001/' * 5000}000")


def test_the_tiles_of_a_tree_are_those_of_the_specification() -> None:
    tiles = list(tiles_of(70_000))
    assert [tile for tile in tiles if tile.width < 256] == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert [tile for tile in tiles if tile.width == 256] == [*(Tile(0, number) for number in range(273)), Tile(1, 0)]
    assert list(tiles_of(256)) == [Tile(0, 0), Tile(1, 0, 1)]
    assert list(tiles_of(0)) == []
    assert list(tiles_of(1)) == [Tile(0, 0, 1)]


@pytest.mark.parametrize("size", [1, 255, 256, 257, 700, 66_000])
def test_a_tree_is_read_from_its_tiles_alone(size: int) -> None:
    hashes = [number.to_bytes(32, "big") for number in range(size)]
    rows: dict[int, list[bytes]] = {0: hashes}
    for level in range(1, 3):
        below = rows[level - 1]
        rows[level] = [root_of(below[first : first + 256]) for first in range(0, len(below) - 255, 256)]
    read = reading_tiles(lambda level, first, count: rows[level][first : first + count])
    files = {tile.path(): tile_bytes(tile, read) for tile in tiles_of(size)}
    assert sum(map(len, files.values())) == 32 * sum(map(len, rows.values()))

    def from_files(level: int, first: int, count: int) -> list[bytes]:
        tile = next(one for one in tiles_of(size) if (one.level, one.number) == (level, first // 256))
        return hashes_of_tile(tile, files[tile.path()])[first % 256 : first % 256 + count]

    assert root_at(size, reading_tiles(from_files)) == root_of(hashes)
    assert root_at(size // 2 + 1, reading_tiles(from_files)) == root_of(hashes[: size // 2 + 1])


def test_a_tile_that_is_not_whole_is_refused() -> None:
    assert hashes_of_tile(Tile(0, 0, 2), bytes(64)) == [bytes(32)] * 2
    for length in (0, 32, 63, 65, 96):
        with pytest.raises(Malformed, match=r"tile/0/000\.p/2"):
            hashes_of_tile(Tile(0, 0, 2), bytes(length))
    with pytest.raises(OutsideTree, match="only 3 of 4 hashes"):
        reading_tiles(lambda level, first, count: [bytes(32)] * 3)(10, 0)
    for level, number, width in ((-1, 0, 1), (64, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257), (0, SIZE_MAX + 1, 1)):
        with pytest.raises(OutsideTree):
            Tile(level, number, width)
