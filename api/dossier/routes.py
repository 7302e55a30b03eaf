"""The case file of an appeal over HTTP: the complete folder as a ZIP file, or one of its formats."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from api.dossier.html import style_of
from api.dossier.json import as_json
from api.dossier.manifest import RENDERER, html_page, pdf_file, write_zip
from api.http.bodies import CheckedJsonRoute
from api.http.content_security import digest_source, page_policy
from api.http.etags import tag_answer, tag_of
from api.http.problems import documented
from api.record_access.http import AccessOfRequest
from api.record_access.patient_access import PatientAccess
from api.routes.dependencies import AppealIdInPath, KnownAt
from domain.policy.editions import EDITIONS
from projections.dossier.case_file import AppealDossier, CaseDocument, appeal_dossier

router = APIRouter(tags=["appeals"], route_class=CheckedJsonRoute)

IN_MEMORY_BYTES: Final = 8 * 1024 * 1024
"""A larger ZIP file is written to a temporary file on disk."""

PIECE_BYTES: Final = 256 * 1024
PROBLEMS: Final = documented(304, 403, 404, 422)

ZIP, PDF, HTML = "application/zip", "application/pdf", "text/html"


def sent_as(media_type: str, description: str) -> dict[int | str, dict[str, Any]]:
    """Returns the documented responses of a route that sends a file."""
    binary: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
    return {200: {"content": {media_type: binary}, "description": description}} | PROBLEMS


@router.get(
    "/appeals/{appeal_id}/dossier",
    response_class=StreamingResponse,
    responses=sent_as(ZIP, "The case file folder as one ZIP file."),
)
def get_dossier(
    access: AccessOfRequest,
    request: Request,
    response: Response,
    appeal_id: AppealIdInPath,
    known_at: KnownAt = None,
) -> StreamingResponse:
    """Return the complete case file: pages, data, every document, and checksums."""
    dossier = _case_file(access, request, response, appeal_id, known_at)
    spool = SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115  (closed after it is sent)
    try:
        write_zip(dossier, partial(access.bytes_of, dossier.patient_id), spool)
    except BaseException:
        spool.close()
        raise
    size = spool.tell()
    headers = {"Content-Length": str(size), **_headers(response, "attachment", "zip")}
    return StreamingResponse(_pieces(spool), media_type=ZIP, headers=headers)


@router.get(
    "/appeals/{appeal_id}/dossier.html",
    response_class=Response,
    responses=sent_as(HTML, "The case file as an HTML page."),
)
def get_dossier_page(
    access: AccessOfRequest,
    request: Request,
    response: Response,
    appeal_id: AppealIdInPath,
    known_at: KnownAt = None,
) -> Response:
    """Return the case file as one HTML page for screen and print, without scripts or external files."""
    dossier = _case_file(access, request, response, appeal_id, known_at)
    page = html_page(dossier, _link)
    policy = {"Content-Security-Policy": page_policy(style_src=digest_source(style_of(page)))}
    return Response(page, media_type=HTML, headers=_headers(response, "inline", "html") | policy)


@router.get(
    "/appeals/{appeal_id}/dossier.pdf",
    response_class=Response,
    responses=sent_as(PDF, "The case file as a PDF."),
)
def get_dossier_print(
    access: AccessOfRequest,
    request: Request,
    response: Response,
    appeal_id: AppealIdInPath,
    known_at: KnownAt = None,
) -> Response:
    """Return the case file as one PDF in US Letter format."""
    dossier = _case_file(access, request, response, appeal_id, known_at)
    return Response(pdf_file(dossier), media_type=PDF, headers=_headers(response, "inline", "pdf"))


@router.get("/appeals/{appeal_id}/dossier.json", response_model=AppealDossier, responses=PROBLEMS)
def get_dossier_data(
    access: AccessOfRequest,
    request: Request,
    response: Response,
    appeal_id: AppealIdInPath,
    known_at: KnownAt = None,
) -> Response:
    """Return the case file as data: the same content as `dossier.json` in the ZIP file."""
    dossier = _case_file(access, request, response, appeal_id, known_at)
    return Response(as_json(dossier), media_type="application/json", headers=_headers(response, "inline", "json"))


def _case_file(
    access: PatientAccess, request: Request, response: Response, appeal_id: str, known_at: KnownAt
) -> AppealDossier:
    """Returns the case file and sets its ETag.

    The case file depends only on what was recorded, on the editions, and on the renderer, so the tag names these.
    """
    with access.appeal_events(appeal_id, view="dossier", known_at=known_at) as (events, history, _):
        found = appeal_dossier(events, appeal_id, access.zone, access.deadlines)
    revisions = "_".join(f"{one.key}.{one.revision}" for one in EDITIONS)
    tag_answer(request, response, tag_of(access.versions(history), "dossier", RENDERER, revisions))
    return found


def _headers(response: Response, disposition: str, suffix: str) -> dict[str, str]:
    return {
        **response.headers,
        "Content-Disposition": f'{disposition}; filename="appeal-case-file.{suffix}"',
        "X-Content-Type-Options": "nosniff",
    }


def _link(one: CaseDocument) -> str:
    return f"/documents/{one.on_record.document.document_id}"


def _pieces(spool: IO[bytes]) -> Iterator[bytes]:
    with closing(spool):
        spool.seek(0)
        yield from iter(lambda: spool.read(PIECE_BYTES), b"")
