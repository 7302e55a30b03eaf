"""`assess`: assesses one case on each line, without a ledger. It takes lines of bytes and yields answers and refusals.

A line that cannot be assessed is refused with its number. The other lines are still assessed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, JsonValue, StrictStr, ValidationError
from pydantic_core import ErrorDetails, from_json

from api.text.invalid_values import invalid_value
from domain.calendar import Day
from domain.errors import EditionUnknown
from domain.facts import Facts, value_faults
from domain.policy.assessment import NOT_LISTED, Assessment, Finding, assess
from domain.policy.edition import Edition
from domain.policy.editions import edition_for, edition_named
from domain.policy.treatment_standing import contradictions

SENT_AGAIN: Final = "correct the line and send the file again"


class AssessLine(BaseModel):
    """One case. An unknown key is an error. The value of a missing key is unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    case_id: StrictStr | None = None
    as_of: Day
    received_on: Day | None = None
    edition: StrictStr | None = None
    facts: Facts = Facts()
    expected: JsonValue = None

    def applicable_edition(self) -> Edition:
        """The edition that is named, else the one in effect on the day of receipt, else on the day of assessment (R21).

        Raises EditionUnknown.
        """
        if self.edition is not None:
            return edition_named(self.edition)
        return edition_for(self.received_on or self.as_of)


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to one line. `differences` is None if the line has no expected answer or is not checked."""

    line_number: int
    output: dict[str, Any]
    differences: tuple[str, ...] | None = None

    def __str__(self) -> str:
        return _printable(f"line {self.line_number}, case {self.output['case_id']}")

    def to_line(self) -> str:
        """The answer as one line of JSON."""
        # The line is ASCII, because some programs treat U+2028 and similar characters in a string as the end of a line.
        return json.dumps(self.output, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that was refused."""

    line_number: int
    cause: str
    place: str
    remedy: str

    def __str__(self) -> str:
        where = f"line {self.line_number}" + (f", {self.place}" if self.place else "")
        return _printable(f"{self.cause} ({where}): {self.remedy}")


def _printable(text: str) -> str:
    """The text on one line. Text from the input may contain line breaks and terminal codes, which are escaped."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


class _Unusable(Exception):
    def __init__(self, cause: str, place: str = "", remedy: str = SENT_AGAIN) -> None:
        super().__init__(cause)
        self.cause, self.place, self.remedy = cause, place, remedy


def answers(lines: Iterable[bytes], *, full: bool = False, check: bool = False) -> Iterator[Answered | Refused]:
    """The answer or refusal of every line that is not blank, in the order of the input.

    `full` includes explanations. `check` compares each answer with the `expected` of its line.
    """
    for number, raw in enumerate(lines, start=1):
        text = (raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw).strip()
        if not text:
            continue
        try:
            line = _parsed(text)
            output = _assessed(line, full=full)
            differences = _differences(line, output) if check and line.expected is not None else None
        except _Unusable as refusal:
            yield Refused(number, refusal.cause, refusal.place, refusal.remedy)
        else:
            yield Answered(number, output, differences)


# -- reading a line ---------------------------------------------------------------------------


def _parsed(text: bytes) -> AssessLine:
    try:
        text.decode()
    except UnicodeDecodeError as error:
        raise _Unusable("not UTF-8", f"byte {error.start + 1}", "save the file as UTF-8") from None
    try:
        value = from_json(text, allow_inf_nan=False)
        # `from_json` accepts a key that appears twice and keeps the last value. Two values are a contradiction.
        json.loads(text, object_pairs_hook=_reject_duplicates)
    except ValueError as error:
        cause = str(error).replace(" at line 1 column ", " at column ")
        raise _Unusable(f"not JSON: {cause}", remedy="send one JSON object on each line, with finite numbers") from None
    if not isinstance(value, dict):
        raise _Unusable("each line must be one JSON object", remedy='send {"as_of": ..., "facts": {...}}')
    for found in value_faults(value.get("facts"), ("facts",)):
        raise _Unusable(invalid_value(found).cause, ".".join(map(str, found["loc"])), invalid_value(found).remedy)
    try:
        return AssessLine.model_validate_json(text)
    except ValidationError as error:
        raise _unusable(error.errors(include_url=False)) from None


def _reject_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        keys = [key for key, _ in pairs]
        duplicate = next(key for key in keys if keys.count(key) > 1)
        raise _Unusable(f"the key {duplicate!r} appears twice in one object", duplicate, "keep one of the two values")
    return members


def _unusable(errors: list[ErrorDetails]) -> _Unusable:
    first = errors[0]
    others = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return _Unusable(_cause(first) + others, _place(first), _remedy(first))


def _cause(error: ErrorDetails) -> str:
    name = error["loc"][-1] if error["loc"] else "the line"
    match error["type"]:
        case "extra_forbidden":
            return f"unknown key {name!r}"
        case "missing":
            return f"{name} is missing"
        case _:
            return invalid_value(error).cause


def _place(error: ErrorDetails) -> str:
    return ".".join(map(str, error["loc"]))


def _remedy(error: ErrorDetails) -> str:
    if error["type"] == "extra_forbidden":
        return "remove the field, or correct its spelling"
    if error["type"] == "missing":
        return "send the field"
    if error["input"] is None:
        return "leave the key out if the value is not known"
    return invalid_value(error).remedy or SENT_AGAIN


# -- assessing a line -------------------------------------------------------------------------


def _assessed(line: AssessLine, *, full: bool) -> dict[str, Any]:
    problems = contradictions(line.facts, line.as_of)
    if line.received_on is not None and line.received_on > line.as_of:
        problems.append(f"received_on {line.received_on} is after as_of {line.as_of}: correct one of the two")
    if problems:
        cause, _, remedy = problems[0].partition(": ")
        raise _Unusable(cause, remedy=remedy)
    try:
        edition = line.applicable_edition()
    except EditionUnknown as error:
        raise _Unusable(error.cause, error.field or "", error.remedy) from None
    return _rendered(line.case_id, assess(line.facts, line.as_of, edition), full=full)


def _rendered(case_id: str | None, assessment: Assessment, *, full: bool) -> dict[str, Any]:
    # The findings of the diagnosis and of NR.5 repeat other findings, so they are included only in a full answer.
    shown = [one for one in assessment.findings if full or one.citation not in ("1", NOT_LISTED)]
    output: dict[str, Any] = {
        "case_id": case_id,
        "edition": assessment.edition,
        "recommendation": assessment.recommendation,
        "path": assessment.path,
        "doses": assessment.doses,
        "valid_days": assessment.valid_days,
        "findings": {one.citation: one.answer.value for one in shown},
        "needed": list(assessment.needed),
        "exclusions": list(assessment.exclusions),
    }
    if full:
        output |= {
            "provenance": assessment.edition_provenance,
            "explanations": {one.citation: _explained(one) for one in shown},
            "reasons": [one.model_dump(mode="json") for one in assessment.reasons],
            "advisories": list(assessment.advisories),
            "approvable_from": assessment.approvable_from.isoformat() if assessment.approvable_from else None,
        }
    return output


def _explained(finding: Finding) -> dict[str, Any]:
    return finding.model_dump(mode="json", exclude={"citation"})


# -- comparing an answer with the expected answer ---------------------------------------------


def _differences(line: AssessLine, output: dict[str, Any]) -> tuple[str, ...]:
    """The differences between the expected answer and the answer. Only keys in the expected answer are compared."""
    if not isinstance(line.expected, dict):
        raise _Unusable("expected should be an object", "expected", SENT_AGAIN)
    return tuple(map(_printable, _compared("", line.expected, output)))


def _compared(path: str, expected: dict[str, Any], answer: dict[str, Any]) -> Iterator[str]:
    for key, value in expected.items():
        key_path = f"{path}.{key}" if path else key
        if key not in answer:
            yield f"{key_path}: expected {_as_json(value)}, but the answer has no such key"
        elif isinstance(value, dict) and isinstance(answer[key], dict):
            yield from _compared(key_path, value, answer[key])
        elif value != answer[key]:
            yield f"{key_path}: expected {_as_json(value)}, answered {_as_json(answer[key])}"


def _as_json(value: Any) -> str:
    return json.dumps(value)
