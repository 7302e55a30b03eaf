"""Every event that can be recorded. An event is named in the past tense, is flat, and is frozen.

    patient         who the patient is: identifiers, coverage, representatives, other agents for MS
    treatment       reports of earlier treatment, doses, courses, and their corrections
    documents       the documents behind the facts
    requests        the life of a request, from receipt to notice
    receipts        corrections of when and how a request was received
    determinations  what a person decided, and later changes of an approval
    appeals         appeals, their decisions, and external review
    system          the ledger itself: its users, the access log, the seal

An event is stored under its `TOPIC` as the JSON of its fields. The store keeps the patient's id and the position in the
history as the key. A topic is never renamed, and a field never changes its meaning. A changed shape is a new
`class_version` with an upcast from the one before. Golden files prove that every version ever stored still decodes.

Every event has two times: when it happened (`on`, a calendar day, or `at`, an instant) and when it was recorded
(`recorded_at`). All events of one command share `recorded_at`, which is at least a microsecond after the command
before, so that "what was known then" never includes only a part of a command.
"""

from __future__ import annotations

from typing import Final, get_args

from domain.events.appeals import AppealEvent
from domain.events.base import Event
from domain.events.determinations import DeterminationEvent
from domain.events.documents import DocumentEvent
from domain.events.patient import IndexEvent, PersonEvent
from domain.events.receipts import ReceiptEvent
from domain.events.requests import RequestEvent
from domain.events.system import SystemEvent
from domain.events.treatment import TreatmentEvent

PatientEvent = (
    PersonEvent | TreatmentEvent | DocumentEvent | RequestEvent | ReceiptEvent | DeterminationEvent | AppealEvent
)
PATIENT_EVENTS: Final[tuple[type[Event], ...]] = get_args(PatientEvent)
STORED_EVENTS: Final[tuple[type[Event], ...]] = (*PATIENT_EVENTS, *get_args(IndexEvent), *get_args(SystemEvent))
assert set(STORED_EVENTS) == set(Event.__subclasses__()), "every event is in the union of its module"
assert all(hasattr(one, "TITLE") and hasattr(one, "ABOUT") for one in PATIENT_EVENTS), "each has its title and subject"
