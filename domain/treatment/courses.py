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
from typing import Final, Literal

from domain.calendar import PartialDate, anniversary
from domain.events.treatment import ReportedCourse
from domain.facts import doses_in_course
from domain.history.records import CourseMarks, Dose
from domain.history.state import PatientHistory
from domain.treatment.course_of_dose import course_names
from domain.treatment.lived_courses import SAME_COURSE
from domain.treatment.reported_courses import CourseAccount, continued, course_accounts

_IS_VOIDED: Final = attrgetter("voided")
_IS_UNCERTAIN: Final = attrgetter("is_uncertain")
_WAS_NAMED: Final = attrgetter("course_was_named")

CourseStatus = Literal["open", "completed", "closed", "short", "unknown"]


@dataclass(frozen=True)
class Course:
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
    account: CourseAccount | None
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

    @cached_property
    def given_range(self) -> tuple[int, int]:
        """The least and the most number of doses given (R27).

        Least: every known day once, and of the other reported doses those that can't be doses of this ledger. Most: all
        reported doses on other days. A course that is reported as completed has its regimen, and doses of this ledger
        within it add nothing.
        """
        least, most = self.days_recorded
        own = len(self.doses) + len(self.documenting)
        if self.account is None:
            return least, most
        if self.account.course.completed is True:
            told = max(self.account.course.doses_given or 0, self.regimen, len(self.documenting))
            documenting_least, documenting_most = _dose_days(self.documenting)
            return told + least - documenting_least, told + most - documenting_most
        days = {dose.on for dose in (*self.doses, *self.documenting)}
        known = self.account.known_days
        told_least, told_most = self.account.counts(self.regimen)
        may_be_ours = sum(self.account.may_tell_of(day) for day in days - known)
        all_known = own + len(known - days)
        return (
            all_known + max(0, told_least - len(known) - may_be_ours) + least - own,
            all_known + max(0, told_most - len(known)) + most - own,
        )

    @property
    def days_recorded(self) -> tuple[int, int]:
        """The least and the most number of dose days that the dose entries tell of (R25, R30)."""
        return _dose_days((*self.doses, *self.documenting))

    @property
    def given(self) -> int | None:
        """The number of doses given. None: it is not certain."""
        least, most = self.given_range
        return least if least == most else None

    @property
    def given_at_least(self) -> int:
        """The least number of doses given."""
        return self.given_range[0]

    @property
    def left(self) -> int | None:
        """The number of doses left in the regimen, at least 0. None: the number of given doses is not certain."""
        return None if self.given is None else max(0, self.regimen - self.given)

    @property
    def left_at_least(self) -> int:
        """The doses that are certainly left in the regimen: counted from the most that may have been given (R7)."""
        return max(0, self.regimen - self.given_range[1])

    @cached_property
    def is_complete(self) -> bool | None:
        """Whether the regimen is complete, from doses and reports alone (R6). None: it is not certain."""
        least, most = self.given_range
        if least >= self.regimen:
            return True
        return None if most >= self.regimen else False

    @cached_property
    def status(self) -> CourseStatus:
        """The status of the course: completed (R6), closed (R26), short of a voided dose (R24), unknown, or open."""
        if self.is_complete is True:
            return "completed"
        if self.marks.closed_on is not None:
            return "closed"
        if self.marks.completed and self.marks.lost_a_dose:
            return "short"
        return "unknown" if self.is_complete is None else "open"

    @cached_property
    def last_dose_on(self) -> PartialDate | None:
        """The date of the latest dose, recorded or reported. None: no date is known."""
        days = [dose.facts.last_on or dose.on for dose in (*self.doses, *self.documenting)]
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
        missing = self.regimen - (self.given_at_least - len(self.doses))
        if 0 < missing <= len(self.doses):
            completing = self.doses[missing - 1]
            return completing.facts.last_on or completing.on
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


def _dose_days(doses: Iterable[Dose]) -> tuple[int, int]:
    ranges = [dose.days for dose in doses]
    return sum(least for least, _ in ranges), sum(most for _, most in ranges)


def courses(history: PatientHistory, as_of: date | None = None) -> tuple[Course, ...]:
    """All courses, in the order in which they were started. With `as_of`, only what had happened by that day."""
    if not history.doses and not history.reports:
        return ()
    recorded = _recorded(history, as_of)
    if not history.reports:
        # Without reports, each number in the events of doses is one course.
        recorded.sort(key=lambda entry: entry[:2])
        numbered = enumerate(recorded, 1)
        return tuple(
            [Course(number, on, name, doses, (), None, marks) for number, (on, name, doses, marks) in numbered]
        )
    entries = [Course(0, begun_on, name, doses, (), None, marks) for begun_on, name, doses, marks in recorded]
    merged: list[Course] = []
    for entry in sorted((*reported_courses(history, history.doses, as_of), *entries), key=sort_key):
        if merged and is_one_course(merged[-1], entry):
            merged[-1] = joined(merged[-1], entry)
        else:
            merged.append(replace(entry, number=len(merged) + 1))
    return tuple(merged)


_RecordedCourse = tuple[date, int, tuple[Dose, ...], CourseMarks]
"""A course that this ledger recorded: its start, its number in events, its doses by day, and its marks."""


def sort_key(course: Course) -> tuple[date, int]:
    """The sort key of courses before they are joined and numbered."""
    return course.account.order if course.account is not None else course.begun_on, course.named or 0


def reported_courses(history: PatientHistory, among: Iterable[Dose], as_of: date | None = None) -> list[Course]:
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
        found.append(Course(0, span[0] if span is not None else date.min, None, (), documenting, account, marks))
    return found


def _documented(candidates: list[CourseAccount], dose: Dose) -> CourseAccount | None:
    """The reported course that a dose documents: the one that covers its day, or else the nearest of the report."""
    own = [one for one in candidates if any(entry.startswith(f"{dose.documents_report}.") for entry in one.ids)]
    covering = next((one for one in (*own, *candidates) if one.covers(dose.on)), None)
    if covering is not None or not own:
        return covering

    def distance(account: CourseAccount) -> timedelta:
        span = account.span or (date.min, date.max)
        return max(span[0] - dose.on, dose.on - span[1], timedelta(0))

    return min(own, key=distance)


def documented_by(history: PatientHistory, dose: Dose) -> CourseAccount | None:
    """The reported course that a dose documents. None: no report on record covers the dose any more."""
    return _documented(course_accounts(report for report in history.reports if not report.voided), dose)


def _recorded(history: PatientHistory, as_of: date | None) -> list[_RecordedCourse]:
    """The courses that this ledger recorded doses for."""
    entered: dict[int, list[Dose]] = {}
    names = course_names(history)
    for dose in history.doses:
        if dose.dose_id in names:
            entered.setdefault(names[dose.dose_id], []).append(dose)
    candidates = (_recorded_course(name, own, history, as_of) for name, own in sorted(entered.items()))
    return [one for one in candidates if one is not None]


def _recorded_course(
    name: int, own: Collection[Dose], history: PatientHistory, as_of: date | None
) -> _RecordedCourse | None:
    marks = history.marks_of(name)
    is_lost = any(map(_IS_VOIDED, own)) or any(map(_IS_UNCERTAIN, own))
    if marks.completed and (is_lost or any(map(_WAS_NAMED, history.doses))):
        marks = replace(marks, lost_a_dose=True)
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


def recorded_course(name: int, own: Collection[Dose], history: PatientHistory) -> Course | None:
    """The course of these doses, not joined or numbered. None: all of them were voided and it was not completed."""
    recorded = _recorded_course(name, own, history, None)
    return None if recorded is None else Course(0, recorded[0], name, recorded[2], (), None, recorded[3])


def _in_order(doses: Iterable[Dose]) -> tuple[Dose, ...]:
    return tuple(sorted(doses, key=attrgetter("on", "version")))


def is_one_course(before: Course, after: Course) -> bool:
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


def _reported_and_recorded(one: Course, other: Course) -> Iterable[tuple[CourseAccount, Dose]]:
    for reported, recorded in ((one, other), (other, one)):
        if reported.account is not None:
            yield from ((reported.account, dose) for dose in recorded.doses)


def joined(one: Course, other: Course) -> Course:
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
        marks=CourseMarks(
            one.marks.completed or other.marks.completed,
            closed,
            one.marks.lost_a_dose or other.marks.lost_a_dose,
        ),
    )


def current_course(patient_courses: tuple[Course, ...], on: date) -> Course | None:
    """The open course that a dose on this day would continue, or None (R7, R8)."""
    if not patient_courses or patient_courses[-1].status != "open":
        return None
    last = patient_courses[-1]
    if last.number == 1 or last.last_dose_on is None:
        return last
    return last if anniversary(last.last_dose_on.latest) > on else None
