"""Whom the lines of an import are about: the patient of a member ID, and lines about another person than the record.

A history line whose name or birth date differs from the record is about another person, or has the wrong member ID.
Whose the later lines of that member in the same file are is then not known, so they are refused as well. The same
holds for a history line that cannot be read, as far as its member ID can be.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from api.files.import_lines import (
    ClaimLine,
    CoverageLine,
    DeterminationLine,
    DoseLine,
    HistoryLine,
    PriorTreatmentLine,
    RequestLine,
)
from api.record_access.patient_access import PatientAccess
from domain.calendar import PartialDate
from domain.comparison import compared, dates_meet, same_name, states_date
from domain.decisions.claim_lines import entry_with_reference
from domain.decisions.identifiers import check_same_person
from domain.errors import Conflict, NotFound
from domain.events.patient import Member
from domain.facts import counted
from domain.history.state import PatientHistory
from domain.ledger.application import Ledger
from domain.ledger.members import Members

AnyImportLine = HistoryLine | PriorTreatmentLine | RequestLine | DeterminationLine | DoseLine | ClaimLine | CoverageLine
StatedId = tuple[str, str]
"""An issuer and a member ID, as a line states them."""


class Doubt(NamedTuple):
    """Why it is not certain whose the later lines of a member ID are, and what to do."""

    cause: str
    remedy: str


ANOTHER_PERSON: Final = Doubt(
    "an earlier line of this file gives this member ID to another person than the record",
    "correct the member ID of these lines, or the record, and import the file again",
)
HISTORY_REFUSED: Final = Doubt(
    "an earlier history line of this file with this member ID was refused, so it is not certain whose this line is",
    "correct that line, and import the file again: lines that were recorded are not recorded twice",
)


@dataclass(frozen=True, slots=True)
class PersonsOfFile:
    """What the history lines of one file say. `doubts` are by the compared forms of an issuer and a member ID.

    `birth_dates` has the birth dates that the history lines of a patient state.
    """

    doubts: dict[StatedId, Doubt] = field(default_factory=dict)
    birth_dates: dict[UUID, list[PartialDate]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LineMembers:
    """The members of one file."""

    ledger: Ledger
    access: PatientAccess | None
    persons: PersonsOfFile

    def patient_of(self, line: AnyImportLine) -> UUID:
        """The patient whom a line is about, on the day of the line.

        Raises NotFound, and Conflict if the member ID does not say for sure whose the line is.
        """
        member, on = line.member, day_of(line, self.ledger.zone)
        self.check(member)
        if on is None and (patient_id := self._patient_of_claim(line)) is not None:
            return patient_id
        patient_id = self._holder(line, on)
        if patient_id is None and self.ledger.members.is_retired(member):
            raise Conflict(
                "this member ID was retired and identifies nobody now",
                field="member",
                remedy="send the member ID that this person has now",
            )
        if patient_id is None:
            raise NotFound(
                "this member has not been added", field="member", remedy="import a line of kind history first"
            )
        if on is None and (first_day := self.ledger.members.first_day(member, patient_id)) is not None:
            if self.access is not None:
                self.access.record_refusal(patient_id, "find")
            raise Conflict(
                f"this member ID identifies this patient from {first_day} on, and the line has no day",
                field="member",
                remedy=_WITHOUT_DAY.get(line.kind, "send the member ID that only this person has"),
            )
        return patient_id

    def _holder(self, line: AnyImportLine, on: date | None) -> UUID | None:
        """The patient who has the member ID of the line. The conflict names the field that has the day of the line."""
        try:
            return self.ledger.find(line.member, on=on) if self.access is None else self.access.holder(line.member, on)
        except Conflict as error:
            place = _FIELD_OF_DAY.get(line.kind, error.field) if error.field == "on" else error.field
            raise Conflict(error.cause, field=place, remedy=error.remedy) from None

    def _patient_of_claim(self, line: AnyImportLine) -> UUID | None:
        """The patient of a line without a day, if the member ID passed on and one holder alone has the named claim."""
        former, holders = self.ledger.members.former(line.member), self.ledger.members.holders(line.member)
        if not isinstance(line, ClaimLine) or not former or len(holders) > 1:
            return None
        reference = line.original_reference or line.reference
        found = [one for one in (*former, *holders) if _has_claim(self.ledger.history(one), reference)]
        return found[0] if len(found) == 1 else None

    def check(self, member: Member) -> None:
        """Raises Conflict if a history line of this member was refused in this file."""
        if (doubt := self.persons.doubts.get(_key(member.issuer, member.member_id))) is not None:
            raise Conflict(doubt.cause, field="member", remedy=doubt.remedy)

    def doubt(self, stated: StatedId, doubt: Doubt) -> None:
        """Refuses the later lines of this member ID, in any spelling."""
        key = _key(*stated)
        if key[1]:
            self.persons.doubts.setdefault(key, doubt)

    def check_record(self, member: Member, name: str, birth_date: PartialDate | None) -> None:
        """Raises RecordedAsAnother if the member is on record with another name or birth date."""
        for patient_id in self.ledger.members.holders(member):
            check_same_person(self.ledger.history(patient_id), name, birth_date)

    def check_file(self, line: HistoryLine) -> None:
        """Raises Conflict if an earlier history line of this patient in the file states another birth date.

        A line that differs from the record is left to the decision, which refuses it.
        """
        for patient_id in self.ledger.members.holders(line.member):
            stated, record = self.persons.birth_dates.get(patient_id, []), self.ledger.history(patient_id)
            if not (same_name(line.name, record.name) and dates_meet(line.birth_date, record.birth_date)):
                continue
            if not all(dates_meet(line.birth_date, one) for one in stated):
                self.doubt((line.member.issuer, line.member.member_id), HISTORY_REFUSED)
                raise Conflict(
                    "the birth date differs from the one in an earlier line of this file for this member ID",
                    field="birth_date",
                    remedy="find out which line is right, correct the other one, and import the file again",
                )

    def accept(self, line: HistoryLine, patient_id: UUID) -> None:
        """Notes what a history line states of a patient, so that later lines of the file are compared with it."""
        if line.birth_date is not None:
            self.persons.birth_dates.setdefault(patient_id, []).append(line.birth_date)

    def accept_before(self, line: HistoryLine) -> str | None:
        """Notes a history line of a member who was added before. Returns what to say if its birth date is lost."""
        holders = self.ledger.members.holders(line.member)
        if len(holders) != 1:
            return None
        self.accept(line, holders[0])
        recorded = self.ledger.history(holders[0]).birth_date
        if line.birth_date is None or states_date(recorded, line.birth_date):
            return None
        lacks = "has none" if recorded is None else "has a less exact one"
        return (
            f"the birth date of the line was not recorded, and the record {lacks}; if it is right, record it with "
            "Correct name or birth date on the member's page, or POST /patients/{patient_id}/correct-demographics"
        )

    def note(self, history: PatientHistory) -> str | None:
        """What to say of a history that was opened: its name and birth date are on record under another member ID."""
        if self.access is not None:
            found = self.access.same_person(history)
        else:
            found = tuple(one.patient_id for one in self.ledger.members.same_person(history, at_opening=True))
        if not found:
            return None
        return (
            f"the name and birth date are on record under another member ID ({counted(len(found), 'patient')}: "
            f"{', '.join(map(str, found))}); link the records if they are of the same person"
        )


def member_of_row(members: Members, text: str, issuer: str | None) -> dict[str, str]:
    """The member of a row of a table, as the fields of a line. A column for the issuer says outright whose ID it is.

    Otherwise, `ISSUER:ID` is split at the first colon only if such an issuer is on record. A text that is no member ID
    is left to the check of the line. Raises Conflict as `Members.named` does.
    """
    if issuer:
        return {"issuer": issuer, "member_id": text}
    before, colon, after = text.partition(":")
    if not colon or not members.knows_issuer(before):
        return {"member_id": text}
    try:
        found = members.named(text)
    except ValidationError:
        return {"issuer": before, "member_id": after}
    return {"issuer": found.issuer, "member_id": found.member_id}


def day_of(line: AnyImportLine, zone: ZoneInfo) -> date | None:
    """The day on which the source stated the member ID of the line, or None if the line has no day."""
    match line:
        case DoseLine() | ClaimLine() | CoverageLine():
            return line.on
        case RequestLine():
            return line.received_at.astimezone(zone).date()
        case DeterminationLine():
            return line.decided_on
        case PriorTreatmentLine():
            return line.reported_on
        case HistoryLine():
            return line.first_day


_FIELD_OF_DAY: Final = {"request": "received_at", "determination": "decided_on", "prior_treatment": "reported_on"}
"""The field that has the day of a line, by its kind, if it is not `on`."""
_WITHOUT_DAY: Final = {
    "prior_treatment": "add reported_on, the day of the report, or send the member ID that only this person has",
    "claim": "add the day of service, or the original_reference of a claim on record",
}
"""What to do with a line without a day, by its kind."""


def _has_claim(history: PatientHistory, reference: str) -> bool:
    return entry_with_reference(history, "claim", reference) is not None


def _key(issuer: str, member_id: str) -> StatedId:
    return compared(issuer), compared(member_id)
