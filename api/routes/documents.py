"""Documents: store the bytes of a document, and return a document on record.

The bytes are stored first, under the patient and the SHA-256. Then a command refers to the document.
"""

from __future__ import annotations

from tempfile import SpooledTemporaryFile
from typing import IO, Annotated, Any, get_args
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from api.http.bodies import DISCARDED_BYTES_MAX, CheckedJsonRoute
from api.http.etags import tag_answer
from api.http.problems import BodyTooLarge, documented
from api.identity.caller import CallerOfRequest
from api.record_access.http import AccessOfRequest
from api.record_access.patient_access import PatientAccess, patient_of
from api.routes.dependencies import DocumentIdInPath, KnownAt, LedgerOfApp, PatientIdInPath, check_may_store_document
from domain.errors import NotFound
from domain.events.documents import MediaType
from domain.ledger.documents.store import DOCUMENT_BYTES_MAX
from domain.ledger.errors import DocumentDamaged

router = APIRouter(tags=["documents"], route_class=CheckedJsonRoute)

IN_MEMORY_BYTES = 1024 * 1024
BYTES: dict[str, Any] = {one: {"schema": {"type": "string", "format": "binary"}} for one in get_args(MediaType)}
SENT: dict[int | str, dict[str, Any]] = {200: {"content": BYTES, "description": "The content of the document."}}
Expected = Annotated[
    str | None,
    Header(
        alias="Content-SHA256",
        pattern=r"^[0-9a-fA-F]{64}$",
        description="The expected SHA-256. The document is refused if its SHA-256 differs.",
        examples=["0" * 64],
    ),
]


class DocumentStored(BaseModel):
    """The stored document, as a command refers to it."""

    sha256: str
    size_bytes: int
    media_type: MediaType = Field(description="What the bytes are, whatever they were announced as.")


@router.post(
    "/patients/{patient_id}/documents",
    status_code=201,
    responses=documented(403, 404, 413, 422),
    openapi_extra={"requestBody": {"required": True, "content": BYTES}},
)
async def store_document(
    ledger: LedgerOfApp,
    caller: CallerOfRequest,
    request: Request,
    patient_id: PatientIdInPath,
    expected: Expected = None,
) -> DocumentStored:
    """Store a document of up to 25 MiB: PDF, JPEG, PNG, TIFF or plain text. Then refer to it in a command."""
    await run_in_threadpool(check_may_store_document, ledger, caller, patient_id)
    with SpooledTemporaryFile(IN_MEMORY_BYTES) as spool:
        await _read_into(spool, request)
        spool.seek(0)
        content_type = request.headers.get("content-type", "").split(";")[0].strip().lower() or None
        stored = await run_in_threadpool(
            ledger.documents.put, patient_id, spool, media_type_announced=content_type, sha256_expected=expected
        )
    return DocumentStored(sha256=stored.sha256, size_bytes=stored.size_bytes, media_type=stored.media_type)


async def _read_into(spool: IO[bytes], request: Request) -> None:
    """Writes the whole body to the spool. Raises BodyTooLarge.

    Bytes above the limit are read and dropped, because a client whose connection is cut does not get the answer.
    """
    bytes_max, content_length = DOCUMENT_BYTES_MAX + DISCARDED_BYTES_MAX, request.headers.get("content-length", "")
    too_large = BodyTooLarge(DOCUMENT_BYTES_MAX, "split the document, or scan it at a lower resolution")
    if content_length.isdigit() and int(content_length) > bytes_max:
        raise too_large
    size = 0
    async for part in request.stream():
        size += len(part)
        if size <= DOCUMENT_BYTES_MAX:
            spool.write(part)
        elif size > bytes_max:
            break
    if size > DOCUMENT_BYTES_MAX:
        raise too_large


@router.get(
    "/documents/{document_id}",
    response_class=StreamingResponse,
    responses=SENT | documented(304, 403, 404, 422, 500),
)
def get_document(
    access: AccessOfRequest,
    request: Request,
    response: Response,
    document_id: DocumentIdInPath,
    known_at: KnownAt = None,
) -> StreamingResponse:
    """Return a document as it was received. A damaged document is not sent."""
    patient_id = patient_of(document_id)
    with access.document(document_id, known_at=known_at) as on_record:
        document = on_record.document
    _check_whole(access, patient_id, document.sha256)
    tag_answer(request, response, f'"{document.sha256}"')
    return StreamingResponse(
        access.bytes_of(patient_id, document.sha256),
        media_type=document.media_type,
        headers={
            "Content-Length": str(document.size_bytes),
            "Content-Disposition": f'inline; filename="{document.sha256[:16]}"',
            **response.headers,
            # The browser must show the document as its media type and never run it.
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )


def _check_whole(access: PatientAccess, patient_id: UUID, sha256: str) -> None:
    """Raises DocumentDamaged if the document is not complete and undamaged.

    The document is read once more when it is sent. A status that was sent cannot be changed afterwards.
    """
    try:
        for _ in access.bytes_of(patient_id, sha256):
            pass
    except NotFound:
        # An event refers to the document, so the document existed.
        raise DocumentDamaged from None
