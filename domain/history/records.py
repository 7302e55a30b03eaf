"""The records of a history: frozen values that the folds create."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from domain.calendar import PartialDate
from domain.events.appeal_rights import AppealRights
from domain.events.appeals import AppealDismissalGround, AppealLevel, AppealOutcome, Filer
from domain.events.base import ImportedFrom
from domain.events.deadline_row import DeadlineRow
from domain.events.determinations import Determination
from domain.events.documents import Document
from domain.events.patient import LineOfBusiness
from domain.events.receipts import ReceiptSource
from domain.events.requests import NoticeKind, Statement, Urgency
from domain.events.treatment import ReportedCourse, TellsOf, TreatmentSource, Variance
from domain.history.entry_facts import DOSE_MG, Duplicate, EntryFacts, LineDays
from domain.history.receipts import Receipt
from domain.history.request_times import Asking, GrantedExtension, Reopening, RequestStatus
from domain.people import Actor, ConsultationGiven, Prescriber


@dataclass(frozen=True, slots=True)
class AgentUse:
    """The start or the stop of another agent, as event `version` recorded it on the day `recorded_on` in UTC."""

    product: str
    started_on: PartialDate | None
    stopped_on: PartialDate | None
    version: int
    entry_id: str
    recorded_on: date
    voided: bool = False


@dataclass(frozen=True, slots=True)
class Representative:
    """A person who may act for the patient, from `on` through `through`. None: without an end."""

    name: str
    relationship: str
    on: date
    through: date | None


@dataclass(frozen=True, slots=True)
class CourseMarks:
    """What is known of a course in addition to its doses: completed by an event, or closed unfinished on a day.

    `lost_a_dose`: a dose of the completed course was voided, or a person assigned doses to other courses (R24).
    """

    completed: bool = False
    closed_on: date | None = None
    lost_a_dose: bool = False


NO_MARKS: Final = CourseMarks()


@dataclass(frozen=True)
class Report:
    """One report of treatment outside this ledger. `reported_on` is its day: the report has no dose after that day.

    `tells_of`: whether the report is about doses of this ledger or about other doses. None: no person has stated it.
    `version` is of the event that stated its courses, first or as corrected, and `voided_version` of its void.
    """

    report_id: str
    source: TreatmentSource
    courses: tuple[ReportedCourse, ...]
    reported_on: date
    reference: str | None = None
    voided: bool = False
    corrected: bool = False
    imported_from: ImportedFrom | None = None
    tells_of: TellsOf | None = None
    version: int = 0
    voided_version: int | None = None


@dataclass(frozen=True)
class Dose:
    """One dose entry.

    `course` is the number in its event, and None for a dose that only documents a reported course. `variances_then`
    are the variances that were found when the dose was recorded. `version` is the version of its event, and
    `voided_version` of the event that voided it. `course_was_named`: a person assigned it to its course by a
    correction, which holds whatever its day is (R24). `day_was_corrected`: its day is not the one in its event.
    `reviewed`: a person reviewed a dose after the death on record. `facts` are what was stated about the entry. From
    those of all entries follow `voided`, `duplicate`, `is_uncertain` (it is not known whether the infusion was given),
    `added_mg` (of other parts of the dose), `keeps_place` (no other entry has its place, R24), and `lines` (of claims,
    with several days, of its infusion, R25).
    """

    dose_id: str
    on: date
    mg: float
    site: str | None
    source: str
    source_reference: str
    request_id: str | None
    course: int | None
    documents_report: str | None
    duplicate: Duplicate
    duplicate_of: str | None
    variances_then: tuple[Variance, ...]
    recorded_at: datetime
    version: int
    facts: EntryFacts
    voided: bool = False
    corrected: bool = False
    imported_from: ImportedFrom | None = None
    voided_version: int | None = None
    course_was_named: bool = False
    day_was_corrected: bool = False
    reviewed: bool = False
    is_uncertain: bool = False
    added_mg: float = 0.0
    keeps_place: bool = True
    lines: tuple[LineDays, ...] = ()

    @property
    def stands(self) -> bool:
        """Whether the entry is on record for an infusion: not voided, and no second entry of one."""
        return not self.voided and self.duplicate in ("no", "dismissed")

    @property
    def waits(self) -> bool:
        """Whether this is a second entry of its day that waits for a person (R25)."""
        return not self.voided and self.duplicate == "possible"

    @property
    def dose_days_most(self) -> int:
        """The most number of dose days that its milligrams allow: of a claim line, one for each 12 mg (R25)."""
        return max(1, int(self.mg // DOSE_MG)) if self.source == "claim" else 1

    @property
    def days(self) -> tuple[int, int]:
        """The least and the most number of dose days, by the lines of its infusion (R25)."""
        least = max((one.least for one in self.lines), default=self.facts.days or 1)
        most = max((one.most for one in self.lines), default=self.facts.days or self.dose_days_most)
        return 0 if self.is_uncertain else least, most

    @property
    def counts(self) -> bool:
        """Whether the dose was given and belongs to a course that this ledger recorded."""
        return self.stands and self.course is not None


DeterminationKind = Literal["approved", "denied", "referred", "imported"]


@dataclass(frozen=True, slots=True)
class ImportedDetermination:
    """A determination that was imported from another record. It has no assessment."""

    outcome: str
    decided_by: str | None
    edition: str
    rationale: str | None
    imported_from: ImportedFrom | None
    deadline_row: DeadlineRow | None = None


@dataclass(frozen=True, slots=True)
class DeterminationRecord:
    """One determination as it was recorded, at event number `version`. `past` is set only for an imported one."""

    kind: DeterminationKind
    on: date
    by: Actor
    citing: tuple[str, ...]
    version: int
    determination: Determination | None
    past: ImportedDetermination | None = None
    appeal_id: str | None = None
    line: LineOfBusiness | None = None


@dataclass(frozen=True)
class ApprovalRecord:
    """An approval of doses of one course, valid from `valid_from` through `valid_through`.

    `version` is the version of the event that approved. A rescinded approval covers no day from `rescinded_on` on;
    `rescinded_version` is the version of the event that rescinded it, and `confirmed_version` of the latest event by
    which a clinician confirmed it despite a later report.
    """

    request_id: str
    course: int
    doses_approved: int
    valid_from: date
    valid_through: date
    left_out: str | None
    citing: tuple[str, ...]
    version: int = 0
    extensions: int = 0
    rescinded_on: date | None = None
    rescinded_version: int | None = None
    appeal_id: str | None = None
    imported_from: ImportedFrom | None = None
    confirmed_version: int | None = None

    def covers(self, day: date) -> bool:
        """Whether the approval is in effect on this day."""
        in_time = self.valid_from <= day <= self.valid_through
        return in_time and (self.rescinded_on is None or self.rescinded_on > day)

    def is_rescinded_by(self, day: date) -> bool:
        return self.rescinded_on is not None and self.rescinded_on <= day


OPEN: Final = ("open", "referred")
"""The statuses of a request that still needs a determination."""


@dataclass(frozen=True)
class Request:
    """One request. Its statement includes all information that was supplied or corrected later.

    `receipts` has the receipt as submitted and every correction; the last one is in effect. `supplied` has, for each
    later supply of information, the version of its event, and the time and the day on which it was received.

    `attested` names the signs for which a reviewer of the plan recorded the supporting document as read (R14).
    `agents_stated` has, for each agent of the statement, the version of the event that stated the current entry, and
    the day. `took_part` are the users of the plan who worked on the determination. `held_by` is the assigned user.
    """

    request_id: str
    received_at: datetime
    received_on: date
    line_of_business: LineOfBusiness
    urgency: Urgency
    prescriber: Prescriber
    consultation: ConsultationGiven | None
    planned_first_infusion_on: date | None
    statement: Statement
    submitted_by: Actor
    submitted_version: int
    status: RequestStatus = "open"
    determination: Determination | None = None
    decided_by: Actor | None = None
    citing: tuple[str, ...] = ()
    closed_on: date | None = None
    closed_at: datetime | None = None
    decisions: tuple[DeterminationRecord, ...] = ()
    attested: tuple[str, ...] = ()
    agents_stated: tuple[tuple[int, date], ...] = ()
    planned_site: str | None = None
    retrospective_for: tuple[str, ...] = ()
    askings: tuple[Asking, ...] = ()
    reminders: int = 0
    extensions: tuple[GrantedExtension, ...] = ()
    expedited_at: datetime | None = None
    expediting_refused: bool = False
    reopenings: tuple[Reopening, ...] = ()
    peer_to_peer_offered: bool = False
    peer_to_peer_held: bool = False
    held_by: Actor | None = None
    took_part: tuple[Actor, ...] = ()
    imported_from: ImportedFrom | None = None
    statement_submitted: Statement | None = None
    prescriber_submitted: Prescriber | None = None
    receipts: tuple[Receipt, ...] = ()
    supplied: tuple[tuple[int, datetime, date], ...] = ()

    @property
    def receipt_source(self) -> ReceiptSource | None:
        """How the request was received. None: not stated."""
        return self.receipts[-1].source if self.receipts else None

    @property
    def recorded_at(self) -> datetime:
        """When the request was recorded."""
        return self.receipts[0].recorded_at if self.receipts else self.received_at

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def is_decided(self) -> bool:
        return self.status in ("approved", "denied")

    @property
    def awaits(self) -> Asking | None:
        """The latest request for information without a complete answer, or None."""
        return next((one for one in reversed(self.askings) if one.answered_at is None), None)

    def is_closed_by(self, day: date) -> bool:
        """Whether the request was decided, withdrawn or dismissed on this day or before."""
        return self.closed_on is not None and self.closed_on <= day


@dataclass(frozen=True)
class Notice:
    notice_id: str
    request_id: str
    appeal_id: str | None
    kind: NoticeKind
    channel: str
    addressee: str
    issued_at: datetime
    delivered_at: datetime | None = None
    appeal_rights: AppealRights | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """The review of a document for a clause by a reviewer of the plan (R14)."""

    clause: str
    supports: bool
    by: Actor
    reviewed_at: datetime
    version: int
    note: str | None


@dataclass(frozen=True)
class DocumentOnRecord:
    """A document, the request or appeal that it was received for, and its reviews.

    The latest review for a clause is in effect.
    """

    document: Document
    request_id: str
    appeal_id: str | None
    received_on: date
    version: int
    reviews: tuple[Review, ...] = ()
    voided: bool = False
    corrected: bool = False

    def is_meant_for(self, clause: str) -> bool:
        """Whether the document was sent for this clause, or for a group that includes the clause."""
        meant = self.document.clause
        return meant is not None and (clause == meant or clause.startswith((f"{meant}.", f"{meant}(")))

    def is_reviewed_for(self, clause: str) -> bool:
        return any(one.clause == clause for one in self.reviews)

    def supports(self, clause: str) -> bool:
        """Whether the latest review for the clause found that the document supports it. False if it is voided."""
        latest = next((one for one in reversed(self.reviews) if one.clause == clause), None)
        return not self.voided and latest is not None and latest.supports


AppealStatus = Literal["open", "upheld", "overturned", "overturned_in_part", "withdrawn", "dismissed"]


@dataclass(frozen=True)
class Appeal:
    """One appeal of one decision, which is event number `decision_version` of the history.

    `file_by` and `is_late` are as recorded at the filing; `timeliness` computes them again while the appeal is open.
    `forward_by` is the time by which the plan itself forwards a denial that it upheld, where it must.
    `external_outcome` is the answer of the organization that the appeal was forwarded to. It is final, and `status`
    remains what the plan itself decided.
    """

    appeal_id: str
    request_id: str
    decision_version: int
    level: AppealLevel
    urgency: Urgency
    grounds: str
    filer: Filer
    received_at: datetime
    received_on: date
    file_by: date | None
    is_late: bool
    filed_version: int
    status: AppealStatus = "open"
    assigned_to: Actor | None = None
    decided_by: Actor | None = None
    determination: Determination | None = None
    citing: tuple[str, ...] = ()
    closed_on: date | None = None
    closed_at: datetime | None = None
    closed_version: int | None = None
    handed_on_to: str | None = None
    handed_on_on: date | None = None
    external_outcome: AppealOutcome | None = None
    forward_by: datetime | None = None
    dismissed_as: AppealDismissalGround | None = None
    imported_from: ImportedFrom | None = None

    @property
    def is_open(self) -> bool:
        return self.status == "open"

    @property
    def awaits_external_review(self) -> bool:
        return self.handed_on_to is not None and self.external_outcome is None
