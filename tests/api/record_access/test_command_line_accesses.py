"""Every command that shows a patient's data records the access, before anything is shown; none is left out."""

from __future__ import annotations

import ast
import json
import platform
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import typer
from eventsourcing.persistence import OperationalError
from typer.testing import CliRunner, Result

from api.cli.main import app
from api.record_access import command_line
from domain.ledger.access_log.report import AccessQuery, all_accesses
from domain.ledger.access_log.writer import AccessLog
from domain.ledger.application import Ledger, open_ledger
from domain.permissions.disclosure import Access
from tests import ROOT
from tests.api.cli.test_questions import refused, run
from tests.api.routes.commands.acts import APPEALS, OFFICE, PENDS, Api, Json
from tests.api.routes.commands.stages import NOW
from tests.ledger.access_log.stored import check_digests, look

COMMAND_LINE = ROOT / "api" / "cli"

SHOWN: dict[str, tuple[str, str | None, tuple[str, ...]]] = {
    "eligibility": ("eligibility", None, ("M-1",)),
    "history": ("history", None, ("M-1",)),
    "courses": ("courses", None, ("M-1",)),
    "person": ("person", None, ("M-1",)),
    "requests": ("requests", None, ("M-1",)),
    "appeals": ("appeals", None, ("M-1",)),
    "accesses": ("accesses", None, ("M-1",)),
    "request": ("request", "denied", ("{denied}",)),
    "appeal": ("appeal", "appeal", ("{appeal}",)),
    "replay": ("replay", "denied", ("{denied}",)),
    "document": ("document", "document", ("{document}", "--output", "{folder}/report.pdf")),
    "dossier": ("dossier", "appeal", ("{appeal}", "--output", "{folder}/dossier")),
    "worklist": ("worklist", None, ()),
    "export": ("export", "appeal", ("{folder}/export", "--appeal", "{appeal}")),
    "audit-events": ("audit_events", None, ("--output", "{folder}/audit.ndjson", "--member", "M-1")),
    "provenance": ("audit_events", None, ("--output", "{folder}/provenance.ndjson", "--member", "M-1")),
}
"""Each command: the view and the subject that are recorded, and its arguments."""

SHOWS_NOBODY: dict[str, str] = {
    "assess": "cases from a file, no ledger",
    "explain": "the policy",
    "deadlines show": "the rows of the deadlines",
    "deadlines schema": "a schema",
    "deadlines check": "ids of notices, appeals and requests; each patient listed is recorded, by a test of its own",
    "serve": "what it answers over HTTP is recorded there",
    "demo": "the synthetic patients that it made",
    "import": "records, and tells numbers of lines; what a refusal shows is recorded, by a test below",
    "backup": "a file that nobody reads by it, for whoever may read the whole database",
    "restore": "numbers, and ids of documents that are missing",
    "rebuild": "ids of patients whose rows cannot be made",
    "verify": "ids of streams and what is wrong with them",
    "invite": "people of the plan",
    "database upgrade": "the schema",
    "database sweep": "how many documents",
    "seal now": "hashes",
    "seal status": "hashes",
    "seal key": "a public key",
    "seal rotate-key": "a public key",
    "clock confirm": "an instant",
    "seal new-origin": "hashes",
    "token create": "people of the plan",
    "token list": "people of the plan",
    "token revoke": "people of the plan",
    "people list": "people of the plan",
    "people remove": "people of the plan",
    "encryption-key new": "a key",
}
"""What it shows instead."""


def every_command() -> set[str]:
    whole = typer.main.get_command(app)
    found: set[str] = set()
    for name, one in whole.commands.items():  # type: ignore[attr-defined]
        below = getattr(one, "commands", None)
        found |= {name} if below is None else {f"{name} {under}" for under in below}
    return found


@pytest.fixture
def told(api: Api) -> Json:
    patient = api.opened()
    pending = api.submitted(patient, PENDS)["request"]["request_id"]
    denied = api.denied(patient)
    appeal = api.appealed(denied, NOW)
    api.did_to(appeal, "assign", to=APPEALS)
    (document,) = api.did_to(pending, "supply-information", OFFICE, received_at=NOW, documents=[api.stored(patient)])[
        "made"
    ]
    return {"patient": patient, "denied": denied, "appeal": appeal, "document": document}


def with_a_hint(*arguments: str) -> Result:
    """Where there is more, standard error says so."""
    result = CliRunner().invoke(app, list(arguments), prog_name="lemtrada-ledger")
    assert (result.exit_code, result.stderr.count("--after")) == (0, 1)
    return result


def by_command_line(url: str) -> list[Access]:
    """Newest first."""
    with open_ledger(url) as ledger:
        check_digests(ledger)
        return [one for one in all_accesses(ledger, AccessQuery()) if one.through in ("command line", "export")]


def test_every_command_is_listed_here() -> None:
    assert every_command() == SHOWN.keys() | SHOWS_NOBODY.keys()


@pytest.mark.parametrize("command", SHOWN)
def test_a_command_that_shows_a_patient_is_recorded(told: Json, ledger_url: str, tmp_path: Path, command: str) -> None:
    view, subject, arguments = SHOWN[command]
    asked = [one.format(folder=tmp_path, **told) for one in arguments]
    shown = run(command, *asked, "--purpose", "hoperat", "--database", ledger_url).stdout
    assert shown
    found = by_command_line(ledger_url)
    assert len(found) == 1
    (one,) = found
    assert (one.view, one.patient_id, one.purpose) == (view, UUID(told["patient"]), "HOPERAT")
    assert one.subject == (told[subject] if subject is not None else None)
    assert (one.actor_id, one.role) == (command_line.machine_user().id, None)
    assert one.actor_id.startswith("os:")
    assert one.origin == platform.node()


@pytest.mark.parametrize("command", SHOWN)
def test_what_cannot_be_recorded_is_not_shown(
    told: Json, ledger_url: str, tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OperationalError("attempt to write a readonly database")

    monkeypatch.setattr(AccessLog, "record", fails)
    asked = [one.format(folder=tmp_path / "new", **told) for one in SHOWN[command][2]]
    (tmp_path / "new").mkdir()
    text = refused(command, *asked, "--database", ledger_url)
    assert "Nothing is shown, because the access could not be recorded" in text
    assert "name the primary" in text
    assert list((tmp_path / "new").iterdir()) == []


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_a_standby_shows_nothing_and_names_the_primary_as_remedy(told: Json, ledger_url: str) -> None:
    read_only = f"{ledger_url}?options=-c%20default_transaction_read_only%3Don"
    text = refused("eligibility", "M-1", "--database", read_only)
    assert "the access could not be recorded" in text
    assert "is read-only" in text
    assert "give the URL of the primary" in text


def test_the_worklist_is_a_look_at_each_patient_that_it_shows(api: Api, ledger_url: str) -> None:
    patients = {
        UUID(api.submitted(api.opened(f"M-{number}"), PENDS)["request"]["request_id"][:36]) for number in range(3)
    }
    with_a_hint("worklist", "--limit", "2", "--database", ledger_url)
    shown = by_command_line(ledger_url)
    assert len(shown) == len({one.patient_id for one in shown} & patients) == 2
    run("worklist", "--held-by", "nobody", "--database", ledger_url)
    assert len(by_command_line(ledger_url)) == 2


def test_an_export_of_everything_is_a_look_at_everybody(api: Api, ledger_url: str, tmp_path: Path) -> None:
    patients = {UUID(api.opened(f"M-{number}")) for number in range(3)}
    run("export", str(tmp_path / "all"), "--database", ledger_url)
    assert {(one.view, one.patient_id) for one in by_command_line(ledger_url)} == {("export", one) for one in patients}


def test_what_is_not_found_shows_nothing_and_is_not_recorded(told: Json, ledger_url: str) -> None:
    refused("request", f"{told['patient']}.r9", "--database", ledger_url)
    run("eligibility", "M-none", "--database", ledger_url, status=1)
    assert by_command_line(ledger_url) == []


BEFORE_THE_RECORD = ("--known-at", "2000-01-01T00:00:00Z")
"""A time before the first event of the patient. The refusal shows that there is a record."""
REFUSED: dict[str, tuple[str, ...]] = {
    "eligibility": ("M-1", *BEFORE_THE_RECORD),
    "history": ("M-1", *BEFORE_THE_RECORD),
    "courses": ("M-1", *BEFORE_THE_RECORD),
    "person": ("M-1", *BEFORE_THE_RECORD),
    "requests": ("M-1", *BEFORE_THE_RECORD),
    "appeals": ("M-1", *BEFORE_THE_RECORD),
    "request": ("{denied}", "--to-extend"),
    "appeal": ("{appeal}", *BEFORE_THE_RECORD),
    "replay": ("{denied}", "--decision", "1"),
    "document": ("{document}", "--output", "{folder}/report.pdf", *BEFORE_THE_RECORD),
    "dossier": ("{appeal}", "--output", "{folder}/dossier", *BEFORE_THE_RECORD),
    "export": ("{folder}/export", "--appeal", "{appeal}"),
}
"""The arguments that each command refuses because of what is on record. The export has no folder for its signer."""
NEVER_REFUSED = {
    "accesses": "its options are checked before a patient is looked for, and none is compared with the record",
    "worklist": "its options are checked before a case is read, and none is compared with a record",
    "audit-events": "its options and the output are checked before a patient is looked for",
    "provenance": "its options and the output are checked before a patient is looked for",
}
"""Commands that answer for every record that is found, and why."""


def test_every_command_refuses_something_or_says_why_not() -> None:
    assert REFUSED.keys() | NEVER_REFUSED.keys() == SHOWN.keys()
    assert REFUSED.keys().isdisjoint(NEVER_REFUSED)


@pytest.mark.parametrize("command", REFUSED)
def test_what_is_refused_after_the_record_was_read_is_recorded_as_over_http(
    told: Json, ledger_url: str, tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [one.format(folder=tmp_path, **told) for one in REFUSED[command]]
    if command == "export":
        (taken := tmp_path / "a file").write_text("")
        monkeypatch.setenv("LEMTRADA_SEAL_DIR", str(taken))
    refused(command, *asked, "--database", ledger_url)
    (one,) = by_command_line(ledger_url)
    assert (one.view, one.patient_id) == (SHOWN[command][0], UUID(told["patient"]))


@pytest.mark.parametrize("command", NEVER_REFUSED)
@pytest.mark.parametrize("member", ["M-1", "M-none"])
def test_what_is_asked_wrongly_is_refused_alike_for_a_member_and_for_nobody(
    told: Json, ledger_url: str, tmp_path: Path, command: str, member: str
) -> None:
    wrong = {
        "accesses": [(member, "--after", "nowhere"), (member, "--from", "yesterday")],
        "worklist": [("--after", "nowhere"), ("--known-at", "2190-01-01T00:00:00Z")],
    }.get(
        command,
        [
            ("--member", member, "--output", f"{tmp_path}/none/audit.ndjson"),
            ("--member", member, "--output", f"{tmp_path}/audit.ndjson", "--from", "yesterday"),
        ],
    )
    for asked in wrong:
        refused(command, *asked, "--database", ledger_url)
    assert by_command_line(ledger_url) == []


@pytest.mark.parametrize("command", SHOWN)
def test_a_member_who_is_not_known_and_a_purpose_that_is_none_are_no_access(
    told: Json, ledger_url: str, tmp_path: Path, command: str
) -> None:
    asked = [one.format(folder=tmp_path, **told) for one in SHOWN[command][2]]
    text = refused(command, *asked, "--purpose", "CURIOSITY", "--database", ledger_url)
    assert "--purpose" in text
    assert "HPAYMT" in text
    if "M-1" in asked:
        nonexistent = ["M-none" if one == "M-1" else one for one in asked]
        refused(command, *nonexistent, "--database", ledger_url, status=1)
    assert by_command_line(ledger_url) == []


def test_a_line_of_an_import_that_is_refused_by_the_record_is_an_access(
    api: Api, ledger_url: str, tmp_path: Path
) -> None:
    patient = api.opened("M-1")
    dose = {"kind": "dose", "member": {"member_id": "M-1"}, "on": "2026-04-20", "mg": 12, "source": "claim"}
    changes = ({"on": "1980-01-01"}, {"member": {"member_id": "M-9"}}, {"on": "never"}, {})
    lines = [dose | change | {"reference": f"D-{number}"} for number, change in enumerate(changes)]
    file = tmp_path / "doses.jsonl"
    file.write_text("\n".join(json.dumps(one) for one in lines))
    told = CliRunner().invoke(app, ["import", str(file), "--database", ledger_url], prog_name="lemtrada-ledger")
    assert told.stdout == "1 recorded, 0 recorded before, 3 refused\n"
    assert [(str(one.patient_id), one.view) for one in by_command_line(ledger_url)] == [(patient, "courses")]


def test_a_member_who_is_on_record_already_is_an_access_of_the_import(
    api: Api, ledger_url: str, tmp_path: Path
) -> None:
    patient = api.opened("M-1")
    line = {"kind": "history", "reference": "H-1", "member": {"member_id": "M-1"}, "name": "Alma Synthetic"}
    (file := tmp_path / "histories.jsonl").write_text(json.dumps(line))
    told = CliRunner().invoke(app, ["import", str(file), "--database", ledger_url], prog_name="lemtrada-ledger")
    assert told.stdout == "0 recorded, 1 recorded before, 0 refused\n"
    assert [(str(one.patient_id), one.view) for one in by_command_line(ledger_url)] == [(patient, "find")]


@pytest.mark.parametrize("command", ["dossier", "document"])
def test_an_output_that_is_taken_is_refused_before_anything_is_read(
    told: Json, ledger_url: str, tmp_path: Path, command: str
) -> None:
    (taken := tmp_path / "taken").mkdir()
    (taken / "file").write_text("kept")
    output = taken if command == "dossier" else taken / "file"
    subject = told["appeal" if command == "dossier" else "document"]
    refused(command, subject, "--output", str(output), "--database", ledger_url)
    assert by_command_line(ledger_url) == []
    assert (taken / "file").read_text() == "kept"


@pytest.mark.parametrize("command", [command for command, (_, subject, _) in SHOWN.items() if subject is not None])
def test_an_id_that_is_malformed_or_of_nothing_is_not_recorded(
    told: Json, ledger_url: str, tmp_path: Path, command: str
) -> None:
    _, subject, arguments = SHOWN[command]
    assert subject is not None
    for wrong in (f"{told[subject]}x", f"{told[subject]}9"):
        asked = [one.format(folder=tmp_path / "none", **{**told, subject: wrong}) for one in arguments]
        refused(command, *asked, "--database", ledger_url)
    assert by_command_line(ledger_url) == []


def test_the_purpose_comes_from_the_environment_too(
    told: Json, ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEMTRADA_PURPOSE", "HLEGAL")
    run("history", "M-1", "--database", ledger_url)
    assert [one.purpose for one in by_command_line(ledger_url)] == ["HLEGAL"]


def test_only_commands_that_show_no_patient_open_a_ledger_themselves() -> None:
    """Whatever shows a patient's data reads it through `open_records`, which records the access."""
    opening = {
        path.stem
        for path in COMMAND_LINE.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        if ast.unparse(node.func).rpartition(".")[2] in ("open_existing_ledger", "open_ledger")
    }
    assert {"opening", "seal", "people", "proof"} <= opening
    assert not opening & {"questions", "records", "dossier", "accesses"}


# -- the command for the access log ---------------------------------------------------------------


def test_the_accounting_tells_who_when_why_and_from_where(told: Json, ledger: Ledger, ledger_url: str) -> None:
    log = AccessLog(ledger)
    log.record([look(1, patient_id=UUID(told["patient"]), view="dossier")], durable=True)
    run("eligibility", "M-1", "--purpose", "TREAT", "--database", ledger_url)
    head, *lines = run("accesses", "M-1", "--database", ledger_url).stdout.splitlines()
    assert head.split("\t") == ["time", "user", "role", "patient", "view", "subject", "purpose", "channel", "origin"]
    cells = [line.split("\t") for line in lines]
    assert {(one[4], one[6], one[7]) for one in cells} >= {
        ("eligibility", "TREAT", "command line"),
        ("dossier", "", "api"),
    }
    own = json.loads(run("accesses", "M-1", "--by", "r.nurse", "--json", "--database", ledger_url).stdout)
    assert {one["actor_id"] for one in own["items"]} == {"r.nurse"}
    everybody: Any = json.loads(run("accesses", "--json", "--database", ledger_url).stdout)
    assert [one["view"] for one in everybody["items"]].count("accesses") == 2


def test_dates_and_pages_of_the_accounting(told: Json, ledger: Ledger, ledger_url: str) -> None:
    AccessLog(ledger).record([look(number, patient_id=UUID(told["patient"])) for number in range(5)], durable=True)
    asked = (
        "accesses",
        "M-1",
        "--from",
        "2026-04-28",
        "--to",
        "2026-04-28",
        "--by",
        "r.nurse",
        "--database",
        ledger_url,
    )
    first = with_a_hint(*asked, "--limit", "3")
    assert len(first.stdout.splitlines()) == 4
    after = first.stderr.split("--after ")[1].strip()
    rest = run(*asked, "--limit", "200", "--after", after).stdout.splitlines()[1:]
    subjects = [line.split("\t")[5] for line in (*first.stdout.splitlines()[1:], *rest)]
    assert [one for one in subjects if one.startswith("look-")] == [f"look-{number}" for number in range(4, -1, -1)]
    assert len(run(*asked[:2], "--to", "2026-04-27", *asked[6:]).stdout.splitlines()) == 1
    assert "--from" in refused("accesses", "M-1", "--from", "yesterday", "--database", ledger_url)
