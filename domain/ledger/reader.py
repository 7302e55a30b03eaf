"""The reading half of a ledger: histories, events, and which patients changed since a position of the log."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final, TypeVar, cast, get_args
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from eventsourcing.application import Application
from eventsourcing.persistence import ApplicationRecorder, EventStore, InfrastructureFactory, Mapper
from eventsourcing.utils import Environment, EnvType

from domain import errors
from domain.events import PatientEvent
from domain.events.base import Event
from domain.events.patient import HistoryOpened, IndexEvent, Member
from domain.events.system import SystemEvent
from domain.history import fold
from domain.history.state import PatientHistory
from domain.ledger import schema
from domain.ledger.documents.store import DocumentStore, documents_of
from domain.ledger.encryption.keys import cipher_in
from domain.ledger.encryption.records import RecordCipher, RecordDamaged, key_id_of
from domain.ledger.history_cache import STEP, HistoryCache
from domain.ledger.mapper import EventMapper
from domain.ledger.member_index import MemberIndex
from domain.ledger.members import Members
from domain.ledger.stores.backends import factory_at
from domain.ledger.stores.urls import Address, address_of

if TYPE_CHECKING:
    from domain.ledger.stores.postgres_recorder import PostgresLedgerRecorder
    from domain.ledger.stores.sqlite_recorder import SQLiteLedgerRecorder

Clock = Callable[[], datetime]
Entropy = Callable[[int], bytes]

PAGE: Final = 500
"""The number of events or patients that are read together."""
_EVENTS_TO_TEST_KEYS: Final = 3
"""The number of events at each end of the log with which the encryption keys are tested."""
_SYSTEM_TOPICS: Final = frozenset(one.TOPIC for one in (*get_args(IndexEvent), *get_args(SystemEvent)))


def utc_now() -> datetime:
    return datetime.now(UTC)


class PatientEvents(EventStore[UUID]):
    """The library's event store. A call of the object returns the events of one patient."""

    mapper: EventMapper
    recorder: SQLiteLedgerRecorder | PostgresLedgerRecorder
    clock: Clock

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

    def since(self, patient_id: UUID, version: int, last: int | None = None) -> tuple[PatientEvent, ...] | None:
        """The events after a version, up to version `last`; None if the first version itself is not on record."""
        rows = self.recorder.rows_of(patient_id, first=version, last=last)
        if not rows or rows[0][0] != version:
            return None
        return self._decoded(patient_id, rows[1:])

    def between(self, patient_id: UUID, first: int, last: int) -> tuple[PatientEvent, ...]:
        """The events from version `first` to version `last`, both included."""
        return self._decoded(patient_id, self.recorder.rows_of(patient_id, first, last))

    def versions_of_command(self, event: PatientEvent) -> range:
        """The versions of all events of the command that recorded this event. They follow one another."""

        def is_of_command(version: int) -> bool:
            return any(one.command_id == event.command_id for one in self.between(event.patient_id, version, version))

        first = last = event.originator_version
        while first > 1 and is_of_command(first - 1):
            first -= 1
        while is_of_command(last + 1):
            last += 1
        return range(first, last + 1)

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


L = TypeVar("L", bound="LedgerReader")


class LedgerReader(Application[UUID]):
    """The reading half of a ledger. Safe for threads.

    `stored` are the settings that the ledger was created with. `clock` returns the current instant, and `entropy`
    random bytes.
    """

    name = ""
    zone: ZoneInfo
    ledger_id: UUID
    events: PatientEvents
    documents: DocumentStore
    index: MemberIndex
    members: Members
    recorder: SQLiteLedgerRecorder | PostgresLedgerRecorder

    def __init__(
        self,
        address: Address,
        stored: schema.Settings,
        *,
        clock: Clock = utc_now,
        entropy: Entropy = os.urandom,
        settings: Mapping[str, str] | None = None,
        cipher: RecordCipher | None = None,
    ) -> None:
        self.cipher = cipher
        self.address = address
        self.zone = stored.zone
        self.ledger_id = stored.ledger_id
        self._index_namespace = stored.index_namespace
        self._clock = clock
        self._entropy = entropy
        self._remembered = HistoryCache()
        super().__init__(settings)
        self.recorder.on_connection_lost(self._remembered.forget)
        self.index = MemberIndex(self.events, stored.index_namespace)
        self.members = Members(self.index, self.zone, self.history, is_complete=stored.compares_members)
        self.documents = documents_of(self.recorder.datastore, cipher)

    def close(self) -> None:
        self.recorder.close()
        super().close()

    def history(
        self, patient_id: UUID, *, through_version: int | None = None, known_at: datetime | None = None
    ) -> PatientHistory:
        """The state of a patient, with the same limits as `events`. Raises NotFound and InvalidCommand.

        Without a limit, or with a version as the only limit, only the events after a cached history are read.
        """
        if known_at is not None:
            return folded(self.events(patient_id, through_version=through_version, known_at=known_at))
        if through_version is not None:
            return self._earlier_history(patient_id, through_version)
        times_cleared, before = self._remembered.times_cleared, self._remembered.get(patient_id)
        later = self.events.since(patient_id, before.version) if before is not None else None
        if before is not None and later is None:
            # The store was restored to an earlier state, so the cached history is no longer valid.
            self._remembered.forget(patient_id)
            before = None
        if before is not None and not later:
            return before
        for history in _in_steps(later or self.events(patient_id), before):
            self._remembered.keep(history, times_cleared)
        return history

    def _earlier_history(self, patient_id: UUID, version: int) -> PatientHistory:
        """The history at a version, from the latest cached version up to it."""
        times_cleared, before = self._remembered.times_cleared, self._remembered.get_by(patient_id, version)
        later = self.events.since(patient_id, before.version, version) if before is not None else None
        if before is None or later is None or before.version + len(later) != version:
            before, later = None, self.events(patient_id, through_version=version)
        elif not later:
            return before
        for history in _in_steps(later, before):
            self._remembered.keep_earlier(history, times_cleared)
        return history

    def histories(self, patient_ids: Sequence[UUID]) -> Iterator[tuple[UUID, PatientHistory | Exception]]:
        """The states of several patients, read together and not cached; an error in place of a state that fails."""
        for patient_id, events in self.events.of_each(patient_ids):
            try:
                yield patient_id, events if isinstance(events, Exception) else folded(events)
            except Exception as error:
                yield patient_id, error

    def find(self, member: Member, *, on: date | None = None) -> UUID | None:
        """The current patient of this member ID, or None; see `Members.find`. Raises Conflict."""
        return self.members.find(member, on)

    def patients(self) -> Iterator[UUID]:
        """The id of every patient, in the order in which the histories were opened."""
        position = 0
        while page := self.recorder.opened_since(position, HistoryOpened.TOPIC, PAGE):
            yield from (patient_id for _, patient_id in page)
            position = page[-1][0]

    def changed_since(self, position: int, limit: int = PAGE) -> tuple[tuple[UUID, ...], int]:
        """The patients that the next `limit` events of the log changed, each once, and the position of the last event.

        The log starts after position 0. At its end, there are no patients, and the position is the same.
        """
        page = self.recorder.changed_since(position, limit)
        changed = (patient_id for _, patient_id, topic in page if topic not in _SYSTEM_TOPICS)
        return tuple(dict.fromkeys(changed)), page[-1][0] if page else position

    def events_since(self, position: int, limit: int = PAGE) -> Iterator[tuple[int, Event]]:
        """The next `limit` events of the log after a position, each with its position, in the order of the commits."""
        event_of = self.events.mapper.event_of
        for number, stream, version, topic, state in self.recorder.log(position, limit):
            yield number, event_of(stream, version, topic, state)

    def wait_beyond(self, position: int, timeout: float) -> int:
        """Waits until the log has an event after `position`, or for `timeout` seconds. Returns the last position."""
        return self.recorder.wait_beyond(position, timeout)

    def check_keys(self) -> None:
        """Tests the encryption keys with the first and the last events of the log.

        Raises EncryptionKeyUnknown if a key is missing, and RecordDamaged if a key decrypts none of these events.
        A wrong key under the right id decrypts nothing. A single altered event is reported by `verify`, not here.
        """
        can_decrypt: dict[str, bool] = {}
        for before in (0, max(0, self.position() - _EVENTS_TO_TEST_KEYS)):
            for *_, state in self.recorder.log(before, _EVENTS_TO_TEST_KEYS):
                key_id = key_id_of(state)
                if key_id is not None:
                    can_decrypt[key_id] = self.events.mapper.can_decrypt(state) or can_decrypt.get(key_id, False)
        for key_id, does in can_decrypt.items():
            if not does:
                raise RecordDamaged(key_id)

    def position(self) -> int:
        """The position of the last event of the log; 0 if the log is empty."""
        return self.recorder.max_notification_id() or 0

    def is_empty(self) -> bool:
        """Whether no history was ever opened. Users and other system events do not count."""
        return not self.recorder.opened_since(0, HistoryOpened.TOPIC, 1)

    def now(self) -> datetime:
        """The current instant of the clock, in UTC."""
        return self._clock().astimezone(UTC)

    def today(self) -> date:
        """The current day in the plan's time zone."""
        return self.now().astimezone(self.zone).date()

    def system_stream(self, chapter: str) -> UUID:
        """The id of a stream of system events: `chapter` is `people` or `seal`."""
        # The name of an index stream never starts with a NUL, so the two kinds can't collide.
        return uuid5(self._index_namespace, f"\0keeping\0{chapter}")

    # -- called by the library to build its parts ---------------------------------------------

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        # The library would add the environment of the process, which could select another store.
        return Environment(name, env)

    def construct_factory(self, env: Environment) -> InfrastructureFactory:
        return cast("InfrastructureFactory", factory_at(self.address, env))

    def construct_mapper(self) -> Mapper[UUID]:
        return EventMapper(self.factory.compressor(), self.factory.cipher() or self.cipher)

    def construct_recorder(self) -> ApplicationRecorder:
        return self.factory.application_recorder()

    def construct_event_store(self) -> EventStore[UUID]:
        store = PatientEvents(self.mapper, self.recorder)
        store.clock = self._clock
        return store


def open_to_read(url: str, *, clock: Clock = utc_now) -> LedgerReader:
    """Opens the ledger at `url` for reading, without importing commands and decisions, which are slow to import.

    The encryption keys come from the environment. Raises StoreError if there is no ledger, if its schema version
    differs, or if a key is missing.
    """
    address = address_of(url)
    return checked(LedgerReader(address, schema.read_settings(address), clock=clock, cipher=cipher_in()))


def checked(ledger: L) -> L:
    """The ledger itself, after `check_keys`. If that raises, the ledger is closed."""
    try:
        ledger.check_keys()
    except BaseException:
        ledger.close()
        raise
    return ledger


def _in_steps(events: Sequence[PatientEvent], before: PatientHistory | None) -> Iterator[PatientHistory]:
    """The state after every `STEP` events, and at last the state after all of them."""
    for first in range(0, len(events), STEP):
        before = folded(events[first : first + STEP], before)
        yield before


def folded(events: Sequence[PatientEvent], before: PatientHistory | None = None) -> PatientHistory:
    """The state after the events, which follow the state `before` or start the history."""
    history = fold(events, before)
    assert history is not None, "a history begins with its opening"
    return history
