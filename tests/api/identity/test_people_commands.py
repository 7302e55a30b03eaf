"""Who may sign in, by command line: what is printed once, what is refused, and what it does to a server."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner, Result

from api.app import create_app
from api.cli.main import app
from api.identity import Identity
from domain.ledger.application import Ledger
from domain.ledger.reader import utc_now
from tests.api.identity.conftest import Browser


@pytest.fixture
def command(ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a command on the test's ledger; the expected exit status is 0 unless another is given."""
    monkeypatch.delenv("LEMTRADA_PUBLIC_URL", raising=False)

    def run(*arguments: str, status: int = 0) -> Result:
        result = CliRunner().invoke(app, [*arguments, "--database", ledger_url], prog_name="lemtrada-ledger")
        assert result.exit_code == status, result.output
        return result

    return run


@pytest.fixture
def browser(ledger: Ledger) -> Browser:
    """The client of a server whose clock is the machine's, as the clock of the commands is."""
    ledger._clock = utc_now
    return Browser(create_app(ledger, identity=Identity(ledger)), follow_redirects=False)


def test_somebody_is_invited_and_signs_in(command: Any, browser: Browser) -> None:
    printed = command("invite", "--role", "reviewer", "--name", "Nora Nurse", "--credential", "nurse").stdout
    (link,) = [line.strip() for line in printed.splitlines() if "/sign-in/" in line]
    assert link.startswith("http://127.0.0.1:8000/sign-in/")
    assert browser.signs_in(link.rpartition("/")[2]).status_code == 303
    person = browser.get("/me").json()["person"]
    assert (person["id"], person["role"], person["credential"]) == ("nora.nurse", "reviewer", "nurse")


def test_somebody_who_is_known_gets_another_link(command: Any, browser: Browser) -> None:
    first = json.loads(command("invite", "--role", "auditor", "--name", "Amos Auditor", "--json").stdout)
    second = json.loads(command("invite", "--id", "amos.auditor", "--json").stdout)
    assert second["person"] == first["person"]
    assert browser.signs_in(first["link"].rpartition("/")[2]).status_code == 401
    assert browser.signs_in(second["link"].rpartition("/")[2]).status_code == 303


def test_a_token_is_shown_once_listed_without_it_and_revoked(command: Any, browser: TestClient) -> None:
    made = json.loads(command("token", "create", "--role", "service", "--name", "Claims feed", "--json").stdout)
    headers = {"Authorization": f"Bearer {made['token']}"}
    assert browser.get("/me", headers=headers).json()["person"]["id"] == "claims.feed"
    listed = command("token", "list", "--json").stdout
    assert [one["state"] for one in json.loads(listed)] == ["holds"]
    assert made["token"].split("_")[2] not in listed
    command("token", "revoke", made["token_id"])
    assert [one["state"] for one in json.loads(command("token", "list", "--json").stdout)] == ["revoked"]
    again = command("token", "create", "--role", "service", "--name", "Claims feed").stdout
    assert "claims.feed" in again


def test_a_person_is_removed_and_their_tokens_are_revoked(command: Any) -> None:
    command("token", "create", "--role", "service", "--name", "Claims feed")
    assert "claims.feed" in command("people", "list").stdout
    command("people", "remove", "claims.feed", "--reason", "Replaced.")
    assert json.loads(command("people", "list", "--json").stdout) == []
    assert [one["state"] for one in json.loads(command("token", "list", "--json").stdout)] == ["revoked"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["invite", "--name", "Nora"], "--role"),
        (["invite", "--role", "reviewer"], "--name"),
        (["invite", "--role", "reviewer", "--name", "日本"], "--id"),
        (["invite", "--role", "reviewer", "--name", "Nora", "--id", "a b"], "--id"),
        (
            ["invite", "--role", "reviewer", "--name", "Nora\nNurse"],
            "a line break, a tab, or a mark of writing direction",
        ),
        (["token", "create", "--role", "service", "--name", "Feed\x1b[31m"], "the text contains a control character"),
        (["token", "revoke", "0123456789abcdef"], "TOKEN"),
        (["people", "remove", "nobody"], "PERSON"),
        (["token", "create", "--role", "king", "--name", "Nora"], "--role"),
        (["token", "create", "--role", "service", "--name", "Nora", "--days", "366"], "--days"),
    ],
)
def test_wrong_use_is_one_line_that_names_the_option(command: Any, arguments: list[str], said: str) -> None:
    assert said in command(*arguments, status=2).stderr


def test_an_id_is_one_persons(command: Any) -> None:
    command("token", "create", "--role", "service", "--name", "Claims feed")
    assert "--id" in command("token", "create", "--role", "auditor", "--name", "Claims feed", status=2).stderr
    assert "--id" in command("invite", "--role", "service", "--name", "Claims feed", status=2).stderr


def test_what_the_commands_did_is_on_record_as_done_by_the_machines_user(command: Any, ledger: Ledger) -> None:
    command("token", "create", "--role", "service", "--name", "Claims feed")
    told = [event for _, event in ledger.events_since(0)]
    assert [event.TOPIC for event in told] == ["PersonAdmitted", "TokenIssued"]
    assert all(event.actor.id.startswith("os:") for event in told)
