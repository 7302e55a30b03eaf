"""What a seal must be over: the log read plainly, and hashed as the standard says."""

from __future__ import annotations

from uuid import uuid4

from domain.ledger.application import Ledger
from domain.seal.entries import LogEntry
from domain.seal.merkle import root_of
from tests.ledger.acts import dose, opened
from tests.story import NURSE


def leaves_of(ledger: Ledger) -> list[bytes]:
    plain = ledger.events.mapper.plain_state
    rows = ledger.recorder.log(0, 1_000_000)
    return [LogEntry(stream, version, topic, plain(state)).leaf_hash() for _, stream, version, topic, state in rows]


def root_of_log(ledger: Ledger, size: int | None = None) -> bytes:
    return root_of(leaves_of(ledger)[:size])


def grown(ledger: Ledger, patients: int, doses: int = 3) -> None:
    for _ in range(patients):
        patient_id = opened(ledger, f"M-{uuid4().hex[:12]}")
        for day in range(doses):
            ledger.execute(patient_id, dose(day), NURSE)
