"""The audit trail: for each event, what happened and when, who recorded it and when, and what it changed.

The changes are computed by comparing the state before the event with the state after it. They are never written
by hand, so the trail cannot claim a change that did not happen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from uuid import UUID

from pydantic import JsonValue

from domain.calendar import Instant
from domain.events import PatientEvent
from domain.events.base import ImportedFrom
from domain.facts import FrozenModel
from domain.history import evolve
from domain.history.state import PatientHistory
from domain.people import Actor
from projections.state_changes import StateChange, StateChanges


class AuditEntry(FrozenModel):
    """One event. `happened` is the day or instant on which it happened, as ISO 8601 text."""

    version: int
    event: str
    happened: str
    recorded_at: Instant
    who: Actor
    command_id: UUID
    changed: tuple[StateChange, ...]
    details: dict[str, JsonValue]
    imported_from: ImportedFrom | None = None


ENVELOPE = {"recorded_at", "actor", "command_id", "salt", "imported_from", "clock_at"}
"""Fields of an event that `details` leaves out: the entry has its own fields for them, except for the salt."""


def audit_trail(events: Iterable[PatientEvent], before: PatientHistory | None = None) -> tuple[AuditEntry, ...]:
    """Returns one entry for each event, oldest first. The events follow `before`, or start the history."""
    return tuple(_entries(events, before))


def _entries(events: Iterable[PatientEvent], history: PatientHistory | None) -> Iterator[AuditEntry]:
    changes = StateChanges(history)
    for event in events:
        history = evolve(history, event)
        yield AuditEntry(
            version=event.originator_version,
            event=event.TOPIC,
            happened=event.happened.isoformat(),
            recorded_at=event.at,
            who=event.actor,
            command_id=event.command_id,
            changed=changes.next(history),
            details=event.model_dump(mode="json", exclude=ENVELOPE),
            imported_from=event.imported_from,
        )
