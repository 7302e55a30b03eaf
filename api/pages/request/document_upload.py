"""A document that is uploaded with a form. Its bytes are stored first, and the command names them by their digest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from api.pages.form_commands import SentForm
from api.pages.forms import Form, InvalidForm
from api.routes.dependencies import CommandRunner, check_may_store_document

FILE = "file"


def with_document(sent: SentForm, patient_id: UUID) -> Mapping[str, Any]:
    """The field `documents` of a command, with the document of the form. Raises InvalidForm."""
    return {"documents": _stored(sent.commanding, patient_id, sent.form)}


def _stored(commanding: CommandRunner, patient_id: UUID, form: Form) -> list[Mapping[str, Any]]:
    """Stores the document of the form, and returns it as a command names it. Empty if no file was chosen.

    Raises InvalidForm if the kind of the document is missing, before any byte is stored.
    """
    file = form.file(FILE)
    if file is None:
        return []
    name, kind, clause = form.text("document_name"), form.text("document_kind"), form.text("document_clause")
    if kind is None:
        raise InvalidForm({"document_kind": "say what kind of document it is"})
    check_may_store_document(commanding.ledger, commanding.caller, patient_id)
    stored = commanding.ledger.documents.put(patient_id, file.file, media_type_announced=file.content_type)
    return [
        {
            # The name of the file is not used, because it often has the patient's name. The default is the kind.
            "name": name or kind.replace("_", " ").capitalize(),
            "kind": kind,
            "clause": clause,
            "media_type": stored.media_type,
            "size_bytes": stored.size_bytes,
            "sha256": stored.sha256,
        }
    ]
