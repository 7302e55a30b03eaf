"""What would settle a treatment that is not certain: which report to complete, and with which fact (R27)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from domain.events.treatment import ReportedCourse
from domain.facts import FrozenModel
from domain.history.records import Report
from domain.history.state import PatientHistory
from domain.treatment.reported_doses import ReportedDoses, reported_doses

_ASKED: Final = {
    "doses_given": "How many doses were given?",
    "first_dose_on": "On which day was the first of these doses given?",
    "last_dose_on": "On which day was the last of these doses given?",
    "completed": "Was the course completed?",
    "courses": "Are the courses of the report one course or different ones?",
    "tells_of": "Is the report about doses that this ledger has, or about others?",
}

_FIRST_COURSE: Final = "When was the first course given, which the report does not state?"


class SettledBy(FrozenModel):
    """A fact that would settle what is not certain of the treatment.

    `field` is its path in the report, such as `courses.0.doses_given`. `courses` is the list of courses, if one of them
    is missing or if two may be one. `tells_of` is what a user of the plan states.
    """

    report_id: str
    field: str
    question: str


def settled_by(history: PatientHistory, as_of: date) -> tuple[SettledBy, ...]:
    """The facts that reports on record leave out, and that the courses by the end of the day can depend on."""
    told = {one.course_id: one for one in reported_doses(history)}
    found = []
    for report in history.reports:
        doses = [told.get(f"{report.report_id}.c{number}") for number in range(1, len(report.courses) + 1)]
        if report.voided or None in doses:
            continue
        found += list(_of_report(history, report, [one for one in doses if one is not None], as_of))
    return tuple(found)


def _of_report(history: PatientHistory, report: Report, doses: list[ReportedDoses], as_of: date) -> Iterator[SettledBy]:
    may_be_ours = False
    for place, (course, told) in enumerate(zip(report.courses, doses, strict=True)):
        if told.first.earliest > as_of:
            if told.is_a_later_course:
                # When the first course was given matters as long as the later one had not begun.
                yield SettledBy(report_id=report.report_id, field="courses", question=_FIRST_COURSE)
            continue
        missing = list(_left_out(course, told))
        for name in missing:
            yield SettledBy(report_id=report.report_id, field=f"courses.{place}.{name}", question=_ASKED[name])
        may_be_ours |= bool(missing) and any(
            told.first.earliest <= dose.on <= told.last.latest for dose in history.doses if dose.stands
        )
    if any(told.may_begin_a_course and told.first.earliest <= as_of for told in doses):
        yield SettledBy(report_id=report.report_id, field="courses", question=_ASKED["courses"])
    if may_be_ours and report.tells_of is None:
        yield SettledBy(report_id=report.report_id, field="tells_of", question=_ASKED["tells_of"])


def _left_out(course: ReportedCourse, told: ReportedDoses) -> Iterator[str]:
    """The facts of a reported course that are not known, or that no treatment can fit."""
    if len(told.counts) > 1:
        yield "doses_given"
    if told.first.earliest != told.first.latest:
        yield "first_dose_on"
    if told.last.earliest != told.last.latest:
        yield "last_dose_on"
    if told.completed is None and (course.completed is not None or len(told.counts) > 1):
        yield "completed"
