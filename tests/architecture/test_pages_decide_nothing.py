"""A page asks `may` whether a command is possible; it never decides one to see. What it records goes to the ledger."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.decisions import DECISIONS
from tests import ROOT

PAGES = ROOT / "api" / "pages"
DECIDING = {"decide", "open_history", *(decision.__name__ for decision in DECISIONS.values())}
MODULE = "domain.decisions"
CALLABLE_BY_NAME = {"DECISIONS", "CommandContext"}
"""What would make a decision possible without importing one."""


def trials(source: str) -> Iterator[str]:
    """Every import by which a command could be decided, and every module of decisions imported whole."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names if one.name.startswith(MODULE))
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            names = {one.name for one in node.names}
            if node.module.startswith(MODULE):
                yield from names & DECIDING
            if node.module == MODULE:
                yield from names - DECIDING
            if node.module == "domain":
                yield from names & {"decisions"}
            yield from names & CALLABLE_BY_NAME
        elif isinstance(node, ast.Attribute) and node.attr in ("decide", "DECISIONS"):
            yield node.attr


@pytest.mark.parametrize(
    "path", sorted(PAGES.rglob("*.py")), ids=lambda path: path.relative_to(PAGES).with_suffix("").as_posix()
)
def test_no_page_decides(path: Path) -> None:
    assert list(trials(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "source",
    [
        "from domain.decisions import decide",
        "from domain.decisions import requests",
        "from domain.decisions.requests import withdraw_request",
        "from domain.decisions.requests import DECISIONS",
        "from domain.decisions.patient import open_history",
        "import domain.decisions.requests as requests",
        "from domain import decisions",
        "from domain.commands.context import CommandContext",
        "ledger.decide(command)",
    ],
)
def test_the_rule_sees_a_trial(source: str) -> None:
    assert len(list(trials(source))) == 1


def test_the_rule_lets_a_page_ask() -> None:
    asking = "from domain.decisions.may import may\nfrom domain.decisions.preconditions import Assigning"
    assert list(trials(f"{asking}\nfrom domain.decisions.approval_changes import assessment_to_extend")) == []
