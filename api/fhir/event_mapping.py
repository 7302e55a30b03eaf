"""The FHIR resource that each subject of an event comes nearest to.

A thing is spoken of by the ledger's own id. The FHIR type beside it is the resource that it comes nearest to:
a reader of the trail may group by it; none of them but AuditEvent and Provenance is served.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, get_args

from api.fhir.codes import OWN, Resource
from domain.events import PATIENT_EVENTS
from domain.events.base import Event, Subject


@dataclass(frozen=True, slots=True)
class Thing:
    """`field` is the event's field with the thing's id; without one the event itself is spoken of."""

    kind: str
    fhir_type: str
    field: str | None = None


THINGS: Final[dict[Subject, Thing]] = {
    "patient": Thing("patient", "Patient"),
    "coverage": Thing("coverage", "Coverage"),
    "representative": Thing("representative", "RelatedPerson"),
    "other agent": Thing("other-agent", "MedicationStatement"),
    "report": Thing("report", "MedicationStatement", "report_id"),
    "dose": Thing("dose", "MedicationAdministration", "dose_id"),
    "course": Thing("course", "CarePlan", "course"),
    "document": Thing("document", "DocumentReference", "document_id"),
    "request": Thing("request", "Claim", "request_id"),
    "determination": Thing("determination", "ClaimResponse"),
    "notice": Thing("notice", "Communication", "notice_id"),
    "appeal": Thing("appeal", "Task", "appeal_id"),
}
assert set(THINGS) == set(get_args(Subject)), "every subject of an event has its resource"

_KIND_OF_LETTER: Final[dict[str, Subject]] = {
    "r": "request",
    "d": "dose",
    "t": "report",
    "f": "document",
    "n": "notice",
    "a": "appeal",
}
"""By the letter before the ordinal in an id."""


def is_of_patient(event: Event) -> bool:
    """Whether the event is of a patient's history, and so is about a resource."""
    return type(event) in _OF_PATIENT


_OF_PATIENT: Final = frozenset(PATIENT_EVENTS)


def thing_of(event: Event) -> Resource:
    """A reference to what the event is about."""
    subject = event.ABOUT.subject
    thing = THINGS[subject]
    if subject == "patient":
        return patient_reference(event.originator_id)
    if subject == "determination":
        # An approval that is extended or rescinded is spoken of by the event that gave it.
        version: int = getattr(event, "approval_version", event.originator_version)
        return _logical(thing, event_value(event, version))
    value: Any = getattr(event, thing.field) if thing.field is not None else event_value(event)
    return _logical(thing, f"{event.originator_id}.course{value}" if subject == "course" else value)


def named(identifier: str) -> Resource | None:
    """A reference to whatever has this id of the ledger's own, such as a request; None for no such id."""
    letter = identifier.partition(".")[2][:1]
    subject = _KIND_OF_LETTER.get(letter)
    return _logical(THINGS[subject], identifier) if subject is not None else None


def event_reference(event: Event, version: int | None = None) -> Resource:
    """To an event of the same history, by its version."""
    return {"identifier": {"system": f"{OWN}history-version", "value": event_value(event, version)}}


def event_value(event: Event, version: int | None = None) -> str:
    return f"{event.originator_id}.v{event.originator_version if version is None else version}"


def patient_reference(patient_id: object) -> Resource:
    return {"reference": f"Patient/{patient_id}", "type": "Patient"}


def _logical(thing: Thing, value: str) -> Resource:
    return {"type": thing.fhir_type, "identifier": {"system": f"{OWN}{thing.kind}", "value": value}}
