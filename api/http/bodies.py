"""Checks the body and the query parameters of a request before the framework parses them.

A body must not be too large, must be JSON in UTF-8, and must not contain a number that is not finite or a control
character. The standard parser accepts NaN and reports invalid UTF-8 in other words. The framework's own limit
(`max_body_size`) answers in plain text, not as a problem.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic_core import from_json
from starlette.types import Message

from api.http.problems import BodyTooLarge, UnreadableBody, WrongContentType
from domain.facts import value_faults

BODY_BYTES_MAX: Final = 262_144
"""The largest body of a command, in bytes. A request with a hundred agents is under 50 KB.

Documents have their own limit. A body of this size can have a hundred thousand errors; to find all takes a second.
"""

DISCARDED_BYTES_MAX: Final = 67_108_864
"""How many bytes of a body that is too large are read and dropped, so that a client that is sending gets the answer."""

_JSON: Final = re.compile(r"application/(json|[^;\s]+\+json)\s*(;.*)?", re.IGNORECASE)


class CheckedJsonRoute(APIRoute):
    """A route whose query parameters and body, if it takes one, are checked before the framework parses them.

    Raises BodyTooLarge, WrongContentType, UnreadableBody, and RequestValidationError for an error in one field.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        parameters = {one.alias for one in self.dependant.query_params}

        async def without_body(request: Request) -> Response:
            _refuse_unknown(request, parameters)
            return await handle(request)

        if self.body_field is None:
            return without_body

        async def checked(request: Request) -> Response:
            _refuse_unknown(request, parameters)
            body = await _read(request)
            if body:
                _check(body, request.headers.get("content-type", ""))
            return await handle(Request(request.scope, _replay(body)))

        return checked


def _refuse_unknown(request: Request, parameters: set[str]) -> None:
    """Raises RequestValidationError for an unknown query parameter.

    Without this check, a misspelled `as_of` would be ignored, and the answer would be for another day.
    """
    unknown = [name for name in request.query_params if name not in parameters]
    if unknown:
        # The message does not repeat the unknown name, because a client may have put a member ID there.
        raise RequestValidationError(
            [
                {
                    "type": "unknown_parameter",
                    "loc": ("query",),
                    "msg": f"a parameter does not exist; send only {', '.join(sorted(parameters)) or 'none'}",
                }
            ]
        )


async def _read(request: Request) -> bytes:
    """Reads the whole body. Raises BodyTooLarge."""
    content_length = request.headers.get("content-length", "")
    if content_length.isdigit() and int(content_length) > DISCARDED_BYTES_MAX:
        raise BodyTooLarge(BODY_BYTES_MAX)
    body, size = bytearray(), 0
    async for part in request.stream():
        size += len(part)
        if size > DISCARDED_BYTES_MAX:
            break
        if size <= BODY_BYTES_MAX:
            body += part
    if size > BODY_BYTES_MAX:
        raise BodyTooLarge(BODY_BYTES_MAX)
    return bytes(body)


def _replay(body: bytes) -> Callable[[], Coroutine[Any, Any, Message]]:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _check(body: bytes, content_type: str) -> None:
    if not _JSON.fullmatch(content_type.strip()):
        raise WrongContentType
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableBody(f"The body is not UTF-8: byte {error.start} can't be read.") from None
    try:
        document = from_json(body, allow_inf_nan=False)
        # `from_json` accepts a key that appears twice and keeps the last value. Two values are a contradiction.
        json.loads(body, object_pairs_hook=_reject_duplicate_keys)
    except ValueError as error:
        # The message states the position and the kind of fault, never the text around it.
        raise UnreadableBody(f"The body is not JSON: {error}.") from None
    if faults := list(value_faults(document, ("body",))):
        raise RequestValidationError(faults)


def _reject_duplicate_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a key appears twice in one object")
    return members
