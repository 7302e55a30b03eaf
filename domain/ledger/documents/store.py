"""The documents of a ledger, by patient and SHA-256.

A document is stored before the event that names it is recorded, so that no event names a missing document. A
document that no event names is removed by a sweep.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from eventsourcing.sqlite import SQLiteDatastore

from domain.ledger.documents.content import (
    DOCUMENT_BYTES_MAX,
    GRACE,
    PIECE_BYTES,
    StoredDocument,
    Swept,
)
from domain.ledger.documents.sqlite import SQLiteDocuments
from domain.ledger.encryption.records import RecordCipher
from domain.ledger.stores.sqlite_connections import LedgerSQLiteDatastore

if TYPE_CHECKING:
    from eventsourcing.postgres import PostgresDatastore

    from domain.ledger.documents.postgres import PostgresDocuments

__all__ = [
    "DOCUMENT_BYTES_MAX",
    "GRACE",
    "PIECE_BYTES",
    "DocumentStore",
    "StoredDocument",
    "Swept",
    "documents_of",
]

DocumentStore: TypeAlias = "SQLiteDocuments | PostgresDocuments"


def documents_of(datastore: SQLiteDatastore | PostgresDatastore, cipher: RecordCipher | None = None) -> DocumentStore:
    """The documents of the ledger in `datastore`. They use its connections and its lock."""
    if isinstance(datastore, LedgerSQLiteDatastore):
        return SQLiteDocuments(datastore, cipher)
    from domain.ledger.documents.postgres import PostgresDocuments  # noqa: PLC0415  (psycopg is slow to import)
    from domain.ledger.stores.postgres_datastore import LedgerPostgresDatastore  # noqa: PLC0415

    assert isinstance(datastore, LedgerPostgresDatastore)
    return PostgresDocuments(datastore, cipher)
