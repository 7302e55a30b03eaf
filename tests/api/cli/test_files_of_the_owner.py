"""Each file that a command writes can be read by its owner alone, and is in folders that only the owner can enter."""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from api.cli.main import app
from tests.api.cli.test_questions import run
from tests.api.record_access.test_command_line_accesses import SHOWN, Json, told
from tests.api.server.test_serve import served

__all__ = ["told"]

WRITING: dict[str, tuple[str, ...]] = {
    **{command: SHOWN[command][2] for command in ("document", "dossier", "export", "audit-events", "provenance")},
    "backup": ("{folder}/plan.tar",),
    "restore": ("{folder}/plan.tar",),
    "encryption-key new": ("--output", "{folder}/ledger.key"),
}
"""Each command that is given a file or a folder to write to."""
READ = {"assess", "import", "verify", "deadlines show", "restore"}
"""These are given a file to read."""


@pytest.fixture(autouse=True)
def no_umask() -> Iterator[None]:
    """The user's own mask hides nothing."""
    before = os.umask(0)
    yield
    os.umask(before)


def open_to_others(folder: Path) -> dict[str, str]:
    """What others can read or enter, by its mode. The folder itself is the test's."""
    found = {str(one.relative_to(folder)): one.lstat().st_mode for one in folder.rglob("*")}
    assert any(stat.S_ISREG(mode) for mode in found.values()), "something was written"
    return {name: oct(mode) for name, mode in found.items() if mode & 0o077}


def test_every_command_with_a_file_or_a_folder_is_listed_here() -> None:
    found = set()
    for name, one in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        for under, command in getattr(one, "commands", {"": one}).items():
            if any(
                str(parameter.metavar or "").strip("[]").startswith(("FILE", "DIR")) or "--output" in parameter.opts
                for parameter in command.params
            ):
                found.add(f"{name} {under}".strip())
    assert found == WRITING.keys() | READ


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
@pytest.mark.parametrize("command", WRITING)
def test_what_a_command_writes_is_its_owner_s(
    told: Json, ledger_url: str, tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "written"
    folder.mkdir()
    monkeypatch.setenv("LEMTRADA_SEAL_DIR", str(folder / "seal"))
    if command == "export":
        run("seal", "now", "--database", ledger_url)
    if command == "restore":
        run("backup", f"{tmp_path}/plan.tar", "--database", ledger_url)
        run("restore", f"{tmp_path}/plan.tar", "--database", f"sqlite:///{folder}/plan.sqlite")
    else:
        asked = [one.format(folder=folder, **told) for one in WRITING[command]]
        where = () if command == "encryption-key new" else ("--database", ledger_url)
        run(*command.split(), *asked, *where)
    assert open_to_others(folder) == {}


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_an_export_of_everything_is_its_owner_s(
    told: Json, ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEMTRADA_SEAL_DIR", str(tmp_path / "written" / "seal"))
    run("export", str(tmp_path / "written" / "all"), "--database", ledger_url)
    run("seal", "rotate-key", "--database", ledger_url)
    assert open_to_others(tmp_path / "written") == {}


@pytest.mark.parametrize("words", [("demo", "--patients", "3"), ("database", "upgrade", "--time-zone", "Etc/UTC")])
def test_a_new_ledger_is_its_owner_s(tmp_path: Path, words: tuple[str, ...]) -> None:
    run(*words, "--database", f"sqlite:///{tmp_path}/new.sqlite")
    assert open_to_others(tmp_path) == {}


def test_what_a_server_writes_is_its_owner_s(tmp_path: Path) -> None:
    zone = ("--time-zone", "America/Chicago")
    with served("--database", f"sqlite:///{tmp_path}/new.sqlite", *zone, LEMTRADA_SEAL_DIR=f"{tmp_path}/seal") as one:
        assert one.get("/health/ready").status_code == 200
        assert len(list((tmp_path / "new-served").iterdir())) == 1
        assert open_to_others(tmp_path) == {}
        assert one.stop(signal.SIGTERM)[0] == 0
    assert open_to_others(tmp_path) == {}
