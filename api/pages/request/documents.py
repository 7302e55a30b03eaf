"""The page of a document: its description, its content in a frame, and its reviews."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.pages.form_commands import ActInPath, FormCommand, FormOfCommand, RefusedForm, form_named, run_form
from api.pages.rendering import PREFIX, rendered
from api.record_access.http import AccessOfRequest
from api.record_access.patient_access import PatientAccess, patient_of
from api.routes.dependencies import DocumentIdInPath
from domain.commands.requests import CorrectDocument, ReviewDocument, VoidDocument
from domain.permissions.commands import refusal_of_role

router = APIRouter(include_in_schema=False)

HERE: Final = f"{PREFIX}/documents/{{document_id}}"
FORMS: Final[dict[str, FormCommand]] = {
    "review": FormCommand(ReviewDocument),
    "correct": FormCommand(CorrectDocument),
    "void": FormCommand(VoidDocument),
}
IN_A_FRAME: Final = ("image/jpeg", "image/png", "text/plain")
"""Media types that the page shows in a frame without scripts. A browser's PDF viewer does not run in such a frame."""

ForClause = Annotated[str | None, Query(max_length=20, pattern=r"^[0-9A-Za-z.()]+$")]


@router.get(HERE)
def document_page(
    request: Request, access: AccessOfRequest, document_id: DocumentIdInPath, clause: ForClause = None
) -> Response:
    return _page(request, access, document_id, clause)


@router.post(f"{HERE}/{{act}}")
def do(sent: FormOfCommand, access: AccessOfRequest, document_id: DocumentIdInPath, act: ActInPath) -> Response:
    """Records a review of the document, a correction of its description, or that it is void."""
    form = form_named(FORMS, act, "the document's page")

    def show_again(tried: RefusedForm) -> Response:
        return _page(sent.request, access, document_id, sent.form.text("clause"), tried)

    page = f"{PREFIX}/documents/{document_id}"
    return run_form(sent, act, form, patient_of(document_id), page, show_again, document_id=document_id)


def _page(
    request: Request, access: PatientAccess, document_id: str, clause: str | None, tried: RefusedForm | None = None
) -> Response:
    with access.document(document_id) as document:
        pass
    return rendered(
        request,
        "request/document.html.j2",
        tried.status if tried is not None else 200,
        one=document,
        clause=clause or document.document.clause,
        is_framed=document.document.media_type in IN_A_FRAME,
        may_read=refusal_of_role(access.actor, ReviewDocument) is None,
        tried=tried,
    )
