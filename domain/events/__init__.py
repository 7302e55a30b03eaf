"""The story a patient's record can tell: every event, past tense, flat and frozen, in chapters.

    patient         who she is, her coverage, agents of others
    treatment       reports from elsewhere, doses, courses, and their corrections
    requests        the life of a request, from receipt to notice
    documents       what stands behind the facts
    determinations  what persons decided, and what became of an approval
    appeals         what was asked to be decided again
    keeping         of the ledger itself: its people, who looked, the seal

The wire law: an event is stored under its `TOPIC` as the JSON of its fields, without the
patient's id and the position in her history, which the store keeps as its key. A topic is
never renamed, a field never changes its meaning; a changed shape is a new `class_version`
with an upcast from the one before, and the golden files prove that every version ever
stored still decodes.

Two times stand on every event: when it happened (`on`, a calendar day, or `at`, an instant)
and when it was recorded (`recorded_at`). All events of one command share its instant, which
is at least a microsecond after the command before, so that "what was known then" never cuts
through a command.
"""

from __future__ import annotations

from typing import Final, get_args

from domain.events.appeals import AppealEvent
from domain.events.base import Event
from domain.events.determinations import DeterminationEvent
from domain.events.documents import DocumentEvent
from domain.events.patient import IndexEvent, PersonEvent
from domain.events.requests import RequestEvent
from domain.events.system import KeepingEvent
from domain.events.treatment import TreatmentEvent

PatientEvent = PersonEvent | TreatmentEvent | DocumentEvent | RequestEvent | DeterminationEvent | AppealEvent
PATIENT_EVENTS: Final[tuple[type[Event], ...]] = get_args(PatientEvent)
STORED_EVENTS: Final[tuple[type[Event], ...]] = (*PATIENT_EVENTS, *get_args(IndexEvent), *get_args(KeepingEvent))
assert set(STORED_EVENTS) == set(Event.__subclasses__()), "every event is in the union of its module"
assert all(hasattr(one, "TITLE") and hasattr(one, "ABOUT") for one in PATIENT_EVENTS), "each has its title and subject"
