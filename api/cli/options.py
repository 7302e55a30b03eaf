"""Options and arguments that several commands share, and how their values are read."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer
from pydantic import ConfigDict, TypeAdapter, ValidationError

from domain.calendar import Day, Instant
from domain.errors import InvalidCommand
from domain.events.base import AppealId, DocumentId, RequestId

Database = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        envvar="LEMTRADA_DATABASE",
        help="sqlite:///file or postgresql://user@host/database; by default a file in the user's data folder.",
    ),
]
TimeZone = Annotated[
    str | None,
    typer.Option(
        metavar="ZONE",
        envvar="LEMTRADA_TIME_ZONE",
        help="In which a new ledger counts days, for example America/Chicago. It never changes after.",
    ),
]
MemberArgument = Annotated[str, typer.Argument(metavar="MEMBER", help="A member id, or issuer:member.")]
KnownAt = Annotated[
    str | None,
    typer.Option(metavar="INSTANT", help="Only what was recorded by then, for example 2026-04-20T14:05:00Z."),
]
Purpose = Annotated[
    str | None,
    typer.Option(
        metavar="CODE",
        envvar="LEMTRADA_PURPOSE",
        help="Why you look, which is recorded: an HL7 purpose of use, for example TREAT or HPAYMT.",
    ),
]
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
"""What the domain calls by a field's name is an option here."""


def parsed(adapter: TypeAdapter[Any], text: str | None, option: str) -> Any:
    if text is None:
        return None
    try:
        return adapter.validate_python(text)
    except ValidationError as error:
        message = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise InvalidCommand(message, field=option, remedy=f"see --help for how {option} is written") from None


AsOf = Annotated[
    str | None, typer.Option(metavar="DATE", help="Judged on this day; by default today, where the plan is.")
]
AppealArgument = Annotated[str, typer.Argument(metavar="APPEAL", help="The id of an appeal, <patient>.a1")]
RequestArgument = Annotated[str, typer.Argument(metavar="REQUEST", help="The id of a request, <patient>.r1")]
_IDS: Final = {RequestId: ("a request", "r"), AppealId: ("an appeal", "a"), DocumentId: ("a document", "f")}
"""How an id is named in an error, and the letter before its number."""


def checked_id(identifier: str, kind: Any, argument: str) -> str:
    """The id of a request, an appeal or a document; raises InvalidCommand where it is none."""
    try:
        TypeAdapter(kind).validate_python(identifier)
    except ValidationError:
        named, letter = _IDS[kind]
        remedy = f"give the patient's id and .{letter} with the {argument.lower()}'s number"
        raise InvalidCommand(f"this is no id of {named}", field=argument, remedy=remedy) from None
    return identifier
