"""The ledger: load a history, decide, save; each command once, whole, or not at all.

A command is decided upon the history that this process remembers, and recorded on the condition
that nothing came since. Where it remembers none, something came, or the decision is a refusal,
the store is read first. The clock and the randomness live here and nowhere below.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import RLock
from typing import Any, Final, cast, get_args
from uuid import UUID

from eventsourcing.persistence import IntegrityError
from pydantic import BaseModel
from pydantic_core import to_json

from domain import errors
from domain.commands import Command
from domain.commands.context import CommandContext, Occasion
from domain.commands.patient import OpenHistory
from domain.decisions import decide
from domain.events import PatientEvent
from domain.events.base import Event, ImportedFrom, placed
from domain.history import versions
from domain.history.state import PatientHistory
from domain.ledger import schema
from domain.ledger.documents.references import check_named, hashes_named
from domain.ledger.documents.store import GRACE, Swept
from domain.ledger.encryption.keys import cipher_in
from domain.ledger.encryption.records import RecordCipher
from domain.ledger.reader import Clock, Entropy, LedgerReader, checked, folded, utc_now
from domain.ledger.related_streams import AboutMember, AboutTwo, RelatedStreams
from domain.ledger.stores.group_commit import CommandRecord
from domain.ledger.stores.urls import Address, SQLiteAddress, address_of
from domain.people import Actor
from domain.review.assessment_changes import changes_since

ATTEMPTS: Final = 100
"""How often a command is decided anew because another process recorded one first."""

TURNS: Final = 256
"""Locks that the patients share: commands on one history take turns within a process, and wait for no other."""

_TICK: Final = timedelta(microseconds=1)
_BESIDE: Final = frozenset(get_args(AboutMember | AboutTwo))
"""Commands that touch more than one stream: what they write is read first."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command did; the same again when its key is repeated.

    `history` is folded up to and including `events`, whatever was recorded since.
    """

    patient_id: UUID
    events: tuple[Event, ...]
    history: PatientHistory
    replayed: bool


@dataclass(frozen=True, slots=True)
class _SentCommand:
    """How a command came: by whom, under which key, from which import; the digest is of all of it.

    `times_forgotten` is what `Histories` said when it came.
    """

    actor: Actor
    key: str | None
    digest: str
    imported_from: ImportedFrom | None
    times_forgotten: int

    def record_of(self, events: Sequence[Event]) -> CommandRecord | None:
        if self.key is None:
            return None
        first, last = events[0], events[-1]
        return CommandRecord(
            self.actor.id, self.key, self.digest, first.patient_id, first.originator_version, last.originator_version
        )


class Ledger(LedgerReader):
    """One plan's ledger. Safe for threads; close it, or use it in a `with`.

    `settings` are the library's, and only these reach it, never the process's environment:
    COMPRESSOR_TOPIC, CIPHER_TOPIC and what they need.
    """

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
        super().__init__(address, stored, clock=clock, entropy=entropy, settings=settings, cipher=cipher)
        self._turns = tuple(RLock() for _ in range(TURNS))

    # -- the commands -------------------------------------------------------------------------

    def execute(
        self,
        patient_id: UUID,
        command: Command,
        actor: Actor,
        *,
        key: str | None = None,
        expected_version: int | None = None,
        imported_from: ImportedFrom | None = None,
    ) -> Outcome:
        """Decides and records. The same `key` by the same actor gives the first outcome again.

        Raises NotFound, StaleVersion, KeyReused, Conflict, InvalidCommand for a document that is
        not stored, and what the decision raises.
        """
        sent = self._sent(patient_id, command, actor, key, imported_from)
        # One after the other here, so that only other processes can be first; a fact is not refused for a crowd.
        with self._turns[patient_id.int % len(self._turns)]:
            if (outcome := self._executed_as_remembered(sent, patient_id, command, expected_version)) is not None:
                return outcome
            for _ in range(ATTEMPTS):
                # The histories first and the key second: a twin of this command that is recorded in
                # between is then either found by its key or met as a conflict, and never decided upon.
                history, beside = self.history(patient_id), self._beside(command)
                if (replay := self._replay(sent)) is not None:
                    return replay
                _check_version(history, expected_version)
                context = self._moment(sent, history, beside.other)
                events = _at_their_places(self._decided(history, command, context), patient_id, history.version + 1)
                check_named(self.documents, patient_id, command)
                others = beside.events(patient_id, command, context)
                if (outcome := self._save(sent, events, others, history)) is not None:
                    return outcome
        raise errors.Conflict("Other users kept changing this record", remedy="send the command again")

    def _executed_as_remembered(
        self, sent: _SentCommand, patient_id: UUID, command: Command, expected_version: int | None
    ) -> Outcome | None:
        """Decided upon the history as this process remembers it, and recorded only if it still is that one.

        The store looks at its version and for the key when it writes, so an acceptance is as
        good as after reading. A refusal is not: None, and the caller reads first.
        """
        history = self._remembered.get(patient_id)
        if history is None or type(command) in _BESIDE:
            return None
        try:
            _check_version(history, expected_version)
            decided = decide(history, command, self._moment(sent, history))
            check_named(self.documents, patient_id, command)
        except errors.LedgerError:
            return None
        return self._save(sent, _at_their_places(decided, patient_id, history.version + 1), (), history)

    def open_history(
        self, command: OpenHistory, actor: Actor, *, key: str | None = None, imported_from: ImportedFrom | None = None
    ) -> Outcome:
        """Raises AlreadyRecorded where the member has a history, and KeyReused."""
        sent = self._sent(None, command, actor, key, imported_from)
        for _ in range(ATTEMPTS):
            beside = self._beside(command)
            if (replay := self._replay(sent)) is not None:
                return replay
            patient_id, context = self._random_id(), self._moment(sent)
            # With a history before it, the decision is a refusal, or a prescriber's office is admitted to that one.
            found = beside.leads_to
            before = None if found is None else self.history(found)
            if before is None:
                events = _at_their_places(decide(before, command, context), patient_id, 1)
                others = beside.events(patient_id, command, context)
            else:
                context = self._moment(sent, before)
                events = _at_their_places(decide(before, command, context), before.patient_id, before.version + 1)
                others = ()
            if (outcome := self._save(sent, events, others, before)) is not None:
                return outcome
        raise errors.Conflict("Other users kept adding this member", remedy="send the command again")

    def occasion(self, actor: Actor, history: PatientHistory) -> Occasion:
        """Now, as a command of this person about this history would be decided."""
        return Occasion(self._instant(history), self.zone, actor)

    def was_sent(self, key: str, actor: Actor) -> bool:
        """Whether a command of this person under this key is on record."""
        return self.recorder.find_command(actor.id, key) is not None

    def sweep_documents(self, older_than: timedelta = GRACE) -> Swept:
        """Removes documents that no event ever named and that came in longer ago than that, by the machine's clock."""

        def named(patient_id: UUID) -> frozenset[str]:
            return hashes_named(cast("Iterator[PatientEvent]", self.events.get(patient_id)))

        return self.documents.sweep(named, now=utc_now(), older_than=older_than)

    # -- what the commands share --------------------------------------------------------------

    def _sent(
        self,
        patient_id: UUID | None,
        command: Command,
        actor: Actor,
        key: str | None,
        imported_from: ImportedFrom | None,
    ) -> _SentCommand:
        """Its digest is over all that the caller sent. The ledger's secret keeps names from being tried against it."""
        if key is not None and not (1 <= len(key) <= 200 and key.isprintable()):
            raise errors.InvalidCommand(
                "An idempotency key must have 1 to 200 printable characters",
                field="Idempotency-Key",
                remedy="send a random one, for example a UUID",
            )
        parts = [to_json([patient_id, type(command).__name__])[1:-1], _json(command), _json(actor)]
        if imported_from is not None:
            parts.append(_json(imported_from))
        digest = hashlib.sha256(self._index_namespace.bytes + b"[" + b",".join(parts) + b"]").hexdigest()
        return _SentCommand(actor, key, digest, imported_from, self._remembered.times_forgotten)

    def _beside(self, command: Command) -> RelatedStreams:
        if isinstance(command, AboutMember):
            return RelatedStreams(entry=self._index.entry(command.member))
        if isinstance(command, AboutTwo):
            try:
                return RelatedStreams(other=self.history(command.other_patient_id))
            except errors.NotFound:
                return RelatedStreams()
        return RelatedStreams()

    def _save(
        self,
        sent: _SentCommand,
        events: tuple[PatientEvent, ...],
        others: Sequence[Event],
        before: PatientHistory | None,
    ) -> Outcome | None:
        """Records all of it in one transaction; None where somebody was first and it is to be decided anew."""
        stored = [self.events.mapper.to_stored_event(event) for event in (*events, *others)]
        try:
            self.recorder.insert_events(stored, idempotency=sent.record_of(events))
        except IntegrityError:
            # After a lost connection it may be this very command that was committed.
            if (replay := self._replay(sent)) is not None:
                return replay
            if not self._are_stored(events):
                return None
        history = folded(events, before)
        self._remembered.keep(history, sent.times_forgotten)
        return Outcome(history.patient_id, events, history, replayed=False)

    def _are_stored(self, events: tuple[PatientEvent, ...]) -> bool:
        """Whether these very events, by their salts, and not another's, are at their places."""
        first, last = events[0].originator_version, events[-1].originator_version
        stored = self.events.between(events[0].patient_id, first, last)
        if [event.salt for event in stored] != [event.salt for event in events]:
            return False
        self.recorder.make_sure()
        return True

    def _replay(self, sent: _SentCommand) -> Outcome | None:
        if sent.key is None:
            return None
        found = self.recorder.find_command(sent.actor.id, sent.key)
        return None if found is None else self._outcome_of(found, sent.digest)

    def _outcome_of(self, found: CommandRecord, digest: str) -> Outcome:
        if found.request_digest != digest:
            raise errors.KeyReused(
                "This idempotency key was already used with another command",
                field="Idempotency-Key",
                remedy="send a new command with a new key",
            )
        self.recorder.make_sure()
        events = self.events(found.patient_id, through_version=found.last_version)
        return Outcome(found.patient_id, events[found.first_version - 1 :], folded(events), replayed=True)

    def _decided(self, history: PatientHistory, command: Command, context: CommandContext) -> Sequence[PatientEvent]:
        """The decision. Where the assessment changed since it was shown, the error lists the changes."""
        try:
            return decide(history, command, context)
        except errors.AssessmentMoved as moved:
            events = self.events(history.patient_id, through_version=history.version)
            request_id, digest = moved.details["request_id"], moved.details["looked_at"]
            seen = getattr(command, "history_version", None)
            moved.details["changed"] = changes_since(digest, versions(events), request_id, context.today, seen)
            raise

    def _moment(self, sent: _SentCommand, *histories: PatientHistory | None) -> CommandContext:
        command_id, seed = self._random_id(), self._entropy(32)
        return CommandContext(self._instant(*histories), self.zone, sent.actor, command_id, seed, sent.imported_from)

    def _instant(self, *histories: PatientHistory | None) -> datetime:
        """Now, and after everything that is on record in these histories."""
        at = self.now()
        for history in histories:
            if history is not None and history.recorded_at >= at:
                at = history.recorded_at + _TICK
        return at

    def _random_id(self) -> UUID:
        return UUID(bytes=self._entropy(16), version=4)


def open_ledger(
    url: str,
    *,
    zone: str | None = None,
    clock: Clock = utc_now,
    entropy: Entropy = os.urandom,
    settings: Mapping[str, str] | None = None,
    cipher: RecordCipher | None = None,
) -> Ledger:
    """The ledger at `url`. An SQLite one is made or upgraded, which needs `zone` the first time.

    Without a `cipher`, it is the one whose keys the environment refers to. Raises StoreError: no
    ledger there, another schema version, another time zone, a key that is not given.
    """
    address, cipher = address_of(url), cipher or cipher_in()
    if isinstance(address, SQLiteAddress) and schema.needs_upgrade(address):
        stored = schema.upgrade(url, zone=zone, entropy=entropy)
    else:
        stored = schema.read_settings(address)
        schema.check_zone(stored.zone, zone)
    return checked(Ledger(address, stored, clock=clock, entropy=entropy, settings=settings, cipher=cipher))


def _json(value: BaseModel) -> bytes:
    written: bytes = type(value).__pydantic_serializer__.to_json(value)
    return written


def _at_their_places(events: Sequence[Any], patient_id: UUID, first_version: int) -> tuple[PatientEvent, ...]:
    return tuple(placed(event, patient_id, version) for version, event in enumerate(events, first_version))


def _check_version(history: PatientHistory, expected: int | None) -> None:
    if expected is not None and expected != history.version:
        raise errors.StaleVersion(
            f"The record is at version {history.version}, not {expected}",
            field="If-Match",
            remedy="read the record again and decide based on its current state",
            version=history.version,
        )
