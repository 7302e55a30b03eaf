"""The reading half of a ledger: histories, events, and which patients changed since a position of the log.

The most recently used histories are cached, so that a command or a question folds only newer events. A history is
frozen, so all threads share it. A cached history may be older than the store, but never differs from it. A caller
therefore reads the newer events, or writes on the condition that there are none.
"""

from __future__ import annotations

import os
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from threading import Lock
from typing import TYPE_CHECKING, Final, TypeVar, cast, get_args
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from eventsourcing.application import Application
from eventsourcing.persistence import ApplicationRecorder, EventStore, InfrastructureFactory, Mapper
from eventsourcing.utils import Environment, EnvType

from domain.deadline_terms.table import BUILT_IN, DeadlineTable
from domain.events import PatientEvent
from domain.events.base import Event
from domain.events.patient import HistoryOpened, IndexEvent, Member
from domain.events.system import SystemEvent
from domain.history import fold
from domain.history.state import PatientHistory
from domain.ledger import schema
from domain.ledger.clocks.clock_check import ClockCheck, elapsed_of_machine
from domain.ledger.deadlines_file import deadlines_in
from domain.ledger.documents.store import DocumentStore, documents_of
from domain.ledger.encryption.keys import cipher_in
from domain.ledger.encryption.records import RecordCipher, RecordDamaged, key_id_of
from domain.ledger.event_store import EventMapper, PatientEvents
from domain.ledger.member_index import MemberIndex
from domain.ledger.members import Members
from domain.ledger.stores.backends import factory_at
from domain.ledger.stores.unavailable import StoreCondition
from domain.ledger.stores.urls import Address, address_of

if TYPE_CHECKING:
    from domain.ledger.stores.postgres_recorder import PostgresLedgerRecorder
    from domain.ledger.stores.sqlite_recorder import SQLiteLedgerRecorder

Clock = Callable[[], datetime]
Entropy = Callable[[int], bytes]

PAGE: Final = 500
"""The number of events or patients that are read together."""
HISTORIES_MAX: Final = 1024
"""The most histories that one process caches: about ten kilobytes each, a few hundred with many assessments."""
EARLIER_MAX: Final = 256
"""The most earlier versions that one process caches. A version shares most of its records with the later ones."""
STEP: Final = 200
"""The most events between two cached versions of a history that was folded from its first event."""
_EVENTS_TO_TEST_KEYS: Final = 3
"""The number of events at each end of the log with which the encryption keys are tested."""
_SYSTEM_TOPICS: Final = frozenset(one.TOPIC for one in (*get_args(IndexEvent), *get_args(SystemEvent)))


def utc_now() -> datetime:
    return datetime.now(UTC)


class HistoryCache:
    """A cache of histories by patient. Safe for threads. The least recently used history is removed first.

    Of a long history, earlier versions are cached too, so that a page of its audit trail folds few events.
    """

    def __init__(self, most: int = HISTORIES_MAX) -> None:
        self._size_max = most
        self._lock = Lock()
        self._histories: OrderedDict[UUID, PatientHistory] = OrderedDict()
        self._earlier: OrderedDict[tuple[UUID, int], PatientHistory] = OrderedDict()
        self.times_cleared = 0

    def __len__(self) -> int:
        return len(self._histories)

    def get(self, patient_id: UUID) -> PatientHistory | None:
        with self._lock:
            found = self._histories.get(patient_id)
            if found is not None:
                self._histories.move_to_end(patient_id)
        return found

    def get_by(self, patient_id: UUID, version: int) -> PatientHistory | None:
        """The latest cached version of a history up to `version`."""
        with self._lock:
            newest = self._histories.get(patient_id)
            if newest is not None and newest.version <= version:
                return newest
            versions = [one for patient, one in self._earlier if patient == patient_id and one <= version]
            if not versions:
                return None
            key = patient_id, max(versions)
            self._earlier.move_to_end(key)
            return self._earlier[key]

    def keep(self, history: PatientHistory, times_cleared: int | None = None) -> None:
        """Adds a history, unless a newer one is cached or the cache was cleared since `times_cleared` was read.

        A history that was read before a connection was lost may come from another server than the current one.
        """
        with self._lock:
            if times_cleared not in (None, self.times_cleared):
                return
            before = self._histories.get(history.patient_id)
            if before is None or before.version < history.version:
                if before is not None and (before.version - 1) // STEP < (history.version - 1) // STEP:
                    self._keep_earlier(before)
                self._histories[history.patient_id] = history
                self._histories.move_to_end(history.patient_id)
                if len(self._histories) > self._size_max:
                    self._histories.popitem(last=False)

    def keep_earlier(self, history: PatientHistory, times_cleared: int) -> None:
        """Adds an earlier version of a history, unless the cache was cleared since `times_cleared` was read."""
        with self._lock:
            if times_cleared == self.times_cleared:
                self._keep_earlier(history)

    def _keep_earlier(self, history: PatientHistory) -> None:
        key = history.patient_id, history.version
        self._earlier[key] = history
        self._earlier.move_to_end(key)
        if len(self._earlier) > EARLIER_MAX:
            self._earlier.popitem(last=False)

    def forget(self, patient_id: UUID | None = None) -> None:
        """Removes one history, or all of them.

        After a lost connection, the store may be another server, which never received the newest events.
        """
        with self._lock:
            if patient_id is None:
                self._histories.clear()
                self._earlier.clear()
                self.times_cleared += 1
            else:
                self._histories.pop(patient_id, None)
                for key in [one for one in self._earlier if one[0] == patient_id]:
                    del self._earlier[key]


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
        deadlines: DeadlineTable = BUILT_IN,
    ) -> None:
        self.cipher = cipher
        self.address = address
        self.zone = stored.zone
        self.deadlines = deadlines
        self.ledger_id = stored.ledger_id
        self._index_namespace = stored.index_namespace
        self._clock = clock
        self._entropy = entropy
        self._remembered = HistoryCache()
        self.commands: Counter[str] = Counter()
        """The commands that this process received, by their names, for the metrics."""
        super().__init__(settings)
        self.recorder.on_connection_lost(self._remembered.forget)
        self.index = MemberIndex(self.events, stored.index_namespace)
        self.members = Members(self.index, self.zone, self.history, is_complete=stored.compares_members)
        elapsed = elapsed_of_machine if clock is utc_now else None
        self.clock_check = ClockCheck(clock, elapsed, self.events, self.system_stream("clock"))
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

    @property
    def condition(self) -> StoreCondition:
        """The last write, and what the store counts, for readiness and metrics. It gives no record."""
        return self.recorder

    def now(self) -> datetime:
        """The current instant of the clock, in UTC."""
        return self._clock().astimezone(UTC)

    def instant_to_record(self) -> datetime:
        """The current instant for what is recorded now. Raises ClockNotTrusted if the machine's clock is doubtful."""
        return self.now() if self.clock_check.is_off else self.clock_check.instant()

    def today(self) -> date:
        """The current day in the plan's time zone."""
        return self.now().astimezone(self.zone).date()

    def system_stream(self, chapter: str) -> UUID:
        """The id of a stream of system events: `chapter` is `people`, `seal` or `clock`."""
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

    The encryption keys and the plan's deadlines come from the environment. Raises StoreError if there is no ledger, if
    its schema version differs, if a key is missing, or if the file of deadlines is invalid.
    """
    address = address_of(url)
    stored, deadlines = schema.read_settings(address), deadlines_in()
    return checked(LedgerReader(address, stored, clock=clock, cipher=cipher_in(), deadlines=deadlines))


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
