"""Checks the body and the query parameters of a request before the framework parses them.

A body must not be too large, must be JSON in UTF-8, must not have too many values, and must not contain a number that
is not finite or a control character. The standard parser accepts NaN and reports invalid UTF-8 in other words. The
framework's own limit (`max_body_size`) answers in plain text, not as a problem.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Coroutine
from functools import cached_property
from itertools import islice
from typing import Any, Final

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError
from pydantic_core import SchemaValidator, from_json
from starlette.types import Message

from api.http.problems import (
    ERRORS_SHOWN_MAX,
    BodyTooLarge,
    FirstErrors,
    TooManyValues,
    UnreadableBody,
    WrongContentType,
)
from domain.facts import value_faults

BODY_BYTES_MAX: Final = 65_536
"""The largest body of a command, in bytes. A request with a hundred agents is under 50 KB.

Documents have their own limit.
"""

BODY_VALUES_MAX: Final = 2_500
"""The most values in a body: texts, numbers, lists, objects, and so on. A request with a hundred agents has under 700.

The values are counted before any of them is validated, because a body of 64 KiB has room for 30,000 invalid values. To
find and describe as many errors takes so long that all other clients notice it.
"""

NAMES_MAX: Final = 100
"""The most names in one object of a body. Each unknown name is an error, and no object has 50 fields."""

ALL_ERRORS_MAX: Final = 200
"""In a body with more values than this, only the first invalid item of each list is looked for."""

DISCARDED_BYTES_MAX: Final = 67_108_864
"""How many bytes of a body that is too large are read and dropped, so that a client that is sending gets the answer."""

_JSON: Final = re.compile(r"application/(json|[^;\s]+\+json)\s*(;.*)?", re.IGNORECASE)


class CheckedJsonRoute(APIRoute):
    """A route whose query parameters and body, if it takes one, are checked before the framework parses them.

    Raises BodyTooLarge, TooManyValues, WrongContentType, UnreadableBody, and RequestValidationError or FirstErrors for
    invalid fields.
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
                document, values = _checked(body, request.headers.get("content-type", ""))
                if values > ALL_ERRORS_MAX:
                    self._refuse_first_errors(document)
            return await handle(Request(request.scope, _replay(body)))

        return checked

    def _refuse_first_errors(self, document: object) -> None:
        """Raises FirstErrors for a body that is invalid. FastAPI would look for every error and describe it."""
        try:
            self._up_to_first_errors.validate_python(document)
        except ValidationError as error:
            found = error.errors(include_url=False)
            raise FirstErrors([{**one, "loc": ("body", *one["loc"])} for one in found]) from None

    @cached_property
    def _up_to_first_errors(self) -> SchemaValidator:
        """Validates the body like FastAPI, but ends each list at its first invalid item."""
        assert self.body_field is not None, "only a route with a body validates one"
        schema = TypeAdapter[Any](self.body_field.field_info.annotation or Any).core_schema
        # Without the argument, the validators that the models already have would be used, which do not end early.
        return SchemaValidator(_failing_fast(schema), _use_prebuilt=False)


def _failing_fast(schema: Any) -> Any:
    """A copy of a schema of pydantic in which each list and tuple is validated up to its first invalid item."""
    if isinstance(schema, dict):
        copy = {name: _failing_fast(part) for name, part in schema.items()}
        return copy | {"fail_fast": True} if schema.get("type") in ("list", "tuple") else copy
    return [_failing_fast(part) for part in schema] if isinstance(schema, list) else schema


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


def _checked(body: bytes, content_type: str) -> tuple[object, int]:
    """The document of a body, and the number of its values."""
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
    values = _values_of(document)
    if faults := list(islice(value_faults(document, ("body",)), ERRORS_SHOWN_MAX)):
        raise RequestValidationError(faults)
    return document, values


def _values_of(document: object) -> int:
    """How many values the document has, itself included. Raises TooManyValues."""
    number, waiting = 1, [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, (dict, list)):  # A union of the types would be built for each value.
            number += len(value)
            if number > BODY_VALUES_MAX:
                raise TooManyValues(f"The body has more than {BODY_VALUES_MAX} values.")
            if isinstance(value, dict) and len(value) > NAMES_MAX:
                raise TooManyValues(f"An object in the body has more than {NAMES_MAX} names.")
            waiting.extend(value.values() if isinstance(value, dict) else value)
    return number


def _reject_duplicate_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a key appears twice in one object")
    return members
