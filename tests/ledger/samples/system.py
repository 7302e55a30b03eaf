"""Samples of the events that the ledger records about itself: people, accesses, the seal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from domain.events.base import Event, ImportedFrom
from domain.events.patient import RequesterAdmitted
from domain.events.system import (
    THE_LEDGER_ITSELF,
    AccessesRecorded,
    ClockConfirmed,
    LinkIssued,
    LinkUsed,
    PersonAdmitted,
    PersonChanged,
    PersonRemoved,
    SealingKeyNamed,
    SealStarted,
    TokenIssued,
    TokenRevoked,
)
from domain.people import Actor

_LATER = datetime(2026, 5, 5, 15, 30, tzinfo=UTC)
_PERSON = Actor(id="office.7", name="Practice Seven", role="requester", office="practice-seven")
_LINK = "0123456789abcdef"
_HASH = "7a" * 32
_KEY = "lemtrada-ledger/11111111-2222-4333-8444-555555555555+0123abcd+AQID"


def keeping_samples(carried: dict[str, Any]) -> dict[str, Event]:
    """By topic, each with every field that its class has."""
    carried = carried | {"imported_from": ImportedFrom(source="old-plan", reference="L-7")}
    by_itself = carried | {"actor": THE_LEDGER_ITSELF}
    found = [
        RequesterAdmitted(**carried | {"actor": _PERSON}),
        PersonAdmitted(**carried, person=_PERSON),
        PersonChanged(**carried, person=_PERSON),
        PersonRemoved(**carried, person_id="office.7", reason="Left the practice."),
        LinkIssued(**carried, link_id=_LINK, person_id="office.7", secret_sha256=_HASH, expires_at=_LATER),
        LinkUsed(**carried, link_id=_LINK),
        TokenIssued(**carried, token_id=_LINK, person_id="office.7", secret_sha256=_HASH, expires_at=_LATER),
        TokenRevoked(**carried, token_id=_LINK, reason="Lost."),
        AccessesRecorded(**by_itself, first=7, count=3, rows_sha256=_HASH),
        SealStarted(**by_itself, origin="lemtrada-ledger/x/2", after="x\n7\nAAA=\n", reason="Disk."),
        SealingKeyNamed(**by_itself, verifier_key=_KEY, replaces=_KEY, cause="rotation"),
        ClockConfirmed(**carried, reason="The time server was corrected.", database_ahead_seconds=-0.25),
    ]
    in_doubt = AccessesRecorded(**by_itself, first=7, count=3, rows_sha256=_HASH, clock_in_doubt=True)
    ahead = carried | {"clock_at": carried["recorded_at"] - timedelta(days=40)}
    after = PersonAdmitted(**ahead, person=_PERSON)
    return {one.TOPIC: one for one in found} | {"AccessesRecorded-in-doubt": in_doubt, "PersonAdmitted-after": after}
