"""The code systems and all codes that are used: those of HL7 and DICOM, and the ledger's own as URNs."""

from __future__ import annotations

from typing import Any, Final

from domain.people import Role
from domain.permissions.disclosure import Purpose, View

Resource = dict[str, Any]
"""A FHIR resource, or an element of one, as JSON."""

DICOM: Final = "http://dicom.nema.org/resources/ontology/DCM"
EVENT_TYPE: Final = "http://terminology.hl7.org/CodeSystem/audit-event-type"
INTERACTION: Final = "http://hl7.org/fhir/restful-interaction"
PARTICIPATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
ENTITY_TYPE: Final = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
OBJECT_ROLE: Final = "http://terminology.hl7.org/CodeSystem/object-role"
SOURCE_TYPE: Final = "http://terminology.hl7.org/CodeSystem/security-source-type"
ACT_REASON: Final = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
DATA_OPERATION: Final = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"
PROVENANCE_AGENT: Final = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
URI: Final = "urn:ietf:rfc:3986"

OWN: Final = "urn:lemtrada-ledger:"
"""The prefix of the ledger's own systems: `event`, `view`, `role`, `person`, and the kinds of subjects."""

BALP: Final = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."


def coding(system: str, code: str, display: str) -> Resource:
    return {"system": system, "code": code, "display": display}


def concept(*codings: Resource) -> Resource:
    return {"coding": list(codings)}


def own(system: str, code: str) -> Resource:
    """A code of the ledger's own. It has no display text, because the code is a word."""
    return {"system": f"{OWN}{system}", "code": code}


REST: Final = coding(EVENT_TYPE, "rest", "RESTful Operation")
AUDIT_LOG_USED: Final = coding(DICOM, "110101", "Audit Log Used")
EXPORT: Final = coding(DICOM, "110106", "Export")
IMPORT: Final = coding(DICOM, "110107", "Import")
PATIENT_RECORD: Final = coding(DICOM, "110110", "Patient Record")
SECURITY_ALERT: Final = coding(DICOM, "110113", "Security Alert")
USER_AUTHENTICATION: Final = coding(DICOM, "110114", "User Authentication")

CREATE: Final = coding(INTERACTION, "create", "create")
READ: Final = coding(INTERACTION, "read", "read")
UPDATE: Final = coding(INTERACTION, "update", "update")
LOGIN: Final = coding(DICOM, "110122", "Login")
SECURITY_CONFIGURATION: Final = coding(DICOM, "110129", "Security Configuration")
SECURITY_ROLES: Final = coding(DICOM, "110136", "Security Roles Changed")
USER_SECURITY: Final = coding(DICOM, "110137", "User Security Attributes Changed")

APPLICATION: Final = concept(coding(DICOM, "110150", "Application"))
DESTINATION: Final = concept(coding(DICOM, "110152", "Destination Role ID"))
SOURCE: Final = concept(coding(DICOM, "110153", "Source Role ID"))
AUTHOR: Final = concept(coding(PARTICIPATION, "AUT", "author (originator)"))
INFORMANT: Final = concept(coding(PARTICIPATION, "INF", "informant"))
RECIPIENT: Final = concept(coding(PARTICIPATION, "IRCP", "information recipient"))

PERSON: Final = coding(ENTITY_TYPE, "1", "Person")
SYSTEM_OBJECT: Final = coding(ENTITY_TYPE, "2", "System Object")
ROLE_PATIENT: Final = coding(OBJECT_ROLE, "1", "Patient")
ROLE_REPORT: Final = coding(OBJECT_ROLE, "3", "Report")
ROLE_DOMAIN_RESOURCE: Final = coding(OBJECT_ROLE, "4", "Domain Resource")
ROLE_USER: Final = coding(OBJECT_ROLE, "11", "Security User Entity")
ROLE_SECURITY_RESOURCE: Final = coding(OBJECT_ROLE, "13", "Security Resource")

APPLICATION_SERVER: Final = coding(SOURCE_TYPE, "4", "Application Server")
MACHINE_NAME: Final = "1"
IP_ADDRESS: Final = "2"
BY_URI: Final = "5"
SUCCESS: Final = "0"

PROVENANCE_AUTHOR: Final = concept(coding(PROVENANCE_AGENT, "author", "Author"))
PROVENANCE_ENTERER: Final = concept(coding(PROVENANCE_AGENT, "enterer", "Enterer"))
PROVENANCE_INFORMANT: Final = concept(coding(PROVENANCE_AGENT, "informant", "Informant"))
PROVENANCE_CUSTODIAN: Final = concept(coding(PROVENANCE_AGENT, "custodian", "Custodian"))

PURPOSES: Final[dict[Purpose, str]] = {
    "TREAT": "treatment",
    "HPAYMT": "healthcare payment",
    "HOPERAT": "healthcare operations",
    "ETREAT": "Emergency Treatment",
    "PATRQT": "patient requested",
    "FAMRQT": "family requested",
    "HRESCH": "healthcare research",
    "PUBHLTH": "public health",
    "COVERAGE": "coverage under policy or program",
    "HLEGAL": "legal",
}

ROLES: Final[dict[Role, str]] = {
    "requester": "Requester",
    "reviewer": "Reviewer",
    "clinician": "Clinician",
    "appeals_clinician": "Appeals clinician",
    "auditor": "Auditor",
    "service": "Service",
    "administrator": "Administrator",
}

VIEWED: Final[dict[View, tuple[str, Resource]]] = {
    "find": ("Patient", ROLE_DOMAIN_RESOURCE),
    "eligibility": ("CoverageEligibilityResponse", ROLE_REPORT),
    "courses": ("MedicationAdministration", ROLE_DOMAIN_RESOURCE),
    "person": ("Patient", ROLE_DOMAIN_RESOURCE),
    "requests": ("Claim", ROLE_DOMAIN_RESOURCE),
    "request": ("Claim", ROLE_DOMAIN_RESOURCE),
    "documents": ("DocumentReference", ROLE_DOMAIN_RESOURCE),
    "document": ("DocumentReference", ROLE_DOMAIN_RESOURCE),
    "appeals": ("Task", ROLE_DOMAIN_RESOURCE),
    "appeal": ("Task", ROLE_DOMAIN_RESOURCE),
    "history": ("Provenance", ROLE_DOMAIN_RESOURCE),
    "audit_trail": ("Provenance", ROLE_DOMAIN_RESOURCE),
    "replay": ("ClaimResponse", ROLE_REPORT),
    "dossier": ("Composition", ROLE_REPORT),
    "worklist": ("List", ROLE_REPORT),
    "export": ("Bundle", ROLE_REPORT),
    "proof": ("Provenance", ROLE_DOMAIN_RESOURCE),
    "accesses": ("AuditEvent", ROLE_SECURITY_RESOURCE),
    "audit_events": ("AuditEvent", ROLE_SECURITY_RESOURCE),
}
"""The FHIR resource type that is most similar to what each view shows, and the object's role."""
