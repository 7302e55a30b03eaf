"""The seal checked by code that nobody here wrote: Go's `sumdb/note` and `tlog`, and OpenSSL."""

from __future__ import annotations

import base64
from pathlib import Path
from random import Random
from typing import Any

import pytest

from domain.seal.checkpoints import Checkpoint
from domain.seal.entries import export_line
from domain.seal.errors import Malformed
from domain.seal.merkle import (
    Frontier,
    check_consistency,
    check_inclusion,
    consistency_path,
    inclusion_path,
    leaf_hash,
    root_of,
)
from domain.seal.notes import Signature, SigningKey, open_note, sign_note
from domain.seal.proofs import ConsistencyProof, InclusionProof
from domain.seal.tiles import tile_bytes, tiles_of
from tests.seal.outside import OutsideSaysNo, ask_go, export_as_go_sees_it, openssl_verifies
from tests.seal.trees import KEY, ORIGIN, OTHER_KEY, VKEY, entry, leaves, reading, signed

TEXT = "first line\n\nanother, naïve line\n"
SECOND = SigningKey("elsewhere.example/witness", bytes(range(2, 34)))


def text_of(content: bytes) -> str:
    return base64.b64encode(content).decode()


def texts_of(hashes: list[bytes]) -> list[str]:
    return [text_of(hash) for hash in hashes]


# -- notes ------------------------------------------------------------------------------------


def test_go_opens_what_is_signed_here() -> None:
    note = sign_note(TEXT, KEY, SECOND)
    opened = ask_go("note", {"note": note, "vkeys": [VKEY.text(), SECOND.verifying_key.text()]})
    both = [f"{key.name}+{key.verifying_key.id.hex()}" for key in (KEY, SECOND)]
    assert opened == {"text": TEXT, "signed_by": both, "unknown": []}
    opened = ask_go("note", {"note": note, "vkeys": [VKEY.text()]})
    assert opened == {"text": TEXT, "signed_by": both[:1], "unknown": both[1:]}


def test_go_refuses_what_is_not_signed_here() -> None:
    note = sign_note(TEXT, KEY)
    with pytest.raises(OutsideSaysNo, match="invalid signature"):
        ask_go("note", {"note": note.replace("naïve", "naive"), "vkeys": [VKEY.text()]})
    with pytest.raises(OutsideSaysNo, match="no verifiable signatures"):
        ask_go("note", {"note": note, "vkeys": [OTHER_KEY.verifying_key.text()]})


def test_go_and_we_open_a_hundred_signatures_and_no_more() -> None:
    witnesses = [Signature("witness", number.to_bytes(4, "big"), b"1").line() for number in range(100)]
    hundred = sign_note(TEXT, KEY) + "".join(witnesses[:99])
    assert open_note(hundred, [VKEY])[1] == (VKEY,)
    assert len(ask_go("note", {"note": hundred, "vkeys": [VKEY.text()]})["unknown"]) == 99
    with pytest.raises(Malformed, match="more than 100 signatures"):
        open_note(hundred + witnesses[99], [VKEY])
    with pytest.raises(OutsideSaysNo, match="malformed note"):
        ask_go("note", {"note": hundred + witnesses[99], "vkeys": [VKEY.text()]})


def test_go_signs_with_our_keys_the_very_same_notes() -> None:
    by_go = ask_go("sign", {"text": TEXT, "skeys": [KEY.secret_text(), SECOND.secret_text()]})["note"]
    assert by_go == sign_note(TEXT, KEY, SECOND)
    assert open_note(by_go, [VKEY, SECOND.verifying_key]) == (TEXT, (VKEY, SECOND.verifying_key))


def test_openssl_finds_the_signature_good_and_no_other() -> None:
    note = signed(7)
    assert openssl_verifies(note, VKEY.text())
    other = OTHER_KEY.verifying_key.text()
    assert not openssl_verifies(note, other.replace(OTHER_KEY.verifying_key.id.hex(), VKEY.id.hex()))
    assert not openssl_verifies(note.replace("\n7\n", "\n8\n"), VKEY.text())
    assert not openssl_verifies(note.replace(ORIGIN, f"{ORIGIN}/2", 1), VKEY.text())
    with pytest.raises(OutsideSaysNo, match="0 signatures of the key"):
        openssl_verifies(note, other)


def test_a_note_after_a_rotation_is_good_by_the_old_key_and_by_the_new() -> None:
    note = signed(7, KEY, OTHER_KEY)
    for key in (VKEY, OTHER_KEY.verifying_key):
        assert openssl_verifies(note, key.text())
        assert len(ask_go("note", {"note": note, "vkeys": [key.text()]})["signed_by"]) == 1


# -- trees ------------------------------------------------------------------------------------

SIZE = 300


@pytest.fixture(scope="module")
def by_go() -> dict[str, Any]:
    """Go's own tree over the entries, with every inclusion proof of its last size and every consistency proof to it."""
    request = {
        "entries": texts_of([entry(number).leaf_input() for number in range(SIZE)]),
        "records": [[SIZE, index] for index in range(SIZE)],
        "trees": [[SIZE, old] for old in range(1, SIZE + 1)],
    }
    answer: dict[str, Any] = ask_go("tree", request)
    return answer


def test_every_root_is_go_s(by_go: dict[str, Any]) -> None:
    edge = Frontier()
    roots, stored = [edge.root()], []
    for hash in leaves(SIZE):
        # Go stores each leaf and then the subtrees that it completes, smallest first.
        stored += [hash, *(subtree.hash for subtree in edge.append(hash))]
        roots.append(edge.root())
    assert texts_of(roots) == by_go["roots"]
    assert texts_of(stored) == by_go["stored"]
    assert texts_of([root_of(leaves(SIZE)[:size]) for size in range(SIZE + 1)]) == by_go["roots"]


def test_every_proof_is_go_s(by_go: dict[str, Any]) -> None:
    read = reading(leaves(SIZE))
    assert [texts_of(inclusion_path(index, SIZE, read)) for index in range(SIZE)] == by_go["records"]
    assert [texts_of(consistency_path(old, SIZE, read)) for old in range(1, SIZE + 1)] == by_go["trees"]


def test_every_tile_is_go_s(by_go: dict[str, Any]) -> None:
    read = reading(leaves(SIZE))
    assert [{"path": tile.path(), "data": text_of(tile_bytes(tile, read))} for tile in tiles_of(SIZE)] == by_go["tiles"]


SIZES = (1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 63, 64, 65, 100, 255, 256, 257)


def test_go_accepts_every_inclusion_proof_of_many_sizes() -> None:
    proofs = [
        {
            "leaf": text_of(leaves(size)[index]),
            "index": index,
            "size": size,
            "root": text_of(root_of(leaves(size))),
            "path": texts_of(inclusion_path(index, size, reading(leaves(size)))),
        }
        for size in SIZES
        for index in {*range(min(size, 12)), size // 2, size - 1}
    ]
    assert set(ask_go("inclusion", proofs)) == {""}
    moved = [proof | {"leaf": text_of(leaf_hash(b"another"))} for proof in proofs]
    assert set(ask_go("inclusion", moved)) == {"invalid transparency proof"}


def test_go_accepts_every_consistency_proof_of_many_sizes() -> None:
    pairs = [(old, new) for new in SIZES for old in SIZES if old <= new]
    proofs = [
        {
            "old_size": old,
            "new_size": new,
            "old_root": text_of(root_of(leaves(old))),
            "new_root": text_of(root_of(leaves(new))),
            "path": texts_of(consistency_path(old, new, reading(leaves(new)))),
        }
        for old, new in pairs
    ]
    assert set(ask_go("consistency", proofs)) == {""}
    moved = [proof | {"old_root": text_of(leaf_hash(b"another"))} for proof in proofs]
    assert set(ask_go("consistency", moved)) == {"invalid transparency proof"}


def test_go_and_we_judge_damaged_proofs_alike() -> None:
    """Paths with hashes lost, doubled, swapped or of another tree, for sizes and leaves that may not fit them."""
    chance = Random(20250723)
    hashes = leaves(70)

    def damaged(path: list[bytes]) -> list[bytes]:
        path = list(path)
        for _ in range(chance.choice((0, 0, 1, 2))):
            at = chance.randrange(len(path) + 1)
            path[at : at + chance.randrange(2)] = chance.sample([*path, *hashes[:3]], chance.randrange(3))
        return path

    inclusions, consistencies, ours = [], [], []
    for _ in range(1500):
        size = chance.randrange(1, 70)
        index, shown = chance.randrange(size), chance.choice((size, size, size, size + 1))
        path = damaged(inclusion_path(index, size, reading(hashes)))
        leaf, root = hashes[chance.choice((index, index, index, 0))], root_of(hashes[:size])
        ours.append(check_inclusion(index, shown, leaf, path, root))
        inclusions.append(
            {"index": index, "size": shown, "leaf": text_of(leaf), "root": text_of(root), "path": texts_of(path)}
        )
        old = index + 1
        path = damaged(consistency_path(old, size, reading(hashes)))
        old_root = root_of(hashes[: chance.choice((old, old, old, 1))])
        ours.append(check_consistency(old, shown, old_root, root, path))
        consistencies.append(
            {"old_size": old, "new_size": shown, "old_root": text_of(old_root), "new_root": text_of(root)}
            | {"path": texts_of(path)}
        )
    theirs = zip(ask_go("inclusion", inclusions), ask_go("consistency", consistencies), strict=True)
    assert ours == [verdict == "" for pair in theirs for verdict in pair]
    assert 500 < sum(ours) < 2500


def test_go_accepts_our_proof_texts() -> None:
    read = reading(leaves(21))
    proofs = [
        {
            "proof": InclusionProof(index, tuple(inclusion_path(index, 21, read)), signed(21), extra).text(),
            "entry": text_of(entry(index).leaf_input()),
        }
        for index in range(21)
        for extra in (None, b"extra")
    ]
    assert set(ask_go("proofs", {"vkeys": [VKEY.text()], "proofs": proofs})) == {""}
    others = [proof | {"entry": text_of(b"another")} for proof in proofs]
    assert set(ask_go("proofs", {"vkeys": [VKEY.text()], "proofs": others})) == {"invalid transparency proof"}


# -- a whole export ---------------------------------------------------------------------------


def export(folder: Path, size: int, *, older: tuple[int, ...] = ()) -> Path:
    """The parts of an export that the seal is about."""
    read = reading(leaves(size))
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "checkpoint").write_text(signed(size), "utf-8")
    (folder / "vkey").write_text(VKEY.text() + "\n", "utf-8")
    (folder / "entries.jsonl").write_bytes(b"".join(export_line(leaf, entry(leaf)) for leaf in range(size)))
    for tile in tiles_of(size):
        path = folder / tile.path()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(tile_bytes(tile, read))
    for old in older:
        (folder / "checkpoints" / str(old)).write_text(signed(old), "utf-8")
        proof = ConsistencyProof(old, tuple(consistency_path(old, size, read)), signed(size))
        (folder / "checkpoints" / f"{old}.consistency").write_text(proof.text(), "utf-8")
    return folder


@pytest.mark.parametrize("size", [0, 1, 255, 256, 700])
def test_go_finds_an_export_whole(tmp_path: Path, size: int) -> None:
    older = tuple(old for old in (0, 1, 100, 256) if old <= size)
    found = export_as_go_sees_it(export(tmp_path / "export", size, older=older), VKEY.text())
    assert found == {
        "origin": ORIGIN,
        "size": size,
        "root": text_of(root_of(leaves(size))),
        "entries": size,
        "tiles": len(list(tiles_of(size))),
        "inclusion": min(size, 50),
        "consistency": min(size, 50),
        "checkpoints": len(older),
        "other_origin": 0,
        "proof_texts": len(older),
        "failures": [],
    }


@pytest.mark.parametrize(
    ("file", "old", "new", "failure"),
    [
        ("checkpoint", b"\n300\n", b"\n299\n", "invalid signature"),
        ("entries.jsonl", b'"version":1', b'"version":2', "their root is"),
        ("entries.jsonl", b'"leaf":7,', b'"leaf":8,', "leaf 7: the line says leaf 8"),
        ("entries.jsonl", b'{"leaf":0', b'{"more":0,"leaf":0', "unknown field"),
        ("tile/0/000", b"", b"\0", "tile/0/000: its hashes are not those of the entries"),
        ("tile/1/000.p/1", b"", b"\0", "tile/1/000.p/1: its hashes are not those of the entries"),
        ("checkpoints/100", b"\n100\n", b"\n101\n", "checkpoints/100: invalid signature"),
        ("checkpoints/100.consistency", b"old 100", b"old 101", "checkpoints/100, its proof: "),
    ],
)
def test_go_finds_what_was_changed_in_an_export(
    tmp_path: Path, file: str, old: bytes, new: bytes, failure: str
) -> None:
    folder = export(tmp_path / "export", 300, older=(100,))
    content = (folder / file).read_bytes()
    assert old in content
    (folder / file).write_bytes(content.replace(old, new, 1))
    assert failure in "\n".join(export_as_go_sees_it(folder, VKEY.text())["failures"])


def test_go_finds_what_is_missing_from_an_export_or_too_much(tmp_path: Path) -> None:
    folder = export(tmp_path / "export", 300)
    (folder / "tile/0/000").rename(folder / "tile/0/005")
    failures = "\n".join(export_as_go_sees_it(folder, VKEY.text())["failures"])
    assert "tile/0/000: open" in failures
    assert "tile/0/005: no tile of this tree" in failures
    lines = (folder / "entries.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "entries.jsonl").write_bytes(b"".join(lines[:-1]))
    assert export_as_go_sees_it(folder)["failures"] == ["entries: 299 lines for a tree of 300 leaves"]


def test_go_leaves_the_checkpoints_of_another_tree_aside(tmp_path: Path) -> None:
    folder = export(tmp_path / "export", 10, older=(5,))
    (folder / "checkpoints/6.note").write_text(signed(6, SECOND, origin=SECOND.name), "utf-8")
    found = export_as_go_sees_it(folder, VKEY.text())
    assert (found["checkpoints"], found["other_origin"], found["failures"]) == (1, 1, [])


def test_a_key_from_outside_is_worth_more_than_the_folder_s(tmp_path: Path) -> None:
    """Anyone who rewrote everything could sign it again and put a key next to it."""
    folder = export(tmp_path / "export", 10)
    forged = sign_note(Checkpoint(ORIGIN, 10, root_of(leaves(10))).text(), OTHER_KEY)
    (folder / "checkpoint").write_text(forged, "utf-8")
    (folder / "vkey").write_text(OTHER_KEY.verifying_key.text(), "utf-8")
    assert export_as_go_sees_it(folder)["failures"] == []
    failures = export_as_go_sees_it(folder, VKEY.text())["failures"]
    assert failures == ["checkpoint: note has no verifiable signatures"]
