"""The documentation of the API at `/docs`: Swagger UI, whose files this server sends itself. It works offline."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.http.content_security import page_policy
from api.pages.rendering import HEADERS, TEMPLATES
from api.static import address_of

router = APIRouter(include_in_schema=False)

# The style sheet of Swagger UI has its symbols as images within itself.
_HEADERS: Final = HEADERS | {"Content-Security-Policy": page_policy(img_src="data:")}


@router.get("/docs")
def api_documentation(request: Request) -> HTMLResponse:
    """The page. Its script reads the OpenAPI document, and shows every operation."""
    template = TEMPLATES.get_template("api_documentation.html.j2")
    html = template.render(address_of=address_of, document=request.app.openapi_url)
    return HTMLResponse(html, headers=_HEADERS)
