"""Trees of more than 256 leaves, whose full subtrees are stored and whose tiles have levels."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.ledger.application import Ledger
from domain.ledger.verification import export_layout
from domain.ledger.verification.check_bytes import read_signed
from domain.ledger.verification.report import VerificationReport
from tests.ledger.acts import opened
from tests.ledger.verification.altering import Owner
from tests.ledger.verification.conftest import Sealed
from tests.ledger.verification.sealed_stories import Sealer
from tests.seal.outside import export_as_go_sees_it

HISTORIES = 300


@pytest.fixture
def larger(ledger: Ledger, tmp_path: Path) -> Sealed:
    """Three hundred histories of which no more is known than that they were opened; sealed after every hundred."""
    sealer = Sealer(ledger, tmp_path / "signer")
    kept = []
    for number in range(HISTORIES):
        opened(ledger, f"M-{number}")
        if number % 100 == 99:
            kept.append(sealer.seal())
    return Sealed(ledger, sealer, [], kept, kept[-1])


def is_told(report: VerificationReport, place: str) -> bool:
    return any(place in (one.file or "") for one in report.bytes.failures)


def test_every_byte_of_a_stored_subtree_that_is_changed_is_found(larger: Sealed) -> None:
    assert larger.verified().holds, larger.verified().lines()
    missed = []
    with Owner(larger.ledger) as owner:
        owner.drop_guards()
        rows = owner.rows("SELECT level, number, hash FROM seal_subtrees ORDER BY level, number")
        assert len(rows) == larger.final.size // 256 == 2
        update = "UPDATE seal_subtrees SET hash = ? WHERE level = ? AND number = ?"
        for level, number, hash in rows:
            content = bytes(hash)
            for offset in range(0, len(content), 3):
                changed = content[:offset] + bytes([content[offset] ^ 1]) + content[offset + 1 :]
                owner.run(update, changed, level, number)
                if not is_told(larger.verified(), "stored subtrees of level 1"):
                    missed.append((level, number, offset))
            owner.run(update, content, level, number)
        for level, number in ((1, 2), (2, 0), (5, 7)):
            owner.run("INSERT INTO seal_subtrees (level, number, hash) VALUES (?, ?, ?)", level, number, b"\0" * 32)
            if not is_told(larger.verified(), "stored subtrees"):
                missed.append((level, number, -1))
            owner.run("DELETE FROM seal_subtrees WHERE level = ? AND number = ?", level, number)
        owner.run("DELETE FROM seal_subtrees WHERE number = 0")
        assert is_told(larger.verified(), "stored subtrees of level 1")
    assert missed == []


def test_its_export_has_tiles_that_go_reads_and_proofs_between_its_checkpoints(larger: Sealed, tmp_path: Path) -> None:
    folder = larger.exported(tmp_path / "export")
    assert larger.verified_export(folder).holds
    found = export_as_go_sees_it(folder, larger.sealer.verifying_key.text())
    assert found["failures"] == []
    assert (found["tiles"], found["checkpoints"], found["proof_texts"]) == (4, 2, 2)
    written = sorted(path.relative_to(folder).as_posix() for path in (folder / "tile").rglob("*") if path.is_file())
    assert written == ["tile/0/000", "tile/0/001", f"tile/0/002.p/{larger.final.size % 256}", "tile/1/000.p/2"]


def test_every_tile_and_proof_that_is_altered_is_found(larger: Sealed, tmp_path: Path) -> None:
    folder, missed = larger.exported(tmp_path / "export"), []
    paths = [
        path for name in ("tile", export_layout.CHECKPOINTS) for path in (folder / name).rglob("*") if path.is_file()
    ]
    assert len(paths) == 8
    for path in paths:
        content = path.read_bytes()
        for offset in (0, len(content) // 2, len(content) - 1):
            path.write_bytes(content[:offset] + bytes([content[offset] ^ 1]) + content[offset + 1 :])
            failures = [
                one for one in larger.verified_export(folder).bytes.failures if export_layout.SUMS not in one.what
            ]
            if not failures:
                missed.append(f"{path.name} {offset}")
        path.unlink()
        if not [one for one in larger.verified_export(folder).bytes.failures if export_layout.SUMS not in one.what]:
            missed.append(f"{path.name} gone")
        path.write_bytes(content)
    assert missed == []


def test_a_checkpoint_of_any_size_is_held_against_the_tree_at_that_size(larger: Sealed) -> None:
    for kept in larger.kept:
        forged = read_signed(kept.note.replace(f"\n{kept.size}\n", f"\n{kept.size - 1}\n", 1), "forged", is_given=True)
        report = Sealed(larger.ledger, larger.sealer, [], [forged], larger.final).verified()
        assert {one.what for one in report.bytes.failures} == {
            "the signature is not valid",
            f"the tree of its {kept.size - 1} leaves has a different root: entries were altered",
        }
