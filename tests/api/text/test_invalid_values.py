"""A value that a field does not accept is refused in the program's words: what is wrong, and what to send instead."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import BaseModel, Field, StrictInt, TypeAdapter, ValidationError
from pydantic_core._pydantic_core import list_all_errors

from api.text.invalid_values import invalid_value
from domain.events.base import AppealId, RequestId
from domain.facts import Text
from domain.people import ActorId


class Model(BaseModel, extra="forbid"):
    name: str


OWN = ("value_error", "assertion_error")
"""Errors whose sentence the program wrote."""
EVERY = [one for one in list_all_errors() if one["type"] not in OWN]


@pytest.mark.parametrize("error", EVERY, ids=lambda one: one["type"])
def test_no_sentence_is_the_validator_s(error: dict[str, Any]) -> None:
    context = error.get("example_context") or {}
    said = invalid_value({"type": error["type"], "msg": error["message_template_python"], "ctx": context})
    for sentence in said:
        assert sentence
        assert sentence[0].islower()
        assert not sentence.endswith(".")
        assert "{" not in sentence
    assert "Input" not in str(said)


def faults(of: Any, value: Any) -> list[str]:
    try:
        TypeAdapter(of).validate_python(value)
    except ValidationError as error:
        return [str(invalid_value(one)) for one in error.errors()]
    raise AssertionError("the value is accepted")


@pytest.mark.parametrize(
    ("of", "value", "said"),
    [
        (int, "secret", "this is not a whole number; send a whole number, for example 5"),
        (StrictInt, "5", "this is not a whole number; send a whole number, for example 5"),
        (Annotated[int, Field(ge=1)], 0, "the number is too small; send 1 or more"),
        (Annotated[float, Field(le=30)], 31, "the number is too large; send 30.0 or less"),
        (bool, "secret", "this is neither true nor false; send true or false"),
        (Literal["mail", "fax"], "secret", "this is not one of the values of this field; send one of mail or fax"),
        (date, "secret", "this is not a date; write the date as YYYY-MM-DD"),
        (datetime, "secret", "this is not a time; write the time as RFC 3339, for example 2026-04-20T14:05:00Z"),
        (UUID, "secret", "this is not an id of this kind; send the id exactly as the ledger returned it"),
        (Text, "", "the text is empty; write something, or leave the field out if it is optional"),
        (Text, "x" * 2001, "the text is too long; send at most 2000 characters"),
        (Text, "\x00", "the text contains a control character; remove it"),
        (ActorId, "two words", "the id has a character that is not allowed; use letters, digits, and . _ @ : -"),
        (
            RequestId,
            "secret",
            "this is not the id of a request; send the patient's id, .r and the number of the request",
        ),
        (AppealId, "secret", "this is not the id of an appeal; send the patient's id, .a and the number of the appeal"),
        (Annotated[list[int], Field(max_length=1)], [1, 2], "the list is too long; list at most 1"),
        (Model, "secret", "this is not an object; send an object with named fields"),
        (Model, {}, "this field is required; add it"),
        (Model, {"name": "a", "secret": 1}, "this field does not exist; remove it, or correct its name"),
    ],
)
def test_what_is_wrong_and_what_to_send(of: Any, value: Any, said: str) -> None:
    assert faults(of, value) == [said]
    assert "secret" not in said
