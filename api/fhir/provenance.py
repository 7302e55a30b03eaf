"""Each state change of a patient's history as a Provenance: what, when it happened and was recorded, by whom.

The patient is a target of each, so that a search by patient means what it says; the thing itself is another,
where it is not she. Who recorded it is its author; of what an import or a system brought, only who passed it on.
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
    """Of an event of a patient's history."""
    effect = event.ABOUT.effect
    patient, thing = patient_reference(event.originator_id), thing_of(event)
    entities = _entities(event)
    return {
        "resourceType": "Provenance",
        "id": event_id(event),
        "target": [thing] if thing == patient else [thing, patient],
        "occurredDateTime": happened(event),
        "recorded": instant(event.recorded_at),
        "activity": concept(_OPERATION[effect], own("event", event.TOPIC)),
        "agent": [_author(event), {"type": codes.PROVENANCE_CUSTODIAN, "who": the_ledger(ledger_id)}],
        **({"entity": entities} if entities else {}),
    }


def happened(event: Event) -> str:
    """A day where that is all that is known of it."""
    at = event.happened
    return instant(at) if isinstance(at, datetime) else at.isoformat()


def _author(event: Event) -> Resource:
    known = person_agent(event.actor, _part_of(event))
    agent = {"type": known["type"], "role": known["role"], "who": known["who"]}
    if event.actor.office is not None:
        office = {"type": "Organization", "identifier": {"system": f"{OWN}office", "value": event.actor.office}}
        agent["onBehalfOf"] = office
    return agent


def _part_of(event: Event) -> Resource:
    if event.imported_from is not None:
        return codes.PROVENANCE_ENTERER
    return codes.PROVENANCE_INFORMANT if event.actor.role == "service" else codes.PROVENANCE_AUTHOR


def _entities(event: Event) -> list[Resource]:
    """What it was made from: what the decider saw, what it revises, the documents, and the record it was taken from."""
    found: list[Resource] = []

    def add(role: str, what: Resource | None) -> None:
        if what is not None:
            found.append({"role": role, "what": what})

    if (determination := getattr(event, "determination", None)) is not None:
        add(SOURCE, event_reference(event, determination.history_version))
    if (approval_version := getattr(event, "approval_version", None)) is not None:
        add(REVISION, event_reference(event, approval_version))
    if (decision_version := getattr(event, "decision_version", None)) is not None:
        add(SOURCE, event_reference(event, decision_version))
    for document in getattr(event, "documents", ()):
        add(SOURCE, named(document.document_id))
    for field in _RESTS_ON:
        if (identifier := getattr(event, field, None)) is not None and not _is_its_thing(event, field):
            add(SOURCE, named(identifier))
    if event.imported_from is not None:
        # Its line there may be a number that the other record knows her by.
        add(QUOTATION, {"identifier": {"system": f"{OWN}import", "value": event.imported_from.source}})
    return found


_RESTS_ON: Final = ("request_id", "appeal_id", "document_id", "duplicate_of", "possible_duplicate_of")


def _is_its_thing(event: Event, field: str) -> bool:
    thing = THINGS[event.ABOUT.subject]
    return thing.field == field


def is_of(event: Event, reference: str | None, identifier: tuple[str | None, str] | None) -> bool:
    """Whether a Provenance of this event has such a target: by reference, or by system and value."""
    targets: list[Any] = [thing_of(event), patient_reference(event.originator_id)]
    if reference is not None:
        return any(one.get("reference") == reference for one in targets)
    if identifier is not None:
        system, value = identifier
        known = [one["identifier"] for one in targets if "identifier" in one]
        return any(one["value"] == value and system in (None, one["system"]) for one in known)
    return True
