"""The rules about Lemtrada treatment and dosing in revision 1: the scopes, 1.A.iii.c, 1.B.iv and the regimens."""

from __future__ import annotations

import re
from functools import lru_cache

from pydantic import JsonValue

from domain.facts import OpenCourse, doses_in_course
from domain.policy.answers import MET, NOT_MET, UNDETERMINED, Answer, all_of, answer_of
from domain.policy.criteria import dosing_in_words
from domain.policy.edition import Question, RuleAnswer


def no_completed_course(question: Question) -> RuleAnswer:
    return _scope(question, "A")


def completed_course(question: Question) -> RuleAnswer:
    return _scope(question, "B")


def _scope(question: Question, letter: str) -> RuleAnswer:
    status = question.treatment
    prior, course = question.facts.prior_treatment, question.facts.prior_treatment.open_course
    used: dict[str, JsonValue] = {
        "prior_treatment.received_lemtrada": prior.received_lemtrada,
        "prior_treatment.completed_course": prior.completed_course,
        "prior_treatment.open_course": None if course is None else course.model_dump(mode="json"),
    }
    if status.path is None:
        sentence = "It is not known whether a course of Lemtrada was completed."
        return RuleAnswer(UNDETERMINED, sentence, used, ("prior_treatment.completed_course",))
    if status.path == "B":
        sentence = "A course of Lemtrada was completed."
    elif status.first_course_is_open:
        sentence = "A first course of Lemtrada was started and not completed."
    else:
        sentence = "No course of Lemtrada was completed."
    return RuleAnswer(MET if status.path == letter else NOT_MET, sentence, used)


def received_lemtrada(question: Question) -> RuleAnswer:
    received = question.treatment.received
    used = {"prior_treatment.received_lemtrada": received}
    if received is None:
        sentence = "It is not known whether Lemtrada was ever received."
        return RuleAnswer(UNDETERMINED, sentence, used, ("prior_treatment.received_lemtrada",))
    return RuleAnswer(
        answer_of(received), "Lemtrada was received." if received else "Lemtrada was never received.", used
    )


def twelve_months_since_last_dose(question: Question) -> RuleAnswer:
    status = question.treatment
    interval, last = status.interval, status.interval.latest_dose
    as_of = question.as_of.isoformat()
    used = {"prior_treatment.last_dose_on": str(last) if last else None, "as_of": as_of}
    later_open = status.later_course is not None and status.later_course_is_current is None
    missing = (*(("prior_treatment.open_course.last_dose_on",) if later_open else ()), "prior_treatment.last_dose_on")
    if status.received is False:
        return RuleAnswer(UNDETERMINED, "Lemtrada was never received, so there is no last dose.", used, missing)
    if last is None:
        return RuleAnswer(UNDETERMINED, "The date of the last dose is not known.", used, missing)
    of = " of the course before the current one" if status.later_course_is_current else ""
    if interval.passed is None:
        sentence = f"Last dose{of} {last}: whether twelve months have passed depends on the exact day."
        return RuleAnswer(UNDETERMINED, sentence, used, tuple(f"{name} to the day" for name in missing))
    if interval.passed:
        return RuleAnswer(MET, f"Last dose{of} {last}: twelve months have passed on {as_of}.", used)
    sentence = f"Last dose{of} {last}: twelve months have not passed before {interval.passes_on}."
    return RuleAnswer(NOT_MET, sentence, used, approvable_from=interval.passes_on)


def first_course_regimen(question: Question) -> RuleAnswer:
    """12 mg a day on five days, or at most on the days left in an interrupted first course (R7)."""
    status = question.treatment
    regimen_days = doses_in_course(1)
    given = status.first_course.doses_given if status.first_course is not None else None
    days = range(1, regimen_days - given + 1) if given is not None else range(regimen_days, regimen_days + 1)
    return _regimen(question, days, days)


def later_course_regimen(question: Question) -> RuleAnswer:
    """12 mg a day on three days, or at most on the days left in a current later course (R8)."""
    status = question.treatment
    regimen_days = doses_in_course(2)
    usual = range(regimen_days, regimen_days + 1)
    if status.later_course is None or status.later_course_is_current is False:
        return _regimen(question, usual, usual)
    certain, possible = _days_left(status.later_course, regimen_days)
    if status.later_course_is_current is True:
        return _regimen(question, certain, possible, ("prior_treatment.open_course.doses_given",))
    # It is not known whether the later course is still current, and no number of days fits both cases.
    return _regimen(question, range(0), (*possible, *usual), ("prior_treatment.open_course.last_dose_on",))


def _days_left(course: OpenCourse, regimen_days: int) -> tuple[range, range]:
    """The numbers of days that are certainly left in the course, and those that may be left."""
    if course.doses_given is None:
        return range(1, 2), range(1, regimen_days)
    left = range(1, regimen_days - course.doses_given + 1)
    return left, left


def _regimen(
    question: Question, days: range, possible_days: range | tuple[int, ...], course_unknown: tuple[str, ...] = ()
) -> RuleAnswer:
    """Met if the dosing is the regimen on any number of `days`, and undetermined on the other `possible_days`.

    These depend on the facts in `course_unknown`, which are then missing.
    """
    dosing, parameters = question.facts.requested_dosing, question.edition.parameters
    count = dosing.consecutive_days
    parts: dict[str, Answer] = {
        "mg_per_day": answer_of(None if dosing.mg_per_day is None else dosing.mg_per_day == parameters.mg_per_day),
        "consecutive_days": answer_of(
            None if count is None else True if count in days else None if count in possible_days else False
        ),
        "route": answer_of(None if dosing.route is None else _normalized_route(dosing.route) == parameters.route),
    }
    used: dict[str, JsonValue] = {
        "requested_dosing.mg_per_day": dosing.mg_per_day,
        "requested_dosing.consecutive_days": count,
        "requested_dosing.route": dosing.route,
    }
    answer = all_of(parts.values())
    requested = dosing_in_words(dosing)
    if answer is MET:
        return RuleAnswer(MET, f"Requested: {requested}, which is the regimen.", used)
    regimen = f"{parameters.mg_per_day:g} mg a day on {_days_in_words(possible_days)}, {parameters.route}"
    if answer is NOT_MET:
        return RuleAnswer(NOT_MET, f"Requested: {requested}; the regimen is {regimen}.", used)
    missing = tuple(f"requested_dosing.{name}" for name, value in parts.items() if value is UNDETERMINED)
    if count is not None and parts["consecutive_days"] is UNDETERMINED:
        missing = (*(one for one in missing if one != "requested_dosing.consecutive_days"), *course_unknown)
    return RuleAnswer(UNDETERMINED, f"Requested: {requested}; the regimen is {regimen}.", used, missing)


@lru_cache(maxsize=256)
def _normalized_route(route: str) -> str:
    name = re.sub(r"[\s_-]+", " ", route.casefold().replace(".", "")).strip().removesuffix(" infusion")
    return "intravenous" if name == "iv" else name


def _days_in_words(days: range | tuple[int, ...]) -> str:
    first, last = min(days), max(days)
    if first == last:
        return f"{first} consecutive days" if first > 1 else "1 day"
    return f"{first} to {last} consecutive days"
