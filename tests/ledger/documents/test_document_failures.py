"""When storing a document is cut short: by a kill, a full disk, a folder that is not one. Nothing half remains."""

from __future__ import annotations

import errno
import os
import resource
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import psycopg
import pytest
from eventsourcing.persistence import OperationalError

from domain.ledger.documents.content import PIECE_BYTES, Swept
from domain.ledger.documents.sqlite import SQLiteDocuments
from domain.ledger.documents.store import DocumentStore
from domain.ledger.errors import StoreError
from domain.ledger.stores import sqlite_connections
from tests import ROOT
from tests.ledger.conftest import OpenDocuments
from tests.ledger.documents.document_storage import Shelf
from tests.ledger.documents.half_a_document import CONTENT, PATIENT
from tests.ledger.documents.test_documents import ALMA, LONG_ENOUGH, PDF, SCAN, hash_of, put, read
from tests.postgres_server import PostgresServer

# -- kills ------------------------------------------------------------------------------------


@contextmanager
def stopped(url: str, moment: str) -> Iterator[subprocess.Popen[str]]:
    """A process in the middle of storing a document; killed at the end at the latest."""
    command = [sys.executable, "-m", "tests.ledger.documents.half_a_document", url, moment]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == {"arriving": "half\n", "storing": "all\n"}[moment]
            yield process
        finally:
            process.kill()


def test_a_process_killed_while_a_document_arrives_leaves_what_a_sweep_removes(
    documents: DocumentStore, shelf: Shelf, ledger_url: str, store: str
) -> None:
    with stopped(ledger_url, "arriving"):
        assert shelf.content() == {}
    left = shelf.unfinished()
    assert left == (1 if store == "sqlite" else 0)
    assert not documents.exists(PATIENT, hash_of(CONTENT))

    now = datetime.now(UTC)
    assert documents.sweep(lambda _: (), now=now) == Swept()
    assert put(documents, CONTENT, PATIENT) == hash_of(CONTENT)
    assert documents.sweep(lambda _: [hash_of(CONTENT)], now=now + LONG_ENOUGH) == Swept(unfinished=left)
    assert shelf.unfinished() == 0
    assert read(documents, hash_of(CONTENT), PATIENT) == CONTENT


def test_a_process_killed_while_it_waits_for_the_ledger_leaves_no_document(
    sqlite_documents: SQLiteDocuments, sqlite_url: str
) -> None:
    shelf = Shelf(sqlite_documents, sqlite_url)
    with closing(sqlite3.connect(sqlite_documents.folder.with_name("ledger.sqlite"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with stopped(sqlite_url, "storing"):
            assert shelf.content() == {}
    assert shelf.content() == {}
    assert shelf.unfinished() == 1
    assert put(sqlite_documents, CONTENT, PATIENT) == hash_of(CONTENT)


def test_a_process_killed_in_the_middle_of_its_transaction_leaves_no_rows(
    postgresql_url: str, open_documents: OpenDocuments
) -> None:
    documents = open_documents(postgresql_url)
    with psycopg.connect(postgresql_url) as other:
        # The document's row is inserted, and the first of its chunks has to wait.
        other.execute("LOCK TABLE document_chunks IN SHARE MODE")
        with stopped(postgresql_url, "storing") as process:
            waiting = None
            while waiting is None:
                assert process.poll() is None
                waiting = other.execute(WAITING).fetchone()
        assert not documents.exists(PATIENT, hash_of(CONTENT))
    # This waits for the end of the killed one's transaction, and would find its row.
    assert put(documents, CONTENT, PATIENT) == hash_of(CONTENT)
    assert read(documents, hash_of(CONTENT), PATIENT) == CONTENT


# -- connections that are lost ----------------------------------------------------------------

WAITING = "SELECT pid FROM pg_locks WHERE relation = 'document_chunks'::regclass AND NOT granted"
CUT_OFF = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = %s"


def test_a_document_is_read_on_over_a_connection_that_was_lost(
    postgres: PostgresServer, postgresql_url: str, open_documents: OpenDocuments
) -> None:
    documents = open_documents(postgresql_url)
    pieces = documents.open(ALMA, put(documents, SCAN))
    beginning = next(pieces)
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as other:
        assert other.execute(CUT_OFF, (postgresql_url.rpartition("/")[2],)).fetchone() == (True,)
    assert beginning + b"".join(pieces) == SCAN


def test_a_document_is_written_again_where_the_connection_is_lost_in_the_middle(
    postgres: PostgresServer, postgresql_url: str, open_documents: OpenDocuments
) -> None:
    documents = open_documents(postgresql_url)
    with psycopg.connect(postgresql_url) as other:
        other.execute("LOCK TABLE document_chunks IN SHARE MODE")
        writer = Thread(target=put, args=(documents, SCAN))
        writer.start()
        while (waiting := other.execute(WAITING).fetchone()) is None:
            assert writer.is_alive()
        postgres.execute(f"SELECT pg_terminate_backend({waiting[0]}, 5000)")
    writer.join()
    assert Shelf(documents, postgresql_url).content() == {(ALMA, hash_of(SCAN)): SCAN}


# -- the folder beside an SQLite ledger -------------------------------------------------------


@pytest.fixture
def sqlite_documents(sqlite_url: str, open_documents: OpenDocuments) -> SQLiteDocuments:
    documents = open_documents(sqlite_url)
    assert isinstance(documents, SQLiteDocuments)
    return documents


def test_only_its_owner_can_read_the_folder(sqlite_documents: SQLiteDocuments, sqlite_url: str) -> None:
    before = os.umask(0)
    try:
        put(sqlite_documents)
    finally:
        os.umask(before)
    folder = sqlite_documents.folder
    assert str(folder) == sqlite_url.removeprefix("sqlite:///") + "-documents"
    modes = {str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.rglob("*")]}
    assert modes == {
        ".": 0o700,
        "incoming": 0o700,
        ALMA.hex: 0o700,
        f"{ALMA.hex}/{hash_of(PDF)}": 0o600,
    }


def test_nothing_gets_or_loses_its_name_while_another_process_writes_the_ledger(
    sqlite_url: str, open_documents: OpenDocuments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_connections, "BUSY_SECONDS", 0.05)
    documents = open_documents(sqlite_url)
    shelf = Shelf(documents, sqlite_url)
    sha256 = put(documents)
    shelf.make_older(LONG_ENOUGH)
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for attempt in (
            lambda: put(documents, SCAN),
            lambda: documents.renew(ALMA, sha256),
            lambda: documents.sweep(lambda _: (), now=datetime.now(UTC)),
        ):
            with pytest.raises(OperationalError, match="locked"):
                attempt()
        assert shelf.content() == {(ALMA, sha256): PDF}
        assert shelf.unfinished() == 0
        assert read(documents, sha256) == PDF
    assert documents.sweep(lambda _: (), now=datetime.now(UTC)).orphans == ((ALMA, sha256),)


def test_a_sweep_leaves_alone_what_it_does_not_know(sqlite_documents: SQLiteDocuments) -> None:
    put(sqlite_documents)
    strangers = [sqlite_documents.folder / "notes" / "a", sqlite_documents.folder / ALMA.hex / ".hidden"]
    for path in strangers:
        path.parent.mkdir(exist_ok=True)
        path.write_text("not ours")
    Shelf(sqlite_documents, "").make_older(LONG_ENOUGH)
    assert len(sqlite_documents.sweep(lambda _: (), now=datetime.now(UTC)).orphans) == 1
    assert all(path.read_text() == "not ours" for path in strangers)
    strangers[1].unlink()
    put(sqlite_documents)
    Shelf(sqlite_documents, "").make_older(LONG_ENOUGH)
    sqlite_documents.sweep(lambda _: (), now=datetime.now(UTC))
    assert not (sqlite_documents.folder / ALMA.hex).exists()


# -- when there is no room --------------------------------------------------------------------


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """The system refuses every byte beyond in any file of this process, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_one_clear_error_and_leaves_nothing(documents: DocumentStore, shelf: Shelf) -> None:
    for room in (0, PIECE_BYTES + 100):
        with files_up_to(room), pytest.raises(StoreError, match="no space for the document") as caught:
            documents.put(ALMA, [SCAN])
        assert ALMA.hex not in str(caught.value)
        assert shelf.is_empty()
    assert read(documents, put(documents, SCAN)) == SCAN


def test_a_document_is_on_the_disk_before_it_has_its_name_and_its_name_before_it_is_acknowledged(
    sqlite_documents: SQLiteDocuments, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    fsync, replace = os.fsync, os.replace

    def seen_fsync(descriptor: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        fsync(descriptor)

    def seen_replace(source: str, target: Path) -> None:
        done.append("its name")
        replace(source, target)

    put(sqlite_documents)
    monkeypatch.setattr(os, "fsync", seen_fsync)
    monkeypatch.setattr(os, "replace", seen_replace)
    put(sqlite_documents, SCAN)
    assert done == ["file", "its name", "folder"]
    done.clear()
    put(sqlite_documents, SCAN, PATIENT)
    # The patient's own folder is new, and brought to the disk too.
    assert done == ["file", "folder", "its name", "folder"]


@pytest.mark.parametrize(
    ("code", "cause"), [(errno.ENOSPC, "no space"), (errno.EIO, "could not be stored on the file system")]
)
def test_a_disk_that_fails_at_last_leaves_nothing(
    sqlite_documents: SQLiteDocuments, monkeypatch: pytest.MonkeyPatch, code: int, cause: str
) -> None:
    put(sqlite_documents)

    def failing(descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", failing)
        with pytest.raises(StoreError, match=cause):
            put(sqlite_documents, SCAN)
    shelf = Shelf(sqlite_documents, "")
    assert list(shelf.content()) == [(ALMA, hash_of(PDF))]
    assert shelf.unfinished() == 0


def test_a_server_without_room_keeps_no_part_of_a_document(postgresql_url: str, open_documents: OpenDocuments) -> None:
    documents = open_documents(postgresql_url)
    shelf = Shelf(documents, postgresql_url)
    with psycopg.connect(postgresql_url) as connection:
        connection.execute(
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = 'disk_full'; END $$"
        )
        connection.execute(
            "CREATE TRIGGER full_disk BEFORE INSERT ON document_chunks FOR EACH ROW WHEN (NEW.number = 2)"
            " EXECUTE FUNCTION full_disk()"
        )
    with pytest.raises(StoreError, match="no space for the document"):
        put(documents, SCAN)
    assert shelf.is_empty()
    with psycopg.connect(postgresql_url) as connection:
        connection.execute("DROP FUNCTION full_disk CASCADE")
    assert read(documents, put(documents, SCAN)) == SCAN


def test_a_folder_that_cannot_be_written_is_named_as_the_cause(sqlite_documents: SQLiteDocuments) -> None:
    sqlite_documents.folder.write_text("a file where the folder should be")
    with pytest.raises(StoreError, match="could not be stored on the file system: Not a directory"):
        put(sqlite_documents)
    assert not sqlite_documents.exists(ALMA, hash_of(PDF))
    assert sqlite_documents.sweep(lambda _: (), now=datetime.now(UTC)) == Swept()
