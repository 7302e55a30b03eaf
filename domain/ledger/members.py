"""Whom a member ID means: finds patients by member ID in any spelling, and other records of the same person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from domain.comparison import DAMAGED_ID, dates_meet, is_spreadsheet_damage, same_name
from domain.errors import Conflict, InvalidCommand
from domain.events.patient import Member
from domain.history.state import PatientHistory
from domain.ledger.errors import StoreError
from domain.ledger.member_index import MemberIndex
from domain.ledger.schema import RUN_UPGRADE


class Members:
    """The questions about member IDs. `history` reads the history of a patient.

    If `is_complete` is false, the index of an older ledger has no other spellings yet. IDs that are sent exactly as
    they are on record find their patients nevertheless.
    """

    def __init__(
        self, index: MemberIndex, zone: ZoneInfo, history: Callable[[UUID], PatientHistory], *, is_complete: bool
    ) -> None:
        self._index = index
        self.is_complete = is_complete
        self._zone = zone
        self._history = history

    def find(self, member: Member, on: date | None = None) -> UUID | None:
        """The current patient of this member ID, or None. `on` is the day of a service for which the ID was stated.

        An ID that is on record exactly so finds its patient, and another spelling does if one patient alone has it.
        Raises Conflict if several have it, or if the ID did not identify the patient yet on the day.
        """
        holders = self.holders(member)
        if len(holders) > 1:
            raise shared_spelling()
        if not holders or on is None:
            return next(iter(holders), None)
        first_day = self.first_day(member, holders[0])
        if first_day is not None and on < first_day:
            raise Conflict(
                f"this member ID identifies this patient from {first_day} on, and it was another person's before",
                field="on",
                remedy="send the ID that the person had on that day, or record it on the page of the patient whom it "
                "is about",
            )
        return holders[0]

    def first_day(self, member: Member, patient_id: UUID) -> date | None:
        """The first day on which this member ID identified its patient; None if no first day limits it."""
        return self._index.spelling(member).first_day(patient_id, self._index.stream_of(member), self._zone)

    def former(self, member: Member) -> tuple[UUID, ...]:
        """The patients who had this member ID in any spelling, and do not have it now."""
        spelling = self._index.spelling(member)
        return tuple(one for one in spelling.ever if one not in spelling.patients)

    def holders(self, member: Member) -> tuple[UUID, ...]:
        """The patient who has exactly this member ID, or else every patient who has it in another spelling.

        Raises StoreError if the index has no other spellings yet.
        """
        member_stream = self._index.stream_of(member)
        if self.is_complete:
            return self._index.spelling(member).holders(member_stream)
        exact = self._index.earlier_holder(member)
        if exact is None:
            raise StoreError("The index of member IDs is not complete", RUN_UPGRADE)
        return (exact,)

    def is_retired(self, member: Member) -> bool:
        """Whether this member ID, in any spelling, identified a patient before and identifies none now."""
        spelling = self._index.spelling(member)
        return bool(spelling.events) and not spelling.patients

    def named(self, text: str, issuer: str | None = None) -> Member:
        """The member of a text such as `ISSUER:ID`. Raises ValidationError if it is not a member ID.

        The text is split at the first colon only if such an issuer is on record, and not if it finds a patient only as
        a whole. A given `issuer` is taken as it is, and then the whole text is the ID. Raises Conflict if the text
        finds one patient when it is split, and another as a whole, in whatever spelling.
        """
        if issuer is not None:
            return Member(issuer=issuer, member_id=text)
        before, colon, after = text.partition(":")
        if not colon or (before and not self.knows_issuer(before)):
            return Member(member_id=text)
        split = Member(issuer=before, member_id=after)
        return self._whole_or(split, text)

    def _whole_or(self, split: Member, text: str) -> Member:
        try:
            whole = Member(member_id=text)
        except ValidationError:
            return split
        as_whole = self._all_holders(whole)
        if not as_whole:
            return split
        if self._all_holders(split) <= as_whole:
            return whole
        raise Conflict(
            "one patient has this as a whole as a member ID, and another has it as an issuer and a member ID",
            field="member",
            remedy="send the issuer on its own: plan for the ID as a whole",
        )

    def _all_holders(self, member: Member) -> set[UUID]:
        """The patients who have this member ID, in other spellings too where the index has them."""
        if self.is_complete:
            return set(self.holders(member))
        exact = self._index.earlier_holder(member)
        return set() if exact is None else {exact}

    def knows_issuer(self, issuer: str) -> bool:
        """Whether a member ID of this issuer is, or was, on record. The plan is always known."""
        return self._index.knows_issuer(issuer) or not self.is_complete

    def shared(self) -> tuple[tuple[UUID, ...], ...]:
        """The patients of each compared form of a member ID that several patients have now."""
        found = (self._index.spelling_in(stream).patients for stream in self._index.shared().listed)
        return tuple(patients for patients in found if len(patients) > 1)

    def once_shared(self) -> tuple[tuple[UUID, ...], ...]:
        """The patients of each compared form that several patients have, or had when an upgrade found them."""
        return tuple(self._index.spelling_in(stream).ever for stream in self._index.shared().listed)

    def same_person(self, history: PatientHistory, *, at_opening: bool = False) -> tuple[PatientHistory, ...]:
        """The other histories with this name and birth date, except those that are linked with this one.

        `at_opening`: only those before this one, so that an opening that is sent again is answered the same.
        """
        entry = self._index.person(history.name, history.birth_date)
        others = () if entry is None else tuple(dict.fromkeys(entry.listed))
        if at_opening and history.patient_id in others:
            others = others[: others.index(history.patient_id)]
        found = (self._history(one) for one in others if one not in (history.patient_id, *history.linked))
        return tuple(one for one in found if _is_same_person(history, one))


def shared_spelling() -> Conflict:
    """The refusal to choose between patients whose member IDs differ only in their spelling."""
    return Conflict(
        "several patients have this member ID in other spellings, so it identifies none of them",
        field="member",
        remedy="send the ID exactly as it is on record; the worklist lists these patients, so that one of the IDs is "
        "retired",
    )


def check_intact(member: Member) -> None:
    """Raises InvalidCommand if a spreadsheet made the member ID of another one."""
    if is_spreadsheet_damage(member.member_id):
        raise InvalidCommand(DAMAGED_ID.cause, field="member", remedy=DAMAGED_ID.remedy)


def _is_same_person(one: PatientHistory, other: PatientHistory) -> bool:
    if one.birth_date is None or other.birth_date is None:
        return False
    return same_name(one.name, other.name) and dates_meet(one.birth_date, other.birth_date)
