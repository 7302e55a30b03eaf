"""Readiness knows what a load balancer must know: full disks, read-only databases, the seal. With real faults."""

from __future__ import annotations

import ctypes
import os
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from httpx2 import Client, Response

from domain.ledger.application import open_ledger
from domain.ledger.schema import upgrade
from tests.api.routes.commands.acts import dose, opening, refused
from tests.api.server.server import served
from tests.api.server.test_vanished_files import mounted, url_in
from tests.conftest import ZONE, seeded
from tests.postgres_server import PostgresServer

PATIENCE = 40.0
"""Longer than the pause of the thread that seals, and than the time for which the last write counts."""


def until_ready_is(client: Client, status: int, text: str = "") -> Response:
    deadline = time.monotonic() + PATIENCE
    while True:
        answer = client.get("/health/ready")
        if (answer.status_code == status and text in answer.text) or time.monotonic() > deadline:
            assert answer.status_code == status, answer.text
            assert text in answer.text
            return answer
        time.sleep(0.2)


def patient_of(client: Client) -> str:
    patient: str = client.post("/patients", json=opening()).json()["patient_id"]
    return patient


def test_a_full_disk(tmp_path: Path) -> None:
    """A disk of three megabytes that another program fills and empties again."""
    disk = tmp_path / "disk"
    with mounted(disk, "3m"):
        upgrade(url_in(disk), zone=ZONE, entropy=seeded(0))
        with served(url_in(disk), tmp_path / "said") as server, server.client() as client:
            patient = patient_of(client)
            until_ready_is(client, 200)
            with (disk / "other").open("wb", buffering=0) as other:
                try:
                    while other.write(bytes(4096)):
                        pass
                except OSError:
                    pass
            # Commands fit for a while into the space that the write-ahead log has.
            for number in range(2_000):
                answer = client.post(f"/patients/{patient}/doses", json=dose(reference=f"R-{number}"))
                if answer.status_code != 201:
                    break
            assert "disk of the database is full" in refused(answer, 503)["detail"]
            problem = refused(client.get("/health/ready"), 503)
            assert problem["title"] == "Not ready"
            assert "disk of the database is full" in problem["detail"]
            assert client.get("/health/live").status_code == 200
            (disk / "other").unlink()
            until_ready_is(client, 200)
            assert client.post(f"/patients/{patient}/doses", json=dose(reference="R-after")).status_code == 201


def signed_in(folder: Path) -> Path:
    """The signer's folder, after it signed."""
    seal, deadline = folder / "ledger-seal", time.monotonic() + PATIENCE
    while not (seal / "checkpoint").exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return seal


def rows_of(url: str) -> dict[str, int]:
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables}


@pytest.mark.parametrize("store", ["sqlite"])
def test_a_write_on_trial_leaves_nothing_behind(ledger_url: str) -> None:
    with open_ledger(ledger_url) as ledger:
        before = rows_of(ledger_url)
        ledger.recorder.try_to_write()
        assert rows_of(ledger_url) == before
        assert ledger.recorder.last_write.succeeded_at is None


def test_a_write_on_trial_leaves_nothing_behind_on_postgresql(postgresql_url: str) -> None:
    with open_ledger(postgresql_url) as ledger, psycopg.connect(postgresql_url) as connection:
        ledger.recorder.try_to_write()
        for table in ("sessions", "stored_events", "commands"):
            assert connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() == (0,)


def without_override() -> None:
    """Runs in the server's process before the program: root, too, then needs the permission to write."""
    ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE


def test_a_database_that_is_read_only(tmp_path: Path) -> None:
    """Nothing was written yet, so nothing failed: only a write on trial finds it."""
    folder = tmp_path / "ledger"
    folder.mkdir()
    upgrade(url_in(folder), zone=ZONE, entropy=seeded(0))
    with served(url_in(folder), tmp_path / "said", before=without_override) as server, server.client() as client:
        patient_of(client)
        until_ready_is(client, 200)
        time.sleep(31)
        # The connections that are open stay writable; what is opened from now on is not.
        (folder / "plan.sqlite").chmod(0o444)
        problem = refused(until_ready_is(client, 503), 503)
        assert "read-only" in problem["detail"]
        (folder / "plan.sqlite").chmod(0o600)
        until_ready_is(client, 200)


def test_a_postgresql_server_that_becomes_read_only(
    postgres: PostgresServer, postgresql_url: str, tmp_path: Path
) -> None:
    name = postgresql_url.rpartition("/")[2]
    with served(postgresql_url, tmp_path / "said") as server, server.client() as client:
        patient = patient_of(client)
        until_ready_is(client, 200)
        with psycopg.connect(postgresql_url, autocommit=True) as connection:
            connection.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'.encode())
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            client.post(f"/patients/{patient}/doses", json=dose())
            problem = refused(until_ready_is(client, 503, "read-only"), 503)
            assert postgresql_url.rpartition("@")[0].rpartition(":")[2] not in str(problem)
            connection.execute("SET default_transaction_read_only = off")
            connection.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only'.encode())
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        until_ready_is(client, 200)


@pytest.mark.parametrize("store", ["sqlite"])
def test_the_signer_s_folder_is_lost(ledger_url: str, tmp_path: Path) -> None:
    with served(ledger_url, tmp_path / "said") as server, server.client() as client:
        patient_of(client)
        seal = signed_in(tmp_path)
        until_ready_is(client, 200)
        seal.rename(tmp_path / "elsewhere")
        problem = refused(until_ready_is(client, 503), 503)
        assert "signer's folder ledger-seal is missing" in problem["detail"]
        shutil.rmtree(seal, ignore_errors=True)
        (tmp_path / "elsewhere").rename(seal)
        until_ready_is(client, 200)


@pytest.mark.parametrize("store", ["sqlite"])
def test_the_refusal_of_the_seal(ledger_url: str, tmp_path: Path) -> None:
    """The signer signed more than the log has, as after a restore of an older backup."""
    older = tmp_path / "older.sqlite"
    shutil.copyfile(ledger_url.removeprefix("sqlite:///"), older)
    with served(ledger_url, tmp_path / "said") as server, server.client() as client:
        patient_of(client)
        signed_in(tmp_path)
    for ending in ("", "-wal", "-shm"):
        Path(f"{ledger_url.removeprefix('sqlite:///')}{ending}").unlink(missing_ok=True)
    os.replace(older, ledger_url.removeprefix("sqlite:///"))
    with served(ledger_url, tmp_path / "said") as server, server.client() as client:
        problem = refused(until_ready_is(client, 503), 503)
        assert "New events are not being sealed" in problem["detail"]
