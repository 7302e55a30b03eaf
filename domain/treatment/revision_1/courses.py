"""The courses of a patient, and the status of each (R6 to R8, R24 to R26).

A course consists of doses that this ledger recorded, of reports of treatment elsewhere, or of both: doses within a
reported course document it, and doses after an unfinished reported course continue it. Courses are numbered in the
order in which they were started.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from operator import attrgetter
from typing import Literal

from domain.calendar import PartialDate, anniversary
from domain.events.treatment import ReportedCourse
from domain.facts import OpenCourse, PriorTreatment, doses_in_course
from domain.history.records import CourseMarks, Dose
from domain.history.state import PatientHistory
from domain.treatment.revision_1.reported_courses import FormerAccount, continued, course_accounts

SAME_COURSE = timedelta(days=30)
"""How long after the completion of a course a dose is still an excess dose of it (R24)."""

CourseStatus = Literal["open", "completed", "closed", "short", "unknown"]


@dataclass(frozen=True)
class FormerCourse:
    """One course. `number` is its place, from 1, in the order in which the courses were started.

    `named` is the number in the events of its doses, and None for a course that is only reported. `doses` are the doses
    that count, in the order of their days. `documenting` are doses within the reported course, which do not count
    again. `account` is what reports state about the course.
    """

    number: int
    begun_on: date
    named: int | None
    doses: tuple[Dose, ...]
    documenting: tuple[Dose, ...]
    account: FormerAccount | None
    marks: CourseMarks

    @property
    def reported(self) -> ReportedCourse | None:
        return self.account.course if self.account is not None else None

    @property
    def report_id(self) -> str | None:
        return self.account.report_id if self.account is not None else None

    @property
    def regimen(self) -> int:
        return doses_in_course(self.number)

    @property
    def _given_elsewhere(self) -> int | None:
        """The number of reported doses, at least the number that dose entries document. None: not reported."""
        if self.reported is None:
            return 0
        reported, documented = self.reported.doses_given, len(self.documenting)
        if self.reported.completed is True:
            return max(reported or 0, self.regimen, documented)
        return None if reported is None else max(reported, documented)

    @cached_property
    def given(self) -> int | None:
        """The number of doses given. None: a report does not state it."""
        elsewhere = self._given_elsewhere if self.account is not None else 0
        return None if elsewhere is None else elsewhere + len(self.doses)

    @property
    def given_at_least(self) -> int:
        """The number of doses given, or the number on record if a report does not state it."""
        return self.given if self.given is not None else len(self.doses) + len(self.documenting)

    @property
    def left(self) -> int | None:
        """The number of doses left in the regimen, at least 0. None: the number of given doses is not known."""
        return None if self.given is None else max(0, self.regimen - self.given)

    @cached_property
    def is_complete(self) -> bool | None:
        """Whether the regimen is complete, from doses and reports alone (R6). None: a report does not state it."""
        if self.given_at_least >= self.regimen:
            return True
        if self.given is not None:
            return False
        return None if self.reported is not None and self.reported.completed is None else False

    @cached_property
    def status(self) -> CourseStatus:
        """The status of the course: completed (R6), closed (R26), short of a voided dose (R24), unknown, or open."""
        if self.is_complete is True:
            return "completed"
        if self.marks.closed_on is not None:
            return "closed"
        if self.marks.completed:
            return "short"
        return "unknown" if self.is_complete is None else "open"

    @cached_property
    def last_dose_on(self) -> PartialDate | None:
        """The date of the latest dose, recorded or reported. None: no date is known."""
        days = [dose.on for dose in (*self.doses, *self.documenting)]
        recorded = PartialDate.of(max(days)) if days else None
        last_reported = self.reported.last_dose_on if self.reported is not None else None
        if recorded is None or last_reported is None:
            return recorded or last_reported
        if self.reported is not None and self.reported.doses_given == len(self.documenting):
            # If dose entries document every reported dose, their exact days replace the date in the report.
            return recorded
        return max(recorded, last_reported)

    @property
    def last_dose_by(self) -> date | None:
        """The latest possible day of a dose of the course. None if there is no dose and no report."""
        if self.last_dose_on is not None:
            return self.last_dose_on.latest
        return self.account.reported_on if self.account is not None else None

    @property
    def completed_on(self) -> date | None:
        """The day of the last dose of the regimen, or the latest possible day if a report has only the month."""
        if self.is_complete is not True:
            return None
        elsewhere = self._given_elsewhere
        missing = self.regimen - (elsewhere if elsewhere is not None else len(self.documenting))
        if 0 < missing <= len(self.doses):
            return self.doses[missing - 1].on
        last = replace(self, doses=()).last_dose_on
        return last.latest if last is not None else None

    def takes(self, day: date) -> bool:
        """Whether a dose on this day, not before the start of the course, belongs to it, by its status (R24)."""
        match self.status:
            case "open":
                return self.is_running(day)
            case "closed":
                closed_on = self.marks.closed_on
                return closed_on is not None and day <= closed_on and self.is_running(day)
            case "completed":
                return self.completed_on is not None and day <= self.completed_on + SAME_COURSE
            case "unknown":
                last = self.last_dose_on
                return last is not None and day <= last.latest + SAME_COURSE
            case "short":
                return False

    def is_running(self, day: date) -> bool:
        """Whether a dose on this day would continue the course if it is unfinished (R7, R8)."""
        last = self.last_dose_on if self.number > 1 else None
        return last is None or day < anniversary(last.latest)


def courses(history: PatientHistory, as_of: date | None = None) -> tuple[FormerCourse, ...]:
    """All courses, in the order in which they were started. With `as_of`, only what had happened by that day."""
    recorded = _recorded(history, as_of)
    if not history.reports:
        # Without reports, each number in the events of doses is one course.
        recorded.sort(key=lambda entry: entry[:2])
        numbered = enumerate(recorded, 1)
        return tuple(
            [FormerCourse(number, on, name, doses, (), None, marks) for number, (on, name, doses, marks) in numbered]
        )
    entries = [FormerCourse(0, begun_on, name, doses, (), None, marks) for begun_on, name, doses, marks in recorded]
    merged: list[FormerCourse] = []
    for entry in sorted((*reported_courses(history, history.doses, as_of), *entries), key=sort_key):
        if merged and is_one_course(merged[-1], entry):
            merged[-1] = joined(merged[-1], entry)
        else:
            merged.append(replace(entry, number=len(merged) + 1))
    return tuple(merged)


_RecordedCourse = tuple[date, int, tuple[Dose, ...], CourseMarks]
"""A course that this ledger recorded: its start, its number in events, its doses by day, and its marks."""


def sort_key(course: FormerCourse) -> tuple[date, int]:
    """The sort key of courses before they are joined and numbered."""
    return course.account.order if course.account is not None else course.begun_on, course.named or 0


def reported_courses(history: PatientHistory, among: Iterable[Dose], as_of: date | None = None) -> list[FormerCourse]:
    """The reported courses, each with the doses in `among` that document it. They are not joined or numbered."""
    doses = [dose for dose in among if dose.stands and (as_of is None or dose.on <= as_of)]
    reported_accounts = course_accounts(report for report in history.reports if not report.voided)
    documents: dict[tuple[str, ...], list[Dose]] = {account.ids: [] for account in reported_accounts}
    for dose in doses:
        if dose.course is None and (account := _documented(reported_accounts, dose)) is not None:
            documents[account.ids].append(dose)
    closed_on = dict(history.closed_reports)
    found = []
    for account in reported_accounts:
        documenting = _in_order(documents[account.ids])
        span = account.span
        if as_of is not None and span is not None and span[0] > as_of and not documenting:
            continue
        closed = max((closed_on[one] for one in account.ids if one in closed_on), default=None)
        marks = CourseMarks(closed_on=closed if closed is not None and (as_of is None or closed <= as_of) else None)
        found.append(FormerCourse(0, span[0] if span is not None else date.min, None, (), documenting, account, marks))
    return found


def _documented(candidates: list[FormerAccount], dose: Dose) -> FormerAccount | None:
    """The reported course that a dose documents: the one that covers its day, or else the nearest of the report."""
    own = [one for one in candidates if any(entry.startswith(f"{dose.documents_report}.") for entry in one.ids)]
    covering = next((one for one in (*own, *candidates) if one.covers(dose.on)), None)
    if covering is not None or not own:
        return covering

    def distance(account: FormerAccount) -> timedelta:
        span = account.span or (date.min, date.max)
        return max(span[0] - dose.on, dose.on - span[1], timedelta(0))

    return min(own, key=distance)


def documented_by(history: PatientHistory, dose: Dose) -> FormerAccount | None:
    """The reported course that a dose documents. None: no report on record covers the dose any more."""
    return _documented(course_accounts(report for report in history.reports if not report.voided), dose)


def _recorded(history: PatientHistory, as_of: date | None) -> list[_RecordedCourse]:
    """The courses that this ledger recorded doses for."""
    entered: dict[int, list[Dose]] = {}
    for dose in history.doses:
        if dose.course is not None:
            entered.setdefault(dose.course, []).append(dose)
    candidates = (_recorded_course(name, own, history.marks_of(name), as_of) for name, own in sorted(entered.items()))
    return [one for one in candidates if one is not None]


def _recorded_course(
    name: int, own: Collection[Dose], marks: CourseMarks, as_of: date | None
) -> _RecordedCourse | None:
    given_doses = [dose for dose in own if dose.stands]
    members = _in_order(given_doses if as_of is None else [dose for dose in given_doses if dose.on <= as_of])
    if as_of is not None and marks.closed_on is not None and marks.closed_on > as_of:
        marks = replace(marks, closed_on=None)
    if len(members) < len(given_doses):
        # A course is not completed by doses that were given later.
        marks = replace(marks, completed=False)
    # A completed course whose doses were all voided remains, with the days of the voided doses.
    begun_on = members[0].on if members else min(dose.on for dose in own)
    is_found = members or (marks.completed and (as_of is None or begun_on <= as_of))
    return (begun_on, name, members, marks) if is_found else None


def recorded_course(name: int, own: Collection[Dose], marks: CourseMarks) -> FormerCourse | None:
    """The course of these doses, not joined or numbered. None: all of them were voided and it was not completed."""
    recorded = _recorded_course(name, own, marks, None)
    return None if recorded is None else FormerCourse(0, recorded[0], name, recorded[2], (), None, marks)


def _in_order(doses: Iterable[Dose]) -> tuple[Dose, ...]:
    return tuple(sorted(doses, key=attrgetter("on", "version")))


def is_one_course(before: FormerCourse, after: FormerCourse) -> bool:
    """Whether two entries, at least one of them from a report, are one course.

    They are if doses are within the reported course or continue it, as doses of its regimen while it is unfinished (R7,
    R8) or as excess doses soon after its end (R24).
    """
    if before.named is not None and after.named is not None:
        return False
    if any(account.covers(dose.on) for account, dose in _reported_and_recorded(before, after)):
        return True
    if after.account is not None:
        # A report of a completed course, or without completion and number of doses, is about a course of its own.
        report = after.account.course
        unfinished = report.completed is False or (report.completed is None and report.doses_given is not None)
        goes_on = before.status == "open" and before.is_running(after.begun_on)
        return unfinished and after.account.span is not None and goes_on
    return bool(after.doses) and before.takes(after.begun_on)


def _reported_and_recorded(one: FormerCourse, other: FormerCourse) -> Iterable[tuple[FormerAccount, Dose]]:
    for reported, recorded in ((one, other), (other, one)):
        if reported.account is not None:
            yield from ((reported.account, dose) for dose in recorded.doses)


def joined(one: FormerCourse, other: FormerCourse) -> FormerCourse:
    """Two entries of one course as one course, with the number of the first."""
    reported = [course.account for course in (one, other) if course.account is not None]
    account = reported[0] if len(reported) == 1 else continued(reported[0], reported[1])
    doses = (*one.doses, *other.doses)
    inside = [dose for dose in doses if any(part.covers(dose.on) for part in reported)]
    closed = max((part.marks.closed_on for part in (one, other) if part.marks.closed_on is not None), default=None)
    return replace(
        one,
        begun_on=min(one.begun_on, other.begun_on),
        named=one.named if one.named is not None else other.named,
        doses=_in_order(dose for dose in doses if dose not in inside),
        documenting=_in_order((*one.documenting, *other.documenting, *inside)),
        account=account,
        marks=CourseMarks(one.marks.completed or other.marks.completed, closed),
    )


# -- the treatment facts for the policy -------------------------------------------------------


def current_course(patient_courses: tuple[FormerCourse, ...], on: date) -> FormerCourse | None:
    """The open course that a dose on this day would continue, or None (R7, R8)."""
    if not patient_courses or patient_courses[-1].status != "open":
        return None
    last = patient_courses[-1]
    if last.number == 1 or last.last_dose_on is None:
        return last
    return last if anniversary(last.last_dose_on.latest) > on else None


def prior_treatment(
    patient_courses: tuple[FormerCourse, ...], *, never_reported: bool, stated: bool | None
) -> PriorTreatment:
    """The treatment facts, from the record, or from the statement if the record has no course (R1).

    `never_reported`: a report states that there was no treatment. `stated`: whether the prescriber states that Lemtrada
    was received.
    """
    if not patient_courses:
        received = False if never_reported and stated is not True else stated
        return PriorTreatment(received_lemtrada=received, completed_course=False if received is False else None)
    last, completed = patient_courses[-1], _any_completed(patient_courses)
    if completed is False and last.number > 1:
        return _one_first_course(patient_courses)
    if last.status == "unknown" and completed is True:
        # It is not known whether the last course is open or completed. Twelve months after its last dose, both have the
        # same result. Until then, the date of the last prior dose remains unknown (R3).
        return PriorTreatment(received_lemtrada=True, completed_course=True, open_course=_as_open(last))
    if last.status == "open" and completed is not None:
        return PriorTreatment(
            received_lemtrada=True,
            completed_course=completed,
            last_dose_on=latest_dose_on(patient_courses[:-1]),
            open_course=_as_open(last),
        )
    counted = patient_courses[:-1] if last.status == "open" else patient_courses
    return PriorTreatment(received_lemtrada=True, completed_course=completed, last_dose_on=latest_dose_on(counted))


def _one_first_course(patient_courses: tuple[FormerCourse, ...]) -> PriorTreatment:
    """Several courses, none of them completed, as after a corrected report: together the first course (R1, R7)."""
    counts = [one.given for one in patient_courses]
    total = None if None in counts else sum(count or 0 for count in counts)
    latest = latest_dose_on(patient_courses)
    if total is not None and total >= doses_in_course(1):
        return PriorTreatment(received_lemtrada=True, completed_course=True, last_dose_on=latest)
    open_course = OpenCourse(number=1, doses_given=total, last_dose_on=latest)
    return PriorTreatment(received_lemtrada=True, completed_course=False, open_course=open_course)


def _as_open(course: FormerCourse) -> OpenCourse:
    return OpenCourse(number=min(course.number, 99), doses_given=course.given or None, last_dose_on=course.last_dose_on)


def _any_completed(patient_courses: tuple[FormerCourse, ...]) -> bool | None:
    """Whether a course was completed, or is treated as completed (R24, R26). None: a report does not state it (R1)."""
    statuses = {one.status for one in patient_courses}
    if statuses & {"completed", "closed", "short"}:
        return True
    return None if "unknown" in statuses else False


def latest_dose_on(patient_courses: Iterable[FormerCourse]) -> PartialDate | None:
    """The date of the latest dose of these courses (R3).

    None: no date is known, or a course without dates may have a later dose.
    """
    known = [one for one in patient_courses if one.last_dose_by is not None]
    latest = max((one.last_dose_on for one in known if one.last_dose_on is not None), default=None)
    if latest is None:
        return None
    undated = (one.last_dose_by for one in known if one.last_dose_on is None)
    return None if any(by is not None and by > latest.earliest for by in undated) else latest
