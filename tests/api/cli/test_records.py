"""Commands about one patient, request, appeal or document: as a person types them, now and as known then."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.api.cli.test_questions import refused, run
from tests.api.routes.commands.acts import APPEALS, MRI, OFFICE, PDF, PENDS, Api, Json
from tests.api.routes.commands.stages import NOW
from tests.clock import Clock
from tests.ledger.documents.document_storage import Shelf

BEFORE = "2026-04-28T16:00:59Z"
"""A second before the appeal of `told` comes."""

AFTER = "2026-04-28T16:01:00.000001Z"

COMMANDS = ("courses", "person", "request", "appeal", "requests", "appeals", "document")


@pytest.fixture
def told(api: Api, clock: Clock) -> Json:
    """A denial that was appealed, and a request that waits for a document that is here."""
    patient = api.opened()
    denied = api.denied(patient)
    submitted = api.submitted(patient, PENDS)["request"]
    pending = submitted["request_id"]
    clock.at = clock.at.replace(minute=1)
    appeal = api.appealed(denied, NOW)
    api.did_to(appeal, "assign", to=APPEALS)
    brought = {"received_at": submitted["received_at"], "documents": [api.stored(patient)]}
    (document,) = api.did_to(pending, "supply-information", OFFICE, **brought)["made"]
    return {"patient": patient, "denied": denied, "pending": pending, "appeal": appeal, "document": document}


def said(*arguments: str, database: str) -> str:
    return str(run(*arguments, "--database", database).stdout)


def found(*arguments: str, database: str) -> Any:
    return json.loads(said(*arguments, "--json", database=database))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str) -> None:
    text = run(command, "--help").stdout
    assert f"Example: lemtrada-ledger {command} " in text
    assert "--known-at" in text


def test_an_appeal_is_told_as_over_http(api: Api, told: Json, ledger_url: str) -> None:
    text = said("appeal", told["appeal"], database=ledger_url)
    assert f"{told['appeal']}, open" in text
    assert "by Alma Synthetic (patient), first level, standard" in text
    assert "on time: no last day, because no notice or no receipt of it is on record" in text
    assert "Anna Appeals (appeals clinician)" in text
    # The program has the machine's clock, on which the appeal is overdue by now.
    over_http = api.asked(f"/appeals/{told['appeal']}", known_at=AFTER)
    assert found("appeal", told["appeal"], "--known-at", AFTER, database=ledger_url) == over_http
    assert "the appeal was not found" in refused(
        "appeal", told["appeal"], "--known-at", BEFORE, "--database", ledger_url
    )
    assert "this is not the ID of an appeal" in refused("appeal", told["denied"], "--database", ledger_url)


def test_requests_and_appeals_are_listed_with_their_ids(api: Api, told: Json, ledger_url: str) -> None:
    text = said("requests", "M-1", database=ledger_url)
    assert [line.split()[1] for line in text.splitlines()] == [f"{told['denied']}:", f"{told['pending']}:"]
    whole = api.asked(f"/patients/{told['patient']}/requests")["items"]
    assert found("requests", "M-1", database=ledger_url) == whole
    assert f"{told['appeal']}: open, received 2026-04-28" in said("appeals", "M-1", database=ledger_url)
    listed = api.asked(f"/patients/{told['patient']}/appeals", known_at=AFTER)["items"]
    assert found("appeals", "M-1", "--known-at", AFTER, database=ledger_url) == listed
    assert "None on record" in said("appeals", "M-1", "--known-at", BEFORE, database=ledger_url)


def test_a_request_tells_what_is_here_and_what_was_decided(told: Json, ledger_url: str) -> None:
    text = said("request", told["pending"], database=ledger_url)
    assert "Report of the MRI (mri report, not reviewed)" in text
    assert f"{MRI}" in text
    text = said("request", told["denied"], database=ledger_url)
    assert "denied on 2026-04-28 by Dora Medical, citing 1.A.iii, policy version 2025-07-23" in text
    assert "a1 of 2026-04-28: open" in text
    assert "a1 of" not in said("request", told["denied"], "--known-at", BEFORE, database=ledger_url)


def test_a_request_tells_where_its_determination_is_sealed(
    told: Json, ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEMTRADA_SEAL_DIR", str(tmp_path / "signer"))
    assert "denied: not yet" in said("request", told["denied"], database=ledger_url)
    assert found("request", told["denied"], database=ledger_url)["seals"] == [{"determination": "denied", "seal": None}]
    checkpoint = found("seal", "now", database=ledger_url)
    text = said("request", told["denied"], database=ledger_url)
    assert re.search(rf"denied: leaf \d+, under the checkpoint of {checkpoint['size']} leaves", text)
    (sealed,) = found("request", told["denied"], database=ledger_url)["seals"]
    assert sealed["seal"]["checkpoint"] == checkpoint["note"]


def test_an_extension_is_assessed_before_it_is_decided(api: Api, ledger_url: str) -> None:
    patient = api.opened()
    seen = api.submitted(patient)
    request_id = seen["request"]["request_id"]
    assert "the request has no approval in effect" in refused(
        "request", request_id, "--to-extend", "--database", ledger_url
    )
    api.decided("approve", seen)
    api.dosed(patient, "2026-04-28")
    told = found("request", request_id, "--to-extend", "--as-of", "2026-04-28", database=ledger_url)
    assert told["assessment"]["recommendation"] == "approve"
    digest = api.asked(f"/requests/{request_id}/assessment-to-extend")["assessment_digest"]
    assert told["assessment_digest"] == digest != api.digest(request_id)
    both = ("--to-extend", "--edition", "2024-10-09", "--database", ledger_url)
    assert "--edition" in refused("request", request_id, *both)


def test_a_document_is_written_once_and_whole(api: Api, told: Json, ledger_url: str, tmp_path: Path) -> None:
    output = tmp_path / "report.pdf"
    to_file = ("--output", str(output), "--database", ledger_url)
    text = run("document", told["document"], *to_file).stdout
    assert (output.read_bytes(), f"{len(PDF)} bytes" in text) == (PDF, True)
    assert "the file cannot be written: File exists" in refused("document", told["document"], *to_file)
    output.unlink()
    sha256 = api.ledger.history(UUID(told["patient"])).documents[0].document.sha256
    Shelf(api.ledger.documents, ledger_url).replace(UUID(told["patient"]), sha256, PDF + b"!")
    assert "damaged" in refused("document", told["document"], *to_file)
    assert not output.exists()
    assert "the document was not found" in refused("document", told["document"], *to_file, "--known-at", BEFORE)
