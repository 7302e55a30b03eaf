"""The events of one patient, whole or as they were known at a moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import cast
from uuid import UUID

from eventsourcing.persistence import EventStore

from domain import errors
from domain.events import HistoryOpened, PatientEvent


class PatientEvents(EventStore[UUID]):
    """The library's event store; called, it gives the events of one patient."""

    clock: Callable[[], datetime]

    def __call__(
        self, patient_id: UUID, *, through_version: int | None = None, known_at: datetime | None = None
    ) -> tuple[PatientEvent, ...]:
        """Oldest first; `known_at` keeps those that were recorded by then.

        Raises NotFound where there are none, or fewer than `through_version`, and InvalidCommand
        for a `known_at` in the future: what will be known then cannot be told.
        """
        events = cast("tuple[PatientEvent, ...]", tuple(self.get(patient_id, lte=through_version)))
        if not events or not isinstance(events[0], HistoryOpened):
            raise errors.NotFound("There is no such patient", field="patient_id", remedy="check the patient's id")
        if through_version is not None and events[-1].originator_version < through_version:
            raise errors.NotFound(
                f"The history has {events[-1].originator_version} events",
                field="through_version",
                remedy="send a version that is on record",
            )
        return events if known_at is None else self._recorded_by(known_at, events)

    def _recorded_by(self, instant: datetime, events: tuple[PatientEvent, ...]) -> tuple[PatientEvent, ...]:
        if instant.tzinfo is None:
            raise errors.InvalidCommand(
                "An instant needs its offset from UTC", field="known_at", remedy="send it like 2026-04-20T14:05:00Z"
            )
        # Recorded times may run ahead of a clock that was set back, and are known all the same.
        if instant > max(self.clock(), events[-1].recorded_at):
            raise errors.InvalidCommand(
                "known_at lies in the future", field="known_at", remedy="send an instant that has passed"
            )
        known = tuple(event for event in events if event.recorded_at <= instant)
        if not known:
            raise errors.NotFound(
                "Nothing was on record of this patient then", field="known_at", remedy="send a later instant"
            )
        return known
