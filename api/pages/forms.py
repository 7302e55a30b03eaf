"""Reads a form, as a browser sends it, into the fields of a command.

The name of a form field is the path of a field in the command: `statement.agents.0.product`. An empty field is left
out. An instant without an offset is in the plan's time zone, as in the form.
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

from api.http.bodies import BODY_BYTES_MAX, DISCARDED_BYTES_MAX
from api.http.problems import BodyTooLarge, UnreadableBody
from api.identity.cookies_and_csrf import CSRF_FIELD
from api.text.invalid_values import invalid_value
from domain.facts import value_faults
from domain.ledger.documents.store import DOCUMENT_BYTES_MAX

M = TypeVar("M", bound=BaseModel)

KEY_FIELD: Final = "key"
FIELDS_MAX: Final = 500
FORM_BYTES_MAX: Final = DOCUMENT_BYTES_MAX + DISCARDED_BYTES_MAX
"""The largest form with a document. The texts of a form have the limit of any other body."""
_TRUE: Final = ("true", "yes", "on")


@dataclass(frozen=True, slots=True)
class Form:
    """A form that was sent: the texts of each field in their order, and the files of each field."""

    texts: Mapping[str, list[str]] = field(default_factory=dict)
    files: Mapping[str, list[UploadFile]] = field(default_factory=dict)

    @property
    def key(self) -> str | None:
        """The idempotency key of the form."""
        return self.text(KEY_FIELD)

    def text(self, name: str) -> str | None:
        """The field's text without the space around it, or None if the field is empty."""
        found = self.texts.get(name, [])
        return (found[0].strip() or None) if found else None

    def file(self, name: str) -> UploadFile | None:
        """The file of a field, or None if no file was chosen."""
        chosen = [file for file in self.files.get(name, []) if file.filename]
        return chosen[0] if chosen else None


class InvalidForm(Exception):
    """The form cannot be read as the command. `wrong` has the error of each field, by the path of the field."""

    def __init__(self, wrong: Mapping[str, str]) -> None:
        super().__init__(", ".join(wrong))
        self.wrong = dict(wrong)


async def _form(request: Request) -> AsyncIterator[Form]:
    """The form of a request, with its files open until the response. Raises UnreadableBody and BodyTooLarge."""
    request = Request(request.scope, _receive_limited(request))
    try:
        sent = await request.form(max_files=1, max_fields=FIELDS_MAX, max_part_size=BODY_BYTES_MAX)
    except MultiPartException:
        raise UnreadableBody("The form cannot be read.") from None
    try:
        yield _form_of(sent)
    finally:
        await sent.close()


FormOfRequest = Annotated[Form, Depends(_form)]


def _receive_limited(request: Request) -> Any:
    """The function that receives the body, which raises BodyTooLarge for a body that is too large."""
    received = 0
    has_files = request.headers.get("content-type", "").startswith("multipart/")

    async def receive() -> Message:
        nonlocal received
        message = await request.receive()
        received += len(message.get("body", b""))
        if not has_files and received > BODY_BYTES_MAX:
            raise BodyTooLarge(BODY_BYTES_MAX, "shorten the texts of the form")
        if received > FORM_BYTES_MAX:
            raise BodyTooLarge(DOCUMENT_BYTES_MAX, "split the document, or scan it at a lower resolution")
        return message

    return receive


def _form_of(sent: FormData) -> Form:
    texts: dict[str, list[str]] = {}
    files: dict[str, list[UploadFile]] = {}
    for name, value in sent.multi_items():
        if isinstance(value, UploadFile):
            files.setdefault(name, []).append(value)
        elif name != CSRF_FIELD:
            texts.setdefault(name, []).append(value)
    return Form(texts, files)


def read(terms: type[M], form: Form, zone: ZoneInfo, *, extra_fields: Mapping[str, Any] | None = None) -> M:
    """The model `terms` with the fields of the form, and with `extra_fields` from the page. Raises InvalidForm."""
    value = _object(terms, form.texts, "", zone) or {}
    if impossible := list(value_faults(value, ())):
        raise InvalidForm({_path(fault["loc"]): str(invalid_value(fault)) for fault in reversed(impossible)})
    try:
        return terms.model_validate_json(to_json({**value, **(extra_fields or {})}))
    except ValidationError as error:
        faults = reversed(error.errors())
        raise InvalidForm({_path(fault["loc"]): str(invalid_value(fault)) for fault in faults}) from None


def _object(terms: type[BaseModel], texts: Mapping[str, list[str]], prefix: str, zone: ZoneInfo) -> dict[str, Any]:
    """The fields of a model that the form states. `prefix` is the path of the model with a dot, or empty."""
    values: dict[str, Any] = {}
    for name, field_info in terms.model_fields.items():
        annotation: Any = field_info.annotation
        if field_info.metadata:
            annotation = Annotated[(field_info.annotation, *field_info.metadata)]
        value = _value(annotation, texts, f"{prefix}{name}", zone)
        if value is not None:
            values[name] = value
    return values


def _value(annotation: Any, texts: Mapping[str, list[str]], path: str, zone: ZoneInfo) -> Any:
    """The value of the field at `path`, or None if the form does not state it."""
    kind = _bare_type(annotation)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return _object(kind, texts, f"{path}.", zone) or None
    if get_origin(kind) is tuple:
        return _values(get_args(kind)[0], texts, path, zone)
    sent = [text.strip() for text in texts.get(path, []) if text.strip()]
    return _scalar(kind, sent[0], zone) if sent else None


def _values(annotation: Any, texts: Mapping[str, list[str]], path: str, zone: ZoneInfo) -> list[Any] | None:
    """The values of a field that is a list, or None if the form states none.

    A list of scalars is one field that is sent several times, such as `citing`. A list of models has numbered fields,
    such as `agents.0.product`.
    """
    kind = _bare_type(annotation)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        numbers = sorted(_numbers(texts, f"{path}."))
        objects = [_object(kind, texts, f"{path}.{number}.", zone) for number in numbers]
        return [value for value in objects if value] or None
    return [_scalar(kind, text.strip(), zone) for text in texts.get(path, []) if text.strip()] or None


def _numbers(names: Iterable[str], prefix: str) -> set[int]:
    """The numbers that follow the prefix in the names of fields."""
    parts = (name.removeprefix(prefix).split(".", 1)[0] for name in names if name.startswith(prefix))
    return {int(part) for part in parts if part.isascii() and part.isdigit() and len(part) <= 3}


def _scalar(kind: Any, text: str, zone: ZoneInfo) -> Any:
    """The value as in JSON. A text that cannot be read is returned as it is, so that the model reports the error."""
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


def _bare_type(annotation: Any) -> Any:
    """The type without its constraints and without None."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif get_origin(annotation) in (Union, types.UnionType):
            kinds = [kind for kind in get_args(annotation) if kind is not type(None)]
            annotation = kinds[0]
        else:
            return annotation


def _path(location: tuple[int | str, ...]) -> str:
    """The path of a field from the location of a validation error, without parts such as `function-after[…]`."""
    return ".".join(part for part in map(str, location) if not part.endswith("]"))


def form_texts(value: BaseModel, before: str = "") -> dict[str, str | list[str]]:
    """The texts of a form that is filled in with the value, by the paths of the fields. `before` is the first part."""
    texts: dict[str, str | list[str]] = {}
    _add_texts(value.model_dump(mode="json", exclude_none=True), before, texts)
    return texts


def _add_texts(value: Any, path: str, texts: dict[str, str | list[str]]) -> None:
    """Adds the texts of the value at `path`, and of everything in it."""
    match value:
        case dict():
            for name, part in value.items():
                _add_texts(part, f"{path}.{name}" if path else name, texts)
        case [] | [dict(), *_]:
            for number, part in enumerate(value):
                _add_texts(part, f"{path}.{number}", texts)
        case list():
            texts[path] = [str(part) for part in value]
        case bool():
            texts[path] = "true" if value else "false"
        case float():
            texts[path] = f"{value:g}"
        case _:
            texts[path] = str(value)
