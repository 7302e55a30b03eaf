"""The files of an SQLite ledger go away under a running server: nothing is acknowledged, and the log says it once."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from httpx2 import Client, Response

from domain.ledger.application import open_ledger
from domain.ledger.schema import upgrade
from tests.api.routes.commands.acts import PDF, dose, opening, refused
from tests.api.server.server import Server, served
from tests.conftest import ZONE, seeded

PDF_TYPE = {"Content-Type": "application/pdf"}
LOGGED = "Nothing more is saved"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of the ledger alone."""
    folder = tmp_path / "ledger"
    folder.mkdir()
    upgrade(url_in(folder), zone=ZONE, entropy=seeded(0))
    return folder


def url_in(folder: Path) -> str:
    return f"sqlite:///{folder / 'plan.sqlite'}"


def patient_of(client: Client) -> str:
    """A patient with a document in storage, so that the folder of documents belongs to the ledger."""
    patient: str = client.post("/patients", json=opening()).json()["patient_id"]
    stored = client.post(f"/patients/{patient}/documents", content=PDF, headers=PDF_TYPE)
    assert stored.status_code == 201, stored.text
    assert given(client, patient, "2026-03-02").status_code == 201
    return patient


def given(client: Client, patient: str, day: str) -> Response:
    return client.post(f"/patients/{patient}/doses", json=dose(day), headers={"Idempotency-Key": day})


def removed(folder: Path) -> None:
    (folder / "plan.sqlite").unlink()


def replaced(folder: Path) -> None:
    shutil.copyfile(folder / "plan.sqlite", folder / "copy")
    os.replace(folder / "copy", folder / "plan.sqlite")


def without_log(folder: Path) -> None:
    (folder / "plan.sqlite-wal").unlink()


def log_replaced(folder: Path) -> None:
    shutil.copyfile(folder / "plan.sqlite-wal", folder / "copy")
    os.replace(folder / "copy", folder / "plan.sqlite-wal")


def moved(folder: Path) -> None:
    """As by an unmounted disk: the whole folder is gone, and an empty one is in its place."""
    folder.rename(folder.with_name("elsewhere"))
    folder.mkdir()


def without_documents(folder: Path) -> None:
    (folder / "plan.sqlite-documents").rename(folder / "elsewhere")


def refused_everywhere(client: Client, patient: str, server: Server, what: str) -> None:
    """Each command, and readiness, with one clear problem; the log has one line for all of them."""
    commands: dict[str, Callable[[], Response]] = {
        "new": lambda: given(client, patient, "2026-03-03"),
        "repeated": lambda: given(client, patient, "2026-03-02"),
        "opened": lambda: client.post("/patients", json=opening("M-2")),
        "document": lambda: client.post(f"/patients/{patient}/documents", content=PDF, headers=PDF_TYPE),
    }
    for name, command in commands.items():
        problem = refused(command(), 503)
        assert "removed, replaced, or unmounted" in problem["detail"], name
        assert what in problem["detail"], name
        assert "stop the server" in problem["remedy"].lower()
    ready = refused(client.get("/health/ready"), 503)
    assert what in ready["detail"]
    assert client.get("/health/live").status_code == 200
    assert server.said.read_text().count(LOGGED) == 1


@pytest.mark.parametrize(
    ("goes_away", "what"),
    [
        (removed, "file plan.sqlite was"),
        (replaced, "file plan.sqlite was"),
        (without_log, "file plan.sqlite-wal was"),
        (log_replaced, "file plan.sqlite-wal was"),
        (moved, "file plan.sqlite was"),
        (without_documents, "folder of documents plan.sqlite-documents was"),
    ],
)
def test_nothing_is_acknowledged_after_a_file_went_away(
    folder: Path, tmp_path: Path, goes_away: Callable[[Path], None], what: str
) -> None:
    with served(url_in(folder), tmp_path / "said") as server, server.client() as client:
        patient = patient_of(client)
        assert client.get("/health/ready").status_code == 200
        goes_away(folder)
        refused_everywhere(client, patient, server, what)
        if goes_away in (removed, moved, without_documents):
            place = folder / ("plan.sqlite-documents" if goes_away is without_documents else "plan.sqlite")
            assert not place.exists(), "no empty ledger or folder takes the place of the one that is missing"


def test_a_file_that_is_put_back_is_used_again_and_the_key_of_a_refused_command_is_free(
    folder: Path, tmp_path: Path
) -> None:
    with served(url_in(folder), tmp_path / "said") as server, server.client() as client:
        patient = patient_of(client)
        (folder / "plan.sqlite").rename(folder / "aside")
        refused(given(client, patient, "2026-03-03"), 503)
        (folder / "aside").rename(folder / "plan.sqlite")
        assert given(client, patient, "2026-03-03").status_code == 201
        assert client.get("/health/ready").status_code == 200
        # It is logged once more if it happens once more.
        removed(folder)
        refused(given(client, patient, "2026-03-04"), 503)
        assert server.said.read_text().count(LOGGED) == 2


@contextmanager
def mounted(folder: Path, size: str = "64m") -> Iterator[None]:
    """A disk of its own at the folder. Only an administrator of the machine may mount one."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=False, capture_output=True
    )
    if done.returncode:
        pytest.skip("this user may not mount a file system")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=False, capture_output=True)


def test_a_disk_that_is_unmounted_under_the_server(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    with mounted(folder):
        upgrade(url_in(folder), zone=ZONE, entropy=seeded(0))
        with served(url_in(folder), tmp_path / "said") as server, server.client() as client:
            patient = patient_of(client)
            subprocess.run(["umount", "-l", folder], check=True)
            refused_everywhere(client, patient, server, "file plan.sqlite was")
            assert list(folder.iterdir()) == []


def test_the_server_goes_on_while_other_processes_open_and_close_the_ledger(folder: Path, tmp_path: Path) -> None:
    """SQLite removes the write-ahead log with the last connection. This must never look like a missing file."""
    with served(url_in(folder), tmp_path / "said") as server, server.client() as client:
        patient = patient_of(client)
        for day in range(10, 16):
            with open_ledger(url_in(folder)) as other:
                other.position()
            assert given(client, patient, f"2026-03-{day}").status_code == 201
        assert client.get("/health/ready").status_code == 200
    assert LOGGED not in (tmp_path / "said").read_text()
