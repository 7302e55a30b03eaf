"""Adds to the OpenAPI document what the framework does not know: summaries, tags, and descriptions of all fields.

Schema names, operation ids and fields are not changed. A test checks that nothing is left without a description.
"""

from __future__ import annotations

import re
from typing import Any, Final

from api.http.field_descriptions import FIELDS
from api.http.fields_of_schemas import FIELDS_OF
from api.http.schema_descriptions import SCHEMAS

TAGS: Final[dict[str, str]] = {
    "accesses": "The access log: who viewed which patient data.",
    "agents": "Entries of other agents for MS.",
    "appeals": "Appeals of adverse determinations, external review, and case files.",
    "assessments": "Assessments of stated facts. Nothing is stored.",
    "documents": "Documents that support a request or an appeal, and their reviews.",
    "doses": "Doses that were given, and possible duplicate reports.",
    "fhir": "The audit trail as FHIR R4 resources, for auditors.",
    "health": "The state of the server, for monitoring.",
    "notices": "Notices that were sent, and their delivery.",
    "patients": "Members, their treatment, and current eligibility.",
    "people": "Users, sign-in links, and API tokens.",
    "replays": "Replays of determinations, for appeals.",
    "reports": "Reports of treatment outside of this ledger.",
    "requests": "Requests for prior authorization, from receipt to determination.",
    "seal": "The sealed log: checkpoints, keys and proofs.",
    "worklist": "Open requests and appeals.",
}

SUMMARIES: Final[dict[str, str]] = {
    "add_appeal_evidence": "Add information to an appeal",
    "add_member_identifier": "Add a member ID",
    "admit_person": "Add a user",
    "approve_course": "Approve a request",
    "assess_extension": "Assess an extension of an approval",
    "assess_facts": "Assess stated facts",
    "assess_request": "Assess a request",
    "assign_appeal": "Assign an appeal",
    "assign_request": "Assign a request",
    "change_line_of_business": "Change the line of business",
    "change_person": "Change a user",
    "change_planned_infusion": "Change the planned infusion",
    "change_prescriber": "Change the prescriber",
    "close_course": "Close a course that will not be finished",
    "confirm_duplicate": "Confirm a duplicate report of a dose",
    "correct_demographics": "Correct the name or birth date",
    "correct_document": "Correct the details of a document",
    "correct_dose": "Correct a dose entry",
    "correct_prior_treatment": "Correct a prior treatment report",
    "correct_statement": "Correct the statement of a request",
    "decide_appeal": "Decide an appeal",
    "deny_request": "Deny a request",
    "dismiss_appeal": "Dismiss an appeal",
    "dismiss_duplicate": "Confirm that a dose is not a duplicate",
    "dismiss_request": "Dismiss a request",
    "expedite_request": "Expedite a request",
    "extend_approval": "Extend an approval",
    "extend_clock": "Extend the deadline of a request",
    "file_appeal": "File an appeal",
    "find_patient": "Find a patient by member ID",
    "get_accesses": "Search the access log",
    "get_accesses_of_patient": "List accesses to a patient's record",
    "get_appeal": "Get an appeal",
    "get_audit_trail": "List the audit trail of a patient",
    "get_checkpoint": "Get the latest checkpoint",
    "get_checkpoints": "List checkpoints",
    "get_consistency": "Get a consistency proof",
    "get_courses": "Get the courses of a patient",
    "get_document": "Get a document",
    "get_dossier": "Get a case file as a ZIP file",
    "get_dossier_data": "Get a case file as JSON",
    "get_dossier_page": "Get a case file as HTML",
    "get_dossier_print": "Get a case file as PDF",
    "get_eligibility": "Get current eligibility",
    "get_health": "Get the state of the seal",
    "get_history": "List the events of a patient",
    "get_keys": "List the verification keys",
    "get_metadata": "Get the CapabilityStatement",
    "get_person": "Get a patient's identifiers and coverage",
    "get_proof": "Get an inclusion proof of an event",
    "get_replay": "Replay a determination",
    "get_request": "Get a request",
    "get_request_life": "Get the status of a request",
    "get_seal_of_request": "Get the seal of a request's determinations",
    "get_worklist": "List open requests and appeals",
    "hand_on_appeal": "Forward an appeal to external review",
    "hold_peer_to_peer": "Record a peer-to-peer conversation",
    "import_past_determination": "Import a determination from another record",
    "issue_notice": "Record that a notice was sent",
    "link_histories": "Link two patients who are the same person",
    "list_appeals": "List the appeals of a patient",
    "list_people": "List users",
    "list_requests": "List the requests of a patient",
    "list_tokens": "List API tokens",
    "live": "Check that the process is running",
    "make_link": "Create a sign-in link",
    "make_token": "Create an API token",
    "name_representative": "Add a representative",
    "offer_peer_to_peer": "Record the offer of a peer-to-peer conversation",
    "open_history": "Add a member",
    "read_audit_event": "Get an AuditEvent",
    "read_provenance": "Get a Provenance",
    "ready": "Check that the server is ready",
    "record_agent_started": "Record the start of another agent",
    "record_agent_stopped": "Record the stop of another agent",
    "record_death": "Record a death",
    "record_delivery": "Record the delivery of a notice",
    "record_dose": "Record a dose",
    "record_external_answer": "Record an external decision",
    "refer_request": "Send a request to clinical review",
    "refuse_expediting": "Refuse to expedite a request",
    "release_request": "Unassign a request",
    "remove_person": "Remove a user",
    "reopen_request": "Reopen a request",
    "report_prior_treatment": "Report prior treatment",
    "request_information": "Request information",
    "rescind_approval": "Rescind an approval",
    "retire_member_identifier": "Retire a member ID",
    "review_document": "Review a document",
    "revoke_token": "Revoke an API token",
    "search_audit_events": "Search AuditEvent resources",
    "search_provenances": "Search Provenance resources",
    "send_reminder": "Record a reminder",
    "store_document": "Store a document",
    "submit_request": "Submit a request",
    "supply_information": "Add information to a request",
    "unlink_histories": "Unlink two patients",
    "views": "Check the derived tables",
    "void_agent_entry": "Void an entry of another agent",
    "void_death_record": "Void a record of death",
    "void_document": "Remove a document that was filed in error",
    "void_dose": "Void a dose entry",
    "void_prior_treatment": "Void a prior treatment report",
    "who_am_i": "Get the current user",
    "withdraw_appeal": "Withdraw an appeal",
    "withdraw_request": "Withdraw a request",
}

PARAMETERS: Final[dict[str, str]] = {
    "X-Purpose-Of-Use": "The HL7 v3 purpose of use of the access. It is recorded in the access log.",
}

_COMMAND: Final = "The fields of the command."
_SUCCESSFUL: Final = "Successful Response"
_NAME_ENDS: Final = re.compile(r"\W")


def add_descriptions(document: dict[str, Any]) -> None:
    """Fills in summaries, tags, and the descriptions of schemas, fields and successful responses, in place."""
    document["tags"] = [{"name": name, "description": sentence} for name, sentence in TAGS.items()]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            operation["summary"] = SUMMARIES.get(name_of(operation["operationId"], path, method), operation["summary"])
            for parameter in operation.get("parameters", ()):
                if parameter["name"] in PARAMETERS:
                    parameter["description"] = parameter["schema"]["description"] = PARAMETERS[parameter["name"]]
            if "requestBody" in operation:
                operation["requestBody"].setdefault("description", _body_description(operation["requestBody"]))
            for response in operation["responses"].values():
                if response["description"] == _SUCCESSFUL:
                    response["description"] = _response_description(response)
    for name, schema in document["components"]["schemas"].items():
        if name in SCHEMAS:
            schema["description"] = SCHEMAS[name]
        for field, property_schema in schema.get("properties", {}).items():
            sentence = FIELDS_OF.get(name, {}).get(field) or FIELDS.get(field)
            if sentence is not None:
                property_schema["description"] = sentence


def name_of(operation_id: str, path: str, method: str) -> str:
    """The name of the route function. An operation id consists of this name, the path and the method."""
    return operation_id.removesuffix(_NAME_ENDS.sub("_", f"{path}_{method}"))


def _body_description(body: dict[str, Any]) -> str:
    is_json = "application/json" in body["content"]
    return _schema_description(
        body["content"].get("application/json", {}), _COMMAND if is_json else "The content of the document."
    )


def _response_description(response: dict[str, Any]) -> str:
    (content,) = response["content"].values()
    return _schema_description(content, "The result.")


def _schema_description(content: dict[str, Any], default: str) -> str:
    return SCHEMAS.get(content.get("schema", {}).get("$ref", "").rpartition("/")[2], default)
