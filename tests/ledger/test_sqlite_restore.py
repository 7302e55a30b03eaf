"""A backup is restored into an empty place and checked; what an unpacked one leaves behind is found at the start."""

from __future__ import annotations

import io
import os
import shutil
import sqlite3
import stat
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from domain.ledger.application import Ledger, open_ledger
from domain.ledger.backup import back_up
from domain.ledger.errors import StoreError
from domain.ledger.reader import open_to_read
from domain.ledger.restore import restore
from domain.ledger.sealing.sealing import Sealing
from domain.ledger.sealing.signer import Signer
from domain.ledger.start_check import check_before_opening, check_every_page, check_last_events
from domain.ledger.stores.sqlite_files import check_files
from domain.ledger.stores.urls import address_of
from domain.ledger.verification.ledger_source import LedgerSource
from domain.ledger.verification.verify import verify
from tests.clock import Clock
from tests.conftest import NOON
from tests.ledger.acts import dosed, opened
from tests.ledger.documents.test_references import REPORT, REPORT_SHA256, requested, supplied
from tests.ledger.stores.test_standby import survivors
from tests.ledger.test_backup import path_of, rows
from tests.story import NURSE


@pytest.fixture
def sqlite_ledger(sqlite_url: str) -> Iterator[Ledger]:
    with open_ledger(sqlite_url, clock=Clock(NOON)) as ledger:
        yield ledger


@pytest.fixture
def backup(sqlite_url: str, sqlite_ledger: Ledger, tmp_path: Path) -> Path:
    """Of a ledger with one document. The ledger has an event more by now, in its write-ahead log."""
    patient_id, request_id = requested(sqlite_ledger)
    sqlite_ledger.documents.put(patient_id, [REPORT])
    sqlite_ledger.execute(patient_id, supplied(request_id), NURSE)
    file = back_up(address_of(sqlite_url), tmp_path / "backup.tar").file
    dosed(sqlite_ledger, patient_id, *range(8))
    return file


def leftover_log(sqlite_url: str, tmp_path: Path) -> Path:
    """The write-ahead log of the running ledger, as a killed server leaves it."""
    return Path(shutil.copy(f"{path_of(sqlite_url)}-wal", tmp_path / "left-wal"))


def unpack(file: Path, folder: Path, *only: str) -> str:
    folder.mkdir(exist_ok=True)
    subprocess.run(["tar", "-xf", file, "-C", folder, *only], check=True)
    return f"sqlite:///{folder / 'ledger.sqlite'}"


# -- restore ----------------------------------------------------------------------------------


def test_a_backup_made_under_writers_is_restored_whole_under_another_name(
    sqlite_url: str, sqlite_ledger: Ledger, tmp_path: Path
) -> None:
    patient_id, request_id = requested(sqlite_ledger)
    sqlite_ledger.documents.put(patient_id, [REPORT])
    sqlite_ledger.execute(patient_id, supplied(request_id), NURSE)
    with survivors(sqlite_url) as burst:
        burst.command_on(2)
        made = back_up(address_of(sqlite_url), tmp_path / "backup.tar")
        burst.stop()
    (tmp_path / "new").mkdir()
    url = f"sqlite:///{tmp_path / 'new' / 'plan.sqlite'}"
    restored = restore(made.file, address_of(url))
    assert (restored.events, restored.documents, restored.missing) == (made.events, 1, ())
    assert rows(url) == rows(sqlite_url)[: made.events]
    with open_ledger(url, clock=Clock(NOON)) as ledger:
        assert b"".join(ledger.documents.open(patient_id, REPORT_SHA256)) == REPORT
        check_last_events(ledger)
    assert {one.name for one in (tmp_path / "new").iterdir()} == {"plan.sqlite", "plan.sqlite-documents"}
    assert stat.S_IMODE((tmp_path / "new" / "plan.sqlite").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "new" / "plan.sqlite-documents").stat().st_mode) == 0o700


def test_what_the_backup_lacks_is_named_and_the_rest_restored(
    sqlite_url: str, sqlite_ledger: Ledger, tmp_path: Path
) -> None:
    patient_id, request_id = requested(sqlite_ledger)
    sqlite_ledger.documents.put(patient_id, [REPORT])
    sqlite_ledger.execute(patient_id, supplied(request_id), NURSE)
    (tmp_path / "ledger.sqlite-documents" / patient_id.hex / REPORT_SHA256).unlink()
    file = back_up(address_of(sqlite_url), tmp_path / "backup.tar").file
    restored = restore(file, address_of(f"sqlite:///{tmp_path / 'again.sqlite'}"))
    assert (restored.documents, restored.missing) == (0, ((patient_id, REPORT_SHA256),))


@pytest.mark.parametrize("there", ["plan.sqlite", "plan.sqlite-wal", "plan.sqlite-shm", "plan.sqlite-documents/a"])
def test_a_place_that_is_not_empty_is_refused(backup: Path, tmp_path: Path, there: str) -> None:
    place = tmp_path / "new"
    (place / there).parent.mkdir(parents=True)
    (place / there).write_bytes(b"of an older ledger")
    before = sorted(place.rglob("*"))
    with pytest.raises(StoreError, match="never replaces"):
        restore(backup, address_of(f"sqlite:///{place / 'plan.sqlite'}"))
    assert sorted(place.rglob("*")) == before
    assert (place / there).read_bytes() == b"of an older ledger"


def of_members(file: Path, *members: tuple[str, bytes]) -> Path:
    with tarfile.open(file, "w") as archive:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file


def damaged(backup: Path, tmp_path: Path, how: str) -> Path:
    file = tmp_path / f"{how}.tar"
    content = backup.read_bytes()
    match how:
        case "cut off":
            file.write_bytes(content[: len(content) // 2])
        case "a page of zeros":
            with tarfile.open(backup) as archive:
                start = archive.getmember("ledger.sqlite").offset_data + 4096 * 3
            file.write_bytes(content[:start] + bytes(4096) + content[start + 4096 :])
        case "no archive":
            file.write_bytes(b"not a backup")
        case "another archive":
            of_members(file, ("notes.txt", b"nothing of a ledger"))
        case "a path outside":
            with tarfile.open(backup) as archive:
                database = archive.extractfile("ledger.sqlite")
                assert database is not None
                of_members(file, ("ledger.sqlite", database.read()), ("../outside", b"x"))
        case "a full log":
            of_members(file, ("ledger.sqlite", b"x"), ("ledger.sqlite-wal", b"not empty"))
        case "none":
            pass
    return file


def test_a_ledger_that_appears_in_the_meantime_stays_and_nothing_is_left_beside_it(
    backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, link = tmp_path / "new" / "plan.sqlite", os.link
    place.parent.mkdir()

    def link_after_another(source: Path, target: Path) -> None:
        place.write_bytes(b"another ledger")
        link(source, target)

    monkeypatch.setattr(os, "link", link_after_another)
    with pytest.raises(StoreError, match="could not be restored"):
        restore(backup, address_of(f"sqlite:///{place}"))
    assert [one.name for one in place.parent.iterdir()] == ["plan.sqlite"]
    assert place.read_bytes() == b"another ledger"


@pytest.mark.parametrize(
    "how", ["cut off", "a page of zeros", "no archive", "another archive", "a path outside", "a full log", "none"]
)
def test_what_is_no_whole_backup_is_refused_and_leaves_nothing(backup: Path, tmp_path: Path, how: str) -> None:
    (tmp_path / "new").mkdir()
    with pytest.raises(StoreError) as caught:
        restore(damaged(backup, tmp_path, how), address_of(f"sqlite:///{tmp_path / 'new' / 'plan.sqlite'}"))
    assert caught.value.remedy
    assert list((tmp_path / "new").iterdir()) == []
    assert not (tmp_path / "outside").exists()


def test_a_place_that_cannot_be_written_and_postgresql_are_clear_errors(backup: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="could not be restored"):
        restore(backup, address_of(f"sqlite:///{tmp_path / 'nowhere' / 'plan.sqlite'}"))
    with pytest.raises(StoreError, match="PostgreSQL") as caught:
        restore(backup, address_of("postgresql://me:hunter2@h/ledger"))
    assert "hunter2" not in str(caught.value)


# -- unpacked by hand over what a killed server left ------------------------------------------


def test_unpacked_by_hand_over_a_leftover_log_it_is_the_backup(backup: Path, sqlite_url: str, tmp_path: Path) -> None:
    place = tmp_path / "by hand"
    place.mkdir()
    shutil.copy(leftover_log(sqlite_url, tmp_path), place / "ledger.sqlite-wal")
    url = unpack(backup, place)
    check_before_opening(url)
    with open_ledger(url) as ledger:
        check_last_events(ledger)
        assert rows(url) == rows(sqlite_url)[:4]


def test_a_leftover_log_beside_the_database_alone_is_refused_before_it_is_played_in(
    backup: Path, sqlite_url: str, tmp_path: Path
) -> None:
    url = unpack(backup, tmp_path / "by hand", "ledger.sqlite")
    log = tmp_path / "by hand" / "ledger.sqlite-wal"
    shutil.copy(leftover_log(sqlite_url, tmp_path), log)
    before = {one.name: one.read_bytes() for one in (tmp_path / "by hand").iterdir()}
    with pytest.raises(StoreError, match="belongs to another database") as caught:
        check_before_opening(url)
    assert "restore" in caught.value.remedy
    assert {one.name: one.read_bytes() for one in (tmp_path / "by hand").iterdir()} == before


def test_the_log_of_the_ledger_itself_is_accepted_also_while_others_write(
    sqlite_url: str, sqlite_ledger: Ledger
) -> None:
    opened(sqlite_ledger)
    # This process has no connection of its own while it reads the files.
    sqlite_ledger.close()
    path, checks = path_of(sqlite_url), 0
    with survivors(sqlite_url) as burst:
        for _ in range(6):
            burst.command_on(1)
            for _ in range(40):
                check_files(path)
                checks += os.path.getsize(f"{path}-wal") > 0
        burst.stop()
    assert checks > 200


# -- at each start ----------------------------------------------------------------------------


@pytest.fixture
def sealed(sqlite_url: str, sqlite_ledger: Ledger, tmp_path: Path) -> str:
    """A ledger of which the last events are sealed and signed, closed."""
    dosed(sqlite_ledger, opened(sqlite_ledger), *range(8))
    Sealing(sqlite_ledger, Signer(tmp_path / "signer", os.urandom)).seal_now()
    sqlite_ledger.close()
    with open_to_read(sqlite_url) as reader:
        check_last_events(reader)
    return sqlite_url


TAMPERED = {
    "an event changed": (
        "UPDATE stored_events SET state = CAST(replace(CAST(state AS TEXT), 'INF-7', 'INF-8') AS BLOB)"
        " WHERE CAST(state AS TEXT) LIKE '%INF-7%'",
        "differs from its seal",
    ),
    "the last event gone": ("DELETE FROM stored_events WHERE rowid = (SELECT max(rowid) FROM stored_events)", "seal"),
    "an event between gone": ("DELETE FROM stored_events WHERE rowid = 5", "are missing"),
    "the checkpoint of another tree": ("UPDATE sealed_events SET hash = zeroblob(32) WHERE leaf_index = 2", "seal"),
    "a checkpoint that is none": ("UPDATE checkpoints SET note = 'nothing'", "checkpoint is not valid"),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_a_change_of_the_last_events_or_of_their_seal_is_found(sealed: str, what: str) -> None:
    statement, said = TAMPERED[what]
    with closing(sqlite3.connect(path_of(sealed))) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        assert connection.execute(statement).rowcount > 0
        connection.commit()
    with open_to_read(sealed) as reader, pytest.raises(StoreError, match=said):
        check_last_events(reader)


def test_a_database_that_ends_too_early_or_is_none_is_found_before_it_is_opened(sealed: str) -> None:
    path = path_of(sealed)
    content = path.read_bytes()
    check_before_opening(sealed)
    path.write_bytes(content[: -2 * 4096])
    with pytest.raises(StoreError, match="ends too early"):
        check_before_opening(sealed)
    path.write_bytes(b"\0" * 200 + content[200:])
    with pytest.raises(StoreError, match="not an SQLite database"):
        check_before_opening(sealed)
    path.write_bytes(b"")
    check_before_opening(sealed)


def test_a_damaged_page_is_found_by_the_check_of_every_page_and_by_verify(sqlite_url: str, tmp_path: Path) -> None:
    with open_ledger(sqlite_url, clock=Clock(NOON)) as ledger:
        for number in range(40):
            opened(ledger, f"M-{number}")
    path = path_of(sqlite_url)
    with closing(sqlite3.connect(path)) as connection:
        # The index of the versions: no event is read by it.
        (page,) = connection.execute(
            "SELECT max(pageno) FROM dbstat WHERE name = 'sqlite_autoindex_stored_events_1' AND pagetype = 'leaf'"
        ).fetchone()
    content = bytearray(path.read_bytes())
    content[page * 4096 - 600 : page * 4096 - 200] = bytes(400)
    path.write_bytes(content)
    with open_to_read(sqlite_url) as reader:
        check_last_events(reader)
        with pytest.raises(StoreError, match="is damaged"):
            check_every_page(reader.address)
        report = verify(LedgerSource(reader))
    assert any("the database file is damaged" in one.what for one in report.bytes.failures)
