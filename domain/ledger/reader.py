"""What a ledger is asked: histories, events, who changed since. It knows the store, and the clock for its "now"."""

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

from domain.events import PatientEvent
from domain.events.base import Event
from domain.events.patient import HistoryOpened, IndexEvent, Member
from domain.events.system import KeepingEvent
from domain.history import fold
from domain.history.state import PatientHistory
from domain.ledger import schema
from domain.ledger.documents.store import DocumentStore, documents_of
from domain.ledger.encryption.keys import cipher_in
from domain.ledger.encryption.records import RecordCipher, RecordDamaged, key_id_of
from domain.ledger.event_store import PatientEvents
from domain.ledger.history_cache import Histories
from domain.ledger.mapper import EventMapper
from domain.ledger.member_index import MemberIndex
from domain.ledger.stores.backends import factory_at
from domain.ledger.stores.urls import Address, address_of

if TYPE_CHECKING:
    from domain.ledger.stores.postgres_recorder import PostgresLedgerRecorder
    from domain.ledger.stores.sqlite_recorder import SQLiteLedgerRecorder

Clock = Callable[[], datetime]
Entropy = Callable[[int], bytes]

PAGE: Final = 500
_TRIED: Final = 3
"""Events at each end of the log by which the keys are tried."""
_OF_NO_PATIENT: Final = frozenset(one.TOPIC for one in (*get_args(IndexEvent), *get_args(KeepingEvent)))


def utc_now() -> datetime:
    return datetime.now(UTC)


L = TypeVar("L", bound="LedgerReader")


class LedgerReader(Application[UUID]):
    """The half of a ledger that reads. Safe for threads."""

    name = ""
    zone: ZoneInfo
    ledger_id: UUID
    events: PatientEvents
    documents: DocumentStore
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
        self._remembered = Histories()
        super().__init__(settings)
        self.recorder.whenever_connection_is_lost(self._remembered.forget)
        self._index = MemberIndex(self.events, stored.index_namespace)
        self.documents = documents_of(self.recorder.datastore, cipher)

    def close(self) -> None:
        self.recorder.close()
        super().close()

    def history(
        self, patient_id: UUID, *, through_version: int | None = None, known_at: datetime | None = None
    ) -> PatientHistory:
        """Raises NotFound; the limits are those of `events`. Of now, only what came since the last time is read."""
        if through_version is not None or known_at is not None:
            return folded(self.events(patient_id, through_version=through_version, known_at=known_at))
        times_forgotten, before = self._remembered.times_forgotten, self._remembered.get(patient_id)
        later = self.events.since(patient_id, before.version) if before is not None else None
        if before is not None and later is None:
            # The store was set back to before it: what is remembered never was.
            self._remembered.forget(patient_id)
            before = None
        if before is None or later is None:
            history = folded(self.events(patient_id))
        elif later:
            history = folded(later, before)
        else:
            return before
        self._remembered.keep(history, times_forgotten)
        return history

    def histories(self, patient_ids: Sequence[UUID]) -> Iterator[tuple[UUID, PatientHistory | Exception]]:
        """Of several at once, read together and not remembered; for one that can't be folded, why."""
        for patient_id, events in self.events.of_each(patient_ids):
            try:
                yield patient_id, events if isinstance(events, Exception) else folded(events)
            except Exception as error:
                yield patient_id, error

    def find(self, member: Member) -> UUID | None:
        """The patient to whose history this member id leads now."""
        return self._index.entry(member).patient_id

    def patients(self) -> Iterator[UUID]:
        """Every patient, in the order in which their histories were opened."""
        position = 0
        while page := self.recorder.opened_since(position, HistoryOpened.TOPIC, PAGE):
            yield from (patient_id for _, patient_id in page)
            position = page[-1][0]

    def changed_since(self, position: int, limit: int = PAGE) -> tuple[tuple[UUID, ...], int]:
        """Whose histories the next `limit` events of the log changed, each patient once, and the position after them.

        The log begins after position 0; at its end nobody has changed, and the position stays.
        """
        page = self.recorder.changed_since(position, limit)
        changed = (patient_id for _, patient_id, topic in page if topic not in _OF_NO_PATIENT)
        return tuple(dict.fromkeys(changed)), page[-1][0] if page else position

    def events_since(self, position: int, limit: int = PAGE) -> Iterator[tuple[int, Event]]:
        """The next `limit` events of everybody after a position, each with its own, in the order of their commits."""
        event_of = self.events.mapper.event_of
        for number, stream, version, topic, state in self.recorder.log(position, limit):
            yield number, event_of(stream, version, topic, state)

    def wait_beyond(self, position: int, timeout: float) -> int:
        """The last position of the log, as soon as it lies beyond this one, or when the seconds are over."""
        return self.recorder.wait_beyond(position, timeout)

    def check_keys(self) -> None:
        """Raises EncryptionKeyUnknown or RecordDamaged where the first or last events ask for keys that don't open any.

        One that was altered is for `verify` to tell; a wrong key under a right id opens nothing at all.
        """
        opens: dict[str, bool] = {}
        for before in (0, max(0, self.position() - _TRIED)):
            for *_, state in self.recorder.log(before, _TRIED):
                key_id = key_id_of(state)
                if key_id is not None:
                    opens[key_id] = self.events.mapper.opens(state) or opens.get(key_id, False)
        for key_id, does in opens.items():
            if not does:
                raise RecordDamaged(key_id)

    def position(self) -> int:
        """Of the last event of the log; 0 where there is none."""
        return self.recorder.max_notification_id() or 0

    def is_empty(self) -> bool:
        """Whether no history was ever opened; who may sign in, and what else it keeps of itself, counts for nothing."""
        return not self.recorder.opened_since(0, HistoryOpened.TOPIC, 1)

    def now(self) -> datetime:
        """The clock's instant, in UTC."""
        return self._clock().astimezone(UTC)

    def today(self) -> date:
        """The calendar day in the plan's zone."""
        return self.now().astimezone(self.zone).date()

    def keeping_stream(self, chapter: str) -> UUID:
        """The stream of a chapter of the ledger's own keeping: `people` or `seal`."""
        # An index stream's name never begins with a NUL.
        return uuid5(self._index_namespace, f"\0keeping\0{chapter}")

    # -- how the library builds its parts -----------------------------------------------------

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        # The library would add the process's environment, which could turn the store over.
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
    """The ledger at `url`, only to read from it: without the commands and decisions, which are slow to import.

    The keys of its cipher are those that the environment refers to. Raises StoreError: there is no ledger, it has
    another schema version, or a key is missing.
    """
    address = address_of(url)
    return checked(LedgerReader(address, schema.read_settings(address), clock=clock, cipher=cipher_in()))


def checked(ledger: L) -> L:
    """The ledger itself, after `check_keys`; closed where that raises."""
    try:
        ledger.check_keys()
    except BaseException:
        ledger.close()
        raise
    return ledger


def folded(events: Sequence[PatientEvent], before: PatientHistory | None = None) -> PatientHistory:
    history = fold(events, before)
    assert history is not None, "a history begins with its opening"
    return history
