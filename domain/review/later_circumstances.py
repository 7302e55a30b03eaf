"""The circumstances that revision 2 of the editions added to an assessment (R4, R7, R24, R26, R28, R29).

A determination under revision 1 was made without them, and is assessed again without them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, NamedTuple

from domain.facts import Circumstances, CourseMilligrams, Facts, doses_in_course
from domain.history.records import Request
from domain.history.state import PatientHistory
from domain.history.treatment import reported_course_id
from domain.policy.edition import Edition
from domain.policy.first_dose_day import unmet_by_time
from domain.treatment.approval_use import MG_PER_DOSE
from domain.treatment.courses import Course, courses, current_course
from domain.treatment.dose_entries import (
    course_in_question,
    entry_milligrams,
    lines_without_days,
    questioned_in_course,
    waiting_in_course,
)
from domain.treatment.possible_treatment import next_dose, possible_treatments
from domain.treatment.reported_doses import reported_doses

FactsOn = Callable[[date, date], Facts]
"""The facts of the request, by what was given by the first day, for an assessment on the second one."""


def own_doses(history: PatientHistory, request: Request) -> tuple[str, ...]:
    """The ids of the doses on record that a retrospective request is about.

    If nobody named them, they are the doses from its planned first day to its receipt, at most as many as it asks for.
    """
    if request.retrospective_for:
        return request.retrospective_for
    given = [one for one in history.doses if one.stands and one.on < request.received_on]
    named = [one.dose_id for one in given if one.request_id == request.request_id]
    planned = request.planned_first_infusion_on
    if planned is None:
        return tuple(named)
    unnamed = sorted(
        (one for one in given if one.request_id is None and planned <= one.on), key=lambda one: (one.on, one.version)
    )
    days = request.statement.requested_dosing.consecutive_days or doses_in_course(1)
    return (*named, *(one.dose_id for one in unnamed[: max(0, days - len(named))]))


def without_reports_of(history: PatientHistory, own: Collection[str]) -> PatientHistory:
    """The history without the reported courses that tell of these doses, and that add nothing to what is on record."""
    if not history.reports or not own:
        return history
    days = {dose.on for dose in history.doses if dose.dose_id in own}
    told = [one for one in reported_doses(history) if any(map(one.may_have_a_dose_on, days))]
    on_record, left = possible_treatments(history, date.max), history
    for one in reversed(told):
        if possible_treatments(_without_course(history, one.course_id), date.max) == on_record:
            left = _without_course(left, one.course_id)
    return left


def _without_course(history: PatientHistory, course_id: str) -> PatientHistory:
    """The history without the reported course."""
    reports = []
    for report in history.reports:
        numbered = enumerate(report.courses, 1)
        courses_left = tuple(one for at, one in numbered if reported_course_id(report.report_id, at) != course_id)
        is_left_out = bool(report.courses) and not courses_left
        reports.append(replace(report, courses=courses_left, voided=report.voided or is_left_out))
    return history.changed(reports=tuple(reports))


def with_later_circumstances(
    found: Circumstances,
    history: PatientHistory,
    patient_courses: tuple[Course, ...],
    as_of: date,
    further: Mapping[str, Any],
) -> Circumstances:
    """The circumstances with linked histories, a death, the milligrams of the current course, and `further`.

    A course that was closed or is short counts until a later course is complete. `further` are those of a retrospective
    request.
    """
    earlier = patient_courses[:-1]
    death, current = history.deceased_on, current_course(patient_courses, as_of)
    asked = course_in_question(patient_courses)
    entries = asked.doses if asked is not None else ()
    return found.model_copy(
        update={
            "linked_histories": tuple(map(str, history.linked)),
            "course_closed_unfinished": _is_not_made_up_for(patient_courses, lambda one: one.status == "closed"),
            "course_short": _is_not_made_up_for(patient_courses, lambda one: one in earlier and one.may_be_short),
            "death_on_record": death is not None and death.earliest <= as_of,
            "entries_waiting": waiting_in_course(history, asked, as_of) + questioned_in_course(asked) if asked else 0,
            "lines_without_days": len([*lines_without_days(entries)]),
            "milligrams": _milligrams(current, history, as_of) if current is not None else None,
            **further,
        }
    )


def _is_not_made_up_for(patient_courses: tuple[Course, ...], departs: Callable[[Course], bool]) -> bool:
    """Whether one of the courses departs from the policy, and no later one is certainly complete (R24, R26)."""
    complete = max((one.number for one in patient_courses if one.is_complete), default=0)
    return any(departs(one) and one.number > complete for one in patient_courses)


def retrospective_circumstances(
    history: PatientHistory, request: Request, edition: Edition, facts_on: FactsOn
) -> dict[str, Any]:
    """What was met by age and interval on the day of the first dose, by what was given before that day (R4).

    The first day is that of the first recorded dose, or else the first requested day.
    """
    named = own_doses(history, request)
    recorded = [one.on for one in history.doses if one.dose_id in named and not one.voided]
    first = min(recorded, default=request.planned_first_infusion_on)
    if first is None:
        return {"retrospective": True}
    unmet = unmet_by_time(facts_on(first - timedelta(days=1), first), first, edition)
    return {"retrospective": True, "first_dose_on": first, "unmet_on_first_dose": unmet}


# -- the milligrams of a course (R7) ----------------------------------------------------------


class MilligramsOnRecord(NamedTuple):
    total: float
    most_in_a_day: float


def milligrams(
    history: PatientHistory, course: Course, given_at_least: int | None = None, as_of: date = date.max
) -> MilligramsOnRecord:
    """The milligrams of all doses of a course. Doses that document a report are part of what is reported.

    `given_at_least` is the number of its doses that were certainly given, by default that of the course.
    """
    recorded, recorded_in_a_day = entry_milligrams(course.doses, as_of)
    given = course.given_at_least if given_at_least is None else given_at_least
    elsewhere = max(0, given - sum(dose.days[0] for dose in course.doses))
    reported, reported_in_a_day = _reported(history, course, elsewhere)
    return MilligramsOnRecord(recorded + reported, max(recorded_in_a_day, reported_in_a_day))


def _reported(history: PatientHistory, course: Course, elsewhere: int) -> tuple[float, float]:
    """The milligrams that reports add to those of the entries, and the most that they leave for one day.

    Each of the doses `elsewhere`, of which no entry is on record, counts as 12 mg if no milligrams are stated. Of
    several reports of one course, the one with the most counts. Milligrams that are stated for several days are taken
    as the same on each, and if the number of days is not told, as those of the fewest days that are possible.
    """
    told = [one for one in reported_doses(history) if one.course_id in course.reported]
    stated = {
        reported_course_id(one.report_id, number): part
        for one in history.reports
        for number, part in enumerate(one.courses, 1)
    }
    found = []
    for one in told:
        part = stated[one.course_id]
        if part.mg_total is None:
            continue
        ours = [dose for dose in course.doses if one.first.earliest <= dose.on <= one.last.latest]
        others = elsewhere if part.doses_given is None else max(0, part.doses_given - len(ours))
        # What the report does not speak of is 12 mg a dose.
        beyond = max(0, elsewhere - others) * MG_PER_DOSE
        added = max(0.0, part.mg_total - sum(dose.mg + dose.added_mg for dose in ours))
        found.append((added + beyond, part.mg_total / min(one.counts)))
    if not found:
        return float(elsewhere * MG_PER_DOSE), float(MG_PER_DOSE if elsewhere else 0)
    return max(total for total, _ in found), max(in_a_day for _, in_a_day in found)


def milligrams_in_progress(
    history: PatientHistory, remaining: tuple[Course, ...], as_of: date
) -> dict[str, CourseMilligrams]:
    """The milligrams for an extension (R10), or an empty value if no course is open.

    The doses under the approval are part of its quantity, so they are left out of the total, as in the `remaining`
    courses. A day of the course on which more than one dose's milligrams were given still counts.
    """
    current, before = current_course(courses(history, as_of), as_of), current_course(remaining, as_of)
    if current is None:
        return {}
    total = milligrams(history, before).total if before is not None and before.number == current.number else 0.0
    most = milligrams(history, current).most_in_a_day
    return {"milligrams": CourseMilligrams(course=current.number, total_mg=total, most_in_a_day_mg=most)}


def _milligrams(course: Course, history: PatientHistory, as_of: date) -> CourseMilligrams:
    """The milligrams that were certainly given by the end of the day, in every treatment that fits the record."""
    given_at_least = next_dose(possible_treatments(history, as_of), as_of).given.least
    found = milligrams(history, course, given_at_least, as_of)
    return CourseMilligrams(course=course.number, total_mg=found.total, most_in_a_day_mg=found.most_in_a_day)
