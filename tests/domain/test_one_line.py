"""Names, references and codes that come in are one line; free text may have several. What is stored stays as wide."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

import pytest
from pydantic import BaseModel, StringConstraints, ValidationError

from api.text.invalid_values import invalid_value
from domain.commands import Command
from domain.commands.patient import AddMemberIdentifier, OpenHistory, RetireMemberIdentifier
from domain.events.patient import Member
from domain.facts import FREE_TEXT, Name, Text, value_faults

BREAKS = ["\n", "\r", "\t", "\u2028", "\u2029", "\u202e", "\u202a", "\u2066"]


def causes(value: Any) -> list[tuple[Any, str]]:
    return [(one["loc"], invalid_value(one).cause) for one in value_faults(value, ())]


@pytest.mark.parametrize("between", BREAKS)
@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"name": "Ana{}Synthetic"}, ("name",)),
        ({"prescriber": {"name": "Nora{}Neuro"}}, ("prescriber", "name")),
        ({"statement": {"agents": [{"product": "Oc{}revus"}]}}, ("statement", "agents", 0, "product")),
        ({"diagnosis_codes": ["G35", "G{}35"]}, ("diagnosis_codes", 1)),
        ({"source_reference": "C{}1"}, ("source_reference",)),
        ({"site": "East{}Center"}, ("site",)),
    ],
)
def test_a_name_of_several_lines_is_refused(value: Any, place: tuple[str | int, ...], between: str) -> None:
    assert causes(_with(value, between)) == [
        (place, "the text contains a line break, a tab, or a mark of writing direction")
    ]
    assert causes(_with(value, " ")) == []


def _with(value: Any, between: str) -> Any:
    if isinstance(value, dict):
        return {name: _with(part, between) for name, part in value.items()}
    return [_with(one, between) for one in value] if isinstance(value, list) else value.format(between)


@pytest.mark.parametrize("field", sorted(FREE_TEXT))
def test_free_text_keeps_its_lines(field: str) -> None:
    assert causes({field: "One line.\r\n\tAnother line.", "notes": []}) == []


@pytest.mark.parametrize("text", ["Ana Synthetic\n", "\tAna Synthetic ", "Ana\u200bSynthetic", "\u05d0\u200f \u05d1"])
def test_space_around_a_name_and_invisible_characters_are_no_break(text: str) -> None:
    assert causes({"name": text}) == []


@pytest.mark.parametrize("between", BREAKS)
@pytest.mark.parametrize("command", [OpenHistory, AddMemberIdentifier])
def test_a_member_id_that_comes_in_is_one_line(command: type[BaseModel], between: str) -> None:
    for member in ({"member_id": f"M{between}1"}, {"issuer": f"A{between}B", "member_id": "1"}):
        with pytest.raises(ValidationError) as refused:
            command.model_validate({"member": member, "name": "Ana Synthetic"} if command is OpenHistory else
                                   {"member": member})  # fmt: skip
        (fault,) = refused.value.errors()
        assert (fault["loc"], invalid_value(fault).remedy) == (("member",), "write it in one line")


def test_a_member_id_on_record_is_read_and_retired_in_its_form() -> None:
    member = Member(member_id="M\t1")
    assert RetireMemberIdentifier(member=member, reason="Replaced.").member == member
    assert causes({"member": {"member_id": "M\t1"}, "reason": "Replaced."}) == []


def test_the_fields_of_free_text_are_those_of_the_commands() -> None:
    fields = [one for command in get_args(Command) for one in _fields(command)]
    assert {name for name, kind in fields if kind == Text} == FREE_TEXT
    assert not {name for name, kind in fields if kind == Name} & FREE_TEXT


def _fields(model: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    """The names of all fields of text, with their types, of the model and of those in it."""
    for name, info in model.model_fields.items():
        for kind in _kinds(Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from _fields(kind)
            else:
                yield name, kind


def _kinds(annotation: Any) -> Iterator[Any]:
    """The models, and the free text and names, that an annotation has, in a union or a list too."""
    for kind in (Text, Name):
        if _length(annotation) is not None and _length(annotation) == _length(kind):
            yield kind
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _kinds(part)


def _length(annotation: Any) -> int | None:
    if get_origin(annotation) is not Annotated:
        return None
    return next((one.max_length for one in annotation.__metadata__ if isinstance(one, StringConstraints)), None)
