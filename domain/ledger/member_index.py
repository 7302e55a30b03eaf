"""The index of member IDs: it finds the patient of a member ID without reading any record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast
from uuid import UUID, uuid5

from eventsourcing.persistence import EventStore

from domain.events.patient import IndexEvent, Member, MemberIndexed


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """The current patient of a member ID, or None.

    `stream` is the index stream of the member ID, and `version` the version of its last event, or 0.
    """

    stream: UUID
    version: int
    patient_id: UUID | None


class MemberIndex:
    """Finds patients by member ID. The name of each index stream is derived from the ledger's secret."""

    def __init__(self, events: EventStore[UUID], namespace: UUID) -> None:
        self._events = events
        self._namespace = namespace

    def entry(self, member: Member) -> IndexEntry:
        # Neither part can contain a NUL, so no two members share a name.
        stream = uuid5(self._namespace, f"{member.issuer}\0{member.member_id}")
        for one in self._events.get(stream, desc=True, limit=1):
            last = cast("IndexEvent", one)
            indexed_patient_id = last.indexed_patient_id if isinstance(last, MemberIndexed) else None
            return IndexEntry(stream, last.originator_version, indexed_patient_id)
        return IndexEntry(stream, 0, None)
