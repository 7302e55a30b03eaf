"""The list of courses that people see, and the status of each, drawn from the lives that fit the record (R6 to R8, R24
to R27).

Where all lives agree, the list has exactly their courses. Where they do not, it has what is certain of each course, and
ranges of the rest: no row contradicts any life. A dose is then listed in the course that was seen when the dose was
recorded, as far as a life allows it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from operator import attrgetter
from typing import Final, Literal

from domain.calendar import DateRange, PartialDate, anniversary
from domain.facts import doses_in_course
from domain.history.records import NO_MARKS, CourseMarks, Dose
from domain.history.state import PatientHistory
from domain.history.treatment import reported_course_id
from domain.treatment.lived_courses import GIVEN_MAX, LivedCourse, either, places_left
from domain.treatment.lives import TooManyLives, WholeLife, whole_lives
from domain.treatment.possible_treatment import as_partial_date, with_certain_doses_only

_IS_VOIDED: Final = attrgetter("voided")
_IS_UNCERTAIN: Final = attrgetter("is_uncertain")
_DAY_OF: Final = attrgetter("on")
_WAS_MOVED: Final = attrgetter("day_was_corrected")
_WAS_NAMED: Final = attrgetter("course_was_named")
_DOSE_DAYS: Final = attrgetter("days")
_KEEPS_PLACE: Final = attrgetter("keeps_place")

CourseStatus = Literal["open", "completed", "closed", "short", "unknown"]


@dataclass(frozen=True)
class Course:
    """One course. `number` is its place, from 1, in the order in which the courses were started.

    `named` is the number in the events of its doses, and None if they have none. `doses` are the dose entries that are
    not voided or second entries, in the order of their days, and `excess` the ids of those that were certainly given
    after the regimen was complete. `reported` are the ids of the reported courses that are about it. `begun`, `last`
    and `completing` are the days of its first dose, of its last one, and of the last one of its regimen. `is_certain`:
    every life has the course, and agrees whether it was closed. `listed_as_recorded` are the ids of the doses whose
    course is not certain.
    """

    number: int
    named: int | None
    doses: tuple[Dose, ...]
    reported: tuple[str, ...]
    given_range: tuple[int, int]
    is_complete: bool | None
    begun: DateRange | None
    last: DateRange | None
    completing: DateRange | None
    excess: tuple[str, ...]
    marks: CourseMarks
    is_certain: bool = True
    listed_as_recorded: tuple[str, ...] = ()

    @property
    def report_id(self) -> str | None:
        """The id of the latest report of the course."""
        return self.reported[-1].rpartition(".")[0] if self.reported else None

    @property
    def regimen(self) -> int:
        return doses_in_course(self.number)

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

    @property
    def status(self) -> CourseStatus:
        """The status of the course: completed (R6), closed (R26), short of a voided dose (R24), unknown, or open."""
        if self.is_complete is True:
            return "completed"
        if not self.is_certain:
            return "unknown"
        if self.marks.closed_on is not None:
            return "closed"
        if self.is_complete is None:
            return "unknown"
        return "short" if self.may_be_short else "open"

    @property
    def may_be_short(self) -> bool:
        """Whether the course was complete and lost a dose, or may have lost one by the void of a claim (R24, R30)."""
        return self.marks.completed and self.marks.lost_a_dose and self.is_complete is not True

    @property
    def begun_on(self) -> date:
        """The first possible day of the course."""
        return self.begun.earliest if self.begun is not None else date.min

    @property
    def last_dose_on(self) -> PartialDate | None:
        """The most exact date, to the day, the month or the year, of the latest dose. None: no such date is certain."""
        return as_partial_date(self.last)

    @property
    def completed_on(self) -> date | None:
        """The latest possible day of the last dose of the regimen. None: it may not be complete, or has no days."""
        return self.completing.latest if self.is_complete is True and self.completing is not None else None

    @property
    def certainly_completed_on(self) -> date | None:
        """The day of the last dose of the regimen. None: it is not certain."""
        return self.completed_on if self.completing is not None and self.completing.is_whole_day else None

    def is_running(self, day: date) -> bool:
        """Whether a dose on this day would continue the course if it is unfinished (R7, R8)."""
        return self.number == 1 or self.last is None or day < anniversary(self.last.latest)


def current_course(patient_courses: Sequence[Course], on: date) -> Course | None:
    """The open course that a dose on this day would continue, or None (R7, R8)."""
    if not patient_courses or patient_courses[-1].status != "open":
        return None
    return patient_courses[-1] if patient_courses[-1].is_running(on) else None


def courses(history: PatientHistory, as_of: date | None = None) -> tuple[Course, ...]:
    """All courses, in the order in which they were started. With `as_of`, only what had happened by that day."""
    if not history.doses and not history.reports:
        return ()
    if is_as_recorded(history):
        return _courses_as_recorded(history, as_of)
    return courses_of_lives(history, as_of)


# -- records of which each dose was recorded in the order of days ------------------------------


def is_as_recorded(history: PatientHistory) -> bool:
    """Whether each dose was recorded after all earlier ones, so that the course that was seen then is right."""
    if history.reports or any(map(_WAS_MOVED, history.doses)) or any(map(_WAS_NAMED, history.doses)):
        return False
    if {*map(_DOSE_DAYS, history.doses)} - {(1, 1)} or not all(map(_KEEPS_PLACE, history.doses)):
        return False
    days = [*map(_DAY_OF, history.doses)]
    return days == sorted(days)


def _courses_as_recorded(history: PatientHistory, as_of: date | None) -> tuple[Course, ...]:
    entered: dict[int, list[Dose]] = {}
    for dose in history.doses:
        if dose.course is not None:
            entered.setdefault(dose.course, []).append(dose)
    found = (recorded_course(name, own, history.marks_of(name), as_of) for name, own in entered.items())
    in_order = sorted((one for one in found if one is not None), key=attrgetter("begun_on", "named"))
    return tuple([numbered(number, one) for number, one in enumerate(in_order, 1)])


def recorded_course(name: int, own: Collection[Dose], marks: CourseMarks, as_of: date | None = None) -> Course | None:
    """The course of these entries, not numbered. None: all of them were voided and it was not completed."""
    given = [dose for dose in own if dose.stands]
    members = given if as_of is None else [dose for dose in given if dose.on <= as_of]
    marks = _marks_by(marks, own, as_of, is_whole=len(members) == len(given))
    entries = members or [one for one in own if as_of is None or one.on <= as_of]
    if not members and not (marks.completed and entries):
        # A completed course whose doses were all voided remains, with the days of the voided doses.
        return None
    first, last = _day(entries[0].on), _day(members[-1].on) if members else None
    count = len(members)
    return Course(0, name, tuple(members), (), (count, count), None, first, last, None, (), marks)


def numbered(number: int, course: Course) -> Course:
    """A course of `recorded_course` with its number, on which its regimen depends."""
    regimen, doses = doses_in_course(number), course.doses
    return replace(
        course,
        number=number,
        is_complete=len(doses) >= regimen,
        completing=_day(doses[regimen - 1].on) if len(doses) >= regimen else None,
        excess=tuple(dose.dose_id for dose in doses[regimen:]),
    )


def _marks_by(marks: CourseMarks, own: Iterable[Dose], as_of: date | None, *, is_whole: bool) -> CourseMarks:
    """The marks by the end of a day. A course is not completed by doses that were given later."""
    if marks == NO_MARKS:
        return marks
    closed_on = marks.closed_on if as_of is None or (marks.closed_on or as_of) <= as_of else None
    return CourseMarks(marks.completed and is_whole, closed_on, marks.completed and any(map(_IS_VOIDED, own)))


def _day(on: date) -> DateRange:
    return DateRange(on, on)


# -- all other records -------------------------------------------------------------------------


class _Listed:
    """The courses of one life, without those that are none, and the number of the course of each dose and report."""

    def __init__(self, life: WholeLife) -> None:
        left = {place: number for number, place in enumerate(places_left(life.courses))}
        self.courses = tuple(life.courses[place] for place in left)
        self.told = {course_id: left[place] for course_id, place in life.told if place in left}
        self.of_dose = {
            one.recorded: number for number, course in enumerate(self.courses) for one in course.doses if one.recorded
        }

    def course(self, place: int) -> LivedCourse | None:
        return self.courses[place] if place < len(self.courses) else None


def courses_of_lives(history: PatientHistory, as_of: date | None = None) -> tuple[Course, ...]:
    """The courses of the lives that fit the record, which need not be as they were recorded."""
    by = as_of or date.max
    try:
        found = [_Listed(one) for one in whole_lives(history, by)]
    except TooManyLives:
        found = []
    if not found:
        found = _without_places(history, by)
    entries = [one for one in history.doses if one.on <= by and one.duplicate in ("no", "dismissed")]
    count = max((len(one.courses) for one in found), default=0) if found else _count_seen(entries)
    if not count:
        return ()
    doses, uncertain = _by_place(entries, found, count)
    reported = _reported_by_place(history, found, count)
    names: list[int | None] = []
    rows = []
    for place in range(count):
        names.append(_name(history, doses[place], names))
        least = _least_of_first(history, by) if not found and not place else 0
        row = _row(place, [one.course(place) for one in found], doses[place], least)
        marks = _marks_of_row(history, names[-1], doses[place], as_of, row.marks.closed_on)
        unsure = tuple(one.dose_id for one in row.doses if one.version in uncertain)
        rows.append(replace(row, named=names[-1], reported=reported[place], marks=marks, listed_as_recorded=unsure))
    return tuple(rows)


def _without_places(history: PatientHistory, by: date) -> list[_Listed]:
    """The lives without the places of doses, if only those are too many. Empty: no life is known."""
    try:
        return [_Listed(one) for one in whole_lives(history, by, is_compact=True)]
    except TooManyLives:
        return []


def _count_seen(entries: Collection[Dose]) -> int:
    """The number of rows if nothing is known of the lives: that of the courses that were seen with the doses."""
    return max(1, len({one.course for one in entries if one.course is not None and not one.voided}))


def _least_of_first(history: PatientHistory, by: date) -> int:
    """The least number of doses of the first course by the doses of this ledger alone, which may be of several."""
    own = courses_of_lives(with_certain_doses_only(history), by)
    return 0 if not own else own[0].regimen if own[0].is_complete else 1


def _row(place: int, found: list[LivedCourse | None], entries: list[Dose], least: int) -> Course:
    """What is certain of the course at this place of every life. If no life is known, it has at least so many doses."""
    doses, regimen = tuple(one for one in entries if one.stands), doses_in_course(place + 1)
    courses_there = [one for one in found if one is not None]
    given = [(0, 0) if one is None else _given(one, regimen) for one in found] or [(least, GIVEN_MAX)]
    complete = {_is_complete(counts, regimen) for counts in given}
    closed = {None if one is None else one.closed_on for one in found}
    excess = [_excess(one, regimen) for one in courses_there]
    certainly_excess = set(excess[0]).intersection(*excess[1:]) if excess else set[int]()
    return Course(
        number=place + 1,
        named=None,
        doses=doses,
        reported=(),
        given_range=(min(one for one, _ in given), max(one for _, one in given)),
        is_complete=complete.pop() if len(complete) == 1 else None,
        begun=_all_days([_begun(one) for one in courses_there]),
        last=_all_days([None if one.untold else one.last for one in courses_there]),
        completing=_all_days([_completing(one, regimen) for one in courses_there]),
        excess=tuple(one.dose_id for one in doses if one.version in certainly_excess),
        marks=CourseMarks(closed_on=next(iter(closed), None) if len(closed) == 1 else None),
        is_certain=bool(found) and None not in found and len({one is None for one in closed}) == 1,
    )


def _given(course: LivedCourse, regimen: int) -> tuple[int, int]:
    """The number of doses. Of a first course that is not told, it is only known that it is complete."""
    return (regimen, GIVEN_MAX) if course.untold else course.given


def _is_complete(given: tuple[int, int], regimen: int) -> bool | None:
    return True if given[0] >= regimen else None if given[1] >= regimen else False


def _begun(course: LivedCourse) -> DateRange | None:
    first = next((one for one in course.doses if one.counts), next(iter(course.doses), None))
    return None if first is None or course.untold else DateRange(first.earliest, first.latest)


def _counted(course: LivedCourse) -> list[tuple[date, date, int]]:
    """The days and the version of each dose that counts, in the order of days."""
    return sorted((one.earliest, one.latest, one.recorded) for one in course.doses if one.counts)


def _completing(course: LivedCourse, regimen: int) -> DateRange | None:
    counted = _counted(course)
    return None if len(counted) < regimen or course.untold else DateRange(*counted[regimen - 1][:2])


def _excess(course: LivedCourse, regimen: int) -> list[int]:
    return [version for _, _, version in _counted(course)[regimen:] if version]


def _all_days(found: list[DateRange | None]) -> DateRange | None:
    """Every possible day. None: a life has none."""
    days: DateRange | None = None
    for one in found:
        days = either(days, one)
    return None if None in found else days


def _by_place(entries: list[Dose], found: list[_Listed], count: int) -> tuple[list[list[Dose]], set[int]]:
    """The entries of each course, and the versions of those that are listed as they were recorded."""
    doses: list[list[Dose]] = [[] for _ in range(count)]
    uncertain = set()
    for dose in sorted(entries, key=attrgetter("on", "version")):
        places = {one.of_dose.get(dose.version) for one in found}
        place = next(iter(places), None) if len(places) == 1 else None
        if place is None:
            uncertain.add(dose.version)
            place = place_seen(dose, [one for one in places if one is not None] or range(count))
        doses[place].append(dose)
    return doses, uncertain


def place_seen(dose: Dose, possible: Collection[int]) -> int:
    """The place that was seen when the dose was recorded, or the nearest one that is possible."""
    return min(max((dose.course or 1) - 1, min(possible)), max(possible))


def _reported_by_place(history: PatientHistory, found: list[_Listed], count: int) -> list[tuple[str, ...]]:
    """The ids of the reported courses of each course: of several possible ones, of the first."""
    reported: list[list[str]] = [[] for _ in range(count)]
    for report in history.reports:
        for number in range(1, len(report.courses) + 1):
            course_id = reported_course_id(report.report_id, number)
            places = {one.told[course_id] for one in found if course_id in one.told}
            if places:
                reported[min(places)].append(course_id)
    return [tuple(ids) for ids in reported]


def _name(history: PatientHistory, entries: list[Dose], taken: list[int | None]) -> int | None:
    """The number in the events of the earliest recorded entry, or a new one if another course has that number."""
    first = min((one for one in entries if one.course is not None), key=attrgetter("version"), default=None)
    if first is None or first.course not in taken:
        return first.course if first is not None else None
    closed = (name for name, marks in history.marks if marks.closed_on is not None)
    in_use = {*(one.course for one in history.doses), *closed, *taken}
    return max(one for one in in_use if one is not None) + 1


def _marks_of_row(
    history: PatientHistory, name: int | None, entries: list[Dose], as_of: date | None, closed_on: date | None
) -> CourseMarks:
    """The marks of the course with this name. Whether it was closed follows from the lives."""
    marks = history.marks_of(name) if name is not None else NO_MARKS
    is_whole = as_of is None or not any(one.stands and one.course == name and one.on > as_of for one in history.doses)
    lost = any(map(_IS_VOIDED, entries)) or any(map(_IS_UNCERTAIN, entries)) or any(map(_WAS_NAMED, history.doses))
    return CourseMarks(marks.completed and is_whole, closed_on, marks.completed and lost)
