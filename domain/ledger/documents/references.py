"""References to documents: a command may name only stored documents, and named documents are never swept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from domain.commands.requests import NewDocument
from domain.errors import InvalidCommand, NotFound
from domain.events import PatientEvent
from domain.events.appeals import AppealEvidenceAdded
from domain.events.requests import InformationSupplied
from domain.ledger.documents.store import DocumentStore

EVENTS_WITH_DOCUMENTS: Final = (InformationSupplied, AppealEvidenceAdded)


def check_named(documents: DocumentStore, patient_id: UUID, all_named: Iterable[NewDocument]) -> None:
    """Checks that every document that a command names is stored with the stated size and type, and renews it.

    Raises InvalidCommand, with the index of the document as the field.
    """
    for number, named in enumerate(all_named):
        field = f"documents.{number}"
        try:
            stored = documents.renew(patient_id, named.sha256)
        except NotFound:
            raise InvalidCommand(
                "No document with this SHA-256 is stored for this patient",
                field=f"{field}.sha256",
                remedy="store the document first, and send the SHA-256 of the response",
            ) from None
        if stored.size_bytes != named.size_bytes:
            raise InvalidCommand(
                f"The stored document has {stored.size_bytes} bytes",
                field=f"{field}.size_bytes",
                remedy="send the size from the response of the upload",
            )
        if stored.media_type != named.media_type:
            raise InvalidCommand(
                f"The stored document is {stored.media_type}",
                field=f"{field}.media_type",
                remedy="send the media type from the response of the upload",
            )


def hashes_named(events: Iterable[PatientEvent]) -> frozenset[str]:
    """The SHA-256 of every document that the events name, including documents that were voided later."""
    brought = (one.documents for one in events if isinstance(one, EVENTS_WITH_DOCUMENTS))
    return frozenset(document.sha256 for documents in brought for document in documents)
