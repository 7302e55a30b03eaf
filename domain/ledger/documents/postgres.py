"""Documents of a PostgreSQL ledger: rows of chunks, written in one transaction.

A document is received into a temporary file without a name. So a slow sender holds no connection and no
transaction, and the document can be written again if a connection is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime, timedelta
from tempfile import TemporaryFile
from typing import Any, BinaryIO, Final, cast
from uuid import UUID

import psycopg
from eventsourcing.persistence import ProgrammingError
from psycopg.sql import SQL, Composed, Identifier

from domain.ledger.documents.cipher import HEAD_BYTES, decrypted, encrypting, stored_piece_bytes
from domain.ledger.documents.content import (
    GRACE,
    StoredDocument,
    Swept,
    is_hash,
    no_space,
    not_stored,
    pieces_of,
    receive,
    translated_file_errors,
    verified,
)
from domain.ledger.encryption.records import RecordCipher
from domain.ledger.errors import StoreError
from domain.ledger.stores.postgres_datastore import SCHEMA, LedgerPostgresDatastore
from domain.ledger.stores.unavailable import retried


def _in_schema(statement: str) -> Composed:
    return SQL(statement).format(schema=Identifier(SCHEMA))


_INSERT: Final = _in_schema(
    "INSERT INTO {schema}.documents (patient_id, sha256, media_type, size_bytes) VALUES (%s, %s, %s, %s)"
    " ON CONFLICT DO NOTHING RETURNING 1"
)
_INSERT_CHUNK: Final = _in_schema(
    "INSERT INTO {schema}.document_chunks (patient_id, sha256, number, bytes) VALUES (%s, %s, %s, %b)"
)
_RENEW: Final = _in_schema(
    "UPDATE {schema}.documents SET stored_at = now() WHERE patient_id = %s AND sha256 = %s"
    " RETURNING sha256, size_bytes, media_type"
)
_SIZE: Final = _in_schema("SELECT size_bytes FROM {schema}.documents WHERE patient_id = %s AND sha256 = %s")
_NEXT_CHUNK: Final = _in_schema(
    "SELECT number, bytes FROM {schema}.document_chunks WHERE patient_id = %s AND sha256 = %s AND number > %s"
    " ORDER BY number LIMIT 1"
)
_OLD: Final = _in_schema(
    "SELECT patient_id, array_agg(sha256 ORDER BY sha256) AS hashes FROM {schema}.documents"
    " WHERE stored_at < %s GROUP BY patient_id ORDER BY patient_id"
)
# The statement checks the time again, so that a document that was stored or renewed in between is not deleted.
_DELETE: Final = _in_schema(
    "DELETE FROM {schema}.documents WHERE patient_id = %s AND sha256 = %s AND stored_at < %s RETURNING 1"
)


class PostgresDocuments:
    """The documents of one ledger. With a cipher, new documents are encrypted, also in the temporary file."""

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
        """Stores a document durably. It is safe to repeat. Raises StoreError and the errors of `receive`."""
        with translated_file_errors():
            spool = cast("BinaryIO", TemporaryFile())  # noqa: SIM115  (closed below)
        with spool:
            document = receive(
                chunks,
                encrypting(spool, self._cipher),
                media_type_announced=media_type_announced,
                sha256_expected=sha256_expected,
            )
            self._store(patient_id, document, spool)
        return document

    def open(self, patient_id: UUID, sha256: str) -> Iterator[bytes]:
        """The content in pieces. Raises NotFound at once, and DocumentDamaged before the last piece."""
        self.size(patient_id, sha256)
        return verified(decrypted(self._stored(patient_id, sha256), self._cipher), sha256)

    def exists(self, patient_id: UUID, sha256: str) -> bool:
        return is_hash(sha256) and self._row(_SIZE, patient_id, sha256) is not None

    def size(self, patient_id: UUID, sha256: str) -> int:
        """The size in bytes. Raises NotFound."""
        row = self._row(_SIZE, patient_id, sha256) if is_hash(sha256) else None
        if row is None:
            raise not_stored()
        return int(row["size_bytes"])

    def renew(self, patient_id: UUID, sha256: str) -> StoredDocument:
        """The stored document, protected from sweeps for `GRACE`. Call it before an event names it. Raises NotFound."""
        row = self._row(_RENEW, patient_id, sha256) if is_hash(sha256) else None
        if row is None:
            raise not_stored()
        return StoredDocument(**row)

    def sweep(self, named: Callable[[UUID], Collection[str]], *, now: datetime, older_than: timedelta = GRACE) -> Swept:
        """Removes documents that were stored or renewed more than `older_than` ago and that `named` does not list.

        `now` must be the time of the database server, as in the rows. Raises StoreError for a serving role, which may
        not delete.
        """
        before = now - older_than
        orphans: list[tuple[UUID, str]] = []
        for old in self._rows(_OLD, before):
            named_hashes = named(old["patient_id"])
            for sha256 in old["hashes"]:
                if sha256 not in named_hashes and self._removed(old["patient_id"], sha256, before):
                    orphans.append((old["patient_id"], sha256))
        return Swept(tuple(orphans))

    @retried
    def _store(self, patient_id: UUID, document: StoredDocument, spool: BinaryIO) -> None:
        key = (patient_id, document.sha256)
        with self._datastore.transaction(commit=True) as c:
            if c.execute(_RENEW, key).fetchone() is not None:
                return
            # If another transaction is inserting the same document, this statement waits for its end.
            if c.execute(_INSERT, (*key, document.media_type, document.size_bytes)).fetchone() is None:
                return
            spool.seek(0)
            size = stored_piece_bytes(spool.read(HEAD_BYTES))
            spool.seek(0)
            try:
                for number, piece in enumerate(pieces_of(spool, size)):
                    c.execute(_INSERT_CHUNK, (*key, number, piece))
            except psycopg.errors.DiskFull as error:
                # This is not one of the library's errors, because ten more attempts would not free any space.
                raise no_space() from error

    def _stored(self, patient_id: UUID, sha256: str) -> Iterator[bytes]:
        """The stored pieces. Each has its own query, so that a slow reader holds no connection."""
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

    @retried
    def _rows(self, statement: Composed, *values: Any) -> list[dict[str, Any]]:
        with self._datastore.get_connection() as connection:
            return connection.execute(statement, values, binary=True).fetchall()
