"""The program itself: its help, its version, what a bare call and a mistyped command print, and what it imports."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version

import pytest
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from api.cli import main
from api.cli.commands import MODULE_OF, SECTIONS
from api.cli.main import app
from api.cli.program import app as registry
from api.demo import ZONE, fill
from tests import ROOT

LISTED = [one for _, listed in SECTIONS for one in listed]


def test_each_summary_is_the_first_sentence_of_the_commands_own_help() -> None:
    program = get_command(app)
    assert isinstance(program, TyperGroup)
    helps = {name: (one.help or "").partition("\n")[0] for name, one in program.commands.items()}
    assert helps == {one.name: one.summary for one in LISTED}


def test_every_command_of_a_module_is_listed() -> None:
    modules = [import_module(f"api.cli.{path.stem}") for path in sorted((ROOT / "api" / "cli").glob("[a-z]*.py"))]
    assert len(modules) > 15
    registered = [*registry.registered_commands, *registry.registered_groups]
    assert {str(one.name) for one in registered} == set(MODULE_OF)


def test_a_summary_is_one_short_sentence() -> None:
    assert all(one.summary.endswith(".") and len(one.summary) < 72 for one in LISTED)
    assert len(MODULE_OF) == len(LISTED)


def test_the_help_lists_every_command_in_its_section() -> None:
    printed = CliRunner().invoke(app, ["--help"]).stdout
    places = [printed.index(f"\n{title}:") for title, _ in SECTIONS]
    assert places == sorted(places)
    assert [one.name for one in LISTED if f"\n  {one.name} " not in printed] == []


def test_a_bare_call_prints_the_help_and_is_wrong_use() -> None:
    bare, asked = CliRunner().invoke(app, []), CliRunner().invoke(app, ["--help"])
    assert (bare.exit_code, asked.exit_code) == (2, 0)
    assert bare.stdout == asked.stdout


def test_the_version_is_printed() -> None:
    ran = CliRunner().invoke(app, ["--version"])
    assert (ran.exit_code, ran.stdout) == (0, f"lemtrada-ledger {version('lemtrada-ledger')}\n")


def test_a_mistyped_command_gets_a_suggestion() -> None:
    ran = CliRunner().invoke(app, ["elegibility"])
    assert ran.exit_code == 2
    assert "Did you mean 'eligibility'?" in ran.stderr


def test_a_command_that_cannot_be_imported_is_not_taken_for_an_unknown_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing row of a table is a KeyError too."""

    def missing(_: str) -> None:
        raise KeyError("a row")

    monkeypatch.setattr(main, "import_module", missing)
    ran = CliRunner().invoke(app, ["worklist"])
    assert isinstance(ran.exception, KeyError)


SLOW = {"psycopg", "fastapi", "rich.console", "domain.commands", "domain.decisions", "domain.ledger.sealing"}
"""What a question about one patient of an SQLite ledger does without."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('program') / 'demo.sqlite'}"
    fill(url, patients=3, zone=ZONE)
    return url


@pytest.mark.parametrize(
    ("arguments", "unused"),
    [
        (["--help"], {"pydantic", "psycopg", "eventsourcing", "fastapi", "domain.events"}),
        (["explain"], {"psycopg", "eventsourcing", "domain.events"}),
        (["eligibility", "DEMO-0003"], SLOW),
        (["history", "DEMO-0003"], SLOW),
        (["courses", "DEMO-0003"], SLOW),
        (["appeals", "DEMO-0003"], SLOW),
    ],
    ids=["help", "explain", "eligibility", "history", "courses", "appeals"],
)
def test_a_command_imports_only_what_it_needs(url: str, arguments: list[str], unused: set[str]) -> None:
    code = (
        "import sys; from api.cli.main import app\n"
        f"app({arguments!r}, standalone_mode=False)\n"
        f"print(sorted({unused!r} & set(sys.modules)), file=sys.stderr)"
    )
    environment = os.environ | {"LEMTRADA_DATABASE": url}
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert ran.stderr == "[]\n"
