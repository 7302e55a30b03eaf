"""The state of one patient, computed from the events, as one value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from domain.calendar import PartialDate
from domain.events.base import ImportedFrom
from domain.events.patient import LineOfBusiness, Member
from domain.frozen import changed
from domain.history.coverage import Coverage
from domain.history.entry_facts import RecordedClaimLine
from domain.history.records import (
    NO_MARKS,
    AgentUse,
    Appeal,
    ApprovalRecord,
    CourseMarks,
    DocumentOnRecord,
    Dose,
    Notice,
    Report,
    Representative,
    Request,
)
from domain.people import Actor


@dataclass(frozen=True, slots=True)
class RetiredMember:
    """A member ID that no longer identifies the patient. `last_day` is None if it is not known, or never did.

    `in_error`: the ID never identified this patient.
    """

    member: Member
    last_day: date | None
    in_error: bool = False


def requester_key(actor: Actor) -> str:
    """How a history names the owner of a user's requests: by the user's office, or by the user without an office.

    The key is unambiguous because no id has a space.
    """
    return f"office {actor.office}" if actor.office is not None else f"person {actor.id}"


@dataclass(frozen=True)
class PatientHistory:
    """The state of one patient as of event number `version`.

    `member` is the identifier that the history was opened with, and `members` are its current identifiers.
    `first_days` has the first day of an identifier where it was stated, and `retired_members` the former identifiers.
    `marks` has the completed and closed courses by the number in their doses' events. `closed_reports` has the reported
    courses that a clinician closed, with the day. `claim_lines` are the lines of claims that are no paid originals.
    `requesters` are the provider offices, or users without an office, that opened this history, submitted a request in
    it, or were given access to it. `coverage` repeats the changes of `lines_of_business` from the first one on that
    states a state or a funding.
    """

    patient_id: UUID
    version: int
    recorded_at: datetime
    at: datetime
    member: Member
    name: str
    birth_date: PartialDate | None
    members: tuple[Member, ...] = ()
    linked: tuple[UUID, ...] = ()
    lines_of_business: tuple[tuple[date, LineOfBusiness], ...] = ()
    coverage: tuple[Coverage, ...] = ()
    representatives: tuple[Representative, ...] = ()
    deceased_on: PartialDate | None = None
    agents: tuple[AgentUse, ...] = ()
    reports: tuple[Report, ...] = ()
    requests: tuple[Request, ...] = ()
    approvals: tuple[ApprovalRecord, ...] = ()
    documents: tuple[DocumentOnRecord, ...] = ()
    notices: tuple[Notice, ...] = ()
    appeals: tuple[Appeal, ...] = ()
    doses: tuple[Dose, ...] = ()
    claim_lines: tuple[RecordedClaimLine, ...] = ()
    marks: tuple[tuple[int, CourseMarks], ...] = ()
    closed_reports: tuple[tuple[str, date], ...] = ()
    imported_from: ImportedFrom | None = None
    requesters: tuple[str, ...] = ()
    first_days: tuple[tuple[Member, date], ...] = ()
    retired_members: tuple[RetiredMember, ...] = ()

    def changed(self, **changes: Any) -> PatientHistory:
        """This history with some of its fields changed."""
        return changed(self, **changes)

    def requesters_with(self, actor: Actor) -> tuple[str, ...]:
        """The requesters, including this user if the user's role is requester."""
        if actor.role != "requester" or requester_key(actor) in self.requesters:
            return self.requesters
        return (*self.requesters, requester_key(actor))

    def first_day_of(self, member: Member) -> date | None:
        """The stated first day on which a current member ID identified this patient; None if none was stated."""
        return next((day for one, day in self.first_days if one == member), None)

    def is_replaced_after_void(self, dose: Dose) -> bool:
        """Whether the claim of the entry was voided and then replaced, so that it counts again (R30)."""
        voids = (one for one in self.claim_lines if one.line == "void" and one.dose_id == dose.dose_id)
        return dose.facts.claim_voided is None and any(voids)

    def request(self, request_id: str) -> Request | None:
        for one in self.requests:
            if one.request_id == request_id:
                return one
        return None

    def dose(self, dose_id: str) -> Dose | None:
        return next((one for one in self.doses if one.dose_id == dose_id), None)

    def report(self, report_id: str) -> Report | None:
        return next((one for one in self.reports if one.report_id == report_id), None)

    def document(self, document_id: str) -> DocumentOnRecord | None:
        return next((one for one in self.documents if one.document.document_id == document_id), None)

    def appeal(self, appeal_id: str) -> Appeal | None:
        return next((one for one in self.appeals if one.appeal_id == appeal_id), None)

    def notice(self, notice_id: str) -> Notice | None:
        return next((one for one in self.notices if one.notice_id == notice_id), None)

    def approval(self, request_id: str) -> ApprovalRecord | None:
        """The latest approval of a request. A request can have a second one after an appeal."""
        return next((one for one in reversed(self.approvals) if one.request_id == request_id), None)

    def marks_of(self, course: int) -> CourseMarks:
        for name, marks in self.marks:
            if name == course:
                return marks
        return NO_MARKS

    def coverage_on(self, day: date) -> Coverage | None:
        """The coverage on record that is in effect on a day, or None."""
        changes = [pair for pair in sorted(self.lines_of_business, key=lambda pair: pair[0]) if pair[0] <= day]
        if not changes:
            return None
        on, line = changes[-1]
        stated = [one for one in self.coverage if (one.on, one.line_of_business) == (on, line)]
        return stated[-1] if stated else Coverage(on, line)

    def line_of_business(self, day: date) -> LineOfBusiness | None:
        """The patient's line of business on a day.

        It is the latest change by then, or else that of the latest request received by then. None if there is neither.
        """
        changes = [line for on, line in sorted(self.lines_of_business, key=lambda pair: pair[0]) if on <= day]
        if changes:
            return changes[-1]
        received = [one for one in self.requests if one.received_on <= day]
        return received[-1].line_of_business if received else None
