"""The request page and its documents, in each state that looks different."""

from __future__ import annotations

from tests import story
from tests.api.pages.states.every import PageState
from tests.api.pages.test_notice_pages import approved, asked, denied
from tests.api.pages.test_request_page import at, submitted
from tests.api.routes.commands.acts import FAILS, MRI, NURSE, PDF, PENDS, PHYSICIAN, Api
from tests.story import AUDITOR

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


def corrected(api: Api) -> str:
    """A receipt that was corrected after the determination, under another edition, and the same request once more."""
    patient, used_once = api.opened(), {"agents": [{"product": "Ocrevus", "outcome": "adequate", "stopped_on": "2018"}]}
    seen = api.submitted(patient, FAILS | used_once, received_at="2024-10-17T13:00:00Z", receipt_source="mail")
    api.decided("deny", seen, PHYSICIAN, citing=["1.A.iii"], rationale="No agent failed.")
    request_id: str = seen["request"]["request_id"]
    receipt = {"received_at": "2024-10-15T13:00:00Z", "receipt_source": "fax", "reason": "The fax came on Tuesday."}
    api.did_to(request_id, "correct-receipt", **receipt)
    api.submitted(patient, FAILS | used_once, received_at="2024-10-15T13:00:00Z")
    return request_id


def early(api: Api) -> str:
    request_id: str = api.submitted(api.opened(), received_at="2023-11-14T13:00:00Z")["request"]["request_id"]
    return request_id


STATES = [
    PageState("to be approved", REQUEST, story.NURSE, lambda api: at(submitted(api))),
    PageState("to be asked about", REQUEST, story.PHYSICIAN, lambda api: at(submitted(api, PENDS))),
    PageState("to be denied", REQUEST, story.PHYSICIAN, lambda api: at(submitted(api, FAILS))),
    PageState("asked about", REQUEST, story.NURSE, lambda api: at(asked(api))),
    PageState("approved", REQUEST, story.NURSE, lambda api: at(approved(api))),
    PageState("denied", REQUEST, story.PHYSICIAN, lambda api: at(denied(api))),
    PageState("with a corrected receipt", REQUEST, story.PHYSICIAN, lambda api: at(corrected(api))),
    PageState("from before the first edition", REQUEST, story.PHYSICIAN, lambda api: at(early(api))),
    PageState("its office's own", REQUEST, story.OFFICE, lambda api: at(submitted(api, PENDS))),
    PageState("read by an auditor", REQUEST, AUDITOR, lambda api: at(asked(api))),
    PageState("with a document", REQUEST, story.NURSE, lambda api: at(read(api).partition(".")[0] + ".r1")),
    PageState("a document to be read", DOCUMENT, story.NURSE, lambda api: f"/pages/documents/{with_document(api)}"),
    PageState("a document that was read", DOCUMENT, story.OFFICE, lambda api: f"/pages/documents/{read(api)}"),
    PageState(
        "a document that opens beside",
        DOCUMENT,
        story.NURSE,
        lambda api: f"/pages/documents/{with_document(api, 'application/pdf', PDF)}",
    ),
]
