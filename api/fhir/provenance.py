"""Maps each state change of a patient's history to a Provenance: what changed, when, and who recorded it when.

The patient is always a target, so that a search by patient finds every change. The subject of the event is another
target, unless the subject is the patient. The actor is the author. For an import or a system, the actor is only the
enterer or the informant.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from api.fhir import codes
from api.fhir.audit_events import event_id, instant, person_agent, the_ledger
from api.fhir.codes import OWN, Resource, coding, concept, own
from api.fhir.event_mapping import THINGS, event_reference, named, patient_reference, thing_of
from domain.events.base import Event

_OPERATION: Final = {
    "create": coding(codes.DATA_OPERATION, "CREATE", "create"),
    "update": coding(codes.DATA_OPERATION, "UPDATE", "update"),
    "void": coding(codes.DATA_OPERATION, "NULLIFY", "nullify"),
}

SOURCE: Final = "source"
REVISION: Final = "revision"
QUOTATION: Final = "quotation"


def of_change(event: Event, ledger_id: UUID) -> Resource:
    """The Provenance of an event of a patient's history."""
    effect = event.ABOUT.effect
    patient, thing = patient_reference(event.originator_id), thing_of(event)
    entities = _entities(event)
    return {
        "resourceType": "Provenance",
        "id": event_id(event),
        "target": [thing] if thing == patient else [thing, patient],
        "occurredDateTime": happened(event),
        "recorded": instant(event.at),
        "activity": concept(_OPERATION[effect], own("event", event.TOPIC)),
        "agent": [_author(event), {"type": codes.PROVENANCE_CUSTODIAN, "who": the_ledger(ledger_id)}],
        **({"entity": entities} if entities else {}),
    }


def happened(event: Event) -> str:
    """When the event happened: an instant, or a day if only the day is known."""
    at = event.happened
    return instant(at) if isinstance(at, datetime) else at.isoformat()


def _author(event: Event) -> Resource:
    person = person_agent(event.actor, _participation(event))
    agent = {"type": person["type"], "role": person["role"], "who": person["who"]}
    if event.actor.office is not None:
        office = {"type": "Organization", "identifier": {"system": f"{OWN}office", "value": event.actor.office}}
        agent["onBehalfOf"] = office
    return agent


def _participation(event: Event) -> Resource:
    if event.imported_from is not None:
        return codes.PROVENANCE_ENTERER
    return codes.PROVENANCE_INFORMANT if event.actor.role == "service" else codes.PROVENANCE_AUTHOR


def _entities(event: Event) -> list[Resource]:
    """The sources of the event: the assessed version, what it revises, its documents, and the imported record."""
    entities: list[Resource] = []

    def add(role: str, what: Resource | None) -> None:
        if what is not None:
            entities.append({"role": role, "what": what})

    if (determination := getattr(event, "determination", None)) is not None:
        add(SOURCE, event_reference(event, determination.history_version))
    if (approval_version := getattr(event, "approval_version", None)) is not None:
        add(REVISION, event_reference(event, approval_version))
    if (decision_version := getattr(event, "decision_version", None)) is not None:
        add(SOURCE, event_reference(event, decision_version))
    for document in getattr(event, "documents", ()):
        add(SOURCE, named(document.document_id))
    for field in _SOURCE_FIELDS:
        if (identifier := getattr(event, field, None)) is not None and not _is_subject(event, field):
            add(SOURCE, named(identifier))
    if event.imported_from is not None:
        # The reference of the imported line is left out, because it may be the patient's number in the other record.
        add(QUOTATION, {"identifier": {"system": f"{OWN}import", "value": event.imported_from.source}})
    return entities


_SOURCE_FIELDS: Final = ("request_id", "appeal_id", "document_id", "duplicate_of", "possible_duplicate_of")


def _is_subject(event: Event, field: str) -> bool:
    thing = THINGS[event.ABOUT.subject]
    return thing.field == field


def is_of(event: Event, reference: str | None, identifier: tuple[str | None, str] | None) -> bool:
    """Whether the Provenance of the event has this target, by reference or by the system and value of an identifier.

    True if neither is given.
    """
    targets: list[Any] = [thing_of(event), patient_reference(event.originator_id)]
    if reference is not None:
        return any(one.get("reference") == reference for one in targets)
    if identifier is not None:
        system, value = identifier
        identifiers = [one["identifier"] for one in targets if "identifier" in one]
        return any(one["value"] == value and system in (None, one["system"]) for one in identifiers)
    return True
