"""Documents behind the facts: named in the event that records their receipt, reviewed, corrected, voided.

The bytes are in the document store, under the patient and the SHA-256, before any event names them.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StrictBool, StrictInt

from domain.events.base import About, DocumentId, Event
from domain.facts import FrozenModel, Name, Text

DocumentKind = Literal["chart_note", "mri_report", "laboratory_report", "letter", "claim", "form", "notice", "other"]
MediaType = Literal["application/pdf", "image/jpeg", "image/png", "image/tiff", "text/plain"]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="The SHA-256 of the document, in hexadecimal.")]


class Document(FrozenModel):
    """One document as it was received. `clause` is the clause that it is meant to support."""

    document_id: DocumentId
    name: Name
    kind: DocumentKind
    media_type: MediaType
    size_bytes: StrictInt
    sha256: Sha256
    clause: Name | None


class DocumentReviewed(Event):
    """A person of the plan reviewed the document: it supports the finding of the clause, or it does not (R14)."""

    TOPIC: ClassVar[str] = "DocumentReviewed"
    TITLE: ClassVar[str] = "Document reviewed"
    ABOUT: ClassVar[About] = About("document", "update")

    document_id: DocumentId
    clause: Name
    supports: StrictBool
    note: Text | None


class DocumentCorrected(Event):
    """The details of the document were wrong and are corrected (R23). The bytes of a document never change.

    The event holds all details as they are now; `fields` names what changed.
    """

    TOPIC: ClassVar[str] = "DocumentCorrected"
    TITLE: ClassVar[str] = "Document details corrected"
    ABOUT: ClassVar[About] = About("document", "update")

    document_id: DocumentId
    name: Name
    kind: DocumentKind
    clause: Name | None
    fields: tuple[str, ...]
    reason: Text


class DocumentVoided(Event):
    """The document was filed in error. It supports nothing, and it stays visible (R23)."""

    TOPIC: ClassVar[str] = "DocumentVoided"
    TITLE: ClassVar[str] = "Document removed (filed in error)"
    ABOUT: ClassVar[About] = About("document", "void")

    document_id: DocumentId
    reason: Text


DocumentEvent = DocumentReviewed | DocumentCorrected | DocumentVoided
