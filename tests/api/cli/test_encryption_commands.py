"""`encryption-key` as a person types it, and a ledger that is opened with what it made."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from uuid import UUID

import pytest

from domain.ledger.application import open_ledger
from domain.ledger.encryption.keys import ENCRYPTION_KEYS, keys_of
from domain.ledger.encryption.records import key_id_of
from tests.api.cli.test_questions import refused, run
from tests.api.routes.commands.acts import PDF, Api
from tests.api.server.server import served
from tests.ledger.acts import opened
from tests.ledger.encryption.test_encrypted_ledger import states


def test_a_new_key_is_its_owners_alone_and_is_not_printed(tmp_path: Path) -> None:
    file, before = tmp_path / "ledger.key", os.umask(0)
    try:
        said = run("encryption-key", "new", "--output", str(file)).stdout
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text().strip() not in said
    (key,) = keys_of(f"a=file:{file}", {})
    assert len(key.secret) == 32
    assert json.loads(run("encryption-key", "new", "--output", str(tmp_path / "b"), "--json").stdout)["bits"] == 256
    assert (tmp_path / "b").read_text() != file.read_text()


def test_a_key_is_never_replaced(tmp_path: Path) -> None:
    file = tmp_path / "ledger.key"
    file.write_text("precious")
    assert "exists already" in refused("encryption-key", "new", "--output", str(file))
    assert file.read_text() == "precious"
    assert "cannot be written" in refused("encryption-key", "new", "--output", str(tmp_path / "no" / "folder"))


def test_commands_read_and_write_with_the_key_that_the_environment_refers_to(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "ledger.key"
    run("encryption-key", "new", "--output", str(file))
    monkeypatch.setenv(ENCRYPTION_KEYS, f"k1=file:{file}")
    with open_ledger(sqlite_url) as ledger:
        opened(ledger)
        assert key_id_of(ledger.recorder.select_notifications(1, 1)[0].state) == "k1"
    assert "HistoryOpened" in run("history", "M-1", "--database", sqlite_url, "--json").stdout
    monkeypatch.delenv(ENCRYPTION_KEYS)
    assert "encrypted with the key 'k1'" in refused("history", "M-1", "--database", sqlite_url)


def test_a_server_answers_over_a_ledger_under_a_key(
    ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "ledger.key"
    run("encryption-key", "new", "--output", str(file))
    monkeypatch.setenv(ENCRYPTION_KEYS, f"k1=file:{file}")
    with open_ledger(ledger_url) as ledger, served(ledger_url, tmp_path / "said") as server, server.client() as client:
        api = Api(client, ledger)
        patient = api.opened()
        seen = api.submitted(patient)
        stored = api.stored(patient)
        assert api.decided("approve", seen).status_code == 200
        api.dosed(patient, "2026-04-20")
        assert api.eligibility(patient)["doses_usable"] == 4
        assert api.asked(f"/requests/{seen['request']['request_id']}/replay")
        api.asked("/worklist")
        assert client.get(f"/patients/{patient}/audit-trail").status_code == 200
        assert b"".join(ledger.documents.open(UUID(patient), stored["sha256"])) == PDF
    assert {key_id_of(state) for state in states(ledger_url)} == {"k1"}
