"""Supplying truthfully what an answer names as settling it: a field of a report, a fact, or a person's answer."""

from __future__ import annotations

from datetime import date
from typing import Any

from domain.commands.treatment import AttributeReport, CorrectPriorTreatment
from domain.history.records import Report as OnRecord
from projections.eligibility import Eligibility, eligibility
from tests.properties.lives import courses_of
from tests.properties.tellings import Report, Telling, Told
from tests.story import MISREAD, Scenario, Step, claim_settled, confirmed_duplicate, days_stated, supplied

TIMES = 3
"""How often what is named is supplied, all of it each time."""

RECEIVED = "prior_treatment.received_lemtrada"
TELLS_OF, COURSES = "tells_of", "courses"
OURS, OTHERS = "our_doses", "other_doses"


class NothingNamed(AssertionError):
    """An answer that is not definite, and that names nothing by which it would be."""


def supply(telling: Telling, scenario: Scenario, as_of: date) -> Eligibility:
    """The answer for the day after what it names was supplied, up to three times."""
    answer = eligibility(scenario.known, as_of)
    for _ in range(TIMES):
        if is_settled(answer):
            break
        steps = steps_named(telling, scenario, answer)
        if not steps:
            raise NothingNamed(f"{repr(telling).strip()}\nas of {as_of} nothing is named: {missing(answer)}")
        scenario.and_given(*steps)
        answer = eligibility(scenario.known, as_of)
    return answer


def settled_by(answer: Eligibility) -> tuple[Any, ...]:
    """What the answer names of reports and entries: each a field of the report or of the entry with this id."""
    named: tuple[Any, ...] = getattr(answer, "settled_by", ())
    return named


def is_settled(answer: Eligibility) -> bool:
    said = answer.approvable
    if answer.path is None or said is None or said.recommendation == "pend":
        return False
    return not any(one.code == "lines_without_days" for one in said.reasons)


def missing(answer: Eligibility) -> set[str]:
    """The facts that the answer names, as what is needed and on its ways to an approval."""
    said = answer.approvable
    if said is None:
        return set()
    needed = {name for one in said.still_needed for name in one.missing}
    return needed | {one.field for way in said.ways for one in way.supplies}


def steps_named(telling: Telling, scenario: Scenario, answer: Eligibility) -> list[Step]:
    steps: list[Step] = []
    named = settled_by(answer)
    for report_id in dict.fromkeys(one.report_id for one in named if one.report_id is not None):
        fields = [one.field for one in named if one.report_id == report_id]
        steps += corrected(telling, scenario, report_id, fields)
    for dose_id in dict.fromkeys(one.dose_id for one in named if one.dose_id is not None):
        steps += said_of_entry(telling, scenario, dose_id, [one.field for one in named if one.dose_id == dose_id])
    if RECEIVED in missing(answer):
        steps.append(supplied({"received_lemtrada": any(one <= answer.as_of for one in telling.life.infusions)}))
    return steps


# -- reports ----------------------------------------------------------------------------------


def corrected(telling: Telling, scenario: Scenario, report_id: str, fields: list[str]) -> list[Step]:
    """The report with the true value of each field that was named, and what a person says of whose doses it tells."""
    place, on_record = next(
        (place, one) for place, one in enumerate(told_by_reports(scenario)) if one.report_id == report_id
    )
    report = in_order_of_recording(telling)[place]
    before = [one.model_dump(mode="json") for one in on_record.courses]
    courses = [dict(one) for one in before]
    for _, number, name in (field.split(".") for field in fields if field not in (TELLS_OF, COURSES)):
        courses[int(number)][name] = true_value(telling, report.courses[int(number)], name)
    if COURSES in fields:
        courses.insert(0, first_course(telling))
    steps: list[Step] = []
    if courses != before:
        correct = CorrectPriorTreatment.model_validate(MISREAD | {"report_id": report_id, "courses": courses})
        steps.append(Step(lambda _: correct))
    said = whose(telling, report) if TELLS_OF in fields else None
    if said is not None:
        attribute = AttributeReport.model_validate(MISREAD | {"report_id": report_id, "tells_of": said})
        steps.append(Step(lambda _: attribute))
    return steps


def first_course(telling: Telling) -> dict[str, Any]:
    """The true first course, as a report lists it before a later one: the doses of its regimen."""
    first = courses_of(telling.life.infusions, telling.life.closed_on)[0]
    ends = {"first_dose_on": first.days[0].isoformat(), "last_dose_on": first.days[first.regimen - 1].isoformat()}
    return ends | {"doses_given": first.regimen, "completed": True}


def told_by_reports(scenario: Scenario) -> list[OnRecord]:
    """The reports of courses on record, without those that were recorded by mistake."""
    return [one for one in scenario.known.reports if one.courses and not one.voided]


def in_order_of_recording(telling: Telling) -> list[Report]:
    return sorted((one for one in telling.reports if one.courses), key=lambda one: one.recorded_on)


def true_value(telling: Telling, told: Told, name: str) -> Any:
    course = courses_of(telling.life.infusions, telling.life.closed_on)[told.course - 1]
    values: dict[str, Any] = {
        "doses_given": len(told.days),
        "first_dose_on": told.days[0].isoformat(),
        "last_dose_on": told.days[-1].isoformat(),
        "completed": course.completed_on is not None and set(course.days[: course.regimen]) <= set(told.days),
    }
    return values[name]


def whose(telling: Telling, report: Report) -> str | None:
    """What a person says of a report: that it tells of our doses, or of others. Of both: nothing can be said."""
    ours = {day for one in telling.entries if one.was_given for day in (one.days or (one.on,))}
    told = {day for course in report.courses for day in course.days}
    if told <= ours:
        return OURS
    return OTHERS if not told & ours else None


def with_attributions(telling: Telling, scenario: Scenario) -> Scenario:
    """After a person said of each report whose doses it tells of, if it tells of ours alone, or of none of ours."""
    reports = zip(told_by_reports(scenario), in_order_of_recording(telling), strict=True)
    for on_record, report in [*reports]:
        said = whose(telling, report)
        # It is refused if no dose is on record by the day of the report.
        if said is not None and (said == OTHERS or _has_ours_by(scenario, on_record.reported_on)):
            attribute = AttributeReport.model_validate(MISREAD | {"report_id": on_record.report_id, "tells_of": said})
            scenario.and_given(Step(lambda _, command=attribute: command))  # type: ignore[misc]
    return scenario


def _has_ours_by(scenario: Scenario, day: date) -> bool:
    return any(dose.stands and dose.on <= day for dose in scenario.known.doses)


# -- entries ----------------------------------------------------------------------------------


def said_of_entry(telling: Telling, scenario: Scenario, dose_id: str, fields: list[str]) -> list[Step]:
    """What a person truthfully says of an entry: the same dose, given or not, and how many infusion days on which."""
    number, found = next((number, one) for number, one in enumerate(scenario.known.doses, 1) if one.dose_id == dose_id)
    told = next(one for one in telling.entries if one.reference == found.facts.references[0])
    steps: list[Step] = []
    if "duplicate" in fields:
        steps.append(confirmed_duplicate(number))
    if "finding" in fields:
        steps.append(claim_settled(number, "billed_elsewhere" if told.was_given else "not_given"))
    if {"days", "first_on", "last_on"} & {*fields}:
        days = told.days or (told.on,)
        steps.append(days_stated(number, len(days), first_on=days[0].isoformat(), last_on=days[-1].isoformat()))
    return steps
