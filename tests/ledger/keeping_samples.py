"""Samples of the events of the ledger's own keeping: people, who looked, the seal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from domain import events as told
from domain.events import Event
from domain.people import Actor

_LATER = datetime(2026, 5, 5, 15, 30, tzinfo=UTC)
_PERSON = Actor(id="office.7", name="Practice Seven", role="requester", office="practice-seven")
_LINK = "0123456789abcdef"
_HASH = "7a" * 32
_KEY = "lemtrada-ledger/11111111-2222-4333-8444-555555555555+0123abcd+AQID"


def keeping_samples(carried: dict[str, Any]) -> dict[str, Event]:
    """By topic, each with every field that its class has."""
    carried = carried | {"imported_from": told.ImportedFrom(source="old-plan", reference="L-7")}
    by_itself = carried | {"actor": told.THE_LEDGER_ITSELF}
    found = [
        told.RequesterAdmitted(**carried | {"actor": _PERSON}),
        told.PersonAdmitted(**carried, person=_PERSON),
        told.PersonChanged(**carried, person=_PERSON),
        told.PersonRemoved(**carried, person_id="office.7", reason="Left the practice."),
        told.LinkIssued(**carried, link_id=_LINK, person_id="office.7", secret_sha256=_HASH, expires_at=_LATER),
        told.LinkUsed(**carried, link_id=_LINK),
        told.TokenIssued(**carried, token_id=_LINK, person_id="office.7", secret_sha256=_HASH, expires_at=_LATER),
        told.TokenRevoked(**carried, token_id=_LINK, reason="Lost."),
        told.AccessesRecorded(**by_itself, first=7, count=3, rows_sha256=_HASH),
        told.SealStarted(**by_itself, origin="lemtrada-ledger/x/2", after="x\n7\nAAA=\n", reason="Disk."),
        told.SealingKeyNamed(**by_itself, verifier_key=_KEY, replaces=_KEY, cause="rotation"),
    ]
    return {one.TOPIC: one for one in found}
