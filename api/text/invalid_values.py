"""What is wrong with a value that a field does not accept, and what to send instead, in plain sentences.

The command line, the API, the pages and the files for import and assessment all use this table. No sentence repeats
the value, which may be a patient's data, and none is the validator's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, cast

from domain.facts import NOT_ONE_LINE


class InvalidValue(NamedTuple):
    """The cause, and the remedy. The remedy is empty where the cause says what to send."""

    cause: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.cause}; {self.remedy}" if self.remedy else self.cause


_DATE: Final = ("this is not a date", "write the date as YYYY-MM-DD")
_TIME: Final = ("this is not a time", "write the time as RFC 3339, for example 2026-04-20T14:05:00Z")
_WHOLE: Final = ("this is not a whole number", "send a whole number, for example 5")
_NUMBER: Final = ("this is not a number", "send a number, for example 12 or 0.5")
_YES_OR_NO: Final = ("this is neither true nor false", "send true or false")
_TEXT: Final = ("this is not text", "send text")
_OBJECT: Final = ("this is not an object", "send an object with named fields")
_LIST: Final = ("this is not a list", "send a list")
_ID: Final = ("this is not an id of this kind", "send the id exactly as the ledger returned it")
_OTHER: Final = ("this field does not accept the value", "see the description of the field")

_SENTENCES: Final[dict[str, tuple[str, str]]] = {
    "missing": ("this field is required", "add it"),
    "extra_forbidden": ("this field does not exist", "remove it, or correct its name"),
    "literal_error": ("this is not one of the values of this field", "send one of {expected}"),
    "enum": ("this is not one of the values of this field", "send one of {expected}"),
    "union_tag_invalid": ("this kind does not exist", "send one of {expected_tags}"),
    "union_tag_not_found": ("the kind is not stated", "add the kind"),
    "greater_than": ("the number is too small", "send more than {gt}"),
    "greater_than_equal": ("the number is too small", "send {ge} or more"),
    "less_than": ("the number is too large", "send less than {lt}"),
    "less_than_equal": ("the number is too large", "send {le} or less"),
    "finite_number": ("the number is too large", "send a smaller number"),
    "multiple_of": ("the number is not a multiple of {multiple_of}", "send a multiple of {multiple_of}"),
    "string_too_short": ("the text is too short", "send at least {min_length} characters"),
    "string_too_long": ("the text is too long", "send at most {max_length} characters"),
    "string_unicode": ("the text is not valid Unicode", "send text in UTF-8"),
    "too_short": ("the list is too short", "list at least {min_length}"),
    "too_long": ("the list is too long", "list at most {max_length}"),
    "control_character": ("the text contains a control character", "remove it"),
    NOT_ONE_LINE: ("the text contains a line break, a tab, or a mark of writing direction", "write it in one line"),
    "none_required": ("this must be empty", "leave the field out"),
    "date_from_datetime_inexact": ("this is a time and not a date", _DATE[1]),
    "timezone_aware": ("the time needs an offset from UTC", _TIME[1]),
    **dict.fromkeys(("date_type", "date_parsing", "date_from_datetime_parsing"), _DATE),
    **dict.fromkeys(("datetime_type", "datetime_parsing", "datetime_from_date_parsing", "time_parsing"), _TIME),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), _WHOLE),
    "int_parsing_size": ("the number is too large", "send a smaller number"),
    **dict.fromkeys(("float_type", "float_parsing", "decimal_type", "decimal_parsing"), _NUMBER),
    **dict.fromkeys(("bool_type", "bool_parsing"), _YES_OR_NO),
    "string_type": _TEXT,
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type", "mapping_type", "dataclass_type"), _OBJECT),
    **dict.fromkeys(("list_type", "tuple_type", "set_type", "frozen_set_type", "iterable_type"), _LIST),
    **dict.fromkeys(("uuid_type", "uuid_parsing", "uuid_version"), _ID),
    **dict.fromkeys(("json_invalid", "json_type"), ("this is not JSON", "send JSON in UTF-8")),
    **dict.fromkeys(
        ("url_type", "url_parsing", "url_syntax_violation", "url_scheme"),
        ("this is not an address", "send an address such as https://plan.example"),
    ),
}
"""For each type of error of the validator, the cause and the remedy. Braces name a value of the field's definition."""

_FORMATS: Final = (
    (r"\.r[0-9]", ("this is not the id of a request", "send the patient's id, .r and the number of the request")),
    (r"\.d[0-9]", ("this is not the id of a dose entry", "send the patient's id, .d and the number of the entry")),
    (r"\.t[0-9]", ("this is not the id of a report", "send the patient's id, .t and the number of the report")),
    (r"\.f[0-9]", ("this is not the id of a document", "send the patient's id, .f and the number of the document")),
    (r"\.n[0-9]", ("this is not the id of a notice", "send the patient's id, .n and the number of the notice")),
    (r"\.a[0-9]", ("this is not the id of an appeal", "send the patient's id, .a and the number of the appeal")),
    ("{4}-[0-9]{2}", _DATE),
    ("(1|NR|Dosing)", ("this is not a clause", "cite the clause as the assessment lists it, for example 1.B.iv")),
    ("{64}", ("this is not a digest (SHA-256)", "send its 64 hexadecimal digits, as the ledger returned them")),
    ("{10}", ("this is not a number of 10 digits", "send 10 digits")),
    ("._@:-]", ("the id has a character that is not allowed", "use letters, digits, and . _ @ : -")),
    (r"\x21-\x7e", ("the text has a character that is not allowed", "use visible ASCII characters, and no space")),
    ("[A-Z]{2}$", ("this is not a state", "send the two letters of a state or territory, for example CA")),
    (r"^\x00", ("the text contains a control character", "remove it")),
)
"""Parts of patterns, with what is wrong with a text that does not match, and what to send."""
_COPIED: Final = ("this value does not come from the ledger", "send the value exactly as the ledger returned it")


def invalid_value(error: Mapping[str, object]) -> InvalidValue:
    """The sentences for one error of the validator."""
    kind, context = str(error["type"]), cast("Mapping[str, Any]", error.get("ctx") or {})
    if kind in ("value_error", "assertion_error", "unknown_parameter"):
        # These sentences are the program's own.
        message = str(error["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
        cause, _, remedy = message.partition("; ")
        return InvalidValue(cause[:1].lower() + cause[1:], remedy)
    if kind == "string_pattern_mismatch":
        pattern = str(context.get("pattern", ""))
        return InvalidValue(*next((words for part, words in _FORMATS if part in pattern), _COPIED))
    if kind == "string_too_short" and context.get("min_length") == 1:
        return InvalidValue("the text is empty", "write something, or leave the field out if it is optional")
    cause, remedy = _SENTENCES.get(kind, _OTHER)
    values = {name: str(value).replace("'", "") for name, value in context.items()}
    return InvalidValue(cause.format_map(values), remedy.format_map(values))
