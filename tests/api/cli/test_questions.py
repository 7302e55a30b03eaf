"""Commands that open a ledger, as a person types them: in this process, and a few as a separate process."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest
from typer.testing import CliRunner, Result

from api.cli import main
from api.cli.main import app
from api.demo import SITUATIONS, ZONE, fill
from domain.events.patient import Member
from domain.ledger.application import open_ledger
from domain.policy.editions import EDITIONS
from projections.eligibility import eligibility
from tests.postgres_server import PostgresServer

PROGRAM: Final = (
    sys.executable,
    "-c",
    "import sys; sys.argv[0] = 'lemtrada-ledger'; from api.cli.main import main; main()",
)
Program = Callable[..., "subprocess.CompletedProcess[str]"]
MEMBERS: Final = {situation.name: f"DEMO-{number:04}" for number, situation in enumerate(SITUATIONS, start=1)}
MID_COURSE: Final = MEMBERS["approved_mid_course"]


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LEMTRADA_DATABASE", "LEMTRADA_TIME_ZONE"):
        monkeypatch.delenv(name, raising=False)


def run(*arguments: str, status: int = 0) -> Result:
    result = CliRunner().invoke(app, list(arguments), prog_name="lemtrada-ledger")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == status, result.output
    assert bool(result.stderr) == (status != 0), result.stderr
    return result


def refused(*arguments: str, status: int = 2) -> str:
    """The one line that says why."""
    result = run(*arguments, status=status)
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert result.stderr.endswith("\n")
    return result.stderr


def answer_of(*arguments: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(run("eligibility", *arguments, "--json").stdout)
    return answer


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, date]:
    """A ledger with the demo, only read by the tests, and the day on which it was made."""
    url = f"sqlite:///{tmp_path_factory.mktemp('commands') / 'demo.sqlite'}"
    fill(url, zone=ZONE)
    with open_ledger(url) as ledger:
        return url, ledger.today()


@pytest.fixture
def url(filled: tuple[str, date]) -> str:
    return filled[0]


@pytest.fixture
def today(filled: tuple[str, date]) -> date:
    return filled[1]


# -- help -------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [["serve"], ["demo"], ["eligibility"], ["history"], ["database", "upgrade"]])
def test_every_command_has_help_with_an_example(command: list[str]) -> None:
    text = run(*command, "--help").stdout
    assert f"Example: lemtrada-ledger {' '.join(command)}" in text
    assert "--database" in text


# -- demo -------------------------------------------------------------------------------------


def test_demo_fills_an_empty_ledger_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.sqlite'}"
    text = run("demo", "--database", url).stdout
    for situation in SITUATIONS:
        assert f"  {MEMBERS[situation.name]}  {situation.shows}\n" in text
    assert "already contains patients" in refused("demo", "--database", url)
    with open_ledger(url) as ledger:
        assert ledger.zone.key == "America/New_York"
        assert len(list(ledger.patients())) == len(SITUATIONS)


def test_demo_prints_json_with_as_many_patients_as_asked(ledger_url: str) -> None:
    count = len(SITUATIONS) + 2
    shown = json.loads(run("demo", "--patients", str(count), "--database", ledger_url, "--json").stdout)
    assert len(shown) == count
    assert shown[0] == {
        "member_id": "DEMO-0001",
        "situation": SITUATIONS[0].name,
        "shows": SITUATIONS[0].shows,
    }
    assert shown[-1]["situation"] == SITUATIONS[1].name
    assert answer_of(f"DEMO-{count:04}", "--database", ledger_url)["approvable"]["recommendation"] == "approve"


def test_demo_says_in_one_line_which_patients_repeat(tmp_path: Path) -> None:
    first, last = len(SITUATIONS) + 1, len(SITUATIONS) + 3
    text = run("demo", "--patients", str(last), "--database", f"sqlite:///{tmp_path / 'new.sqlite'}").stdout
    assert text.endswith(f"  DEMO-{first:04} to DEMO-{last:04} show the same situations, in the same order.\n")


def test_demo_keeps_the_zone_that_an_empty_ledger_has(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.sqlite'}"
    run("database", "upgrade", "--database", url, "--time-zone", "America/Denver")
    assert "America/Denver" in refused("demo", "--database", url, "--time-zone", "America/Chicago", "--patients", "1")
    run("demo", "--database", url, "--patients", "1")
    with open_ledger(url) as ledger:
        assert ledger.zone.key == "America/Denver"


# -- eligibility ------------------------------------------------------------------------------


def test_eligibility_gives_the_short_answer_first(url: str, today: date) -> None:
    lines = run("eligibility", MID_COURSE, "--database", url, "--as-of", today.isoformat()).stdout.splitlines()
    through = today - timedelta(days=9) + timedelta(days=29)
    assert lines[0] == f"Path A, course 1: 2 doses given, 3 may be given through {through}."
    assert any(line.startswith("Approval") and "5 doses, 2 used" in line for line in lines)


@pytest.mark.parametrize(
    ("situation", "expected"),
    [
        ("pending_a_document", "Path A, course 1: the open request needs information for 1.A.iii.d(3)."),
        ("ready_to_approve", "Path A, course 1: the open request is recommended for approval. A person decides."),
        ("interrupted_first_course", "Path A, course 1: 3 doses given, a new request is recommended for approval"),
        ("due_next_month", "Path B, course 2: may start on 20"),
        ("later_course_interrupted", "Path B, course 2: 1 dose given, the open request needs clinical review (later "),
        ("excluded_isolated_syndrome", "Path A, course 1: the open request does not meet the criteria (NR.1)."),
    ],
)
def test_eligibility_says_what_stands_in_the_way(url: str, today: date, situation: str, expected: str) -> None:
    text = run("eligibility", MEMBERS[situation], "--database", url, "--as-of", today.isoformat()).stdout
    assert text.startswith(expected)


def test_eligibility_names_what_is_missing_and_the_edition(url: str) -> None:
    text = run("eligibility", MEMBERS["pending_a_document"], "--database", url).stdout
    assert "Missing        1.A.iii.d(3)  " in text
    assert "(aggressive_disease.mri.documentation)" in text
    assert "under policy version 2025-07-23 (from the text)" in text


def test_eligibility_as_json_is_the_projection_whole(url: str, today: date) -> None:
    with open_ledger(url) as ledger:
        patient_id = ledger.find(Member(member_id=MID_COURSE))
        assert patient_id is not None
        expected = eligibility(ledger.history(patient_id), today).model_dump(mode="json")
    assert answer_of(MID_COURSE, "--database", url, "--as-of", today.isoformat()) == expected
    assert answer_of(f"plan:{MID_COURSE}", "--database", url, "--as-of", today.isoformat()) == expected


def test_eligibility_on_another_day_finds_the_approval_lapsed(url: str, today: date) -> None:
    later = answer_of(MID_COURSE, "--database", url, "--as-of", (today + timedelta(days=40)).isoformat())
    assert (later["approval"], later["doses_usable"], later["doses_given"]) == (None, 0, 2)


def test_eligibility_before_the_first_edition_is_an_answer(url: str) -> None:
    arguments = (MID_COURSE, "--database", url, "--as-of", "2023-10-01")
    said = f"the oldest version on file is {EDITIONS[-1].key}"
    answer = answer_of(*arguments)
    assert (answer["as_of"], answer["approvable"]) == ("2023-10-01", None)
    assert said in answer["edition_problem"]
    assert said in run("eligibility", *arguments).stdout


def test_eligibility_as_it_was_known_before_the_doses_were_recorded(url: str, today: date) -> None:
    before = datetime.combine(today - timedelta(days=5), datetime.min.time(), UTC).isoformat()
    then = answer_of(MID_COURSE, "--database", url, "--known-at", before, "--as-of", today.isoformat())
    assert (then["history_version"], then["doses_given"], then["doses_usable"]) == (3, 0, 5)


def test_eligibility_under_an_older_edition_says_so(url: str) -> None:
    arguments = ("eligibility", MID_COURSE, "--database", url, "--edition", "2024-10-09")
    assert "under policy version 2024-10-09 (reconstructed from the history table)" in run(*arguments).stdout
    assert answer_of(*arguments[1:])["approvable"]["edition"] == "2024-10-09"


def test_eligibility_reads_the_database_from_the_environment(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEMTRADA_DATABASE", url)
    assert run("eligibility", MID_COURSE).stdout.startswith("Path A")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--as-of", "2026-02-30"], "(--as-of)"),
        (["--as-of", "yesterday"], "write the date as YYYY-MM-DD (--as-of)"),
        (["--edition", "2024-01-01"], "(--edition): send one of 2025-07-23"),
        (["--known-at", "2026-01-01"], "the time needs an offset from UTC"),
        (["--known-at", "noon"], "(--known-at)"),
        (["--known-at", "2190-01-01T00:00:00Z"], "is in the future (--known-at)"),
        (["--known-at", "2000-01-01T00:00:00Z"], "Nothing was on record for this patient at that time (--known-at)"),
    ],
)
def test_eligibility_says_which_option_cannot_be_meant(url: str, options: list[str], said: str) -> None:
    assert said in refused("eligibility", MID_COURSE, "--database", url, *options)


@pytest.mark.parametrize("command", ["eligibility", "history"])
def test_an_unknown_member_is_status_1_and_not_repeated(url: str, command: str) -> None:
    for member in ("W-SECRET-77", f"elsewhere:{MID_COURSE}"):
        line = refused(command, member, "--database", url, status=1)
        assert line.startswith("no patient record for this member")
        assert member not in line


@pytest.mark.parametrize("member", ["", ":", "plan:", "x" * 201, "a\x00b"])
def test_what_cannot_be_a_member_id_is_wrong_use(url: str, member: str) -> None:
    assert refused("eligibility", member, "--database", url).startswith("this is not a member ID (MEMBER): ")


# -- history ----------------------------------------------------------------------------------


def test_history_tells_every_event_oldest_first(url: str) -> None:
    lines = run("history", MEMBERS["voided_dose"], "--database", url).stdout.splitlines()
    rows = [line.split("\t") for line in lines]
    assert rows[0] == ["version", "happened", "recorded", "user", "event", "changed"]
    assert [row[0] for row in rows[1:]] == [str(number) for number in range(1, len(rows))]
    assert rows[1][4:] == ["HistoryOpened", "history: opened"]
    completed, voided, reopened = rows[-3:]
    assert completed[4] == "CourseCompleted"
    assert voided[4] == "DoseVoided"
    assert "voided" in voided[5]
    assert "(reviewer)" in voided[3]
    assert reopened[4] == "CourseReopened"


def test_history_as_json_is_one_whole_event_a_line(url: str) -> None:
    events = [json.loads(line) for line in run("history", MID_COURSE, "--database", url, "--json").stdout.splitlines()]
    assert [event["version"] for event in events] == [1, 2, 3, 4, 5]
    assert events[0]["data"]["member"] == {"issuer": "plan", "member_id": MID_COURSE}
    assert events[2]["event"] == "CourseApproved"
    assert len(events[2]["data"]["determination"]["assessment"]["findings"]) > 20
    assert events[2]["actor"]["role"] == "reviewer"


def test_a_recorded_time_that_history_prints_is_a_known_at(url: str) -> None:
    rows = [
        line.split("\t") for line in run("history", MEMBERS["voided_dose"], "--database", url).stdout.splitlines()[1:]
    ]
    for known in (1, 2, 3):
        printed = run("history", MEMBERS["voided_dose"], "--database", url, "--known-at", rows[known - 1][2]).stdout
        assert len(printed.splitlines()) == known + 1


# -- the store --------------------------------------------------------------------------------


def test_upgrade_makes_a_ledger_and_is_harmless_to_repeat(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.sqlite'}"
    assert "needs the plan's time zone" in refused("database", "upgrade", "--database", url)
    assert not (tmp_path / "new.sqlite").exists()
    made = ("database", "upgrade", "--database", url, "--time-zone", "America/Chicago")
    assert run(*made).stdout == f"The ledger at {url} has schema 5 and time zone America/Chicago.\n"
    again = json.loads(run("database", "upgrade", "--database", url, "--json").stdout)
    written = {"index_events_written": 0, "unreadable_records": 0}
    assert again == {"database": url, "schema_version": 5, "time_zone": "America/Chicago"} | written
    assert "America/Chicago, not Europe/Oslo" in refused(*made[:-1], "Europe/Oslo")
    assert "not a time zone of the IANA database" in refused(*made[:-1], "Mars/Olympus")
    assert "SQLite has no roles" in refused(*made, "--serving-role", "ledger")


def test_upgrade_on_postgresql_grants_what_serving_needs(postgres: PostgresServer, postgresql_url: str) -> None:
    postgres.execute("CREATE ROLE {} LOGIN PASSWORD 'synthetic'", "verb_ledger")
    try:
        database = postgresql_url.rpartition("/")[2]
        run("database", "upgrade", "--database", postgresql_url, "--serving-role", "verb_ledger")
        serving = postgres.url(database, "verb_ledger", "synthetic")
        run("demo", "--database", serving, "--patients", "3")
        assert answer_of(MID_COURSE, "--database", serving)["doses_usable"] == 3
        line = refused("database", "upgrade", "--database", serving)
        assert "run the command with the URL of the role that owns the database" in line
        assert "synthetic" not in line
    finally:
        postgres.execute("DROP OWNED BY {}", "verb_ledger", database=database)
        postgres.execute("DROP ROLE {}", "verb_ledger")


def test_questions_make_no_ledger_where_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert "No ledger was found at" in refused("eligibility", "X")
    assert "No ledger was found at" in refused("history", "X", "--database", f"sqlite:///{tmp_path / 'none.sqlite'}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="the data folder is named by XDG_DATA_HOME on Linux")
def test_without_a_database_the_ledger_is_in_the_users_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    run("demo", "--patients", "3")
    assert run("eligibility", MID_COURSE).stdout.startswith("Path A")
    folder = tmp_path / "lemtrada-ledger"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "ledger.sqlite").stat().st_mode & 0o777 == 0o600


def test_a_store_that_is_none_or_does_not_answer_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a database, however long one looks at it; " * 100)
    with closing(sqlite3.connect(tmp_path / "other.sqlite")) as connection:
        connection.execute("CREATE TABLE recipes (title TEXT)")
    for database, said in (
        (f"sqlite:///{tmp_path / 'text'}", "not a database"),
        (f"sqlite:///{tmp_path / 'other.sqlite'}", "an SQLite file of another program"),
        ("postgresql://somebody:hidden@127.0.0.1:1/plan", "cannot be reached"),
        ("mysql://x", "neither an SQLite URL nor a PostgreSQL URL"),
    ):
        for command in (["demo"], ["eligibility", "X"], ["database", "upgrade", "--time-zone", ZONE]):
            line = refused(*command, "--database", database)
            assert said in line
            assert "hidden" not in line
    nowhere = f"sqlite:///{tmp_path / 'no' / 'folder.sqlite'}"
    assert "give a file in a folder that exists" in refused("demo", "--database", nowhere)
    assert "No ledger was found at" in refused("eligibility", "X", "--database", nowhere)


# -- as a program -----------------------------------------------------------------------------


@pytest.fixture
def program(tmp_path: Path) -> Program:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LEMTRADA_")}

    def start(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*PROGRAM, *arguments], capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path,
            env=environment | {"PYTHONWARNINGS": "error"},
        )  # fmt: skip

    return start


def test_the_program_fills_a_ledger_in_a_pipe_without_progress(program: Program) -> None:
    done = program("demo", "--database", "sqlite:///pipe.sqlite", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(json.loads(done.stdout)) == len(SITUATIONS)
    unknown = program("history", "NOBODY", "--database", "sqlite:///pipe.sqlite")
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert unknown.stderr.count("\n") == 1


def test_a_fault_of_ours_is_one_line_and_neither_an_answer_nor_wrong_use(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("Alma Synthetic, born 1988-05-17")

    monkeypatch.setattr("api.cli.assess.explain", fails)
    monkeypatch.setattr("sys.argv", ["lemtrada-ledger", "explain", "1.A"])
    with pytest.raises(SystemExit) as stopped:
        main.main()
    assert stopped.value.code == 70
    said = capfd.readouterr().err
    assert said.count("\n") == 1
    assert "RuntimeError" in said
    assert "Alma" not in said


def test_what_no_event_names_is_swept_and_what_one_names_stays(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    run("database", "upgrade", "--database", url, "--time-zone", "America/New_York")
    with open_ledger(url) as ledger:
        ledger.documents.put(UUID(int=7), [b"A note that nobody named."])
    assert json.loads(run("database", "sweep", "--database", url, "--json").stdout) == {"orphans": 0, "unfinished": 0}
    stored = next((tmp_path / "ledger.sqlite-documents").rglob("*" + "[0-9a-f]" * 64))
    long_ago = stored.stat().st_mtime - 40 * 86_400
    os.utime(stored, (long_ago, long_ago))
    told = run("database", "sweep", "--database", url, "--days", "30").stdout
    assert told.startswith("Removed 1 document without an event")
    assert not stored.exists()
