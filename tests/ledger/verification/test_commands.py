"""`export` and `verify` as a person types them, over a real ledger with the demo's patients."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from api import demo
from domain.ledger.application import open_ledger
from domain.ledger.verification import export_layout
from domain.ledger.verification.report import INTERNALLY_CONSISTENT_ONLY
from domain.seal.encoding import BYTE_ORDER_MARKS
from tests.api.cli.test_questions import refused, run
from tests.seal.outside import export_as_go_sees_it, openssl_verifies


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE", "SEAL_DIR", "SEAL_KEY", "CHECKPOINTS_DIR", "PURPOSE"):
        monkeypatch.delenv(f"LEMTRADA_{name}", raising=False)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A ledger with the demo, which the tests copy."""
    url = f"sqlite:///{tmp_path_factory.mktemp('proof') / 'plan.sqlite'}"
    demo.fill(url, zone=demo.ZONE)
    return url


@pytest.fixture
def url(filled: str, tmp_path: Path) -> str:
    with sqlite3.connect(filled.removeprefix("sqlite:///")) as connection:
        connection.execute(f"VACUUM INTO '{tmp_path / 'plan.sqlite'}'")
    connection.close()
    return f"sqlite:///{tmp_path / 'plan.sqlite'}"


def verified(*arguments: str, status: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run("verify", *arguments, "--json", status=status).stdout)
    return found


def test_what_export_wrote_verify_finds_good(url: str, tmp_path: Path) -> None:
    folder, kept = tmp_path / "export", tmp_path / "kept"
    said = run("export", str(folder), "--database", url).stdout
    assert ", under the checkpoint lemtrada-ledger/" in said
    shutil.copytree(folder, kept)
    again = tmp_path / "again"
    run("export", str(again), "--database", url)
    key, checkpoint = ["--key", str(kept / export_layout.VKEY)], ["--checkpoint", str(kept / export_layout.CHECKPOINT)]
    found = verified(str(again), *key, *checkpoint)
    assert found["standing"] == "verified with a key and 1 checkpoint from an independent source"
    assert found["meaning"]["counts"]["determinations"] == found["meaning"]["counts"]["determinations that agree"] > 20
    assert verified("--database", url, *key, *checkpoint)["standing"] == found["standing"]


def test_go_and_openssl_find_an_export_of_the_demo_good(url: str, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    run("export", str(folder), "--database", url)
    key = (folder / export_layout.VKEY).read_text().strip()
    found = export_as_go_sees_it(folder, key)
    assert found["failures"] == []
    assert found["entries"] == found["size"] > 200
    assert openssl_verifies((folder / export_layout.CHECKPOINT).read_text(), key)


def test_without_a_key_and_a_checkpoint_it_says_how_little_that_is(url: str, tmp_path: Path) -> None:
    run("export", str(tmp_path / "export"), "--database", url)
    for arguments in ([str(tmp_path / "export")], ["--database", url]):
        said = run("verify", *arguments).stdout
        assert f"Result: {INTERNALLY_CONSISTENT_ONLY}: without an independently kept key and checkpoint" in said


def test_the_status_is_one_and_the_exact_event_is_named_where_something_fails(url: str, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    run("export", str(folder), "--database", url)
    entries = folder / export_layout.ENTRIES
    lines = entries.read_text().splitlines(keepends=True)
    place = next(number for number, line in enumerate(lines) if '"topic":"DoseAdministered"' in line)
    lines[place] = lines[place].replace('\\"mg\\":12.0', '\\"mg\\":21.0')
    entries.write_text("".join(lines))
    result = run("verify", str(folder), "--json", status=1)
    assert result.stderr.count("\n") == 1
    found = json.loads(result.stdout)
    assert (found["holds"], found["bytes"]["holds"], found["order"]["holds"]) == (False, False, True)
    told = json.loads(lines[place])
    failure = found["bytes"]["failures"][0]
    named = {name: failure[name] for name in ("leaf", "history", "version", "topic")}
    assert named == {"leaf": place, "history": told["stream"], "version": told["version"], "topic": "DoseAdministered"}
    assert (
        f"FAILED: its stored content differs from the sealed content (leaf {place}, history {told['stream']}"
        in run("verify", str(folder), status=1).stdout
    )


def test_one_appeal_is_exported_with_nobody_elses_data(url: str, tmp_path: Path) -> None:
    with open_ledger(url) as ledger:
        histories = [ledger.history(patient) for patient in ledger.patients()]
    mine = next(one for one in histories if one.appeals and not one.linked)
    folder = tmp_path / "appeal"
    appeal_id = mine.appeals[0].appeal_id
    run("export", str(folder), "--appeal", appeal_id, "--database", url, "--purpose", "HLEGAL")
    said = run("verify", str(folder), "--key", str(folder / export_layout.VKEY)).stdout
    assert f"{mine.version} events proven to be in the tree" in said
    assert "This is one history." in said
    written = "\n".join(path.read_text() for path in folder.rglob("*") if path.is_file())
    assert mine.name in written
    for other in histories:
        if other.patient_id != mine.patient_id:
            for secret in (str(other.patient_id), other.patient_id.hex, other.member.member_id, other.name):
                assert secret not in written


def test_an_export_is_recorded_as_an_access_to_every_patient(url: str, tmp_path: Path) -> None:
    run("export", str(tmp_path / "export"), "--database", url, "--purpose", "HOPERAT")
    with open_ledger(url) as ledger:
        patients = set(ledger.patients())
    lines = (tmp_path / "export" / export_layout.ACCESSES).read_text().splitlines()
    rows = [json.loads(json.loads(line)["row"]) for line in lines]
    assert {row["patient_id"] for row in rows} == {str(one) for one in patients}
    assert {(row["view"], row["purpose"], row["through"]) for row in rows} == {("export", "HOPERAT", "command line")}


def test_wrong_use_is_told_in_one_line_and_status_two(url: str, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter").touch()
    assert "not empty" in refused("export", str(tmp_path / "mine"), "--database", url)
    assert "not an export" in refused("verify", str(tmp_path / "mine"))
    assert "is not a verifying key" in refused("verify", "--database", url, "--key", "name+00000000+AA==")
    assert "cannot be read" in refused("verify", "--database", url, "--key", str(tmp_path / "nothing"))
    assert "is not a checkpoint" in refused(
        "verify", "--database", url, "--checkpoint", str(tmp_path / "mine" / "letter")
    )
    assert "not the ID of an appeal" in refused("export", str(tmp_path / "x"), "--database", url, "--appeal", "M-1")
    unknown = "11111111-2222-4333-8444-555555555555.a1"
    assert "was not found" in refused("export", str(tmp_path / "x"), "--database", url, "--appeal", unknown)
    assert "No ledger was found" in refused("verify", "--database", f"sqlite:///{tmp_path / 'none.sqlite'}")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("mark", BYTE_ORDER_MARKS)
def test_a_checkpoint_or_key_that_an_editor_saved_is_none_and_says_nothing_of_the_export(
    url: str, tmp_path: Path, mark: bytes
) -> None:
    """Its text would be another one, and no signature agrees with that."""
    run("export", str(tmp_path / "export"), "--database", url)
    encoding = {BYTE_ORDER_MARKS[1]: "utf-16-le", BYTE_ORDER_MARKS[2]: "utf-16-be"}.get(mark, "utf-8")
    for name, option, what in (
        (export_layout.CHECKPOINT, "--checkpoint", "checkpoint"),
        (export_layout.VKEY, "--key", "key"),
    ):
        saved = tmp_path / f"{name} saved"
        saved.write_bytes(mark + (tmp_path / "export" / name).read_text().encode(encoding))
        said = refused("verify", str(tmp_path / "export"), option, str(saved))
        assert f"is no {what}" in said
        assert "copy the file itself" in said
        assert "failed verification" not in said
        run("verify", str(tmp_path / "export"), option, str(tmp_path / "export" / name))


def test_an_export_whose_checkpoint_cannot_be_signed_writes_nothing(url: str, tmp_path: Path) -> None:
    run("export", str(tmp_path / "first"), "--database", url)
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        connection.execute("DROP TRIGGER stored_events_refuse_update")
        for table in ("sealed_events", "seal_subtrees"):
            connection.execute(f"DROP TRIGGER {table}_refuse_delete")
            connection.execute(f"DELETE FROM {table}")
        connection.execute("UPDATE stored_events SET topic = 'DeathRecorded' WHERE topic = 'CourseReopened'")
        connection.execute("UPDATE stored_events SET topic = 'DoseVoided' WHERE rowid = 9")
    connection.close()
    assert "refuses to sign" in refused("export", str(tmp_path / "second"), "--database", url)
    assert not (tmp_path / "second").exists()
