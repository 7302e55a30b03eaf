"""Samples of the events about claims and second entries of a day, every field filled in."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from domain.events.base import Event
from domain.events.treatment import (
    ClaimLineRecorded,
    ClaimReplaced,
    ClaimVoided,
    DoseDaysStated,
    PartOfDoseConfirmed,
    VoidedClaimSettled,
)

_ON = date(2026, 4, 20)


def claim_samples(every: dict[str, Any], patient: UUID) -> dict[str, Event]:
    """What is recorded of claim lines that are no paid originals, and what people say of entries (R25, R30)."""
    about, line = every | {"dose_id": f"{patient}.d1"}, {"on": _ON, "mg": 24.0, "source": "claim"}
    references = {"source_reference": "CLM-1-R", "original_reference": "CLM-1"}
    found: list[Event] = [
        PartOfDoseConfirmed(**about, reason="Two vials on two lines."),
        DoseDaysStated(
            **about, days=2, first_on=_ON, last_on=date(2026, 4, 21), reason="The center confirmed two days."
        ),
        ClaimReplaced(
            **about,
            **line,
            **references,
            site="Infusion Center East",
            found_by="original_reference",
            request_id=f"{patient}.r1",
            course=1,
            documents_report=f"{patient}.t1",
            possible_duplicate_of=f"{patient}.d2",
            fields=("on", "mg", "source_reference"),
            variances=("not_12_mg",),
        ),
        ClaimVoided(**about, **line, **references, found_by="day", line_version=7),
        ClaimLineRecorded(**every, **line, **references, line="denied", site="Infusion Center East"),
        VoidedClaimSettled(**about, finding="not_given", reason="The appointment was canceled."),
    ]
    return {one.TOPIC: one for one in found}
