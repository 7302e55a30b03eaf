"""The few forms of ELM, CQL's compiled language, that the policy is written in; a function each, giving its JSON."""

from __future__ import annotations

from typing import Any

Elm = dict[str, Any]

_TYPES = "{urn:hl7-org:elm-types:r1}"


def text(value: str) -> Elm:
    return {"type": "Literal", "valueType": f"{_TYPES}String", "value": value}


def number(value: int) -> Elm:
    return {"type": "Literal", "valueType": f"{_TYPES}Integer", "value": str(value)}


def truth(value: bool) -> Elm:
    return {"type": "Literal", "valueType": f"{_TYPES}Boolean", "value": str(value).lower()}


TRUE, FALSE, UNKNOWN = truth(True), truth(False), {"type": "Null"}


def defined(name: str) -> Elm:
    """The value of another definition: computed once for a patient, then cached."""
    return {"type": "ExpressionRef", "name": name}


def fact(name: str) -> Elm:
    return {"type": "Property", "path": name, "source": defined("Patient")}


def of_each(name: str) -> Elm:
    """A property of the element at hand in a query."""
    return {"type": "Property", "path": name, "scope": "each"}


def both(*parts: Elm) -> Elm:
    """Kleene's "and"; the engine takes any number of operands, which spares it some."""
    return {"type": "And", "operand": list(parts)}


def either(*parts: Elm) -> Elm:
    return {"type": "Or", "operand": list(parts)}


def negated(part: Elm) -> Elm:
    return {"type": "Not", "operand": part}


def is_true(part: Elm) -> Elm:
    return {"type": "IsTrue", "operand": part}


def is_false(part: Elm) -> Elm:
    return {"type": "IsFalse", "operand": part}


def unknown(part: Elm) -> Elm:
    return {"type": "IsNull", "operand": part}


def equal(left: Elm, right: Elm) -> Elm:
    """Unknown where either side is."""
    return {"type": "Equal", "operand": [left, right]}


def at_least(left: Elm, right: Elm) -> Elm:
    """Unknown where either side is."""
    return {"type": "GreaterOrEqual", "operand": [left, right]}


def minus(left: Elm, right: int) -> Elm:
    return {"type": "Subtract", "operand": [left, number(right)]}


def when(condition: Elm, then: Elm, otherwise: Elm) -> Elm:
    return {"type": "If", "condition": condition, "then": then, "else": otherwise}


def first_of(*cases: tuple[Elm, Elm], otherwise: Elm) -> Elm:
    return {"type": "Case", "caseItem": [{"when": one, "then": then} for one, then in cases], "else": otherwise}


def by_value(of: Elm, values: dict[str, Elm], otherwise: Elm) -> Elm:
    """The case of a coded value; a value that is not known takes none of them."""
    items = [{"when": text(value), "then": then} for value, then in values.items()]
    return {"type": "Case", "comparand": of, "caseItem": items, "else": otherwise}


def listed(*parts: Elm) -> Elm:
    return {"type": "List", "element": list(parts)}


def those(source: Elm, where: Elm) -> Elm:
    return {"type": "Query", "source": [{"alias": "each", "expression": source}], "relationship": [], "where": where,
            "return": {"distinct": False, "expression": {"type": "AliasRef", "name": "each"}}}  # fmt: skip


def different(source: Elm, name: str, where: Elm | None = None) -> Elm:
    """The different values of a property."""
    query = {"type": "Query", "source": [{"alias": "each", "expression": source}], "relationship": [],
             "return": {"distinct": True, "expression": of_each(name)}}  # fmt: skip
    return query | ({} if where is None else {"where": where})


def exist(source: Elm) -> Elm:
    return {"type": "Exists", "operand": source}


def two(source: Elm) -> Elm:
    """Whether there are two; what is not known is not counted."""
    return at_least({"type": "Count", "source": source}, number(2))


def library(definitions: dict[str, Elm]) -> Elm:
    patient = {"type": "SingletonFrom", "operand": {"type": "Retrieve", "dataType": "{urn:facts}Patient"}}
    return {
        "library": {
            "identifier": {"id": "Policy", "version": "2025.07.23"},
            "schemaIdentifier": {"id": "urn:hl7-org:elm", "version": "r1"},
            "usings": {"def": [{"localIdentifier": "System", "uri": "urn:hl7-org:elm-types:r1"}]},
            "statements": {
                "def": [
                    {"name": name, "context": "Patient", "accessLevel": "Public", "expression": expression}
                    for name, expression in {"Patient": patient, **definitions}.items()
                ]
            },
        }
    }
