"""What happened, oldest recorded first: every event in words, with both its times, and what a correction corrects."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from domain import events as told
from domain.calendar import Instant
from domain.events import Event, ImportedFrom, PatientEvent
from domain.facts import Fact
from domain.people import Actor
from projections.event_text import entry_of, sentence_of, title_of

CORRECTS: Final[dict[type[Event], str]] = {
    told.DemographicsCorrected: "",
    told.HistoriesUnlinked: "",
    told.DeathRecordVoided: "",
    told.PriorTreatmentCorrected: "report_id",
    told.PriorTreatmentVoided: "report_id",
    told.DoseCorrected: "dose_id",
    told.DoseVoided: "dose_id",
    told.DocumentCorrected: "document_id",
    told.DocumentVoided: "document_id",
    told.StatementCorrected: "request_id",
}
"""The events that correct or void another entry (R23), and the field that names it; empty where it has no id."""


class TimelineEntry(Fact):
    """One event. `happened` is a day or an instant as ISO text; `_on` are days of the plan's zone.

    `days_late` is how many days after it happened it was recorded; `corrects` names the entry that it
    corrects or voids, as `d1`, or is empty text where what is corrected has no id of its own.
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
    return tuple(entry(event, zone) for event in events)


def entry(event: PatientEvent, zone: ZoneInfo) -> TimelineEntry:
    happened = _happened(event)
    on = _day(happened, zone)
    recorded_on = event.recorded_at.astimezone(zone).date()
    return TimelineEntry(
        version=event.originator_version,
        event=event.TOPIC,
        title=title_of(type(event)),
        sentence=sentence_of(event),
        happened=happened.isoformat(),
        happened_on=on.isoformat(),
        recorded_at=event.recorded_at,
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
