"""The rules about other agents in revision 1 of the editions: 1.A.iii.a, 1.A.iii.b and NR.2."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from pydantic import JsonValue

from domain.policy.agents import ListedAgents, Product, is_listed, may_be_listed
from domain.policy.answers import MET, NOT_MET, UNDETERMINED
from domain.policy.edition import Question, RuleAnswer, stated
from domain.policy.prior_agents import Trial
from domain.policy.revision_1.agents import recognize


def two_agents(question: Question) -> RuleAnswer:
    """Two different listed ingredients with inadequate efficacy or significant intolerance (R11, R12)."""
    appendix, needed = question.edition.appendix, question.edition.parameters.disease_modifying_agents_min
    trials, used = _trials(question)
    certain = {one.product.ingredient for one in trials if is_listed(one.product, appendix) and one.failed is True}
    if len(certain) >= needed:
        return RuleAnswer(MET, f"Failed or not tolerated: {_in_words(certain)}.", used)
    open_trials = [one for one in trials if _is_open(one, appendix)]
    possible = certain | {one.product.ingredient for one in open_trials}
    missing = _missing(question, open_trials)
    so_far = f"{len(certain)} of {needed} agents failed or not tolerated" + (
        f" ({_in_words(certain)})" if certain else ""
    )
    if question.facts.agents.list_is_complete is not True:
        return RuleAnswer(UNDETERMINED, f"{so_far}; more may have been tried.", used, missing)
    if len(possible) >= needed:
        return RuleAnswer(UNDETERMINED, f"{so_far}; another agent may count.", used, missing)
    return _not_met_or_arguable(trials, appendix, needed, so_far, used)


def _not_met_or_arguable(
    trials: list[Trial], appendix: ListedAgents, needed: int, so_far: str, used: dict[str, JsonValue]
) -> RuleAnswer:
    """Not met by our reading, and arguable if it is met with each brand and unlisted agents counted (R11, R12)."""
    countable = [one for one in trials if is_listed(one.product, appendix) or _is_arguable(one.product)]
    if _count_by_brand(one.product for one in countable if one.failed is True) >= needed:
        sentence = (
            f"{so_far}; the answer depends on whether brands of one ingredient count separately, or whether an "
            "unlisted agent counts."
        )
        return RuleAnswer(NOT_MET, sentence, used, arguable=True)
    not_stated = [one for one in countable if one.failed is None]
    if _count_by_brand(one.product for one in countable if one.failed is not False) >= needed:
        sentence = f"{so_far}; an outcome that is not stated may require clinical review."
        return RuleAnswer(
            UNDETERMINED, sentence, used, tuple(f"agents.tried: outcome of {one.name}" for one in not_stated)
        )
    return RuleAnswer(NOT_MET, f"{so_far}.", used)


def one_sufficient_agent(question: Question) -> RuleAnswer:
    """One agent that is sufficient alone, with inadequate efficacy or significant intolerance (R13)."""
    suffices = question.edition.one_agent_suffices
    trials, used = _trials(question)
    for one in trials:
        if is_listed(one.product, suffices) and one.failed is True:
            return RuleAnswer(MET, f"Failed or not tolerated: {one.product.agent}.", used)
    open_trials = [one for one in trials if _is_open(one, suffices)]
    if question.facts.agents.list_is_complete is not True or open_trials:
        sentence = "No agent that is sufficient alone is known to have failed, but one may have failed."
        return RuleAnswer(UNDETERMINED, sentence, used, _missing(question, open_trials))
    return RuleAnswer(NOT_MET, "No agent that is sufficient alone failed or was not tolerated.", used)


def previous_use_of_one_agent(question: Question) -> RuleAnswer:
    """One of the named agents, or Lemtrada, was used before, with any outcome (the editions before 2024-10-16).

    Lemtrada counts from the treatment facts too, not only from the list of agents.
    """
    named = question.edition.one_agent_suffices
    trials, used = _trials(question)
    received = question.treatment.received
    used["prior_treatment.received_lemtrada"] = received
    if received is True:
        return RuleAnswer(MET, "Used before: Lemtrada.", used)
    for one in trials:
        if is_listed(one.product, named):
            return RuleAnswer(MET, f"Used before: {one.product.agent}.", used)
    missing = [] if question.facts.agents.list_is_complete is True else ["agents.list_is_complete"]
    missing += [f"agents.tried: which product {one.name} was" for one in trials if may_be_listed(one.product, named)]
    missing += ["prior_treatment.received_lemtrada"] if received is None else []
    if missing:
        sentence = "Neither a named agent nor Lemtrada is known to have been used, but one may have been used."
        return RuleAnswer(UNDETERMINED, sentence, used, tuple(missing))
    return RuleAnswer(NOT_MET, "Neither a named agent nor Lemtrada was used before.", used)


def _trials(question: Question) -> tuple[list[Trial], dict[str, JsonValue]]:
    agents = question.facts.agents
    trials = [Trial(one.product, recognize(one.product), one.outcome) for one in agents.tried]
    listed: list[JsonValue] = [
        {"product": one.name, "ingredient": one.product.ingredient, "kind": one.product.kind, "outcome": one.outcome}
        for one in trials
    ]
    return trials, {"agents.tried": listed, "agents.list_is_complete": agents.list_is_complete}


def _is_open(one: Trial, appendix: ListedAgents) -> bool:
    """Whether the missing facts of this trial could make it count."""
    if is_listed(one.product, appendix):
        return one.failed is None
    return may_be_listed(one.product, appendix) and one.failed is not False


def _is_arguable(product: Product) -> bool:
    # If two products share the name, one is listed and the other is not, so it is open to judgment.
    return product.kind in ("disease_modifying", "unknown", "ambiguous")


def _count_by_brand(products: Iterable[Product]) -> int:
    """The number of agents if each brand counts separately. A generic name does not count in addition to a brand."""
    brands: dict[str, set[str]] = defaultdict(set)
    for product in products:
        brands[product.ingredient] |= {product.brand} if product.brand is not None else set()
    return sum(max(1, len(names)) for names in brands.values())


def _missing(question: Question, open_trials: list[Trial]) -> tuple[str, ...]:
    missing = [] if question.facts.agents.list_is_complete is True else ["agents.list_is_complete"]
    for one in open_trials:
        if one.product.kind == "ambiguous":
            missing.append(f"agents.tried: which product {one.name} was")
        if one.failed is None:
            missing.append(f"agents.tried: outcome of {one.name}")
    return tuple(missing)


def _in_words(ingredients: set[str]) -> str:
    return ", ".join(sorted(ingredients))


@stated("other_dmt_continues")
def concurrent_agent(continues: bool | None) -> RuleAnswer:
    used = {"other_dmt_continues": continues}
    if continues is None:
        sentence = "It is not known whether another disease-modifying agent is still taken."
        return RuleAnswer(UNDETERMINED, sentence, used, ("other_dmt_continues",))
    if continues:
        return RuleAnswer(MET, "Another disease-modifying agent is still taken on the planned infusion day.", used)
    return RuleAnswer(NOT_MET, "No other disease-modifying agent is taken on the planned infusion day.", used)
