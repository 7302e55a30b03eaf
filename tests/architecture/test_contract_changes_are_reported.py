"""A changed contract is reported by name, so that the tests of this package can fail."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.architecture import golden
from tests.architecture.contract import CONTRACTS, check
from tests.architecture.program import COMMANDS, MODULE_OF, STORED_EVENTS, registry
from tests.architecture.schemas import inlined, postgres_names, without_texts


def leaves(node: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the place of each value in nested objects."""
    if not isinstance(node, dict):
        yield place
        return
    for key, value in node.items():
        yield from leaves(value, (*place, key))


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_name_that_is_gone_or_changed_is_reported(name: str) -> None:
    """The first, the middle and the last value of each golden file."""
    text = golden.path_of(name).read_text(encoding="utf-8")
    published, now = json.loads(text), json.loads(text)
    every = list(leaves(now))
    for *parents, last in (every[0], every[len(every) // 2], every[-1]):
        node = now
        for parent in parents:
            node = node[parent]
        value = node.pop(last)
        assert reported(name, published, now) == f"removed: {' > '.join([*parents, last])}"
        node[last] = "something else"
        assert reported(name, published, now) == f"changed: {' > '.join([*parents, last])}"
        node[last] = value
    assert list(golden.differences(published, now)) == []


def reported(name: str, published: Any, now: Any) -> str:
    """Return the kind and the place of the one difference that the message lists."""
    message = golden.complaint_of(name, published, now).splitlines()
    assert message[0] == f"The published contract '{name}' changed. Number of differences: 1"
    assert message[2].startswith("This is a published contract.")
    found = re.match(r"  (\w+: .*?)(?: \(was .*|: .* -> .*)$", message[1])
    assert found is not None
    return found[1]


def test_each_golden_file_belongs_to_a_contract() -> None:
    assert sorted(path.name for path in golden.FOLDER.iterdir()) == sorted(f"{name}.json" for name in CONTRACTS)


def test_a_renamed_command_class_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    first, *others = COMMANDS
    renamed = type("Renamed", (first,), {"__module__": first.__module__})
    monkeypatch.setattr("tests.architecture.rendering_records.COMMANDS", (renamed, *others))
    with pytest.raises(pytest.fail.Exception) as failed:
        check("commands")
    assert "added:   Renamed" in str(failed.value)
    assert f"removed: {first.__name__}" in str(failed.value)


def test_a_renamed_topic_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    first = STORED_EVENTS[0]
    topic = first.TOPIC
    monkeypatch.setattr(first, "TOPIC", "Renamed")
    with pytest.raises(pytest.fail.Exception) as failed:
        check("events")
    assert "added:   Renamed" in str(failed.value)
    assert f"removed: {topic}" in str(failed.value)


def test_an_added_command_of_the_command_line_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    assess = MODULE_OF["assess"]
    check("command-line")
    monkeypatch.setitem(MODULE_OF, "another", assess)
    registered = list(registry.registered_commands)
    monkeypatch.setattr(registry, "registered_commands", registered)

    @registry.command("another")
    def another(name: str) -> None:
        del name

    with pytest.raises(pytest.fail.Exception, match="added:   commands > another"):
        check("command-line")


def test_a_missing_golden_file_is_reported_and_written_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(golden, "FOLDER", tmp_path / "contract")
    with pytest.raises(pytest.fail.Exception, match=r"names\.json is missing"):
        check("names")
    assert golden.write("names", {"a": 1}) == tmp_path / "contract" / "names.json"
    assert golden.write("names", {"a": 1}) is None
    assert golden.path_of("names").read_bytes() == b'{\n "a": 1\n}\n'


def test_items_of_a_list_are_reported_by_value() -> None:
    assert list(golden.differences({"a": [1, 2]}, {"a": [2, 3]})) == ["removed: a > 1", "added:   a > 3"]
    assert next(golden.differences({"a": [1, 2]}, {"a": [2, 1]})).startswith("changed: a: the order or number of items")
    assert list(golden.differences({"a": [{"x": 1}]}, {"a": [{"x": True}]})) == ["changed: a > 0 > x: 1 -> true"]


def test_only_texts_are_left_out_of_a_schema() -> None:
    """A property named `title` stays. An inlined schema has the order of the properties and no class names."""
    schema = {
        "title": "A",
        "$defs": {"B": {"title": "B", "type": "object", "properties": {"x": {"type": "string"}}}},
        "properties": {"title": {"title": "T", "description": "A text.", "type": "string"}, "b": {"$ref": "#/$defs/B"}},
    }
    assert without_texts(schema)["properties"] == {"title": {"type": "string"}, "b": {"$ref": "#/$defs/B"}}
    assert inlined(schema) == {
        "order": ["title", "b"],
        "properties": {
            "title": {"type": "string"},
            "b": {"type": "object", "order": ["x"], "properties": {"x": {"type": "string"}}},
        },
    }


def test_the_names_in_a_statement_are_found() -> None:
    statements = [
        "CREATE TABLE IF NOT EXISTS {schema}.t (\n a uuid NOT NULL, -- a comment, with a comma\n b text,"
        " PRIMARY KEY (a, b))",
        "CREATE UNIQUE INDEX IF NOT EXISTS i\n ON {schema}.t (a, b)",
        "CREATE TYPE t AS (a uuid)",
    ]
    assert postgres_names(statements) == {
        "tables": {
            "{schema}.t": {
                "columns": {"a": "uuid NOT NULL", "b": "text"},
                "constraints": ["PRIMARY KEY (a, b)"],
                "storage": None,
            }
        },
        "indexes": {"i": "UNIQUE ON {schema}.t (a, b)"},
        "other statements": ["CREATE TYPE t AS (a uuid)"],
    }
