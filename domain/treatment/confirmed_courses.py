"""Whether a report that confirms the record states what is on record: the same numbers and days (R27)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from domain.calendar import DateRange, PartialDate
from domain.events.treatment import ReportedCourse
from domain.treatment.courses import Course


def field_that_differs(on_record: Sequence[Course], confirmed: Sequence[ReportedCourse]) -> str | None:
    """The first field of the confirmed courses that is not as on record, such as `courses.0.doses_given`, or None.

    Each confirmed course is one of the courses on record, in their order. Where the record leaves a range, every value
    in it is as on record.
    """
    place = 0
    for number, one in enumerate(confirmed):
        differing = [next(_differing(course, one), None) for course in on_record[place:]]
        if None not in differing:
            return f"courses.{number}.{differing[0]}" if differing else f"courses.{number}"
        place += differing.index(None) + 1
    return None


def _differing(course: Course, confirmed: ReportedCourse) -> Iterator[str]:
    least, most = course.given_range
    if confirmed.doses_given is not None and not least <= confirmed.doses_given <= most:
        yield "doses_given"
    if not _may_be(course.begun, confirmed.first_dose_on):
        yield "first_dose_on"
    if not _may_be(course.last, confirmed.last_dose_on):
        yield "last_dose_on"
    if confirmed.completed is not None and course.is_complete is not None and confirmed.completed != course.is_complete:
        yield "completed"
    entries = sum(dose.mg + dose.added_mg for dose in course.doses)
    if confirmed.mg_total is not None and not course.reported and abs(confirmed.mg_total - entries) > 1e-6:
        yield "mg_total"


def _may_be(days: DateRange | None, stated: PartialDate | None) -> bool:
    """Whether the stated date can be the day. Any date can be one that is not known."""
    return days is None or stated is None or (stated.earliest <= days.latest and days.earliest <= stated.latest)
