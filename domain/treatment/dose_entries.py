"""What waits for a person among the dose entries of a course, and their milligrams (R7, R25, R30)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date

from domain.history.entry_facts import DOSE_MG, LineDays
from domain.history.records import Dose
from domain.history.state import PatientHistory
from domain.treatment.courses import Course


def waiting_entries(history: PatientHistory, as_of: date | None = None) -> Iterator[Dose]:
    """The second entries of a day that wait for a person (R25), by the end of the day `as_of`."""
    return (one for one in history.doses if one.waits and (as_of is None or one.on <= as_of))


def lines_without_days(doses: Iterable[Dose]) -> Iterator[Dose]:
    """The claim lines of which it is not known how many dose days they tell of (R25)."""
    return (one for one in doses if one.stands and not all(line.is_stated for line in one.lines))


def lines_of_days(history: PatientHistory) -> dict[str, LineDays]:
    """The claim lines that tell how many infusion days there were, by their entries: also those that wait (R25)."""
    return {line.dose_id: line for dose in history.doses if dose.stands for line in dose.lines}


def may_state_days(history: PatientHistory, dose: Dose) -> bool:
    """Whether a person may state the infusion days of the entry: a line of several that counts, waits, or is the same.

    The second line of an infusion counts with the first, until it is found to be part of the dose (R25).
    """
    if dose.dose_days_most == 1 or dose.voided or dose.duplicate == "part":
        return False
    first = history.dose(dose.duplicate_of) if dose.duplicate == "confirmed" and dose.duplicate_of is not None else None
    return first is None or first.on == dose.on


def entries_to_settle(history: PatientHistory) -> Iterator[Dose]:
    """The dose entries of which a person has something to say: each once, in the order of recording (R25, R30)."""
    lines = lines_of_days(history)
    for dose in history.doses:
        without_days = dose.dose_id in lines and not lines[dose.dose_id].is_stated
        if dose.waits or without_days or (dose.stands and dose.is_uncertain):
            yield dose


def waiting_in_course(history: PatientHistory, course: Course, as_of: date | None = None) -> int:
    """How many second entries wait for a person on the days of the course's doses."""
    days = {one.on for one in course.doses}
    return sum(one.on in days for one in waiting_entries(history, as_of))


def questioned_in_course(course: Course) -> int:
    """How many of its doses may be the same dose as an entry of another day, until a person says it (R25, R30).

    They are in the range of the number given, which the waiting entries are not.
    """
    return sum(one.is_uncertain and one.duplicate_of is not None for one in course.doses)


def waits_for_a_person(history: PatientHistory, course: Course, as_of: date) -> bool:
    """Whether a second entry of the course waits, or the days of one of its claim lines are not stated (R25)."""
    lines = lines_without_days(course.doses)
    waiting = waiting_in_course(history, course, as_of) + questioned_in_course(course)
    return waiting > 0 or any(True for _ in lines)


def course_in_question(patient_courses: tuple[Course, ...]) -> Course | None:
    """The course that may still be open, and that a request is about. None: the latest one is over."""
    latest = patient_courses[-1] if patient_courses else None
    return latest if latest is not None and latest.status in ("open", "unknown") else None


def entry_milligrams(doses: Iterable[Dose], as_of: date = date.max) -> tuple[float, float]:
    """The milligrams of the entries by the end of the day, and the most that one day must have had.

    Where a claim line may have several dose days, one day has had no more than its milligrams over all of them. Of a
    voided claim, only what is beyond 12 mg a day is counted: its dose days are counted with the others (R7, R30).
    """
    total, by_day = 0.0, defaultdict[date, float](float)
    for dose in doses:
        days, most = max(1, dose.days[1]), _most_mg(dose)
        first = next((one.first_on for one in dose.lines if one.most == days), None)
        by_then = days if first is None else max(1, min(days, (as_of - first).days + 1))
        if dose.is_uncertain:
            total += max(0.0, most - DOSE_MG * days)
        else:
            total += most * by_then / days + dose.added_mg
        by_day[dose.on] += most / days + dose.added_mg
    return total, max(by_day.values(), default=0.0)


def _most_mg(dose: Dose) -> float:
    """The milligrams of the entry, or the most of the claim lines of its infusion."""
    return max([dose.mg, *(one.mg for one in dose.lines)])


def is_of_12_mg(dose: Dose) -> bool:
    """Whether each of its dose days may have had 12 mg, by every number of days that it may have."""
    least, most = dose.days
    return any(abs((_most_mg(dose) + dose.added_mg) / days - DOSE_MG) < 1e-9 for days in range(max(1, least), most + 1))
