"""Facts to start from, one change away from what a test is about.

`initial()` is approved on path A, `later()` on path B, both on AS_OF. A change names its place
with double underscores: `initial(prior_treatment__received_lemtrada=None)`.
"""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from typing import Any

from domain.facts import Circumstances, Facts
from domain.policy.assessment import Assessment, assess
from domain.policy.edition import Edition
from domain.policy.editions import EDITIONS

AS_OF = date(2026, 4, 28)
NEWEST = EDITIONS[0]

MET, NOT_MET, UNDETERMINED = "met", "not_met", "undetermined"

_ABSENT = {"finding": False, "documentation": "not_attached"}
_INITIAL: dict[str, Any] = {
    "birth_date": "1990-01-16",
    "diagnosis": "multiple_sclerosis",
    "ms_form": "relapsing_remitting",
    "prior_treatment": {"received_lemtrada": False, "completed_course": False},
    "agents": {"list_is_complete": True, "tried": []},
    "aggressive_disease": {
        "rapid_deterioration": _ABSENT,
        "disabling_relapses": _ABSENT,
        "mri": {"finding": True, "documentation": "attached"},
        "cognitive_impairment": _ABSENT,
    },
    "prescriber_specialty": "neurology",
    "consulted_specialty": "none",
    "response": {"objective_measure": True, "symptom": True},
    "hiv_infection": False,
    "other_dmt_continues": False,
    "requested_dosing": {"mg_per_day": 12, "consecutive_days": 5, "route": "intravenous"},
}
_LATER: dict[str, Any] = _INITIAL | {
    "prior_treatment": {"received_lemtrada": True, "completed_course": True, "last_dose_on": "2025-03-05"},
    "requested_dosing": {"mg_per_day": 12, "consecutive_days": 3, "route": "intravenous"},
}


def initial(**changes: Any) -> Facts:
    return _changed(_INITIAL, changes)


def later(**changes: Any) -> Facts:
    return _changed(_LATER, changes)


def _changed(start: dict[str, Any], changes: dict[str, Any]) -> Facts:
    values = deepcopy(start)
    for name, value in changes.items():
        *parents, last = name.split("__")
        place = values
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    return Facts.model_validate(values)


def tried(*products: str, outcome: str | None = "inadequate_efficacy", complete: bool | None = True) -> dict[str, Any]:
    """The agents section: each product with one outcome, or `name=outcome` for another (`?` is not stated)."""
    trials = []
    for product in products:
        name, _, said = product.partition("=")
        trials.append({"product": name, "outcome": None if said == "?" else said or outcome})
    return {"list_is_complete": complete, "tried": trials}


def judge(
    facts: Facts, as_of: date = AS_OF, edition: Edition = NEWEST, circumstances: Circumstances | None = None
) -> Assessment:
    return assess(facts, as_of, edition, circumstances)


def answer(citation: str, facts: Facts, as_of: date = AS_OF, edition: Edition = NEWEST) -> str:
    return judge(facts, as_of, edition).finding(citation).answer.value


def day(text: str) -> date:
    return date.fromisoformat(text)
