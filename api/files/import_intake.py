"""Imports lines: each line becomes a command, which is recorded only once for each reference.

A second run finds what the first run recorded. The functions take lines of bytes and yield one outcome for each line.
A refused line does not stop the others. No message repeats patient data of a line.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal
from uuid import UUID

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from api.files.import_lines import (
    LINE,
    REFERENCE,
    ClaimLine,
    CoverageLine,
    DeterminationLine,
    DoseLine,
    HistoryLine,
    PriorTreatmentLine,
    RequestLine,
)
from api.record_access.commands import recording_refusals
from api.record_access.patient_access import PatientAccess
from api.text.invalid_values import invalid_value
from domain.commands import Command
from domain.commands.determinations import ImportPastDetermination
from domain.commands.patient import ChangeLineOfBusiness, OpenHistory
from domain.commands.requests import SubmitRequest
from domain.commands.treatment import RecordDose, ReportPriorTreatment
from domain.errors import AlreadyRecorded, KeyReused, LedgerError
from domain.events.base import ImportedFrom
from domain.ledger.application import Ledger
from domain.people import Actor

CLAIM_COLUMNS: Final = ("member", "date_of_service", "hcpcs", "units", "claim_reference")
LINE_BYTES_MAX: Final = 262_144
RECORDED_BEFORE: Final = "recorded before"
KINDS: Final = ("history", "prior_treatment", "request", "determination", "dose", "claim", "coverage")

AnyImportLine = HistoryLine | PriorTreatmentLine | RequestLine | DeterminationLine | DoseLine | ClaimLine | CoverageLine
Fate = Literal["recorded", "recorded before", "refused"]


@dataclass(frozen=True, slots=True)
class LineOutcome:
    """The outcome of one line. `kind` and `reference` are None if they could not be read."""

    line_number: int
    fate: Fate
    kind: str | None = None
    reference: str | None = None
    cause: str | None = None
    field: str | None = None
    remedy: str | None = None

    def __str__(self) -> str:
        where = ", ".join(filter(None, (f"line {self.line_number}", self.reference, self.field)))
        return f"{self.cause} ({where}): {self.remedy}"

    def to_json_value(self) -> dict[str, Any]:
        """The outcome as JSON, for the report of an import."""
        return {
            "line": self.line_number,
            "fate": self.fate,
            "kind": self.kind,
            "reference": self.reference,
            "cause": self.cause,
            "field": self.field,
            "remedy": self.remedy,
        }


class _UnreadableLine(Exception):
    """A line cannot be read. `value` is the parsed value of the line, if there is one."""

    def __init__(self, cause: str, field: str | None, remedy: str, value: Any = None) -> None:
        super().__init__(cause)
        self.cause, self.field, self.remedy = cause, field, remedy
        fields = value if isinstance(value, dict) else {}
        self.kind = fields["kind"] if fields.get("kind") in KINDS else None
        self.reference = fields["reference"] if _is_reference(fields.get("reference")) else None


@dataclass(frozen=True, slots=True)
class Intake:
    """An import from one source into one ledger. References are unique within a `source`.

    With `access`, a line that is refused because of data on record is recorded as an access.
    """

    ledger: Ledger
    source: str
    actor: Actor
    access: PatientAccess | None = None

    def json_lines(self, lines: Iterable[bytes]) -> Iterator[LineOutcome]:
        """Imports JSON lines: the outcome of every line that is not blank, in the order of the file."""
        for number, raw in enumerate(lines, start=1):
            text = (raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw).strip()
            if text:
                yield self._import(number, partial(_from_json, text))

    def claims(self, lines: Iterable[bytes]) -> Iterator[LineOutcome]:
        """Imports claim lines from CSV with a header of `CLAIM_COLUMNS`. `line_number` is the line in the file."""
        # Bytes that are not UTF-8 are replaced, so that only their line is refused and not the rest of the file.
        text = (raw.decode("utf-8-sig" if not number else "utf-8", "replace") for number, raw in enumerate(lines))
        rows = csv.DictReader(text, strict=True)
        try:
            missing = [name for name in CLAIM_COLUMNS if name not in (rows.fieldnames or ())]
            if missing:
                remedy = f"include the columns {', '.join(CLAIM_COLUMNS)}"
                yield LineOutcome(1, "refused", cause=f"the column {missing[0]} is missing", remedy=remedy)
                return
            for row in rows:
                yield self._import(rows.line_num, partial(_from_claim, row))
        except csv.Error as error:
            remedy = (
                "save the file as comma-separated UTF-8 and import it again: lines "
                "that were recorded are not recorded twice"
            )
            yield LineOutcome(
                rows.line_num, "refused", cause=f"the file is not valid CSV from this line on: {error}", remedy=remedy
            )

    # -- one line -----------------------------------------------------------------------------

    def _import(self, number: int, read: Callable[[], AnyImportLine]) -> LineOutcome:
        try:
            line = read()
        except _UnreadableLine as fault:
            return LineOutcome(number, "refused", fault.kind, fault.reference, fault.cause, fault.field, fault.remedy)
        try:
            fate = self._record(line)
        except KeyReused:
            remedy = "give the line its own reference, or correct the entry that was recorded from the earlier line"
            cause = "a different line with this reference was already imported"
            return LineOutcome(number, "refused", line.kind, line.reference, cause, "reference", remedy)
        except (LedgerError, _UnreadableLine) as error:
            return LineOutcome(number, "refused", line.kind, line.reference, error.cause, error.field, error.remedy)
        return LineOutcome(number, fate, line.kind, line.reference)

    def _record(self, line: AnyImportLine) -> Fate:
        imported = ImportedFrom(source=self.source, reference=line.reference)
        key = f"import:{self.source}:{line.reference}"
        if isinstance(line, HistoryLine):
            command = OpenHistory(member=line.member, name=line.name, birth_date=line.birth_date)
            try:
                with self._recording_refusals(None, command):
                    opened = self.ledger.open_history(command, self.actor, key=key, imported_from=imported)
            except AlreadyRecorded:
                return RECORDED_BEFORE
            return RECORDED_BEFORE if opened.replayed else "recorded"
        patient_id = self.ledger.find(line.member)
        if patient_id is None:
            raise _UnreadableLine("this member has not been added", "member", "import a line of kind history first")
        line_command = self._command(patient_id, line)
        with self._recording_refusals(patient_id, line_command):
            outcome = self.ledger.execute(patient_id, line_command, self.actor, key=key, imported_from=imported)
        return RECORDED_BEFORE if outcome.replayed else "recorded"

    def _recording_refusals(self, patient_id: UUID | None, command: Command) -> AbstractContextManager[None]:
        if self.access is None:
            return nullcontext()
        return recording_refusals(self.access, patient_id, command, self.actor)

    def _command(self, patient_id: UUID, line: AnyImportLine) -> Command:
        match line:
            case PriorTreatmentLine():
                stated = {name: getattr(line, name) for name in ReportPriorTreatment.model_fields}
                return ReportPriorTreatment(**stated)
            case RequestLine():
                return SubmitRequest(**{name: getattr(line, name) for name in SubmitRequest.model_fields})
            case DeterminationLine():
                terms = {
                    name: getattr(line, name) for name in ImportPastDetermination.model_fields if name != "request_id"
                }
                return ImportPastDetermination(request_id=self._request_of(patient_id, line), **terms)
            case CoverageLine():
                return ChangeLineOfBusiness(**{name: getattr(line, name) for name in ChangeLineOfBusiness.model_fields})
            case DoseLine():
                return RecordDose(
                    on=line.on, mg=line.mg, site=line.site, source=line.source, source_reference=line.reference
                )
            case ClaimLine():
                return RecordDose(on=line.on, mg=float(line.units), source="claim", source_reference=line.reference)
            case _:
                raise AssertionError(f"{line.kind} opens a history")

    def _request_of(self, patient_id: UUID, line: DeterminationLine) -> str:
        imported_from = ImportedFrom(source=self.source, reference=line.request)
        for request in self.ledger.history(patient_id).requests:
            if request.imported_from == imported_from:
                return request.request_id
        raise _UnreadableLine(
            "no request was imported with that reference", "request", "import the line of the request first"
        )


# -- reading ----------------------------------------------------------------------------------


def _from_json(text: bytes) -> AnyImportLine:
    if len(text) > LINE_BYTES_MAX:
        raise _UnreadableLine(f"the line is longer than {LINE_BYTES_MAX} bytes", None, "send one fact on each line")
    try:
        text.decode()
        value = from_json(text, allow_inf_nan=False)
    except UnicodeDecodeError as error:
        raise _UnreadableLine("not UTF-8", f"byte {error.start + 1}", "save the file as UTF-8") from None
    except ValueError:
        raise _UnreadableLine("not JSON", None, "send one JSON object on each line") from None
    return _validated(value)


def _from_claim(row: dict[str | None, Any]) -> AnyImportLine:
    if None in row or None in row.values():
        raise _UnreadableLine(
            "the line and the header do not have the same number of values", None, "quote values that contain a comma"
        )
    hcpcs = row["hcpcs"].strip().upper()
    if hcpcs != "J0202":
        fields = {"kind": "claim", "reference": row["claim_reference"].strip()}
        raise _UnreadableLine(
            "not a claim line for alemtuzumab", "hcpcs", "send only claim lines with HCPCS J0202", fields
        )
    issuer, separator, number = row["member"].strip().partition(":")
    member = {"issuer": issuer, "member_id": number} if separator else {"member_id": issuer}
    units = row["units"].strip()
    return _validated(
        {
            "kind": "claim",
            "reference": row["claim_reference"].strip(),
            "member": member,
            "on": row["date_of_service"].strip(),
            "hcpcs": hcpcs,
            "units": int(units) if units.isascii() and units.isdigit() and len(units) < 10 else units,
        }
    )


def _is_reference(value: object) -> bool:
    """Whether the value is a valid reference. Any other value may be patient data and is not repeated."""
    try:
        REFERENCE.validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


_COLUMN: Final = {"on": "date_of_service", "reference": "claim_reference", "member.member_id": "member"}


def _validated(value: Any) -> AnyImportLine:
    try:
        line: AnyImportLine = LINE.validate_json(to_json(value))
    except ValidationError as error:
        fault = error.errors(include_input=False, include_url=False)[0]
        path = ".".join(str(one) for one in fault["loc"][1:] if isinstance(one, int) or one.isidentifier())
        is_claim = isinstance(value, dict) and value.get("kind") == "claim"
        cause, remedy = invalid_value(fault)
        remedy = remedy or "see `import --schema` for the fields of a line"
        raise _UnreadableLine(cause, _COLUMN.get(path, path) if is_claim else path or None, remedy, value) from None
    return line
