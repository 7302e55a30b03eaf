"""Headers that a request may have once only. Of two, the program would use one, and the client may mean the other."""

from __future__ import annotations

from typing import Final

from fastapi import Request
from fastapi.responses import JSONResponse

from api.http.problems import invalid_header

SINGLE: Final[dict[bytes, str]] = {
    one.lower().encode(): one
    for one in ("Content-Type", "Idempotency-Key", "If-Match", "X-CSRF-Token", "X-Purpose-Of-Use")
}
"""Authentication refuses a repeated Authorization, and the check of the host a repeated Host or Origin."""


def refused_header(request: Request, name: str) -> JSONResponse:
    """The answer to a request that has this header more than once."""
    return invalid_header(request, name, "The header is sent more than once", f"send one {name} header")
