"""The ledger: it loads a history, decides a command, and saves the events, once and in one transaction.

A command is decided on the cached history, and its events are saved only if no event was recorded since.
The ledger reads the store first if no history is cached, if another event was recorded, or if the decision
is a refusal. The clock and randomness are used in `domain/ledger` only, and decisions get them as arguments.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from threading import RLock
from typing import Final, cast, get_args
from uuid import UUID

from eventsourcing.persistence import IntegrityError
from pydantic import BaseModel
from pydantic_core import to_json

from domain import errors
from domain.commands import Command
from domain.commands.context import CommandContext, Occasion
from domain.commands.patient import OpenHistory
from domain.commands.requests import Supplement
from domain.deadline_terms.table import BUILT_IN, DeadlineTable
from domain.decisions import decide
from domain.decisions.identifiers import not_admitted
from domain.events import PatientEvent
from domain.events.base import Event, ImportedFrom
from domain.history import versions
from domain.history.state import PatientHistory
from domain.ledger import schema
from domain.ledger.deadlines_file import deadlines_in
from domain.ledger.documents.references import check_named, hashes_named
from domain.ledger.documents.store import GRACE, Swept
from domain.ledger.encryption.keys import cipher_in
from domain.ledger.encryption.records import RecordCipher
from domain.ledger.event_store import with_versions
from domain.ledger.index_upgrade import complete_or_close
from domain.ledger.members import shared_spelling
from domain.ledger.reader import Clock, Entropy, LedgerReader, checked, folded, utc_now
from domain.ledger.related_streams import AboutMember, AboutName, AboutTwo, RelatedStreams, related_streams
from domain.ledger.stores.group_commit import CommandRecord
from domain.ledger.stores.unavailable import HISTORY_LOCK_SECONDS, Busy
from domain.ledger.stores.urls import Address, SQLiteAddress, address_of
from domain.people import Actor
from domain.permissions.commands import check_role
from domain.review.assessment_changes import changes_since

ATTEMPTS: Final = 100
"""How many times a command is decided when other processes keep changing the same streams first."""

HISTORY_LOCKS: Final = 256
"""The number of locks that the patients share. In a process, commands on one history run one after another."""

_WITH_RELATED_STREAMS: Final = frozenset(get_args(AboutMember | AboutTwo | AboutName))
"""Commands that write to more than one stream. The ledger always reads these streams before it decides."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a command. A repeated idempotency key returns the result of the first command.

    `history` is the state after `events`, even if more were recorded since. `replayed`: the key was repeated.
    """

    patient_id: UUID
    events: tuple[Event, ...]
    history: PatientHistory
    replayed: bool


@dataclass(frozen=True, slots=True)
class _SentCommand:
    """The sender of a command, its idempotency key, its import, and the digest of the command and all of these.

    `times_cleared` is the counter of the history cache when the command was received.
    """

    actor: Actor
    key: str | None
    digest: str
    imported_from: ImportedFrom | None
    times_cleared: int

    def record_of(self, events: Sequence[Event]) -> CommandRecord | None:
        if self.key is None:
            return None
        first, last = events[0], events[-1]
        return CommandRecord(
            self.actor.id, self.key, self.digest, first.patient_id, first.originator_version, last.originator_version
        )


class Ledger(LedgerReader):
    """The ledger of one plan. Safe for threads. Close it, or use it in a `with` statement.

    `settings` are the settings of the eventsourcing library: COMPRESSOR_TOPIC, CIPHER_TOPIC, and the settings
    that these need. The library does not read the environment of the process.
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
        deadlines: DeadlineTable = BUILT_IN,
    ) -> None:
        super().__init__(
            address, stored, clock=clock, entropy=entropy, settings=settings, cipher=cipher, deadlines=deadlines
        )
        self._history_locks = tuple(RLock() for _ in range(HISTORY_LOCKS))

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
        """Decides a command and records its events. If an actor repeats a `key`, returns the first outcome.

        Raises NotFound, StaleVersion, KeyReused, Conflict, InvalidCommand if the command names a document that is
        not stored, and the errors of the decision.
        """
        sent = self._sent(patient_id, command, actor, key, imported_from)
        # One after another in this process: otherwise, many callers at once could use up the attempts by conflicts.
        lock = self._history_locks[patient_id.int % len(self._history_locks)]
        if not lock.acquire(timeout=HISTORY_LOCK_SECONDS):
            raise Busy("The record is busy: earlier commands on it did not finish in time")
        try:
            if (outcome := self._executed_on_cached_history(sent, patient_id, command, expected_version)) is not None:
                return outcome
            for _ in range(ATTEMPTS):
                # Read the histories before the key. If the same command is recorded in between, it is found by
                # its key or causes a conflict, and this command is not decided on a history that includes it.
                history = self.history(patient_id)
                related = self._related_streams(command, history)
                if (replay := self._replay(sent)) is not None:
                    return replay
                # The role comes first: a user who may not give the command learns nothing of the record.
                check_role(actor, type(command))
                _check_version(history, expected_version)
                context = self._context(sent, history, related.other)
                events = with_versions(self._decided(history, command, context), patient_id, history.version + 1)
                if isinstance(command, Supplement):
                    check_named(self.documents, patient_id, command.documents)
                others = related.events(patient_id, command, events, context)
                if (outcome := self._save(sent, events, others, history)) is not None:
                    return outcome
        finally:
            lock.release()
        raise errors.Conflict("Other users kept changing this record", remedy="send the command again")

    def _executed_on_cached_history(
        self, sent: _SentCommand, patient_id: UUID, command: Command, expected_version: int | None
    ) -> Outcome | None:
        """Decides on the cached history, and records the events if that history is still the newest.

        The store checks the version and the key when it writes, so no read is needed to accept a command. A refusal
        could come from an outdated history, so the result is then None, and the caller reads the store first.
        """
        history = self._remembered.get(patient_id)
        if history is None or type(command) in _WITH_RELATED_STREAMS:
            return None
        try:
            _check_version(history, expected_version)
            decided = decide(history, command, self._context(sent, history))
            if isinstance(command, Supplement):
                check_named(self.documents, patient_id, command.documents)
        except errors.LedgerError:
            return None
        return self._save(sent, with_versions(decided, patient_id, history.version + 1), (), history)

    def open_history(
        self, command: OpenHistory, actor: Actor, *, key: str | None = None, imported_from: ImportedFrom | None = None
    ) -> Outcome:
        """Opens the history of a member. If it exists, the decision admits another provider office or refuses.

        Raises AlreadyRecorded if the member already has a history, RecordedAsAnother if that is another person's,
        KeyReused, and Conflict, also if the member ID is another spelling of the IDs of several patients.
        """
        sent = self._sent(None, command, actor, key, imported_from)
        for _ in range(ATTEMPTS):
            related = self._related_streams(command)
            if (replay := self._replay(sent)) is not None:
                return replay
            patient_id, context = self._random_id(), self._context(sent)
            # If the member has a history, the decision is a refusal, or gives a provider office access to it.
            assert related.member is not None
            if len(related.member.holders) > 1:
                raise not_admitted() if actor.role == "requester" else shared_spelling()
            before = next((self.history(one) for one in related.member.holders), None)
            if before is None:
                events = with_versions(decide(before, command, context), patient_id, 1)
                others = related.events(patient_id, command, events, context)
            else:
                context = self._context(sent, before)
                events = with_versions(decide(before, command, context), before.patient_id, before.version + 1)
                others = ()
            if (outcome := self._save(sent, events, others, before)) is not None:
                return outcome
        raise errors.Conflict("Other users kept adding this member", remedy="send the command again")

    def occasion(self, actor: Actor) -> Occasion:
        """The time, zone and actor with which a command of this actor would be decided now."""
        return Occasion(self.now(), self.zone, actor, table=self.deadlines)

    def was_sent(self, key: str, actor: Actor) -> bool:
        """Whether a command of this actor with this idempotency key is on record."""
        return self.recorder.find_command(actor.id, key) is not None

    def outcome_on_record(
        self, patient_id: UUID, command: Command, actor: Actor, *, key: str, imported_from: ImportedFrom | None = None
    ) -> Outcome | None:
        """The recorded outcome of exactly this command of this actor, with this key and import, or None."""
        sent = self._sent(patient_id, command, actor, key, imported_from)
        found = self.recorder.find_command(actor.id, key)
        return None if found is None or found.request_digest != sent.digest else self._outcome_of(found, sent.digest)

    def sweep_documents(self, older_than: timedelta = GRACE) -> Swept:
        """Removes documents that no event names and that were stored more than `older_than` ago (machine clock)."""

        def named(patient_id: UUID) -> frozenset[str]:
            return hashes_named(cast("Iterator[PatientEvent]", self.events.get(patient_id)))

        return self.documents.sweep(named, now=utc_now(), older_than=older_than)

    # -- shared by the commands ---------------------------------------------------------------

    def _sent(
        self,
        patient_id: UUID | None,
        command: Command,
        actor: Actor,
        key: str | None,
        imported_from: ImportedFrom | None,
    ) -> _SentCommand:
        """The command as it was sent, with a digest of all of it and of the ledger's secret.

        With the secret, nobody can find out names by trying them against the digest.
        Raises InvalidCommand if the key is malformed.
        """
        if key is not None and not (1 <= len(key) <= 200 and key.isprintable()):
            raise errors.InvalidCommand(
                "An idempotency key must have 1 to 200 printable characters",
                field="Idempotency-Key",
                remedy="send a random one, for example a UUID",
            )
        self.commands[type(command).__name__] += 1
        parts = [to_json([patient_id, type(command).__name__])[1:-1], _json(command), _json(actor)]
        if imported_from is not None:
            parts.append(_json(imported_from))
        digest = hashlib.sha256(self._index_namespace.bytes + b"[" + b",".join(parts) + b"]").hexdigest()
        return _SentCommand(actor, key, digest, imported_from, self._remembered.times_cleared)

    def _related_streams(self, command: Command, history: PatientHistory | None = None) -> RelatedStreams:
        if isinstance(command, AboutTwo):
            try:
                return RelatedStreams(other=self.history(command.other_patient_id))
            except errors.NotFound:
                return RelatedStreams()
        if isinstance(command, AboutMember | AboutName) and not self.members.is_complete:
            raise schema.needs_newer(self.address)
        return related_streams(self.index, command, history)

    def _save(
        self,
        sent: _SentCommand,
        events: tuple[PatientEvent, ...],
        others: Sequence[Event],
        before: PatientHistory | None,
    ) -> Outcome | None:
        """Records all events in one transaction. None if another command was first; the caller then decides again."""
        stored = [self.events.mapper.to_stored_event(event) for event in (*events, *others)]
        try:
            self.recorder.insert_events(stored, idempotency=sent.record_of(events))
        except IntegrityError:
            # After a lost connection, the commit of this same command may have succeeded.
            if (replay := self._replay(sent)) is not None:
                return replay
            if not self._are_stored(events):
                return None
        history = folded(events, before)
        self._remembered.keep(history, sent.times_cleared)
        return Outcome(history.patient_id, events, history, replayed=False)

    def _are_stored(self, events: tuple[PatientEvent, ...]) -> bool:
        """Whether the store has these events at their versions. The salts tell them from events of other commands."""
        first, last = events[0].originator_version, events[-1].originator_version
        stored = self.events.between(events[0].patient_id, first, last)
        if [event.salt for event in stored] != [event.salt for event in events]:
            return False
        self.recorder.wait_until_durable()
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
        self.recorder.wait_until_durable()
        events = self.events(found.patient_id, through_version=found.last_version)
        return Outcome(found.patient_id, events[found.first_version - 1 :], folded(events), replayed=True)

    def _decided(self, history: PatientHistory, command: Command, context: CommandContext) -> Sequence[PatientEvent]:
        """The decided events. If the assessment changed since it was shown, the error lists the changes."""
        try:
            return decide(history, command, context)
        except errors.AssessmentMoved as error:
            events = self.events(history.patient_id, through_version=history.version)
            request_id, digest = error.details["request_id"], error.details["looked_at"]
            seen = getattr(command, "history_version", None)
            error.details["changed"] = changes_since(digest, versions(events), request_id, context.today, seen)
            raise

    def _context(self, sent: _SentCommand, *histories: PatientHistory | None) -> CommandContext:
        """What a command is decided with, by the checked clock. Raises ClockNotTrusted."""
        command_id, seed, imported_from = self._random_id(), self._entropy(32), sent.imported_from
        after = max((one.recorded_at for one in histories if one is not None), default=None)
        at = self.instant_to_record()
        return CommandContext(
            at, self.zone, sent.actor, command_id, seed, imported_from, after=after, table=self.deadlines
        )

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
    deadlines: DeadlineTable | None = None,
    completes_index: bool = True,
) -> Ledger:
    """Opens the ledger at `url`. An SQLite ledger is created or upgraded if needed; a new one needs `zone`.

    If no `cipher` is given, the keys come from the environment, and so do the plan's own `deadlines`. Without
    `completes_index`, the index of an older ledger stays as it is, and commands about member IDs and names are refused.
    Raises StoreError if there is no ledger, if its schema version or time zone differs, if an encryption key is
    missing, or if the file of deadlines is invalid.
    """
    address, cipher, deadlines = address_of(url), cipher or cipher_in(), deadlines or deadlines_in()
    if isinstance(address, SQLiteAddress) and schema.needs_upgrade(address):
        stored = schema.upgrade(url, zone=zone, entropy=entropy)
    else:
        stored = schema.read_settings(address)
        schema.check_zone(stored.zone, zone)
    completes = completes_index and not stored.compares_members
    if completes and not isinstance(address, SQLiteAddress):
        raise schema.needs_newer(address)
    stored = replace(stored, compares_members=True) if completes else stored
    ledger = checked(
        Ledger(address, stored, clock=clock, entropy=entropy, settings=settings, cipher=cipher, deadlines=deadlines)
    )
    if completes:
        complete_or_close(ledger, entropy)
    return ledger


def _json(value: BaseModel) -> bytes:
    written: bytes = type(value).__pydantic_serializer__.to_json(value)
    return written


def _check_version(history: PatientHistory, expected: int | None) -> None:
    if expected is not None and expected != history.version:
        raise errors.StaleVersion.at(history.version, expected)
