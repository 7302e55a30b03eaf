"""Which courses there are, and how far each has come (R6 to R8, R24 to R26).

A course is made of the doses this ledger recorded for it, of a report from elsewhere, or of
both: doses inside a reported course document it, and doses after an unfinished reported
course continue it. Courses are numbered in the order in which they were begun.
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
from domain.treatment.reported_courses import Account, accounts, continued

SAME_COURSE = timedelta(days=30)
"""How long after its completion a dose is still an excess dose of a course (R24)."""

CourseStatus = Literal["open", "completed", "closed", "short", "unknown"]


@dataclass(frozen=True)
class Course:
    """One course. `number` counts from 1 by when courses were begun; `named` is what its doses' events call it.

    `doses` count towards it, in the order of their days; `documenting` doses lie inside the
    reported course and add nothing to it. `account` is what reports tell of it.
    """

    number: int
    begun_on: date
    named: int | None
    doses: tuple[Dose, ...]
    documenting: tuple[Dose, ...]
    account: Account | None
    marks: CourseMarks

    @property
    def reported(self) -> ReportedCourse | None:
        return self.account.told if self.account is not None else None

    @property
    def report_id(self) -> str | None:
        return self.account.report_id if self.account is not None else None

    @property
    def regimen(self) -> int:
        return doses_in_course(self.number)

    @property
    def _given_elsewhere(self) -> int | None:
        """Doses that reports tell of, at least those that our own entries document; None: not said how many."""
        if self.reported is None:
            return 0
        told, documented = self.reported.doses_given, len(self.documenting)
        if self.reported.completed is True:
            return max(told or 0, self.regimen, documented)
        return None if told is None else max(told, documented)

    @cached_property
    def given(self) -> int | None:
        """Doses given; None where a report does not say how many."""
        elsewhere = self._given_elsewhere if self.account is not None else 0
        return None if elsewhere is None else elsewhere + len(self.doses)

    @property
    def given_at_least(self) -> int:
        return self.given if self.given is not None else len(self.doses) + len(self.documenting)

    @property
    def left(self) -> int | None:
        """Doses that the regimen still has, at least 0; None where the number given is not known."""
        return None if self.given is None else max(0, self.regimen - self.given)

    @cached_property
    def is_complete(self) -> bool | None:
        """From doses and reports alone (R6); None where a report does not say."""
        if self.given_at_least >= self.regimen:
            return True
        if self.given is not None:
            return False
        return None if self.reported is not None and self.reported.completed is None else False

    @cached_property
    def status(self) -> CourseStatus:
        if self.is_complete is True:
            return "completed"
        if self.marks.closed_on is not None:
            return "closed"
        if self.marks.completed:
            return "short"
        return "unknown" if self.is_complete is None else "open"

    @cached_property
    def last_dose_on(self) -> PartialDate | None:
        """The latest dose, recorded or reported; None where no date is known."""
        days = [dose.on for dose in (*self.doses, *self.documenting)]
        recorded = PartialDate.of(max(days)) if days else None
        told = self.reported.last_dose_on if self.reported is not None else None
        if recorded is None or told is None:
            return recorded or told
        if self.reported is not None and self.reported.doses_given == len(self.documenting):
            # Where every reported dose is documented to the day, the report's own date adds nothing.
            return recorded
        return max(recorded, told)

    @property
    def last_dose_by(self) -> date | None:
        """No dose of it lies after this day; None where there is no dose."""
        if self.last_dose_on is not None:
            return self.last_dose_on.latest
        return self.account.told_by if self.account is not None else None

    @property
    def completed_on(self) -> date | None:
        """The day of the regimen's last dose; the last possible one where a report says only the month."""
        if self.is_complete is not True:
            return None
        elsewhere = self._given_elsewhere
        missing = self.regimen - (elsewhere if elsewhere is not None else len(self.documenting))
        if 0 < missing <= len(self.doses):
            return self.doses[missing - 1].on
        last = replace(self, doses=()).last_dose_on
        return last.latest if last is not None else None

    def takes(self, day: date) -> bool:
        """Whether a dose on or after the course's begin is one of its own, by the course's standing."""
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
        """Whether a dose on this day would go on with it, were it unfinished (R7, R8)."""
        last = self.last_dose_on if self.number > 1 else None
        return last is None or day < anniversary(last.latest)


def courses(history: PatientHistory, as_of: date | None = None) -> tuple[Course, ...]:
    """Every course, in the order in which they were begun; only what had happened by `as_of`."""
    recorded = _recorded(history, as_of)
    if not history.reports:
        # Without a report each name is a course, in the order in which they were begun.
        recorded.sort(key=lambda entry: entry[:2])
        numbered = enumerate(recorded, 1)
        return tuple(
            [Course(number, on, name, doses, (), None, marks) for number, (on, name, doses, marks) in numbered]
        )
    entries = [Course(0, begun_on, name, doses, (), None, marks) for begun_on, name, doses, marks in recorded]
    merged: list[Course] = []
    for entry in sorted((*reported_courses(history, history.doses, as_of), *entries), key=place_in_order):
        if merged and is_one_course(merged[-1], entry):
            merged[-1] = joined(merged[-1], entry)
        else:
            merged.append(replace(entry, number=len(merged) + 1))
    return tuple(merged)


_RecordedCourse = tuple[date, int, tuple[Dose, ...], CourseMarks]
"""When a course of this ledger was begun, its name, its doses in the order of their days, and what events said."""


def place_in_order(course: Course) -> tuple[date, int]:
    """What courses are sorted by before they are joined and numbered."""
    return course.account.order if course.account is not None else course.begun_on, course.named or 0


def reported_courses(history: PatientHistory, among: Iterable[Dose], as_of: date | None = None) -> list[Course]:
    """Reported courses, each with the doses, of those given, that document it; not joined or numbered."""
    doses = [dose for dose in among if dose.stands and (as_of is None or dose.on <= as_of)]
    told = accounts(report for report in history.reports if not report.voided)
    documents: dict[tuple[str, ...], list[Dose]] = {account.ids: [] for account in told}
    for dose in doses:
        if dose.course is None and (account := _documented(told, dose)) is not None:
            documents[account.ids].append(dose)
    closed_on = dict(history.closed_reports)
    found = []
    for account in told:
        documenting = _in_order(documents[account.ids])
        span = account.span
        if as_of is not None and span is not None and span[0] > as_of and not documenting:
            continue
        closed = max((closed_on[one] for one in account.ids if one in closed_on), default=None)
        marks = CourseMarks(closed_on=closed if closed is not None and (as_of is None or closed <= as_of) else None)
        found.append(Course(0, span[0] if span is not None else date.min, None, (), documenting, account, marks))
    return found


def _documented(told: list[Account], dose: Dose) -> Account | None:
    """The reported course that a dose documents: the one around its day, else the nearest of its own report."""
    own = [one for one in told if any(entry.startswith(f"{dose.documents_report}.") for entry in one.ids)]
    around = next((one for one in (*own, *told) if one.covers(dose.on)), None)
    if around is not None or not own:
        return around

    def distance(account: Account) -> timedelta:
        span = account.span or (date.min, date.max)
        return max(span[0] - dose.on, dose.on - span[1], timedelta(0))

    return min(own, key=distance)


def documented_by(history: PatientHistory, dose: Dose) -> Account | None:
    """The reported course that a dose of no course of its own documents; None: no report tells of it any more."""
    return _documented(accounts(report for report in history.reports if not report.voided), dose)


def _recorded(history: PatientHistory, as_of: date | None) -> list[_RecordedCourse]:
    """The courses that this ledger recorded doses of."""
    entered: dict[int, list[Dose]] = {}
    for dose in history.doses:
        if dose.course is not None:
            entered.setdefault(dose.course, []).append(dose)
    found = (_recorded_course(name, own, history.marks_of(name), as_of) for name, own in sorted(entered.items()))
    return [one for one in found if one is not None]


def _recorded_course(
    name: int, own: Collection[Dose], marks: CourseMarks, as_of: date | None
) -> _RecordedCourse | None:
    standing = [dose for dose in own if dose.stands]
    members = _in_order(standing if as_of is None else [dose for dose in standing if dose.on <= as_of])
    if as_of is not None and marks.closed_on is not None and marks.closed_on > as_of:
        marks = replace(marks, closed_on=None)
    if len(members) < len(standing):
        # Doses that were still to come had not completed it then.
        marks = replace(marks, completed=False)
    # A completed course whose doses were all voided stays visible, where they had been.
    begun_on = members[0].on if members else min(dose.on for dose in own)
    is_found = members or (marks.completed and (as_of is None or begun_on <= as_of))
    return (begun_on, name, members, marks) if is_found else None


def recorded_course(name: int, own: Collection[Dose], marks: CourseMarks) -> Course | None:
    """The course that the ledger recorded these doses of, not joined or numbered; None: all of them were voided."""
    found = _recorded_course(name, own, marks, None)
    return None if found is None else Course(0, found[0], name, found[2], (), None, marks)


def _in_order(doses: Iterable[Dose]) -> tuple[Dose, ...]:
    return tuple(sorted(doses, key=attrgetter("on", "version")))


def is_one_course(before: Course, after: Course) -> bool:
    """Whether two entries tell of one course, one of them at least from a report.

    The doses lie inside the reported course, or go on with it: as one of its regimen while
    it is unfinished (R7, R8), or as an excess dose soon after its end (R24).
    """
    if before.named is not None and after.named is not None:
        return False
    if any(account.covers(dose.on) for account, dose in _reported_and_recorded(before, after)):
        return True
    if after.account is not None:
        # A later report of a completed or uncounted course speaks of that course alone.
        told = after.account.told
        unfinished = told.completed is False or (told.completed is None and told.doses_given is not None)
        goes_on = before.status == "open" and before.is_running(after.begun_on)
        return unfinished and after.account.span is not None and goes_on
    return bool(after.doses) and before.takes(after.begun_on)


def _reported_and_recorded(one: Course, other: Course) -> Iterable[tuple[Account, Dose]]:
    for reported, recorded in ((one, other), (other, one)):
        if reported.account is not None:
            yield from ((reported.account, dose) for dose in recorded.doses)


def joined(one: Course, other: Course) -> Course:
    told = [course.account for course in (one, other) if course.account is not None]
    account = told[0] if len(told) == 1 else continued(told[0], told[1])
    doses = (*one.doses, *other.doses)
    inside = [dose for dose in doses if any(part.covers(dose.on) for part in told)]
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


# -- what the policy is told of it ------------------------------------------------------------


def current_course(found: tuple[Course, ...], on: date) -> Course | None:
    """The course that a dose on this day would still belong to as one of its regimen (R7, R8)."""
    if not found or found[-1].status != "open":
        return None
    last = found[-1]
    if last.number == 1 or last.last_dose_on is None:
        return last
    return last if anniversary(last.last_dose_on.latest) > on else None


def prior_treatment(found: tuple[Course, ...], *, never_reported: bool, stated: bool | None) -> PriorTreatment:
    """The treatment facts: the record first, the statement only where the record is silent (R1)."""
    if not found:
        received = False if never_reported and stated is not True else stated
        return PriorTreatment(received_lemtrada=received, completed_course=False if received is False else None)
    last, completed = found[-1], _any_completed(found)
    if completed is False and last.number > 1:
        return _one_first_course(found)
    if last.status == "unknown" and completed is True:
        # Open or completed, its twelve months count alike once they are over; until then the date is left open (R3).
        return PriorTreatment(received_lemtrada=True, completed_course=True, open_course=_as_open(last))
    if last.status == "open" and completed is not None:
        return PriorTreatment(
            received_lemtrada=True,
            completed_course=completed,
            last_dose_on=latest_dose_on(found[:-1]),
            open_course=_as_open(last),
        )
    counted = found[:-1] if last.status == "open" else found
    return PriorTreatment(received_lemtrada=True, completed_course=completed, last_dose_on=latest_dose_on(counted))


def _one_first_course(found: tuple[Course, ...]) -> PriorTreatment:
    """Several courses and none completed, as a corrected report leaves them: all are the first one (R1, R7)."""
    counts = [one.given for one in found]
    total = None if None in counts else sum(count or 0 for count in counts)
    latest = latest_dose_on(found)
    if total is not None and total >= doses_in_course(1):
        return PriorTreatment(received_lemtrada=True, completed_course=True, last_dose_on=latest)
    open_course = OpenCourse(number=1, doses_given=total, last_dose_on=latest)
    return PriorTreatment(received_lemtrada=True, completed_course=False, open_course=open_course)


def _as_open(course: Course) -> OpenCourse:
    return OpenCourse(number=min(course.number, 99), doses_given=course.given or None, last_dose_on=course.last_dose_on)


def _any_completed(found: tuple[Course, ...]) -> bool | None:
    """Whether a course was completed, or ended as one (R24, R26); None where a report does not say (R1)."""
    statuses = {one.status for one in found}
    if statuses & {"completed", "closed", "short"}:
        return True
    return None if "unknown" in statuses else False


def latest_dose_on(found: Iterable[Course]) -> PartialDate | None:
    """The latest dose of these courses; None where none is known, or where one without dates may be later (R3)."""
    told = [one for one in found if one.last_dose_by is not None]
    latest = max((one.last_dose_on for one in told if one.last_dose_on is not None), default=None)
    if latest is None:
        return None
    undated = (one.last_dose_by for one in told if one.last_dose_on is None)
    return None if any(by is not None and by > latest.earliest for by in undated) else latest
