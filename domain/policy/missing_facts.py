"""The facts that are still missing, each with the values that help most.

A completion never contradicts known facts. It names the clauses that it can affect, so that the search for the shortest
path to approval (`what_if`) leaves out what cannot matter. The tests compare the result with a brute-force search that
leaves nothing out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from pydantic import Field, JsonValue, StrictBool

from domain.calendar import FIRST_YEAR, PartialDate
from domain.facts import Facts, FrozenModel
from domain.frozen import unvalidated
from domain.policy.agents import Product, is_listed, nearest_names
from domain.policy.answers import MET, NOT_MET, UNDETERMINED
from domain.policy.edition import Leaf, Question, RuleAnswer
from domain.policy.referral import LATER_COURSE_INTERRUPTED

ONE_MORE_AGENT: Final = "agents.tried"
"""The field of a supply that adds an agent to the list. Every other field is the path of one fact."""


class Supply(FrozenModel):
    """One missing fact, with a value that would help.

    `field` is its path in the facts, with the index for an entry of a list (`agents.tried.0.outcome`). Each of the
    `alternatives` would help as well; for agents, they are examples. With `or_earlier`, any earlier date that does not
    contradict known facts would also help. `about` is the product as it was written, if the field is about one agent.
    """

    field: str
    value: JsonValue
    alternatives: tuple[JsonValue, ...] = ()
    or_earlier: StrictBool = False
    about: str | None = None
    needs_document: StrictBool = Field(default=False, description="A document that a reviewer found to support it.")
    settles: tuple[str, ...] = Field(default=(), description="The clauses that it answers, on this way.")


@dataclass(frozen=True, slots=True)
class Completion:
    """A supply, and the clauses or codes of referral reasons that it can affect."""

    supply: Supply
    bears_on: frozenset[str]


def with_fact(facts: Facts, field: str, value: JsonValue) -> Facts:
    """The facts with one more fact. Raises ValidationError if it contradicts known facts."""
    section = field.partition(".")[0]
    values: Any = facts.model_dump(mode="json", include={section})
    if field == ONE_MORE_AGENT:
        values["agents"]["tried"].append(value)
    else:
        *parents, last = field.split(".")
        target = values
        for name in parents:
            target = target[int(name)] if isinstance(target, list) else target[name]
        target[last] = value
    # Facts that can contradict each other are in one section, so the other sections are still valid.
    validated = Facts.model_validate(values)
    return unvalidated(Facts, {**vars(facts), section: getattr(validated, section)})


def completions(question: Question, supplied_by: date) -> list[Completion]:
    """The facts that could be supplied to be approved on the day of the question, documents last.

    Supplied dates are not after the day `supplied_by`.
    """
    offered = (
        *_statements(question),
        *_dates(question, supplied_by),
        *_agents(question),
        *_treatment(question),
        *_dosing(question),
        *_signs(question),
    )
    return [Completion(supply, frozenset(bears_on)) for supply, bears_on in offered]


Offered = Iterator[tuple[Supply, Iterable[str]]]

_SPECIALISTS: Final = ("neurology", "ms_specialist")
_FORM_CLAUSES: Final = ("1.A.ii", "1.B.ii", "NR.1", "NR.4")

# Facts with one value: the path, the values that help equally, and the clauses that the fact can affect.
_STATED: Final[tuple[tuple[str, tuple[JsonValue, ...], tuple[str, ...]], ...]] = (
    ("diagnosis", ("multiple_sclerosis",), ("1",)),
    ("ms_form", ("relapsing_remitting", "active_secondary_progressive"), _FORM_CLAUSES),
    ("prescriber_specialty", _SPECIALISTS, ("1.A.iv", "1.B.v")),
    ("consulted_specialty", _SPECIALISTS, ("1.A.iv", "1.B.v")),
    ("response.objective_measure", (True,), ("1.B.iii.a",)),
    ("response.symptom", (True,), ("1.B.iii.b",)),
    ("other_dmt_continues", (False,), ("NR.2",)),
    ("hiv_infection", (False,), ("NR.3",)),
)

_SIGNS: Final = {
    "rapid_deterioration": "1.A.iii.d(1)",
    "disabling_relapses": "1.A.iii.d(2)",
    "mri": "1.A.iii.d(3)",
    "cognitive_impairment": "1.A.iii.d(4)",
}


def _statements(question: Question) -> Offered:
    facts = question.facts
    for field, (value, *alternatives), bears_on in _STATED:
        section, _, name = field.rpartition(".")
        if getattr(getattr(facts, section) if section else facts, name) is None:
            yield Supply(field=field, value=value, alternatives=tuple(alternatives)), bears_on
    if facts.ms_form == "secondary_progressive_activity_unknown":
        yield Supply(field="ms_form", value="active_secondary_progressive"), _FORM_CLAUSES


# -- dates ------------------------------------------------------------------------------------


def _dates(question: Question, supplied_by: date) -> Offered:
    """Dates: the latest day that is long enough ago. Any earlier day helps as well."""
    facts, parameters = question.facts, question.edition.parameters
    last_dose = min(supplied_by, years_before(question.as_of, parameters.years_between_courses))
    born = _day_within(facts.birth_date, min(supplied_by, years_before(question.as_of, parameters.age_min_years)))
    if born is not None:
        yield Supply(field="birth_date", value=born, or_earlier=True), ("1.A.i", "1.B.i")
    status, prior = question.treatment, facts.prior_treatment
    if status.received is True and (day := _day_within(prior.last_dose_on, last_dose)) is not None:
        yield Supply(field="prior_treatment.last_dose_on", value=day, or_earlier=True), ("1.B.iv",)
    if (
        status.later_course is not None
        and (day := _day_within(status.later_course.last_dose_on, last_dose)) is not None
    ):
        # If the last dose is long enough ago, the later course is a prior course (R8).
        field = "prior_treatment.open_course.last_dose_on"
        yield Supply(field=field, value=day, or_earlier=True), ("1.B.iv", "Dosing.B", LATER_COURSE_INTERRUPTED)


def years_before(day: date, years: int) -> date:
    """The latest day whose anniversary after `years` is not after `day`.

    >>> years_before(date(2028, 2, 29), 1), years_before(date(2025, 3, 1), 1)
    (datetime.date(2027, 2, 28), datetime.date(2024, 3, 1))
    """
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return date(day.year - years, 2, 28)


def _day_within(known: PartialDate | None, latest: date) -> str | None:
    """The latest day that a partly known date allows, not after `latest`. None: no day, or the date is known."""
    if latest.year < FIRST_YEAR:
        return None
    if known is None:
        return latest.isoformat()
    if known.is_whole_day or known.earliest > latest:
        return None
    return min(known.latest, latest).isoformat()


# -- treatment --------------------------------------------------------------------------------


def _treatment(question: Question) -> Offered:
    """Facts about treatment, unless they follow from other facts or depend on whether there was any treatment."""
    status = question.treatment
    if status.received is None:
        yield Supply(field="prior_treatment.received_lemtrada", value=False), ("1.A",)
    if status.path is None:
        yield Supply(field="prior_treatment.completed_course", value=False), ("1.A",)
        yield Supply(field="prior_treatment.completed_course", value=True), ("1.B",)
    if status.received is None:
        # Only if Lemtrada was received can the number of given doses be asked (R7).
        bears_on = ("1.A.iii.b", "1.A.iii.c", "Dosing.A")
        yield Supply(field="prior_treatment.received_lemtrada", value=True), bears_on
    if status.first_course_is_open and (status.first_course is None or status.first_course.doses_given is None):
        yield from _doses_given(question)


def _doses_given(question: Question) -> Offered:
    """The numbers of given doses of an interrupted first course for which the requested days are allowed (R7)."""
    known = question.facts.prior_treatment.open_course is not None
    field = "prior_treatment.open_course.doses_given" if known else "prior_treatment.open_course"
    values: list[JsonValue] = [given if known else {"number": 1, "doses_given": given} for given in (4, 3, 2, 1)]
    if _result_of(question, "Dosing.A").answer is NOT_MET:
        fitting = [one for one in values if _result_of(question, "Dosing.A", field, one).answer is not NOT_MET]
        if fitting:
            yield Supply(field=field, value=fitting[0], alternatives=tuple(fitting[1:])), ("Dosing.A",)


def _result_of(question: Question, citation: str, field: str | None = None, value: JsonValue = None) -> RuleAnswer:
    """The answer of one leaf, optionally with one more fact."""
    leaf = question.edition.by_citation[citation]
    assert isinstance(leaf, Leaf)
    facts = question.facts if field is None else with_fact(question.facts, field, value)
    return leaf.rule(Question(facts, question.as_of, question.edition))


# -- agents tried before ----------------------------------------------------------------------

_FAILED: Final = ("inadequate_efficacy", "significant_intolerance")
_AGENT_CLAUSES: Final = ("1.A.iii.a", "1.A.iii.b")


def _agents(question: Question) -> Offered:
    if question.facts.agents.list_is_complete is not True:
        yield from _one_more_agent(question)
        if question.facts.agents.tried and _result_of(question, "1.A.iii.a", "agents.list_is_complete", True).arguable:
            yield Supply(field="agents.list_is_complete", value=True), ("1.A.iii.a",)
    asked = set()
    for number, one in enumerate(question.facts.agents.tried):
        product = question.edition.recognize(one.product)
        if product.kind in ("lemtrada", "campath", "not_disease_modifying"):
            continue
        if one.outcome is None and product not in asked:
            asked.add(product)
            outcome, *others = _FAILED
            field = f"agents.tried.{number}.outcome"
            yield Supply(field=field, value=outcome, alternatives=tuple(others), about=one.product), _AGENT_CLAUSES
        if product.kind == "ambiguous":
            yield from _which_product(question, number, one.product)
        elif product.kind == "unknown" and question.edition.facts_revision > 1:
            yield from _name_of_unrecognized(question, number)


def _name_of_unrecognized(question: Question, number: int) -> Offered:
    """The name of an agent that was not recognized, the nearest names first (R12).

    It is the name of an agent that is sufficient alone, or of the last of the agents that are needed otherwise. Any
    other name settles the question too, but leads to no approval.
    """
    edition, tried = question.edition, question.facts.agents.tried
    trial, field = tried[number], f"agents.tried.{number}.product"
    names = (*nearest_names(trial.product), *edition.one_agent_names, *edition.appendix_names)
    products: dict[Product, str] = {}
    for name in names:
        products.setdefault(edition.recognize(name), name)
    suffice = [name for product, name in products.items() if is_listed(product, edition.one_agent_suffices)]
    last = _names_of_last_agent(question, products) if trial.outcome != "adequate" else []
    helpful = {name for name in suffice if _result_of(question, "1.A.iii.b", field, name).answer is MET}
    if helpful and trial.outcome in _FAILED:
        helpful |= set(last)
    elif not helpful and trial.outcome != "adequate":
        helpful = {*suffice, *last}
    values = [name for name in products.values() if name in helpful]
    if values:
        supply = Supply(field=field, value=values[0], alternatives=tuple(values[1:]), about=trial.product)
        yield supply, _AGENT_CLAUSES


def _names_of_last_agent(question: Question, products: dict[Product, str]) -> list[str]:
    """The names of the listed agents of which one more failure is enough for 1.A.iii.a. Empty if more are missing."""
    edition = question.edition
    others = [edition.recognize(one.product) for one in question.facts.agents.tried if one.outcome in _FAILED]
    failed = {one.ingredient for one in others if is_listed(one, edition.appendix)}
    if len(failed) != edition.parameters.disease_modifying_agents_min - 1:
        return []
    listed = ((one, name) for one, name in products.items() if is_listed(one, edition.appendix))
    return [name for one, name in listed if one.ingredient not in failed]


def _which_product(question: Question, number: int, name: str) -> Offered:
    """A name that two products share: the product that is sufficient alone, or else one that counts (R13)."""
    edition = question.edition
    ingredient = edition.recognize(name).ingredient
    for listed in (edition.one_agent_suffices, edition.appendix):
        names = [f"{ingredient} {route}" for one, route in sorted(listed) if one == ingredient]
        if values := [one for one in names if is_listed(edition.recognize(one), listed)]:
            field = f"agents.tried.{number}.product"
            yield Supply(field=field, value=values[0], alternatives=tuple(values[1:]), about=name), _AGENT_CLAUSES
            return


def _one_more_agent(question: Question) -> Offered:
    """One more agent.

    It is an agent that is sufficient alone, by its use if that is enough, or any listed agent if one more is enough.
    """
    edition = question.edition
    listed, suffice = _names_left(question, edition.appendix_names), _names_left(question, edition.one_agent_names)
    for citation, names, outcome in (
        ("1.A.iii.b", suffice, None),
        ("1.A.iii.a", listed, _FAILED[0]),
        ("1.A.iii.b", suffice, _FAILED[0]),
    ):
        values: list[JsonValue] = [{"product": name, "outcome": outcome} for name in names]
        if values and outcome is not None:
            values.append({"product": names[0], "outcome": _FAILED[1]})
        if values and _result_of(question, citation, ONE_MORE_AGENT, values[0]).answer is MET:
            yield Supply(field=ONE_MORE_AGENT, value=values[0], alternatives=tuple(values[1:])), _AGENT_CLAUSES
            return
    if listed:
        yield Supply(field=ONE_MORE_AGENT, value={"product": listed[0], "outcome": _FAILED[0]}), _AGENT_CLAUSES


def _names_left(question: Question, names: Iterable[str]) -> list[str]:
    """The names of the agents that were not tried yet, without Lemtrada."""
    recognize = question.edition.recognize
    tried = {recognize(one.product).ingredient for one in question.facts.agents.tried}
    products = ((name, recognize(name)) for name in names)
    return [name for name, one in products if one.kind == "disease_modifying" and one.ingredient not in tried]


# -- dosing and documents ---------------------------------------------------------------------


def _dosing(question: Question) -> Offered:
    """The missing parts of the requested dosing, as one supply. Only if the path is known."""
    letter = question.treatment.path
    if letter is None:
        return
    citation, parameters = f"Dosing.{letter}", question.edition.parameters
    stated = question.facts.requested_dosing
    if None not in (stated.mg_per_day, stated.consecutive_days, stated.route):
        return
    if _result_of(question, citation).answer is not UNDETERMINED:
        return
    days = (5, 4, 3, 2, 1) if stated.consecutive_days is None else (stated.consecutive_days,)
    values: list[JsonValue] = [
        {
            "mg_per_day": parameters.mg_per_day if stated.mg_per_day is None else stated.mg_per_day,
            "consecutive_days": number,
            "route": parameters.route if stated.route is None else stated.route,
        }
        for number in days
    ]
    answers = [_result_of(question, citation, "requested_dosing", one).answer for one in values]
    met = [one for one, answer in zip(values, answers, strict=True) if answer is MET]
    # If it depends on whether a later course is still current, the complete regimen can be approved (R8).
    still_open = [one for one, answer in zip(values, answers, strict=True) if answer is UNDETERMINED]
    for fitting in (met, still_open[:1]):
        if fitting:
            yield Supply(field="requested_dosing", value=fitting[0], alternatives=tuple(fitting[1:])), (citation,)
            return


def _signs(question: Question) -> Offered:
    """For each sign that is not ruled out, its missing finding or document, as one supply (R14)."""
    for name, citation in _SIGNS.items():
        sign, field = getattr(question.facts.aggressive_disease, name), f"aggressive_disease.{name}"
        if sign.finding is False or sign.documentation == "none_exists":
            continue
        if sign.documentation == "attached":
            if sign.finding is None:
                yield Supply(field=f"{field}.finding", value=True), (citation,)
        elif sign.finding is True:
            yield Supply(field=f"{field}.documentation", value="attached", needs_document=True), (citation,)
        else:
            value: JsonValue = {"finding": True, "documentation": "attached"}
            yield Supply(field=field, value=value, needs_document=True), (citation,)
