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
from domain.events import ImportedFrom, PatientEvent
from domain.facts import Fact
from domain.history import PatientHistory
from domain.people import Actor
from projections.recorded_state import State, details, state


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
class AuditTrail:
    """The entries so far, and the state that the next event meets."""

    entries: tuple[AuditEntry, ...] = ()
    state: PatientHistory | None = None


ENVELOPE = {"recorded_at", "actor", "command_id", "salt", "imported_from"}


def audit_trail(events: Iterable[PatientEvent]) -> AuditTrail:
    trail = AuditTrail()
    for event in events:
        trail = evolve(trail, event)
    return trail


def evolve(trail: AuditTrail, event: PatientEvent) -> AuditTrail:
    after = histories.evolve(trail.state, event)
    entry = AuditEntry(
        version=event.originator_version,
        event=event.TOPIC,
        happened=event.happened.isoformat(),
        recorded_at=event.recorded_at,
        who=event.actor,
        command_id=event.command_id,
        changed=_changed(trail.state, after),
        details=event.model_dump(mode="json", exclude=ENVELOPE),
        imported_from=event.imported_from,
    )
    return AuditTrail((*trail.entries, entry), after)


def _changed(before: PatientHistory | None, after: PatientHistory) -> tuple[StateChange, ...]:
    was, is_ = state(before), state(after)
    changes = list(_changes(was, is_))
    of_before, of_after = details(before), details(after)
    for entry in of_before:
        named = {place: {f"{entry}: {name}": value for name, value in facts.get(entry, {}).items()}
                 for place, facts in (("was", of_before), ("is", of_after))}  # fmt: skip
        changes += _changes(named["was"], named["is"])
    return tuple(changes)


def _changes(before: State, after: State) -> Iterator[StateChange]:
    for name in [*after, *(name for name in before if name not in after)]:
        if before.get(name) != after.get(name):
            yield StateChange(what=name, before=before.get(name), after=after.get(name))
