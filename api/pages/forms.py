"""A form as a browser sends it, read into the terms of a command.

The names of fields are places in the command: `statement.agents.0.product`. What is left empty is
not sent. An instant without an offset is by the plan's clock, as the field of the form shows it.
"""

from __future__ import annotations

import types
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError
from pydantic_core import to_json
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException
from starlette.types import Message

from api.http.bodies import DISCARDED_BYTES_MAX
from api.http.problems import BodyTooLarge, UnreadableBody, sentence_of_fault
from api.identity.cookies_and_csrf import CSRF_FIELD
from domain.ledger.documents.store import DOCUMENT_BYTES_MAX

M = TypeVar("M", bound=BaseModel)

KEY_FIELD: Final = "key"
FIELDS_MAX: Final = 500
FORM_BYTES_MAX: Final = DOCUMENT_BYTES_MAX + DISCARDED_BYTES_MAX
_TRUE: Final = ("true", "yes", "on")


@dataclass(frozen=True, slots=True)
class Form:
    """What was sent: the texts of each field in their order, the files, and the key under which it is done once."""

    texts: Mapping[str, list[str]] = field(default_factory=dict)
    files: Mapping[str, list[UploadFile]] = field(default_factory=dict)

    @property
    def key(self) -> str | None:
        return self.text(KEY_FIELD)

    def text(self, name: str) -> str | None:
        """The field's text without the space around it; None where it was left empty."""
        found = self.texts.get(name, [])
        return (found[0].strip() or None) if found else None

    def file(self, name: str) -> UploadFile | None:
        """None where nothing was chosen."""
        found = [one for one in self.files.get(name, []) if one.filename]
        return found[0] if found else None


class FormWrong(Exception):
    """The form can't be read as the command: what is wrong, by the place of the field."""

    def __init__(self, wrong: Mapping[str, str]) -> None:
        super().__init__(", ".join(wrong))
        self.wrong = dict(wrong)


async def _form(request: Request) -> AsyncIterator[Form]:
    request = Request(request.scope, _counted(request))
    try:
        sent = await request.form(max_files=1, max_fields=FIELDS_MAX)
    except MultiPartException:
        raise UnreadableBody("The form cannot be read.") from None
    try:
        yield _of(sent)
    finally:
        await sent.close()


FormOfRequest = Annotated[Form, Depends(_form)]


def _counted(request: Request) -> Any:
    read = 0

    async def receive() -> Message:
        nonlocal read
        message = await request.receive()
        read += len(message.get("body", b""))
        if read > FORM_BYTES_MAX:
            raise BodyTooLarge(DOCUMENT_BYTES_MAX, "split the document, or scan it at a lower resolution")
        return message

    return receive


def _of(sent: FormData) -> Form:
    texts: dict[str, list[str]] = {}
    files: dict[str, list[UploadFile]] = {}
    for name, value in sent.multi_items():
        if isinstance(value, UploadFile):
            files.setdefault(name, []).append(value)
        elif name != CSRF_FIELD:
            texts.setdefault(name, []).append(value)
    return Form(texts, files)


def read(terms: type[M], form: Form, zone: ZoneInfo, *, also: Mapping[str, Any] | None = None) -> M:
    """The terms as the form states them, with `also` what the page itself says. Raises FormWrong."""
    value = _object(terms, form.texts, "", zone) or {}
    try:
        return terms.model_validate_json(to_json({**value, **(also or {})}))
    except ValidationError as error:
        raise FormWrong({_place(one["loc"]): sentence_of_fault(one) for one in reversed(error.errors())}) from None


def _object(terms: type[BaseModel], texts: Mapping[str, list[str]], before: str, zone: ZoneInfo) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, one in terms.model_fields.items():
        annotation = one.annotation if not one.metadata else Annotated[(one.annotation, *one.metadata)]
        value = _value(annotation, texts, f"{before}{name}", zone)
        if value is not None:
            found[name] = value
    return found


def _value(annotation: Any, texts: Mapping[str, list[str]], place: str, zone: ZoneInfo) -> Any:
    kind = _bare(annotation)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return _object(kind, texts, f"{place}.", zone) or None
    if get_origin(kind) is tuple:
        return _values(get_args(kind)[0], texts, place, zone)
    sent = [one.strip() for one in texts.get(place, []) if one.strip()]
    return _scalar(kind, sent[0], zone) if sent else None


def _values(annotation: Any, texts: Mapping[str, list[str]], place: str, zone: ZoneInfo) -> list[Any] | None:
    """Of `citing` sent several times each, of `agents.0.product` each number's; None where none was sent."""
    kind = _bare(annotation)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        numbers = sorted(_numbers(texts, f"{place}."))
        objects = [_object(kind, texts, f"{place}.{number}.", zone) for number in numbers]
        return [one for one in objects if one] or None
    return [_scalar(kind, one.strip(), zone) for one in texts.get(place, []) if one.strip()] or None


def _numbers(texts: Iterable[str], before: str) -> set[int]:
    found = (name.removeprefix(before).split(".", 1)[0] for name in texts if name.startswith(before))
    return {int(one) for one in found if one.isascii() and one.isdigit() and len(one) <= 3}


def _scalar(kind: Any, text: str, zone: ZoneInfo) -> Any:
    """As JSON has it; what cannot be read is left as it is, for the terms to refuse in their own words."""
    if kind is bool:
        return True if text.lower() in _TRUE else False if text.lower() in ("false", "no") else text
    if kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            return text
    if kind is datetime:
        try:
            instant = datetime.fromisoformat(text)
        except ValueError:
            return text
        return (instant if instant.tzinfo is not None else instant.replace(tzinfo=zone)).isoformat()
    return text


def _bare(annotation: Any) -> Any:
    """Without its constraints, and without the None that it may be instead."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif get_origin(annotation) in (Union, types.UnionType):
            kinds = [one for one in get_args(annotation) if one is not type(None)]
            annotation = kinds[0]
        else:
            return annotation


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(part for part in map(str, location) if not part.endswith("]"))


def as_typed(value: BaseModel, before: str = "") -> dict[str, str | list[str]]:
    """What a form that is filled in with this value holds, by the places of its fields."""
    found: dict[str, str | list[str]] = {}
    _type(value.model_dump(mode="json", exclude_none=True), before, found)
    return found


def _type(value: Any, place: str, found: dict[str, str | list[str]]) -> None:
    match value:
        case dict():
            for name, one in value.items():
                _type(one, f"{place}.{name}" if place else name, found)
        case [] | [dict(), *_]:
            for number, one in enumerate(value):
                _type(one, f"{place}.{number}", found)
        case list():
            found[place] = [str(one) for one in value]
        case bool():
            found[place] = "true" if value else "false"
        case float():
            found[place] = f"{value:g}"
        case _:
            found[place] = str(value)
