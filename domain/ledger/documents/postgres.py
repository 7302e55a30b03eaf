"""Documents of a PostgreSQL ledger: rows of chunks, written in one transaction.

A document comes in to a temporary file without a name, so that a slow sender holds neither a
connection nor a transaction, and what is lost with a connection can be written again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime, timedelta
from tempfile import TemporaryFile
from typing import Any, BinaryIO, Final, cast
from uuid import UUID

import psycopg
from eventsourcing.persistence import InterfaceError, OperationalError, ProgrammingError
from eventsourcing.utils import retry
from psycopg.sql import SQL, Composed, Identifier

from domain.ledger.documents.cipher import HEAD_BYTES, deciphered, enciphering, stored_piece_bytes
from domain.ledger.documents.content import (
    GRACE,
    StoredDocument,
    Swept,
    filing,
    is_hash,
    no_room,
    not_stored,
    pieces_of,
    receive,
    verified,
)
from domain.ledger.encryption.records import RecordCipher
from domain.ledger.errors import StoreError
from domain.ledger.stores.postgres_datastore import SCHEMA, LedgerPostgresDatastore

_again = retry((InterfaceError, OperationalError), max_attempts=10, wait=0.2)


def _here(statement: str) -> Composed:
    return SQL(statement).format(schema=Identifier(SCHEMA))


_INSERT: Final = _here(
    "INSERT INTO {schema}.documents (patient_id, sha256, media_type, size_bytes) VALUES (%s, %s, %s, %s)"
    " ON CONFLICT DO NOTHING RETURNING 1"
)
_INSERT_CHUNK: Final = _here(
    "INSERT INTO {schema}.document_chunks (patient_id, sha256, number, bytes) VALUES (%s, %s, %s, %b)"
)
_RENEW: Final = _here(
    "UPDATE {schema}.documents SET stored_at = now() WHERE patient_id = %s AND sha256 = %s"
    " RETURNING sha256, size_bytes, media_type"
)
_SIZE: Final = _here("SELECT size_bytes FROM {schema}.documents WHERE patient_id = %s AND sha256 = %s")
_NEXT_CHUNK: Final = _here(
    "SELECT number, bytes FROM {schema}.document_chunks WHERE patient_id = %s AND sha256 = %s AND number > %s"
    " ORDER BY number LIMIT 1"
)
_OLD: Final = _here(
    "SELECT patient_id, array_agg(sha256 ORDER BY sha256) AS hashes FROM {schema}.documents"
    " WHERE stored_at < %s GROUP BY patient_id ORDER BY patient_id"
)
# It asks for the time once more: who stored or renewed the document in between is waited for, and seen.
_DELETE: Final = _here(
    "DELETE FROM {schema}.documents WHERE patient_id = %s AND sha256 = %s AND stored_at < %s RETURNING 1"
)


class PostgresDocuments:
    """With a cipher, what comes in is stored under its key, also in the temporary file."""

    def __init__(self, datastore: LedgerPostgresDatastore, cipher: RecordCipher | None = None) -> None:
        self._datastore = datastore
        self._cipher = cipher

    def put(
        self,
        patient_id: UUID,
        chunks: Iterable[bytes] | BinaryIO,
        *,
        media_type_announced: str | None = None,
        sha256_expected: str | None = None,
    ) -> StoredDocument:
        """Stores a document, durably; once more is harmless. Raises what `receive` raises, and StoreError."""
        with filing():
            spool = cast("BinaryIO", TemporaryFile())  # noqa: SIM115  (closed below)
        with spool:
            document = receive(
                chunks,
                enciphering(spool, self._cipher),
                media_type_announced=media_type_announced,
                sha256_expected=sha256_expected,
            )
            self._store(patient_id, document, spool)
        return document

    def open(self, patient_id: UUID, sha256: str) -> Iterator[bytes]:
        """In pieces, their hash checked. Raises NotFound at once, and DocumentDamaged before the last piece."""
        self.size(patient_id, sha256)
        return verified(deciphered(self._stored(patient_id, sha256), self._cipher), sha256)

    def exists(self, patient_id: UUID, sha256: str) -> bool:
        return is_hash(sha256) and self._row(_SIZE, patient_id, sha256) is not None

    def size(self, patient_id: UUID, sha256: str) -> int:
        """In bytes. Raises NotFound."""
        row = self._row(_SIZE, patient_id, sha256) if is_hash(sha256) else None
        if row is None:
            raise not_stored()
        return int(row["size_bytes"])

    def renew(self, patient_id: UUID, sha256: str) -> StoredDocument:
        """What is stored, and not swept soon: to be asked right before an event names it. Raises NotFound."""
        row = self._row(_RENEW, patient_id, sha256) if is_hash(sha256) else None
        if row is None:
            raise not_stored()
        return StoredDocument(**row)

    def sweep(self, named: Callable[[UUID], Collection[str]], *, now: datetime, older_than: timedelta = GRACE) -> Swept:
        """Removes what was stored or renewed longer ago than `older_than` and is not among the patient's `named`.

        `now` is the server's time, for the rows carry it too. Raises StoreError for a role that
        only serves: it may not delete.
        """
        before = now - older_than
        orphans: list[tuple[UUID, str]] = []
        for old in self._rows(_OLD, before):
            kept = named(old["patient_id"])
            for sha256 in old["hashes"]:
                if sha256 not in kept and self._removed(old["patient_id"], sha256, before):
                    orphans.append((old["patient_id"], sha256))
        return Swept(tuple(orphans))

    @_again
    def _store(self, patient_id: UUID, document: StoredDocument, spool: BinaryIO) -> None:
        key = (patient_id, document.sha256)
        with self._datastore.transaction(commit=True) as c:
            if c.execute(_RENEW, key).fetchone() is not None:
                return
            # Where another writer is at it, this waits for the end of its transaction.
            if c.execute(_INSERT, (*key, document.media_type, document.size_bytes)).fetchone() is None:
                return
            spool.seek(0)
            size = stored_piece_bytes(spool.read(HEAD_BYTES))
            spool.seek(0)
            try:
                for number, piece in enumerate(pieces_of(spool, size)):
                    c.execute(_INSERT_CHUNK, (*key, number, piece))
            except psycopg.errors.DiskFull as error:
                # Not the library's error: to write it all ten times more would not make room.
                raise no_room() from error

    def _stored(self, patient_id: UUID, sha256: str) -> Iterator[bytes]:
        """Each by a query of its own: a slow reader holds no connection."""
        number = -1
        while (row := self._row(_NEXT_CHUNK, patient_id, sha256, number)) is not None:
            number = row["number"]
            yield row["bytes"]

    def _removed(self, patient_id: UUID, sha256: str, before: datetime) -> bool:
        try:
            return self._row(_DELETE, patient_id, sha256, before) is not None
        except ProgrammingError as error:
            if isinstance(error.__cause__, psycopg.errors.InsufficientPrivilege):
                raise StoreError(
                    "This database role may not remove documents",
                    "run the command with the URL of the role that owns the database",
                ) from error
            raise

    def _row(self, statement: Composed, *values: Any) -> dict[str, Any] | None:
        return next(iter(self._rows(statement, *values)), None)

    @_again
    def _rows(self, statement: Composed, *values: Any) -> list[dict[str, Any]]:
        with self._datastore.get_connection() as connection:
            return connection.execute(statement, values, binary=True).fetchall()
