"""A case as the peers get it: facts at the level of ours, flat, and nothing of an answer.

Our program starts from facts that were read already: partial dates have become ranges, and a product's name
has been looked up. The peers start there too. Days are numbers (20260712): so twelve months and seventeen
years are one subtraction, 29 February needs no exception, and neither peer pays for its own date type.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from domain.calendar import PartialDate
from domain.facts import AgentTried, Facts
from domain.policy.agents import ListedAgents, is_listed, may_be_listed, recognize
from domain.policy.edition import Edition

Case = dict[str, Any]
"""A line of the sample: case_id, as_of, facts, expected."""

SIGNS = ("rapid_deterioration", "disabling_relapses", "mri", "cognitive_impairment")


def facts_of(case: Case) -> Facts:
    return Facts.model_validate_json(json.dumps(case["facts"]))


def prepared(case: Case, edition: Edition) -> dict[str, Any]:
    """Raises ValueError for what none of the cases has, and the peers were therefore not taught."""
    facts = facts_of(case)
    prior, dosing = facts.prior_treatment, facts.requested_dosing
    if prior.open_course is not None or facts.active_infection or facts.hypersensitivity:
        raise ValueError(f"{case['case_id']}: the peers know no open course and no safety statement")
    signs = {name: getattr(facts.aggressive_disease, name) for name in SIGNS}
    return {
        "as_of": _number(date.fromisoformat(case["as_of"])),
        **_range("born", facts.birth_date),
        "diagnosis": facts.diagnosis,
        "ms_form": facts.ms_form,
        "received_lemtrada": prior.received_lemtrada,
        "completed_course": prior.completed_course,
        **_range("last_dose", prior.last_dose_on),
        "list_is_complete": facts.agents.list_is_complete,
        "trials": [_trial(one, edition) for one in facts.agents.tried],
        **{f"{name}_finding": sign.finding for name, sign in signs.items()},
        **{f"{name}_documentation": sign.documentation for name, sign in signs.items()},
        "prescriber": facts.prescriber_specialty,
        "consulted": facts.consulted_specialty,
        "objective_measure": facts.response.objective_measure,
        "symptom": facts.response.symptom,
        "hiv_infection": facts.hiv_infection,
        "other_dmt_continues": facts.other_dmt_continues,
        "mg_per_day": dosing.mg_per_day,
        "consecutive_days": dosing.consecutive_days,
        "route": dosing.route,
    }


def _number(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day


def _range(name: str, known: PartialDate | None) -> dict[str, int | None]:
    return {
        f"{name}_earliest": None if known is None else _number(known.earliest),
        f"{name}_latest": None if known is None else _number(known.latest),
    }


def _trial(agent: AgentTried, edition: Edition) -> dict[str, Any]:
    """What the tables of products and of the edition say of an agent; whether it counts is for the peer to say."""
    product = recognize(agent.product)
    return {
        "ingredient": product.ingredient,
        "brand": product.brand,
        "kind": product.kind,
        "listed": _standing(agent, edition.appendix),
        "suffices": _standing(agent, edition.one_agent_suffices),
        "outcome": agent.outcome,
    }


def _standing(agent: AgentTried, names: ListedAgents) -> str:
    product = recognize(agent.product)
    return "yes" if is_listed(product, names) else "perhaps" if may_be_listed(product, names) else "no"
