"""An export: written whole, checked by what others wrote, by its own README, and by `verify`."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from domain.errors import InvalidCommand
from domain.ledger.errors import StoreError
from domain.ledger.verification import export_layout
from domain.ledger.verification.check_bytes import Signed
from domain.ledger.verification.export_readme import ASK_OPENSSL, CHECK_THE_SIGNATURE, CHECK_THE_TREE
from domain.ledger.verification.export_writer import export_history
from domain.ledger.verification.history_export import is_of_one_history, verify_history
from domain.ledger.verification.report import INTERNALLY_CONSISTENT_ONLY, Logged
from domain.policy.editions import EDITIONS
from tests.ledger.verification.altering import Owner
from tests.ledger.verification.conftest import Sealed
from tests.ledger.verification.sealed_stories import PLANTED
from tests.seal.outside import export_as_go_sees_it, openssl_verifies

SUMS = ["sha256sum", "--check", "--strict", "--quiet", export_layout.SUMS]


def test_an_export_holds_and_says_what_it_was_held_against(sealed: Sealed, tmp_path: Path) -> None:
    folder = sealed.exported(tmp_path / "export")
    report = sealed.verified_export(folder)
    assert report.holds, report.lines()
    assert report.standing == "verified with a key and 2 checkpoints from an independent source"
    assert report.bytes.counts["leaves"] == report.order.counts["events"] == sealed.final.size
    assert report.meaning.counts["determinations that agree"] == 2
    assert report.meaning.counts["accesses"] == 2


def test_without_a_key_and_a_checkpoint_from_outside_it_is_internally_consistent_only(
    sealed: Sealed, tmp_path: Path
) -> None:
    report = sealed.verified_export(sealed.exported(tmp_path / "export"), given=False)
    assert report.holds
    assert report.standing.startswith(f"{INTERNALLY_CONSISTENT_ONLY}: ")
    assert report.to_json_value()["internally_consistent_only"] is True


def test_it_says_the_same_of_the_ledger_as_the_ledger_itself(sealed: Sealed, tmp_path: Path) -> None:
    of_export, of_ledger = sealed.verified_export(sealed.exported(tmp_path / "export")), sealed.verified()
    assert of_export.checkpoint == of_ledger.checkpoint
    assert of_export.order.counts == of_ledger.order.counts
    shared = of_export.meaning.counts.keys() & of_ledger.meaning.counts.keys()
    assert {name: of_export.meaning.counts[name] for name in shared} == dict(of_ledger.meaning.counts)


# -- by what others wrote ---------------------------------------------------------------------


def test_go_and_openssl_find_it_good(sealed: Sealed, tmp_path: Path) -> None:
    folder = sealed.exported(tmp_path / "export")
    report = export_as_go_sees_it(folder, sealed.sealer.verifying_key.text())
    assert report["failures"] == []
    assert (report["entries"], report["root"]) == (sealed.final.size, report["root"])
    assert (report["checkpoints"], report["proof_texts"]) == (1, 1)
    assert openssl_verifies((folder / export_layout.CHECKPOINT).read_text(), sealed.sealer.verifying_key.text())


def test_go_finds_one_altered_byte(sealed: Sealed, tmp_path: Path) -> None:
    folder = sealed.exported(tmp_path / "export")
    entries = folder / export_layout.ENTRIES
    entries.write_text(entries.read_text().replace("Alma Synthetic", "Anna Synthetic", 1))
    assert export_as_go_sees_it(folder)["failures"] != []
    assert not sealed.verified_export(folder).holds


def run(command: list[str] | str, folder: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, shell=isinstance(command, str), timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_what_its_readme_says_checks_it_with_nothing_of_ours(sealed: Sealed, tmp_path: Path) -> None:
    folder, elsewhere = sealed.exported(tmp_path / "export"), tmp_path / "elsewhere"
    readme = (folder / export_layout.README).read_text()
    elsewhere.mkdir()
    for name, text in (("signature.py", CHECK_THE_SIGNATURE), ("tree.py", CHECK_THE_TREE)):
        assert text in readme
        assert len(text.splitlines()) <= 30
        assert "domain" not in text
        (elsewhere / name).write_text(text)
    (elsewhere / "kept").write_text(sealed.kept[0].note)
    assert run([sys.executable, "-I", "signature.py", str(folder)], elsewhere) == ""
    assert ASK_OPENSSL in readme
    assert "Signature Verified Successfully" in run(ASK_OPENSSL, elsewhere)
    told = run([sys.executable, "-I", "tree.py", str(folder), "kept"], elsewhere)
    assert f"its {sealed.final.size} leaves are these entries" in told
    assert f"kept: its {sealed.kept[0].size} leaves are these entries" in told
    run(SUMS, folder)


def test_the_sum_of_an_outline_is_the_digest_of_its_edition(sealed: Sealed, tmp_path: Path) -> None:
    folder = sealed.exported(tmp_path / "export")
    for edition in EDITIONS:
        file = f"{export_layout.EDITIONS}/{edition.key}.revision-{edition.revision}.json"
        assert run(["sha256sum", file], folder).split()[0] == edition.digest


# -- whole or not at all ----------------------------------------------------------------------


def test_only_its_owner_can_read_it(sealed: Sealed, tmp_path: Path) -> None:
    folder = sealed.exported(tmp_path / "export")
    modes = {path.stat().st_mode & 0o077 for path in [folder, *folder.rglob("*")]}
    assert modes == {0}


def test_it_never_goes_where_something_is(sealed: Sealed, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    (tmp_path / "file").touch()
    for name in ("full", "file"):
        with pytest.raises(InvalidCommand):
            sealed.exported(tmp_path / name)
    assert [one.name for one in (tmp_path / "full").iterdir()] == ["mine"]
    (tmp_path / "empty").mkdir()
    assert sealed.verified_export(sealed.exported(tmp_path / "empty")).holds


def test_what_was_altered_is_not_exported_and_leaves_no_folder(sealed: Sealed, tmp_path: Path) -> None:
    with Owner(sealed.ledger) as owner:
        owner.drop_guards()
        owner.run("UPDATE stored_events SET topic = ? WHERE topic = ?", "DeathRecorded", "CourseCompleted")
    before = set(tmp_path.iterdir())
    with pytest.raises(StoreError, match="differs from the sealed record"):
        sealed.exported(tmp_path / "export")
    assert set(tmp_path.iterdir()) == before


def test_what_is_recorded_after_the_checkpoint_is_not_in_it(sealed: Sealed, tmp_path: Path) -> None:
    sealed.sealer.sealing.origins.start_new(None, "for the test")
    folder = sealed.exported(tmp_path / "export")
    assert sealed.verified_export(folder).order.counts["events"] == sealed.final.size


# -- one history ------------------------------------------------------------------------------


def exported_history(sealed: Sealed, number: int, folder: Path) -> Path:
    patient, store = sealed.told[number].patient_id, sealed.sealer.sealing.store
    plain = sealed.ledger.events.mapper.plain_state
    entries = []
    for version, topic, state in sealed.ledger.recorder.rows_of(patient):
        leaf = store.leaf_of(patient, version)
        assert leaf is not None
        entries.append(Logged(leaf.number, str(patient), version, topic, plain(bytes(state))))
    keys = [sealed.sealer.verifying_key]
    export_history(entries, sealed.final, sealed.kept[:1], keys, store.read, folder)
    return folder


def history_verified(sealed: Sealed, folder: Path, given: list[Signed] | None = None) -> list[str]:
    kept = sealed.kept if given is None else given
    report = verify_history(folder, key=sealed.sealer.verifying_key, given=kept)
    return [one.line() for part in report.parts for one in part.failures if export_layout.SUMS not in one.what]


def test_one_history_is_proven_event_by_event(sealed: Sealed, tmp_path: Path) -> None:
    folder = exported_history(sealed, 0, tmp_path / "export")
    assert is_of_one_history(folder)
    report = verify_history(folder, key=sealed.sealer.verifying_key, given=sealed.kept)
    assert report.holds, report.lines()
    assert report.bytes.counts["events proven to be in the tree"] == sealed.told[0].known.version
    assert report.meaning.counts["determinations that agree"] == 1
    assert any("This is one history" in line for line in report.lines())
    run(SUMS, folder)


def test_it_holds_no_other_patients_data(sealed: Sealed, tmp_path: Path) -> None:
    assert PLANTED in (sealed.exported(tmp_path / "whole") / export_layout.ENTRIES).read_text()
    folder = exported_history(sealed, 0, tmp_path / "export")
    other = sealed.told[1].known
    written = "\n".join(path.read_text() for path in folder.rglob("*") if path.is_file())
    mine = sealed.told[0].known
    assert str(mine.patient_id) in written
    assert mine.member.member_id in written
    for secret in (PLANTED, str(other.patient_id), other.patient_id.hex, other.member.member_id):
        assert secret not in written
    assert not (folder / "tile").exists()
    streams = set(re.findall(r'"stream":"([^"]+)"', written))
    assert streams == {str(mine.patient_id)}


@pytest.mark.parametrize("store", ["sqlite"])
def test_every_change_of_what_proves_one_history_is_found(sealed: Sealed, tmp_path: Path) -> None:
    folder = exported_history(sealed, 1, tmp_path / "export")
    assert history_verified(sealed, folder) == []
    missed = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if path.name in (export_layout.README, export_layout.SUMS) or path.suffix == ".txt":
            continue
        content = path.read_bytes()
        step = max(1, len(content) // 20)
        for offset in range(0, len(content), step):
            path.write_bytes(content[:offset] + bytes([content[offset] ^ 1]) + content[offset + 1 :])
            if not history_verified(sealed, folder):
                missed.append(f"{path.name} byte {offset}")
        path.unlink()
        if path.parent.name != export_layout.EDITIONS and not history_verified(sealed, folder):
            missed.append(f"{path.name} deleted")
        path.write_bytes(content)
    assert missed == []


def test_an_event_that_was_left_out_of_one_history_is_found(sealed: Sealed, tmp_path: Path) -> None:
    folder = exported_history(sealed, 0, tmp_path / "export")
    entries = folder / export_layout.ENTRIES
    lines = entries.read_text().splitlines(keepends=True)
    entries.write_text("".join(lines[:3] + lines[4:]))
    assert any("version 4 of its history is missing" in one for one in history_verified(sealed, folder))


def test_a_checkpoint_that_nothing_leads_from_is_not_passed_over(sealed: Sealed, tmp_path: Path) -> None:
    folder = exported_history(sealed, 0, tmp_path / "export")
    (failure,) = history_verified(sealed, folder, [sealed.kept[0]._replace(size=sealed.kept[0].size + 1)])
    assert "this export does not connect its" in failure
