"""Each state change, each read, and each change of who may sign in, as an AuditEvent.

Those that came or may have come over HTTP follow IHE's Basic Audit Log Patterns and say so in `meta.profile`; what
was imported, exported or read by the command line, or concerns no patient, has DICOM's type for it and claims no
profile. A patient is named by her random id alone. From where a state change was sent is not on record: there the
client's network says that it is absent. A list is a read of each patient in it, because what was searched for,
which a query's pattern would ask, is not kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any, Final
from uuid import UUID

from api.fhir import codes
from api.fhir.codes import Resource, coding, concept, own
from api.fhir.event_mapping import event_value, is_of_patient, named, patient_reference, thing_of
from domain.events import PATIENT_EVENTS, STORED_EVENTS
from domain.events.base import Event
from domain.events.patient import MemberIndexed, MemberUnindexed
from domain.events.system import (
    AccessesRecorded,
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
    """Of the AuditEvent and of the Provenance of an event; it leads back to the event, and tells no more than it."""
    return f"e.{event.originator_id.hex}.{event.originator_version}"


def row_id(row: NumberedAccess) -> str:
    return f"a.{row.register.hex}.{row.number}"


def instant(at: datetime) -> str:
    """In UTC, with every microsecond that is on record."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


# -- state changes ----------------------------------------------------------------------------


def of_change(event: Event, ledger_id: UUID) -> Resource:
    """Of an event of a patient's history."""
    effect = event.ABOUT.effect
    creates = effect == "create"
    # An import says itself by which road it came.
    by_import = event.imported_from is not None
    profile = "PatientCreate" if creates else "PatientUpdate"
    user = person_agent(event.actor, codes.INFORMANT if _is_told_by(event) else codes.AUTHOR)
    return {
        "resourceType": "AuditEvent",
        "id": event_id(event),
        **({} if by_import else {"meta": {"profile": [codes.BALP + profile]}}),
        "type": codes.IMPORT if by_import else codes.REST,
        "subtype": [codes.CREATE if creates else codes.UPDATE, own("event", event.TOPIC)],
        "action": "C" if creates else "U",
        "recorded": instant(event.recorded_at),
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


def _is_told_by(event: Event) -> bool:
    """Whether the actor passes on what others did: a system, or whoever imports another record."""
    return event.imported_from is not None or event.actor.role == "service"


# -- reads ------------------------------------------------------------------------------------


def of_read(row: NumberedAccess, ledger_id: UUID) -> Resource:
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
    """The type, and the pattern where it is one."""
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
    of_whom = str(access.patient_id) if access.patient_id is not None else "everybody"
    return {"type": fhir_type, "identifier": {"system": f"{codes.OWN}view", "value": f"{access.view}.{of_whom}"}}


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


# -- who may sign in, and the seal ------------------------------------------------------------

KEEPING: Final[dict[type[Event], tuple[Resource, Resource]]] = {
    PersonAdmitted: (codes.SECURITY_ALERT, codes.SECURITY_ROLES),
    PersonChanged: (codes.SECURITY_ALERT, codes.SECURITY_ROLES),
    PersonRemoved: (codes.SECURITY_ALERT, codes.SECURITY_ROLES),
    LinkIssued: (codes.SECURITY_ALERT, codes.USER_SECURITY),
    LinkUsed: (codes.USER_AUTHENTICATION, codes.LOGIN),
    TokenIssued: (codes.SECURITY_ALERT, codes.USER_SECURITY),
    TokenRevoked: (codes.SECURITY_ALERT, codes.USER_SECURITY),
    SealStarted: (codes.SECURITY_ALERT, codes.SECURITY_CONFIGURATION),
    SealingKeyNamed: (codes.SECURITY_ALERT, codes.SECURITY_CONFIGURATION),
}
"""DICOM's type and subtype of each event of the ledger's own keeping that is told of."""

NOT_TOLD: Final[frozenset[type[Event]]] = frozenset({AccessesRecorded, MemberIndexed, MemberUnindexed})
"""A batch of reads, each of which is told of by itself; and the index, written in the commit of an event that is."""
assert {*PATIENT_EVENTS, *KEEPING, *NOT_TOLD} == set(STORED_EVENTS), "every event is mapped or left out on purpose"


def of_keeping(event: Event, ledger_id: UUID) -> Resource:
    kind, detail = KEEPING[type(event)]
    return {
        "resourceType": "AuditEvent",
        "id": event_id(event),
        "type": kind,
        "subtype": [detail, own("event", event.TOPIC)],
        "action": "E",
        "recorded": instant(event.recorded_at),
        "outcome": codes.SUCCESS,
        "agent": [person_agent(event.actor, codes.AUTHOR), _ledger_agent(codes.APPLICATION, ledger_id)],
        "source": _source(ledger_id),
        "entity": _kept(event),
    }


def _kept(event: Event) -> list[Resource]:
    """Whom it concerns and by which link, token or key; of a secret not even its hash."""
    found: list[Resource] = []
    match event:
        case PersonAdmitted(person=Actor() as person) | PersonChanged(person=Actor() as person):
            found.append(_concerned(_person(person.id, person.name)))
        case PersonRemoved(person_id=person_id) | LinkIssued(person_id=person_id):
            found.append(_concerned(_person(person_id)))
        case TokenIssued(person_id=person_id):
            found.append(_concerned(_person(person_id)))
        case _:
            pass
    for field, system in _SECURITY_RESOURCES.items():
        if (value := getattr(event, field, None)) is not None:
            what = {"identifier": {"system": f"{codes.OWN}{system}", "value": value}}
            found.append({"what": what, "type": codes.SYSTEM_OBJECT, "role": codes.ROLE_SECURITY_RESOURCE})
    return found


_SECURITY_RESOURCES: Final = {"link_id": "link", "token_id": "token", "origin": "origin", "verifier_key": "sealing-key"}


def _concerned(person: Resource) -> Resource:
    return {"what": person, "type": codes.PERSON, "role": codes.ROLE_USER}


# -- the elements -----------------------------------------------------------------------------


def person_agent(actor: Actor, kind: Resource) -> Resource:
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
    """By its random id; where it is served is not the same for ever, nor for everybody who asks."""
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
    """Of any event that is told of."""
    return of_change(event, ledger_id) if is_of_patient(event) else of_keeping(event, ledger_id)


def is_told(event: Event) -> bool:
    return is_of_patient(event) or type(event) in KEEPING
