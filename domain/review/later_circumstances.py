"""The circumstances that revision 2 of the editions added to an assessment (R4, R7, R28, R29).

A determination under revision 1 was made without them, and is assessed again without them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from domain.facts import Circumstances, CourseMilligrams, Facts
from domain.history.records import Dose, Request
from domain.history.state import PatientHistory
from domain.policy.edition import Edition
from domain.policy.first_dose_day import unmet_by_time
from domain.treatment.courses import Course, courses, current_course
from domain.treatment.milligrams import milligrams

FactsOn = Callable[[tuple[Course, ...], date], Facts]
"""The facts of the request, by the courses and the day of an assessment."""


def is_retrospective(request: Request) -> bool:
    """Whether the infusions of the request were given, or had begun, before it was received (R4)."""
    planned = request.planned_first_infusion_on
    return bool(request.retrospective_for) or (planned is not None and planned < request.received_on)


def own_doses(history: PatientHistory, request: Request) -> tuple[str, ...]:
    """The ids of the doses on record that a retrospective request is about."""
    if request.retrospective_for or not is_retrospective(request):
        return request.retrospective_for
    return tuple(
        one.dose_id for one in history.doses if one.request_id == request.request_id and one.on < request.received_on
    )


def with_later_circumstances(
    found: Circumstances, history: PatientHistory, patient_courses: tuple[Course, ...], as_of: date
) -> Circumstances:
    """The circumstances with linked histories, a death on record, and the milligrams of the current course."""
    death, current = history.deceased_on, current_course(patient_courses, as_of)
    return found.model_copy(
        update={
            "linked_histories": tuple(map(str, history.linked)),
            "death_on_record": death is not None and death.earliest <= as_of,
            "milligrams": _milligrams(current) if current is not None else None,
        }
    )


def _milligrams(course: Course) -> CourseMilligrams | None:
    found = milligrams(course)
    return CourseMilligrams(course=min(course.number, 99), total_mg=found.total, most_in_a_day_mg=found.most_in_a_day)


def retrospective_circumstances(
    history: PatientHistory, remaining: PatientHistory, request: Request, edition: Edition, facts_on: FactsOn
) -> dict[str, Any]:
    """What was met by age and interval on the day of the first dose, by what was given before that day (R4).

    `remaining` is the history without the doses of the request. Empty if the request is not retrospective.
    """
    first = _first_dose_on(history, request)
    if first is None:
        return {"retrospective": is_retrospective(request)}
    given_before = courses(remaining, first - timedelta(days=1))
    unmet = unmet_by_time(facts_on(given_before, first), first, edition)
    return {"retrospective": True, "first_dose_on": first, "unmet_on_first_dose": unmet}


def _first_dose_on(history: PatientHistory, request: Request) -> date | None:
    """The day of the first recorded dose of a retrospective request, or else the first requested day."""
    named = own_doses(history, request)
    recorded: list[Dose] = [one for one in history.doses if one.dose_id in named and not one.voided]
    if recorded:
        return min(one.on for one in recorded)
    return request.planned_first_infusion_on if is_retrospective(request) else None
