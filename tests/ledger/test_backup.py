"""A backup of an SQLite ledger is one file, made under its writers; unpacked, it is the ledger of one moment."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from domain.ledger.application import Ledger, open_ledger
from domain.ledger.backup import BackupResult, back_up
from domain.ledger.errors import StoreError
from domain.ledger.stores.urls import SQLiteAddress, address_of
from projections.worklist.runner import catch_up, folded_rows, rebuild
from tests.clock import Clock
from tests.conftest import NOON
from tests.ledger.acts import dose, opened, opening
from tests.ledger.documents.test_references import REPORT, REPORT_SHA256, requested, supplied
from tests.ledger.stores.test_standby import check_views, survivors
from tests.story import NURSE

Row = tuple[int, str, int, str, bytes]


def path_of(url: str) -> Path:
    address = address_of(url)
    assert isinstance(address, SQLiteAddress)
    return address.path


def rows(url: str) -> list[Row]:
    with closing(sqlite3.connect(path_of(url))) as connection:
        return connection.execute(
            "SELECT rowid, originator_id, originator_version, topic, state FROM stored_events ORDER BY rowid"
        ).fetchall()


def keys(url: str) -> set[tuple[str, str, int]]:
    """Each key with the last event of its command."""
    with closing(sqlite3.connect(path_of(url))) as connection:
        return set(connection.execute("SELECT key, patient_id, last_version FROM commands"))


def unpacked(made: BackupResult, folder: Path) -> str:
    """As a person restores it; gives the restored ledger's URL."""
    folder.mkdir()
    subprocess.run(["tar", "-xf", made.file, "-C", folder], check=True)
    return f"sqlite:///{folder / 'ledger.sqlite'}"


@pytest.fixture
def sqlite_ledger(sqlite_url: str) -> Iterator[Ledger]:
    with open_ledger(sqlite_url, clock=Clock(NOON)) as ledger:
        yield ledger


def test_a_backup_under_writers_is_the_ledger_at_one_instant_and_can_be_used(
    sqlite_url: str, sqlite_ledger: Ledger, tmp_path: Path
) -> None:
    patient_id, request_id = requested(sqlite_ledger)
    sqlite_ledger.documents.put(patient_id, [REPORT])
    sqlite_ledger.execute(patient_id, supplied(request_id), NURSE)
    catch_up(sqlite_ledger)
    with survivors(sqlite_url) as burst:
        burst.command_on(4)
        before = {one["key"] for one in burst.acknowledged}
        made = back_up(address_of(sqlite_url), tmp_path / "backup.tar")
        burst.command_on(4)
        burst.stop()

    url, last = unpacked(made, tmp_path / "elsewhere"), rows(sqlite_url)
    then = rows(url)
    assert then == last[: len(then)]
    assert len(then) == made.events < len(last)
    assert before <= {key for key, _, _ in keys(url)}
    stored = {(stream, version) for _, stream, version, _, _ in then}
    assert keys(url) == {one for one in keys(sqlite_url) if (one[1], one[2]) in stored}

    with open_ledger(url, clock=Clock(NOON)) as restored:
        assert b"".join(restored.documents.open(patient_id, REPORT_SHA256)) == REPORT
        version = restored.history(patient_id).version
        assert restored.execute(patient_id, dose(0), NURSE).history.version == version + 1
        assert restored.open_history(opening("M-anew"), NURSE).history.version == 1
        check_views(restored)
    assert rows(url)[: len(then)] == then


def test_the_views_come_with_it(sqlite_url: str, sqlite_ledger: Ledger, tmp_path: Path) -> None:
    requested(sqlite_ledger)
    served = catch_up(sqlite_ledger)
    url = unpacked(back_up(address_of(sqlite_url), tmp_path / "backup.tar"), tmp_path / "elsewhere")
    with open_ledger(url, clock=Clock(NOON)) as restored:
        assert catch_up(restored) == served
        assert rebuild(restored).serves
        assert len(list(folded_rows(restored))) == 1


def test_it_holds_the_documents_that_are_named_and_names_those_that_are_not_whole(
    sqlite_url: str, sqlite_ledger: Ledger, tmp_path: Path
) -> None:
    patients = []
    for number in range(3):
        patient_id, request_id = requested(sqlite_ledger, f"M-{number}")
        sqlite_ledger.documents.put(patient_id, [REPORT])
        sqlite_ledger.documents.put(patient_id, [b"%PDF-1.7 nobody names it"])
        sqlite_ledger.execute(patient_id, supplied(request_id), NURSE)
        patients.append(patient_id)
    folder = path_of(sqlite_url).with_name("ledger.sqlite-documents")
    (folder / patients[1].hex / REPORT_SHA256).write_bytes(b"damaged")
    (folder / patients[2].hex / REPORT_SHA256).unlink()
    made = back_up(address_of(sqlite_url), tmp_path / "backup.tar")
    assert (made.documents, made.missing) == (1, tuple((one, REPORT_SHA256) for one in patients[1:]))
    unpacked(made, tmp_path / "elsewhere")
    found = [path for path in (tmp_path / "elsewhere" / folder.name).rglob("*") if path.is_file()]
    assert [(path.parent.name, path.name) for path in found] == [(patients[0].hex, REPORT_SHA256)]


def test_nobody_else_can_read_it_and_nothing_is_left_beside(
    sqlite_url: str, sqlite_ledger: Ledger, tmp_path: Path
) -> None:
    opened(sqlite_ledger)
    (tmp_path / "backups").mkdir()
    made = back_up(address_of(sqlite_url), tmp_path / "backups" / "backup.tar")
    assert list((tmp_path / "backups").iterdir()) == [made.file]
    assert stat.S_IMODE(made.file.stat().st_mode) == 0o600
    assert made.size_bytes == made.file.stat().st_size
    unpacked(made, tmp_path / "elsewhere")
    assert stat.S_IMODE((tmp_path / "elsewhere" / "ledger.sqlite").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("url", "file", "match"),
    [
        ("postgresql://me:hunter2@h/ledger", "backup.tar", "pg_basebackup"),
        ("sqlite:///{folder}/none.sqlite", "backup.tar", "No ledger was found"),
        ("sqlite:///{folder}/other.sqlite", "backup.tar", "another program"),
        ("sqlite:///{folder}/ledger.sqlite", "there.tar", "never replaces"),
        ("sqlite:///{folder}/ledger.sqlite", "nowhere/backup.tar", "No such file"),
    ],
)
def test_what_cannot_be_backed_up_is_one_clear_error(
    sqlite_url: str, tmp_path: Path, url: str, file: str, match: str
) -> None:
    with closing(sqlite3.connect(tmp_path / "other.sqlite")) as other:
        other.execute("CREATE TABLE other (a)")
    (tmp_path / "there.tar").write_bytes(b"an earlier one")
    before = set(tmp_path.iterdir())
    with pytest.raises(StoreError, match=match) as caught:
        back_up(address_of(url.format(folder=tmp_path)), tmp_path / file)
    assert "hunter2" not in str(caught.value)
    assert set(tmp_path.iterdir()) == before
    assert (tmp_path / "there.tar").read_bytes() == b"an earlier one"


def test_a_damaged_database_is_not_taken_for_a_backup(sqlite_url: str, sqlite_ledger: Ledger, tmp_path: Path) -> None:
    for number in range(40):
        opened(sqlite_ledger, f"M-{number}")
    sqlite_ledger.close()
    path = path_of(sqlite_url)
    content = bytearray(path.read_bytes())
    # The last pages are leaves of the tables and indexes that grew last.
    content[-6000:-4200] = bytes(1800)
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"damaged|malformed"):
        back_up(address_of(sqlite_url), tmp_path / "backup.tar")
    assert not (tmp_path / "backup.tar").exists()
