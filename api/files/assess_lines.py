"""`assess`: one assessment a line, no ledger touched. Bytes in, answers and refusals out.

A line that cannot be judged is refused with its number and never stops the others.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, JsonValue, StrictStr, ValidationError
from pydantic_core import ErrorDetails, from_json

from domain.calendar import Day
from domain.errors import EditionUnknown
from domain.facts import Facts
from domain.policy.assessment import NOT_LISTED, Assessment, Finding, assess
from domain.policy.edition import Edition
from domain.policy.editions import edition_for, edition_named
from domain.policy.treatment_standing import contradictions

SENT_AGAIN: Final = "correct the line and send the file again"


class AssessLine(BaseModel):
    """One case as it is sent. An unknown key is an error, a missing one is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    case_id: StrictStr | None = None
    as_of: Day
    received_on: Day | None = None
    edition: StrictStr | None = None
    facts: Facts = Facts()
    expected: JsonValue = None

    def applicable_edition(self) -> Edition:
        """As named, else in force on the day of receipt, else on the day of judgement (R21)."""
        if self.edition is not None:
            return edition_named(self.edition)
        return edition_for(self.received_on or self.as_of)


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to one line. `differences` is None where nothing was expected of it."""

    line_number: int
    output: dict[str, Any]
    differences: tuple[str, ...] | None = None

    def __str__(self) -> str:
        return _printable(f"line {self.line_number}, case {self.output['case_id']}")

    def to_line(self) -> str:
        # In ASCII: some readers take U+2028 and its like inside a string for the end of a line.
        return json.dumps(self.output, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that has no answer."""

    line_number: int
    cause: str
    place: str
    remedy: str

    def __str__(self) -> str:
        where = f"line {self.line_number}" + (f", {self.place}" if self.place else "")
        return _printable(f"{self.cause} ({where}): {self.remedy}")


def _printable(text: str) -> str:
    """What came from a line of input may hold line ends and terminal codes; an error is one line."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


class _Unusable(Exception):
    def __init__(self, cause: str, place: str = "", remedy: str = SENT_AGAIN) -> None:
        super().__init__(cause)
        self.cause, self.place, self.remedy = cause, place, remedy


def answers(lines: Iterable[bytes], *, full: bool = False, check: bool = False) -> Iterator[Answered | Refused]:
    """Every line that is not blank, answered or refused, in the order of the input."""
    for number, raw in enumerate(lines, start=1):
        text = (raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw).strip()
        if not text:
            continue
        try:
            line = _parsed(text)
            output = _judged(line, full=full)
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
        # The parser keeps the last of two values for one key and says nothing; two values are a contradiction.
        json.loads(text, object_pairs_hook=_without_duplicates)
    except ValueError as error:
        cause = str(error).replace(" at line 1 column ", " at column ")
        raise _Unusable(f"not JSON: {cause}", remedy="send one JSON object on each line, with finite numbers") from None
    if not isinstance(value, dict):
        raise _Unusable("each line must be one JSON object", remedy='send {"as_of": ..., "facts": {...}}')
    try:
        return AssessLine.model_validate_json(text)
    except ValidationError as error:
        raise _unusable(error.errors(include_url=False)) from None


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise _Unusable(f"the key {twice!r} appears twice in one object", twice, "keep one of the two values")
    return found


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
            return error["msg"].removeprefix("Value error, ").replace("Input should be", f"{name} should be")


def _place(error: ErrorDetails) -> str:
    return ".".join(map(str, error["loc"]))


def _remedy(error: ErrorDetails) -> str:
    if error["type"] == "extra_forbidden":
        return "remove the field, or correct its spelling"
    if error["type"] == "missing":
        return "send the field"
    if error["input"] is None:
        return "leave the key out if the value is not known"
    return SENT_AGAIN


# -- judging it -------------------------------------------------------------------------------


def _judged(line: AssessLine, *, full: bool) -> dict[str, Any]:
    found = contradictions(line.facts, line.as_of)
    if line.received_on is not None and line.received_on > line.as_of:
        found.append(f"received_on {line.received_on} is after as_of {line.as_of}: correct one of the two")
    if found:
        cause, _, remedy = found[0].partition(": ")
        raise _Unusable(cause, remedy=remedy)
    try:
        edition = line.applicable_edition()
    except EditionUnknown as error:
        raise _Unusable(error.cause, error.field or "", error.remedy) from None
    return _rendered(line.case_id, assess(line.facts, line.as_of, edition), full=full)


def _rendered(case_id: str | None, judged: Assessment, *, full: bool) -> dict[str, Any]:
    # The diagnosis and NR.5 repeat what other findings say; they are shown on request.
    shown = [one for one in judged.findings if full or one.citation not in ("1", NOT_LISTED)]
    output: dict[str, Any] = {
        "case_id": case_id,
        "edition": judged.edition,
        "recommendation": judged.recommendation,
        "path": judged.path,
        "doses": judged.doses,
        "valid_days": judged.valid_days,
        "findings": {one.citation: one.answer.value for one in shown},
        "needed": list(judged.needed),
        "exclusions": list(judged.exclusions),
    }
    if full:
        output |= {
            "provenance": judged.edition_provenance,
            "explanations": {one.citation: _explained(one) for one in shown},
            "reasons": [one.model_dump(mode="json") for one in judged.reasons],
            "advisories": list(judged.advisories),
            "approvable_from": judged.approvable_from.isoformat() if judged.approvable_from else None,
        }
    return output


def _explained(finding: Finding) -> dict[str, Any]:
    return finding.model_dump(mode="json", exclude={"citation"})


# -- comparing it with what was expected ------------------------------------------------------


def _differences(line: AssessLine, output: dict[str, Any]) -> tuple[str, ...]:
    """What the line expected and the answer is not; only what it names is compared."""
    if not isinstance(line.expected, dict):
        raise _Unusable("expected should be an object", "expected", SENT_AGAIN)
    return tuple(map(_printable, _compared("", line.expected, output)))


def _compared(place: str, expected: dict[str, Any], answered: dict[str, Any]) -> Iterator[str]:
    for key, value in expected.items():
        where = f"{place}.{key}" if place else key
        if key not in answered:
            yield f"{where}: expected {_spoken(value)}, but the answer has no such key"
        elif isinstance(value, dict) and isinstance(answered[key], dict):
            yield from _compared(where, value, answered[key])
        elif value != answered[key]:
            yield f"{where}: expected {_spoken(value)}, answered {_spoken(answered[key])}"


def _spoken(value: Any) -> str:
    return json.dumps(value)
