"""`invite` prints the address at which the ledger is served: of a running server, of two, and behind a proxy."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from socket import create_server, socket

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from api.cli.people import LOCAL_URL
from api.server.serve import url_of
from api.server.served_addresses import announce_address, served_at
from domain.facts import counted
from domain.ledger.application import Ledger, open_ledger
from tests.api.server.test_serve import refused, served


def invited(url: str, *more: str) -> str:
    """The link, from the plain output and not from the JSON."""
    arguments = ("invite", "--role", "auditor", "--name", "Ada Auditor", "--id", f"a{os.urandom(4).hex()}")
    result = CliRunner().invoke(app, [*arguments, "--database", url, *more])
    assert (result.exit_code, result.stderr) == (0, "")
    return next(line.strip() for line in result.stdout.splitlines() if "/sign-in/" in line)


@pytest.fixture
def ledger(sqlite_url: str) -> Iterator[Ledger]:
    with open_ledger(sqlite_url, zone="America/New_York") as ledger:
        yield ledger


@pytest.fixture
def listeners() -> Iterator[tuple[socket, socket]]:
    with create_server(("127.0.0.1", 0)) as one, create_server(("127.0.0.1", 0)) as other:
        yield one, other


def test_an_invitation_names_the_server_that_runs(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'plan.sqlite'}"
    with served("--database", url, TZ="America/New_York") as one:
        assert invited(url).startswith(f"{one.url}/sign-in/")
        assert invited(url, "--url", "https://ledger.plan.example/").startswith("https://ledger.plan.example/sign-in/")
        assert one.stop(signal.SIGTERM) == (0, "")
    assert invited(url).startswith(f"{LOCAL_URL}/sign-in/")
    assert not (tmp_path / "plan-served").exists()


def test_behind_a_proxy_an_invitation_names_the_public_address(tmp_path: Path) -> None:
    url, public = f"sqlite:///{tmp_path / 'plan.sqlite'}", "https://ledger.plan.example"
    with served("--database", url, "--public-url", public, TZ="America/New_York"):
        assert invited(url).startswith(f"{public}/sign-in/")
        of_json = CliRunner().invoke(app, ["invite", "--role", "auditor", "--name", "Al", "--database", url, "--json"])
        assert json.loads(of_json.stdout)["link"].startswith(f"{public}/sign-in/")


def test_of_two_servers_the_one_that_started_last_is_named_while_it_runs(
    ledger: Ledger, listeners: tuple[socket, socket]
) -> None:
    first, second = map(url_of, listeners)
    with announce_address(ledger, first, None):
        with announce_address(ledger, second, None):
            assert served_at(ledger) == second
        assert served_at(ledger) == first
    assert served_at(ledger) is None


def test_a_server_that_was_killed_is_not_named_and_its_file_is_removed(
    ledger: Ledger, sqlite_url: str, listeners: tuple[socket, socket]
) -> None:
    killed, running = listeners
    with announce_address(ledger, url_of(killed), "https://old.plan.example"):
        killed.close()
        assert served_at(ledger) is None
        with announce_address(ledger, url_of(running), None):
            folder = Path(sqlite_url.removeprefix("sqlite:///")).with_suffix("")
            (left,) = folder.with_name(f"{folder.name}-served").iterdir()
            assert left.read_text().splitlines() == [url_of(running)] * 2


def test_a_folder_that_cannot_be_written_to_stops_no_server(ledger: Ledger, sqlite_url: str) -> None:
    folder = Path(sqlite_url.removeprefix("sqlite:///")).with_suffix("")
    folder.with_name(f"{folder.name}-served").write_text("a file, and no folder")
    with announce_address(ledger, LOCAL_URL, None):
        assert served_at(ledger) is None


# -- the demo with a number of patients -------------------------------------------------------


@pytest.mark.parametrize("patients", [1, 5, 40])
def test_the_demo_has_as_many_patients_as_it_was_asked_for(tmp_path: Path, patients: int) -> None:
    with served("--demo", "--patients", str(patients), TMPDIR=str(tmp_path)) as one:
        assert one.printed[0].startswith(f"{counted(patients, 'synthetic patient')} in a temporary ledger")
        (database,) = tmp_path.glob("*/demo.sqlite")
        with open_ledger(f"sqlite:///{database}") as ledger:
            assert len(list(ledger.patients())) == patients


def test_a_number_of_patients_without_the_demo_is_wrong_use(tmp_path: Path) -> None:
    line = refused("--patients", "5", "--database", f"sqlite:///{tmp_path / 'plan.sqlite'}")
    assert line.startswith("--patients is for the temporary ledger of --demo (--patients): add --demo")
    assert list(tmp_path.iterdir()) == []
