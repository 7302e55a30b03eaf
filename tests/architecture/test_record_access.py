"""Nothing of a patient is read over HTTP but through the gate, where who looks is checked and recorded."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests import ROOT

API = ROOT / "api"
GATES = {
    "record_access/patient_access.py": "the one class through which a record is read",
    "record_access/list_access.py": "lists, which it records as well",
    "record_access/commands.py": "whose record a refused command has shown, to record that",
    "routes/eligibility_fast_path.py": "the short road, which checks and records as the gate does",
    "routes/dependencies.py": "a command of a requester is held against her history before it is decided",
    "fhir/paging.py": "what happened to everybody, for auditors, who are shown and recorded by `fhir/routes.py`",
    "fhir/routes.py": "the trail of everybody, whose shown patients it hands to the gate",
    "identity/identity.py": "sessions, which are of no patient",
}
FILLED = ("demo/", "files/import_intake.py")
"""What fills a ledger, and answers nobody."""

READS = {
    "changed_since",
    "documents",
    "events",
    "events_since",
    "find",
    "histories",
    "history",
    "mapper",
    "patients",
    "recorder",
}
"""What of a ledger tells of patients."""

OF_MANY = {"folded_rows", "worklist"}
"""What reads everybody's, and is imported by name."""


def files() -> list[str]:
    """Every file of the API but the gates and the verbs, which no request reaches."""
    names = [path.relative_to(API).as_posix() for path in sorted(API.rglob("*.py"))]
    return [one for one in names if one not in GATES and not one.startswith((*FILLED, "cli/"))]


def reads_of(source: str) -> Iterator[str]:
    """Every place where something of a patient is read from a ledger itself."""
    tree = ast.parse(source)
    # What is handed in is written, not read.
    written = {node.value for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "put"}
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=of, attr=name) if name in READS and _is_ledger(of) and node not in written:
                yield f"line {node.lineno}: ledger.{name}"
            case ast.ImportFrom(module="projections.worklist.runner", names=names):
                yield from (f"line {node.lineno}: import {one.name}" for one in names if one.name in OF_MANY)


def _is_ledger(node: ast.expr) -> bool:
    """`ledger`, `self._ledger`, `request.app.state.ledger`, `identity.ledger`."""
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return name.lstrip("_") == "ledger"


def test_the_routes_are_looked_at() -> None:
    routes = {f"routes/{one}.py" for one in ("patients", "requests", "documents", "worklist", "seal")}
    assert {*routes, "dossier/routes.py"} <= set(files())
    assert [one for one in GATES if not (API / one).exists()] == []


@pytest.mark.parametrize("name", files())
def test_nothing_of_a_patient_is_read_past_the_gate(name: str) -> None:
    assert list(reads_of((API / name).read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "source",
    [
        "def route(ledger): return ledger.history(1)",
        "def route(request): return request.app.state.ledger.events(1)",
        "def route(self): return self._ledger.documents.open(1, 2)",
        "def route(identity): return identity.ledger.find(1)",
        "def route(ledger):\n    read = ledger.history\n    return read(1)",
        "from projections.worklist.runner import lag, worklist",
    ],
)
def test_a_way_past_the_gate_is_found(source: str) -> None:
    assert len(list(reads_of(source))) == 1


def test_what_reads_nothing_of_a_patient_is_let_be() -> None:
    assert list(reads_of("def route(ledger): return ledger.documents.put(1), ledger.today(), ledger.execute(2)")) == []
