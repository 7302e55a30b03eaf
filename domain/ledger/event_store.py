"""The events of one patient, whole or as they were known at a moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from eventsourcing.persistence import EventStore

from domain import errors
from domain.events import PatientEvent
from domain.events.patient import HistoryOpened
from domain.ledger.mapper import EventMapper

if TYPE_CHECKING:
    from domain.ledger.stores.postgres_recorder import PostgresLedgerRecorder
    from domain.ledger.stores.sqlite_recorder import SQLiteLedgerRecorder


class PatientEvents(EventStore[UUID]):
    """The library's event store; called, it gives the events of one patient."""

    mapper: EventMapper
    recorder: SQLiteLedgerRecorder | PostgresLedgerRecorder
    clock: Callable[[], datetime]

    def __call__(
        self, patient_id: UUID, *, through_version: int | None = None, known_at: datetime | None = None
    ) -> tuple[PatientEvent, ...]:
        """Oldest first; `known_at` keeps those that were recorded by then.

        Raises NotFound where there are none, or fewer than `through_version`, and InvalidCommand
        for a `known_at` in the future: what will be known then cannot be told.
        """
        events = self._decoded(patient_id, self.recorder.rows_of(patient_id, last=through_version))
        if not events or not isinstance(events[0], HistoryOpened):
            raise errors.NotFound("The patient was not found", field="patient_id", remedy="check the patient id")
        if through_version is not None and events[-1].originator_version < through_version:
            raise errors.NotFound(
                f"The record has {events[-1].originator_version} events",
                field="through_version",
                remedy="send a version from 1 to that number",
            )
        return events if known_at is None else self._recorded_by(known_at, events)

    def since(self, patient_id: UUID, version: int) -> tuple[PatientEvent, ...] | None:
        """What came after a version; None where that version itself is not on record."""
        rows = self.recorder.rows_of(patient_id, first=version)
        if not rows or rows[0][0] != version:
            return None
        return self._decoded(patient_id, rows[1:])

    def between(self, patient_id: UUID, first: int, last: int) -> tuple[PatientEvent, ...]:
        """Those of some versions, both included."""
        return self._decoded(patient_id, self.recorder.rows_of(patient_id, first, last))

    def of_each(self, patient_ids: Sequence[UUID]) -> Iterator[tuple[UUID, tuple[PatientEvent, ...] | Exception]]:
        """Of several at once; in place of events that do not decode stands why."""
        for patient_id, rows in self.recorder.rows_of_each(patient_ids):
            try:
                yield patient_id, self._decoded(patient_id, rows)
            except Exception as error:
                yield patient_id, error

    def _decoded(self, patient_id: UUID, rows: Sequence[tuple[int, str, bytes]]) -> tuple[PatientEvent, ...]:
        event_of = self.mapper.event_of
        return tuple([event_of(patient_id, version, topic, state) for version, topic, state in rows])

    def _recorded_by(self, instant: datetime, events: tuple[PatientEvent, ...]) -> tuple[PatientEvent, ...]:
        if instant.tzinfo is None:
            raise errors.InvalidCommand(
                "The time needs an offset from UTC", field="known_at", remedy="send the time as in 2026-04-20T14:05:00Z"
            )
        # Recorded times may run ahead of a clock that was set back, and are known all the same.
        if instant > max(self.clock(), events[-1].recorded_at):
            raise errors.InvalidCommand("known_at is in the future", field="known_at", remedy="send a time in the past")
        known = tuple(event for event in events if event.recorded_at <= instant)
        if not known:
            raise errors.NotFound(
                "Nothing was on record for this patient at that time", field="known_at", remedy="send a later time"
            )
        return known
