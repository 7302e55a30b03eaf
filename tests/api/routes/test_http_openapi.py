"""What the OpenAPI document says of every operation, against what it does."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from fastapi import FastAPI

from api.http import examples
from api.http.field_descriptions import FIELDS
from api.http.fields_of_schemas import FIELDS_OF
from api.http.openapi_document import SUMMARIES, name_of
from api.http.problems import FHIR, MEANING
from api.http.schema_descriptions import SCHEMAS
from api.routes.commands import COMMAND_ROUTES
from domain.events.documents import MediaType
from tests.api.callers import application
from tests.api.routes.commands.acts import PHYSICIAN, PROBLEM, Api, Json, opening, refused
from tests.api.routes.commands.recipes import ACT_OF_OPERATION
from tests.api.routes.commands.stage import stage
from tests.api.routes.commands.stages import KIND_OF, staged

DOCUMENT: Json = application().openapi()
OPERATIONS: dict[str, Json] = {
    f"{method.upper()} {path}": operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
BYTES_IN = "POST /patients/{patient_id}/documents"
SENT_AS = {
    "GET /documents/{document_id}": list(get_args(MediaType)),
    "GET /appeals/{appeal_id}/dossier": ["application/zip"],
    "GET /appeals/{appeal_id}/dossier.html": ["text/html"],
    "GET /appeals/{appeal_id}/dossier.pdf": ["application/pdf"],
    "GET /seal/checkpoint": ["text/plain"],
    "GET /seal/key": ["text/plain"],
    "GET /seal/consistency": ["text/plain"],
    "GET /patients/{patient_id}/events/{event_version}/proof": ["text/plain"],
}
"""Documents and case files are answered as the bytes that they are, and documents sent as theirs."""
WITH_BODY = [label for label, operation in OPERATIONS.items() if "requestBody" in operation and label != BYTES_IN]


def of_body(label: str) -> Json:
    content: Json = OPERATIONS[label]["requestBody"]["content"]
    assert list(content) == ["application/json"]
    found: Json = content["application/json"]
    return found


def test_there_are_operations() -> None:
    assert len(OPERATIONS) >= 76
    assert len(WITH_BODY) == 19 + len(COMMAND_ROUTES)
    assert set(ACT_OF_OPERATION) <= set(WITH_BODY)


def is_sentence(text: Any) -> bool:
    """Text that begins like a sentence (or with a name in code) and ends with a period."""
    return isinstance(text, str) and len(text) > 5 and text.endswith(".") and (text[0].isupper() or text[0] in "`1")


def without_description(document: Json) -> list[str]:
    """Everything in an OpenAPI document that is not described in a sentence."""
    tags = {one["name"]: one["description"] for one in document.get("tags", [])}
    missing = [f"tag {name}" for name, text in tags.items() if not is_sentence(text)]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            at = f"{method.upper()} {path}"
            named = operation.get("tags") or []
            missing += [f"{at} tag {one}" for one in named if one not in tags] + ([] if named else [f"{at} tags"])
            missing += [] if operation.get("summary") else [f"{at} summary"]
            texts = {"": operation.get("description")}
            texts |= {one["name"]: one.get("description") for one in operation.get("parameters", [])}
            texts |= {f"answer {status}": one.get("description") for status, one in operation["responses"].items()}
            if "requestBody" in operation:
                texts["body"] = operation["requestBody"].get("description")
            missing += [f"{at} {what}" for what, text in texts.items() if not is_sentence(text)]
    for name, schema in document["components"]["schemas"].items():
        missing += [] if is_sentence(schema.get("description")) else [name]
        for field, described in schema.get("properties", {}).items():
            missing += [] if is_sentence(described.get("description")) else [f"{name}.{field}"]
    return missing


def test_everything_is_described_in_sentences() -> None:
    assert without_description(DOCUMENT) == []


def test_what_is_not_described_is_found() -> None:
    document = json.loads(json.dumps(DOCUMENT))
    operation = document["paths"]["/worklist"]["get"]
    del operation["summary"]
    operation["description"] = "no sentence"
    operation["tags"] = ["unknown"]
    operation["parameters"][0]["description"] = ""
    operation["responses"]["200"]["description"] = "Successful Response"
    del document["components"]["schemas"]["Way"]["description"]
    del document["components"]["schemas"]["Way"]["properties"]["size"]["description"]
    document["tags"][0]["description"] = "words"
    assert without_description(document) == [
        f"tag {document['tags'][0]['name']}",
        "GET /worklist tag unknown",
        "GET /worklist summary",
        "GET /worklist ",
        f"GET /worklist {operation['parameters'][0]['name']}",
        "GET /worklist answer 200",
        "Way",
        "Way.size",
    ]


def test_every_description_in_the_tables_is_used() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    fields = {(name, field) for name, schema in schemas.items() for field in schema.get("properties", {})}
    named = {(name, field) for name, texts in FIELDS_OF.items() for field in texts}
    assert set(SCHEMAS) <= set(schemas)
    assert named <= fields
    assert set(FIELDS) <= {field for _, field in fields - named}
    names = {
        name_of(operation["operationId"], path, method)
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    }
    assert set(SUMMARIES) <= names


@pytest.mark.parametrize("label", OPERATIONS)
def test_an_operation_has_examples_of_its_parameters(label: str) -> None:
    for parameter in OPERATIONS[label].get("parameters", []):
        assert (parameter | parameter["schema"]).get("examples"), parameter["name"]


@pytest.mark.parametrize("label", OPERATIONS)
def test_an_operation_documents_its_problems_as_they_are_sent(label: str) -> None:
    responses = OPERATIONS[label]["responses"]
    problems = {status: answer for status, answer in responses.items() if int(status) >= 400}
    in_fhir = "/fhir/" in label
    for status, answer in problems.items():
        if in_fhir and status != "401":
            assert answer["content"] == {FHIR: {}}
            continue
        assert answer["description"] == MEANING[int(status)]
        assert answer["content"] == {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    if label in WITH_BODY:
        assert {"400", "413", "415", "422"} <= set(problems)
    if "{" in label:
        assert {"404", "422"} <= set(problems)
    successes = [answer for status, answer in responses.items() if status in ("200", "201")]
    assert len(successes) == 1
    assert list(successes[0]["content"]) == SENT_AS.get(label, [FHIR if in_fhir else "application/json"])


def test_problems_are_ours_and_not_the_frameworks() -> None:
    assert not {"HTTPValidationError", "ValidationError"} & set(DOCUMENT["components"]["schemas"])
    assert DOCUMENT["components"]["schemas"]["Problem"]["required"] == ["type", "title", "status", "detail", "remedy"]


def test_the_served_document_is_that_one(api: Api) -> None:
    assert api.asked("/openapi.json") == DOCUMENT
    assert isinstance(api.client.app, FastAPI)  # type: ignore[attr-defined]
    assert api.client.get("/docs").status_code == 200


@pytest.mark.parametrize("store", ["sqlite"])
@pytest.mark.parametrize("label", WITH_BODY)
def test_the_example_of_a_body_is_understood(api: Api, label: str) -> None:
    """Sent as it stands, it may meet a record that says otherwise, but never a fault in a field."""
    method, path = label.split()
    row = ACT_OF_OPERATION.get(label)
    on = staged(api, KIND_OF[row], "M-1") if row is not None else stage(api)
    example = of_body(label)["schema"].get("examples") or of_body(label).get("examples")
    bodies = [one["value"] if isinstance(one, dict) and "value" in one else one for one in _values(example)]
    assert bodies
    for body in bodies:
        ids = on.ids or {
            "patient_id": on.patient,
            "request_id": on.paths["approve"].split("/")[2],
            "dose_id": on.paths["confirm"].split("/")[2],
            "course": 1,
        }
        filled = path.format(**ids, person_id="nora.nurse", token_id="0123456789abcdef")
        answer = api.client.request(method, filled, json=body)
        assert answer.status_code in (200, 201, 404, 409, 403) or "invalid-field" not in answer.json()["type"]
        assert answer.status_code not in (400, 413, 415)


def _values(example: Any) -> list[Any]:
    return list(example.values()) if isinstance(example, dict) else list(example or [])


def test_the_examples_tell_the_main_line(api: Api) -> None:
    """The bodies of the document, one after the other, with the digests and ids that the answers bring."""
    patient = api.did("/patients", examples.OPEN_HISTORY)["patient_id"]
    assert api.did("/patients/find", {"member": examples.MEMBER})["patient_id"] == patient
    seen = api.did(f"/patients/{patient}/requests", examples.SUBMIT)
    assert seen["assessment"]["recommendation"] == "approve"
    approving = examples.APPROVE | {"assessment_digest": seen["assessment_digest"]}
    approved = api.did(f"/requests/{seen['request']['request_id']}/approve", approving)
    assert approved["request"]["status"] == "approved"
    dose = api.did(f"/patients/{patient}/doses", examples.DOSE | {"on": "2026-04-28"})
    assert api.did(f"/doses/{dose['dose_id']}/void", examples.REASON)["voided"] is True
    elsewhere = api.did("/patients", opening("SYN-2"))["patient_id"]
    assert api.did(f"/patients/{elsewhere}/prior-treatment", examples.REPORT)["recorded"] == ["PriorTreatmentReported"]
    assert api.did("/assessments", examples.ASSESS)["assessment"]["edition"] == "2025-07-23"
    refused(api.post(f"/patients/{patient}/courses/1/close", examples.CLOSE | {"actor": PHYSICIAN}), 404, "course")
