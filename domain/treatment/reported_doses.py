"""What each report of treatment elsewhere states about doses, as ranges of numbers and of days (R5, R27).

A report has no dose after the day on which it was made, and n doses take n days. What a report on record states that no
treatment can fit ("two doses, completed") is taken as not known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, Literal, NamedTuple

from domain.calendar import FIRST_YEAR, DateRange, PartialDate
from domain.events.treatment import ReportedCourse
from domain.facts import doses_in_course
from domain.history.records import CourseMarks, Dose, Report
from domain.history.state import PatientHistory
from domain.history.treatment import reported_course_id

FIRST_COURSE, LATER_COURSE = doses_in_course(1), doses_in_course(2)


Adds = Literal["doses", "nothing", "perhaps", "left_out"]
"""What a reported course adds to the record: doses; nothing, since each of its doses is known without it; or either."""


class TreatmentOnRecord(NamedTuple):
    """What a history has of treatment: as in `PatientHistory`."""

    doses: tuple[Dose, ...]
    reports: tuple[Report, ...]
    marks: tuple[tuple[int, CourseMarks], ...]
    closed_reports: tuple[tuple[str, date], ...]
    birth_date: PartialDate | None


def treatment_on_record(history: PatientHistory | TreatmentOnRecord) -> TreatmentOnRecord:
    """What the history has of treatment."""
    if isinstance(history, TreatmentOnRecord):
        return history
    return TreatmentOnRecord(
        # What a dose differed from when it was recorded has no effect, so the lives before that is known are these.
        tuple(replace(one, variances_then=()) if one.variances_then else one for one in history.doses),
        history.reports,
        history.marks,
        history.closed_reports,
        history.birth_date,
    )


@dataclass(frozen=True, slots=True)
class ReportedDoses:
    """The doses of one reported course.

    `counts` are the possible numbers of doses. The first dose is on a day of `first`, and the last one on a day of
    `last`. `completed` is what the report says, or None. `listed_after` is the place of the course that the same report
    lists before this one. `begins_a_course`: the course before it in the report was completed, so this is another
    one; it `may_begin_a_course` if that one was not.
    `line_of`: these are the infusion days of one claim line, whose entry has this version (R25).
    `is_ours` is whether a person said that the report tells of doses of this ledger (True), or of others (False), and
    `adds` what it then adds to the record. `own_days` are the days of our doses that must then be among its own.
    `version` is that of the history with which it came on record, or was corrected.
    """

    course_id: str
    counts: tuple[int, ...]
    first: DateRange
    last: DateRange
    completed: bool | None
    is_counted: bool
    listed_after: int | None = None
    begins_a_course: bool = False
    may_begin_a_course: bool = False
    is_ours: bool | None = None
    closed_on: date | None = None
    line_of: int | None = None
    version: int = 0
    adds: Adds = "doses"
    own_days: tuple[date, ...] = ()

    @property
    def report_id(self) -> str:
        return self.course_id.rpartition(".")[0]

    @property
    def is_a_later_course(self) -> bool:
        """Whether the course is a later one whose first course is not told: completed, with fewer than five doses."""
        return self.completed is True and self.is_counted and self.counts[-1] < FIRST_COURSE

    def has_doses_for_ours(self, told: int, by: date, *, is_all: bool) -> bool:
        """Whether the doses after so many that it told of by this day can have all of our own ones that are later."""
        left = 0 if is_all else self.counts[-1] - told
        return left >= sum(day > by for day in self.own_days)

    def may_have_a_dose_on(self, day: date) -> bool:
        """Whether the day is between the first possible day of the first dose and the last one of the last dose."""
        return self.first.earliest <= day <= self.last.latest

    def days_of_dose(self, number: int, *, is_last: bool) -> tuple[date, date] | None:
        """The first and the last possible day of a dose, by its number from 1. None: there is no such dose."""
        more = 0 if is_last else min((one for one in self.counts if one > number), default=number) - number
        if number not in self.counts if is_last else not more:
            return None
        earliest = self.first.earliest + timedelta(days=number - 1)
        latest = self.last.latest - timedelta(days=more)
        if number == 1:
            latest = min(latest, self.first.latest)
        if is_last:
            earliest = max(earliest, self.last.earliest)
        return earliest, latest


def reported_doses(history: PatientHistory | TreatmentOnRecord) -> tuple[ReportedDoses, ...]:
    """The doses of every reported course on record, in the order of the reports. Voided reports are left out.

    What a report of doses of this ledger adds to the record follows from the lives (`told_doses`).
    """
    closed_on = dict(history.closed_reports)
    born = history.birth_date.earliest if history.birth_date is not None else date(FIRST_YEAR, 1, 1)
    found: list[ReportedDoses] = []
    for report in history.reports:
        if report.voided:
            continue
        listed_after: int | None = None
        for number, course in enumerate(report.courses, 1):
            course_id = reported_course_id(report.report_id, number)
            follows = None if listed_after is None else found[listed_after].completed is not False
            one = _doses_of(course, report, born)
            found.append(
                ReportedDoses(
                    course_id,
                    *one,
                    listed_after=listed_after,
                    begins_a_course=follows is True,
                    may_begin_a_course=follows is False,
                    is_ours=None if report.tells_of is None else report.tells_of == "our_doses",
                    closed_on=closed_on.get(course_id),
                    version=report.version,
                )
            )
            listed_after = len(found) - 1
    return tuple(found)


NEAR: Final = timedelta(days=30)
"""How far from its own day the other infusion days of a claim line can be: the length assumed for a course (R25)."""


def line_doses(history: PatientHistory | TreatmentOnRecord) -> tuple[ReportedDoses, ...]:
    """The infusion days of each claim line that may have several: its own day, and other days near it (R25).

    Of a stated number of days, some can be those of other entries (R25). Otherwise the least number has these lives.
    """
    born = history.birth_date.earliest if history.birth_date is not None else date(FIRST_YEAR, 1, 1)
    return tuple(_line_doses(dose, born) for dose in history.doses if dose.stands and dose.days[1] > 1)


def _line_doses(dose: Dose, born: date) -> ReportedDoses:
    least, most = dose.days
    # The line was recorded by then in any zone, and no dose of it is later (R27).
    recorded = max([dose.on, *(one.recorded_at.date() + timedelta(days=1) for one in dose.lines)])
    first, last = _stated_ends(dose)
    return ReportedDoses(
        dose.dose_id,
        tuple(range(max(1, least), most + 1)),
        first=DateRange(first or min(dose.on, max(born, dose.on - NEAR)), first or dose.on),
        last=DateRange(last or dose.on, last or min(dose.on + NEAR, recorded)),
        completed=None,
        is_counted=True,
        is_ours=None if least > 1 else False,
        line_of=dose.version,
        version=dose.version,
    )


def _stated_ends(dose: Dose) -> tuple[date | None, date | None]:
    """The first and the last infusion day, where they are stated of the only line or of the one that has most days."""
    certain = [one for one in dose.lines if one.is_stated and one.least == max(one.most for one in dose.lines)]
    first, last = {one.first_on for one in certain}, {one.last_on for one in certain}
    if len(dose.lines) == 1:
        return dose.lines[0].first_on, dose.lines[0].last_on
    return first.pop() if len(first) == 1 else None, last.pop() if len(last) == 1 else None


def _doses_of(
    course: ReportedCourse, report: Report, born: date
) -> tuple[tuple[int, ...], DateRange, DateRange, bool | None, bool]:
    """The possible numbers of doses, the days of the first and of the last dose, and whether it was completed."""
    given, completed = course.doses_given, course.completed
    if given is not None and not _is_possible(given, completed):
        given, completed = None, None
    first, last = _days(course, report.reported_on, born)
    days = (last.latest - first.earliest).days + 1
    counts = tuple(one for one in _counts(given, completed) if one <= days)
    least = 2 if first.latest < last.earliest else 1
    counts = tuple(one for one in counts if one >= least) or counts
    if not counts:
        # The days do not hold the doses: the days are not known.
        first = last = DateRange(born, max(born, report.reported_on))
        counts = _counts(given, completed)
    return counts, first, last, completed, given is not None


def _is_possible(given: int, completed: bool | None) -> bool:
    """Whether a course can have so many doses and be completed, or not be (R27)."""
    if completed is None:
        return given <= FIRST_COURSE
    return LATER_COURSE <= given <= FIRST_COURSE if completed else given < FIRST_COURSE


def _counts(given: int | None, completed: bool | None) -> tuple[int, ...]:
    if given is not None:
        return (given,)
    if completed is True:
        return LATER_COURSE, FIRST_COURSE
    return tuple(range(1, FIRST_COURSE if completed is False else FIRST_COURSE + 1))


def _days(course: ReportedCourse, reported_on: date, born: date) -> tuple[DateRange, DateRange]:
    """The possible days of the first and of the last dose, none of them after the report was made (R5)."""
    made = max(reported_on, born)
    first, last = course.first_dose_on, course.last_dose_on
    ends = DateRange(last.earliest, last.latest) if last is not None else DateRange(born, made)
    starts = DateRange(first.earliest, first.latest) if first is not None else DateRange(born, ends.latest)
    latest = max(min(ends.latest, made), ends.earliest)
    return (
        DateRange(starts.earliest, max(starts.earliest, min(starts.latest, latest))),
        DateRange(max(ends.earliest, starts.earliest), max(latest, starts.earliest)),
    )


def days_of_last_dose(history: PatientHistory, as_of: date) -> tuple[date | None, date]:
    """The days of the latest dose: from the last day that certainly has one to the last that any report speaks of.

    The first day is None if no dose is certain by the end of the day `as_of`.
    """
    known = [one.on for one in history.doses if one.stands and not one.is_uncertain and one.on <= as_of]
    reports = [one for one in reported_doses(history) if one.first.earliest <= as_of]
    certain = [one for one in reports if one.is_ours is not True]
    lines = [one for one in line_doses(history) if one.first.earliest <= as_of]
    known += [one.last.earliest for one in certain if one.last.latest <= as_of]
    known += [one.first.earliest for one in certain if one.first.latest <= as_of < one.last.latest]
    uncertain = [one.on for one in history.doses if one.stands and one.is_uncertain and one.on <= as_of]
    possible = [*known, *uncertain, *(min(one.last.latest, as_of) for one in (*reports, *lines))]
    return max(known, default=None), max(possible, default=as_of)


_AROUND: Final = (*range(-1, FIRST_COURSE + 2), *range(29, 30 + FIRST_COURSE + 3))
"""The days around a dose on which a reported dose beside it can begin or end what is known of a course (R24)."""


def critical_days_of_treatment(history: PatientHistory) -> set[date]:
    """The days on which what was given by then can differ from the day before, with some that do no harm."""
    days = {dose.on for dose in history.doses}
    told = (*reported_doses(history), *line_doses(history))
    if not told:
        return days
    for report in told:
        for number in range(1, FIRST_COURSE + 1):
            for is_last in (False, True):
                days.update(report.days_of_dose(number, is_last=is_last) or ())
    return {day + timedelta(days=by) for day in days for by in _AROUND}


def last_day_on(on_record: TreatmentOnRecord) -> date:
    """The last day on which anything on record can have happened. On all later days, the lives are the same."""
    days = [one.on for one in on_record.doses]
    days += [one.last.latest for one in (*reported_doses(on_record), *line_doses(on_record))]
    days += [marks.closed_on for _, marks in on_record.marks if marks.closed_on is not None]
    return max([*days, *(on for _, on in on_record.closed_reports)], default=date.min)
