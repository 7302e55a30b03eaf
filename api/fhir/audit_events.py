"""Maps each state change, each read, and each change of users, links, tokens and keys to an AuditEvent.

An AuditEvent of something that was or may have been sent over HTTP follows IHE's Basic Audit Log Patterns (BALP) and
states the pattern in `meta.profile`. An AuditEvent of an import, an export, a read by the command line, or of
something that concerns no patient has the DICOM type for it and no profile. A patient is identified only by the random
id. The network address from which a state change was sent is not on record, so the network of its client is marked as
absent. A list is mapped to a read of each patient in it: the pattern for a query needs the query, which is not stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any, Final, get_args
from uuid import UUID

from api.fhir import codes
from api.fhir.codes import Resource, coding, concept, own
from api.fhir.event_mapping import event_value, is_of_patient, named, patient_reference, thing_of
from domain.events import PATIENT_EVENTS, STORED_EVENTS
from domain.events.base import Event
from domain.events.patient import IndexEvent
from domain.events.system import (
    AccessesRecorded,
    ClockConfirmed,
    LinkIssued,
    LinkUsed,
    PersonAdmitted,
    PersonChanged,
    PersonRemoved,
    SealingKeyNamed,
    SealStarted,
    TokenIssued,
    TokenRevoked,
)
from domain.ledger.access_log.rows import NumberedAccess
from domain.people import Actor
from domain.permissions.disclosure import Access

THE_LEDGER: Final = "Lemtrada authorization ledger"


def event_id(event: Event) -> str:
    """The id of the AuditEvent and of the Provenance of an event. The id contains the stream and the version only."""
    return f"e.{event.originator_id.hex}.{event.originator_version}"


def row_id(row: NumberedAccess) -> str:
    """The id of the AuditEvent of an access."""
    return f"a.{row.register.hex}.{row.number}"


def instant(at: datetime) -> str:
    """The instant in UTC, with microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


# -- state changes ----------------------------------------------------------------------------


def of_change(event: Event, ledger_id: UUID) -> Resource:
    """The AuditEvent of an event of a patient's history."""
    effect = event.ABOUT.effect
    creates = effect == "create"
    # An import is recorded as an import. All other state changes may have been sent over HTTP.
    by_import = event.imported_from is not None
    profile = "PatientCreate" if creates else "PatientUpdate"
    user = person_agent(event.actor, codes.INFORMANT if _reports_others(event) else codes.AUTHOR)
    return {
        "resourceType": "AuditEvent",
        "id": event_id(event),
        **({} if by_import else {"meta": {"profile": [codes.BALP + profile]}}),
        "type": codes.IMPORT if by_import else codes.REST,
        "subtype": [codes.CREATE if creates else codes.UPDATE, own("event", event.TOPIC)],
        "action": "C" if creates else "U",
        "recorded": instant(event.at),
        "outcome": codes.SUCCESS,
        "agent": [
            _agent(codes.SOURCE, {"display": "import" if by_import else "client"}, _absent()),
            _ledger_agent(codes.DESTINATION, ledger_id),
            user,
        ],
        "source": _source(ledger_id),
        "entity": [
            _patient_entity(event.originator_id),
            {
                "what": thing_of(event),
                "type": codes.SYSTEM_OBJECT,
                "role": codes.ROLE_DOMAIN_RESOURCE,
                "detail": [
                    {"type": "history-version", "valueString": event_value(event)},
                    {"type": "command", "valueString": str(event.command_id)},
                ],
            },
        ],
    }


def _reports_others(event: Event) -> bool:
    """Whether the actor reports what others did. The actor is a system, or a user who imports another record."""
    return event.imported_from is not None or event.actor.role == "service"


# -- reads ------------------------------------------------------------------------------------


def of_read(row: NumberedAccess, ledger_id: UUID) -> Resource:
    """The AuditEvent of an access in the access log."""
    access = row.access
    kind, profile = _kind_of(access)
    purpose = [_purpose(access)] if access.purpose is not None else []
    return {
        "resourceType": "AuditEvent",
        "id": row_id(row),
        **({} if profile is None else {"meta": {"profile": [codes.BALP + profile]}}),
        "type": kind,
        "subtype": [codes.READ, own("view", access.view)],
        "action": "R",
        "recorded": instant(access.at),
        "outcome": codes.SUCCESS,
        **({"purposeOfEvent": purpose} if purpose else {}),
        "agent": [
            _agent(codes.DESTINATION, {"display": access.through}, _network(access.origin)),
            _ledger_agent(codes.SOURCE, ledger_id),
            _reader(access, purpose),
        ],
        "source": _source(ledger_id),
        "entity": [
            *([_patient_entity(access.patient_id)] if access.patient_id is not None else []),
            {"what": _viewed(access), "type": codes.SYSTEM_OBJECT, "role": codes.VIEWED[access.view][1]},
        ],
    }


def _kind_of(access: Access) -> tuple[Resource, str | None]:
    """The type of the AuditEvent, and the BALP pattern if there is one."""
    if access.view in ("accesses", "audit_events"):
        return codes.AUDIT_LOG_USED, None
    if access.view == "export" or access.through == "export":
        return codes.EXPORT, None
    if access.through == "command line":
        return codes.PATIENT_RECORD, None
    return codes.REST, "PatientRead" if access.patient_id is not None else "Read"


def _viewed(access: Access) -> Resource:
    fhir_type, _ = codes.VIEWED[access.view]
    if access.subject is not None and (thing := named(access.subject)) is not None:
        return thing
    if fhir_type == "Patient" and access.patient_id is not None:
        return patient_reference(access.patient_id)
    patient = str(access.patient_id) if access.patient_id is not None else "everybody"
    return {"type": fhir_type, "identifier": {"system": f"{codes.OWN}view", "value": f"{access.view}.{patient}"}}


def _reader(access: Access, purpose: Sequence[Resource]) -> Resource:
    return {
        "type": codes.RECIPIENT,
        **({"role": [_role(access.role)]} if access.role is not None else {}),
        "who": _person(access.actor_id, access.actor_name),
        "name": access.actor_name,
        "requestor": True,
        **({"purposeOfUse": list(purpose)} if purpose else {}),
    }


def _purpose(access: Access) -> Resource:
    assert access.purpose is not None
    return concept(coding(codes.ACT_REASON, access.purpose, codes.PURPOSES[access.purpose]))


# -- users, links, tokens, and the seal -------------------------------------------------------

SYSTEM_EVENTS: Final[dict[type[Event], tuple[Resource, Resource]]] = {
    PersonAdmitted: (codes.SECURITY_ALERT, codes.SECURITY_ROLES),
    PersonChanged: (codes.SECURITY_ALERT, codes.SECURITY_ROLES),
    PersonRemoved: (codes.SECURITY_ALERT, codes.SECURITY_ROLES),
    LinkIssued: (codes.SECURITY_ALERT, codes.USER_SECURITY),
    LinkUsed: (codes.USER_AUTHENTICATION, codes.LOGIN),
    TokenIssued: (codes.SECURITY_ALERT, codes.USER_SECURITY),
    TokenRevoked: (codes.SECURITY_ALERT, codes.USER_SECURITY),
    ClockConfirmed: (codes.SECURITY_ALERT, codes.SECURITY_CONFIGURATION),
    SealStarted: (codes.SECURITY_ALERT, codes.SECURITY_CONFIGURATION),
    SealingKeyNamed: (codes.SECURITY_ALERT, codes.SECURITY_CONFIGURATION),
}
"""The DICOM type and subtype of each system event that has an AuditEvent."""

WITHOUT_AUDIT_EVENT: Final[frozenset[type[Event]]] = frozenset({AccessesRecorded, *get_args(IndexEvent)})
"""Events without an AuditEvent: batches of accesses, and the index of members.

Each access of a batch has its own AuditEvent. The index is written in the same commit as an event that has one.
"""
assert {*PATIENT_EVENTS, *SYSTEM_EVENTS, *WITHOUT_AUDIT_EVENT} == set(STORED_EVENTS), (
    "every event is mapped or left out on purpose"
)


def of_system_event(event: Event, ledger_id: UUID) -> Resource:
    """The AuditEvent of a system event in `SYSTEM_EVENTS`."""
    kind, detail = SYSTEM_EVENTS[type(event)]
    return {
        "resourceType": "AuditEvent",
        "id": event_id(event),
        "type": kind,
        "subtype": [detail, own("event", event.TOPIC)],
        "action": "E",
        "recorded": instant(event.at),
        "outcome": codes.SUCCESS,
        "agent": [person_agent(event.actor, codes.AUTHOR), _ledger_agent(codes.APPLICATION, ledger_id)],
        "source": _source(ledger_id),
        "entity": _system_entities(event),
    }


def _system_entities(event: Event) -> list[Resource]:
    """The user and the link, token or key that the event concerns. Neither a secret nor its hash is included."""
    entities: list[Resource] = []
    match event:
        case PersonAdmitted(person=Actor() as person) | PersonChanged(person=Actor() as person):
            entities.append(_user_entity(_person(person.id, person.name)))
        case PersonRemoved(person_id=person_id) | LinkIssued(person_id=person_id):
            entities.append(_user_entity(_person(person_id)))
        case TokenIssued(person_id=person_id):
            entities.append(_user_entity(_person(person_id)))
        case ClockConfirmed():
            what = {"identifier": {"system": f"{codes.OWN}clock", "value": instant(event.at)}}
            entities.append({"what": what, "type": codes.SYSTEM_OBJECT, "role": codes.ROLE_SECURITY_RESOURCE})
        case _:
            pass
    for field, system in _SECURITY_RESOURCES.items():
        if (value := getattr(event, field, None)) is not None:
            what = {"identifier": {"system": f"{codes.OWN}{system}", "value": value}}
            entities.append({"what": what, "type": codes.SYSTEM_OBJECT, "role": codes.ROLE_SECURITY_RESOURCE})
    return entities


_SECURITY_RESOURCES: Final = {"link_id": "link", "token_id": "token", "origin": "origin", "verifier_key": "sealing-key"}


def _user_entity(person: Resource) -> Resource:
    return {"what": person, "type": codes.PERSON, "role": codes.ROLE_USER}


# -- elements of resources --------------------------------------------------------------------


def person_agent(actor: Actor, kind: Resource) -> Resource:
    """The agent element of the actor. `kind` is the type of the participation."""
    return {
        "type": kind,
        "role": [_role(actor.role)],
        "who": _person(actor.id, actor.name),
        "name": actor.name,
        "requestor": True,
    }


def _role(role: Any) -> Resource:
    return concept(own("role", role) | {"display": codes.ROLES[role]})


def _person(person_id: str, name: str | None = None) -> Resource:
    who: Resource = {"identifier": {"system": f"{codes.OWN}person", "value": person_id}}
    return who | ({"display": name} if name is not None else {})


def _agent(kind: Resource, who: Resource, network: Resource) -> Resource:
    return {"type": kind, "who": who, "requestor": False, "network": network}


def _ledger_agent(kind: Resource, ledger_id: UUID) -> Resource:
    return _agent(kind, the_ledger(ledger_id), {"address": f"urn:uuid:{ledger_id}", "type": codes.BY_URI})


def the_ledger(ledger_id: UUID) -> Resource:
    """The ledger as a Device, identified by its random id. The address of the server can change, so it is not used."""
    identifier = {"system": codes.URI, "value": f"urn:uuid:{ledger_id}"}
    return {"type": "Device", "identifier": identifier, "display": THE_LEDGER}


def _source(ledger_id: UUID) -> Resource:
    return {"observer": the_ledger(ledger_id), "type": [codes.APPLICATION_SERVER]}


def _patient_entity(patient_id: UUID) -> Resource:
    return {"what": patient_reference(patient_id), "type": codes.PERSON, "role": codes.ROLE_PATIENT}


def _network(origin: str) -> Resource:
    if not origin.strip():
        return _absent()
    try:
        ip_address(origin)
    except ValueError:
        return {"address": origin, "type": codes.MACHINE_NAME}
    return {"address": origin, "type": codes.IP_ADDRESS}


def _absent() -> Resource:
    return {"extension": [{"url": codes.ABSENT, "valueCode": "unknown"}]}


def of_event(event: Event, ledger_id: UUID) -> Resource:
    """The AuditEvent of any event that has one."""
    return of_change(event, ledger_id) if is_of_patient(event) else of_system_event(event, ledger_id)


def is_exported(event: Event) -> bool:
    """Whether the event has an AuditEvent."""
    return is_of_patient(event) or type(event) in SYSTEM_EVENTS
