"""One class name has one meaning: no two files of the program define a class, or a kind of value, of one name."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator

from tests import ROOT

PUBLIC_TWICE = {"Reason": "two schemas of the published OpenAPI document, Reason-Input and Reason-Output"}
PARAMETERS = ("Depends(", "Query(", "Path(", "Header(", "Option(", "Argument(")
"""What makes an alias a parameter of a route or a command, which is named as its caller names it."""


def definitions(source: str) -> Iterator[tuple[str, str]]:
    """The name and the meaning of each class and each alias of a type at the top of a file."""
    for node in ast.parse(source).body:
        match node:
            case ast.ClassDef(name=name):
                yield name.lstrip("_"), ast.dump(node)
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if is_type(name, value):
                yield name.lstrip("_"), ast.dump(value)


def is_type(name: str, value: ast.expr) -> bool:
    """`Kind = Literal[...]`, and not a constant or a parameter."""
    own = name.lstrip("_")
    is_named = own[:1].isupper() and not own.isupper() and "_" not in own
    return is_named and isinstance(value, ast.Subscript) and not any(one in ast.unparse(value) for one in PARAMETERS)


def meanings() -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for folder in ("domain", "projections", "api"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for name, meaning in definitions(path.read_text(encoding="utf-8")):
                found[name][meaning].append(path.relative_to(ROOT).as_posix())
    return found


def test_a_class_name_has_one_meaning() -> None:
    found = meanings()
    assert len(found) > 400
    several = {name: [file for files in by.values() for file in files] for name, by in found.items() if len(by) > 1}
    assert {name: files for name, files in several.items() if name not in PUBLIC_TWICE} == {}
    assert set(PUBLIC_TWICE) <= set(several), "an exception that is no longer needed"


def test_classes_and_aliases_of_types_are_found_and_parameters_are_not() -> None:
    source = """
class _Row: ...
Kind = Literal["a"]
Rows = tuple[str, ...]
After = Annotated[str, Query(max_length=4)]
LIMIT = 5
"""
    assert [name for name, _ in definitions(source)] == ["Row", "Kind", "Rows"]
