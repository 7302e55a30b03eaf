"""The store of documents as a test sees it from behind: what is really there, made older, or damaged."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg

from domain.ledger.documents.content import PIECE_BYTES
from domain.ledger.documents.sqlite import SQLiteDocuments
from domain.ledger.documents.store import DocumentStore


@dataclass
class Shelf:
    documents: DocumentStore
    url: str

    def content(self) -> dict[tuple[UUID, str], bytes]:
        """Everything that is stored, unchecked; on SQLite every file but those still coming in."""
        if isinstance(self.documents, SQLiteDocuments):
            files = [path for path in self.documents.folder.rglob("*") if path.is_file()]
            return {
                (UUID(path.parent.name), path.name): path.read_bytes()
                for path in files
                if path.parent.name != "incoming"
            }
        rows = self._postgres(
            "SELECT patient_id, sha256, coalesce(string_agg(bytes, '' ORDER BY number), '') FROM documents"
            " FULL JOIN document_chunks USING (patient_id, sha256) GROUP BY 1, 2"
        )
        return {(patient_id, sha256): content for patient_id, sha256, content in rows}

    def unfinished(self) -> int:
        """What began to arrive and is still there; on PostgreSQL no name outlives its process."""
        if isinstance(self.documents, SQLiteDocuments):
            incoming = self.documents.folder / "incoming"
            return len(list(incoming.iterdir())) if incoming.exists() else 0
        return 0

    def is_empty(self) -> bool:
        return not self.content() and not self.unfinished()

    def make_older(self, by: timedelta) -> None:
        """Everything that is stored now, as if it had been stored that much earlier."""
        if isinstance(self.documents, SQLiteDocuments):
            for path in self.documents.folder.rglob("*"):
                before = time.time() - by.total_seconds()
                os.utime(path, (before, before))
        else:
            self._postgres("UPDATE documents SET stored_at = stored_at - %s", by)

    def replace(self, patient_id: UUID, sha256: str, content: bytes) -> None:
        """Other bytes under the same name, as a failing disk or a careless hand would leave them."""
        if isinstance(self.documents, SQLiteDocuments):
            (self.documents.folder / patient_id.hex / sha256).write_bytes(content)
            return
        key = (patient_id, sha256)
        self._postgres("DELETE FROM document_chunks WHERE patient_id = %s AND sha256 = %s", *key)
        for start in range(0, len(content), PIECE_BYTES):
            piece = content[start : start + PIECE_BYTES]
            self._postgres(
                "INSERT INTO document_chunks (patient_id, sha256, number, bytes) VALUES (%s, %s, %s, %s)",
                *(*key, start // PIECE_BYTES, piece),
            )

    def _postgres(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []
