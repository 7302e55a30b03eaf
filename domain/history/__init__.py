"""A patient's history, computed from the events: the state that decisions and projections read.

There is one module for each module of events. The history has only what events state. What follows from it (the course
of a dose, what an approval still allows, when a request is due) is computed elsewhere when it is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from domain.events import PATIENT_EVENTS, PatientEvent
from domain.events.base import Event
from domain.events.patient import HistoryOpened
from domain.frozen import set_fields
from domain.history import appeals, determinations, documents, patient, requests, treatment
from domain.history.state import PatientHistory, requester_key

FOLDS: Final[dict[type[Event], Callable[[PatientHistory, Any], PatientHistory]]] = {
    **patient.FOLDS,
    **treatment.FOLDS,
    **requests.FOLDS,
    **documents.FOLDS,
    **determinations.FOLDS,
    **appeals.FOLDS,
}
"""For each event, the function that returns the changed history. `HistoryOpened` creates the history."""
assert set(FOLDS) == set(PATIENT_EVENTS) - {HistoryOpened}, "every event has its fold"


def fold(events: Iterable[PatientEvent], history: PatientHistory | None = None) -> PatientHistory | None:
    """The history after all events, starting from `history`. None if there is neither an event nor a history."""
    for event in events:
        history = evolve(history, event)
    return history


def versions(events: Iterable[PatientEvent]) -> list[PatientHistory]:
    """The history after each event, oldest first."""
    histories: list[PatientHistory] = []
    for event in events:
        histories.append(evolve(histories[-1] if histories else None, event))
    return histories


def evolve(history: PatientHistory | None, event: PatientEvent) -> PatientHistory:
    """The history after one more event. It accepts every order of events that `decide` can produce.

    Raises ValueError if the first event is not `HistoryOpened`.
    """
    if isinstance(event, HistoryOpened):
        return PatientHistory(
            patient_id=event.patient_id,
            version=event.originator_version,
            recorded_at=event.recorded_at,
            at=event.clock_at or event.recorded_at,
            member=event.member,
            name=event.name,
            birth_date=event.birth_date,
            members=(event.member,),
            imported_from=event.imported_from,
            requesters=(requester_key(event.actor),) if event.actor.role == "requester" else (),
            first_days=((event.member, event.first_day),) if event.first_day is not None else (),
        )
    if history is None:
        raise ValueError(f"a history begins with HistoryOpened, not with {event.TOPIC}")
    after = FOLDS[type(event)](history, event)
    if after is history:
        after = history.changed()
    # No other code refers to the new history yet, so it is not copied a second time.
    return set_fields(
        after, version=event.originator_version, recorded_at=event.recorded_at, at=event.clock_at or event.recorded_at
    )
