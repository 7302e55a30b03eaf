"""Current eligibility in words, for the command line. It is the same value that the API returns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pydantic import JsonValue

from domain.facts import AgentTried, RequestedDosing, counted, in_words
from domain.policy.criteria import dosing_in_words
from domain.policy.missing_facts import Supply
from domain.policy.shortest_paths import Way
from domain.treatment.lived_courses import GIVEN_MAX
from projections.eligibility import Approvable, Eligibility, twelve_months_passed_by
from projections.record_values import ordinal

if TYPE_CHECKING:
    from projections.state_changes import StateChange


def headline(answer: Eligibility) -> str:
    """Returns the answer in one line: path and course, and what may be done or what prevents it."""
    if answer.path is None:
        return f"Path not known: {_prospects(answer)}."
    course = f"Path {answer.path}, course {answer.course_number or 'not known'}"
    given = "" if answer.course_status == "not_begun" else f"{_given(answer)} given, "
    if answer.approval is not None and answer.doses_usable:
        return f"{course}: {given}{answer.doses_usable} may be given through {answer.approval.valid_through}."
    passed_by = twelve_months_passed_by(answer)
    if passed_by is not None and answer.interval_satisfied is not True:
        if answer.next_course_from is None:
            return f"{course}: twelve months have passed at the latest on {passed_by}."
        return f"{course}: may start on {answer.next_course_from}."
    return f"{course}: {given}{_prospects(answer)}."


def _prospects(answer: Eligibility) -> str:
    """Returns the recommendation for the open request or for a new one, or why no policy version applies."""
    approvable = answer.approvable
    if approvable is None:
        return (answer.edition_problem or "no policy version applies").removesuffix(".")
    subject = "the open request" if approvable.request_is_open else "a new request"
    if answer.doses_usable and not approvable.request_is_open:
        subject += " after this approval is used or has ended"
    match approvable.recommendation:
        case "approve":
            return f"{subject} is recommended for approval. A person decides"
        case "refer":
            reasons = ", ".join(in_words(reason.code) for reason in approvable.reasons)
            return f"{subject} needs clinical review ({reasons})"
        case "pend":
            return f"{subject} needs information for {', '.join(one.clause for one in approvable.still_needed)}"
        case "not_recommended":
            against = approvable.exclusions or tuple(one.clause for one in approvable.speaking_against)
            return f"{subject} does not meet the criteria ({', '.join(against) or 'no path can be met'})"


def eligibility_rows(answer: Eligibility, zone: str) -> Iterator[tuple[str, str]]:
    """Yields the full answer as labels and sentences. Several lines can have the same label."""
    yield "On", f"{answer.as_of} in {zone}, from version {answer.history_version} of the history"
    yield "Path", answer.path_because
    on_approval = f"{answer.doses_left_on_approval} left on the approval, {answer.doses_usable} usable"
    if answer.doses_given is not None:
        given, left = counted(answer.doses_given, "dose"), counted(answer.doses_left_in_course, "dose")
        yield "Doses", f"{given} given and {left} left in the course, {on_approval}"
    elif answer.doses_given_at_most:
        yield "Doses", f"{range_of_doses(answer)} in the course, {on_approval}"
    if answer.last_dose_earliest is not None:
        days = (answer.last_dose_earliest, answer.last_dose_latest)
        one_day = days[0] == days[1]
        yield (
            "Last dose",
            f"{answer.last_dose_on}" if one_day else f"{days[0]} at the earliest, {days[1]} at the latest",
        )
    for fact in answer.settled_by:
        what = f"entry {ordinal(fact.dose_id)}" if fact.dose_id is not None else "a new report"
        if fact.report_id is not None or fact.void_reference is not None:
            what = f"report {ordinal(fact.report_id)}" if fact.report_id is not None else f"void {fact.void_reference}"
        yield "To settle", f"{fact.question} ({what}, {fact.field})"
    if (passed_by := twelve_months_passed_by(answer)) is not None:
        yield "Twelve months", f"passed at the latest on {passed_by}"
    approval = answer.approval
    yield (
        "Approval",
        "none in effect"
        if approval is None
        else (
            f"{counted(approval.doses_approved, 'dose')}, {approval.doses_used} used, from {approval.valid_from}"
            f" through {approval.valid_through}, request {approval.request_id}"
        ),
    )
    counts = Counter(one.source for one in answer.imported)
    yield from (("Imported", f"based on {counted(number, 'line')} of {source}") for source, number in counts.items())
    approvable = answer.approvable
    if approvable is None:
        if answer.edition_problem is not None:
            yield "Policy version", answer.edition_problem
        return
    subject = "the open request" if approvable.request_is_open else "a new request"
    source = "from the text" if approvable.edition_provenance == "text" else "reconstructed from the history table"
    yield (
        "Recommended",
        f"{approvable.recommendation} for {subject}, under policy version {approvable.edition} ({source})",
    )
    for one in approvable.still_needed:
        missing = f" ({', '.join(one.missing)})" if one.missing else ""
        yield "Missing", f"{one.clause}  {one.sentence}{missing}"
    yield from (("Against", f"{one.clause}  {one.sentence}") for one in approvable.speaking_against)
    yield from _ways(approvable)
    for reason in approvable.reasons:
        readings = f" ({', '.join(reason.readings)})" if reason.readings else ""
        yield "Clinician", f"{reason.sentence}{readings}"
    yield from (("To know", sentence) for sentence in approvable.advisories)


def range_of_doses(answer: Eligibility) -> str:
    """Returns the doses given, and those certainly left, if they are not certain."""
    if not answer.doses_given_at_least and answer.doses_given_at_most >= GIVEN_MAX:
        return "not known how many were given; none certainly left"
    return f"{_given(answer)} given; {answer.doses_left_at_least or 'none'} certainly left"


def _given(answer: Eligibility) -> str:
    """Returns the number of doses given, or the range of numbers that the record leaves possible."""
    least, most = answer.doses_given_at_least, answer.doses_given_at_most
    if most >= GIVEN_MAX:
        return f"at least {counted(least, 'dose')}"
    return counted(least, "dose") if least == most else f"{least} to {most} doses"


# -- the shortest paths to approval -----------------------------------------------------------

WAYS_SHOWN_MAX = 4
PRODUCTS_SHOWN_MAX = 3

_FACTS = {
    "ms_form": "the form of MS",
    "prescriber_specialty": "the prescriber's specialty",
    "consulted_specialty": "the specialty of the specialist who was consulted",
    "response.objective_measure": "response by an objective measure",
    "response.symptom": "response by a symptom",
    "other_dmt_continues": "whether another disease-modifying agent is taken on the infusion day",
    "hiv_infection": "HIV status",
    "prior_treatment.received_lemtrada": "whether Lemtrada was received before",
    "prior_treatment.completed_course": "whether a course of Lemtrada was completed",
    "prior_treatment.last_dose_on": "the last dose of the previous course",
    "prior_treatment.open_course": "doses given in the current course",
    "prior_treatment.open_course.doses_given": "doses given in the current course",
    "prior_treatment.open_course.last_dose_on": "the last dose of the current course",
    "agents.tried": "one more agent that was tried",
    "agents.list_is_complete": "whether the list of agents is complete",
}
"""Words for facts whose field names are not plain enough. Other facts are named by their fields."""


def _ways(approvable: Approvable) -> Iterator[tuple[str, str]]:
    label = "To be approved" if all(way.leads_to == "approve" for way in approvable.ways) else "For review"
    if not approvable.ways:
        yield label, "no further information can change this"
    for number, way in enumerate(approvable.ways[:WAYS_SHOWN_MAX]):
        if way.size or way.from_day is not None:
            yield label, f"{'or ' if number else ''}{path_in_words(way)}"
    more = len(approvable.ways[WAYS_SHOWN_MAX:]) + approvable.ways_not_listed
    if more:
        yield label, f"or {more} other {'path' if more == 1 else 'paths'} of the same length"


def path_in_words(way: Way) -> str:
    """Returns what to send, the values that would lead to approval, and the day from which they would."""
    from_day = f"from {way.from_day} on" if way.from_day is not None else ""
    if not way.supplies:
        return f"no information needed, {from_day or 'a person decides'}"
    supplies = _listed(list(map(supply_in_words, way.supplies)), "and")
    return f"{supplies}{', ' if from_day else ''}{from_day}"


def supply_in_words(supply: Supply) -> str:
    """Returns the fact to send, and its values that would lead to approval, from its field and values alone."""
    clauses = ", ".join(supply.settles)
    if supply.needs_document:
        what = "a document" if supply.field.endswith(".documentation") else "the finding and a document"
        return f"{what} for {clauses}, with a review that finds it supportive"
    if supply.field.startswith("aggressive_disease."):
        return f"the finding for {clauses} (approvable if present)"
    if supply.field == "agents.tried":
        return f"{_fact_in_words(supply)} ({_agents_in_words((supply.value, *supply.alternatives))})"
    if supply.field == "hiv_infection":
        return f"{_FACTS[supply.field]} (approvable if negative)"
    shown = [_value_in_words(one) for one in (supply.value, *supply.alternatives)]
    if supply.field.endswith(".product") and len(shown) > PRODUCTS_SHOWN_MAX:
        return f"{_fact_in_words(supply)} (for example {_listed(shown[:PRODUCTS_SHOWN_MAX], 'or')})"
    values = _listed(shown, "or")
    return f"{_fact_in_words(supply)} (approvable if {values}{' or earlier' if supply.or_earlier else ''})"


def _agents_in_words(values: Sequence[JsonValue]) -> str:
    trials = [AgentTried.model_validate(one) for one in values]
    products = list(dict.fromkeys(one.product for one in trials))[:PRODUCTS_SHOWN_MAX]
    outcomes = list(dict.fromkeys(in_words(one.outcome) for one in trials if one.outcome is not None))
    shown = f"for example {_listed(products, 'or')}"
    return f"{shown}, approvable if {_listed(outcomes, 'or')}" if outcomes else shown


def _listed(parts: list[str], joined_by: str) -> str:
    """Returns a list for a sentence. It has semicolons if a part contains a comma."""
    comma = "; " if any("," in one for one in parts) else ", "
    return f"{comma.join(parts[:-1])} {joined_by} {parts[-1]}" if len(parts) > 1 else parts[0]


def _fact_in_words(supply: Supply) -> str:
    if supply.about is not None:
        kinds = {"product": "product", "stopped_on": "stop date"}
        return f"{supply.about}, {kinds.get(supply.field.rpartition('.')[2], 'outcome')}"
    return _FACTS.get(supply.field, supply.field.replace("_", " ").replace(".", ", "))


def _value_in_words(value: JsonValue) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case {"mg_per_day": _}:
            return dosing_in_words(RequestedDosing.model_validate(value))
        case {"doses_given": given}:
            return f"{given}"
        case _:
            return in_words(f"{value}")


def change_in_words(change: StateChange) -> str:
    """Returns one change of the record: the value before and after."""
    if change.before is None:
        return f"{change.what}: {_recorded(change.after)}"
    return f"{change.what}: {_recorded(change.before)} → {_recorded(change.after)}"


def _recorded(value: JsonValue) -> str:
    """Returns a recorded value in words, without quotes, brackets and unknown parts."""
    match value:
        case None:
            return "removed"
        case bool():
            return "yes" if value else "no"
        case list():
            return "; ".join(map(_recorded, value)) or "none"
        case dict():
            return ", ".join(f"{in_words(name)} {_recorded(one)}" for name, one in value.items() if one is not None)
        case _:
            return f"{value}"
