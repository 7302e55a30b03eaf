"""A patient's history, as the decisions need it, and the fold that computes it from events.

`evolve` only remembers: one module for each module of events. What follows from it (which course a dose belongs to,
what an approval still allows, when a request is due) is computed where it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from domain.events import PATIENT_EVENTS, PatientEvent
from domain.events.base import Event
from domain.events.patient import HistoryOpened
from domain.frozen import set_fields
from domain.history import appeals, determinations, documents, patient, requests, treatment
from domain.history.state import PatientHistory

REMEMBERS: Final[dict[type[Event], Callable[[PatientHistory, Any], PatientHistory]]] = {
    **patient.REMEMBERS,
    **treatment.REMEMBERS,
    **requests.REMEMBERS,
    **documents.REMEMBERS,
    **determinations.REMEMBERS,
    **appeals.REMEMBERS,
}
"""What each event adds to the history; `HistoryOpened` begins it."""
assert set(REMEMBERS) == set(PATIENT_EVENTS) - {HistoryOpened}, "every event has its fold"


def fold(events: Iterable[PatientEvent], history: PatientHistory | None = None) -> PatientHistory | None:
    """The history after all the events; None where there are none."""
    for event in events:
        history = evolve(history, event)
    return history


def versions(events: Iterable[PatientEvent]) -> list[PatientHistory]:
    """The history after each event, oldest first."""
    found: list[PatientHistory] = []
    for event in events:
        found.append(evolve(found[-1] if found else None, event))
    return found


def evolve(history: PatientHistory | None, event: PatientEvent) -> PatientHistory:
    """The history after one more event. Total over every order that `decide` can produce."""
    if isinstance(event, HistoryOpened):
        return PatientHistory(
            patient_id=event.patient_id,
            version=event.originator_version,
            recorded_at=event.recorded_at,
            member=event.member,
            name=event.name,
            birth_date=event.birth_date,
            members=(event.member,),
            imported_from=event.imported_from,
            requesters=(event.actor.asks_as,) if event.actor.role == "requester" else (),
        )
    if history is None:
        raise ValueError(f"a history begins with HistoryOpened, not with {event.TOPIC}")
    after = REMEMBERS[type(event)](history, event)
    if after is history:
        after = history.changed()
    # Nobody else holds it yet, and so it need not be copied a second time.
    set_fields(after, version=event.originator_version, recorded_at=event.recorded_at)
    return after
