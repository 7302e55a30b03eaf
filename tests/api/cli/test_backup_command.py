"""`backup` and `restore` as a person types them, and what `serve` says of a ledger that was restored wrongly."""

from __future__ import annotations

import io
import json
import subprocess
import time
from pathlib import Path

import pytest
from rich.console import Console

from api.cli import backup
from domain.ledger.application import Ledger, open_ledger
from tests.api.cli.test_questions import refused, run
from tests.clock import Clock
from tests.conftest import NOON
from tests.ledger.acts import dosed, opened
from tests.ledger.documents.test_references import REPORT, REPORT_SHA256, requested, supplied
from tests.story import NURSE


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LEMTRADA_DATABASE", raising=False)


def with_a_document(ledger: Ledger) -> str:
    """The id of the patient who has it."""
    patient_id, request_id = requested(ledger)
    ledger.documents.put(patient_id, [REPORT])
    ledger.execute(patient_id, supplied(request_id), NURSE)
    return patient_id.hex


def test_what_is_backed_up_is_restored_with_tar(sqlite_url: str, tmp_path: Path) -> None:
    file = tmp_path / "plan.tar"
    with open_ledger(sqlite_url, clock=Clock(NOON)) as ledger:
        patient_id = opened(ledger)
        dosed(ledger, patient_id, 0)
        said = run("backup", str(file), "--database", sqlite_url).stdout
        assert said == f"Backed up {sqlite_url} to {file}: 3 events and 0 documents.\n"
        dosed(ledger, patient_id, 1)
    (tmp_path / "restored").mkdir()
    subprocess.run(["tar", "-xf", file, "-C", tmp_path / "restored"], check=True)
    restored = f"sqlite:///{tmp_path / 'restored' / 'ledger.sqlite'}"
    events = [
        json.loads(line)["event"]
        for line in run("history", "M-1", "--database", restored, "--json").stdout.splitlines()
    ]
    assert events == ["HistoryOpened", "DoseAdministered"]


def test_documents_that_are_not_whole_are_named_and_the_rest_is_backed_up(sqlite_url: str, tmp_path: Path) -> None:
    with open_ledger(sqlite_url, clock=Clock(NOON)) as ledger:
        patient = with_a_document(ledger)
    found = json.loads(run("backup", str(tmp_path / "whole.tar"), "--database", sqlite_url, "--json").stdout)
    assert (found["documents"], found["missing"]) == (1, [])
    (tmp_path / "ledger.sqlite-documents" / patient / REPORT_SHA256).unlink()
    result = run("backup", str(tmp_path / "part.tar"), "--database", sqlite_url, "--json", status=1)
    found = json.loads(result.stdout)
    assert (found["events"], found["documents"]) == (4, 0)
    assert [one.split()[1] for one in found["missing"]] == [REPORT_SHA256]
    assert "restore it from an earlier backup" in result.stderr
    assert (tmp_path / "part.tar").exists()


def test_what_is_backed_up_is_restored_and_checked(sqlite_url: str, tmp_path: Path) -> None:
    with open_ledger(sqlite_url, clock=Clock(NOON)) as ledger:
        with_a_document(ledger)
    run("backup", str(tmp_path / "plan.tar"), "--database", sqlite_url)
    url = f"sqlite:///{tmp_path / 'restored.sqlite'}"
    said = run("restore", str(tmp_path / "plan.tar"), "--database", url).stdout
    assert said == f"Restored {tmp_path / 'plan.tar'} to {url}: 4 events and 1 document, checked.\n"
    assert "can be served" in run("serve", "--check", "--database", url).stdout
    assert "never replaces" in refused("restore", str(tmp_path / "plan.tar"), "--database", url)
    again = run("restore", str(tmp_path / "plan.tar"), "--database", f"{url}-2", "--json").stdout
    assert json.loads(again) == {"database": f"{url}-2", "events": 4, "documents": 1, "missing": []}


def test_documents_that_the_backup_lacks_are_named_and_the_rest_is_restored(sqlite_url: str, tmp_path: Path) -> None:
    with open_ledger(sqlite_url, clock=Clock(NOON)) as ledger:
        patient = with_a_document(ledger)
    (tmp_path / "ledger.sqlite-documents" / patient / REPORT_SHA256).unlink()
    run("backup", str(tmp_path / "part.tar"), "--database", sqlite_url, status=1)
    result = run("restore", str(tmp_path / "part.tar"), "--database", f"sqlite:///{tmp_path / 'part.sqlite'}", status=1)
    assert REPORT_SHA256 in result.stderr
    assert (tmp_path / "part.sqlite").exists()


def test_serve_refuses_a_ledger_with_the_log_of_another_and_leaves_it_as_it_is(sqlite_url: str, tmp_path: Path) -> None:
    with open_ledger(sqlite_url, clock=Clock(NOON)) as ledger:
        patient_id = opened(ledger)
        run("backup", str(tmp_path / "plan.tar"), "--database", sqlite_url)
        dosed(ledger, patient_id, *range(8))
        left = (tmp_path / "ledger.sqlite-wal").read_bytes()
    place = tmp_path / "by hand"
    place.mkdir()
    subprocess.run(["tar", "-xf", tmp_path / "plan.tar", "-C", place, "ledger.sqlite"], check=True)
    (place / "ledger.sqlite-wal").write_bytes(left)
    before = {one.name: one.read_bytes() for one in place.iterdir()}
    for words in (("serve", "--port", "0"), ("serve", "--check")):
        said = refused(*words, "--database", f"sqlite:///{place / 'ledger.sqlite'}")
        assert "belongs to another database" in said
        assert "lemtrada-ledger restore" in said
    assert {one.name: one.read_bytes() for one in place.iterdir()} == before


def test_a_postgresql_ledger_is_sent_to_the_tools_of_its_server(tmp_path: Path) -> None:
    said = refused("backup", str(tmp_path / "plan.tar"), "--database", "postgresql://me:hunter2@h/ledger")
    assert "pg_basebackup" in said
    assert "OPERATIONS.md" in said
    assert "hunter2" not in said


def test_a_backup_that_is_there_is_not_replaced(sqlite_url: str, tmp_path: Path) -> None:
    run("backup", str(tmp_path / "plan.tar"), "--database", sqlite_url)
    assert "never replaces" in refused("backup", str(tmp_path / "plan.tar"), "--database", sqlite_url)


def test_it_has_help_with_an_example() -> None:
    assert "Example: lemtrada-ledger backup" in run("backup", "--help").stdout
    assert "Example: lemtrada-ledger restore" in run("restore", "--help").stdout


@pytest.mark.parametrize(
    ("terminal", "seconds", "tells"),
    [(True, 0.0, True), (True, 60.0, False), (False, 0.0, False)],
    ids=["long, on a terminal", "short, on a terminal", "long, in a pipe"],
)
def test_on_a_terminal_a_backup_that_takes_longer_shows_that_it_is_under_way(
    terminal: bool, seconds: float, tells: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "SECONDS_BEFORE_PROGRESS", seconds)
    shown = io.StringIO()
    begun = time.monotonic()
    with backup.elapsed_time_shown(Console(file=shown, force_terminal=terminal, width=80), "backing up"):
        time.sleep(0.3)
    assert ("backing up" in shown.getvalue()) == tells
    assert time.monotonic() - begun < 10
