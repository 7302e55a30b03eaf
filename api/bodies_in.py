"""What arrives is read before anything else sees it: bounded, UTF-8, JSON without NaN or Infinity.

The standard parser would take NaN, and answer broken UTF-8 in words of its own; the
framework's own bound (`max_body_size`) answers in plain text, not as a problem.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic_core import from_json
from starlette.types import Message

from api.problems import BodyTooLarge, UnreadableBody

BODY_BYTES_MAX: Final = 1_048_576
"""One request with a hundred agents is under 50 KB; documents will have a road of their own."""


class SoundJson(APIRoute):
    """A route whose body is checked first; raises BodyTooLarge and UnreadableBody."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def checked(request: Request) -> Response:
            body = await _read(request)
            if body and (fault := _fault(body)) is not None:
                raise UnreadableBody(fault)
            return await handle(Request(request.scope, _replay(body)))

        return checked


async def _read(request: Request) -> bytes:
    """The whole body, or BodyTooLarge as soon as that is known."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > BODY_BYTES_MAX:
        raise BodyTooLarge(BODY_BYTES_MAX)
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > BODY_BYTES_MAX:
            raise BodyTooLarge(BODY_BYTES_MAX)
    return bytes(body)


def _replay(body: bytes) -> Callable[[], Coroutine[Any, Any, Message]]:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _fault(body: bytes) -> str | None:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"The body is not UTF-8: byte {error.start} cannot be read."
    try:
        from_json(body, allow_inf_nan=False)
    except ValueError as error:
        # The message names the place and the kind of fault, never the text around it.
        return f"The body is not JSON: {error}."
    return None
