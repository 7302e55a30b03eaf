"""`worklist` and `rebuild` as a person types them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from api.cli import main, worklist
from api.demo import SITUATIONS, ZONE, fill
from domain.history.state import PatientHistory
from projections.worklist import runner

EVERYBODY = len(SITUATIONS)


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LEMTRADA_DATABASE", "LEMTRADA_TIME_ZONE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('worklist') / 'demo.sqlite'}"
    fill(url, zone=ZONE)
    return url


def run(*arguments: str, status: int = 0) -> Result:
    result = CliRunner().invoke(main.app, list(arguments), prog_name="lemtrada-ledger")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == status, result.output
    return result


def asked(url: str, *arguments: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(run("worklist", *arguments, "--database", url, "--json").stdout)
    return answer


def test_rows_are_lines_whose_columns_are_parted_by_tabs(url: str) -> None:
    result = run("worklist", "--database", url)
    heads, *lines = [line.split("\t") for line in result.stdout.splitlines()]
    items = asked(url)["items"]
    assert (heads, len(lines)) == ([one.head for one in worklist.COLUMNS], len(items))
    assert [line[3] for line in lines] == [one["subject_id"] for one in items]
    assert {len(line) for line in lines} == {len(heads)}
    assert result.stderr == ""


def test_the_options_are_the_filters(url: str) -> None:
    everything = asked(url)["items"]
    referred = asked(url, "--state", "referred", "--state", "appeal_open")["items"]
    assert referred == [one for one in everything if one["state"] in ("referred", "appeal_open")]
    assert 0 < len(referred) < len(everything)
    overdue = asked(url, "--overdue", "--unassigned", "--line-of-business", "medicaid")["items"]
    assert overdue == [
        one
        for one in everything
        if (one["standing"], one["held_by"], one["line_of_business"]) == ("overdue", None, "medicaid")
    ]
    newest = asked(url, "--sort", "received_at", "--descending", "--limit", "1")["items"]
    assert newest[0]["received_at"] == max(one["received_at"] for one in everything)
    assert asked(url, "--as-of", "2001-01-01")["items"] == []


def test_that_there_is_more_is_said_beside_the_rows(url: str) -> None:
    first = run("worklist", "--limit", "2", "--database", url)
    assert len(first.stdout.splitlines()) == 3
    assert first.stderr.startswith("the first 2 rows are shown: for more, add --after ")
    second = asked(url, "--limit", "2", "--after", first.stderr.split()[-1])
    assert second["items"] == asked(url)["items"][2:4]


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (["worklist", "--state", "closed"], "--state"),
        (["worklist", "--held-by", "a b"], "--held-by"),
        (["worklist", "--limit", "0"], "--limit"),
        (["worklist", "--sort", "name"], "--sort"),
        (["worklist", "--after", "abc"], "after"),
        (["worklist", "--as-of", "soon"], "--as-of"),
        (["worklist", "--known-at", "2999-01-01T00:00:00Z"], "--known-at"),
        (["rebuild", "nothing"], "VIEW"),
    ],
)
def test_wrong_use_is_one_line_that_names_the_option(url: str, arguments: list[str], field: str) -> None:
    result = run(*arguments, "--database", url, status=2)
    assert (result.stdout, result.stderr.count("\n")) == ("", 1)
    assert f"({field})" in result.stderr


def test_there_is_nothing_to_ask_where_there_is_no_ledger(tmp_path: Path) -> None:
    for command in ("worklist", "rebuild"):
        assert "No ledger was found" in run(command, "--database", f"sqlite:///{tmp_path / 'none'}", status=2).stderr
    assert list(tmp_path.iterdir()) == []


def test_a_rebuild_changes_no_answer(url: str) -> None:
    before = asked(url)["items"]
    assert run("rebuild", "--database", url).stdout == f"worklist: {EVERYBODY} patients rebuilt, 0 failed\n"
    (told,) = json.loads(run("rebuild", "worklist", "--database", url, "--json").stdout)
    lag = told.pop("lag")
    assert told == {"view": "worklist", "patients": EVERYBODY, "failed": 0, "serves": True, "failures": []}
    assert (lag["position"], lag["events_behind"], lag["failed"]) == (lag["log_position"], 0, 0)
    after = asked(url)["items"]
    assert [one["subject_id"] for one in after] == [one["subject_id"] for one in before]


def test_who_cannot_be_folded_is_named_and_the_answer_is_no(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (first, *_) = asked(url)["items"]
    rows = runner.worklist_rows

    def breaking(history: PatientHistory, *rest: Any) -> Any:
        if str(history.patient_id) == first["patient_id"]:
            raise ValueError("her name")
        return rows(history, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(runner, "worklist_rows", breaking)
        result = run("rebuild", "--database", url, status=1)
        assert result.stdout == f"worklist: {EVERYBODY} patients rebuilt, 1 failed\n"
        assert f"the events of {first['patient_id']} cannot be read: ValueError in " in result.stderr
        assert "her name" not in result.stderr
        assert "cannot be read" in run("worklist", "--database", url).stderr
    run("rebuild", "--database", url)
    assert asked(url)["failures"] == []


@pytest.mark.parametrize("command", ["worklist", "rebuild"])
def test_help_has_an_example(command: str) -> None:
    assert f"Example: lemtrada-ledger {command}" in run(command, "--help").stdout
