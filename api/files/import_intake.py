"""Imports lines: each line becomes a command, which is recorded only once for each reference.

A second run finds what the first run recorded. The functions take lines of bytes and yield one outcome for each line.
A refused line does not stop the others. No message repeats patient data of a line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, Final, Literal
from uuid import UUID

from api.files.claim_lines import claim_command
from api.files.claim_results import AMBIGUOUS, ORDINARY, REPLACED_NOTHING, WAITING, LineResult, Result, result_of
from api.files.claims_csv import RowFault, claim_rows
from api.files.earlier_imports import import_key, recorded_elsewhere
from api.files.import_lines import (
    ClaimLine,
    CoverageLine,
    DeterminationLine,
    DoseLine,
    HistoryLine,
    PriorTreatmentLine,
    RequestLine,
)
from api.files.import_members import ANOTHER_PERSON, HISTORY_REFUSED, AnyImportLine, LineMembers, PersonsOfFile
from api.files.import_reading import UnreadableLine, line_of_claim, line_of_json
from api.files.same_lines import same_on_record
from api.record_access.commands import recording_refusals
from api.record_access.patient_access import PatientAccess
from domain.commands import Command
from domain.commands.determinations import ImportPastDetermination
from domain.commands.patient import ChangeLineOfBusiness, OpenHistory
from domain.commands.requests import SubmitRequest
from domain.commands.treatment import RecordClaim, RecordDose, ReportPriorTreatment
from domain.errors import (
    AlreadyRecorded,
    Conflict,
    InvalidCommand,
    KeyReused,
    LedgerError,
    NotFound,
    OriginalNotOnRecord,
    RecordedAsAnother,
)
from domain.events.base import ImportedFrom
from domain.ledger.application import Ledger, Outcome
from domain.ledger.claim_references import CLAIM, ClaimReferences, has_claim
from domain.people import Actor

RECORDED_BEFORE: Final = "recorded before"

Fate = Literal["recorded", "recorded before", "refused"]


@dataclass(frozen=True, slots=True)
class LineOutcome:
    """The outcome of one line. `kind` and `reference` are None if they could not be read.

    `result` and its `note` say what an entry of a dose or a claim is, if it is not an ordinary one. `same_as` are the
    requests, or the reports of prior treatment, that are the same as the line's: it may have been sent twice.
    """

    line_number: int
    fate: Fate
    kind: str | None = None
    reference: str | None = None
    cause: str | None = None
    field: str | None = None
    remedy: str | None = None
    result: LineResult | None = None
    note: str | None = None
    same_as: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = ", ".join(filter(None, (f"line {self.line_number}", self.reference, self.field)))
        return f"{self.cause} ({where}): {self.remedy}" if self.cause is not None else f"{where}: {self.note}"

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
            "result": self.result,
            "note": self.note,
            "same_as": list(self.same_as),
        }


@dataclass(frozen=True)
class Intake:
    """An import from one source into one ledger. References are unique within a `source`.

    With `access`, a line that is refused because of data on record is recorded as an access. `source_is_file_name`: no
    person named the source, so a line that another file recorded is the same line. `voids_waiting` are the
    voids of this run whose claims were not on record or were found by the day, with the patient and their events;
    `sources_of_requests` has the source of each request line that an earlier import recorded. `persons` is what
    the history lines of the file say.
    """

    ledger: Ledger
    source: str
    actor: Actor
    access: PatientAccess | None = None
    source_is_file_name: bool = False
    voids_waiting: list[tuple[UUID, int, LineOutcome]] = field(default_factory=list)
    sources_of_requests: dict[tuple[UUID, str], str] = field(default_factory=dict)
    persons: PersonsOfFile = field(default_factory=PersonsOfFile)

    @property
    def members(self) -> LineMembers:
        return LineMembers(self.ledger, self.access, self.persons)

    @cached_property
    def claims_on_record(self) -> ClaimReferences:
        return ClaimReferences(self.ledger)

    def json_lines(self, lines: Iterable[bytes]) -> Iterator[LineOutcome]:
        """Imports JSON lines: the outcome of every line that is not blank, in the order of the file."""
        for number, raw in enumerate(lines, start=1):
            text = (raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw).strip()
            if text:
                yield self._import(number, partial(line_of_json, text))

    def claims(self, lines: Iterable[bytes], ignored_columns: Iterable[str] = ()) -> Iterator[LineOutcome]:
        """Imports claim lines from CSV with a header. `line_number` is the line in the file."""
        for row in claim_rows(lines, ignored_columns):
            if isinstance(row, RowFault):
                fault = LineOutcome(row.line_number, "refused", cause=row.cause, field=row.field, remedy=row.remedy)
                yield fault
            else:
                yield _by_column(self._import(row.line_number, partial(line_of_claim, row, self.ledger.members)))

    def still_waiting(self) -> Iterator[LineOutcome]:
        """The voids of this run whose claims are still not on record, also not by a later line."""
        by_event = {(patient_id, version): outcome for patient_id, version, outcome in self.voids_waiting}
        for (patient_id, version), outcome in by_event.items():
            if self._waits(patient_id, version):
                yield outcome

    # -- one line -----------------------------------------------------------------------------

    def _import(self, number: int, read: Callable[[], AnyImportLine]) -> LineOutcome:
        try:
            line = read()
        except UnreadableLine as fault:
            for stated in fault.persons:
                self.members.doubt(stated, HISTORY_REFUSED)
            return LineOutcome(number, "refused", fault.kind, fault.reference, fault.cause, fault.field, fault.remedy)
        try:
            recorded = self._open(line) if isinstance(line, HistoryLine) else self._record(line)
        except KeyReused:
            remedy = "give the line its own reference, or correct the entry that was recorded from the earlier line"
            if isinstance(line, ClaimLine):
                remedy = "send an adjusted claim with frequency_code 7, and another claim with its own reference"
            cause = "a different line with this reference was already imported"
            return LineOutcome(number, "refused", line.kind, line.reference, cause, "reference", remedy)
        except (LedgerError, UnreadableLine) as error:
            result = REPLACED_NOTHING if isinstance(error, OriginalNotOnRecord) else None
            return LineOutcome(
                number, "refused", line.kind, line.reference, error.cause, error.field, error.remedy, result
            )
        result, note = recorded.result
        outcome = LineOutcome(
            number, recorded.fate, line.kind, line.reference, result=result, note=note, same_as=recorded.same_as
        )
        if recorded.void_waiting is not None:
            note = outcome.note if outcome.result == WAITING.kind else AMBIGUOUS.note
            self.voids_waiting.append((*recorded.void_waiting, replace(outcome, result=WAITING.kind, note=note)))
        return outcome

    def _open(self, line: HistoryLine) -> _LineRecord:
        """Opens the history of a line. Says if the same name and birth date are on record under another member ID."""
        imported = ImportedFrom(source=self.source, reference=line.reference)
        command = OpenHistory(member=line.member, name=line.name, birth_date=line.birth_date, first_day=line.first_day)
        key = import_key(imported, command)
        stated = (line.member.issuer, line.member.member_id)
        self.members.check(line.member)
        self.members.check_file(line)
        try:
            with self._recording_refusals(None, command):
                try:
                    opened = self.ledger.open_history(command, self.actor, key=key, imported_from=imported)
                except KeyReused:
                    self.members.check_record(line.member, line.name, line.birth_date)
                    raise
        except RecordedAsAnother:
            self.members.doubt(stated, ANOTHER_PERSON)
            raise
        except AlreadyRecorded:
            return _LineRecord(RECORDED_BEFORE, Result(None, self.members.accept_before(line)))
        except InvalidCommand:
            self.members.doubt(stated, HISTORY_REFUSED)
            raise
        self.members.accept(line, opened.patient_id)
        if opened.replayed:
            return _LineRecord(RECORDED_BEFORE)
        return _LineRecord("recorded", Result(None, self.members.note(opened.history)))

    def _record(self, line: AnyImportLine) -> _LineRecord:
        imported = ImportedFrom(source=self.source, reference=line.reference)
        patient_id = self.members.patient_of(line)
        command_of = partial(self._command, patient_id, line)
        # A reference of a dose is one of its own source in the whole ledger, whatever the import is called.
        any_source = self.source_is_file_name or isinstance(line, DoseLine | ClaimLine)
        outcome = recorded_elsewhere(self.ledger, patient_id, imported, self.actor, command_of, any_source=any_source)
        if outcome is not None:
            if isinstance(line, RequestLine) and (earlier := outcome.events[0].imported_from) is not None:
                self.sources_of_requests[patient_id, line.reference] = earlier.source
            return self._recorded(outcome)
        command = command_of(self.source)
        self._check_claim(patient_id, command)
        try:
            with self._recording_refusals(patient_id, command):
                key = import_key(imported, command)
                return self._recorded(
                    self.ledger.execute(patient_id, command, self.actor, key=key, imported_from=imported)
                )
        except AlreadyRecorded:
            if isinstance(command, RecordClaim):
                return _LineRecord(RECORDED_BEFORE)
            raise

    def _check_claim(self, patient_id: UUID, command: Command) -> None:
        """Raises Conflict if the claim of the line is on record for another member, and not for this one."""
        if not isinstance(command, RecordDose | RecordClaim) or command.source != CLAIM:
            return
        named = (command.source_reference, getattr(command, "original_reference", None))
        history = self.ledger.history(patient_id)
        for place, reference in zip(("reference", "original_reference"), named, strict=True):
            if reference is None or has_claim(history, reference):
                continue
            for other in self.claims_on_record.others_with(reference, patient_id):
                if self.access is not None:
                    self.access.record_refusal(other, "courses")
                raise Conflict(
                    "this claim is recorded for another member",
                    field=place,
                    remedy="correct the member ID of the line; if the claim is this member's, void the dose entry of "
                    "the other member first, and import the file again",
                )

    def _recorded(self, outcome: Outcome) -> _LineRecord:
        """The result of a line. A void that was recorded before may still wait for its claim, or no longer."""
        result, version = result_of(outcome.history, outcome.events), outcome.events[0].originator_version
        is_of_day = result.kind == "void" and getattr(outcome.events[0], "found_by", None) == "day"
        waits = (result.kind == WAITING.kind or is_of_day) and self._waits(outcome.patient_id, version)
        # A void that was found by the day waits as soon as another claim of the day is recorded.
        waiting = (outcome.patient_id, version) if waits or is_of_day else None
        if outcome.replayed:
            result = WAITING if waits else ORDINARY
        same = same_on_record(outcome.history, outcome.events[0])
        if same.note is not None:
            result = Result(None, same.note)
        return _LineRecord(RECORDED_BEFORE if outcome.replayed else "recorded", result, waiting, same.ids)

    def _waits(self, patient_id: UUID, version: int) -> bool:
        return any(one.recorded_version == version and one.waits for one in self.ledger.history(patient_id).claim_lines)

    def _recording_refusals(self, patient_id: UUID | None, command: Command) -> AbstractContextManager[None]:
        if self.access is None:
            return nullcontext()
        return recording_refusals(self.access, patient_id, command, self.actor)

    def _command(self, patient_id: UUID, line: AnyImportLine, source: str) -> Command:
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
                return ImportPastDetermination(request_id=self._request_of(patient_id, line, source), **terms)
            case CoverageLine():
                return ChangeLineOfBusiness(**{name: getattr(line, name) for name in ChangeLineOfBusiness.model_fields})
            case DoseLine():
                return RecordDose(
                    on=line.on, mg=line.mg, site=line.site, source=line.source, source_reference=line.reference
                )
            case ClaimLine():
                return claim_command(line)
            case _:
                raise AssertionError(f"{line.kind} opens a history")

    def _request_of(self, patient_id: UUID, line: DeterminationLine, source: str) -> str:
        # The request of a renamed copy has the source of its first import.
        sources = (source, self.sources_of_requests.get((patient_id, line.request)))
        requests = self.ledger.history(patient_id).requests
        for one in sources:
            for request in requests:
                if one is not None and request.imported_from == ImportedFrom(source=one, reference=line.request):
                    return request.request_id
        raise NotFound(
            "no request was imported with that reference",
            field="request",
            remedy="import the line of the request first",
        )


@dataclass(frozen=True, slots=True)
class _LineRecord:
    """What was recorded of a line. `void_waiting`: the patient and the event of a void whose claim is not on record.

    `same_as` has the ids of what is on record and says the same.
    """

    fate: Fate
    result: Result = ORDINARY
    void_waiting: tuple[UUID, int] | None = None
    same_as: tuple[str, ...] = ()


_COLUMN: Final = {
    "on": "date_of_service",
    "reference": "claim_reference",
    "source_reference": "claim_reference",
    "member.member_id": "member",
}


def _by_column(outcome: LineOutcome) -> LineOutcome:
    """The outcome of a line of CSV, which names a field by its column."""
    name = outcome.field
    return outcome if name is None or name not in _COLUMN else replace(outcome, field=_COLUMN[name])
