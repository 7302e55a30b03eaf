"""The style sheets and scripts of the pages, htmx, and Swagger UI. The files are cached in memory.

The address of a file has a digest of its content.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final, NamedTuple

from fastapi import APIRouter, HTTPException
from fastapi.responses import Response

router = APIRouter(include_in_schema=False)

PREFIX: Final = "/static"
SWAGGER_UI: Final = ("swagger-ui.css", "swagger-ui-bundle.js")
"""The files of Swagger UI, which shows the API documentation. A library carries them."""

_KINDS: Final = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}


class File(NamedTuple):
    """A file. `digest` is the start of the SHA-256 of its content."""

    content: bytes
    media_type: str
    digest: str


def _read() -> dict[str, File]:
    found: dict[str, File] = {}
    for one in _sources():
        kind = one.name.rpartition(".")[2]
        if kind in _KINDS:
            content = one.read_bytes()
            found[one.name] = File(content, _KINDS[kind], hashlib.sha256(content).hexdigest()[:16])
    return found


def _sources() -> Iterator[Traversable]:
    yield from files(__package__).iterdir()
    yield from (files("fastapi_offline") / "static" / name for name in SWAGGER_UI)


FILES: Final = _read()


def address_of(name: str) -> str:
    """The address of a file. It changes when the content changes, so a browser can cache the file forever."""
    return f"{PREFIX}/{FILES[name].digest}/{name}"


@router.get(f"{PREFIX}/{{digest}}/{{name}}")
def static_file(digest: str, name: str) -> Response:
    """Sends a file. The status is 404 for the address of an earlier content."""
    found = FILES.get(name)
    if found is None or found.digest != digest:
        raise HTTPException(404)
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    return Response(found.content, media_type=found.media_type, headers=headers)
