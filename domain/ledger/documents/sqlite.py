"""Documents of an SQLite ledger: files `<patient>/<sha256>` in a folder next to the database file.

A document is received under a temporary name in `incoming`, flushed to the disk, and then renamed. Renaming and
sweeping use the ledger's write lock, so two processes can't store and sweep the same document at the same time.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, BinaryIO, Final
from uuid import UUID

from domain.ledger.documents.cipher import HEAD_BYTES, decrypted, encrypting, plain_bytes, stored_piece_bytes
from domain.ledger.documents.content import (
    GRACE,
    StoredDocument,
    Swept,
    is_hash,
    media_type_of,
    not_stored,
    pieces_of,
    receive,
    translated_file_errors,
    verified,
)
from domain.ledger.durable_folders import sync_folder
from domain.ledger.encryption.records import RecordCipher
from domain.ledger.stores.sqlite_connections import LedgerSQLiteDatastore
from domain.ledger.stores.sqlite_files import documents_folder

_PATIENT: Final = re.compile("[0-9a-f]{32}")


class SQLiteDocuments:
    """The documents of one ledger, in `folder`, which only its owner can read.

    With a cipher, new documents are encrypted.
    """

    def __init__(self, datastore: LedgerSQLiteDatastore, cipher: RecordCipher | None = None) -> None:
        self._datastore = datastore
        self._cipher = cipher
        self.folder = documents_folder(datastore.path)
        self._incoming = self.folder / "incoming"

    def put(
        self,
        patient_id: UUID,
        chunks: Iterable[bytes] | BinaryIO,
        *,
        media_type_announced: str | None = None,
        sha256_expected: str | None = None,
    ) -> StoredDocument:
        """Stores a document durably. It is safe to repeat. Raises StoreError and the errors of `receive`."""
        with self._incoming_file() as file:
            document = receive(
                chunks,
                encrypting(file, self._cipher),
                media_type_announced=media_type_announced,
                sha256_expected=sha256_expected,
            )
            place = self._place(patient_id, document.sha256)
            with translated_file_errors():
                file.flush()
                os.fsync(file.fileno())
            with self._write_lock():
                _make(place.parent)
                # An existing file is replaced by the same content. That renews its time and repairs any damage.
                os.replace(file.name, place)
            with translated_file_errors():
                sync_folder(place.parent)
        return document

    def open(self, patient_id: UUID, sha256: str) -> Iterator[bytes]:
        """The content in pieces. Raises NotFound at once, and DocumentDamaged before the last piece."""
        self.size(patient_id, sha256)
        return verified(decrypted(self._stored(self._place(patient_id, sha256)), self._cipher), sha256)

    def as_stored(self, patient_id: UUID, sha256: str) -> bytes:
        """The stored bytes for a backup, after their content was checked. Raises the errors of `open`."""
        for _ in self.open(patient_id, sha256):
            pass
        return b"".join(self._stored(self._place(patient_id, sha256)))

    def exists(self, patient_id: UUID, sha256: str) -> bool:
        """Whether the document is stored. Raises FilesChanged if the folder of documents is not here."""
        with translated_file_errors():
            is_stored = is_hash(sha256) and self._place(patient_id, sha256).exists()
        if not is_stored:
            self._datastore.files.check()
        return is_stored

    def size(self, patient_id: UUID, sha256: str) -> int:
        """The size in bytes. Raises NotFound."""
        if not self.exists(patient_id, sha256):
            raise not_stored()
        with translated_file_errors(), _missing_is_not_found(), self._place(patient_id, sha256).open("rb") as file:
            return plain_bytes(os.fstat(file.fileno()).st_size, file.read(HEAD_BYTES))

    def renew(self, patient_id: UUID, sha256: str) -> StoredDocument:
        """The stored document, protected from sweeps for `GRACE`. Call it before an event names it. Raises NotFound."""
        size = self.size(patient_id, sha256)
        place = self._place(patient_id, sha256)
        with self._write_lock(), _missing_is_not_found():
            os.utime(place)
            beginning = next(decrypted(self._stored(place), self._cipher), b"")
            return StoredDocument(sha256, size, media_type_of(beginning))

    def sweep(self, named: Callable[[UUID], Collection[str]], *, now: datetime, older_than: timedelta = GRACE) -> Swept:
        """Removes documents that were stored or renewed more than `older_than` ago and that `named` does not list.

        `now` must be the time of this machine, as in the files.
        """
        before = (now - older_than).timestamp()
        orphans: list[tuple[UUID, str]] = []
        for folder in _entries(self.folder):
            if not _PATIENT.fullmatch(folder.name):
                continue
            patient_id = UUID(folder.name)
            with translated_file_errors():
                old = [place for place in _entries(folder) if is_hash(place.name) and _is_older(place, before)]
            named_hashes = named(patient_id) if old else ()
            for place in old:
                if place.name not in named_hashes and self._removed(place, before):
                    orphans.append((patient_id, place.name))
        unfinished = sum(self._removed(place, before) for place in _entries(self._incoming))
        return Swept(tuple(orphans), unfinished)

    def _removed(self, place: Path, before: float) -> bool:
        with self._write_lock():
            if not _is_older(place, before):
                return False
            place.unlink()
            if place.parent != self._incoming:
                with suppress(OSError):
                    place.parent.rmdir()
            return True

    @contextmanager
    def _incoming_file(self) -> Iterator[IO[bytes]]:
        """A temporary file that only its owner can read. It is removed at the end unless it was renamed.

        Raises FilesChanged rather than create a folder in place of one that was removed.
        """
        self._datastore.files.check()
        with translated_file_errors():
            _make(self.folder)
            _make(self._incoming)
            file = NamedTemporaryFile(dir=self._incoming, delete=False)  # noqa: SIM115  (closed below)
        try:
            yield file
        finally:
            # If the disk was full before, closing the file may fail too.
            with suppress(OSError):
                file.close()
            with suppress(OSError):
                os.unlink(file.name)

    @contextmanager
    def _write_lock(self) -> Iterator[None]:
        with self._datastore.transaction(commit=True), translated_file_errors():
            yield

    def _place(self, patient_id: UUID, sha256: str) -> Path:
        return self.folder / patient_id.hex / sha256

    @staticmethod
    def _stored(place: Path) -> Iterator[bytes]:
        with translated_file_errors(), _missing_is_not_found(), place.open("rb") as file:
            size = stored_piece_bytes(file.read(HEAD_BYTES))
            file.seek(0)
            yield from pieces_of(file, size)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        return
    sync_folder(folder.parent)


def _entries(folder: Path) -> list[Path]:
    with translated_file_errors():
        return sorted(folder.iterdir()) if folder.is_dir() else []


def _is_older(place: Path, before: float) -> bool:
    try:
        return place.stat().st_mtime < before
    except FileNotFoundError:
        return False


@contextmanager
def _missing_is_not_found() -> Iterator[None]:
    """Inside the block, a missing file is NotFound: a sweep may have removed an unnamed document in between."""
    try:
        yield
    except FileNotFoundError:
        raise not_stored() from None
