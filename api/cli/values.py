"""Reads the values of options and arguments: days, times, and IDs."""

from __future__ import annotations

from typing import Any, Final

from pydantic import ConfigDict, TypeAdapter, ValidationError

from api.text.invalid_values import invalid_value
from domain.calendar import Day, Instant
from domain.errors import InvalidCommand
from domain.events.base import AppealId, DocumentId, RequestId

_DEFERRED: Final = ConfigDict(defer_build=True)
DAY: Final[TypeAdapter[Any]] = TypeAdapter(Day, config=_DEFERRED)
INSTANT: Final[TypeAdapter[Any]] = TypeAdapter(Instant, config=_DEFERRED)
OPTIONS: Final = {
    "known_at": "--known-at",
    "edition": "--edition",
    "decision": "--decision",
    "request_id": "REQUEST",
    "appeal_id": "APPEAL",
}
"""The option or argument of each field that an error of the domain can name."""
_IDS: Final = {RequestId: ("a request", "r"), AppealId: ("an appeal", "a"), DocumentId: ("a document", "f")}
"""For each type of ID, its name in an error and the letter before its number."""


def parsed(adapter: TypeAdapter[Any], text: str | None, option: str) -> Any:
    """The value of an option, or None if the option is not given. Raises InvalidCommand."""
    if text is None:
        return None
    try:
        return adapter.validate_python(text)
    except ValidationError as error:
        raise refused_value(error, option) from None


def refused_value(error: ValidationError, option: str) -> InvalidCommand:
    """The first error of a value, in words. `option` is the option or argument that has the value."""
    cause, remedy = invalid_value(error.errors(include_input=False)[0])
    return InvalidCommand(cause, field=option, remedy=remedy or f"see --help for the format of {option}")


def checked_id(identifier: str, kind: Any, argument: str) -> str:
    """The ID of a request, an appeal, or a document, by its type `kind`. Raises InvalidCommand."""
    try:
        TypeAdapter(kind).validate_python(identifier)
    except ValidationError:
        kind_name, letter = _IDS[kind]
        remedy = f"give the patient's ID, then .{letter} and the number of the {argument.lower()}"
        raise InvalidCommand(f"this is not the ID of {kind_name}", field=argument, remedy=remedy) from None
    return identifier
