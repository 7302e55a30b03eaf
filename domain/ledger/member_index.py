"""The index of member IDs: the patient to whose record a member ID leads, found without reading any record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast
from uuid import UUID, uuid5

from eventsourcing.persistence import EventStore

from domain.events.patient import IndexEvent, Member, MemberIndexed


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """Where a member id leads; `version` is that of the last event in its stream, 0 where there is none."""

    stream: UUID
    version: int
    patient_id: UUID | None


class MemberIndex:
    """From member ids to patients, in streams whose names only the ledger's secret can tell."""

    def __init__(self, events: EventStore[UUID], namespace: UUID) -> None:
        self._events = events
        self._namespace = namespace

    def entry(self, member: Member) -> IndexEntry:
        # Neither part can hold a NUL.
        stream = uuid5(self._namespace, f"{member.issuer}\0{member.member_id}")
        for one in self._events.get(stream, desc=True, limit=1):
            last = cast("IndexEvent", one)
            leads_to = last.indexed_patient_id if isinstance(last, MemberIndexed) else None
            return IndexEntry(stream, last.originator_version, leads_to)
        return IndexEntry(stream, 0, None)
