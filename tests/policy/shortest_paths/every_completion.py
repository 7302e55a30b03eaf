"""Every completion of what is not known, with nothing passed over: the slow answer that `what_if` is compared with.

It shares no table and no rule of relevance with the program: every open fact takes every value of its kind, helpful
or not, on every day on which a date of it comes of age. Of a treatment nothing is asked before it is known that
there was one, and an agent to add is never this drug, whose treatment is asked for by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, get_args

from pydantic import ValidationError

from domain.calendar import PartialDate, anniversary
from domain.facts import Circumstances, Consultation, Diagnosis, Documentation, Facts, MsForm, Specialty, TrialOutcome
from domain.policy.agents import recognize
from domain.policy.assessment import assess
from domain.policy.edition import Edition, Question
from domain.policy.missing_facts import with_fact
from domain.policy.shortest_paths import Way
from domain.policy.treatment_standing import contradictions

Open = tuple[str, list[Any]]
Front = dict[tuple[int, date], set[frozenset[str]]]
"""For each size, and its earliest day where no smaller one is as early: the fields of every set that gets there."""

_VALUES: dict[str, tuple[Any, ...]] = {
    "diagnosis": get_args(Diagnosis),
    "prescriber_specialty": get_args(Specialty),
    "consulted_specialty": get_args(Consultation),
    "response.objective_measure": (True, False),
    "response.symptom": (True, False),
    "hiv_infection": (True, False),
    "other_dmt_continues": (True, False),
    "prior_treatment.received_lemtrada": (True, False),
    "prior_treatment.completed_course": (True, False),
    "agents.list_is_complete": (True, False),
}
_AGENTS = [
    {"product": "Briumvi", "outcome": "inadequate_efficacy"},  # One that suffices alone,
    {"product": "Briumvi", "outcome": "adequate"},  # by its use alone in the older editions,
    {"product": "Ocrevus Zunovo", "outcome": "significant_intolerance"},  # or by its failure in the newer ones;
    {"product": "Plegridy", "outcome": "significant_intolerance"},  # one of the two that are needed otherwise,
    {"product": "Plegridy", "outcome": None},  # of which it is not said how it went;
    {"product": "rituximab", "outcome": "inadequate_efficacy"},  # and one that no edition lists.
]
# What an agent with a name that is not recognized may have been: agents that suffice, others that are listed, an
# unlisted one, and a steroid.
_NAMES = ("Briumvi", "Ocrevus", "Tysabri", "Avonex", "Plegridy", "Mayzent", "rituximab", "prednisone")


@dataclass
class EveryCompletion:
    """Of up to `size_max` facts, each judged on every day that could matter."""

    facts: Facts
    as_of: date
    edition: Edition
    size_max: int = 3
    circumstances: Circumstances | None = None
    judged: int = 0
    reached: dict[str, dict[tuple[int, date], set[frozenset[str]]]] = field(
        default_factory=lambda: {"approve": {}, "refer": {}}
    )

    def __post_init__(self) -> None:
        seen: set[frozenset[tuple[str, str]]] = {frozenset()}
        states: list[tuple[frozenset[tuple[str, str]], Facts]] = [(frozenset(), self.facts)]
        for size in range(self.size_max + 1):
            for told, facts in states:
                self._judge(size, frozenset(name for name, _ in told), facts)
            if size < self.size_max:
                states = list(self._one_more(states, seen))

    def _one_more(
        self, states: list[tuple[frozenset[tuple[str, str]], Facts]], seen: set[frozenset[tuple[str, str]]]
    ) -> Iterator[tuple[frozenset[tuple[str, str]], Facts]]:
        for told, facts in states:
            names = {name for name, _ in told}
            for name, values in open_facts(facts, self.as_of, self.edition):
                if name in names:
                    continue
                for value in values:
                    more = told | {(name, json.dumps(value))}
                    if more in seen:
                        continue
                    seen.add(more)
                    try:
                        completed = with_fact(facts, name, value)
                    except ValidationError:
                        continue
                    if not contradictions(completed, self.as_of):
                        yield more, completed

    def _judge(self, size: int, fields: frozenset[str], facts: Facts) -> None:
        outcomes = {"approve", "refer"}
        for day in _days(facts, self.as_of, self.edition):
            self.judged += 1
            recommendation = assess(facts, day, self.edition, self.circumstances).recommendation
            gained = {"approve": {"approve", "refer"}, "refer": {"refer"}}.get(recommendation, set())
            for outcome in gained & outcomes:
                self.reached[outcome].setdefault((size, day), set()).add(fields)
            outcomes -= gained
            if not outcomes:
                return

    def front(self, outcome: str) -> Front:
        """Of each size the earliest day, where that is earlier than any smaller size's."""
        front: Front = {}
        earliest = date.max
        for size in range(self.size_max + 1):
            days = [day for found, day in self.reached[outcome] if found == size]
            if days and min(days) < earliest:
                earliest = min(days)
                front[size, earliest] = self.reached[outcome][size, earliest]
        return front


def front_of(ways: tuple[Way, ...], as_of: date, size_max: int = 3) -> Front:
    """What `what_if` found, in the same terms."""
    front: Front = {}
    for way in ways:
        if way.size <= size_max:
            fields = frozenset(supply.field for supply in way.supplies)
            front.setdefault((way.size, way.from_day or as_of), set()).add(fields)
    return front


def _days(facts: Facts, as_of: date, edition: Edition) -> list[date]:
    """The day itself, and every later one on which some date of the facts comes of age."""
    prior, parameters = facts.prior_treatment, edition.parameters
    doses = (prior.last_dose_on, prior.open_course.last_dose_on if prior.open_course else None)
    ages = [(facts.birth_date, parameters.age_min_years), *((dose, parameters.years_between_courses) for dose in doses)]
    days = {
        anniversary(day, years) for known, years in ages if known is not None for day in (known.earliest, known.latest)
    }
    return [as_of, *sorted(day for day in days if day > as_of)]


# -- what is open, and every value of it --------------------------------------------------------


def open_facts(facts: Facts, as_of: date, edition: Edition) -> Iterator[Open]:
    told = facts.model_dump(mode="json")
    for name, values in _VALUES.items():
        section, _, last = name.rpartition(".")
        value = (told[section] if section else told)[last]
        if value is None or (name == "agents.list_is_complete" and value is False):
            yield name, list(values)
    if facts.ms_form is None:
        yield "ms_form", list(get_args(MsForm))
    elif facts.ms_form == "secondary_progressive_activity_unknown":
        yield "ms_form", ["active_secondary_progressive", "non_active_secondary_progressive"]
    yield from _open_dosing(told["requested_dosing"])
    yield from _open_signs(told["aggressive_disease"])
    yield from _open_agents(told["agents"])
    yield from _open_treatment(facts, as_of, edition)
    yield from _open_date("birth_date", facts.birth_date, as_of, edition.parameters.age_min_years)


def _open_dosing(stated: dict[str, Any]) -> Iterator[Open]:
    choices: dict[str, tuple[Any, ...]] = {
        "mg_per_day": (12, 24),
        "consecutive_days": (1, 2, 3, 5),
        "route": ("intravenous", "oral"),
    }
    if None in stated.values():
        values: list[dict[str, Any]] = [{}]
        for name, possible in choices.items():
            one_of = possible if stated[name] is None else (stated[name],)
            values = [value | {name: one} for value in values for one in one_of]
        yield "requested_dosing", values


def _open_signs(signs: dict[str, dict[str, Any]]) -> Iterator[Open]:
    for name, sign in signs.items():
        documents: tuple[str, ...] = ()
        if sign["documentation"] in (None, "not_attached"):
            # For a finding that is denied one document stands for all: the contract lets none of them change it.
            documents = ("attached",) if sign["finding"] is False else get_args(Documentation)
        place = f"aggressive_disease.{name}"
        if sign["finding"] is not None and documents:
            yield f"{place}.documentation", [one for one in documents if one != sign["documentation"]]
        elif sign["finding"] is None and not documents:
            yield f"{place}.finding", [True, False]
        elif documents:
            yield place, [{"finding": finding, "documentation": one} for finding in (True, False) for one in documents]


def _open_agents(agents: dict[str, Any]) -> Iterator[Open]:
    if agents["list_is_complete"] is not True:
        yield "agents.tried", _AGENTS
    for number, one in enumerate(agents["tried"]):
        if one["outcome"] is None:
            yield f"agents.tried.{number}.outcome", list(get_args(TrialOutcome))
        product = recognize(one["product"])
        if product.kind == "ambiguous":
            routes = ("subcutaneous", "intravenous", "oral", "injection")
            yield f"agents.tried.{number}.product", [f"{product.ingredient} {route}" for route in routes]
        elif product.kind == "unknown":
            yield f"agents.tried.{number}.product", list(_NAMES)


def _open_treatment(facts: Facts, as_of: date, edition: Edition) -> Iterator[Open]:
    where, prior = Question(facts, as_of, edition).treatment, facts.prior_treatment
    years = edition.parameters.years_between_courses
    if where.received is True:
        yield from _open_date("prior_treatment.last_dose_on", prior.last_dose_on, as_of, years)
    course = prior.open_course
    if course is None and where.first_course_is_open:
        yield "prior_treatment.open_course", [{"number": 1, "doses_given": given} for given in (1, 2, 3, 4)]
    if course is not None:
        if course.doses_given is None:
            yield "prior_treatment.open_course.doses_given", list(range(1, course.regimen_doses))
        yield from _open_date("prior_treatment.open_course.last_dose_on", course.last_dose_on, as_of, years)


def _open_date(name: str, known: PartialDate | None, as_of: date, years: int) -> Iterator[Open]:
    """The days next to where the clause turns, and the ends of what is known."""
    if known is not None and known.is_whole_day:
        return
    turns = as_of.replace(year=as_of.year - years, day=min(as_of.day, 28))
    days = {turns - timedelta(days=1), turns + timedelta(days=4)}
    if known is not None:
        days = {min(max(day, known.earliest), known.latest) for day in days} | {known.earliest, known.latest}
    yield name, [day.isoformat() for day in sorted(days) if day <= as_of]
