"""A command that writes and fails says what became of its changes, before what to do next; one that reads does not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from eventsourcing.persistence import OperationalError

from api.cli import main, opening
from api.cli.commands import OUTCOME_OF_FAILURE
from tests.api.cli.test_questions import refused
from tests.api.record_access.test_command_line_accesses import every_command

UNKNOWN = "11111111-2222-4333-8444-555555555555"
FAILING: dict[str, tuple[str, ...]] = {
    "demo": ("--time-zone", "Nowhere/Near"),
    "import": ("{folder}/none.jsonl",),
    "rebuild": ("nothing",),
    "database upgrade": ("--time-zone", "Nowhere/Near"),
    "database sweep": (),
    "invite": ("--role", "reviewer"),
    "token create": ("--role", "service", "--name", "Feed"),
    "token revoke": ("0123456789abcdef",),
    "people remove": ("nobody",),
    "seal now": (),
    "seal rotate-key": (),
    "seal new-origin": ("--reason", "Restored."),
    "clock confirm": ("--reason", "The time server was corrected."),
    "dossier": (f"{UNKNOWN}.a1", "--output", "{folder}/dossier"),
    "document": (f"{UNKNOWN}.f1", "--output", "{folder}/report.pdf"),
    "backup": ("{folder}/plan.tar",),
    "restore": ("{folder}/plan.tar",),
    "encryption-key new": ("--output", "{folder}/none/ledger.key"),
    "audit-events": ("--output", "{folder}/audit.ndjson"),
    "provenance": ("--output", "{folder}/provenance.ndjson"),
    "export": ("{folder}/export",),
}
"""How each command that writes is called so that it fails: mostly, there is no ledger."""
READING = {
    "eligibility", "history", "courses", "person", "requests", "appeals", "request", "replay", "appeal", "worklist",
    "assess", "explain", "serve", "accesses", "verify", "seal status", "seal key", "token list", "people list",
    "deadlines show", "deadlines check", "deadlines schema",
}  # fmt: skip
"""Commands that only read. What is written through `serve` is answered over HTTP."""


def test_every_command_writes_or_reads() -> None:
    assert FAILING.keys() == OUTCOME_OF_FAILURE.keys()
    assert FAILING.keys() | READING == every_command()
    assert FAILING.keys().isdisjoint(READING)


@pytest.mark.parametrize("words", FAILING)
def test_a_command_that_writes_and_fails_says_what_became_of_its_changes(tmp_path: Path, words: str) -> None:
    before = sorted(tmp_path.iterdir())
    asked = [one.format(folder=tmp_path) for one in FAILING[words]]
    if words != "encryption-key new":
        asked += ["--database", f"sqlite:///{tmp_path}/none.sqlite"]
    line = refused(*words.split(), *asked)
    assert line.count(f"; {OUTCOME_OF_FAILURE[words]}: ") == 1
    assert sorted(tmp_path.iterdir()) == before, "and that is true"


@pytest.mark.parametrize("words", FAILING)
def test_a_command_that_is_called_wrongly_says_it_too(
    words: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["lemtrada-ledger", *words.split(), "--no-such-option"])
    with pytest.raises(SystemExit) as stopped:
        main.main()
    assert stopped.value.code == 2
    line = capfd.readouterr().err
    assert line.count("\n") == 1
    assert line.endswith(
        f"(lemtrada-ledger {words}); {OUTCOME_OF_FAILURE[words]}: see `lemtrada-ledger {words} --help`\n"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("people", "remove", "nobody"), "; a change was saved completely or not at all: check"),
        (("history", "M-1"), "gone away: check"),
    ],
)
def test_a_database_that_does_not_answer_leaves_open_what_was_saved(
    ledger_url: str, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OperationalError("gone away")

    monkeypatch.setattr(opening.schema, "read_settings", fails)
    monkeypatch.setattr(opening, "open_to_read", fails)
    assert said in refused(*words, "--database", ledger_url)


def test_a_command_that_reads_says_nothing_of_changes(tmp_path: Path) -> None:
    assert "saved" not in refused("eligibility", "M-1", "--database", f"sqlite:///{tmp_path}/none.sqlite")
