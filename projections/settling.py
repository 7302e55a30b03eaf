"""What would settle a treatment that is not certain: which report to complete, and with which fact (R27)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from pydantic import Field

from domain.events.treatment import ReportedCourse
from domain.facts import FrozenModel
from domain.history.entry_facts import LineDays
from domain.history.records import Dose, Report
from domain.history.state import PatientHistory
from domain.treatment.dose_entries import lines_of_days
from domain.treatment.lives import TooManyLives, lives
from domain.treatment.reported_doses import ReportedDoses, line_doses, reported_doses

_ASKED: Final = {
    "doses_given": "How many doses were given?",
    "first_dose_on": "On which day was the first of these doses given?",
    "last_dose_on": "On which day was the last of these doses given?",
    "completed": "Was the course completed?",
    "courses": "Are the courses of the report one course or different ones?",
    "tells_of": "Is the report about doses that this ledger has, or about others?",
}

_ASKED_OF_ENTRY: Final = {
    "duplicate": "Is this second entry a separate dose, the same dose, or part of the same dose?",
    "finding": "Was the infusion of the voided claim given?",
    "days": "How many infusion days is the claim line about?",
    "first_on": "On which day was the first infusion of the claim line given?",
    "last_on": "On which day was the last infusion of the claim line given?",
}

_WHICH_CLAIM: Final = "Which claim does this void withdraw? Send it again with the reference of the claim."
_CLAIM_NOT_ON_RECORD: Final = "Which claim does this void withdraw? The one that it names is not on record."
_FIRST_COURSE: Final = "When was the first course given, which the report does not state?"


class SettledBy(FrozenModel):
    """A fact that would settle what is not certain of the treatment, of a report or of a dose entry.

    `field` is its path in the report, such as `courses.0.doses_given`. `courses` is the list of courses, if one of them
    is missing or if two may be one. `tells_of` is what a user of the plan states. Of a dose entry, a user states
    whether it is a second entry of a dose (`duplicate`), whether the infusion of its voided claim was given
    (`finding`), and how many infusion days its claim line is about (`days`), with their ends (`first_on`, `last_on`).
    Of a void that waits, with the reference `void_reference`, its sender states the claim that it is of
    (`original_reference`), or sends that claim.
    """

    report_id: str | None
    dose_id: str | None = None
    void_reference: str | None = Field(default=None, description="The reference of the void that waits for its claim.")
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
    return (*found, *_of_entries(history, as_of))


def waiting_voids(history: PatientHistory) -> Iterator[SettledBy]:
    """What the sender of a void that waits can say of it (R30)."""
    for line in history.claim_lines:
        if line.waits:
            question = _WHICH_CLAIM if line.original_reference is None else _CLAIM_NOT_ON_RECORD
            yield SettledBy(
                report_id=None, void_reference=line.source_reference, field="original_reference", question=question
            )


def _of_entries(history: PatientHistory, as_of: date) -> Iterator[SettledBy]:
    """What a person can say of dose entries by the end of the day (R25, R30).

    An infusion day of a claim line can be before its own day.
    """
    first_days = {one.course_id: one.first.earliest for one in line_doses(history)}
    lines = lines_of_days(history)
    for dose in history.doses:
        if first_days.get(dose.dose_id, dose.on) <= as_of:
            yield from (
                SettledBy(report_id=None, dose_id=dose.dose_id, field=field, question=_ASKED_OF_ENTRY[field])
                for field in _open_fields(dose, lines.get(dose.dose_id))
            )


def _open_fields(dose: Dose, line: LineDays | None) -> Iterator[str]:
    """The fields of the entry, and of its claim line, if that tells how many infusion days there were."""
    if dose.waits:
        yield "duplicate"
    if dose.stands and dose.is_uncertain:
        yield "duplicate" if dose.facts.claim_voided is None else "finding"
    if line is None or line.most == 1:
        return
    if not line.is_stated:
        yield "days"
    yield from (end for end in ("first_on", "last_on") if getattr(line, end) is None)


def _of_report(history: PatientHistory, report: Report, doses: list[ReportedDoses], as_of: date) -> Iterator[SettledBy]:
    may_be_ours = False
    for place, (course, told) in enumerate(zip(report.courses, doses, strict=True)):
        is_untold = told.is_a_later_course and not told.begins_a_course
        if is_untold and (told.first.earliest > as_of or _may_have_an_untold_first(history, told, as_of)):
            yield SettledBy(report_id=report.report_id, field="courses", question=_FIRST_COURSE)
        if told.first.earliest > as_of:
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


def _may_have_an_untold_first(history: PatientHistory, later: ReportedDoses, as_of: date) -> bool:
    """Whether doses before a later course are of its first course, or come after a first course that is not told."""
    if not any(one.stands and one.on <= later.last.latest for one in history.doses) and len(history.reports) == 1:
        return False
    try:
        return any(course.untold for courses in lives(history, as_of) for course in courses)
    except TooManyLives:
        return True


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
