"""Maps each subject of an event to the FHIR resource type that is most similar to it.

A subject is identified by the ledger's own id. Readers of the audit trail can group by the FHIR type. Only AuditEvent
and Provenance are served as resources.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, get_args

from api.fhir.codes import OWN, Resource
from domain.events import PATIENT_EVENTS
from domain.events.base import Event, Subject


@dataclass(frozen=True, slots=True)
class Thing:
    """A kind of subject. `field` is the field of the event that has the subject's id. None: the event's id is used."""

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
    "claim line": Thing("claim-line", "ExplanationOfBenefit"),
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
"""The kind of subject by the letter before the ordinal in an id, such as `r` in `….r1`."""


def is_of_patient(event: Event) -> bool:
    """Whether the event belongs to a patient's history. Only these events have a subject."""
    return type(event) in _OF_PATIENT


_OF_PATIENT: Final = frozenset(PATIENT_EVENTS)


def thing_of(event: Event) -> Resource:
    """A reference to the subject of the event."""
    subject = event.ABOUT.subject
    thing = THINGS[subject]
    if subject == "patient":
        return patient_reference(event.originator_id)
    if subject == "determination":
        # The subject of an extension or a rescission is the determination that gave the approval.
        version: int = getattr(event, "approval_version", event.originator_version)
        return _logical(thing, event_value(event, version))
    if subject == "other agent":
        # The subject of a void is the entry that was voided.
        entry_version: int = getattr(event, "entry_version", event.originator_version)
        return _logical(thing, event_value(event, entry_version))
    value: Any = getattr(event, thing.field) if thing.field is not None else event_value(event)
    return _logical(thing, f"{event.originator_id}.course{value}" if subject == "course" else value)


def named(identifier: str) -> Resource | None:
    """A reference to the record with this id of the ledger, such as a request. None if it is not such an id."""
    letter = identifier.partition(".")[2][:1]
    subject = _KIND_OF_LETTER.get(letter)
    return _logical(THINGS[subject], identifier) if subject is not None else None


def event_reference(event: Event, version: int | None = None) -> Resource:
    """A reference to an event of the same history by its version. Default: the event itself."""
    return {"identifier": {"system": f"{OWN}history-version", "value": event_value(event, version)}}


def event_value(event: Event, version: int | None = None) -> str:
    """The id of an event of the same history. Default: the event itself."""
    return f"{event.originator_id}.v{event.originator_version if version is None else version}"


def patient_reference(patient_id: object) -> Resource:
    """A reference to a patient by the random id."""
    return {"reference": f"Patient/{patient_id}", "type": "Patient"}


def _logical(thing: Thing, value: str) -> Resource:
    return {"type": thing.fhir_type, "identifier": {"system": f"{OWN}{thing.kind}", "value": value}}
