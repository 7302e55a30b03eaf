"""Which reported courses may tell of one dose, alone or together, and whether a life has them as they say (R27)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import combinations
from typing import Final

from domain.facts import doses_in_course
from domain.history.records import Dose
from domain.treatment.lived_courses import NOTHING_MORE, Told
from domain.treatment.reported_doses import Adds, ReportedDoses, TreatmentOnRecord, reported_doses

Teller = tuple[int, Told, date, date]
"""A reported course that may tell of the next dose: its place, what it has then told, and the days of the dose."""


def is_as_told(report: ReportedDoses, told: Told, course: int) -> bool:
    """Whether the reported course, once all of its doses are placed, is as the report says (R27)."""
    regimen = doses_in_course(course)
    if report.is_a_later_course and course == 1:
        return False
    if report.is_counted:
        return report.completed is not True or not told.is_all or told.placed >= regimen
    if report.completed is True:
        # Completed says the whole regimen.
        return told.placed == regimen if told.is_all else told.placed < regimen
    return told.placed <= (regimen - 1 if report.completed is False else regimen)


BEGUN: Final[dict[Adds, tuple[Told | None, ...]]] = {
    "doses": (None,),
    "nothing": (None,),
    "perhaps": (None, NOTHING_MORE),
    "left_out": (NOTHING_MORE,),
}
"""What a reported course has told of before its first dose: nothing yet, or nothing at all."""


def as_they_count(
    on_record: TreatmentOnRecord, fits: Callable[[tuple[ReportedDoses, ...]], bool]
) -> tuple[ReportedDoses, ...]:
    """The reported courses on record, with what each report of our doses adds.

    `fits` is whether a life fits the record with these reported courses.
    """
    adds: dict[str, Adds] = {}
    told = reported_doses(on_record)
    for report_id in dict.fromkeys(one.report_id for one in told if one.is_ours):
        own = [one for one in told if one.report_id == report_id]
        has_entries = any(one.may_have_a_dose_on(dose.on) for one in own for dose in on_record.doses)
        is_on_record = fits(_with_additions(told, adds | {report_id: "nothing"}))
        adds[report_id] = "nothing" if is_on_record else "perhaps" if has_entries else "doses"
    found = _with_own_days(_with_additions(told, adds), on_record.doses)
    if any(one.is_ours is False for one in found) and not fits(found):
        # What a person said of these reports is refuted by their days.
        return tuple(replace(one, is_ours=None) if one.is_ours is False else one for one in found)
    return found


def _with_additions(told: tuple[ReportedDoses, ...], adds: Mapping[str, Adds]) -> tuple[ReportedDoses, ...]:
    """The reported courses with what each report of our doses adds. One that is not followed yet is left out."""
    return tuple(replace(one, adds=adds.get(one.report_id, "left_out")) if one.is_ours else one for one in told)


def _with_own_days(told: tuple[ReportedDoses, ...], entries: tuple[Dose, ...]) -> tuple[ReportedDoses, ...]:
    """The reported courses, each that may be about more than our doses with the days of ours, if it can have all."""
    certain = sorted({one.on for one in entries if one.stands and not one.is_uncertain})
    found = []
    for one in told:
        own = tuple(day for day in certain if one.may_have_a_dose_on(day))
        ends = {days.earliest for days in (one.first, one.last) if days.is_whole_day}
        can_have_all = len(ends.union(own)) <= one.counts[-1]
        found.append(replace(one, own_days=own) if one.adds == "perhaps" and can_have_all else one)
    return tuple(found)


def can_tell_of_one_day(reports: Sequence[ReportedDoses], some: Sequence[Teller]) -> bool:
    """Whether these reported courses can tell of a dose on a day between those of our doses.

    Not if each of them is a report that adds nothing. No infusion day is of two claim lines, unless the number of days
    is stated of each: a line without a stated number has fewer days in another life (R25).
    """
    if some and all(reports[place].adds == "nothing" for place, *_ in some):
        return False
    lines = [reports[place] for place, *_ in some if reports[place].line_of is not None]
    return len(lines) <= 1 or not any(one.is_ours is False for one in lines)


def may_be_ours(report: ReportedDoses, teller: Teller) -> bool:
    """Whether the report may tell of a dose of ours on this day.

    If a person said that it is about others, only if its dose can have no other day: on a day of ours, it is the same
    dose (R25).
    """
    return report.is_ours is not False or (report.line_of is None and teller[2] == teller[3])


def has_all_of_ours(reports: Sequence[ReportedDoses], tellers: Sequence[Teller], some: Sequence[Teller]) -> bool:
    """Whether each report that may be about more than our doses tells of this dose of ours, if it may."""
    ours = {place for place, *_ in tellers if reports[place].own_days}
    return ours <= {place for place, *_ in some}


def subsets(tellers: list[Teller]) -> Iterator[tuple[Teller, ...]]:
    """Every choice of reported courses that tell of one dose, each in one way."""
    yield ()
    for size in range(1, len(tellers) + 1):
        for some in combinations(tellers, size):
            if size == 1 or fit_together(some):
                yield some


def fit_together(tellers: tuple[Teller, ...]) -> bool:
    """Whether different reported courses, of one course of the life, tell of the dose."""
    courses = {told.course for _, told, _, _ in tellers} - {-1}
    return len(courses) <= 1 and len({place for place, *_ in tellers}) == len(tellers)
