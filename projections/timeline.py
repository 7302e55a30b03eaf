"""The timeline: every event in words, in the order of recording, with both its times and what it corrects."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from domain.calendar import Instant
from domain.events import PATIENT_EVENTS, PatientEvent
from domain.events.base import Event, ImportedFrom
from domain.events.documents import DocumentCorrected, DocumentVoided
from domain.events.patient import DeathRecordVoided, DemographicsCorrected, HistoriesUnlinked, OtherAgentEntryVoided
from domain.events.receipts import ReceiptCorrected
from domain.events.requests import StatementCorrected
from domain.events.treatment import (
    ClaimVoided,
    DoseCorrected,
    DoseVoided,
    PriorTreatmentCorrected,
    PriorTreatmentVoided,
)
from domain.facts import FrozenModel
from domain.people import Actor
from projections.event_text import entry_of, sentence_of

CORRECTS: Final[dict[type[Event], str]] = {
    DemographicsCorrected: "",
    HistoriesUnlinked: "",
    DeathRecordVoided: "",
    OtherAgentEntryVoided: "agent_entry_id",
    PriorTreatmentCorrected: "report_id",
    PriorTreatmentVoided: "report_id",
    DoseCorrected: "dose_id",
    DoseVoided: "dose_id",
    ClaimVoided: "dose_id",
    DocumentCorrected: "document_id",
    DocumentVoided: "document_id",
    StatementCorrected: "request_id",
    ReceiptCorrected: "request_id",
}
"""The events that correct or void another entry (R23), and the field with the entry's id; empty if it has none."""
assert {one.__name__ for one in CORRECTS} == {
    one.__name__ for one in PATIENT_EVENTS if one.__name__.endswith(("Corrected", "Voided", "Unlinked"))
}, "every correction names what it corrects"


class TimelineEntry(FrozenModel):
    """One event. `happened` is a day or an instant as ISO 8601 text; `_on` fields are days in the plan's time zone.

    `days_late` is the number of days from when the event happened until it was recorded. `corrects` is the short name
    of the entry that the event corrects or voids, such as `d1`, or empty text if that entry has no id.
    """

    version: int
    event: str
    title: str
    sentence: str
    happened: str
    happened_on: str
    recorded_at: Instant
    recorded_on: str
    days_late: int
    who: Actor
    corrects: str | None
    reason: str | None
    imported_from: ImportedFrom | None


def timeline(events: Iterable[PatientEvent], zone: ZoneInfo) -> tuple[TimelineEntry, ...]:
    """Returns an entry for each event, in the same order. `zone` is the plan's time zone."""
    return tuple(entry(event, zone) for event in events)


def entry(event: PatientEvent, zone: ZoneInfo) -> TimelineEntry:
    """Returns the entry of one event. `zone` is the plan's time zone."""
    happened = _happened(event)
    on = _day(happened, zone)
    recorded_on = event.at.astimezone(zone).date()
    return TimelineEntry(
        version=event.originator_version,
        event=event.TOPIC,
        title=event.TITLE,
        sentence=sentence_of(event),
        happened=happened.isoformat(),
        happened_on=on.isoformat(),
        recorded_at=event.at,
        recorded_on=recorded_on.isoformat(),
        days_late=max(0, (recorded_on - on).days),
        who=event.actor,
        corrects=_corrects(event),
        reason=getattr(event, "reason", None),
        imported_from=event.imported_from,
    )


def _happened(event: PatientEvent) -> datetime | date:
    return event.happened


def _day(happened: datetime | date, zone: ZoneInfo) -> date:
    return happened.astimezone(zone).date() if isinstance(happened, datetime) else happened


def _corrects(event: PatientEvent) -> str | None:
    field = CORRECTS.get(type(event))
    if field is None:
        return None
    return entry_of(getattr(event, field)) if field else ""
