"""Adding a command as CONTRIBUTING.md describes it: six program files, and everything else follows."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests import ROOT
from tests.architecture.structure import PACKAGES

FILES_MAX: Final = 6

EVENT: Final = '''class CallbackPromised(Event):
    """The plan promised to call the prescriber's office back."""

    TOPIC: ClassVar[str] = "CallbackPromised"
    TITLE: ClassVar[str] = "Callback promised"
    ABOUT: ClassVar[About] = About("request", "update")

    request_id: RequestId
    reason: Text


'''
COMMAND: Final = """class PromiseCallback(WithReason):
    request_id: RequestId


"""
DECISION: Final = """def promise_callback(history: Any, command: Any, moment: Any) -> Any:
    request_on_record(history, command.request_id, moment)
    return (moment.event(CallbackPromised, request_id=command.request_id, reason=command.reason),)


"""
ROUTE: Final = """    CommandRoute(
        "/requests/{request_id}/promise-callback",
        requests.PromiseCallback,
        "The plan promised to call the prescriber's office back.",
        {"reason": "The office asked about the MRI report."},
    ),
"""

EDITS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "domain/events/requests.py": (
        ("RequestEvent = (\n", EVENT),
        ("    | RequestAssigned\n", "    | CallbackPromised\n"),
    ),
    "domain/commands/requests.py": (
        ("RequestCommand = (\n", COMMAND),
        ("    | AssignRequest\n", "    | PromiseCallback\n"),
    ),
    "domain/history/requests.py": (
        ("from domain.events.requests import (\n", "from domain.events.requests import CallbackPromised\n"),
        ("    RequestSubmitted: _submitted,\n", "    CallbackPromised: lambda history, _: history.changed(),\n"),
    ),
    "domain/decisions/notices.py": (
        (
            "from domain.decisions.",
            "from typing import Any\nfrom domain.commands.requests import PromiseCallback\n"
            "from domain.events.requests import CallbackPromised\n",
        ),
        ("DECISIONS: Final", DECISION),
        ("    IssueNotice: issue_notice,\n", "    PromiseCallback: promise_callback,\n"),
        ("    IssueNotice: request_on_record,\n", "    PromiseCallback: request_on_record,\n"),
    ),
    "domain/permissions/commands.py": (
        ("            determinations.ApproveCourse,\n", "            requests.PromiseCallback,\n"),
    ),
    "api/routes/commands/requests.py": (('    CommandRoute(\n        "/requests/{request_id}/release"', ROUTE),),
}
"""By file: what is inserted, and the text that it is inserted before."""

PROGRAM: Final = """
import json, os, sys
from uuid import UUID
from datetime import UTC, datetime
from starlette.testclient import TestClient
from api.app import create_app
from api.fhir.provenance import of_change
from api.identity import Identity, headers_for
from domain.ledger.application import open_ledger
from domain.ledger.schema import upgrade
from domain.people import Actor
from projections.timeline import timeline

upgrade(sys.argv[1], zone="America/New_York", entropy=os.urandom)
with open_ledger(sys.argv[1]) as ledger:
    identity = Identity(ledger)
    client = TestClient(create_app(ledger, identity))
    nurse = headers_for(identity, Actor(id="r.nurse", name="Rosa Nurse", role="reviewer", credential="nurse"))
    service = headers_for(identity, Actor(id="claims", name="Claims system", role="service"))
    opened = client.post("/patients", headers=nurse, json={"member": {"member_id": "M-1"}, "name": "Alma Synthetic"})
    patient = opened.json()["patient_id"]
    request = {
        "received_at": datetime.now(UTC).isoformat(),
        "line_of_business": "commercial",
        "prescriber": {"name": "Nora Neuro", "specialty": "neurology"},
        "statement": {},
    }
    submitted = client.post(f"/patients/{patient}/requests", headers=nurse, json=request).json()
    request_id = submitted["request"]["request_id"]
    path, body = f"/requests/{request_id}/promise-callback", {"reason": "The office asked about the MRI report."}
    answers = [client.post(path, headers=one, json=body).status_code for one in (service, nurse)]
    event = list(ledger.events(UUID(patient)))[-1]
    entry = list(timeline(ledger.events(UUID(patient)), ledger.zone))[-1]
    print(json.dumps({
        "answers": answers,
        "topic": event.TOPIC,
        "title": entry.title,
        "sentence": entry.sentence,
        "fhir": of_change(event, event.originator_id)["target"][0]["type"],
    }))
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program with the command added."""
    folder = tmp_path_factory.mktemp("program")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package)
    for name, edits in EDITS.items():
        for mark, text in edits:
            before, found, after = (folder / name).read_text(encoding="utf-8").partition(mark)
            assert found, f"{name} has no {mark!r}"
            (folder / name).write_text(before + text + found + after, encoding="utf-8")
    return folder


def test_a_command_touches_six_program_files(program: Path) -> None:
    changed = [
        path.relative_to(program).as_posix()
        for package in PACKAGES
        for path in (program / package).rglob("*.py")
        if path.read_bytes() != (ROOT / path.relative_to(program)).read_bytes()
    ]
    assert len(changed) == FILES_MAX


def test_with_them_it_is_served_recorded_shown_and_audited(program: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, f"sqlite:///{tmp_path / 'ledger.sqlite'}"],
        cwd=program,
        env={**os.environ, "PYTHONPATH": str(program)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout) == {
        "answers": [403, 200],
        "topic": "CallbackPromised",
        "title": "Callback promised",
        "sentence": "The office asked about the MRI report.",
        "fhir": "Claim",
    }


@pytest.mark.parametrize(
    ("file", "line", "module", "said"),
    [
        (
            "domain/history/requests.py",
            "    CallbackPromised: lambda history, _: history.changed(),\n",
            "domain.decisions",
            "its fold",
        ),
        ("domain/decisions/notices.py", "    PromiseCallback: promise_callback,\n", "domain.decisions", "its decision"),
        (
            "domain/decisions/notices.py",
            "    PromiseCallback: request_on_record,\n",
            "domain.decisions.may",
            "its precondition",
        ),
        ("domain/permissions/commands.py", "            requests.PromiseCallback,\n", "domain.decisions", "its roles"),
        ("domain/events/requests.py", "    | CallbackPromised\n", "domain.decisions", "in the union"),
        ("api/routes/commands/requests.py", ROUTE, "api.routes.commands", "its route"),
    ],
    ids=["fold", "decision", "precondition", "roles", "event", "route"],
)
def test_a_forgotten_row_is_an_error_at_import(
    program: Path, tmp_path: Path, file: str, line: str, module: str, said: str
) -> None:
    """Before anything can be recorded half."""
    copied = tmp_path / "program"
    shutil.copytree(program, copied)
    text = (copied / file).read_text(encoding="utf-8")
    assert line in text
    (copied / file).write_text(text.replace(line, ""), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", f"import {module}"],
        cwd=copied,
        env={**os.environ, "PYTHONPATH": str(copied)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1
    assert said in done.stderr.splitlines()[-1]
