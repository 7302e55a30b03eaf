"""Reading by hand: rows selected, validated by the class of their topic, folded; nothing around it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from domain.events import STORED_EVENTS
from domain.events.base import Event
from domain.frozen import set_fields
from domain.history import fold
from domain.history.state import PatientHistory

VALIDATE: Final = {one.TOPIC: one.__pydantic_validator__.validate_json for one in STORED_EVENTS}


def decoded(topic: str, state: bytes) -> Any:
    return VALIDATE[topic](state)


def folded_by_hand(patient_id: UUID, rows: Iterable[tuple[str, bytes]]) -> PatientHistory:
    """The history folded from the rows of one patient, from the first event on."""
    events = [
        set_fields(VALIDATE[topic](state), originator_id=patient_id, originator_version=version)
        for version, (topic, state) in enumerate(rows, 1)
    ]
    history = fold(events)
    assert history is not None
    return history


def check_versions() -> None:
    """What is validated here as it was stored would need an upcast if a class came to a later version."""
    later = [one.TOPIC for one in STORED_EVENTS if _version(one) > 1]
    assert not later, f"decode these as the mapper does: {later}"


def _version(event_class: type[Event]) -> int:
    return event_class.class_version
