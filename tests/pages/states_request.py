"""The request page and its documents, in each state that looks different."""

from __future__ import annotations

from tests import scenario
from tests.api.acts import FAILS, MRI, NURSE, PDF, PENDS, Api
from tests.api.callers import AUDITOR
from tests.pages.states import PageState
from tests.pages.test_notice_pages import approved, asked, denied
from tests.pages.test_request_page import at, submitted

REQUEST, DOCUMENT = "/pages/requests/{request_id}", "/pages/documents/{document_id}"


def with_document(api: Api, media_type: str = "text/plain", content: bytes = b"A synthetic report.") -> str:
    request_id = submitted(api, PENDS)
    patient = request_id.partition(".")[0]
    stored = api.client.post(f"/patients/{patient}/documents", content=content, headers={"Content-Type": media_type})
    document = stored.json() | {"name": "MRI of the head", "kind": "mri_report", "clause": MRI}
    supplied = {"actor": NURSE, "received_at": "2026-04-22T15:00:00Z", "documents": [document]}
    made: str = api.did(f"/requests/{request_id}/supply-information", supplied)["made"][0]
    return made


def read(api: Api) -> str:
    document_id = with_document(api)
    api.did(f"/documents/{document_id}/review", {"actor": NURSE, "clause": MRI, "supports": False, "note": "Blurred."})
    return document_id


STATES = [
    PageState("to be approved", REQUEST, scenario.NURSE, lambda api: at(submitted(api))),
    PageState("to be asked about", REQUEST, scenario.PHYSICIAN, lambda api: at(submitted(api, PENDS))),
    PageState("to be denied", REQUEST, scenario.PHYSICIAN, lambda api: at(submitted(api, FAILS))),
    PageState("asked about", REQUEST, scenario.NURSE, lambda api: at(asked(api))),
    PageState("approved", REQUEST, scenario.NURSE, lambda api: at(approved(api))),
    PageState("denied", REQUEST, scenario.PHYSICIAN, lambda api: at(denied(api))),
    PageState("its office's own", REQUEST, scenario.OFFICE, lambda api: at(submitted(api, PENDS))),
    PageState("read by an auditor", REQUEST, AUDITOR, lambda api: at(asked(api))),
    PageState("with a document", REQUEST, scenario.NURSE, lambda api: at(read(api).partition(".")[0] + ".r1")),
    PageState("a document to be read", DOCUMENT, scenario.NURSE, lambda api: f"/pages/documents/{with_document(api)}"),
    PageState("a document that was read", DOCUMENT, scenario.OFFICE, lambda api: f"/pages/documents/{read(api)}"),
    PageState(
        "a document that opens beside",
        DOCUMENT,
        scenario.NURSE,
        lambda api: f"/pages/documents/{with_document(api, 'application/pdf', PDF)}",
    ),
]
