"""JSON Schemas and OpenAPI documents without texts, and PostgreSQL statements as names.

This module imports nothing of the program.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

TEXTS = frozenset({"title", "description", "summary", "examples", "example"})
"""Keys whose values are sentences or samples. Their wording may be improved."""

_MAPS_OF_NAMES = frozenset(
    {"properties", "patternProperties", "$defs", "schemas", "paths", "responses", "content", "headers"}
)
"""Keys whose values map names to schemas: a property named `title` is no text."""

_VALUES = frozenset({"default", "enum", "const", "required", "mapping"})


def without_texts(node: Any) -> Any:
    """Return a schema or an OpenAPI element without its texts."""
    if isinstance(node, list):
        return [without_texts(one) for one in node]
    if not isinstance(node, dict):
        return node
    kept: dict[str, Any] = {}
    for key, value in node.items():
        if key in TEXTS:
            continue
        if key in _MAPS_OF_NAMES and isinstance(value, dict):
            kept[key] = {name: without_texts(one) for name, one in value.items()}
        else:
            kept[key] = value if key in _VALUES else without_texts(value)
    return kept


def inlined(schema: dict[str, Any]) -> Any:
    """Return a schema without texts and without the class names of its parts.

    Each reference is replaced by its definition, so that a renamed class changes nothing. `order` is
    the order of the properties, which is their order in the stored bytes.
    """
    return _inlined(without_texts(schema), schema.get("$defs", {}))


def _inlined(node: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_inlined(one, definitions) for one in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target = without_texts(definitions[node["$ref"].rpartition("/")[2]])
        return _inlined(target | {key: value for key, value in node.items() if key != "$ref"}, definitions)
    kept: dict[str, Any] = {}
    for key, value in node.items():
        if key == "properties":
            kept["order"] = list(value)
            kept[key] = {name: _inlined(one, definitions) for name, one in value.items()}
        elif key == "discriminator":
            # Its mapping holds class names. The `const` of each branch holds the values.
            kept[key] = {"propertyName": value["propertyName"]}
        elif key != "$defs":
            kept[key] = value if key in _VALUES else _inlined(value, definitions)
    return kept


# -- statements of PostgreSQL -------------------------------------------------------------------

_TABLE = re.compile(r"CREATE TABLE IF NOT EXISTS (?P<name>\S+) \((?P<body>.*?)\)(?: WITH \((?P<storage>.*)\))?$")
_INDEX = re.compile(r"CREATE (?P<unique>UNIQUE )?INDEX IF NOT EXISTS (?P<name>\S+) ON (?P<target>.*)$")
_CONSTRAINTS = ("PRIMARY KEY", "FOREIGN KEY", "UNIQUE", "CHECK", "CONSTRAINT")


def flat(statement: str) -> str:
    """Return a statement on one line, without comments."""
    return " ".join(re.sub(r"--[^\n]*", "", statement).split())


def postgres_names(statements: Iterable[str]) -> dict[str, Any]:
    """Return the tables with their columns, the indexes, and every other statement on one line."""
    found: dict[str, Any] = {"tables": {}, "indexes": {}, "other statements": []}
    for statement in map(flat, statements):
        if table := _TABLE.fullmatch(statement):
            parts = _parts(table["body"])
            found["tables"][table["name"]] = {
                "columns": dict(one.split(" ", 1) for one in parts if not one.startswith(_CONSTRAINTS)),
                "constraints": [one for one in parts if one.startswith(_CONSTRAINTS)],
                "storage": table["storage"],
            }
        elif index := _INDEX.fullmatch(statement):
            found["indexes"][index["name"]] = f"{index['unique'] or ''}ON {index['target']}"
        else:
            found["other statements"].append(statement)
    return found


def _parts(body: str) -> list[str]:
    """Split at the commas that are outside of parentheses."""
    parts, depth, begun = [], 0, 0
    for place, letter in enumerate(body):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append(body[begun:place].strip())
            begun = place + 1
    return [*parts, body[begun:].strip()]
