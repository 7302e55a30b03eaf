"""Whom the lines of an import are about: the patient of a member ID, and lines about another person than the record.

A history line whose name or birth date differs from the record is about another person, or has the wrong member ID.
Whose the later lines of that member in the same file are is then not known, so they are refused as well.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from pydantic import ValidationError

from api.record_access.patient_access import PatientAccess
from domain.calendar import PartialDate
from domain.comparison import compared
from domain.decisions.identifiers import check_same_person
from domain.errors import Conflict, NotFound
from domain.events.patient import Member
from domain.facts import counted
from domain.history.state import PatientHistory
from domain.ledger.application import Ledger
from domain.ledger.members import Members


@dataclass(frozen=True, slots=True)
class LineMembers:
    """The members of one file. `doubted` are the compared forms of member IDs whose history line was refused."""

    ledger: Ledger
    access: PatientAccess | None
    doubted: set[tuple[str, str]] = field(default_factory=set)

    def patient_of(self, member: Member, on: date | None) -> UUID:
        """The patient whom a line is about. `on` is the day of the dose, if the line is about one.

        Raises NotFound, and Conflict if the member ID does not say for sure whose the line is.
        """
        self.check(member)
        patient_id = self.ledger.find(member, on=on) if self.access is None else self.access.holder(member, on)
        if patient_id is not None:
            return patient_id
        if self.ledger.members.is_retired(member):
            raise Conflict(
                "this member ID was retired and identifies nobody now",
                field="member",
                remedy="send the member ID that this person has now",
            )
        raise NotFound("this member has not been added", field="member", remedy="import a line of kind history first")

    def check(self, member: Member) -> None:
        """Raises Conflict if a history line of this member was refused in this file."""
        if _key(member) in self.doubted:
            raise Conflict(
                "an earlier line of this file gives this member ID to another person than the record",
                field="member",
                remedy="correct the member ID of these lines, or the record, and import the file again",
            )

    def doubt(self, member: Member) -> None:
        self.doubted.add(_key(member))

    def check_record(self, member: Member, name: str, birth_date: PartialDate | None) -> None:
        """Raises RecordedAsAnother if the member is on record with another name or birth date."""
        for patient_id in self.ledger.members.holders(member):
            check_same_person(self.ledger.history(patient_id), name, birth_date)

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


def _key(member: Member) -> tuple[str, str]:
    return compared(member.issuer), compared(member.member_id)
