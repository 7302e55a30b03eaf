"""The audit trail as a file of a command: complete, in commit order, and recorded before the file has its name."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from eventsourcing.persistence import OperationalError

from api.fhir import audit_events
from api.fhir.event_mapping import is_of_patient
from domain.events.system import AccessesRecorded
from domain.ledger.access_log.writer import AccessLog
from domain.ledger.application import Ledger
from tests.api.cli.test_questions import refused, run
from tests.api.fhir.asking import audited, events_of, rows_of, told_of_changes
from tests.api.fhir.test_mapping import check_audit_event, check_provenance
from tests.api.routes.commands.acts import Api
from tests.clock import Clock


@pytest.fixture
def patient(api: Api, clock: Clock) -> UUID:
    found = api.opened("M-1")
    api.opened("M-2")
    for days, view in enumerate(("eligibility", "courses", "person")):
        clock.advance(timedelta(days=1))
        assert api.client.get(f"/patients/{found}/{view}").status_code == 200
        api.dosed(found, f"2026-04-2{days}")
    return UUID(str(found))


def lines(path: Path) -> list[dict[str, Any]]:
    assert path.stat().st_mode & 0o077 == 0
    text = path.read_text()
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def in_order_of_commits(ledger: Ledger) -> list[str]:
    rows = {(one.register, one.number): audit_events.row_id(one) for one in rows_of(ledger)}
    found: list[str] = []
    for event in events_of(ledger):
        if isinstance(event, AccessesRecorded):
            numbers = range(event.first, event.first + event.count)
            found += [rows[event.originator_id, number] for number in numbers]
        elif audit_events.is_exported(event):
            found.append(audit_events.event_id(event))
    return found


def test_everything_is_written_in_the_order_of_commits(
    patient: UUID, ledger: Ledger, ledger_url: str, tmp_path: Path
) -> None:
    expected, order = audited(ledger), in_order_of_commits(ledger)
    said = run("audit-events", "--output", str(tmp_path / "a.ndjson"), "--database", ledger_url).stdout
    found = lines(tmp_path / "a.ndjson")
    assert [one["id"] for one in found] == order
    assert {one["id"]: one for one in found} == expected
    assert f"{len(found)} resources" in said
    for one in found:
        check_audit_event(one)


def test_the_same_record_is_written_the_same(patient: UUID, ledger_url: str, tmp_path: Path) -> None:
    for name in ("a", "b"):
        run("provenance", "--output", str(tmp_path / name), "--database", ledger_url)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_every_change_has_its_provenance(patient: UUID, ledger: Ledger, ledger_url: str, tmp_path: Path) -> None:
    run("provenance", "--output", str(tmp_path / "all"), "--database", ledger_url)
    found = lines(tmp_path / "all")
    assert {one["id"]: one for one in found} == told_of_changes(ledger)
    assert [one["id"] for one in found] == [
        audit_events.event_id(one) for one in events_of(ledger) if is_of_patient(one)
    ]
    for one in found:
        check_provenance(one)


def test_of_one_patient_nothing_of_others_is_written(
    patient: UUID, ledger: Ledger, ledger_url: str, tmp_path: Path
) -> None:
    expected = audited(ledger, patient)
    run("audit-events", "--output", str(tmp_path / "a"), "--member", "M-1", "--database", ledger_url)
    assert {one["id"]: one for one in lines(tmp_path / "a")} == expected
    run("provenance", "--output", str(tmp_path / "p"), "--member", "M-1", "--database", ledger_url)
    assert {one["id"]: one for one in lines(tmp_path / "p")} == told_of_changes(ledger, patient)


def test_days_are_the_plans_and_both_are_in(patient: UUID, ledger: Ledger, ledger_url: str, tmp_path: Path) -> None:
    asked = ("--from", "2026-04-29", "--to", "2026-04-30", "--database", ledger_url)
    days = {
        number: datetime.fromisoformat(one["recorded"]).astimezone(ledger.zone).date().isoformat()
        for number, one in audited(ledger).items()
    }
    run("audit-events", "--output", str(tmp_path / "a"), *asked)
    expected = {number for number, day in days.items() if "2026-04-29" <= day <= "2026-04-30"}
    assert 0 < len(expected) < len(days)
    assert {one["id"] for one in lines(tmp_path / "a")} == expected


def test_it_is_recorded_as_an_export(patient: UUID, ledger: Ledger, ledger_url: str, tmp_path: Path) -> None:
    said = run(
        "audit-events", "--output", str(tmp_path / "a"), "--purpose", "HLEGAL", "--json", "--database", ledger_url
    )
    size = (tmp_path / "a").stat().st_size
    told = json.loads(said.stdout)
    assert (told["resources"], told["size_bytes"]) == (len(lines(tmp_path / "a")), size)
    looks = [one.access for one in rows_of(ledger) if one.access.through == "export"]
    assert {one.patient_id for one in looks} == {
        patient,
        *(one.originator_id for one in events_of(ledger) if is_of_patient(one)),
    }
    assert {(one.view, one.purpose) for one in looks} == {("audit_events", "HLEGAL")}


def test_there_is_never_half_a_file(
    patient: UUID, ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "new"
    folder.mkdir()

    def fails(*_: object, **__: object) -> None:
        raise OperationalError("attempt to write a readonly database")

    with monkeypatch.context() as broken:
        broken.setattr(AccessLog, "record", fails)
        refused("audit-events", "--output", str(folder / "a"), "--database", ledger_url)
    assert list(folder.iterdir()) == []
    with monkeypatch.context() as broken:
        broken.setattr("api.fhir.ndjson.to_json", fails)
        refused("provenance", "--output", str(folder / "a"), "--database", ledger_url)
    assert list(folder.iterdir()) == []


def test_a_name_that_is_taken_and_a_folder_that_is_not_there_are_refused(
    patient: UUID, ledger_url: str, tmp_path: Path
) -> None:
    (tmp_path / "a").write_text("mine")
    assert "a file with this name already exists" in refused(
        "audit-events", "--output", str(tmp_path / "a"), "--database", ledger_url
    )
    assert (tmp_path / "a").read_text() == "mine"
    assert "--output" in refused("provenance", "--output", str(tmp_path / "no" / "b"), "--database", ledger_url)
    wrong = ("--from", "2026-05-01", "--to", "2026-04-01", "--database", ledger_url)
    assert "give an earlier day" in refused("audit-events", "--output", str(tmp_path / "c"), *wrong)
    assert not (tmp_path / "c").exists()
