"""The access log as it is in the store, with its digests among the events."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

from domain.events.system import AccessesRecorded
from domain.ledger.application import Ledger
from domain.people import Actor
from domain.permissions.disclosure import Access, NewAccess, View, digest_of
from tests.story import NURSE

PATIENT = UUID("11111111-2222-4333-8444-555555555555")


class Stored(NamedTuple):
    register: UUID
    number: int
    access: Access
    row: str


def look(
    number: int | str = 0, *, actor: Actor = NURSE, view: View = "eligibility", patient_id: UUID | None = PATIENT
) -> NewAccess:
    """What is given stands in its subject, by which a test finds it again."""
    return NewAccess(actor, view, patient_id, f"look-{number}", None, "api", "127.0.0.1")


def stored(ledger: Ledger) -> list[Stored]:
    """Every row, by register and number."""
    with ledger.recorder.datastore.transaction(commit=False) as cursor:
        cursor.execute("SELECT register, number, row FROM accesses ORDER BY 1, 2")
        found = [tuple(dict(one).values()) for one in cursor.fetchall()]
    return [
        Stored(UUID(str(register)), number, Access.model_validate_json(row), row) for register, number, row in found
    ]


def subjects(ledger: Ledger) -> list[str]:
    return sorted(str(one.access.subject) for one in stored(ledger))


def digests(ledger: Ledger) -> list[AccessesRecorded]:
    """In the order of the log."""
    found, position = [], 0
    while page := list(ledger.events_since(position)):
        found += [event for _, event in page if isinstance(event, AccessesRecorded)]
        position = page[-1][0]
    return found


def check_digests(ledger: Ledger) -> None:
    """Every row is behind exactly one digest, every digest has all of its rows, and registers have no gap."""
    rows, events = settled(ledger)
    covered: set[tuple[UUID, int]] = set()
    ends: dict[UUID, tuple[int, int]] = {}
    for event in events:
        register = event.originator_id
        assert (event.originator_version, event.first) == tuple(end + 1 for end in ends.get(register, (0, 0)))
        places = [(register, number) for number in range(event.first, event.first + event.count)]
        assert digest_of(rows[place] for place in places) == event.rows_sha256
        assert covered.isdisjoint(places)
        covered.update(places)
        ends[register] = event.originator_version, event.first + event.count - 1
    assert covered == rows.keys()


def settled(ledger: Ledger) -> tuple[dict[tuple[UUID, int], str], list[AccessesRecorded]]:
    """Rows and digests of one state: a PostgreSQL server may still commit for a client that was killed."""
    while True:
        before, events = stored(ledger), digests(ledger)
        if stored(ledger) == before:
            return {(one.register, one.number): one.row for one in before}, events


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)
