"""The events of patients as they are stored: the conversion to bytes and back, and the events of one patient.

pydantic-core writes the bytes as JSON, without the fields of the row's key. The topic of an event is the `TOPIC` of its
class. An unknown topic is refused and never imported. A class at version N > 1 stores `"class_version": N` as the first
key. Bytes of an older version are converted by the static methods `upcast_v1_v2(state)`, `upcast_v2_v3(state)` and so
on of the class, each of which changes the state in place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import (
    Cipher,
    Compressor,
    EventStore,
    JSONTranscoder,
    Mapper,
    MapperDeserialisationError,
    StoredEvent,
)
from eventsourcing.utils import register_topic
from pydantic import ValidationError
from pydantic_core import from_json, to_json

from domain import errors
from domain.events import STORED_EVENTS, PatientEvent
from domain.events.base import Event
from domain.events.patient import HistoryOpened
from domain.frozen import set_fields
from domain.ledger.encryption.records import EncryptionKeyUnknown, RecordCipher, RecordDamaged, key_id_of

if TYPE_CHECKING:
    from domain.ledger.stores.postgres_recorder import PostgresLedgerRecorder
    from domain.ledger.stores.sqlite_recorder import SQLiteLedgerRecorder

CLASS_VERSION: Final = "class_version"

for _event_class in STORED_EVENTS:
    register_topic(_event_class.TOPIC, _event_class)


def with_versions(events: Sequence[PatientEvent], patient_id: UUID, first_version: int) -> tuple[PatientEvent, ...]:
    """The new events with their places in the history, which no other code refers to yet."""
    return tuple(
        set_fields(event, originator_id=patient_id, originator_version=version)
        for version, event in enumerate(events, first_version)
    )


class EventMapper(Mapper[UUID]):
    """Reads and writes the events of `event_classes`, and no others."""

    def __init__(
        self,
        compressor: Compressor | None = None,
        cipher: Cipher | None = None,
        event_classes: Iterable[type[Event]] = STORED_EVENTS,
    ) -> None:
        super().__init__(JSONTranscoder(), compressor, cipher)
        self.class_of_topic = {event_class.TOPIC: event_class for event_class in event_classes}
        self._decoders: dict[str, Callable[[bytes], Event]] = {}

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        event_class = type(domain_event)
        topic: str = getattr(event_class, "TOPIC", event_class.__qualname__)
        if not isinstance(domain_event, Event) or self.class_of_topic.get(topic) is not event_class:
            raise TypeError(f"{event_class.__qualname__} is not a stored event: list it in STORED_EVENTS")
        state: bytes = event_class.__pydantic_serializer__.to_json(domain_event)
        if domain_event.class_version > 1:
            state = _version_prefix(domain_event.class_version) + state[1:]
        if self.compressor:
            state = self.compressor.compress(state)
        if self.cipher:
            state = self.cipher.encrypt(state)
        return StoredEvent(domain_event.originator_id, domain_event.originator_version, topic, state)

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        originator_id = stored_event.originator_id
        assert isinstance(originator_id, UUID)
        return self.event_of(originator_id, stored_event.originator_version, stored_event.topic, stored_event.state)

    def event_of(self, originator_id: UUID, version: int, topic: str, state: bytes) -> Any:
        """The event of a row, without the library's wrapper object.

        Raises MapperDeserialisationError, whose text contains no data of the event, and EncryptionKeyUnknown.
        """
        # The error is raised outside of the handlers, so that it has no cause that contains a patient's data.
        try:
            decode = self._decoders.get(topic) or self._decoder(topic)
            return set_fields(decode(state), originator_id=originator_id, originator_version=version)
        except EncryptionKeyUnknown:
            raise
        except ValidationError as invalid:
            problem = ", ".join(sorted({one["type"] for one in invalid.errors(include_input=False)}))
        except RecordDamaged as damaged:
            problem = f"it can't be decrypted with the key {damaged.key_id!r}"
        except Exception as failure:
            problem = type(failure).__name__
        if self.cipher is None:
            self.refuse_unknown_key(state)
        known = topic in self.class_of_topic
        cause = f"its bytes do not decode ({problem})" if known else "its topic is unknown to this program"
        raise MapperDeserialisationError(f"Stored event {topic!r} at version {version} of {originator_id}: {cause}")

    def _decoder(self, topic: str) -> Callable[[bytes], Event]:
        """The function that decodes the events of a topic: pydantic-core's validator alone, where that is enough.

        It is created with the first event of a class, because the validator is built then and most commands read
        events of few classes.
        """
        event_class = self.class_of_topic[topic]
        if event_class.class_version == 1 and not self.cipher and not self.compressor:
            # A class at its first version forbids "class_version", as it forbids any unknown key.
            self._decoders[topic] = event_class.__pydantic_validator__.validate_json
        else:
            self._decoders[topic] = lambda state: _decoded(event_class, self.plain_state(state))
        return self._decoders[topic]

    def plain_state(self, state: bytes) -> bytes:
        """The JSON in stored bytes, decrypted and decompressed. Seals and exports cover these bytes.

        Raises EncryptionKeyUnknown and RecordDamaged.
        """
        if self.cipher is None:
            self.refuse_unknown_key(state)
        else:
            state = self.cipher.decrypt(state)
        if self.compressor:
            state = self.compressor.decompress(state)
        return state

    def can_decrypt(self, state: bytes) -> bool:
        """Whether the key that a record names decrypts it. Raises EncryptionKeyUnknown if the key is missing."""
        try:
            self.plain_state(state)
        except RecordDamaged:
            return False
        return True

    def refuse_unknown_key(self, state: bytes) -> None:
        """Raises EncryptionKeyUnknown if a record names a key that this program does not have.

        Without this check, a program without a cipher would take the encrypted bytes for plain ones.
        """
        key_id = key_id_of(state)
        if key_id is None:
            return
        is_known = self.cipher.has(key_id) if isinstance(self.cipher, RecordCipher) else self.cipher is not None
        if not is_known:
            raise EncryptionKeyUnknown(key_id)


def _version_prefix(version: int) -> bytes:
    return b'{"%s":%d,' % (CLASS_VERSION.encode(), version)


def _decoded(event_class: type[Event], state: bytes) -> Event:
    current = event_class.class_version
    if current > 1:
        prefix = _version_prefix(current)
        state = b"{" + state[len(prefix) :] if state.startswith(prefix) else _upcast(event_class, state)
    # A class at its first version forbids "class_version", as it forbids any unknown key.
    event: Event = event_class.__pydantic_validator__.validate_json(state)
    return event


def _upcast(event_class: type[Event], stored: bytes) -> bytes:
    state: dict[str, Any] = from_json(stored)
    version: int = state.pop(CLASS_VERSION, 1)
    if version > event_class.class_version:
        raise ValueError("a newer version of the class than this program has")
    for number in range(version, event_class.class_version):
        step: Callable[[dict[str, Any]], None] = getattr(event_class, f"upcast_v{number}_v{number + 1}")
        step(state)
    # Convert back to JSON: strict fields accept a list, a date or an id in JSON form, but not as Python values.
    return to_json(state)


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
        # If a clock was ahead, recorded times may be later than now. Such events are known nevertheless.
        if instant > max(self.clock(), events[-1].at):
            raise errors.InvalidCommand("known_at is in the future", field="known_at", remedy="send a time in the past")
        # What was recorded before an event was known with it, even if a clock that was ahead dated it later.
        last = next((number for number in range(len(events), 0, -1) if events[number - 1].at <= instant), 0)
        known = events[:last]
        if not known:
            raise errors.NotFound(
                "Nothing was on record for this patient at that time", field="known_at", remedy="send a later time"
            )
        return known
