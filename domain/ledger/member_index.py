"""The index of member IDs: it finds the patient of a member ID without reading any record.

Each compared form of a member ID (`domain.comparison`) has a stream, which says which patients have an ID that is
written so, when compared. An ID that is on record exactly as it is sent finds its patient. Another spelling finds the
patient only if one patient alone has an ID with this compared form.

Earlier programs had a stream for each member ID as it was written. An upgrade copies these streams. Their names still
tell the IDs of one compared form apart.

Two more kinds of streams help: one for each issuer with an ID on record, and one for each name and year of birth. All
names of streams are derived from the ledger's secret, so no stream name and no index event has patient data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, cast
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from eventsourcing.persistence import EventStore

from domain.calendar import PartialDate
from domain.comparison import compared, name_key
from domain.events.base import Event
from domain.events.patient import (
    Member,
    MemberIndexed,
    MemberUnindexed,
    PersonIndexed,
    SharedSpellingFound,
)

OWN_ISSUER: Final = "plan"
"""The issuer that is always on record."""


@dataclass(frozen=True, slots=True)
class SpellingEntry:
    """The stream of a compared form, with its events: which patients have, or had, a member ID with this form."""

    stream: UUID
    events: tuple[MemberIndexed | MemberUnindexed, ...] = ()

    @property
    def version(self) -> int:
        return len(self.events)

    @property
    def at(self) -> datetime | None:
        """When the last event was recorded."""
        return self.events[-1].recorded_at if self.events else None

    @property
    def holdings(self) -> tuple[MemberIndexed, ...]:
        """The additions that are not followed by a retirement of the same ID, oldest first."""
        current: dict[UUID | None, MemberIndexed] = {}
        for event in self.events:
            current.pop(event.member_stream, None)
            if isinstance(event, MemberIndexed):
                current[event.member_stream] = event
        return tuple(current.values())

    @property
    def patients(self) -> tuple[UUID, ...]:
        """The patients who have a member ID with this compared form, each once."""
        return tuple(dict.fromkeys(one.indexed_patient_id for one in self.holdings))

    @property
    def ever(self) -> tuple[UUID, ...]:
        """The patients who have, or had, a member ID with this compared form, each once."""
        return tuple(dict.fromkeys(one.indexed_patient_id for one in self.events if isinstance(one, MemberIndexed)))

    def holders(self, member_stream: UUID) -> tuple[UUID, ...]:
        """The patient who has exactly the ID with this stream, or else every patient who has it in another spelling."""
        exact = tuple(one.indexed_patient_id for one in self.holdings if one.member_stream == member_stream)
        return exact or self.patients

    def retired_before(self, patient_id: UUID, at: datetime | None = None) -> list[MemberUnindexed]:
        """The retirements by other patients, at or before the instant. An ID that never was theirs is left out."""
        return [
            one
            for one in self.events
            if isinstance(one, MemberUnindexed)
            and one.retired_patient_id != patient_id
            and not one.in_error
            and (at is None or (one.retired_at or one.recorded_at) <= at)
        ]

    def first_day(self, patient_id: UUID, member_stream: UUID, zone: ZoneInfo) -> date | None:
        """The first day on which the ID identified the patient; None if no first day limits it.

        It is the day that was stated. Otherwise, if the ID identified another patient before, it is the day after
        that patient's last day, or the day of the addition if that is earlier or if the last day is not known.
        """
        own = [one for one in self.holdings if one.indexed_patient_id == patient_id]
        holding = next((one for one in own if one.member_stream == member_stream), own[0] if own else None)
        if holding is None or holding.first_day is not None:
            return holding.first_day if holding is not None else None
        before = self.retired_before(patient_id, holding.added_at or holding.recorded_at)
        if not before:
            return None
        added_on = (holding.added_at or holding.at).astimezone(zone).date()
        last_days = [one.last_day for one in before]
        known = [day for day in last_days if day is not None]
        return min(max(known) + timedelta(days=1), added_on) if len(known) == len(last_days) else added_on


@dataclass(frozen=True, slots=True)
class ListEntry:
    """A stream of the index that only grows, with the ids that it lists. `at` is when the last one was recorded."""

    stream: UUID
    version: int
    listed: tuple[UUID, ...] = ()
    at: datetime | None = None


class MemberIndex:
    """Finds patients by member ID. The name of each index stream is derived from the ledger's secret."""

    def __init__(self, events: EventStore[UUID], namespace: UUID) -> None:
        self._events = events
        self._namespace = namespace

    def stream_of(self, member: Member) -> UUID:
        """What tells this member ID, as it is written, from the others of its compared form."""
        # Neither part can contain a NUL, so no two members share a name.
        return uuid5(self._namespace, f"{member.issuer}\0{member.member_id}")

    def earlier_events(self, member_stream: UUID) -> tuple[MemberIndexed | MemberUnindexed, ...]:
        """The events of an earlier program in the stream of one member ID, oldest first."""
        return cast("tuple[MemberIndexed | MemberUnindexed, ...]", tuple(self._events.get(member_stream)))

    def earlier_holder(self, member: Member) -> UUID | None:
        """The patient of a member ID by the stream of an earlier program, or None."""
        for one in self._events.get(self.stream_of(member), desc=True, limit=1):
            return one.indexed_patient_id if isinstance(one, MemberIndexed) else None
        return None

    # -- These names start with a NUL, which the name of a member's own stream never does. --------

    def spelling(self, member: Member) -> SpellingEntry:
        """The stream of the compared form of this member ID."""
        name = f"\0spelling\0{compared(member.issuer)}\0{compared(member.member_id)}"
        return self.spelling_in(uuid5(self._namespace, name))

    def spelling_in(self, stream: UUID) -> SpellingEntry:
        found = cast("tuple[MemberIndexed | MemberUnindexed, ...]", tuple(self._events.get(stream)))
        return SpellingEntry(stream, found)

    def shared(self) -> ListEntry:
        """The compared forms that several patients had when an upgrade found them."""
        stream = uuid5(self._namespace, "\0shared spellings")
        found = cast("list[SharedSpellingFound]", list(self._events.get(stream)))
        return ListEntry(stream, len(found), tuple(one.spelling_stream for one in found), _last(found))

    def issuer(self, issuer: str) -> ListEntry:
        """The stream of an issuer. Its version is 0 if no member ID of the issuer was ever on record."""
        stream = uuid5(self._namespace, f"\0issuer\0{compared(issuer)}")
        return ListEntry(stream, sum(1 for _ in self._events.get(stream, limit=1)))

    def knows_issuer(self, issuer: str) -> bool:
        return compared(issuer) == OWN_ISSUER or self.issuer(issuer).version > 0

    # -- names --------------------------------------------------------------------------------

    def person(self, name: str, birth_date: PartialDate | None) -> ListEntry | None:
        """The patients who have, or had, a name with the same key and this year of birth; None without a year."""
        if birth_date is None:
            return None
        stream = uuid5(self._namespace, f"\0person\0{birth_date.earliest.year}\0{name_key(name)}")
        found = cast("list[PersonIndexed]", list(self._events.get(stream)))
        return ListEntry(stream, len(found), tuple(one.indexed_patient_id for one in found), _last(found))


def _last(events: Sequence[Event]) -> datetime | None:
    return events[-1].recorded_at if events else None
