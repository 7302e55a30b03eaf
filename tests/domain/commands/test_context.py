"""Salts and purity: everything that pure code may not get by itself comes with the moment."""

from __future__ import annotations

import ast
import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

import domain
from domain.commands.treatment import RecordDose
from domain.decisions import decide
from domain.events.base import Event
from tests.story import NURSE, PATIENT, denied, dose, first_course, given, reported, submitted, voided

DOMAIN = Path(domain.__file__).parent
PURE = sorted(path for path in DOMAIN.rglob("*.py") if DOMAIN / "ledger" not in path.parents)
FORBIDDEN_CALLS = {
    "now",
    "utcnow",
    "today",
    "monotonic",
    "perf_counter",
    "time",
    "time_ns",
    "uuid1",
    "uuid4",
    "urandom",
    "token_bytes",
    "token_hex",
    "randbytes",
    "randint",
    "open",
    "input",
    "print",
    "getenv",
    "read_text",
    "write_text",
    "read_bytes",
    "write_bytes",
}
FORBIDDEN_MODULES = {
    "os",
    "random",
    "secrets",
    "time",
    "pathlib",
    "io",
    "socket",
    "sqlite3",
    "eventsourcing",
    "logging",
}


# -- salts ------------------------------------------------------------------------------------


def events_of_a_long_story() -> list[Event]:
    scenario = given(
        reported({"last_dose_on": "2020", "completed": True}),
        *first_course("2024-03-04", 3),
        voided(3),
        submitted(),
        denied("1.B.iv", rationale="Too early, and the request says so itself."),
    )
    return list(scenario.events)


def test_every_event_carries_sixteen_bytes_of_its_own() -> None:
    salts = [event.salt for event in events_of_a_long_story()]
    assert len(salts) > 9
    assert len(set(salts)) == len(salts)
    assert all(len(bytes.fromhex(salt)) == 16 and salt != "0" * 32 for salt in salts)


def test_salts_come_from_the_moments_seed_alone() -> None:
    scenario = given(*first_course("2024-03-04", 4))
    command = RecordDose(on="2024-03-08", mg=12, source="claim", source_reference="CLM-1")
    moment = scenario.moment(NURSE)
    first, again = (decide(scenario.known, command, moment) for _ in range(2))
    assert [event.salt for event in first] == [event.salt for event in again]
    expected = [hashlib.sha256(moment.seed + number.to_bytes(4, "big")).hexdigest()[:32] for number in range(2)]
    assert [event.salt for event in first] == expected
    other = decide(scenario.known, command, replace(moment, seed=b"\1" * 32))
    assert not {event.salt for event in other} & {event.salt for event in first}


def test_all_events_of_a_command_share_its_moment() -> None:
    scenario = given(*first_course("2024-03-04"))
    last, completed = scenario.events[-2:]
    assert last.recorded_at == completed.recorded_at
    assert last.command_id == completed.command_id
    assert last.actor == completed.actor == NURSE


def test_ids_are_the_patients_and_an_ordinal() -> None:
    scenario = given(reported(), dose("2024-03-04"), dose("2024-03-05"), submitted(), submitted())
    assert [one.dose_id for one in scenario.known.doses] == [f"{PATIENT}.d1", f"{PATIENT}.d2"]
    assert [one.request_id for one in scenario.known.requests] == [f"{PATIENT}.r1", f"{PATIENT}.r2"]
    assert [one.report_id for one in scenario.known.reports] == [f"{PATIENT}.t1"]


# -- purity -----------------------------------------------------------------------------------


def impurities(source: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.split(".")[0] in FORBIDDEN_MODULES]
        elif isinstance(node, ast.ImportFrom):
            found += [f"{node.module}"] if (node.module or "").split(".")[0] in FORBIDDEN_MODULES else []
        elif isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            found += [name] if name in FORBIDDEN_CALLS else []
    return found


@pytest.mark.parametrize("path", PURE, ids=lambda path: path.stem)
def test_no_clock_no_uuid_no_randomness_no_files(path: Path) -> None:
    assert impurities(path.read_text()) == []


@pytest.mark.parametrize(
    "source",
    [
        "import os",
        "from random import random",
        "datetime.now()",
        "date.today()",
        "uuid4()",
        "uuid.uuid4()",
        "open('x')",
        "import time",
        "from eventsourcing.domain import Aggregate",
    ],
)
def test_the_check_sees_what_it_is_for(source: str) -> None:
    assert impurities(source)
