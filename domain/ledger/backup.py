"""Backs up an SQLite ledger and its documents to one file, while other processes read and write the ledger.

The file is a tar archive of the database and its documents folder. Unpacked anywhere, it is a ledger.
The database is copied as one snapshot. The documents are copied after it, and only those that an event of the
copy names. Every document is stored before the event that names it, so the backup is complete.
"""

from __future__ import annotations

import os
import sqlite3
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from uuid import UUID

from domain.errors import NotFound
from domain.ledger import schema
from domain.ledger.documents.references import EVENTS_WITH_DOCUMENTS, hashes_named
from domain.ledger.documents.sqlite import SQLiteDocuments
from domain.ledger.durable_folders import new_file, sync_folder
from domain.ledger.encryption.keys import cipher_in
from domain.ledger.encryption.records import RecordCipher
from domain.ledger.errors import DocumentDamaged, StoreError
from domain.ledger.event_store import EventMapper
from domain.ledger.stores import sqlite_connections
from domain.ledger.stores.sqlite_connections import LedgerSQLiteDatastore
from domain.ledger.stores.sqlite_files import companions, documents_folder, is_there
from domain.ledger.stores.urls import Address, SQLiteAddress

BACK_UP_POSTGRESQL: Final = (
    "use pg_basebackup and a log archive, which can also restore to a point in time:"
    ' see "Back up and restore PostgreSQL" in api/server/OPERATIONS.md'
)
_NAMING_TOPICS: Final = tuple(one.TOPIC for one in EVENTS_WITH_DOCUMENTS)
_NAMING_EVENTS: Final = (
    "SELECT originator_id, originator_version, topic, state FROM stored_events"  # noqa: S608
    f" WHERE topic IN ({', '.join('?' * len(_NAMING_TOPICS))}) ORDER BY rowid"
)


@dataclass(frozen=True, slots=True)
class BackupResult:
    """The content of a backup. `missing` has each document that an event names but that is missing or damaged.

    Each of `missing` is a patient id and a SHA-256.
    """

    file: Path
    size_bytes: int
    events: int
    documents: int
    missing: tuple[tuple[UUID, str], ...]


def back_up(
    address: Address, file: Path, cipher: RecordCipher | None = None, entropy: Callable[[int], bytes] = os.urandom
) -> BackupResult:
    """Writes the backup to `file`, which only its owner can read. The file appears only when it is complete.

    Encrypted content stays encrypted. The cipher is needed to read which documents the events name; if none is
    given, its keys come from the environment. The folder of `file` needs free space for two copies of the database.

    Raises StoreError if the ledger is on PostgreSQL or does not exist, if `file` exists or cannot be written, if
    the database is damaged, or if an encryption key is missing.
    """
    if not isinstance(address, SQLiteAddress):
        raise StoreError("This command can't back up a PostgreSQL ledger", BACK_UP_POSTGRESQL)
    if not is_there(address.path):
        raise StoreError(f"No ledger was found at {address}", "give the URL of your ledger with --database")
    # Raises for a file of another program or of a newer version. A ledger of an older version is backed up as it is.
    schema.needs_upgrade(address)
    if file.exists():
        raise StoreError(f"{file} already exists", "give another file: a backup never replaces a file")
    with _temporary_folder(file) as folder, closing(_copy_of(address.path, folder / "copy", entropy)) as copy:
        events: int = copy.execute("SELECT count(*) FROM stored_events").fetchone()[0]
        documents, missing = 0, []
        with _archive(folder / "archive") as archive:
            # Empty: whoever unpacks the file over an older ledger removes the log that would be played into this one.
            log = companions(address.path)[0]
            archive.addfile(_owner_only(tarfile.TarInfo(log.name)))
            archive.add(folder / "copy", address.path.name, filter=_owner_only)
            for patient_id, sha256, content in documents_named(address.path, copy, cipher or cipher_in()):
                if content is None:
                    missing.append((patient_id, sha256))
                    continue
                documents += 1
                member = tarfile.TarInfo(f"{documents_folder(address.path).name}/{patient_id.hex}/{sha256}")
                member.size = len(content)
                archive.addfile(_owner_only(member), BytesIO(content))
        size = (folder / "archive").stat().st_size
        os.replace(folder / "archive", file)
        sync_folder(file.parent)
    return BackupResult(file, size, events, documents, tuple(missing))


def _copy_of(path: Path, place: Path, entropy: Callable[[int], bytes]) -> sqlite3.Connection:
    """A snapshot of the database, copied in one step. Writers continue, and do not make the copy start over.

    Its header has a number of its own, so that a write-ahead log of the original is recognized beside it.
    """
    new_file(place).close()
    with closing(sqlite_connections.connect(path)) as source, closing(sqlite3.connect(place)) as target:
        source.backup(target)
    # No other process uses the copy. Without a write-ahead log, all of it is in one file.
    copy = sqlite3.connect(place)
    copy.execute("PRAGMA journal_mode=DELETE")
    copy.execute(f"PRAGMA user_version={int.from_bytes(entropy(4)) >> 1 | 1}")
    found = copy.execute("PRAGMA integrity_check").fetchall()
    if found != [("ok",)]:
        copy.close()
        raise StoreError(f"The ledger at {path} is damaged, so no backup was made", "restore an earlier backup")
    return copy


def documents_named(
    path: Path, copy: sqlite3.Connection, cipher: RecordCipher | None
) -> Iterator[tuple[UUID, str, bytes | None]]:
    """Each document that an event of the copy names, once, in its stored form; None if it is missing or damaged.

    The documents are those beside `path`.
    """
    documents, mapper = SQLiteDocuments(LedgerSQLiteDatastore(path), cipher), EventMapper(cipher=cipher)
    seen = set[tuple[UUID, str]]()
    for stream, version, topic, state in copy.execute(_NAMING_EVENTS, _NAMING_TOPICS):
        patient_id = UUID(stream)
        for sha256 in sorted(hashes_named([mapper.event_of(patient_id, version, topic, state)])):
            if (patient_id, sha256) in seen:
                continue
            seen.add((patient_id, sha256))
            try:
                yield patient_id, sha256, documents.as_stored(patient_id, sha256)
            except (NotFound, DocumentDamaged):
                yield patient_id, sha256, None


@contextmanager
def _temporary_folder(file: Path) -> Iterator[Path]:
    """A temporary folder on the disk of `file`, which only its owner can read. It is removed at the end.

    Raises StoreError if a file can't be written or the database can't be copied.
    """
    try:
        with TemporaryDirectory(dir=file.absolute().parent, prefix=".lemtrada-backup-") as folder:
            yield Path(folder)
    except OSError as error:
        raise StoreError(
            f"The backup at {file} could not be written: {error.strerror}",
            "give a file in a folder that has free space and that you may write to",
        ) from error
    except sqlite3.Error as error:
        raise StoreError(
            f"The backup at {file} could not be written: {error}",
            "check that the disk has free space and that the ledger is not damaged",
        ) from error


@contextmanager
def _archive(place: Path) -> Iterator[tarfile.TarFile]:
    """A tar archive at `place`, flushed to the disk at the end."""
    with new_file(place) as written:
        with tarfile.open(fileobj=written, mode="w", format=tarfile.PAX_FORMAT) as archive:
            yield archive
        written.flush()
        os.fsync(written.fileno())


def _owner_only(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Removes the owner and group: after unpacking, only the user who unpacks the file can read it."""
    member.mode, member.uid, member.gid, member.uname, member.gname = 0o600, 0, 0, "", ""
    return member
