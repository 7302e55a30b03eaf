"""Samples of the events about whom a member ID means: first and last days, and the index."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from domain.calendar import PartialDate
from domain.events.base import Event
from domain.events.patient import (
    HistoryOpened,
    IssuerIndexed,
    Member,
    MemberIdentifierAdded,
    MemberIdentifierRetired,
    MemberIndexed,
    MemberUnindexed,
    PersonIndexed,
    SharedSpellingFound,
)

STREAM: Final = UUID("33333333-2222-4333-8444-555555555555")
_AT: Final = datetime(2026, 1, 1, 5, tzinfo=UTC)


def member_samples(carried: dict[str, Any], patient: UUID) -> dict[str, Event]:
    """By topic; a sample of a class that has one elsewhere has a word of its own after a hyphen."""
    member, on = Member(issuer="plan", member_id="M-1"), date(2026, 1, 1)
    indexed = {"indexed_patient_id": patient, "member_stream": STREAM}
    retired = {"retired_patient_id": patient, "member_stream": STREAM}
    return {
        "HistoryOpened-first-day": HistoryOpened(
            **carried, member=member, name="Alma Synthetic", birth_date=PartialDate("1988"), first_day=on
        ),
        "MemberIdentifierAdded-first-day": MemberIdentifierAdded(**carried, member=member, first_day=on),
        "MemberIdentifierRetired-last-day": MemberIdentifierRetired(
            **carried, member=member, reason="Coverage ended.", last_day=on
        ),
        "MemberIdentifierRetired-in-error": MemberIdentifierRetired(
            **carried, member=member, reason="Another person's.", in_error=True
        ),
        "MemberIndexed-spelling": MemberIndexed(**carried, **indexed, first_day=on),
        "MemberIndexed-copied": MemberIndexed(**carried, **indexed, added_at=_AT),
        "MemberUnindexed-spelling": MemberUnindexed(**carried, **retired, last_day=on),
        "MemberUnindexed-in-error": MemberUnindexed(**carried, **retired, in_error=True),
        "MemberUnindexed-copied": MemberUnindexed(**carried, **retired, retired_at=_AT),
        **{
            one.TOPIC: one
            for one in (
                SharedSpellingFound(**carried, spelling_stream=STREAM),
                IssuerIndexed(**carried),
                PersonIndexed(**carried, indexed_patient_id=patient),
            )
        },
    }
