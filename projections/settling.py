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
from domain.treatment.lives import TooManyLives, lives, told_doses
from domain.treatment.reported_doses import FIRST_COURSE, ReportedDoses, line_doses

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
_OUR_DOSES: Final = (
    "A person stated that the report is about doses of this ledger, which are not on record as it states them. Is it?"
)
_OTHER_DOSES: Final = (
    "A person stated that the report is about doses that this ledger does not have, but it has the days. Is it?"
)
_WHICH_DAYS: Final = "Which of the doses of this ledger are among these doses? Their days are not stated."
_ANY_TREATMENT: Final = (
    "Which courses of Lemtrada were given, and when? No dose and no report of treatment elsewhere is on record."
)
_WHICH_DOSES: Final = "Which doses were given? The report states others than this ledger has."
_FIRST_COURSE: Final = "When was the first course given, which the report does not state?"


class SettledBy(FrozenModel):
    """A fact that would settle what is not certain of the treatment, of a report or of a dose entry.

    `field` is its path in the report, such as `courses.0.doses_given`. `courses` is the list of courses, if one of them
    is missing or if two may be one. `tells_of` is what a user of the plan states. Of a dose entry, a user states
    whether it is a second entry of a dose (`duplicate`), whether the infusion of its voided claim was given
    (`finding`), and how many infusion days its claim line is about (`days`), with their ends (`first_on`, `last_on`).
    Without any id, it is a report of treatment elsewhere that is not on record yet (`courses`).
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
    told = {one.course_id: one for one in told_doses(history)}
    found = [*report_missing(history), *disputed_reports(history)]
    for report in history.reports:
        doses = [told.get(f"{report.report_id}.c{number}") for number in range(1, len(report.courses) + 1)]
        if report.voided or None in doses or all(one is not None and one.adds == "nothing" for one in doses):
            continue
        found += list(_of_report(history, report, [one for one in doses if one is not None], as_of))
    return (*found, *_of_entries(history, as_of))


def report_missing(history: PatientHistory) -> Iterator[SettledBy]:
    """The report of treatment elsewhere, or that there was none, if neither doses nor reports are on record (R1)."""
    if not history.doses and not any(not one.voided for one in history.reports):
        yield SettledBy(report_id=None, field="courses", question=_ANY_TREATMENT)


def disputed_reports(history: PatientHistory) -> Iterator[SettledBy]:
    """What a person can say of reports of which it is stated whose doses they are about, and whose days refute it."""
    others = {one.report_id for one in history.reports if one.tells_of == "other_doses"}
    disputed = {
        one.report_id: _OUR_DOSES if one.is_ours else _OTHER_DOSES
        for one in told_doses(history)
        if (one.is_ours and one.adds != "nothing") or (one.is_ours is None and one.report_id in others)
    }
    for report_id, question in disputed.items():
        yield SettledBy(report_id=report_id, field="tells_of", question=question)
        yield SettledBy(report_id=report_id, field="courses", question=_WHICH_DOSES)


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
        if is_untold and (told.last.latest > as_of or _may_have_an_untold_first(history, told, as_of)):
            yield SettledBy(report_id=report.report_id, field="courses", question=_FIRST_COURSE)
        if told.first.earliest > as_of:
            continue
        missing = list(_left_out(course, told))
        is_followed = any(one.listed_after is not None and one.begins_a_course for one in doses[place + 1 :])
        if is_followed and told.completed is None and "completed" not in missing:
            missing.append("completed")
        for name in missing:
            yield SettledBy(report_id=report.report_id, field=f"courses.{place}.{name}", question=_ASKED[name])
        may_be_ours |= bool(missing) and any(
            told.first.earliest <= dose.on <= told.last.latest for dose in history.doses if dose.stands
        )
        if report.tells_of is None and _may_have_ours_between(history, told):
            may_be_ours = True
            yield SettledBy(report_id=report.report_id, field="courses", question=_WHICH_DAYS)
    if any(_may_be_one(doses, place) and told.first.earliest <= as_of for place, told in enumerate(doses)):
        yield SettledBy(report_id=report.report_id, field="courses", question=_ASKED["courses"])
    if may_be_ours and report.tells_of is None:
        yield SettledBy(report_id=report.report_id, field="tells_of", question=_ASKED["tells_of"])


def _may_be_one(doses: list[ReportedDoses], place: int) -> bool:
    """Whether the course may be one with the course that the report lists before it, which may not be complete."""
    if doses[place].may_begin_a_course:
        return True
    return place > 0 and doses[place - 1].completed is None and doses[place - 1].counts[0] < FIRST_COURSE


def _may_have_ours_between(history: PatientHistory, told: ReportedDoses) -> bool:
    """Whether ours may be among doses whose number and ends are known, but not the days between these."""
    first, last, days = told.first.earliest, told.last.latest, (told.last.latest - told.first.earliest).days + 1
    if len(told.counts) > 1 or not told.counts[0] < days or told.counts[0] < 3:
        return False
    return any(first < dose.on < last for dose in history.doses if dose.stands)


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
