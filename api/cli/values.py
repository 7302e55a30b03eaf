"""How the values of options and arguments are read: days, times, and ids."""

from __future__ import annotations

from typing import Any, Final

from pydantic import ConfigDict, TypeAdapter, ValidationError

from domain.calendar import Day, Instant
from domain.errors import InvalidCommand
from domain.events.base import AppealId, DocumentId, RequestId

_AT_FIRST_USE: Final = ConfigDict(defer_build=True)
DAY: Final[TypeAdapter[Any]] = TypeAdapter(Day, config=_AT_FIRST_USE)
INSTANT: Final[TypeAdapter[Any]] = TypeAdapter(Instant, config=_AT_FIRST_USE)
OPTIONS: Final = {
    "known_at": "--known-at",
    "edition": "--edition",
    "decision": "--decision",
    "request_id": "REQUEST",
    "appeal_id": "APPEAL",
}
"""The option or argument for a field that an error of the domain names."""
_IDS: Final = {RequestId: ("a request", "r"), AppealId: ("an appeal", "a"), DocumentId: ("a document", "f")}
"""How an id is named in an error, and the letter before its number."""


def parsed(adapter: TypeAdapter[Any], text: str | None, option: str) -> Any:
    """The value of an option; None where the option is left out. Raises InvalidCommand."""
    if text is None:
        return None
    try:
        return adapter.validate_python(text)
    except ValidationError as error:
        message = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise InvalidCommand(message, field=option, remedy=f"see --help for the format of {option}") from None


def checked_id(identifier: str, kind: Any, argument: str) -> str:
    """The id of a request, an appeal, or a document. Raises InvalidCommand."""
    try:
        TypeAdapter(kind).validate_python(identifier)
    except ValidationError:
        named, letter = _IDS[kind]
        remedy = f"give the patient's ID, then .{letter} and the number of the {argument.lower()}"
        raise InvalidCommand(f"this is not the ID of {named}", field=argument, remedy=remedy) from None
    return identifier
