"""A patient's history as the decisions need it, and the fold that makes it from events.

`evolve` only remembers; what follows from the remembered facts (which course is which, what
an approval has left, whether a course is short) is derived in `courses` and `approvals`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from domain.calendar import PartialDate
from domain.events import (
    CourseApproved,
    CourseClosedUnfinished,
    CourseCompleted,
    CourseReopened,
    Determination,
    DoseAdministered,
    DoseVoided,
    HistoryOpened,
    LineOfBusiness,
    Member,
    PatientEvent,
    PossibleDuplicateConfirmed,
    PossibleDuplicateDismissed,
    PriorTreatmentReported,
    ReportedCourse,
    RequestDenied,
    RequestReferred,
    RequestSubmitted,
    Statement,
    TreatmentSource,
    Urgency,
    Variance,
)
from domain.people import Actor, ConsultationGiven, Prescriber

RequestStatus = Literal["open", "referred", "approved", "denied"]
Duplicate = Literal["no", "possible", "confirmed", "dismissed"]


@dataclass(frozen=True, slots=True)
class Report:
    """One report of treatment outside this ledger. `told_by` is its day: it tells of no dose after it."""

    report_id: str
    source: TreatmentSource
    courses: tuple[ReportedCourse, ...]
    told_by: date


def reported_course_id(report_id: str, number: int) -> str:
    """Names a course by its place in a report, the first being 1."""
    return f"{report_id}.c{number}"


@dataclass(frozen=True, slots=True)
class Dose:
    """One dose entry. `course` is the number its event named; `variances_then` what was seen when recorded."""

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
    voided: bool = False

    @property
    def stands(self) -> bool:
        """On record as an infusion that was given: not voided, and no second report of another one."""
        return not self.voided and self.duplicate in ("no", "dismissed")

    @property
    def counts(self) -> bool:
        """Whether it is one of the doses of a course of this ledger."""
        return self.stands and self.course is not None


@dataclass(frozen=True, slots=True)
class CourseMarks:
    """What events said of a course beyond its doses."""

    completed: bool = False
    closed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Request:
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

    @property
    def is_decided(self) -> bool:
        return self.status in ("approved", "denied")

    def is_decided_by(self, day: date) -> bool:
        """Whether the determination was made on the day or before."""
        return self.is_decided and self.determination is not None and self.determination.decided_on <= day


@dataclass(frozen=True, slots=True)
class Approval:
    """Doses of one course, valid on the days from `valid_from` through `valid_through`."""

    request_id: str
    course: int
    doses_approved: int
    valid_from: date
    valid_through: date
    left_out: str | None
    citing: tuple[str, ...]

    def covers(self, day: date) -> bool:
        return self.valid_from <= day <= self.valid_through


@dataclass(frozen=True, slots=True)
class PatientHistory:
    """Everything remembered of one patient, as of event number `version`.

    `marks` are of courses by the name that their doses carry, `closed_reports` of reported
    courses that a clinician closed, with the day.
    """

    patient_id: UUID
    version: int
    recorded_at: datetime
    member: Member
    name: str
    birth_date: PartialDate | None
    reports: tuple[Report, ...] = ()
    requests: tuple[Request, ...] = ()
    approvals: tuple[Approval, ...] = ()
    doses: tuple[Dose, ...] = ()
    marks: tuple[tuple[int, CourseMarks], ...] = ()
    closed_reports: tuple[tuple[str, date], ...] = ()

    def request(self, request_id: str) -> Request | None:
        return next((one for one in self.requests if one.request_id == request_id), None)

    def dose(self, dose_id: str) -> Dose | None:
        return next((one for one in self.doses if one.dose_id == dose_id), None)

    def approval(self, request_id: str) -> Approval | None:
        return next((one for one in self.approvals if one.request_id == request_id), None)

    def marks_of(self, course: int) -> CourseMarks:
        return dict(self.marks).get(course, CourseMarks())


def fold(events: Iterable[PatientEvent], history: PatientHistory | None = None) -> PatientHistory | None:
    """The history after all the events; None where there are none."""
    for event in events:
        history = evolve(history, event)
    return history


def versions(events: Iterable[PatientEvent]) -> list[PatientHistory]:
    """The history after each event, oldest first."""
    found: list[PatientHistory] = []
    for event in events:
        found.append(evolve(found[-1] if found else None, event))
    return found


def evolve(history: PatientHistory | None, event: PatientEvent) -> PatientHistory:
    """The history after one more event. Total over every order that `decide` can produce."""
    if isinstance(event, HistoryOpened):
        return PatientHistory(
            patient_id=event.patient_id,
            version=event.originator_version,
            recorded_at=event.recorded_at,
            member=event.member,
            name=event.name,
            birth_date=event.birth_date,
        )
    if history is None:
        raise ValueError(f"a history begins with HistoryOpened, not with {event.TOPIC}")
    after = replace(history, version=event.originator_version, recorded_at=event.recorded_at)
    return _remember(after, event)


def _remember(history: PatientHistory, event: PatientEvent) -> PatientHistory:
    match event:
        case PriorTreatmentReported():
            report = Report(event.report_id, event.source, event.courses, event.on)
            return replace(history, reports=(*history.reports, report))
        case RequestSubmitted():
            return replace(history, requests=(*history.requests, _request(event)))
        case CourseApproved():
            approval = Approval(
                event.request_id,
                event.course,
                event.doses_approved,
                event.valid_from,
                event.valid_through,
                event.left_out,
                event.citing,
            )
            decided = _decided(history, event, "approved")
            return replace(decided, approvals=(*history.approvals, approval))
        case RequestDenied():
            return _decided(history, event, "denied", event.citing)
        case RequestReferred():
            return _decided(history, event, "referred")
        case DoseAdministered():
            return replace(history, doses=(*history.doses, _dose(event)))
        case PossibleDuplicateConfirmed(dose_id=dose_id):
            return _with_dose(history, dose_id, duplicate="confirmed")
        case PossibleDuplicateDismissed(dose_id=dose_id):
            return _with_dose(history, dose_id, duplicate="dismissed")
        case DoseVoided(dose_id=dose_id):
            return _with_dose(history, dose_id, voided=True)
        case CourseCompleted(course=course):
            return _mark(history, course, replace(history.marks_of(course), completed=True))
        case CourseReopened(course=course):
            return _mark(history, course, replace(history.marks_of(course), completed=False))
        case CourseClosedUnfinished():
            return _closed(history, event)
    raise ValueError(f"{event.TOPIC} is no event of a history")


def _request(event: RequestSubmitted) -> Request:
    return Request(
        request_id=event.request_id,
        received_at=event.received_at,
        received_on=event.received_on,
        line_of_business=event.line_of_business,
        urgency=event.urgency,
        prescriber=event.prescriber,
        consultation=event.consultation,
        planned_first_infusion_on=event.planned_first_infusion_on,
        statement=event.statement,
        submitted_by=event.actor,
        submitted_version=event.originator_version,
    )


def _dose(event: DoseAdministered) -> Dose:
    return Dose(
        dose_id=event.dose_id,
        on=event.on,
        mg=event.mg,
        site=event.site,
        source=event.source,
        source_reference=event.source_reference,
        request_id=event.request_id,
        course=event.course,
        documents_report=event.documents_report,
        duplicate="possible" if event.possible_duplicate_of is not None else "no",
        duplicate_of=event.possible_duplicate_of,
        variances_then=event.variances,
        recorded_at=event.recorded_at,
        version=event.originator_version,
    )


def _decided(
    history: PatientHistory,
    event: CourseApproved | RequestDenied | RequestReferred,
    status: RequestStatus,
    citing: tuple[str, ...] = (),
) -> PatientHistory:
    requests = tuple(
        replace(one, status=status, determination=event.determination, decided_by=event.actor, citing=citing)
        if one.request_id == event.request_id
        else one
        for one in history.requests
    )
    return replace(history, requests=requests)


def _with_dose(
    history: PatientHistory, dose_id: str, duplicate: Duplicate | None = None, *, voided: bool = False
) -> PatientHistory:
    doses = tuple(
        replace(one, duplicate=duplicate or one.duplicate, voided=voided or one.voided)
        if one.dose_id == dose_id
        else one
        for one in history.doses
    )
    return replace(history, doses=doses)


def _closed(history: PatientHistory, event: CourseClosedUnfinished) -> PatientHistory:
    if event.reported_course is not None:
        closing = (event.reported_course, event.closed_on)
        return replace(history, closed_reports=(*history.closed_reports, closing))
    return _mark(history, event.course, replace(history.marks_of(event.course), closed_on=event.closed_on))


def _mark(history: PatientHistory, course: int, marks: CourseMarks) -> PatientHistory:
    others = tuple(pair for pair in history.marks if pair[0] != course)
    return replace(history, marks=tuple(sorted((*others, (course, marks)), key=lambda pair: pair[0])))
