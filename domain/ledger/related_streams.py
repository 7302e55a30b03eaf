"""The streams that a command writes besides the patient's own: the index of member IDs, and a linked history.

Each stream is read before the command is decided, and written in the command's transaction at the next version.
If another command wrote to the stream in between, the whole command is decided again. So only one of two commands
that claim the same member ID, in whatever spelling, can succeed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from domain.calendar import recording_times
from domain.commands import Command
from domain.commands.context import CommandContext
from domain.commands.patient import (
    AddMemberIdentifier,
    CorrectDemographics,
    LinkHistories,
    OpenHistory,
    RetireMemberIdentifier,
    UnlinkHistories,
)
from domain.comparison import compared
from domain.decisions import decide
from domain.errors import AlreadyRecorded, InvalidCommand, NotFound
from domain.events.base import Event
from domain.events.patient import (
    IssuerIndexed,
    MemberIdentifierRetired,
    MemberIndexed,
    MemberUnindexed,
    PersonIndexed,
)
from domain.frozen import set_fields
from domain.history.state import PatientHistory
from domain.ledger.member_index import OWN_ISSUER, ListEntry, MemberIndex, SpellingEntry

AboutMember = OpenHistory | AddMemberIdentifier | RetireMemberIdentifier
AboutTwo = LinkHistories | UnlinkHistories
AboutName = CorrectDemographics
Stream = SpellingEntry | ListEntry


@dataclass(frozen=True, slots=True)
class MemberStreams:
    """What the index has about a member ID: its compared form, and its issuer if that is not the plan.

    `member_stream` tells the ID from others with this compared form.
    """

    member_stream: UUID
    spelling: SpellingEntry
    issuer: ListEntry | None

    @property
    def holders(self) -> tuple[UUID, ...]:
        return self.spelling.holders(self.member_stream)


@dataclass(frozen=True, slots=True)
class RelatedStreams:
    """The related streams of a command, as they were read."""

    member: MemberStreams | None = None
    person: ListEntry | None = None
    other: PatientHistory | None = None

    def events(
        self, patient_id: UUID, command: Command, decided: tuple[Event, ...], context: CommandContext
    ) -> tuple[Event, ...]:
        """The events that the command adds to the related streams, after the patient's own decision has allowed it.

        `decided` are the events of the patient. Raises AlreadyRecorded if the member ID already has another patient,
        and NotFound if the other history does not exist.
        """
        # The patient's own events use the salts of the original seed, and no two events may share a salt.
        context = replace(context, seed=hashlib.sha256(b"beside" + context.seed).digest())
        if isinstance(command, AboutTwo):
            return self._of_the_other(patient_id, command, context)
        added: list[tuple[Stream, Event]] = []
        if isinstance(command, AboutMember):
            assert self.member is not None
            added += _index_events(self.member, patient_id, command, decided, context)
        if self.person is not None and patient_id not in self.person.listed:
            event = context.event(PersonIndexed, indexed_patient_id=patient_id)
            added.append((self.person, event))
        return tuple(
            # Patients can share a stream, and an event is never recorded before the one that it follows.
            set_fields(
                event,
                salt=salt,
                **recording_times(context.at, max(event.recorded_at, stream.at or event.recorded_at), strictly=False),
                originator_id=stream.stream,
                originator_version=stream.version + 1,
            )
            for (stream, event), salt in zip(added, context.salts(), strict=False)
        )

    def _of_the_other(self, patient_id: UUID, command: AboutTwo, context: CommandContext) -> tuple[Event, ...]:
        if self.other is None:
            raise NotFound(
                "The other patient was not found",
                field="other_patient_id",
                remedy="check the id of the other patient",
            )
        decided = decide(self.other, command.from_the_other_side(patient_id), context)
        other_id, first = self.other.patient_id, self.other.version + 1
        return tuple(
            set_fields(event, originator_id=other_id, originator_version=version)
            for version, event in enumerate(decided, first)
        )


def related_streams(index: MemberIndex, command: Command, history: PatientHistory | None) -> RelatedStreams:
    """The related streams of a command about a member ID or a name, as they are now."""
    member = None
    if isinstance(command, AboutMember):
        adds, issuer = not isinstance(command, RetireMemberIdentifier), command.member.issuer
        named = index.issuer(issuer) if adds and compared(issuer) != OWN_ISSUER else None
        member = MemberStreams(index.stream_of(command.member), index.spelling(command.member), named)
    if isinstance(command, OpenHistory):
        return RelatedStreams(member, index.person(command.name, command.birth_date))
    if isinstance(command, AboutName) and history is not None:
        name, birth_date = command.name or history.name, command.birth_date or history.birth_date
        return RelatedStreams(person=index.person(name, birth_date))
    return RelatedStreams(member)


def _index_events(
    streams: MemberStreams,
    patient_id: UUID,
    command: AboutMember,
    decided: tuple[Event, ...],
    context: CommandContext,
) -> Iterator[tuple[Stream, Event]]:
    spelling = streams.spelling
    values: dict[str, Any] = {"member_stream": streams.member_stream}
    if isinstance(command, RetireMemberIdentifier):
        retired = next(one for one in decided if isinstance(one, MemberIdentifierRetired))
        values |= {"retired_patient_id": patient_id, "last_day": retired.last_day, "in_error": retired.in_error}
        yield spelling, context.event(MemberUnindexed, **values)
        return
    if any(one != patient_id for one in spelling.patients):
        raise AlreadyRecorded(
            "this member ID is already on record for a patient",
            field="member",
            remedy="retire the member ID there first, or link the two patients if they are the same person",
        )
    _check_first_day(command, spelling, patient_id)
    values |= {"indexed_patient_id": patient_id, "first_day": command.first_day}
    yield spelling, context.event(MemberIndexed, **values)
    if streams.issuer is not None and not streams.issuer.version:
        yield streams.issuer, context.event(IssuerIndexed)


def _check_first_day(command: OpenHistory | AddMemberIdentifier, spelling: SpellingEntry, patient_id: UUID) -> None:
    """Raises InvalidCommand if the ID identified another patient on the first day or after it."""
    last_days = [one.last_day for one in spelling.retired_before(patient_id) if one.last_day is not None]
    if command.first_day is not None and last_days and command.first_day <= max(last_days):
        raise InvalidCommand(
            "the member ID identified another patient on that day or later",
            field="first_day",
            remedy="send a first day after the last day of the other patient, or leave it out",
        )
