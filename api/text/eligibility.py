"""Where a patient stands, in words for a person at a terminal; the same view that the API answers with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pydantic import JsonValue

from domain.facts import AgentTried, RequestedDosing
from domain.policy.criteria import described, spoken
from domain.policy.missing_facts import Supply
from domain.policy.shortest_paths import Way
from projections.eligibility import Approvable, Eligibility

if TYPE_CHECKING:
    from projections.state_changes import StateChange


def headline(answer: Eligibility) -> str:
    """The short answer: path and course, and what may be done, or what stands in the way."""
    if answer.path is None:
        return f"Path not known: {_prospects(answer)}."
    course = f"Path {answer.path}, course {answer.course_number}"
    given = "" if answer.course_status == "not_begun" else f"{_counted(answer.doses_given)} given, "
    if answer.approval is not None and answer.doses_usable:
        return f"{course}: {given}{answer.doses_usable} may be given through {answer.approval.valid_through}."
    if answer.next_course_from is not None and answer.interval_satisfied is not True:
        if answer.interval_satisfied is None:
            return f"{course}: twelve months have passed at the latest on {answer.next_course_from}."
        return f"{course}: may start on {answer.next_course_from}."
    return f"{course}: {given}{_prospects(answer)}."


def _prospects(answer: Eligibility) -> str:
    """What the policy recommends for the open request or for a new one, or why no policy version applies."""
    judged = answer.approvable
    if judged is None:
        return (answer.edition_problem or "no policy version applies").removesuffix(".")
    asked = "the open request" if judged.request_is_open else "a new request"
    if answer.doses_usable and not judged.request_is_open:
        asked += " after this approval is used or has ended"
    match judged.recommendation:
        case "approve":
            return f"{asked} is recommended for approval. A person decides"
        case "refer":
            return f"{asked} needs clinical review ({', '.join(reason.code for reason in judged.reasons)})"
        case "pend":
            return f"{asked} needs information for {', '.join(one.clause for one in judged.still_needed)}"
        case "not_recommended":
            against = judged.exclusions or tuple(one.clause for one in judged.speaking_against)
            return f"{asked} does not meet the criteria ({', '.join(against) or 'no path can be met'})"


def eligibility_rows(answer: Eligibility, zone: str) -> Iterator[tuple[str, str]]:
    """Everything behind the short answer: a label, repeated for each line of a kind, and a sentence."""
    yield "On", f"{answer.as_of} in {zone}, from version {answer.history_version} of the history"
    yield "Path", answer.path_because
    if answer.course_number is not None:
        given, left = _counted(answer.doses_given), _counted(answer.doses_left_in_course)
        yield (
            "Doses",
            (
                f"{given} given and {left} left in the course, {answer.doses_left_on_approval} left on the approval,"
                f" {answer.doses_usable} usable"
            ),
        )
    if answer.last_dose_on is not None:
        yield "Last dose", f"{answer.last_dose_on}"
    if answer.next_course_from is not None:
        yield "Twelve months", f"passed at the latest on {answer.next_course_from}"
    approval = answer.approval
    yield (
        "Approval",
        "none in effect"
        if approval is None
        else (
            f"{approval.doses_approved} doses, {approval.doses_used} used, from {approval.valid_from}"
            f" through {approval.valid_through}, request {approval.request_id}"
        ),
    )
    counts = Counter(one.source for one in answer.imported)
    yield from (("Imported", f"based on {_lines(number)} of {source}") for source, number in counts.items())
    judged = answer.approvable
    if judged is None:
        return
    asked = "the open request" if judged.request_is_open else "a new request"
    source = "from the text" if judged.edition_provenance == "text" else "reconstructed from the history table"
    yield "Recommended", f"{judged.recommendation} for {asked}, under policy version {judged.edition} ({source})"
    for one in judged.still_needed:
        missing = f" ({', '.join(one.missing)})" if one.missing else ""
        yield "Missing", f"{one.clause}  {one.sentence}{missing}"
    yield from (("Against", f"{one.clause}  {one.sentence}") for one in judged.speaking_against)
    yield from _ways(judged)
    for reason in judged.reasons:
        readings = f" ({', '.join(reason.readings)})" if reason.readings else ""
        yield "Clinician", f"{reason.sentence}{readings}"
    yield from (("To know", sentence) for sentence in judged.advisories)


def _lines(number: int) -> str:
    return "1 line" if number == 1 else f"{number} lines"


# -- the shortest ways to an approval ---------------------------------------------------------

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
"""Facts whose place does not say in words what they are; the others are named by it."""


def _ways(judged: Approvable) -> Iterator[tuple[str, str]]:
    label = "To be approved" if all(way.leads_to == "approve" for way in judged.ways) else "To clinical review"
    if not judged.ways:
        yield label, "no further information can change this"
    for number, way in enumerate(judged.ways[:WAYS_SHOWN_MAX]):
        if way.size or way.from_day is not None:
            yield label, f"{'or ' if number else ''}{way_in_words(way)}"
    more = len(judged.ways[WAYS_SHOWN_MAX:]) + judged.ways_not_listed
    if more:
        yield label, f"or {more} other {'path' if more == 1 else 'paths'} of the same length"


def way_in_words(way: Way) -> str:
    """What to send, what it would have to say, and from which day it counts."""
    from_day = f"from {way.from_day} on" if way.from_day is not None else ""
    if not way.supplies:
        return f"no information needed, {from_day or 'a person decides'}"
    sent = _listed(list(map(supply_in_words, way.supplies)), "and")
    return f"{sent}{', ' if from_day else ''}{from_day}"


def supply_in_words(supply: Supply) -> str:
    """The fact, and the values of it that would do: from its place and its values alone."""
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
    values = _listed([_value_in_words(one) for one in (supply.value, *supply.alternatives)], "or")
    return f"{_fact_in_words(supply)} (approvable if {values}{' or earlier' if supply.or_earlier else ''})"


def _agents_in_words(values: Sequence[JsonValue]) -> str:
    trials = [AgentTried.model_validate(one) for one in values]
    products = list(dict.fromkeys(one.product for one in trials))[:PRODUCTS_SHOWN_MAX]
    outcomes = list(dict.fromkeys(spoken(one.outcome) for one in trials if one.outcome is not None))
    shown = f"for example {_listed(products, 'or')}"
    return f"{shown}, approvable if {_listed(outcomes, 'or')}" if outcomes else shown


def _listed(parts: list[str], joined_by: str) -> str:
    """One sentence's list; with semicolons where the parts have commas of their own."""
    comma = "; " if any("," in one for one in parts) else ", "
    return f"{comma.join(parts[:-1])} {joined_by} {parts[-1]}" if len(parts) > 1 else parts[0]


def _fact_in_words(supply: Supply) -> str:
    if supply.about is not None:
        asked = {"product": "product", "stopped_on": "stop date"}
        return f"{supply.about}, {asked.get(supply.field.rpartition('.')[2], 'outcome')}"
    return _FACTS.get(supply.field, supply.field.replace("_", " ").replace(".", ", "))


def _value_in_words(value: JsonValue) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case {"mg_per_day": _}:
            return described(RequestedDosing.model_validate(value))
        case {"doses_given": given}:
            return f"{given}"
        case _:
            return spoken(f"{value}")


def _counted(doses: int | None) -> str:
    if doses is None:
        return "an unknown number of doses"
    return f"{doses} dose" if doses == 1 else f"{doses} doses"


def change_in_words(change: StateChange) -> str:
    if change.before is None:
        return f"{change.what}: {_recorded(change.after)}"
    return f"{change.what}: {_recorded(change.before)} → {_recorded(change.after)}"


def _recorded(value: JsonValue) -> str:
    """A value of the record as people write it: without quotes, brackets and what is not known."""
    match value:
        case None:
            return "removed"
        case bool():
            return "yes" if value else "no"
        case list():
            return "; ".join(map(_recorded, value)) or "none"
        case dict():
            return ", ".join(f"{spoken(name)} {_recorded(one)}" for name, one in value.items() if one is not None)
        case _:
            return f"{value}"
