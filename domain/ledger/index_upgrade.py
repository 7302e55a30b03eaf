"""Completes the index of a ledger that an earlier program wrote, which had no compared forms of member IDs.

For every history on record, what is missing is written: the events of each member ID in the stream of its compared
form, its issuer, and the name with the year of birth. It is safe to repeat and to run twice at once: an event is
written only at the version that follows what was read. No event of a history is touched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final, cast
from uuid import UUID

from eventsourcing.persistence import IntegrityError

from domain.calendar import recording_times
from domain.comparison import compared
from domain.events.base import Event
from domain.events.patient import (
    IssuerIndexed,
    Member,
    MemberIndexed,
    MemberUnindexed,
    PersonIndexed,
    SharedSpellingFound,
)
from domain.events.system import THE_LEDGER_ITSELF
from domain.frozen import set_fields
from domain.history.state import PatientHistory
from domain.ledger import schema
from domain.ledger.encryption.keys import cipher_in
from domain.ledger.member_index import OWN_ISSUER, ListEntry, SpellingEntry
from domain.ledger.reader import Entropy, LedgerReader, checked
from domain.ledger.schema import Settings
from domain.ledger.stores.urls import address_of

PATIENTS_AT_ONCE: Final = 200
"""The patients whose missing events are written in one transaction."""


@dataclass(frozen=True, slots=True)
class IndexCompleted:
    """How many events were written, and how many histories could not be read, so that nothing is known of their IDs."""

    events: int
    unreadable: int


def upgrade(
    url: str, *, zone: str | None = None, serving_role: str | None = None, entropy: Entropy
) -> tuple[Settings, IndexCompleted]:
    """Creates or upgrades the schema of a ledger, and completes its index, as the owner of the database.

    The encryption keys come from the environment. Raises StoreError.
    """
    settings = schema.upgrade(url, zone=zone, serving_role=serving_role, entropy=entropy)
    with checked(LedgerReader(address_of(url), settings, entropy=entropy, cipher=cipher_in())) as ledger:
        return settings, complete_index(ledger, entropy)


def complete_index(ledger: LedgerReader, entropy: Entropy) -> IndexCompleted:
    """Writes what the index lacks, and stores that it is complete."""
    completed = _IndexCompletion(ledger, entropy).run()
    schema.mark_index_complete(ledger.address)
    return completed


def complete_or_close(ledger: LedgerReader, entropy: Entropy) -> None:
    """Writes what the index of an opened ledger lacks, and closes the ledger if that fails."""
    try:
        complete_index(ledger, entropy)
    except BaseException:
        ledger.close()
        raise


class _IndexCompletion:
    def __init__(self, ledger: LedgerReader, entropy: Entropy) -> None:
        self.ledger = ledger
        self.index = ledger.index
        self.entropy = entropy
        self.command_id = UUID(bytes=entropy(16), version=4)
        self.written = 0
        self.unreadable = 0

    def run(self) -> IndexCompleted:
        patients = self.ledger.patients()
        while batch := tuple(islice(patients, PATIENTS_AT_ONCE)):
            histories = []
            for _, history in self.ledger.histories(batch):
                if isinstance(history, PatientHistory):
                    histories.append(history)
                else:
                    self.unreadable += 1
            self._complete(histories)
            self._note_shared(histories)
        return IndexCompleted(self.written, self.unreadable)

    def _complete(self, histories: Sequence[PatientHistory]) -> None:
        """Writes what these histories lack in one transaction, and reads again if another program was first."""
        while True:
            planned = _Planned(self.ledger.instant_to_record())
            for history in histories:
                for member in _members(history):
                    self._plan_spelling(planned, member)
                    self._plan_issuer(planned, member)
                self._plan_person(planned, history)
            if self._write(planned):
                return

    def _note_shared(self, histories: Sequence[PatientHistory]) -> None:
        """Notes each compared form that several patients have, so that the worklist finds it."""
        for member in (one for history in histories for one in history.members):
            spelling = self.index.spelling(member)
            while len(spelling.patients) > 1 and spelling.stream not in (shared := self.index.shared()).listed:
                planned = _Planned(self.ledger.instant_to_record())
                planned.add(shared, self._event(SharedSpellingFound, spelling_stream=spelling.stream))
                self._write(planned)

    # -- what is missing ----------------------------------------------------------------------

    def _plan_spelling(self, planned: _Planned, member: Member) -> None:
        spelling = self.index.spelling(member)
        member_stream = self.index.stream_of(member)
        events = cast("list[MemberIndexed | MemberUnindexed]", [*spelling.events, *planned.of(spelling)])
        # An upgrade marks what it copied. Later events of this program have no such mark.
        copied = sum(one.member_stream == member_stream and _is_copy(one) for one in events)
        for one in self.index.earlier_events(member_stream)[copied:]:
            planned.add(spelling, self._copied(one))

    def _copied(self, event: MemberIndexed | MemberUnindexed) -> Event:
        member_stream, at = event.originator_id, event.at
        if isinstance(event, MemberIndexed):
            patient_id = event.indexed_patient_id
            return self._event(MemberIndexed, indexed_patient_id=patient_id, member_stream=member_stream, added_at=at)
        patient_id = event.retired_patient_id
        return self._event(MemberUnindexed, retired_patient_id=patient_id, member_stream=member_stream, retired_at=at)

    def _plan_issuer(self, planned: _Planned, member: Member) -> None:
        if compared(member.issuer) == OWN_ISSUER:
            return
        issuer = self.index.issuer(member.issuer)
        if not issuer.version and not planned.of(issuer):
            planned.add(issuer, self._event(IssuerIndexed))

    def _plan_person(self, planned: _Planned, history: PatientHistory) -> None:
        person = self.index.person(history.name, history.birth_date)
        if person is None:
            return
        events = cast("list[PersonIndexed]", planned.of(person))
        if history.patient_id not in (*person.listed, *(one.indexed_patient_id for one in events)):
            planned.add(person, self._event(PersonIndexed, indexed_patient_id=history.patient_id))

    # -- writing ------------------------------------------------------------------------------

    def _event(self, kind: type[Event], **values: Any) -> Event:
        return kind(
            recorded_at=self.ledger.now(),
            salt=self.entropy(16).hex(),
            command_id=self.command_id,
            actor=THE_LEDGER_ITSELF,
            **values,
        )

    def _write(self, planned: _Planned) -> bool:
        """Writes the planned events, or none. False if another program wrote to one of the streams first."""
        events = [one for stream in planned.streams.values() for one in stream]
        if not events:
            return True
        try:
            self.ledger.recorder.insert_events([self.ledger.mapper.to_stored_event(one) for one in events])
        except IntegrityError:
            return False
        self.written += len(events)
        return True


class _Planned:
    """The events that one transaction will write, by stream."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.streams: dict[UUID, list[Event]] = {}

    def of(self, entry: SpellingEntry | ListEntry) -> list[Event]:
        return self.streams.get(entry.stream, [])

    def add(self, entry: SpellingEntry | ListEntry, event: Event) -> None:
        events = self.streams.setdefault(entry.stream, [])
        version = entry.version + len(events) + 1
        # An event is never recorded before the one that it follows, even if a clock was ahead.
        times = recording_times(self.at, entry.at, strictly=False)
        events.append(set_fields(event, **times, originator_id=entry.stream, originator_version=version))


def _is_copy(event: MemberIndexed | MemberUnindexed) -> bool:
    return (event.added_at if isinstance(event, MemberIndexed) else event.retired_at) is not None


def _members(history: PatientHistory) -> Iterator[Member]:
    """The member IDs of a history, former ones too, each once."""
    yield from dict.fromkeys((*history.members, *(one.member for one in history.retired_members)))
