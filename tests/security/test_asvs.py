"""The table of security items in ASVS.md: every test and every module that it names exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from tests import ROOT
from tests.docs import between

ASVS: Final = Path(__file__).with_name("ASVS.md")
ITEM: Final = re.compile(r"(\d{1,2})\.\d{1,2}(?:\.\d{1,2})?")


def table(text: str) -> list[list[str]]:
    """The rows of a table without its header: item, requirement, modules, tests."""
    lines = text.strip().splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


ROWS: Final = table(between(ASVS, "asvs"))
EXCEPTIONS: Final = between(ASVS, "asvs exceptions")


@cache
def defined_in(name: str) -> frozenset[str]:
    """The functions of every test file of that name; the names of the tests tell two such files apart."""
    found = [ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "tests").rglob(name)]
    defined = [
        one for tree in found for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return frozenset(one.name for one in defined)


def exists(module: str) -> bool:
    """A test file is named without its folder; everything else by its path from the root."""
    if re.fullmatch(r"test_\w+\.py", module):
        return any((ROOT / "tests").rglob(module))
    return any((ROOT / f"{module}{end}").exists() for end in ("", ".py"))


def missing(row: list[str]) -> list[str]:
    _, _, where, shown = row
    named = re.findall(r"`(?:tests/(?:\w+/)*)?(test_\w+\.py)::(test_\w+)`", shown)
    modules = re.findall(r"`([^`]+)`", where)
    assert named, f"a row without a test: {row}"
    assert modules, f"a row without a module: {row}"
    assert len(named) == shown.count("`") // 2, f"something in {shown} is not file::test"
    return [
        *(f"{file}::{test}" for file, test in named if test not in defined_in(file)),
        *(module for module in modules if not exists(module)),
    ]


def test_the_table_names_its_standard_and_has_its_rows() -> None:
    assert "version 4.0.3, level 2" in " ".join(ASVS.read_text(encoding="utf-8").split())
    assert len(ROWS) > 30
    assert all(len(row) == 4 for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_what_a_row_names_is_there(row: list[str]) -> None:
    assert ITEM.match(row[0])
    assert row[1]
    assert missing(row) == []


def test_no_item_has_two_rows() -> None:
    items = [item[0] for row in ROWS for item in re.finditer(r"\d{1,2}\.\d{1,2}\.\d{1,2}", row[0])]
    assert sorted({one for one in items if items.count(one) > 1}) == []


def test_every_chapter_is_spoken_of() -> None:
    listed = {int(one) for one in re.findall(r"\*\*V(\d{1,2})\*\*", EXCEPTIONS)}
    assert listed == set(range(1, 15))


def test_every_test_named_after_the_table_exists() -> None:
    named = re.findall(r"`(test_\w+\.py)`", EXCEPTIONS)
    assert named
    assert [test for test in named if not exists(test)] == []


def test_a_test_or_a_module_that_is_not_there_would_be_seen() -> None:
    row = ["1.1.1", "words", "`api/nowhere.py`, `api/server/proxy.py`", "`test_proxy.py::test_of_nothing`"]
    assert missing(row) == ["test_proxy.py::test_of_nothing", "api/nowhere.py"]
    assert exists("test_asvs.py")
    assert not exists("test_of_nothing.py")
