"""Records of patients are read through one class, which checks the permission and records the access."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests import ROOT

API = ROOT / "api"
READERS = {
    "record_access/patient_access.py": "the one class through which a record is read",
    "record_access/list_access.py": "lists, which it records as well",
    "record_access/commands.py": "whose record a refused command has shown, to record that",
    "routes/eligibility_fast_path.py": "the fast path, which checks and records as the class does",
    "routes/dependencies.py": "a requester's command is checked against the patient's history before it is decided",
    "fhir/paging.py": "events of all patients for auditors; `fhir/routes.py` records the access",
    "fhir/routes.py": "the audit trail of all patients; it records the access to those on the page",
    "identity/identity.py": "sessions, which are of no patient",
    "cli/opening.py": "the patient of a member id, whose record the command then reads through the class",
    "cli/proof.py": "exports, after an access to each patient in them is recorded",
    "cli/serve.py": "the address of a synthetic patient of the demo",
    "cli/worklist.py": "which rows could not be rebuilt, by random ids",
}
FILLED = ("demo/", "files/import_intake.py", "files/import_members.py", "files/earlier_imports.py")
"""What fills a ledger, and shows no record."""

READS = {
    "changed_since",
    "documents",
    "events",
    "events_since",
    "find",
    "histories",
    "history",
    "index",
    "mapper",
    "members",
    "patients",
    "recorder",
}
"""Attributes of a ledger that give data of patients."""

OF_MANY = {"folded_rows", "worklist"}
"""Functions that read the records of all patients, and are imported by name."""


def files() -> list[str]:
    """Every file of the API but the readers."""
    names = [path.relative_to(API).as_posix() for path in sorted(API.rglob("*.py"))]
    return [one for one in names if one not in READERS and not one.startswith(FILLED)]


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


def test_the_routes_are_checked() -> None:
    routes = {f"routes/{one}.py" for one in ("patients", "requests", "documents", "worklist", "seal")}
    assert {*routes, "dossier/routes.py"} <= set(files())
    assert [one for one in READERS if not (API / one).exists()] == []


@pytest.mark.parametrize("name", files())
def test_a_record_is_read_through_the_class_alone(name: str) -> None:
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
def test_a_read_past_the_class_is_found(source: str) -> None:
    assert len(list(reads_of(source))) == 1


def test_what_reads_nothing_of_a_patient_is_let_be() -> None:
    assert list(reads_of("def route(ledger): return ledger.documents.put(1), ledger.today(), ledger.execute(2)")) == []
