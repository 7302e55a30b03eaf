"""The ledger: load a history, decide, save; each command once, whole, or not at all.

The library's `Application` gives the store, the optimistic concurrency and the order of
commits. The clock and the randomness live here and nowhere below.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from threading import RLock
from typing import Any, Final, cast
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from eventsourcing.application import Application
from eventsourcing.persistence import ApplicationRecorder, EventStore, InfrastructureFactory, IntegrityError, Mapper
from eventsourcing.utils import Environment, EnvType
from pydantic_core import to_json

from domain import errors
from domain.commands import Command, Moment, OpenHistory
from domain.decisions import decide
from domain.events import Event, HistoryOpened, Member, MemberIndexed, PatientEvent, placed
from domain.history import PatientHistory, fold, versions
from domain.what_moved import what_moved
from domain.ledger import schema
from domain.ledger.mapper import EventMapper
from domain.ledger.recorders import (
    CommandRecord,
    PostgresLedgerRecorder,
    SQLiteLedgerRecorder,
    factory_at,
)
from domain.ledger.urls import Address, SQLiteAddress, address_of
from domain.people import Actor

Clock = Callable[[], datetime]
Entropy = Callable[[int], bytes]

ATTEMPTS: Final = 100
"""How often a command is decided anew because another process recorded one first."""

TURNS: Final = 64
"""Locks that the patients share: commands on one history take turns within a process."""

PAGE: Final = 500
_TICK: Final = timedelta(microseconds=1)


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command did; the same again when its key is repeated.

    `history` is folded up to and including `events`, whatever was recorded since.
    """

    patient_id: UUID
    events: tuple[Event, ...]
    history: PatientHistory
    replayed: bool


class PatientEvents(EventStore[UUID]):
    """The library's event store; called, it gives the events of one patient."""

    clock: Clock

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


class Ledger(Application[UUID]):
    """One plan's ledger. Safe for threads; close it, or use it in a `with`.

    `settings` are the library's, and only these reach it, never the process's environment:
    COMPRESSOR_TOPIC, CIPHER_TOPIC and what they need.
    """

    name = ""
    zone: ZoneInfo
    events: PatientEvents

    def __init__(
        self,
        address: Address,
        stored: schema.Settings,
        *,
        clock: Clock = utc_now,
        entropy: Entropy = os.urandom,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.address = address
        self.zone = stored.zone
        self._index_namespace = stored.index_namespace
        self._clock = clock
        self._entropy = entropy
        self._turns = tuple(RLock() for _ in range(TURNS))
        super().__init__(settings)

    # -- the questions ------------------------------------------------------------------------

    def history(
        self, patient_id: UUID, *, through_version: int | None = None, known_at: datetime | None = None
    ) -> PatientHistory:
        """Raises NotFound; the limits are those of `events`."""
        return _folded(self.events(patient_id, through_version=through_version, known_at=known_at))

    def find(self, member: Member) -> UUID | None:
        """The patient whose history this member's is."""
        for event in self.events.get(self._index_of(member), limit=1):
            assert isinstance(event, MemberIndexed)
            return event.indexed_patient_id
        return None

    def patients(self) -> Iterator[UUID]:
        """Every patient, in the order in which their histories were opened."""
        position: int | None = None
        while True:
            page = self.recorder.select_notifications(
                position, PAGE, topics=[HistoryOpened.TOPIC], inclusive_of_start=False
            )
            for notification in page:
                assert isinstance(notification.originator_id, UUID)
                yield notification.originator_id
            if len(page) < PAGE:
                return
            position = page[-1].id

    def is_empty(self) -> bool:
        return self.recorder.max_notification_id() is None

    def now(self) -> datetime:
        """The clock's instant, in UTC."""
        return self._clock().astimezone(UTC)

    def today(self) -> date:
        """The calendar day in the plan's zone."""
        return self.now().astimezone(self.zone).date()

    # -- the commands -------------------------------------------------------------------------

    def execute(
        self,
        patient_id: UUID,
        command: Command,
        actor: Actor,
        *,
        key: str | None = None,
        expected_version: int | None = None,
    ) -> Outcome:
        """Decides and records. The same `key` by the same actor gives the first outcome again.

        Raises NotFound, StaleVersion, KeyReused, Conflict and what the decision raises.
        """
        digest = self._request_digest(patient_id, command, actor)
        # One after the other here, so that only other processes can be first; a fact is not refused for a crowd.
        with self._turns[patient_id.int % len(self._turns)]:
            return self._execute(patient_id, command, actor, digest, key, expected_version)

    def _execute(
        self,
        patient_id: UUID,
        command: Command,
        actor: Actor,
        digest: str,
        key: str | None,
        expected_version: int | None,
    ) -> Outcome:
        for _ in range(ATTEMPTS):
            # The history first and the key second: a twin of this command that is recorded in
            # between is then either found by its key or met as a conflict, and never decided upon.
            history = self.history(patient_id)
            if (replay := self._replay(actor, key, digest)) is not None:
                return replay
            if expected_version is not None and expected_version != history.version:
                raise errors.StaleVersion(
                    f"The history is at version {history.version}, not {expected_version}",
                    field="If-Match",
                    remedy="read it again and decide on what it says now",
                    version=history.version,
                )
            moment = self._moment(actor, history)
            events = _at_their_places(self._decided(history, command, moment), patient_id, history.version + 1)
            record = _record(actor, key, digest, patient_id, history.version + 1, len(events))
            outcome = self._save(events, (), record, history)
            if outcome is not None:
                return outcome
        raise errors.Conflict("Others kept changing this history", remedy="send the command again")

    def open_history(self, command: OpenHistory, actor: Actor, *, key: str | None = None) -> Outcome:
        """Raises AlreadyRecorded where the member has a history, and KeyReused."""
        digest = self._request_digest(None, command, actor)
        for _ in range(ATTEMPTS):
            found = self.find(command.member)
            if (replay := self._replay(actor, key, digest)) is not None:
                return replay
            patient_id = self._random_id()
            moment = self._moment(actor, None)
            # With a history before it, the decision is a refusal: by the role first, then by the record.
            before = None if found is None else self.history(found)
            events = _at_their_places(decide(before, command, moment), patient_id, 1)
            index = MemberIndexed(
                recorded_at=moment.at,
                salt=self._entropy(16).hex(),
                command_id=moment.command_id,
                actor=actor,
                indexed_patient_id=patient_id,
            )
            placed(index, self._index_of(command.member), 1)
            record = _record(actor, key, digest, patient_id, 1, len(events))
            outcome = self._save(events, (index,), record, None)
            if outcome is not None:
                return outcome
        raise errors.Conflict("Others kept opening this history", remedy="send the command again")

    # -- what the commands share --------------------------------------------------------------

    def _save(
        self,
        events: tuple[PatientEvent, ...],
        index: Sequence[MemberIndexed],
        record: CommandRecord | None,
        before: PatientHistory | None,
    ) -> Outcome | None:
        """Records all of it in one transaction; None where somebody was first and it is to be decided anew."""
        try:
            self.events.put([*events, *index], idempotency=record)
        except IntegrityError:
            # After a lost connection the library inserts again what may have been committed.
            replay = None if record is None else self._replay_of(record)
            if replay is not None:
                return replay
            if not self._are_stored(events):
                return None
        history = _folded(events, before)
        return Outcome(history.patient_id, events, history, replayed=False)

    def _are_stored(self, events: tuple[PatientEvent, ...]) -> bool:
        """Whether these very events, by their salts, and not another's, are at their places."""
        first, last = events[0].originator_version, events[-1].originator_version
        stored = cast("Iterator[Event]", self.events.get(events[0].patient_id, gt=first - 1, lte=last))
        return [event.salt for event in stored] == [event.salt for event in events]

    def _replay(self, actor: Actor, key: str | None, digest: str) -> Outcome | None:
        if key is None:
            return None
        if not 1 <= len(key) <= 200 or not key.isprintable():
            raise errors.InvalidCommand(
                "An idempotency key has 1 to 200 printable characters",
                field="Idempotency-Key",
                remedy="send a random one, for example a UUID",
            )
        found = self.recorder.find_command(actor.id, key)
        return None if found is None else self._outcome_of(found, digest)

    def _replay_of(self, record: CommandRecord) -> Outcome | None:
        found = self.recorder.find_command(record.caller, record.key)
        return None if found is None else self._outcome_of(found, record.request_digest)

    def _outcome_of(self, found: CommandRecord, digest: str) -> Outcome:
        if found.request_digest != digest:
            raise errors.KeyReused(
                "This idempotency key came before with another command",
                field="Idempotency-Key",
                remedy="send a new key with a new command, and the same command with an old key",
            )
        events = self.events(found.patient_id, through_version=found.last_version)
        return Outcome(found.patient_id, events[found.first_version - 1 :], _folded(events), replayed=True)

    def _decided(self, history: PatientHistory, command: Command, moment: Moment) -> Sequence[PatientEvent]:
        """The decision; where the facts moved since they were looked at, the error says which."""
        try:
            return decide(history, command, moment)
        except errors.AssessmentMoved as moved:
            events = self.events(history.patient_id, through_version=history.version)
            request_id, looked_at = moved.details["request_id"], moved.details["looked_at"]
            moved.details["changed"] = what_moved(looked_at, versions(events), request_id, moment.today)
            raise

    def _moment(self, actor: Actor, history: PatientHistory | None) -> Moment:
        at = self._clock().astimezone(UTC)
        if history is not None:
            at = max(at, history.recorded_at + _TICK)
        return Moment(at=at, zone=self.zone, actor=actor, command_id=self._random_id(), seed=self._entropy(32))

    def _random_id(self) -> UUID:
        return UUID(bytes=self._entropy(16), version=4)

    def _index_of(self, member: Member) -> UUID:
        """The id of the stream that points from this member to her patient; neither part can hold a NUL."""
        return uuid5(self._index_namespace, f"{member.issuer}\0{member.member_id}")

    def _request_digest(self, patient_id: UUID | None, command: Command, actor: Actor) -> str:
        """SHA-256 of all that the caller sent. The ledger's secret keeps names from being tried against it."""
        sent = [patient_id, type(command).__name__, command.model_dump(mode="json"), actor.model_dump(mode="json")]
        return hashlib.sha256(self._index_namespace.bytes + to_json(sent)).hexdigest()

    # -- how the library builds its parts -----------------------------------------------------

    recorder: SQLiteLedgerRecorder | PostgresLedgerRecorder

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        # The library would add the process's environment, which could turn the store over.
        return Environment(name, env)

    def construct_factory(self, env: Environment) -> InfrastructureFactory:
        return cast("InfrastructureFactory", factory_at(self.address, env))

    def construct_mapper(self) -> Mapper[UUID]:
        return EventMapper(self.factory.compressor(), self.factory.cipher())

    def construct_recorder(self) -> ApplicationRecorder:
        return self.factory.application_recorder()

    def construct_event_store(self) -> EventStore[UUID]:
        store = PatientEvents(self.mapper, self.recorder)
        store.clock = self._clock
        return store


def open_ledger(
    url: str,
    *,
    zone: str | None = None,
    clock: Clock = utc_now,
    entropy: Entropy = os.urandom,
    settings: Mapping[str, str] | None = None,
) -> Ledger:
    """The ledger at `url`. An SQLite one is made or upgraded, which needs `zone` the first time.

    Raises StoreError: no ledger there, another schema version, another time zone.
    """
    address = address_of(url)
    if isinstance(address, SQLiteAddress) and schema.needs_upgrade(address):
        stored = schema.upgrade(url, zone=zone, entropy=entropy)
    else:
        stored = schema.read_settings(address)
        schema.check_zone(stored.zone, zone)
    return Ledger(address, stored, clock=clock, entropy=entropy, settings=settings)


def _folded(events: Sequence[PatientEvent], before: PatientHistory | None = None) -> PatientHistory:
    history = fold(events, before)
    assert history is not None, "a history begins with its opening"
    return history


def _at_their_places(events: Sequence[Any], patient_id: UUID, first_version: int) -> tuple[PatientEvent, ...]:
    return tuple(placed(event, patient_id, version) for version, event in enumerate(events, first_version))


def _record(
    actor: Actor, key: str | None, digest: str, patient_id: UUID, first_version: int, count: int
) -> CommandRecord | None:
    if key is None:
        return None
    return CommandRecord(actor.id, key, digest, patient_id, first_version, first_version + count - 1)
