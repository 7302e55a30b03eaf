"""Facts and a document from one form: the bytes are stored first, and the command names them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from api.pages.form_commands import SentForm
from api.pages.forms import Form, FormWrong
from api.routes.dependencies import Commanding, bring_document

FILE = "file"


def with_document(sent: SentForm, patient_id: UUID) -> Mapping[str, Any]:
    return {"documents": _brought(sent.commanding, patient_id, sent.form)}


def _brought(commanding: Commanding, patient_id: UUID, form: Form) -> list[Mapping[str, Any]]:
    """The document of the form as a command names it, its bytes stored; none where no file was chosen.

    Raises FormWrong where it lacks a name or a kind, before any byte is stored.
    """
    file = form.file(FILE)
    if file is None:
        return []
    name, kind, clause = form.text("document_name"), form.text("document_kind"), form.text("document_clause")
    if kind is None:
        raise FormWrong({"document_kind": "say what kind of document it is"})
    bring_document(commanding.ledger, commanding.caller, patient_id)
    stored = commanding.ledger.documents.put(patient_id, file.file, media_type_announced=file.content_type)
    return [
        {
            # The name of a file is often the patient's: without another name, the kind of document is its name.
            "name": name or kind.replace("_", " ").capitalize(),
            "kind": kind,
            "clause": clause,
            "media_type": stored.media_type,
            "size_bytes": stored.size_bytes,
            "sha256": stored.sha256,
        }
    ]
