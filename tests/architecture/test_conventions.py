"""The conventions of the code: sizes, names, docstrings, types, lint, import contracts, doctests, references."""

from __future__ import annotations

import ast
import doctest
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from domain.policy.assessment import NOT_LISTED
from domain.policy.editions import EDITIONS
from domain.policy.readings import READINGS
from tests import ROOT

PACKAGES = ("domain", "projections", "api")
PROGRAM = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
MODULES = [*PROGRAM, *sorted((ROOT / "tests").rglob("*.py"))]
DOCTESTED = [ROOT / "domain" / "calendar.py", *sorted((ROOT / "domain" / "policy").rglob("*.py"))]

DOCS = [path for folder in (*PACKAGES, ".github") for path in sorted((ROOT / folder).rglob("*.md"))] + [
    ROOT / "README.md"
]

FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
NAMES_THAT_SAY_NOTHING = {"utils", "util", "common", "helpers", "helper", "core", "misc"}

READING = re.compile(r"\bR\d{1,2}\b")
CITATION = re.compile(r"\b(?:1\.[AB](?:\.[ivx]+(?:\.[a-z](?:\(\d\))?)?)?(?![\w(])|NR\.\d+|Dosing\.[A-Z]\b)")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


# -- sizes and names --------------------------------------------------------------------------


def test_a_file_is_read_in_one_sitting() -> None:
    lines = {name_of(path): len(path.read_text().splitlines()) for path in MODULES}
    assert {name: count for name, count in lines.items() if count > FILE_LINES_MAX} == {}


def test_a_function_fits_on_a_page() -> None:
    """Functions defined inside another are counted by themselves."""
    lines = {f"{name_of(path)}: {name}": count for path in MODULES for name, count in functions(parsed(path))}
    assert {name: count for name, count in lines.items() if count > FUNCTION_LINES_MAX} == {}


def functions(node: ast.AST) -> Iterator[tuple[str, int]]:
    for child in ast.iter_child_nodes(node):
        inner = [*functions(child)]
        yield from inner
        if isinstance(child, FUNCTION):
            yield child.name, lines_of(child) - sum(count for _, count in inner)


def lines_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_a_module_is_named_for_what_it_holds() -> None:
    assert [name_of(path) for path in MODULES if {path.stem, path.parent.name} & NAMES_THAT_SAY_NOTHING] == []


def test_a_module_says_what_it_is_for() -> None:
    modules = [path for path in MODULES if path.name != "__init__.py"]
    assert [name_of(path) for path in modules if not ast.get_docstring(parsed(path))] == []


# -- tools ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "mypy"],
        ["-m", "ruff", "check"],
        ["-m", "ruff", "format", "--check", *PACKAGES, "tests"],
        ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache"],
    ],
    ids=["mypy strict", "ruff check", "ruff format", "import contracts"],
)
def test_the_tools_have_nothing_to_say(command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", DOCTESTED, ids=name_of)
def test_the_examples_in_the_docstrings_are_true(path: Path) -> None:
    module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
    ran = doctest.testmod(module)
    assert ran.failed == 0
    assert ran.attempted > 0 or path.name != "calendar.py"


# -- references -------------------------------------------------------------------------------

KNOWN_CITATIONS = {citation for edition in EDITIONS for citation in edition.by_citation} | {NOT_LISTED}


def test_every_reading_and_clause_that_is_mentioned_exists() -> None:
    unknown: dict[str, set[str]] = {}
    for path in [*PROGRAM, *DOCS]:
        text = path.read_text()
        mentioned = {*(set(READING.findall(text)) - set(READINGS)), *(set(CITATION.findall(text)) - KNOWN_CITATIONS)}
        unknown |= {name_of(path): mentioned} if mentioned else {}
    assert unknown == {}


def test_the_check_of_references_sees_what_it_is_for() -> None:
    mentioned = "R99 of 1.A.iii.e, 1.A.iii.d(7), 1.B.vi, NR.6 and Dosing.C; 1.A.iii.d(1) and 1.B.iii.a are real"
    assert set(READING.findall(mentioned)) == {"R99"}
    found = set(CITATION.findall(mentioned))
    assert found - KNOWN_CITATIONS == {"1.A.iii.e", "1.A.iii.d(7)", "1.B.vi", "NR.6", "Dosing.C"}
    assert found & KNOWN_CITATIONS == {"1.A.iii.d(1)", "1.B.iii.a"}


def test_every_reading_has_a_test_that_names_it() -> None:
    """In a sentence, as R7, or in the test's own name, as `r7`."""
    tests = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__))
    assert [one for one in READINGS if not re.search(rf"(?:\b|_){one}(?:\b|_)", tests, re.IGNORECASE)] == []
