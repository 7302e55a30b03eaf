"""The deadlines of a plan: the file that is checked when a ledger is opened, and the commands that show them."""

from __future__ import annotations

import json
import subprocess
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from api.files.deadlines_schema import json_schema
from api.record_access.patient_access import patient_of
from domain.ledger.application import open_ledger
from domain.ledger.deadlines_file import DEADLINES, deadlines_in
from domain.ledger.errors import StoreError
from domain.ledger.reader import open_to_read
from projections.worklist.rows import worklist_rows
from tests import ROOT
from tests.api.cli.test_questions import PROGRAM, refused, run
from tests.api.record_access.test_command_line_accesses import by_command_line
from tests.api.routes.commands.acts import Api
from tests.api.routes.commands.stages import NOW

CALIFORNIA = {
    "line": "commercial",
    "effective_on": "2026-01-01",
    "source": "State law",
    "state": "CA",
    "funding": "insured",
    "standard": {"days": 5},
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "deadlines.json"


def written(file: Path, *rows: dict[str, Any]) -> Path:
    file.write_text(json.dumps({"rows": rows}))
    return file


def test_the_published_schema_is_current() -> None:
    published = ROOT / "api" / "files" / "deadlines.schema.json"
    assert json.loads(published.read_text()) == json_schema()
    assert json.loads(run("deadlines", "schema").stdout) == json_schema()


def test_the_rows_are_shown_with_their_sources(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = run("deadlines", "show").stdout
    assert "a standard request is decided within 15 days (29 CFR 2560.503-1(f)(2)(iii)(A))" in text
    assert "supplied by the plan" not in text
    monkeypatch.setenv(DEADLINES, str(written(file, CALIFORNIA)))
    text = run("deadlines", "show").stdout
    assert text.startswith("Commercial, coverage of CA, insured: for requests received from 2026-01-01 on (State law)")
    assert "a standard request is decided within 5 days (State law)" in text
    (first, *_) = json.loads(run("deadlines", "show", "--json").stdout)
    assert (first["state"], first["supplied_by_plan"]) == ("CA", True)


def test_a_file_is_checked_before_it_is_used(file: Path) -> None:
    text = refused(
        "deadlines",
        "show",
        "--file",
        str(written(file, CALIFORNIA, CALIFORNIA | {"state": "NY", "standard": {"days": 20}})),
    )
    assert "20 days exceed the 15 days" in text
    assert "(row 2, standard)" in text


def test_a_wrong_file_stops_every_command_that_opens_a_ledger_with_one_error(
    file: Path, api: Api, ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.opened()
    monkeypatch.setenv(DEADLINES, str(written(file, CALIFORNIA | {"standart": 1})))
    for command in (("worklist",), ("eligibility", "M-1"), ("serve", "--port", "0")):
        text = refused(*command, "--database", ledger_url)
        assert "this field does not exist (row 1, standart)" in text
        assert str(file) in text
    for opens in (open_ledger, open_to_read):
        with pytest.raises(StoreError, match="row 1, standart"):
            opens(ledger_url)


def test_a_file_that_cannot_be_read_is_named(file: Path) -> None:
    with pytest.raises(StoreError, match="can't be read"):
        deadlines_in({DEADLINES: str(file)})
    file.write_bytes(b"\xff")
    with pytest.raises(StoreError, match="UTF-8"):
        deadlines_in({DEADLINES: str(file)})
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps({"rows": [CALIFORNIA]}).encode())
    assert len(deadlines_in({DEADLINES: str(file)}).own) == 1
    assert deadlines_in({}).own == deadlines_in({DEADLINES: " "}).own == ()


def due_by_command(ledger_url: str, request: str) -> list[str]:
    """When the request is due, as three commands say: the request, the worklist, and the requests of HTTP."""
    shown = json.loads(run("request", request, "--json", "--database", ledger_url).stdout)
    (item,) = json.loads(run("worklist", "--json", "--database", ledger_url).stdout)["items"]
    with open_to_read(ledger_url) as ledger:
        patient = ledger.history(patient_of(request))
        (row,) = worklist_rows(patient, ledger.today(), ledger.zone, ledger.deadlines)
    return [shown["life"]["clock"]["due_at"], item["due_at"], row.model_dump(mode="json")["due_at"]]


def test_the_rows_of_the_plan_apply_at_every_door(
    file: Path, api: Api, ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten days earlier by the plan's row, and the built-in row again without the file."""
    request = api.submitted(api.opened())["request"]["request_id"]
    before = due_by_command(ledger_url, request)
    monkeypatch.setenv(DEADLINES, str(written(file, CALIFORNIA)))
    by_plan = due_by_command(ledger_url, request)
    assert len(set(before)) == len(set(by_plan)) == 1
    assert datetime.fromisoformat(before[0]) - datetime.fromisoformat(by_plan[0]) == timedelta(days=10)
    monkeypatch.delenv(DEADLINES)
    assert due_by_command(ledger_url, request) == before


def test_nothing_on_record_would_be_otherwise(api: Api, ledger_url: str) -> None:
    api.opened()
    assert "Nothing on record would be otherwise" in run("deadlines", "check", "--database", ledger_url).stdout


@pytest.mark.parametrize("store", ["sqlite"])
def test_what_would_be_otherwise_is_listed_and_the_access_is_recorded(
    file: Path, api: Api, ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A notice said 30 days for an appeal; with two levels it would say 15."""
    request = api.denied(api.opened())
    notice = {"kind": "denial", "channel": "mail", "addressee": "The patient", "issued_at": NOW}
    (notice_id,) = api.did_to(request, "notices", **notice)["made"]
    two_levels = {"line": "commercial", "effective_on": "2026-01-01", "source": "plan", "appeal_levels": 2}
    monkeypatch.setenv(DEADLINES, str(written(file, two_levels)))
    ran = subprocess.run(
        [*PROGRAM, "deadlines", "check", "--json", "--database", ledger_url],
        check=False, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert ran.returncode == 1, ran.stderr
    (found,) = json.loads(ran.stdout)
    assert (found["subject_id"], found["what"]) == (notice_id, "notice")
    assert found["said"] == "a standard appeal is decided within 30 days"
    assert found["now"] == "a standard appeal is decided within 15 days"
    (access,) = by_command_line(ledger_url)
    assert (access.view, str(access.patient_id)) == ("worklist", str(patient_of(request)))
