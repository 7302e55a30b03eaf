"""The documentation is run and checked: its stories as programs, its commands, its links, its map."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import Final

import pytest
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from api.cli.main import app
from tests import ROOT
from tests.docs import between, blocks

README: Final = ROOT / "README.md"
CONTRIBUTING: Final = ROOT / ".github" / "CONTRIBUTING.md"
README_BYTES_MAX: Final = 12_000
MAP_LINES_MAX: Final = 25


def pages() -> list[Path]:
    """Every tracked or new Markdown page."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return sorted(ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).exists())


def test_the_stories_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The story of the README, and the appeal that continues it."""
    monkeypatch.chdir(tmp_path)
    first = blocks(between(README, "story"), "python")
    second = blocks(between(ROOT / "projections" / "replay" / "README.md", "story"), "python")
    assert (len(first), len(second)) == (3, 3)
    exec(compile("\n".join([*first, *second]), "README.md", "exec"), {})


@pytest.mark.parametrize(
    "command",
    [
        line[2:]
        for block in blocks(between(ROOT / "api" / "cli" / "README.md", "console"), "console")
        for line in block.splitlines()
        if line[:2] == "$ "
    ],
)
def test_the_commands_run(command: str) -> None:
    program, *words = shlex.split(command)
    assert program == "lemtrada-ledger"
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert "1.B.iv" in result.output


def test_every_command_is_in_the_table_of_commands() -> None:
    table = between(ROOT / "api" / "cli" / "README.md", "commands")
    program = get_command(app)
    assert isinstance(program, TyperGroup)
    groups = {name: one for name, one in program.commands.items() if isinstance(one, TyperGroup)}
    names = [name for name in program.commands if name not in groups]
    names += [f"{group} {name}" for group, one in groups.items() for name in one.commands]
    assert len(names) > 30
    assert [name for name in names if not re.search(rf"`{name}[ `]", table)] == []


@pytest.mark.parametrize("page", [README, CONTRIBUTING], ids=["README", "CONTRIBUTING"])
def test_ci_runs_exactly_the_test_command(page: Path) -> None:
    """CI runs on a fresh clone what the page tells a newcomer to type."""
    serve, test = (block.strip() for block in blocks(between(page, "setup"), "sh"))
    assert "serve --demo" in serve
    assert test in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def test_the_readme_is_two_pages() -> None:
    assert len(README.read_bytes()) <= README_BYTES_MAX


def test_the_map_names_files_and_folders_that_exist() -> None:
    (drawn,) = blocks(between(README, "map"), "text")
    lines = drawn.splitlines()
    assert len(lines) <= MAP_LINES_MAX
    package, missing = "", []
    for line in lines:
        at_top = not line.startswith(" ")
        package = line.partition("/")[0] if at_top else package
        folders = re.findall(r"(\w+)/", line.strip().partition("  ")[0])
        missing += [f"{package}/{one}" for one in folders if one != package and not (ROOT / package / one).is_dir()]
        missing += [one for one in re.findall(r"\b\w+\.py\b", line) if not any((ROOT / package).rglob(one))]
    assert missing == []


def test_a_table_of_contents_lists_every_section() -> None:
    text = (ROOT / "api" / "server" / "OPERATIONS.md").read_text(encoding="utf-8")
    assert re.findall(r"^- \[(.+)\]\(#", text, re.MULTILINE) == re.findall(r"^## (.+)$", text, re.MULTILINE)


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_to_a_file(page: Path) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    local = [one.partition("#")[0] for one in targets if "://" not in one and not one.startswith("#")]
    assert [one for one in local if not (page.parent / one).exists()] == []


def test_every_guide_is_linked_from_the_readme() -> None:
    """A page that no other page links to is not found."""
    linked = {
        (page.parent / target.partition("#")[0]).resolve()
        for page in pages()
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
        if "://" not in target
    }
    assert [page.relative_to(ROOT).as_posix() for page in pages() if page not in linked | {README}] == [
        "api/dossier/fonts/LICENSE.md"
    ]
