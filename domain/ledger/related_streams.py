"""What a command writes besides the patient's own history: where a member id leads, and a linked history.

It is read before the command is decided and written in its transaction, each stream at the
version after the one that was read. So whoever was first there makes the whole command be
decided anew, and of two commands that claim one member id, one comes too late.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import cast
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
from domain.events.base import Event, placed
from domain.events.patient import IndexEvent, MemberIndexed, MemberUnindexed
from domain.history.state import PatientHistory
from domain.ledger.member_index import IndexEntry

AboutMember = OpenHistory | AddMemberIdentifier | RetireMemberIdentifier
AboutTwo = LinkHistories | UnlinkHistories


@dataclass(frozen=True, slots=True)
class RelatedStreams:
    """The streams that a command touches besides the patient's own, as they were read."""

    entry: IndexEntry | None = None
    other: PatientHistory | None = None

    @property
    def leads_to(self) -> UUID | None:
        return None if self.entry is None else self.entry.patient_id

    def events(self, patient_id: UUID, command: Command, context: CommandContext) -> tuple[Event, ...]:
        """What the command adds to them, once the patient's own decision has allowed it.

        Raises AlreadyRecorded where the member id leads to somebody, and NotFound where there is no other history.
        """
        # The patient's events have the first salts of the moment; no two events share one.
        context = replace(context, seed=hashlib.sha256(b"beside" + context.seed).digest())
        if isinstance(command, AboutMember):
            assert self.entry is not None
            return (_entered(self.entry, patient_id, command, context),)
        if isinstance(command, AboutTwo):
            if self.other is None:
                raise NotFound(
                    "The other patient was not found",
                    field="other_patient_id",
                    remedy="check the id of the other patient",
                )
            told = decide(self.other, command.from_the_other_side(patient_id), context)
            first = self.other.version + 1
            return tuple(placed(event, self.other.patient_id, first + number) for number, event in enumerate(told))
        return ()


def _entered(entry: IndexEntry, patient_id: UUID, command: AboutMember, context: CommandContext) -> IndexEvent:
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
    salted = event.model_copy(update={"salt": next(context.salts())})
    return cast("IndexEvent", placed(salted, entry.stream, entry.version + 1))
