"""Documents of an SQLite ledger: files in a folder beside it, `<patient>/<sha256>`.

A document comes in under a temporary name in `incoming`, is brought to the disk, and then gets its
own name. That, and what a sweep removes, happens under the ledger's write lock: of two
processes that store and sweep the same document, one comes first.
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

from domain.ledger.documents.cipher import HEAD_BYTES, deciphered, enciphering, plain_bytes, stored_piece_bytes
from domain.ledger.documents.content import (
    GRACE,
    StoredDocument,
    Swept,
    filing,
    is_hash,
    media_type_of,
    not_stored,
    pieces_of,
    receive,
    verified,
)
from domain.ledger.durable_folders import sync_folder
from domain.ledger.encryption.records import RecordCipher
from domain.ledger.stores.sqlite_connections import LedgerSQLiteDatastore

_PATIENT: Final = re.compile("[0-9a-f]{32}")


class SQLiteDocuments:
    """`folder` holds them all; only its owner can look into it.

    With a cipher, what comes in is stored under its key.
    """

    def __init__(self, datastore: LedgerSQLiteDatastore, cipher: RecordCipher | None = None) -> None:
        self._datastore = datastore
        self._cipher = cipher
        self.folder = datastore.path.with_name(f"{datastore.path.name}-documents")
        self._incoming = self.folder / "incoming"

    def put(
        self,
        patient_id: UUID,
        chunks: Iterable[bytes] | BinaryIO,
        *,
        media_type_announced: str | None = None,
        sha256_expected: str | None = None,
    ) -> StoredDocument:
        """Stores a document, durably; once more is harmless. Raises what `receive` raises, and StoreError."""
        with self._arrival() as file:
            document = receive(
                chunks,
                enciphering(file, self._cipher),
                media_type_announced=media_type_announced,
                sha256_expected=sha256_expected,
            )
            place = self._place(patient_id, document.sha256)
            with filing():
                file.flush()
                os.fsync(file.fileno())
            with self._one_at_a_time():
                _make(place.parent)
                # One that is there already is replaced by the same bytes: it is young again, and whole again.
                os.replace(file.name, place)
            with filing():
                sync_folder(place.parent)
        return document

    def open(self, patient_id: UUID, sha256: str) -> Iterator[bytes]:
        """In pieces, their hash checked. Raises NotFound at once, and DocumentDamaged before the last piece."""
        self.size(patient_id, sha256)
        return verified(deciphered(self._stored(self._place(patient_id, sha256)), self._cipher), sha256)

    def as_stored(self, patient_id: UUID, sha256: str) -> bytes:
        """For a backup, the bytes as they lie there, after what is in them was checked. Raises what `open` raises."""
        for _ in self.open(patient_id, sha256):
            pass
        return b"".join(self._stored(self._place(patient_id, sha256)))

    def exists(self, patient_id: UUID, sha256: str) -> bool:
        with filing():
            return is_hash(sha256) and self._place(patient_id, sha256).exists()

    def size(self, patient_id: UUID, sha256: str) -> int:
        """In bytes. Raises NotFound."""
        if not self.exists(patient_id, sha256):
            raise not_stored()
        with filing(), _or_not_stored(), self._place(patient_id, sha256).open("rb") as file:
            return plain_bytes(os.fstat(file.fileno()).st_size, file.read(HEAD_BYTES))

    def renew(self, patient_id: UUID, sha256: str) -> StoredDocument:
        """What is stored, and not swept soon: to be asked right before an event names it. Raises NotFound."""
        size = self.size(patient_id, sha256)
        place = self._place(patient_id, sha256)
        with self._one_at_a_time(), _or_not_stored():
            os.utime(place)
            beginning = next(deciphered(self._stored(place), self._cipher), b"")
            return StoredDocument(sha256, size, media_type_of(beginning))

    def sweep(self, named: Callable[[UUID], Collection[str]], *, now: datetime, older_than: timedelta = GRACE) -> Swept:
        """Removes what was stored or renewed longer ago than `older_than` and is not among the patient's `named`.

        `now` is the machine's time, for the files carry it too.
        """
        before = (now - older_than).timestamp()
        orphans: list[tuple[UUID, str]] = []
        for folder in _entries(self.folder):
            if not _PATIENT.fullmatch(folder.name):
                continue
            patient_id = UUID(folder.name)
            with filing():
                old = [place for place in _entries(folder) if is_hash(place.name) and _is_older(place, before)]
            kept = named(patient_id) if old else ()
            for place in old:
                if place.name not in kept and self._removed(place, before):
                    orphans.append((patient_id, place.name))
        unfinished = sum(self._removed(place, before) for place in _entries(self._incoming))
        return Swept(tuple(orphans), unfinished)

    def _removed(self, place: Path, before: float) -> bool:
        with self._one_at_a_time():
            if not _is_older(place, before):
                return False
            place.unlink()
            if place.parent != self._incoming:
                with suppress(OSError):
                    place.parent.rmdir()
            return True

    @contextmanager
    def _arrival(self) -> Iterator[IO[bytes]]:
        """A file, readable by its owner only, that is gone in the end unless it got another name."""
        with filing():
            _make(self.folder)
            _make(self._incoming)
            file = NamedTemporaryFile(dir=self._incoming, delete=False)  # noqa: SIM115  (closed below)
        try:
            yield file
        finally:
            # What did not fit before does not when closing.
            with suppress(OSError):
                file.close()
            with suppress(OSError):
                os.unlink(file.name)

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        with self._datastore.transaction(commit=True), filing():
            yield

    def _place(self, patient_id: UUID, sha256: str) -> Path:
        return self.folder / patient_id.hex / sha256

    @staticmethod
    def _stored(place: Path) -> Iterator[bytes]:
        with filing(), _or_not_stored(), place.open("rb") as file:
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
    with filing():
        return sorted(folder.iterdir()) if folder.is_dir() else []


def _is_older(place: Path, before: float) -> bool:
    try:
        return place.stat().st_mtime < before
    except FileNotFoundError:
        return False


@contextmanager
def _or_not_stored() -> Iterator[None]:
    """A sweep may come between two looks at a document that nothing names."""
    try:
        yield
    except FileNotFoundError:
        raise not_stored() from None
