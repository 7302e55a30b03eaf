"""The rules of the policy: one named function for each, from a question to an answer with a sentence.

The edition files state which clause of which edition uses which rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Final

from pydantic import JsonValue

from domain.calendar import anniversary, years_have_passed
from domain.facts import (
    Consultation,
    Diagnosis,
    Documentation,
    MsForm,
    OpenCourse,
    RequestedDosing,
    Specialty,
    doses_in_course,
    in_words,
)
from domain.policy.agents import not_recognized
from domain.policy.answers import MET, NOT_MET, UNDETERMINED, Answer, all_of, answer_of
from domain.policy.edition import Question, Rule, RuleAnswer, Stated, stated

RELAPSING: Final = frozenset({"relapsing_remitting", "active_secondary_progressive"})
NON_RELAPSING: Final = frozenset({"primary_progressive", "non_active_secondary_progressive"})
SPECIALISTS: Final = frozenset({"neurology", "ms_specialist"})


# -- the diagnosis and the scopes of the two paths --------------------------------------------


@stated("diagnosis")
def multiple_sclerosis(diagnosis: Diagnosis | None) -> RuleAnswer:
    used = {"diagnosis": diagnosis}
    if diagnosis is None:
        return RuleAnswer(UNDETERMINED, "The diagnosis is not stated.", used, ("diagnosis",))
    if diagnosis == "other":
        return RuleAnswer(NOT_MET, "The diagnosis is not multiple sclerosis.", used)
    return RuleAnswer(MET, "The diagnosis is multiple sclerosis.", used)


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


# -- criteria of both paths -------------------------------------------------------------------


def old_enough(question: Question) -> RuleAnswer:
    born, years = question.facts.birth_date, question.edition.parameters.age_min_years
    as_of = question.as_of.isoformat()
    used = {"birth_date": str(born) if born else None, "as_of": as_of}
    if born is None:
        return RuleAnswer(UNDETERMINED, "The birth date is not known.", used, ("birth_date",))
    reached = years_have_passed(born, years, on=question.as_of)
    if reached is None:
        sentence = f"Born {born}: whether the patient was {years} on {as_of} depends on the exact day."
        return RuleAnswer(UNDETERMINED, sentence, used, ("birth_date to the day",))
    if reached:
        return RuleAnswer(MET, f"Born {born}: {years} or older on {as_of}.", used)
    birthday = anniversary(born.latest, years)
    sentence = f"Born {born}: younger than {years} on {as_of}; {years} from {birthday} on."
    return RuleAnswer(NOT_MET, sentence, used, approvable_from=birthday)


@stated("ms_form")
def relapsing_form(form: MsForm | None) -> RuleAnswer:
    used = {"ms_form": form}
    if form is None:
        return RuleAnswer(UNDETERMINED, "The form of MS is not stated.", used, ("ms_form",))
    if form == "secondary_progressive_activity_unknown":
        sentence = "Secondary progressive disease: whether it is active is not stated."
        return RuleAnswer(UNDETERMINED, sentence, used, ("ms_form: active or not",))
    if form in RELAPSING:
        return RuleAnswer(MET, f"The form is {in_words(form)}, a relapsing form.", used)
    return RuleAnswer(NOT_MET, f"The form is {in_words(form)}, which is not a relapsing form.", used)


@stated("prescriber_specialty", "consulted_specialty")
def specialist(prescriber: Specialty | None, consulted: Consultation | None) -> RuleAnswer:
    used = {"prescriber_specialty": prescriber, "consulted_specialty": consulted}
    if prescriber in SPECIALISTS:
        return RuleAnswer(MET, f"The prescriber is a specialist ({in_words(str(prescriber))}).", used)
    if consulted in SPECIALISTS:
        return RuleAnswer(MET, f"A specialist was consulted ({in_words(str(consulted))}).", used)
    missing = tuple(name for name, value in used.items() if value is None)
    if missing:
        sentence = f"No specialist is named, and {' and '.join(map(in_words, missing))} is not known."
        return RuleAnswer(UNDETERMINED, sentence, used, missing)
    return RuleAnswer(
        NOT_MET, "Neither the prescriber nor the specialist who was consulted is a neurologist or MS specialist.", used
    )


# -- 1.A.iii ----------------------------------------------------------------------------------


def received_lemtrada(question: Question) -> RuleAnswer:
    received = question.treatment.received
    used = {"prior_treatment.received_lemtrada": received}
    if received is None:
        sentence = "It is not known whether Lemtrada was ever received."
        return RuleAnswer(UNDETERMINED, sentence, used, ("prior_treatment.received_lemtrada",))
    return RuleAnswer(
        answer_of(received), "Lemtrada was received." if received else "Lemtrada was never received.", used
    )


def _documented(name: str, what: str) -> Stated:
    """The rule of a sign of aggressive disease. It is met only with a supporting document (R14).

    `name` is the name of the sign in the facts, and `what` describes it in sentences.
    """
    field = f"aggressive_disease.{name}"

    def rule(finding: bool | None, documentation: Documentation | None) -> RuleAnswer:
        used = {f"{field}.finding": finding, f"{field}.documentation": documentation}
        if finding is False:
            return RuleAnswer(NOT_MET, f"{what}: not present.", used)
        if documentation == "none_exists":
            return RuleAnswer(NOT_MET, f"{what}: no supporting document exists.", used)
        if finding is None:
            return RuleAnswer(UNDETERMINED, f"{what}: not stated.", used, (f"{field}.finding",))
        if documentation == "attached":
            return RuleAnswer(MET, f"{what}: present and supported by an attached document.", used)
        sentence = f"{what}: stated, but no supporting document is attached."
        return RuleAnswer(UNDETERMINED, sentence, used, (f"{field}.documentation",))

    rule.__name__ = name
    return stated(f"{field}.finding", f"{field}.documentation")(rule)


rapid_deterioration = _documented("rapid_deterioration", "Rapidly advancing physical deterioration")
disabling_relapses = _documented("disabling_relapses", "Disabling relapse with suboptimal response to steroids")
aggressive_mri = _documented("mri", "MRI suggesting highly active disease")
cognitive_impairment = _documented("cognitive_impairment", "MS-related cognitive impairment")


# -- 1.B.iii and iv ---------------------------------------------------------------------------


@stated("response.objective_measure")
def objective_response(responded: bool | None) -> RuleAnswer:
    return _response("objective_measure", "an objective measure", responded)


@stated("response.symptom")
def symptom_response(responded: bool | None) -> RuleAnswer:
    return _response("symptom", "at least one symptom", responded)


def _response(name: str, what: str, responded: bool | None) -> RuleAnswer:
    used = {f"response.{name}": responded}
    if responded is None:
        return RuleAnswer(UNDETERMINED, f"Response by {what} is not stated.", used, (f"response.{name}",))
    return RuleAnswer(answer_of(responded), f"{'Response' if responded else 'No response'} by {what}.", used)


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


# -- conditions not recommended: "met" means that the exclusion applies -----------------------


@stated("ms_form", "diagnosis")
def clinically_isolated_syndrome(form: MsForm | None, diagnosis: Diagnosis | None) -> RuleAnswer:
    used = {"ms_form": form, "diagnosis": diagnosis}
    if form == "clinically_isolated_syndrome":
        return RuleAnswer(MET, "The form is clinically isolated syndrome.", used)
    if form is None and diagnosis != "other":
        return RuleAnswer(UNDETERMINED, "The form of MS is not stated.", used, ("ms_form",))
    return RuleAnswer(NOT_MET, "Not clinically isolated syndrome.", used)


def concurrent_agent(question: Question) -> RuleAnswer:
    continues, unknown = question.facts.other_dmt_continues, question.facts.other_dmt_not_recognized
    used: dict[str, JsonValue] = {"other_dmt_continues": continues}
    if continues is None:
        sentence = "It is not known whether another disease-modifying agent is still taken."
        if unknown:
            used["other_dmt_not_recognized"] = list(unknown)
            sentence += " May still be taken: " + "; ".join(f"{name}, {not_recognized(name)}" for name in unknown)
            sentence += "" if sentence.endswith("?") else "."
        which = (f"other_dmt_continues: which product {name} is ({not_recognized(name)})" for name in unknown)
        return RuleAnswer(UNDETERMINED, sentence, used, ("other_dmt_continues", *which))
    if continues:
        return RuleAnswer(MET, "Another disease-modifying agent is still taken on the planned infusion day.", used)
    return RuleAnswer(NOT_MET, "No other disease-modifying agent is taken on the planned infusion day.", used)


@stated("hiv_infection")
def hiv_infection(infected: bool | None) -> RuleAnswer:
    used = {"hiv_infection": infected}
    if infected is None:
        return RuleAnswer(UNDETERMINED, "HIV status is not stated.", used, ("hiv_infection",))
    return RuleAnswer(answer_of(infected), "HIV infection is stated." if infected else "No HIV infection.", used)


@stated("ms_form", "diagnosis")
def non_relapsing_form(form: MsForm | None, diagnosis: Diagnosis | None) -> RuleAnswer:
    used = {"ms_form": form, "diagnosis": diagnosis}
    if diagnosis == "other":
        return RuleAnswer(NOT_MET, "The diagnosis is not MS, so the form of MS does not apply.", used)
    if form is None:
        return RuleAnswer(UNDETERMINED, "The form of MS is not stated.", used, ("ms_form",))
    if form == "secondary_progressive_activity_unknown":
        sentence = "Secondary progressive disease: whether it is active is not stated."
        return RuleAnswer(UNDETERMINED, sentence, used, ("ms_form: active or not",))
    if form in NON_RELAPSING:
        return RuleAnswer(MET, f"The form is {in_words(form)}, a non-relapsing form.", used)
    return RuleAnswer(NOT_MET, f"The form is {in_words(form)}, not a non-relapsing form.", used)


# -- dosing -----------------------------------------------------------------------------------


def _in_every_treatment(letter: str) -> Callable[[Callable[[Question], RuleAnswer]], Rule]:
    """Judges a rule for every treatment on this path that fits the record (R7). Undetermined where they differ."""

    def decorated(rule: Callable[[Question], RuleAnswer]) -> Rule:
        @wraps(rule)
        def judged(question: Question) -> RuleAnswer:
            if len(question.possible) == 1:
                return rule(question.possible[0])
            on_path = [one for one in question.possible if one.treatment.path == letter]
            first, *others = [rule(one) for one in on_path or question.possible]
            if all(one.answer is first.answer for one in others):
                return first
            missing = tuple(dict.fromkeys(("prior_treatment.open_course.doses_given", *first.missing)))
            sentence = "It depends on how many doses of the course were given, which is not certain."
            return RuleAnswer(UNDETERMINED, sentence, first.used, missing)

        return judged

    return decorated


@_in_every_treatment("A")
def first_course_regimen(question: Question) -> RuleAnswer:
    """12 mg a day on five days, or at most on the days left in an interrupted first course (R7)."""
    status = question.treatment
    regimen_days = doses_in_course(1)
    given = status.first_course.doses_given if status.first_course is not None else None
    days = range(1, regimen_days - given + 1) if given is not None else range(regimen_days, regimen_days + 1)
    return _regimen(question, days, days)


@_in_every_treatment("B")
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


def dosing_in_words(dosing: RequestedDosing) -> str:
    """The requested dosing in words."""
    mg = f"{dosing.mg_per_day:g} mg a day" if dosing.mg_per_day is not None else "mg a day not stated"
    days = f"{dosing.consecutive_days} days" if dosing.consecutive_days is not None else "days not stated"
    return f"{mg}, {days}, {dosing.route or 'route not stated'}"
