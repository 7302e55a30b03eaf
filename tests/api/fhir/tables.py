"""The codes that may stand where, taken from FHIR R4, DICOM PS3.15 and IHE BALP, apart from the program's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

DCM = "http://dicom.nema.org/resources/ontology/DCM"
THO = "http://terminology.hl7.org/CodeSystem/"

CODES: dict[str, dict[str, str]] = {
    DCM: {
        "110101": "Audit Log Used",
        "110106": "Export",
        "110107": "Import",
        "110110": "Patient Record",
        "110113": "Security Alert",
        "110114": "User Authentication",
        "110122": "Login",
        "110129": "Security Configuration",
        "110136": "Security Roles Changed",
        "110137": "User Security Attributes Changed",
        "110150": "Application",
        "110152": "Destination Role ID",
        "110153": "Source Role ID",
    },
    f"{THO}audit-event-type": {"rest": "RESTful Operation"},
    "http://hl7.org/fhir/restful-interaction": {"create": "create", "read": "read", "update": "update"},
    f"{THO}v3-ParticipationType": {
        "AUT": "author (originator)",
        "INF": "informant",
        "IRCP": "information recipient",
    },
    f"{THO}audit-entity-type": {"1": "Person", "2": "System Object"},
    f"{THO}object-role": {
        "1": "Patient",
        "3": "Report",
        "4": "Domain Resource",
        "11": "Security User Entity",
        "13": "Security Resource",
    },
    f"{THO}security-source-type": {"4": "Application Server"},
    f"{THO}v3-ActReason": {
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
    },
    f"{THO}v3-DataOperation": {"CREATE": "create", "UPDATE": "update", "NULLIFY": "nullify"},
    f"{THO}provenance-participant-type": {
        "author": "Author",
        "enterer": "Enterer",
        "informant": "Informant",
        "custodian": "Custodian",
    },
}

ACTIONS = {"C", "R", "U", "D", "E"}
OUTCOMES = {"0", "4", "8", "12"}
NETWORK_TYPES = {"1", "2", "3", "4", "5"}
ENTITY_ROLES = {"derivation", "revision", "quotation", "source", "removal"}
RESOURCE_TYPES = {
    "AuditEvent", "Bundle", "CarePlan", "Claim", "ClaimResponse", "Communication", "Composition", "Coverage",
    "CoverageEligibilityResponse", "Device", "DocumentReference", "ExplanationOfBenefit", "List",
    "MedicationAdministration", "MedicationStatement", "Organization", "Patient", "Provenance", "RelatedPerson", "Task",
}  # fmt: skip

BALP = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."
PATTERNS: dict[str, dict[str, Any]] = {
    "Read": {"action": "R", "subtype": "read", "client": "110152", "server": "110153", "user": {"IRCP"}},
    "PatientRead": {"action": "R", "subtype": "read", "client": "110152", "server": "110153", "user": {"IRCP"}},
    "PatientCreate": {
        "action": "C",
        "subtype": "create",
        "client": "110153",
        "server": "110152",
        "user": {"AUT", "INF"},
    },
    "PatientUpdate": {
        "action": "U",
        "subtype": "update",
        "client": "110153",
        "server": "110152",
        "user": {"AUT", "INF"},
    },
}
"""What each of IHE's patterns fixes, of those that are claimed."""


def every(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a resource, itself included."""
    if isinstance(value, dict):
        yield value
        for one in value.values():
            yield from every(one)
    elif isinstance(value, list):
        for one in value:
            yield from every(one)


def codes_in(concept: dict[str, Any]) -> set[str]:
    return {one["code"] for one in concept["coding"]}


def check_codes(resource: dict[str, Any]) -> None:
    """Each coding of another's system is in the tables with its display; each type of a reference exists."""
    for one in every(resource):
        if "system" in one and "code" in one:
            if not one["system"].startswith("urn:lemtrada-ledger:"):
                assert CODES[one["system"]][one["code"]] == one["display"]
        elif "type" in one and isinstance(one["type"], str) and ("identifier" in one or "reference" in one):
            assert one["type"] in RESOURCE_TYPES


def check_pattern(event: dict[str, Any]) -> None:
    """What the claimed pattern requires, slice by slice."""
    (profile,) = event["meta"]["profile"]
    assert profile.startswith(BALP)
    name = profile.removeprefix(BALP)
    fixed = PATTERNS[name]
    assert event["type"]["code"] == "rest"
    assert [one["code"] for one in event["subtype"] if one["system"].endswith("restful-interaction")] == [
        fixed["subtype"]
    ]
    assert (event["action"], event["outcome"]) == (fixed["action"], "0")
    agents = {next(iter(codes_in(one["type"]))): one for one in event["agent"]}
    assert len(agents) == len(event["agent"]) == 3
    for code in (fixed["client"], fixed["server"]):
        assert agents[code]["who"]
        assert agents[code]["network"]
        assert agents[code]["requestor"] is False
    (user,) = [one for code, one in agents.items() if code in fixed["user"]]
    assert user["requestor"] is True
    assert user["who"]
    assert "network" not in user
    data = [one for one in event["entity"] if one["type"]["code"] == "2"]
    assert len(data) == 1
    assert data[0]["what"]
    assert data[0]["role"]["code"] in {"3", "4", "20"}
    patients = [one for one in event["entity"] if one["type"]["code"] == "1"]
    assert len(patients) == (name != "Read")
    for one in patients:
        assert one["role"]["code"] == "1"
        assert one["what"]["reference"].startswith("Patient/")
