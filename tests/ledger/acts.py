"""Commands as the ledger's tests send them, with the least that they need."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from domain.commands.patient import OpenHistory
from domain.commands.treatment import RecordDose
from domain.events.patient import Member
from domain.ledger.application import Ledger, Outcome
from tests.story import NURSE

FIRST_DAY = date(2026, 4, 20)


def opening(member_id: str = "M-1", name: str = "Alma Synthetic") -> OpenHistory:
    return OpenHistory(member=Member(member_id=member_id), name=name)


def dose(number: int, reference: str | None = None) -> RecordDose:
    """The dose of the day `number` days after the first; five in a row complete a course."""
    return RecordDose(
        on=FIRST_DAY + timedelta(days=number),
        mg=12.0,
        source="infusion_centre",
        source_reference=reference or f"INF-{number}",
    )


def opened(ledger: Ledger, member_id: str = "M-1") -> UUID:
    return ledger.open_history(opening(member_id), NURSE).patient_id


def dosed(ledger: Ledger, patient_id: UUID, *numbers: int) -> list[Outcome]:
    return [ledger.execute(patient_id, dose(number), NURSE) for number in numbers]
