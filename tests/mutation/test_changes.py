"""Each kind of change, and what is left alone."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from textwrap import dedent

import pytest

from tests.mutation.changes import Change, changes_of
from tests.mutation.signatures import Signatures


def changed(source: str, signatures: Signatures | None = None) -> dict[str, list[str]]:
    """What each expression becomes."""
    found: dict[str, list[str]] = {}
    for one in changes_of("a.py", dedent(source), signatures):
        found.setdefault(one.original, []).append(one.changed)
    return found


@pytest.mark.parametrize(
    ("source", "original", "new"),
    [
        ("a < b", "a < b", ["a <= b"]),
        ("a <= b < c", "a <= b < c", ["a < b < c", "a <= b <= c"]),
        ("a > b", "a > b", ["a >= b"]),
        ("a == b", "a == b", ["a != b"]),
        ("a is None", "a is None", ["a is not None"]),
        ("a not in b", "a not in b", ["a in b"]),
        ("a and b", "a and b", ["a or b", "b", "a"]),
        ("a or b or c", "a or b or c", ["a and b and c", "b or c", "a or c", "a or b"]),
        ("not a", "not a", ["a"]),
        ("a + b", "a + b", ["a - b"]),
        ("a - b", "a - b", ["a + b"]),
        ("Days(15)", "Days(15)", ["Days(16)", "Days(14)"]),
        ("timedelta(days=1)", "timedelta(days=1)", ["timedelta(days=2)", "timedelta(days=0)"]),
        ("found[0]", "found[0]", ["found[1]", "found[-1]"]),
        ("found[-1]", "found[-1]", ["found[-2]", "found[-0]"]),
        ("x = 30", "x = 30", ["x = 31", "x = 29"]),
        ("class A:\n    x: bool = False", "x = False", ["x = True"]),
        ("def f(a, b=1, *, c, d=True): pass", "b = 1", ["b = 2", "b = 0"]),
        ("def f(a, b=1, *, c, d=True): pass", "d = True", ["d = False"]),
        ("f(is_last=True)", "f(is_last=True)", ["f(is_last=False)"]),
        ("min(a, b)", "min(a, b)", ["max(a, b)"]),
        ("any(a)", "any(a)", ["all(a)"]),
        ("[a for a in b if a.c]", "[a for a in b if a.c]", ["[a for a in b]"]),
        ("[a for a in b if a.c]", "a.c", ["not a.c"]),
        ("b if a else c", "b if a else c", ["b if not a else c"]),
        ("if a.b:\n    c()", "a.b", ["not a.b"]),
        ("if a in b:\n    raise E", "a in b", ["a not in b", "False"]),
        ("def f() -> int | None:\n    return x", "return x", ["return None"]),
        ("x = [1 if not a else b]", "not a", ["a"]),
    ],
)
def test_an_expression_becomes_others(source: str, original: str, new: list[str]) -> None:
    assert changed(source)[original] == new


@pytest.mark.parametrize(
    "source",
    [
        "def f(a: Literal[1] = b) -> Literal[2]: return c",
        "@dataclass(frozen=True)\nclass A: pass",
        "assert a > 1",
        "zip(a, b, strict=True)",
        "if TYPE_CHECKING:\n    x = 1",
        "f'{a}' + b",
        "(a,) + b",
        "def f() -> list[None]: return x",
        '"""Doses 1 to 5."""',
    ],
)
def test_what_no_test_of_behavior_can_see_is_left_alone(source: str) -> None:
    assert changed(source) == {}


def test_a_raise_stays_where_something_else_is_done_too() -> None:
    assert changed("if a == b:\n    c()\n    raise E") == {"a == b": ["a != b"]}


@dataclass
class Days:
    """A class with two fields of one type and another one."""

    first: int
    last: int
    note: str


def test_keyword_arguments_of_one_type_are_swapped() -> None:
    signatures = Signatures({"Days": Days})
    assert changed("Days(first=a, last=b, note=c)", signatures) == {
        "Days(first=a, last=b, note=c)": ["Days(first=b, last=a, note=c)"]
    }
    assert changed("context.event(Days, first=a, last=b)", signatures) == {
        "context.event(Days, first=a, last=b)": ["context.event(Days, first=b, last=a)"]
    }
    assert changed("Days(first=a, last=a, note=c)", signatures) == {}
    assert changed("unknown(first=a, last=b)", signatures) == {}


def test_the_source_has_the_change_and_nothing_else() -> None:
    source = dedent(
        """
        class Règle:
            def left(self):
                note = f"über {self.of - 1} days"
                return (  # the doses left
                    self.of
                    - self.given
                )
        """
    )
    found = changes_of("a.py", source)
    assert [(one.function, one.original, one.changed) for one in found] == [
        ("Règle.left", "self.of - 1", "self.of + 1"),
        ("Règle.left", "self.of - 1", "self.of - 2"),
        ("Règle.left", "self.of - 1", "self.of - 0"),
        ("Règle.left", "self.of - self.given", "self.of + self.given"),
    ]
    assert found[0].applied(source) == source.replace('f"über {self.of - 1} days"', "(f'über {self.of + 1} days')")
    assert ast.dump(ast.parse(found[3].applied(source))) == ast.dump(
        ast.parse(source.replace("- self.given", "+ self.given"))
    )


def test_the_same_expression_twice_in_a_function_is_counted() -> None:
    found = changes_of("a.py", "def f():\n    x = a < b\n    return a < b\n\ndef g():\n    return a < b\n")
    assert [(one.function, one.occurrence, one.line) for one in found] == [("f", 1, 2), ("f", 2, 3), ("g", 1, 6)]
    assert len({one.key for one in found}) == 3


def test_a_change_is_named_by_what_stays_when_lines_move() -> None:
    (before,) = changes_of("a.py", "def f():\n    return a < b\n")
    (after,) = changes_of("a.py", "# A comment.\n\ndef f():\n    return a < b\n")
    assert isinstance(before, Change)
    assert before.key == after.key
    assert before.line != after.line
