"""What arrives is read before anything else sees it: bounded, JSON in UTF-8, every number and character sound.

The standard parser would take NaN, and answer broken UTF-8 in words of its own; the
framework's own bound (`max_body_size`) answers in plain text, not as a problem.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Coroutine, Iterator
from math import isfinite
from typing import Any, Final

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic_core import from_json
from starlette.types import Message

from api.http.problems import BodyTooLarge, UnreadableBody, WrongContentType

BODY_BYTES_MAX: Final = 262_144
"""One request with a hundred agents is under 50 KB; documents will have a road of their own.

A body of this size can be wrong in a hundred thousand places, and to find them all takes a second.
"""

DISCARDED_BYTES_MAX: Final = 67_108_864
"""How much of a body that is too large is read and dropped, so that whoever is still sending sees the answer."""

_JSON: Final = re.compile(r"application/(json|[^;\s]+\+json)\s*(;.*)?", re.IGNORECASE)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


class SoundJson(APIRoute):
    """A route whose body, where it takes one, is checked before anything else sees it.

    Raises BodyTooLarge, WrongContentType, UnreadableBody, and for a fault in one field what the framework does.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        known = {one.alias for one in self.dependant.query_params}

        async def without_body(request: Request) -> Response:
            _refuse_unknown(request, known)
            return await handle(request)

        if self.body_field is None:
            return without_body

        async def checked(request: Request) -> Response:
            _refuse_unknown(request, known)
            body = await _read(request)
            if body:
                _check(body, request.headers.get("content-type", ""))
            return await handle(Request(request.scope, _replay(body)))

        return checked


def _refuse_unknown(request: Request, known: set[str]) -> None:
    """A misspelt parameter would otherwise be answered as if it had not been sent, for another day than was meant."""
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        # The name is not repeated: whoever puts a member's number there means well.
        raise RequestValidationError(
            [{"type": "unknown_parameter", "loc": ("query",), "msg": f"Send only {', '.join(sorted(known)) or 'none'}"}]
        )


async def _read(request: Request) -> bytes:
    """The whole body; raises BodyTooLarge."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > DISCARDED_BYTES_MAX:
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
        sent = from_json(body, allow_inf_nan=False)
        # The parser keeps the last of two values for one key and says nothing; two values are a contradiction.
        json.loads(body, object_pairs_hook=_once_each)
    except ValueError as error:
        # The message names the place and the kind of fault, never the text around it.
        raise UnreadableBody(f"The body is not JSON: {error}.") from None
    if faults := list(_faults(sent, ("body",))):
        raise RequestValidationError(faults)


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key appears twice in one object")
    return found


def _faults(value: Any, place: tuple[str | int, ...]) -> Iterator[dict[str, Any]]:
    """Values that no field takes: a number beyond the finite ones (1e999), a control character but for line breaks."""
    match value:
        case dict():
            for name, part in value.items():
                yield from _faults(part, (*place, name))
        case list():
            for number, part in enumerate(value):
                yield from _faults(part, (*place, number))
        case float() if not isfinite(value):
            yield {"type": "finite_number", "loc": place, "msg": "The number is too large"}
        case str() if _CONTROL.search(value):
            yield {"type": "control_character", "loc": place, "msg": "The text contains a control character"}
