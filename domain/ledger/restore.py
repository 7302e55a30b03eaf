"""Restores an SQLite ledger and its documents from a backup, into an empty place, and checks what it restored.

The files are unpacked and checked in a folder beside the place, and appear there only when all is well: first the
documents, and last the database.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from uuid import UUID

from domain.ledger import schema
from domain.ledger.backup import documents_named
from domain.ledger.durable_folders import new_file, sync_folder
from domain.ledger.encryption.keys import cipher_in
from domain.ledger.encryption.records import RecordCipher
from domain.ledger.errors import StoreError
from domain.ledger.stores import sqlite_files
from domain.ledger.stores.urls import Address, SQLiteAddress

NO_BACKUP: Final = "give the file that `lemtrada-ledger backup` wrote"
_DOCUMENT: Final = re.compile(r"[0-9a-f]{32}/[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """What was restored. `missing` has each document that an event names but that the backup does not have whole.

    Each of `missing` is a patient id and a SHA-256.
    """

    address: SQLiteAddress
    events: int
    documents: int
    missing: tuple[tuple[UUID, str], ...]


def restore(file: Path, address: Address, cipher: RecordCipher | None = None) -> RestoreResult:
    """Restores the backup to `address`, where no file of a ledger may be, and checks the database and each document.

    The cipher is needed to read which documents the events name; if none is given, its keys come from the environment.

    Raises StoreError if the address is of PostgreSQL, if any file of a ledger is there, if `file` is no backup or is
    damaged, or if nothing can be written there. Then nothing is left behind.
    """
    if not isinstance(address, SQLiteAddress):
        raise StoreError(
            "This command can't restore a PostgreSQL ledger",
            'see "Back up and restore PostgreSQL" in api/server/OPERATIONS.md',
        )
    _check_empty(address.path)
    with _beside(address.path) as folder:
        place = folder / address.path.name
        _unpack(file, place)
        events = _check_database(file, place)
        documents, missing = _check_documents(place, cipher or cipher_in())
        _check_empty(address.path)
        _put(folder, address.path)
    return RestoreResult(address, events, documents, missing)


def _check_empty(path: Path) -> None:
    """Raises StoreError if a database, a part of one or documents are there: a restore never replaces anything."""
    there = [path] if sqlite_files.is_there(path) else []
    there += [one for one in (*sqlite_files.companions(path), sqlite_files.documents_folder(path)) if one.exists()]
    if there:
        raise StoreError(
            f"{there[0]} exists, and a restore never replaces or completes a ledger",
            "give --database a place where no ledger is, or move all files of the old one aside, also those ending in"
            " -wal and -shm",
        )


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A folder on the disk of `path`, which only its owner can read. It is removed at the end."""
    try:
        with TemporaryDirectory(dir=path.parent, prefix=".lemtrada-restore-") as folder:
            yield Path(folder)
    except OSError as error:
        raise StoreError(
            f"The ledger could not be restored to {path}: {error.strerror}",
            "give a place in a folder that has free space and that you may write to",
        ) from error


def _unpack(file: Path, place: Path) -> None:
    """Unpacks the database to `place` and the documents beside it. Raises StoreError for what is no backup."""
    try:
        with tarfile.open(file, "r:") as archive:
            names = archive.getnames()
            database = next((name for name in names if "/" not in name and not name.endswith("-wal")), None)
            if database is None:
                raise StoreError(f"{file} is no backup of a ledger", NO_BACKUP)
            for member in archive:
                _write(archive, member, _place_of(member, database, place, file))
    except FileNotFoundError:
        raise StoreError(f"No file was found at {file}", NO_BACKUP) from None
    except (tarfile.TarError, EOFError) as error:
        raise StoreError(f"{file} is no backup of a ledger, or is damaged: {error}", NO_BACKUP) from error


def _place_of(member: tarfile.TarInfo, database: str, place: Path, file: Path) -> Path | None:
    """Where the content of this member belongs. None: nowhere, because it is the empty write-ahead log."""
    if member.isreg() and member.name == database:
        return place
    if member.isreg() and member.name == f"{database}-wal" and member.size == 0:
        return None
    folder = f"{sqlite_files.documents_folder(Path(database)).name}/"
    within = member.name.removeprefix(folder)
    if member.isreg() and member.name.startswith(folder) and _DOCUMENT.fullmatch(within):
        return sqlite_files.documents_folder(place) / within
    raise StoreError(f"{file} has a part that no backup of a ledger has", NO_BACKUP)


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, place: Path | None) -> None:
    content = archive.extractfile(member)
    if place is None or content is None:
        return
    for folder in (place.parent.parent, place.parent):
        folder.mkdir(mode=0o700, exist_ok=True)
    with new_file(place) as written:
        shutil.copyfileobj(content, written, 1 << 20)
        if written.tell() != member.size:
            raise tarfile.ReadError("it ends too early")
        written.flush()
        os.fsync(written.fileno())


def _check_database(file: Path, place: Path) -> int:
    """The number of events. Raises StoreError if the database is damaged, or is of another program or a newer one."""
    try:
        with closing(sqlite3.connect(place)) as connection:
            found = connection.execute("PRAGMA integrity_check").fetchall()
            if found != [("ok",)]:
                raise StoreError(f"The database in {file} is damaged", "restore an earlier backup")
    except sqlite3.Error as error:
        raise StoreError(f"The database in {file} is damaged: {error}", "restore an earlier backup") from error
    schema.needs_upgrade(SQLiteAddress(place))
    with closing(sqlite3.connect(place)) as connection:
        events: int = connection.execute("SELECT count(*) FROM stored_events").fetchone()[0]
        # All of it in one file again: its write-ahead log stays in the folder that is removed.
        connection.execute("PRAGMA journal_mode=DELETE")
    return events


def _check_documents(place: Path, cipher: RecordCipher | None) -> tuple[int, tuple[tuple[UUID, str], ...]]:
    """The number of documents that events name and that are whole, and those that are not."""
    whole, missing = 0, []
    with closing(sqlite3.connect(place)) as connection:
        for patient_id, sha256, content in documents_named(place, connection, cipher):
            if content is None:
                missing.append((patient_id, sha256))
            else:
                whole += 1
    return whole, tuple(missing)


def _put(folder: Path, path: Path) -> None:
    """Moves the documents and then the database to their place. Without the database, there is no ledger there."""
    documents, there = sqlite_files.documents_folder(folder / path.name), sqlite_files.documents_folder(path)
    has_documents = documents.exists()
    if has_documents:
        for one in (*documents.iterdir(), documents):
            sync_folder(one)
        documents.rename(there)
    try:
        # A link, unlike a renamed file, never replaces a file that appeared in the meantime.
        os.link(folder / path.name, path)
    except OSError:
        if has_documents:
            # They are removed with the folder.
            there.rename(documents)
        raise
    sync_folder(path.parent)
