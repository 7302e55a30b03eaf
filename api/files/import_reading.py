"""Reads one line of an import, of JSON or of a row of claims, and says what is wrong with a line that cannot be read.

No message repeats a value of the line: it may be a patient's data.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from api.files.claim_fields import whole_units
from api.files.claims_csv import OPTIONAL_COLUMNS, ClaimRow
from api.files.import_lines import LINE, REFERENCE
from api.files.import_members import AnyImportLine, StatedId, member_of_row
from api.text.invalid_values import invalid_value
from domain.errors import Conflict
from domain.facts import value_faults
from domain.ledger.member_index import OWN_ISSUER
from domain.ledger.members import Members

LINE_BYTES_MAX: Final = 262_144
KINDS: Final = ("history", "prior_treatment", "request", "determination", "dose", "claim", "coverage")

_NAMES_A_PERSON: Final = frozenset({"name", "birth_date"})
_STATED_ID: Final = re.compile(r'"member(?:_id)?"\s*:\s*("(?:[^"\\]|\\.)*"|\d+)')
_STATES_HISTORY: Final = re.compile(r'"kind"\s*:\s*"history"')


class UnreadableLine(Exception):
    """A line cannot be read. `value` is the parsed value of the line, if there is one.

    `persons` are the member IDs that a history line states, as far as they can be read.
    """

    def __init__(
        self, cause: str, field: str | None, remedy: str, value: Any = None, persons: tuple[StatedId, ...] = ()
    ) -> None:
        super().__init__(cause)
        self.cause, self.field, self.remedy = cause, field, remedy
        fields = value if isinstance(value, dict) else {}
        self.kind = fields["kind"] if fields.get("kind") in KINDS else None
        self.reference = fields["reference"] if _is_reference(fields.get("reference")) else None
        self.persons = persons or tuple(_persons_of(fields))


def line_of_json(text: bytes) -> AnyImportLine:
    """The line of one JSON object. Raises UnreadableLine."""
    if len(text) > LINE_BYTES_MAX:
        cause = f"the line is longer than {LINE_BYTES_MAX} bytes"
        raise UnreadableLine(cause, None, "send one fact on each line", persons=_persons_in(text))
    try:
        text.decode()
        value = from_json(text, allow_inf_nan=False)
    except UnicodeDecodeError as error:
        place, persons = f"byte {error.start + 1}", _persons_in(text)
        raise UnreadableLine("not UTF-8", place, "save the file as UTF-8", persons=persons) from None
    except ValueError:
        remedy = "send one JSON object on each line"
        raise UnreadableLine("not JSON", None, remedy, persons=_persons_in(text)) from None
    return _validated(value)


def line_of_claim(row: ClaimRow, members: Members) -> AnyImportLine:
    """The line of one row of claims. Raises UnreadableLine."""
    values = row.values
    hcpcs = values["hcpcs"].upper()
    if hcpcs != "J0202":
        fields = {"kind": "claim", "reference": values["claim_reference"]}
        raise UnreadableLine(
            "not a claim line for alemtuzumab", "hcpcs", "send only claim lines with HCPCS J0202", fields
        )
    try:
        member = member_of_row(members, values["member"], values.get("issuer", ""))
    except Conflict as error:
        fields = {"kind": "claim", "reference": values["claim_reference"]}
        remedy = "add a column issuer; write plan there for the ID as a whole"
        raise UnreadableLine(error.cause, "member", remedy, fields) from None
    optional = {name: values[name] for name in OPTIONAL_COLUMNS if values.get(name) and name != "issuer"}
    if values["date_of_service"]:
        optional["on"] = values["date_of_service"]
    return _validated(
        {
            "kind": "claim",
            "reference": values["claim_reference"],
            "member": member,
            "hcpcs": hcpcs,
            "units": whole_units(values["units"]),
        }
        | optional
    )


def _is_reference(value: object) -> bool:
    """Whether the value is a valid reference. Any other value may be patient data and is not repeated."""
    try:
        REFERENCE.validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


def _validated(value: Any) -> AnyImportLine:
    for found in value_faults(value, ()):
        cause, remedy = invalid_value(found)
        path = ".".join(str(one) for one in found["loc"] if isinstance(one, int) or one.isidentifier())
        raise UnreadableLine(cause, path or None, remedy, value)
    try:
        line: AnyImportLine = LINE.validate_json(to_json(value))
    except ValidationError as error:
        fault = error.errors(include_input=False, include_url=False)[0]
        path = ".".join(str(one) for one in fault["loc"][1:] if isinstance(one, int) or one.isidentifier())
        cause, remedy = invalid_value(fault)
        remedy = remedy or "see `import --schema` for the fields of a line"
        raise UnreadableLine(cause, path or None, remedy, value) from None
    return line


# -- whom an unreadable history line is about -------------------------------------------------


def _persons_in(text: bytes) -> tuple[StatedId, ...]:
    """The member IDs that the text of a history line states, where the text is not JSON, or not UTF-8."""
    line = text.decode("utf-8", "replace")
    try:
        value = json.loads(line, strict=False)
    except ValueError:
        found = _STATED_ID.findall(line) if _STATES_HISTORY.search(line) else []
        return tuple(one for stated in found for one in _ids_of(_scalar(stated), None))
    except RecursionError:
        return ()
    return tuple(_persons_of(value)) if isinstance(value, dict) else ()


def _scalar(text: str) -> object:
    try:
        return json.loads(text, strict=False)
    except ValueError:
        return text.strip('"')


def _persons_of(fields: dict[str, Any]) -> Iterator[StatedId]:
    """The member IDs of a history line, or of a line of an unknown kind that names a person."""
    kind = fields.get("kind")
    if kind != "history" and (kind in KINDS or not _NAMES_A_PERSON & fields.keys()):
        return
    member = fields.get("member")
    yield from _ids_of(fields.get("member_id"), fields.get("issuer"))
    if not isinstance(member, dict):
        yield from _ids_of(member, None)
        return
    issuer = member.get("issuer")
    texts = [member["member_id"]] if "member_id" in member else [member[name] for name in member if name != "issuer"]
    for text in texts:
        yield from _ids_of(text, issuer)


def _ids_of(text: object, issuer: object) -> Iterator[StatedId]:
    """A text as a member ID, and, where no issuer is stated, as an issuer and a member ID too."""
    if isinstance(text, bool) or not isinstance(text, str | int):
        return
    yield (issuer if isinstance(issuer, str) else OWN_ISSUER), str(text)
    before, colon, after = str(text).partition(":")
    if colon and issuer is None:
        yield before, after
