"""Files made after public bug reports, imported by the program as a person would, with their right values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from api.cli.main import app
from domain.events.patient import Member
from domain.history.state import PatientHistory
from domain.ledger.application import open_ledger
from projections.eligibility import Eligibility, eligibility
from tests.api.files.claims import REPORTS, history


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LEMTRADA_DATABASE", "LEMTRADA_TIME_ZONE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A fresh ledger with the people of the reports."""
    address = f"sqlite:///{tmp_path / 'ledger.db'}"
    ran("import", str(REPORTS / "people.jsonl"), "--database", address, "--time-zone", "America/New_York")
    return address


def ran(*arguments: str, status: int = 0) -> Result:
    result = CliRunner().invoke(app, list(arguments), prog_name="lemtrada-ledger")
    assert result.exit_code == status, result.output
    return result


def imported(url: str, file: str | Path, *options: str, status: int = 0) -> list[dict[str, Any]]:
    """The outcome of each line."""
    result = ran("import", str(REPORTS / file), "--database", url, "--json", *options, status=status)
    return [json.loads(line) for line in result.stdout.splitlines()]


def known(url: str, member: str = "T-1") -> tuple[PatientHistory, Eligibility]:
    with open_ledger(url) as ledger:
        record = history(ledger, member)
        return record, eligibility(record, ledger.today())


def columns(outcomes: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(one[name] for name in names) for one in outcomes]


def test_f1_adjusted_claims_wait_and_complete_nothing(url: str) -> None:
    outcomes = imported(url, "F1-adjusted-claims.csv")
    assert columns(outcomes, "fate", "result") == [("recorded", None)] * 3 + [("recorded", "second_entry")] * 3
    record, answer = known(url)
    assert [one.counts for one in record.doses] == [True] * 3 + [False] * 3
    assert (answer.doses_given, answer.courses_completed) == (3, 0)
    assert [one["fate"] for one in imported(url, "F1-adjusted-claims.csv")] == ["recorded before"] * 6


def test_f1_says_what_waits_in_its_summary(url: str) -> None:
    result = ran("import", str(REPORTS / "F1-adjusted-claims.csv"), "--database", url)
    assert result.stdout.splitlines()[-1] == (
        "6 recorded, 0 recorded before, 0 refused; 3 second entries of a day that wait for a person"
    )
    assert result.stdout.splitlines()[0].startswith("line 5, C1-0-ADJ: second entry of its day")


def test_a_renamed_copy_of_a_file_records_nothing_twice(url: str, tmp_path: Path) -> None:
    imported(url, "F1-adjusted-claims.csv")
    copy = tmp_path / "april final (2).csv"
    copy.write_bytes((REPORTS / "F1-adjusted-claims.csv").read_bytes())
    assert "--source" in ran("import", str(copy), "--database", url, status=2).stderr, "its name is no source"
    copy = copy.rename(tmp_path / "april-final.csv")
    version = known(url)[0].version
    assert [one["fate"] for one in imported(url, copy)] == ["recorded before"] * 6
    assert known(url)[0].version == version


def test_f3_lines_that_were_not_paid_are_no_infusions(url: str) -> None:
    outcomes = imported(url, "F3-status-column.csv", status=2)
    assert columns(outcomes, "fate", "result") == [("recorded", "denied"), ("recorded", "void_waiting")]
    record, answer = known(url)
    assert (record.doses, answer.doses_given) == ((), None)
    result = ran("import", str(REPORTS / "F3-status-column.csv"), "--database", url, status=2)
    assert result.stderr == "line 3, D2: the claim that the line voids is not on record; the void waits for it\n"
    assert result.stdout == "0 recorded, 2 recorded before, 0 refused; 1 void that waits for its claim\n"


def test_a_void_is_not_listed_once_its_claim_followed(url: str, tmp_path: Path) -> None:
    file = tmp_path / "late.csv"
    header = "member,date_of_service,hcpcs,units,claim_reference"
    file.write_text(f"{header}\nT-1,2024-06-04,J0202,-12,D2\nT-1,2024-06-04,J0202,12,D2\n")
    assert columns(imported(url, file), "fate", "result") == [
        ("recorded", "void_waiting"),
        ("recorded", "voided_before"),
    ]


def test_a_replacement_without_its_original_is_reported(url: str, tmp_path: Path) -> None:
    file = tmp_path / "adjusted.csv"
    header = "member,date_of_service,hcpcs,units,claim_reference,frequency_code,original_reference"
    file.write_text(f"{header}\nT-1,2024-06-04,J0202,12,D2,7,D1\n")
    result = ran("import", str(file), "--database", url, status=2)
    assert result.stdout == "0 recorded, 0 recorded before, 1 refused; 1 replacement without its original\n"
    assert "(line 2, D2, original_reference)" in result.stderr
    assert known(url)[0].doses == ()


def test_f5_a_column_named_twice_records_nothing(url: str) -> None:
    (outcome,) = imported(url, "F5-column-twice.csv", status=2)
    assert (outcome["line"], outcome["cause"]) == (1, "the column member is there twice")
    assert known(url)[0].doses == known(url, "T-2")[0].doses == ()


@pytest.mark.parametrize(("file", "doses"), [("F10-decimal-units.csv", 2), ("F10-semicolon.csv", 1)])
def test_f10_whole_decimals_and_another_separator_are_read(url: str, file: str, doses: int) -> None:
    assert columns(imported(url, file), "fate", "result") == [("recorded", None)] * doses
    assert [one.mg for one in known(url)[0].doses] == [12.0] * doses


def test_f11_an_open_quote_costs_one_row(url: str) -> None:
    outcomes = imported(url, "F11-open-quote.csv", status=2)
    assert columns(outcomes, "line", "fate") == [(2, "recorded"), (3, "refused"), (4, "recorded")]
    assert [one.source_reference for one in known(url)[0].doses] == ["Q1", "Q3"]


def test_an_ignored_column_is_named(url: str, tmp_path: Path) -> None:
    file = tmp_path / "sites.csv"
    header = "member,date_of_service,hcpcs,units,claim_reference,Site"
    file.write_text(f"{header}\nT-1,2024-06-04,J0202,12,D2,East\n")
    (refused,) = imported(url, file, status=2)
    assert refused["cause"] == "the column Site is not known"
    assert columns(imported(url, file, "--ignore-column", "site"), "fate") == [("recorded",)]
    error = ran("import", str(file), "--database", url, "--ignore-column", "units", status=2).stderr
    assert "the column units is read and cannot be ignored (--ignore-column)" in error
    lines = str(REPORTS / "people.jsonl")
    assert "only a CSV file has columns" in ran("import", lines, "--ignore-column", "site", status=2).stderr


GIVEN = REPORTS.parents[4] / "shared" / "data" / "field-reports"


@pytest.mark.skipif(not GIVEN.exists(), reason="the field reports as they were given are not at hand")
def test_the_copies_are_what_was_given() -> None:
    assert {one.name for one in REPORTS.iterdir()} <= {one.name for one in GIVEN.iterdir()}
    assert all(one.read_bytes() == (GIVEN / one.name).read_bytes() for one in REPORTS.iterdir())


# -- F9: control characters in a name ---------------------------------------------------------

ONE_LINE = ("the text contains a line break, a tab, or a mark of writing direction", "write it in one line")


def test_f9_control_characters_in_a_name_are_refused(url: str) -> None:
    (outcome,) = imported(url, "F9-escape.jsonl", status=2)
    assert (outcome["fate"], outcome["field"]) == ("refused", "name")
    assert (outcome["cause"], outcome["remedy"]) == ("the text contains a control character", "remove it")
    with open_ledger(url) as ledger:
        assert ledger.find(Member(member_id="T-9")) is None


@pytest.mark.parametrize("between", ["\n", "\t", "\u202e", "\u2028"])
@pytest.mark.parametrize("field", ["name", "member"])
def test_f9_a_name_or_a_member_id_of_several_lines_is_refused(
    url: str, tmp_path: Path, field: str, between: str
) -> None:
    line = {"kind": "history", "reference": "X1", "member": {"member_id": "T-9"}, "name": "Ana Synthetic"}
    line |= {"name": f"Ana{between}S"} if field == "name" else {"member": {"member_id": f"T{between}9"}}
    file = tmp_path / "lines.jsonl"
    file.write_text(json.dumps(line))
    (outcome,) = imported(url, file, status=2)
    assert (outcome["fate"], outcome["field"]) == ("refused", field)
    assert (outcome["cause"], outcome["remedy"]) == ONE_LINE


@pytest.mark.parametrize("control", ["\x1b[31m", "\x07", "\x7f"])
@pytest.mark.parametrize("column", ["member", "claim_reference"])
def test_f9_control_characters_in_a_claims_file_are_refused(
    url: str, tmp_path: Path, column: str, control: str
) -> None:
    row = {"member": "T-1", "date_of_service": "2024-06-04", "hcpcs": "J0202", "units": "12", "claim_reference": "D2"}
    row[column] += f"{control}B"
    file = tmp_path / "escape.csv"
    file.write_text(f"{','.join(row)}\n{','.join(row.values())}\n")
    (outcome,) = imported(url, file, status=2)
    assert (outcome["fate"], outcome["field"]) == ("refused", column)
    assert control not in json.dumps(outcome)
    assert known(url)[0].doses == ()
