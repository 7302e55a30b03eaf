"""The streams that a command writes besides the patient's own: the index of a member ID, and a linked history.

Each stream is read before the command is decided, and written in the command's transaction at the next version.
If another command wrote to the stream in between, the whole command is decided again. So only one of two commands
that claim the same member ID can succeed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from uuid import UUID

from domain.commands import Command
from domain.commands.context import CommandContext
from domain.commands.patient import (
    AddMemberIdentifier,
    LinkHistories,
    OpenHistory,
    RetireMemberIdentifier,
    UnlinkHistories,
)
from domain.decisions import decide
from domain.errors import AlreadyRecorded, NotFound
from domain.events.base import Event
from domain.events.patient import IndexEvent, MemberIndexed, MemberUnindexed
from domain.frozen import set_fields
from domain.history.state import PatientHistory
from domain.ledger.member_index import IndexEntry

AboutMember = OpenHistory | AddMemberIdentifier | RetireMemberIdentifier
AboutTwo = LinkHistories | UnlinkHistories


@dataclass(frozen=True, slots=True)
class RelatedStreams:
    """The related streams of a command, as they were read: the member ID's index entry or the other history."""

    entry: IndexEntry | None = None
    other: PatientHistory | None = None

    @property
    def leads_to(self) -> UUID | None:
        return None if self.entry is None else self.entry.patient_id

    def events(self, patient_id: UUID, command: Command, context: CommandContext) -> tuple[Event, ...]:
        """The events that the command adds to the related streams, after the patient's own decision has allowed it.

        Raises AlreadyRecorded if the member ID already has a patient, and NotFound if the other history does not exist.
        """
        # The patient's own events use the salts of the original seed, and no two events may share a salt.
        context = replace(context, seed=hashlib.sha256(b"beside" + context.seed).digest())
        if isinstance(command, AboutMember):
            assert self.entry is not None
            return (_index_event(self.entry, patient_id, command, context),)
        if isinstance(command, AboutTwo):
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
        return ()


def _index_event(entry: IndexEntry, patient_id: UUID, command: AboutMember, context: CommandContext) -> IndexEvent:
    event: IndexEvent
    if isinstance(command, RetireMemberIdentifier):
        event = context.event(MemberUnindexed, retired_patient_id=patient_id)
    elif entry.patient_id is None:
        event = context.event(MemberIndexed, indexed_patient_id=patient_id)
    else:
        raise AlreadyRecorded(
            "this member ID is already on record for a patient",
            field="member",
            remedy="retire the member ID there first, or link the two patients if they are the same person",
        )
    place = {"originator_id": entry.stream, "originator_version": entry.version + 1}
    return set_fields(event, salt=next(context.salts()), **place)
