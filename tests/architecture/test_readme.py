"""The README is run: its story as one program, its commands as they stand."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from tests import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_the_story_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    story = blocks("python")
    assert len(story) >= 4
    exec(compile("\n".join(story), "README.md", "exec"), {})


@pytest.mark.parametrize(
    "command", [line[2:] for block in blocks("console") for line in block.splitlines() if line[:2] == "$ "]
)
def test_the_commands_run(command: str) -> None:
    program, *words = shlex.split(command)
    assert program == "lemtrada-ledger"
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert "1.B.iv" in result.output


def test_ci_runs_exactly_the_test_command() -> None:
    """What CI does on a fresh clone is what the README tells a stranger to type."""
    test_command = next(block.strip() for block in blocks("sh") if "pytest" in block)
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert test_command in lines


def test_the_map_names_files_that_exist() -> None:
    for name in ("criteria", "prior_agents", "readings", "assessment", "referral"):
        assert (ROOT / "domain" / "policy" / f"{name}.py").exists()
    drawn = README.split("## The map of the house")[1].split("```")[1]
    package, named = "", []
    for line in drawn.splitlines():
        package = found[1] if (found := re.match(r"(\w+)/", line)) else package
        named += [(package, name) for name in re.findall(r"(?<![\w*])\w+\.py", line)]
    assert {package for package, _ in named} == {"domain", "projections", "api"}
    for package, name in named:
        assert list((ROOT / package).rglob(name)), name
