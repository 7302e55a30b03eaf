"""The same policy as a decision graph of tables, the form that the engine is made for: a table a clause.

Each row has its sentence, and the trace says which row was hit and which values it used: so this form explains its
findings, as ours does, where the expressions of `zen_policy` only give values.
"""

from __future__ import annotations

import re
from typing import Any

from tests.benchmarks.policy_peers.prepared import SIGNS
from tests.benchmarks.policy_peers.zen_policy import AGENTS, CRITERIA, LEAVES, RECOMMENDATION, TWO_KINDS

MET, UNDETERMINED, NOT_MET = "2", "1", "0"
Row = tuple[tuple[str, ...], str, str]
"""A cell for each input, the answer, the sentence. An empty cell suits everything."""
Table = tuple[tuple[str, ...], list[Row]]
"""The inputs, each an expression, and the rows, of which the first that suits holds."""

RELAPSING = "'relapsing_remitting', 'active_secondary_progressive'"
NON_RELAPSING = "'primary_progressive', 'non_active_secondary_progressive'"
SPECIALISTS = "'neurology', 'ms_specialist'"

# What several tables use, and what is counted over the list of agents.
COMPUTED = {
    "ever_received": f"({LEAVES['received']}) == 2 ? true : (received_lemtrada == false ? false : null)",
    "ever_completed": "completed_course != null ? completed_course : ($.ever_received == false ? false : null)",
    **{name: AGENTS[name] for name in AGENTS if name not in ("two_agents", "arguable", "one_agent")},
    "two_certain": TWO_KINDS.format("certain"),
    "two_possible": TWO_KINDS.format("possible"),
    "two_possible_apart": (f"{TWO_KINDS.format('countable_ingredients')} or {TWO_KINDS.format('countable_brands')}"),
    "one_certain": "some($.failed, #.suffices == 'yes')",
    "one_possible": "some($.countable, #.suffices != 'no')",
}


def stated(name: str, yes: str, no: str) -> Table:
    return ((name,), [(("true",), MET, yes), (("false",), NOT_MET, no), (("",), UNDETERMINED, "It is not stated.")])


def years(since: str, number: int) -> Table:
    day = f"as_of - {number * 10_000}"
    known = f"{since}_latest != null"
    return (
        (known, f"{known} and {day} >= {since}_latest", f"{known} and {day} >= {since}_earliest"),
        [
            (("false", "", ""), UNDETERMINED, "The date is not known."),
            (("", "true", ""), MET, "The years have passed."),
            (("", "", "true"), UNDETERMINED, "Whether the years have passed depends on the exact day."),
            (("", "", ""), NOT_MET, "The years have not passed yet."),
        ],
    )


def documented(name: str) -> Table:
    return (
        (f"{name}_finding", f"{name}_documentation"),
        [
            (("false", ""), NOT_MET, "Not found."),
            (("", "'none_exists'"), NOT_MET, "It is confirmed that no document exists."),
            (("null", ""), UNDETERMINED, "The finding is not stated."),
            (("true", "'attached'"), MET, "Found, and supported by an attached document."),
            (("", ""), UNDETERMINED, "Asserted, but no supporting document is attached."),
        ],
    )


def regimen(days: int) -> Table:
    return (
        ("mg_per_day", "consecutive_days", "route"),
        [
            (("12", str(days), "'intravenous'"), MET, "The regimen is requested."),
            (("!= 12 and $ != null", "", ""), NOT_MET, "Another dose a day is requested."),
            (("", f"!= {days} and $ != null", ""), NOT_MET, "Another number of days is requested."),
            (("", "", "!= 'intravenous' and $ != null"), NOT_MET, "Another route is requested."),
            (("", "", ""), UNDETERMINED, "The requested dosing is not wholly stated."),
        ],
    )


TABLES: dict[str, Table] = {
    "diagnosed": (
        ("diagnosis",),
        [
            (("'multiple_sclerosis'",), MET, "The diagnosis is multiple sclerosis."),
            (("null",), UNDETERMINED, "The diagnosis is not stated."),
            (("",), NOT_MET, "The diagnosis is another."),
        ],
    ),
    "completed": stated("ever_completed", "A course was completed.", "No course was completed."),
    "old_enough": years("born", 17),
    "relapsing": (
        ("ms_form",),
        [
            ((RELAPSING,), MET, "A relapsing form."),
            (("null",), UNDETERMINED, "The form is not stated."),
            (("'secondary_progressive_activity_unknown'",), UNDETERMINED, "Whether it is active is not stated."),
            (("",), NOT_MET, "Not a relapsing form."),
        ],
    ),
    "specialist": (
        ("prescriber", "consulted"),
        [
            ((SPECIALISTS, ""), MET, "The prescriber is a specialist."),
            (("", SPECIALISTS), MET, "A specialist was consulted."),
            (("null", ""), UNDETERMINED, "The prescriber's specialty is not known."),
            (("", "null"), UNDETERMINED, "Whether anyone was consulted is not known."),
            (("", ""), NOT_MET, "No specialist prescribes or was consulted."),
        ],
    ),
    "two_agents": (
        ("two_certain", "list_is_complete", "two_possible", "two_apart", "two_possible_apart"),
        [
            (("true", "", "", "", ""), MET, "Two agents failed or were not tolerated."),
            (("", "!= true", "", "", ""), UNDETERMINED, "More may have been tried."),
            (("", "", "true", "", ""), UNDETERMINED, "Another may count."),
            (("", "", "", "true", ""), NOT_MET, "It turns on how agents are counted."),
            (("", "", "", "", "true"), UNDETERMINED, "An outcome that is not stated may make it arguable."),
            (("", "", "", "", ""), NOT_MET, "Fewer than two failed or were not tolerated."),
        ],
    ),
    "one_agent": (
        ("one_certain", "list_is_complete", "one_possible"),
        [
            (("true", "", ""), MET, "One that suffices alone failed or was not tolerated."),
            (("", "!= true", ""), UNDETERMINED, "More may have been tried."),
            (("", "", "true"), UNDETERMINED, "One that suffices alone may have failed."),
            (("", "", ""), NOT_MET, "None that suffices alone failed."),
        ],
    ),
    "received": stated("ever_received", "Lemtrada was received.", "Lemtrada was never received."),
    **{name: documented(name) for name in SIGNS},
    "objective": stated("objective_measure", "A response by an objective measure.", "None by an objective measure."),
    "symptoms": stated("symptom", "A response in a symptom.", "None in a symptom."),
    "twelve_months": years("last_dose", 1),
    "nr1": (
        ("ms_form", "diagnosis"),
        [
            (("'clinically_isolated_syndrome'", ""), MET, "The form is clinically isolated syndrome."),
            (("null", "!= 'other'"), UNDETERMINED, "The form is not stated."),
            (("", ""), NOT_MET, "Not clinically isolated syndrome."),
        ],
    ),
    "nr2": stated("other_dmt_continues", "Another agent is still taken.", "No other agent is taken."),
    "nr3": stated("hiv_infection", "HIV infection.", "No HIV infection."),
    "nr4": (
        ("diagnosis", "ms_form"),
        [
            (("'other'", ""), NOT_MET, "The form is not asked."),
            (("", "null"), UNDETERMINED, "The form is not stated."),
            (("", "'secondary_progressive_activity_unknown'"), UNDETERMINED, "Whether it is active is not stated."),
            (("", NON_RELAPSING), MET, "A non-relapsing form."),
            (("", ""), NOT_MET, "Not a non-relapsing form."),
        ],
    ),
    "dosing_a": regimen(5),
    "dosing_b": regimen(3),
}


def tables() -> dict[str, Any]:
    """The decision graph as the engine loads it: facts, computed values, the tables side by side, the answer."""
    verdict = {
        "arguable": "two_agents == 0 and list_is_complete == true and two_apart",
        **{name: value for name, value in CRITERIA.items() if name not in TABLES},
        **RECOMMENDATION,
    }
    # A finding stands beside its sentence in what reaches the last node, and is not one of its own keys.
    verdict = {name: re.sub(r"\$\.(\w+)", _from_tables, value) for name, value in verdict.items()}
    nodes = [
        _node("facts", "inputNode"),
        _node("computed", "expressionNode", _expressions(COMPUTED)),
        *(_node(name, "decisionTableNode", _table(name, *table)) for name, table in TABLES.items()),
        _node("verdict", "expressionNode", _expressions(verdict)),
        _node("answer", "outputNode"),
    ]
    edges = [
        ("facts", "computed"),
        *(("computed", name) for name in TABLES),
        *((name, "verdict") for name in TABLES),
        ("computed", "verdict"),
        ("verdict", "answer"),
    ]
    return {
        "nodes": nodes,
        "edges": [{"id": f"{a} {b}", "type": "edge", "sourceId": a, "targetId": b} for a, b in edges],
    }


def _from_tables(match: re.Match[str]) -> str:
    return match[1] if match[1] in TABLES else match[0]


def _node(name: str, kind: str, content: dict[str, Any] | None = None) -> dict[str, Any]:
    node = {"id": name, "type": kind, "name": name, "position": {"x": 0, "y": 0}}
    return node if content is None else node | {"content": content}


def _expressions(expressions: dict[str, str]) -> dict[str, Any]:
    return {
        "expressions": [{"id": key, "key": key, "value": value} for key, value in expressions.items()],
        "passThrough": True,
        "inputField": None,
        "outputPath": None,
        "executionMode": "single",
    }


def _table(name: str, inputs: tuple[str, ...], rows: list[Row]) -> dict[str, Any]:
    columns = [f"in{place}" for place in range(len(inputs))]
    return {
        "hitPolicy": "first",
        "inputs": [
            {"id": column, "name": field, "field": field} for column, field in zip(columns, inputs, strict=True)
        ],
        "outputs": [
            {"id": "answer", "name": "answer", "field": name},
            {"id": "sentence", "name": "sentence", "field": f"{name}_because"},
        ],
        "rules": [
            {
                "_id": f"{name} {place}",
                "_description": sentence,
                **dict(zip(columns, cells, strict=True)),
                "answer": answer,
                "sentence": f'"{sentence}"',
            }
            for place, (cells, answer, sentence) in enumerate(rows, start=1)
        ],
        "passThrough": False,
        "inputField": None,
        "outputPath": None,
        "executionMode": "single",
    }
