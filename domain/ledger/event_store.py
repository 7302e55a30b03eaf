"""The stored events of one patient, all of them or those that were recorded by an instant."""

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
    """The library's event store. A call of the object returns the events of one patient."""

    mapper: EventMapper
    recorder: SQLiteLedgerRecorder | PostgresLedgerRecorder
    clock: Callable[[], datetime]

    def __call__(
        self, patient_id: UUID, *, through_version: int | None = None, known_at: datetime | None = None
    ) -> tuple[PatientEvent, ...]:
        """The events of a patient, oldest first, up to `through_version`, and recorded at or before `known_at`.

        Raises NotFound if there are no events or fewer than `through_version`, and InvalidCommand if `known_at` is
        in the future or has no offset from UTC.
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
        """The events after a version; None if that version itself is not on record."""
        rows = self.recorder.rows_of(patient_id, first=version)
        if not rows or rows[0][0] != version:
            return None
        return self._decoded(patient_id, rows[1:])

    def between(self, patient_id: UUID, first: int, last: int) -> tuple[PatientEvent, ...]:
        """The events from version `first` to version `last`, both included."""
        return self._decoded(patient_id, self.recorder.rows_of(patient_id, first, last))

    def of_each(self, patient_ids: Sequence[UUID]) -> Iterator[tuple[UUID, tuple[PatientEvent, ...] | Exception]]:
        """The events of several patients. If the events of a patient can't be decoded, the error takes their place."""
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
        # If the clock was set back, recorded times may be ahead of it. Such events are known nevertheless.
        if instant > max(self.clock(), events[-1].recorded_at):
            raise errors.InvalidCommand("known_at is in the future", field="known_at", remedy="send a time in the past")
        known = tuple(event for event in events if event.recorded_at <= instant)
        if not known:
            raise errors.NotFound(
                "Nothing was on record for this patient at that time", field="known_at", remedy="send a later time"
            )
        return known
