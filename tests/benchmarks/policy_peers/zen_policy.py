"""The policy of 2025-07-23 as a JDM decision graph, its expressions written by hand.

A clause is 2 for met, 1 for undetermined, 0 for not met: then Kleene's "all of" is `min` and "one of" is `max`,
which is the shortest and quickest that the expression language has for three values.
"""

from __future__ import annotations

from typing import Any

from tests.benchmarks.policy_peers.prepared import SIGNS

TWO_KINDS = "(some($.{0}, # != $.{0}[0]))"
"""Whether a list holds two different values."""

LEAVES = {
    "diagnosed": "diagnosis == null ? 1 : (diagnosis == 'multiple_sclerosis' ? 2 : 0)",
    "received": (
        "received_lemtrada != null ? (received_lemtrada ? 2 : 0)"
        " : ((completed_course == true or last_dose_latest != null or some(trials, #.brand == 'lemtrada')) ? 2 : 1)"
    ),
    "completed": "completed_course != null ? (completed_course ? 2 : 0) : ($.received == 0 ? 0 : 1)",
    "old_enough": (
        "born_latest == null ? 1 : (as_of - 170000 >= born_latest ? 2 : (as_of - 170000 >= born_earliest ? 1 : 0))"
    ),
    "relapsing": (
        "(ms_form == 'relapsing_remitting' or ms_form == 'active_secondary_progressive') ? 2"
        " : ((ms_form == null or ms_form == 'secondary_progressive_activity_unknown') ? 1 : 0)"
    ),
    "specialist": (
        "(prescriber == 'neurology' or prescriber == 'ms_specialist'"
        " or consulted == 'neurology' or consulted == 'ms_specialist') ? 2"
        " : ((prescriber == null or consulted == null) ? 1 : 0)"
    ),
    "nr1": ("ms_form == 'clinically_isolated_syndrome' ? 2 : ((ms_form == null and diagnosis != 'other') ? 1 : 0)"),
    "nr2": "other_dmt_continues == null ? 1 : (other_dmt_continues ? 2 : 0)",
    "nr3": "hiv_infection == null ? 1 : (hiv_infection ? 2 : 0)",
    "nr4": (
        "diagnosis == 'other' ? 0"
        " : ((ms_form == null or ms_form == 'secondary_progressive_activity_unknown') ? 1"
        " : ((ms_form == 'primary_progressive' or ms_form == 'non_active_secondary_progressive') ? 2 : 0))"
    ),
}

# An agent failed, or its outcome is not stated, or it was adequate; brands of one ingredient are one agent.
AGENTS = {
    "countable": (
        "filter(trials, #.outcome != 'adequate'"
        " and (#.kind == 'disease_modifying' or #.kind == 'ambiguous' or #.kind == 'unknown'))"
    ),
    "failed": "filter($.countable, #.outcome != null)",
    "certain": "map(filter($.failed, #.listed == 'yes'), #.ingredient)",
    "possible": "map(filter($.countable, #.listed != 'no'), #.ingredient)",
    "failed_ingredients": "map($.failed, #.ingredient)",
    "failed_brands": "map(filter($.failed, #.brand != null), #.brand)",
    "countable_ingredients": "map($.countable, #.ingredient)",
    "countable_brands": "map(filter($.countable, #.brand != null), #.brand)",
    "two_apart": f"{TWO_KINDS.format('failed_ingredients')} or {TWO_KINDS.format('failed_brands')}",
    "two_agents": (
        f"{TWO_KINDS.format('certain')} ? 2"
        f" : ((list_is_complete != true or {TWO_KINDS.format('possible')}) ? 1"
        " : ($.two_apart ? 0"
        f" : (({TWO_KINDS.format('countable_ingredients')} or {TWO_KINDS.format('countable_brands')}) ? 1 : 0)))"
    ),
    "arguable": "$.two_agents == 0 and list_is_complete == true and $.two_apart",
    "one_agent": (
        "some($.failed, #.suffices == 'yes') ? 2"
        " : ((list_is_complete != true or some($.countable, #.suffices != 'no')) ? 1 : 0)"
    ),
}


def sign(name: str) -> str:
    finding, documentation = f"{name}_finding", f"{name}_documentation"
    return (
        f"({finding} == false or {documentation} == 'none_exists') ? 0"
        f" : (({finding} == true and {documentation} == 'attached') ? 2 : 1)"
    )


def regimen(days: int) -> str:
    return (
        "min(["
        "mg_per_day == null ? 1 : (mg_per_day == 12 ? 2 : 0),"
        f"consecutive_days == null ? 1 : (consecutive_days == {days} ? 2 : 0),"
        "route == null ? 1 : (route == 'intravenous' ? 2 : 0)])"
    )


CRITERIA = {
    **{name: sign(name) for name in SIGNS},
    "aggressive": f"max([{', '.join(f'$.{name}' for name in SIGNS)}])",
    "tried": "max([$.two_agents, $.one_agent, $.received, $.aggressive])",
    "others_of_a": "min([2 - $.completed, $.old_enough, $.relapsing, $.specialist])",
    "initial": "min([$.others_of_a, $.tried])",
    "objective": "objective_measure == null ? 1 : (objective_measure ? 2 : 0)",
    "symptoms": "symptom == null ? 1 : (symptom ? 2 : 0)",
    "responded": "max([$.objective, $.symptoms])",
    "twelve_months": (
        "last_dose_latest == null ? 1"
        " : (as_of - 10000 >= last_dose_latest ? 2 : (as_of - 10000 >= last_dose_earliest ? 1 : 0))"
    ),
    "later": "min([$.completed, $.old_enough, $.relapsing, $.responded, $.twelve_months, $.specialist])",
    "dosing_a": regimen(5),
    "dosing_b": regimen(3),
    "excluded": "max([$.nr1, $.nr2, $.nr3, $.nr4])",
}

OPEN_LEAVES_OF_A = {
    "1.A": "completed", "1.A.i": "old_enough", "1.A.ii": "relapsing", "1.A.iii.a": "two_agents",
    "1.A.iii.b": "one_agent", "1.A.iii.c": "received", "1.A.iii.d(1)": SIGNS[0], "1.A.iii.d(2)": SIGNS[1],
    "1.A.iii.d(3)": SIGNS[2], "1.A.iii.d(4)": SIGNS[3], "1.A.iv": "specialist",
}  # fmt: skip
OPEN_LEAVES_OF_B = {
    "1.B": "completed", "1.B.i": "old_enough", "1.B.ii": "relapsing", "1.B.iii.a": "objective",
    "1.B.iii.b": "symptoms", "1.B.iv": "twelve_months", "1.B.v": "specialist",
}  # fmt: skip
EXCLUSIONS = {"NR.1": "nr1", "NR.2": "nr2", "NR.3": "nr3", "NR.4": "nr4"}


def _cited(citation: str, name: str) -> str:
    condition = f"$.{name} == 1"
    if citation.startswith(("1.A.iii", "1.B.iii")):
        condition += " and $.aggressive == 1" if ".d(" in citation else ""
        condition += " and $.tried == 1 and not $.argued" if citation.startswith("1.A") else " and $.responded == 1"
    return f"{condition} ? '{citation}' : null"


def _needed() -> str:
    a, b, others = (
        ", ".join(_cited(*one) for one in leaves.items())
        for leaves in (OPEN_LEAVES_OF_A, OPEN_LEAVES_OF_B, {"1": "diagnosed", **EXCLUSIONS})
    )
    return (
        "$.recommendation != 'pend' ? []"
        " : ($.path_open ? [$.first == 2 ? 'Dosing.A' : 'Dosing.B']"
        f" : [{others}, $.first == 1 ? [{a}] : null, $.later == 1 ? [{b}] : null])"
    )


# Agents that are arguably two are taken as two where nothing else would approve.
RECOMMENDATION = {
    "argued": "$.arguable and $.initial == 0 and $.later == 0",
    "first": "$.argued ? $.others_of_a : $.initial",
    "refused": "$.diagnosed == 0 or $.excluded == 2 or ($.first == 0 and $.later == 0)",
    "open": "$.diagnosed == 1 or $.excluded == 1 or $.first == 1 or $.later == 1",
    "dosing": "$.first == 2 ? $.dosing_a : $.dosing_b",
    "path_open": "not $.refused and not $.open and $.dosing == 1 and not $.argued",
    "recommendation": (
        "$.refused ? 'not_recommended' : (($.open or $.path_open) ? 'pend'"
        " : (($.dosing == 2 and not $.argued) ? 'approve' : 'refer'))"
    ),
    "path": "($.recommendation == 'approve' or $.recommendation == 'refer') ? ($.first == 2 ? 'A' : 'B') : null",
    "doses": "$.recommendation == 'approve' ? ($.first == 2 ? 5 : 3) : null",
    "valid_days": "$.recommendation == 'approve' ? 30 : null",
    "needed": _needed(),
}

NAMES = {
    **OPEN_LEAVES_OF_A, "1.A": "initial", "1.A.iii": "tried", "1.A.iii.d": "aggressive",
    **OPEN_LEAVES_OF_B, "1.B": "later", "1.B.iii": "responded",
    **EXCLUSIONS, "Dosing.A": "dosing_a", "Dosing.B": "dosing_b",
}  # fmt: skip
"""Where the answer of each clause stands in the result."""


def graph() -> dict[str, Any]:
    """The decision graph as the engine loads it."""
    expressions = {**LEAVES, **AGENTS, **CRITERIA, **RECOMMENDATION}
    content: dict[str, Any] = {
        "expressions": [{"id": key, "key": key, "value": value} for key, value in expressions.items()],
        "passThrough": False,
        "inputField": None,
        "outputPath": None,
        "executionMode": "single",
    }
    ends = {"position": {"x": 0, "y": 0}}
    return {
        "nodes": [
            {"id": "facts", "type": "inputNode", "name": "facts", **ends},
            {"id": "policy", "type": "expressionNode", "name": "policy", "content": content, **ends},
            {"id": "answer", "type": "outputNode", "name": "answer", **ends},
        ],
        "edges": [
            {"id": "in", "type": "edge", "sourceId": "facts", "targetId": "policy"},
            {"id": "out", "type": "edge", "sourceId": "policy", "targetId": "answer"},
        ],
    }
