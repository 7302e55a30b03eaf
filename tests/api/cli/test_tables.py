"""Tables and lists on a real pseudo-terminal: no id, date, or other word is cut, from 40 columns on."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from typing import Final

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from api.cli.people import PERSON_COLUMNS, TOKEN_COLUMNS
from api.cli.tables import Column, pair_lines, table_lines, wrap
from api.demo import ZONE, fill
from domain.events.patient import Member
from domain.ledger.application import open_ledger

WIDTHS: Final = (40, 60, 80, 120)
ID: Final = r"[0-9a-f]{8}-[0-9a-f-]{27}(?:\.[a-z]\d+)*"
DATE: Final = r"\d{4}-\d\d-\d\d(?:T[\d:.]+(?:[+-]\d\d:\d\d|Z)?)?"
ID_OR_DATE: Final = re.compile(f"{ID}|{DATE}")
WITHOUT_HEADS: Final = {"people": PERSON_COLUMNS, "token": TOKEN_COLUMNS}
"""In a pipe, these lists have no heads."""
END: Final = "\x1eend of a command\x1e"
RUN_ALL: Final = f"""
import json, sys
from api.cli.main import main
for arguments in json.loads(sys.argv[1]):
    sys.argv[1:] = arguments
    try:
        main()
    except SystemExit:
        pass
    sys.stderr.flush()
    print({END!r}, flush=True)
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('tables') / 'demo.sqlite'}"
    fill(url, zone=ZONE)
    run(url, "token", "create", "--role", "service", "--name", "Claims feed")
    run(url, "invite", "--role", "reviewer", "--name", "Nora Nurse", "--credential", "nurse")
    return url


@pytest.fixture(scope="module")
def commands(url: str) -> list[list[str]]:
    """Every command that prints a table, a list of labels, or lines of text."""
    with open_ledger(url) as ledger:
        patient, appealed = (ledger.find(Member(member_id=one)) for one in ("DEMO-0003", "DEMO-0024"))
    about_members = ("eligibility", "courses", "person", "history", "requests", "appeals", "accesses")
    return [
        *([name, member] for name in about_members for member in ("DEMO-0003", "DEMO-0024", "DEMO-0030")),
        *([name, f"{one}.r1"] for name in ("request", "replay") for one in (patient, appealed)),
        ["appeal", f"{appealed}.a1"],
        ["worklist"],
        ["accesses"],
        ["people", "list"],
        ["token", "list"],
    ]


@pytest.fixture(scope="module", params=WIDTHS)
def shown(request: pytest.FixtureRequest, url: str, commands: list[list[str]]) -> tuple[int, list[str]]:
    """What each command prints on a terminal of one width."""
    return request.param, on_terminal(url, [*commands, ["explain"], ["explain", "1.A.iii.d(3)"]], request.param)


def run(url: str, *arguments: str) -> str:
    result = CliRunner().invoke(app, [*arguments, "--database", url])
    assert result.exit_code == 0, result.output
    return result.stdout


def on_terminal(url: str, commands: list[list[str]], width: int) -> list[str]:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    program = subprocess.Popen(
        [sys.executable, "-c", RUN_ALL, json.dumps(commands)],
        stdin=theirs, stdout=theirs, stderr=theirs, env=environment | {"LEMTRADA_DATABASE": url},
    )  # fmt: skip
    os.close(theirs)
    printed = b""
    while True:
        try:
            piece = os.read(ours, 65_536)
        except OSError:  # On Linux, the end of a terminal whose other side is closed.
            break
        if not piece:
            break
        printed += piece
    os.close(ours)
    assert program.wait() == 0
    parts = printed.decode().replace("\r\n", "\n").split(f"{END}\n")
    assert len(parts) == len(commands) + 1
    return parts[:-1]


def words_of_shown_columns(in_pipe: str, on_terminal: str) -> set[str]:
    """The words of a pipe's lines, without the columns that the terminal says it leaves out."""
    said = re.search(r"Not shown at this width: (.*?)\.\s--json\sprints", on_terminal, re.DOTALL)
    left_out = {" ".join(head.split()) for head in said[1].split(",")} if said is not None else set()
    lines = in_pipe.splitlines()
    tables = [number for number, line in enumerate(lines) if "\t" in line]
    heads = lines[tables[0]].split("\t") if tables and left_out else []
    assert left_out <= set(heads)
    words: set[str] = set()
    for line in lines:
        cells = line.split("\t")
        if len(cells) == len(heads):
            cells = [cell for head, cell in zip(heads, cells, strict=True) if head not in left_out]
        words.update(word for cell in cells for word in cell.split())
    return words


def test_every_id_date_and_word_is_whole(url: str, commands: list[list[str]], shown: tuple[int, list[str]]) -> None:
    width, printed = shown
    seen = 0
    for arguments, text in zip(commands, printed, strict=False):
        if arguments[0] == "accesses":
            continue  # It grows with each command; the test below looks at its rows.
        heads = "\t".join(one.head for one in WITHOUT_HEADS.get(arguments[0], ()))
        expected = words_of_shown_columns(f"{heads}\n{run(url, *arguments)}".lstrip("\n"), text)
        missing = expected - set(text.split())
        assert missing == set(), f"{' '.join(arguments)} at {width} columns"
        of_json = set(ID_OR_DATE.findall(run(url, *arguments, "--json")))
        shown_of_json = {word for word in of_json if any(word in one for one in expected)}
        assert all(word in text for word in shown_of_json)
        seen += len(shown_of_json)
    assert seen > 100


def test_the_access_log_shows_whole_times_and_patients(shown: tuple[int, list[str]], commands: list[list[str]]) -> None:
    width, printed = shown
    text = printed[commands.index(["accesses"])]
    found = ID_OR_DATE.findall(text.split("Not shown")[0].split("these are")[0])
    assert {len(one) for one in found} <= {25, 36, 39}, "a time of day with its offset, a patient, a request"
    assert 25 in map(len, found)
    assert (36 in map(len, found)) == (width in (40, 120)), "at 60 and 80 columns: the time, the user, and the view"


def test_no_line_is_wider_than_the_terminal_unless_it_is_one_word(shown: tuple[int, list[str]]) -> None:
    width, printed = shown
    too_wide = [
        line
        for text in printed
        for line in text.splitlines()
        if len(line) > width and " " in line.strip() and "--after" not in line
    ]
    assert too_wide == []


# -- how a table is laid out ------------------------------------------------------------------

ROWS: Final = [["2026-11-21", "11111111-2222-4333-8444-555555555555.r1", "a word or two, or several of them"]]
COLUMNS: Final = (Column("due"), Column("request"), Column("remarks", 2))


def test_a_wide_terminal_gets_everything_in_one_line_a_row() -> None:
    heads, rule, row = table_lines(COLUMNS, ROWS, 120)
    assert row == "  ".join(ROWS[0])
    assert [heads.index(one.head) for one in COLUMNS] == [0, 12, 53]
    assert set(rule) == {"-", " "}


def test_words_wrap_before_a_column_is_left_out() -> None:
    lines = list(table_lines(COLUMNS, ROWS, 70))
    assert "Not shown" not in "\n".join(lines)
    assert [line[53:] for line in lines[2:]] == ["a word or two, or", "several of them"]


def test_a_column_is_left_out_and_named() -> None:
    *_, row, empty, note = table_lines(COLUMNS, ROWS, 60)
    assert (row, empty) == ("  ".join(ROWS[0][:2]), "")
    assert note == "Not shown at this width: remarks. --json prints everything."


def test_a_row_becomes_a_block_where_its_most_important_columns_do_not_fit() -> None:
    assert list(table_lines(COLUMNS, [ROWS[0], ["2026-11-22", "", ""]], 40)) == [
        "due      2026-11-21",
        "request",
        "11111111-2222-4333-8444-555555555555.r1",
        "remarks  a word or two, or several of",
        "         them",
        "",
        "due      2026-11-22",
    ]


@pytest.mark.parametrize("width", range(1, 60))
def test_no_word_is_ever_cut(width: int) -> None:
    text = "Approval from 2026-11-21 through 2026-12-20, request 11111111-2222-4333-8444-555555555555.r1"
    assert " ".join(wrap(text, width)).split() == text.split()
    assert " ".join(pair_lines([("Approval", text)], width)).split() == ["Approval", *text.split()]
    assert all(len(line) <= width or " " not in line.strip() for line in wrap(text, width))


def test_a_name_cannot_command_the_terminal() -> None:
    assert not any("\x1b" in line for line in table_lines([Column("name")], [["\x1b[2JNora"]], 40))
    assert not any("\x1b" in line for line in pair_lines([("Name", "\x1b[2JNora")], 40))
