"""The first page: who is signed in, and where her work begins."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.identity.caller import CallerOfRequest
from api.pages.rendering import PREFIX, rendered

router = APIRouter(include_in_schema=False)


@router.get(PREFIX)
def start(request: Request, _: CallerOfRequest) -> Response:
    return rendered(request, "start.html.j2")
