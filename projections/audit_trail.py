"""Every state change: what happened, who did it, when it happened, when it was recorded, what it changed.

    evolve(trail, event) -> trail

What an event changed is found by comparing the state before and after it, never written by
hand, so that the trail can't claim a change that did not take place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from pydantic import JsonValue

from domain import history as histories
from domain.calendar import Instant
from domain.events import PatientEvent
from domain.events.base import ImportedFrom
from domain.facts import Fact
from domain.history.state import PatientHistory
from domain.people import Actor
from projections.state_snapshot import State, details, state


class StateChange(Fact):
    """One value of the record before and after; null is "was not there"."""

    what: str
    before: JsonValue
    after: JsonValue


class AuditEntry(Fact):
    """One event. `happened` is the day or instant that it is about, as ISO text."""

    version: int
    event: str
    happened: str
    recorded_at: Instant
    who: Actor
    command_id: UUID
    changed: tuple[StateChange, ...]
    details: dict[str, JsonValue]
    imported_from: ImportedFrom | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """The record as lists of named values."""

    state: State
    details: dict[str, State]


@dataclass(frozen=True, slots=True)
class AuditTrail:
    """The entries so far, the history that the next event meets, and how it reads."""

    entries: tuple[AuditEntry, ...] = ()
    history: PatientHistory | None = None
    reading: Reading = Reading({}, {})


ENVELOPE = {"recorded_at", "actor", "command_id", "salt", "imported_from"}


def audit_trail(events: Iterable[PatientEvent]) -> AuditTrail:
    trail = AuditTrail()
    for event in events:
        trail = evolve(trail, event)
    return trail


def evolve(trail: AuditTrail, event: PatientEvent) -> AuditTrail:
    after = histories.evolve(trail.history, event)
    reading = Reading(state(after), details(after))
    entry = AuditEntry(
        version=event.originator_version,
        event=event.TOPIC,
        happened=event.happened.isoformat(),
        recorded_at=event.recorded_at,
        who=event.actor,
        command_id=event.command_id,
        changed=_changed(trail.reading, reading),
        details=event.model_dump(mode="json", exclude=ENVELOPE),
        imported_from=event.imported_from,
    )
    return AuditTrail((*trail.entries, entry), after, reading)


def _changed(before: Reading, after: Reading) -> tuple[StateChange, ...]:
    changes = list(_changes(before.state, after.state))
    for entry, facts in before.details.items():
        if facts != after.details.get(entry):
            was = {f"{entry}: {name}": value for name, value in facts.items()}
            is_now = {f"{entry}: {name}": value for name, value in after.details.get(entry, {}).items()}
            changes += _changes(was, is_now)
    return tuple(changes)


def _changes(before: State, after: State) -> Iterator[StateChange]:
    for name in [*after, *(name for name in before if name not in after)]:
        if before.get(name) != after.get(name):
            yield StateChange(what=name, before=before.get(name), after=after.get(name))
