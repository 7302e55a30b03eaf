"""The receipts of a request, as submitted and as corrected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from domain.events.receipts import ReceiptSource
from domain.people import Actor


@dataclass(frozen=True, slots=True)
class Receipt:
    """When and how a request was received, as event number `version` states it: the submission, or a correction."""

    received_at: datetime
    received_on: date
    source: ReceiptSource | None
    by: Actor
    recorded_at: datetime
    version: int
    reason: str | None = None
