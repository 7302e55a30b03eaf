"""Documents over HTTP: bytes in before anything names them, the same bytes out, and never half of a damaged one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from uuid import UUID

import pytest

from domain.ledger.documents.store import DOCUMENT_BYTES_MAX
from tests.api.routes.commands.acts import MRI, NURSE, OFFICE, PDF, PENDS, Api, Json, refused
from tests.api.routes.commands.recipes import NOBODY
from tests.api.routes.commands.stages import NOW
from tests.ledger.documents.document_storage import Shelf

LONG = b"%PDF-1.7 " + bytes(range(256)) * 3_000
"""A little more than three pieces of the store."""

PNG, TEXT = b"\x89PNG\r\n\x1a\n and pixels", "Ein Bericht über die Bildgebung.".encode()


def hash_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def request_id(api: Api) -> str:
    return str(api.submitted(api.opened(), PENDS)["request"]["request_id"])


def patient_of(request_id: str) -> str:
    return request_id.split(".", maxsplit=1)[0]


def supplied(api: Api, request_id: str, content: bytes = PDF, media_type: str = "application/pdf") -> str:
    """The id of a document that was stored and named."""
    document = api.stored(patient_of(request_id), content, media_type)
    made = api.did_to(request_id, "supply-information", OFFICE, received_at=NOW, documents=[document])["made"]
    return str(made[0])


def shelf(api: Api, ledger_url: str) -> Shelf:
    return Shelf(api.ledger.documents, ledger_url)


# -- in, and out again ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "media_type"), [(LONG, "application/pdf"), (PNG, "image/png"), (TEXT, "text/plain")]
)
def test_a_document_comes_out_as_it_went_in(api: Api, request_id: str, content: bytes, media_type: str) -> None:
    document_id = supplied(api, request_id, content, media_type)
    answer = api.client.get(f"/documents/{document_id}")
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["content-type"].split(";")[0] == media_type
    assert int(answer.headers["content-length"]) == len(content)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    held = {"If-None-Match": answer.headers["etag"]}
    again = api.client.get(f"/documents/{document_id}", headers=held)
    assert (again.status_code, again.content) == (304, b"")


def test_it_is_sent_in_parts_and_its_hash_is_checked(api: Api, request_id: str) -> None:
    path = f"/patients/{patient_of(request_id)}/documents"

    def in_parts() -> Iterator[bytes]:
        for start in range(0, len(LONG), 50_000):
            yield LONG[start : start + 50_000]

    headers = {"Content-Type": "application/pdf", "Content-SHA256": hash_of(LONG)}
    answer = api.client.post(path, content=in_parts(), headers=headers)
    assert answer.json() == {"sha256": hash_of(LONG), "size_bytes": len(LONG), "media_type": "application/pdf"}
    wrong = headers | {"Content-SHA256": hash_of(PDF)}
    refused(api.client.post(path, content=LONG, headers=wrong), 422, "document")
    refused(
        api.client.post(path, content=LONG, headers=headers | {"Content-SHA256": "x"}), 422, "header.Content-SHA256"
    )


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"", "application/pdf"),
        (PDF, "image/png"),
        (b"PK\x03\x04 a spreadsheet \x00\x01", "application/pdf"),
        (b"GIF89a\x01\x00\x01", "image/gif"),
        (b"\xff\xfe not UTF-8", "text/plain"),
    ],
    ids=["empty", "another type than announced", "a spreadsheet", "a GIF", "no UTF-8"],
)
def test_what_is_not_kept_is_refused_and_leaves_nothing(
    api: Api, request_id: str, ledger_url: str, content: bytes, media_type: str
) -> None:
    path = f"/patients/{patient_of(request_id)}/documents"
    refused(api.client.post(path, content=content, headers={"Content-Type": media_type}), 422, "document")
    assert shelf(api, ledger_url).is_empty()


@pytest.mark.parametrize("store", ["sqlite"])
def test_what_is_too_large_is_refused_and_leaves_nothing(api: Api, request_id: str, ledger_url: str) -> None:
    path, headers = f"/patients/{patient_of(request_id)}/documents", {"Content-Type": "application/pdf"}
    largest = b"%PDF-" + bytes(DOCUMENT_BYTES_MAX - 5)
    answer = api.client.post(path, content=largest + b"x", headers=headers)
    assert refused(answer, 413)["remedy"].startswith("Split the document")
    assert shelf(api, ledger_url).is_empty()
    assert api.client.post(path, content=largest, headers=headers).json()["size_bytes"] == DOCUMENT_BYTES_MAX


def test_nobodys_document_is_not_stored(api: Api, ledger_url: str) -> None:
    answer = api.client.post(f"/patients/{NOBODY}/documents", content=PDF, headers={"Content-Type": "application/pdf"})
    refused(answer, 404, "patient_id")
    assert shelf(api, ledger_url).is_empty()


# -- named by a command -----------------------------------------------------------------------


def test_a_command_names_only_what_is_stored_as_it_is_stored(api: Api, request_id: str) -> None:
    document = api.stored(patient_of(request_id))
    path = f"/requests/{request_id}/supply-information"
    for field, value in (("sha256", "0" * 64), ("size_bytes", 1), ("media_type", "image/png")):
        body = {"actor": OFFICE, "received_at": NOW, "documents": [document | {field: value}]}
        refused(api.post(path, body), 422, f"documents.0.{field}")
    assert api.version(patient_of(request_id)) == 2


def test_a_document_of_one_patient_is_none_of_anothers(api: Api, request_id: str) -> None:
    of_another = api.stored(api.opened("M-2"))
    body = {"actor": OFFICE, "received_at": NOW, "documents": [of_another]}
    refused(api.post(f"/requests/{request_id}/supply-information", body), 422, "documents.0.sha256")


def test_the_same_document_is_on_record_once(api: Api, request_id: str) -> None:
    supplied(api, request_id)
    again = {"actor": OFFICE, "received_at": NOW, "documents": [api.stored(patient_of(request_id))]}
    refused(api.post(f"/requests/{request_id}/supply-information", again), 409, "documents.0.sha256")


def test_it_is_there_from_the_moment_at_which_it_was_named(api: Api, request_id: str) -> None:
    document_id = supplied(api, request_id)
    recorded_at = api.asked(f"/patients/{patient_of(request_id)}/history")["items"][-1]["recorded_at"]
    assert api.client.get(f"/documents/{document_id}", params={"known_at": recorded_at}).content == PDF
    refused(api.client.get(f"/documents/{document_id}", params={"known_at": "2026-04-28T15:59:59Z"}), 404)
    refused(api.client.get(f"/documents/{patient_of(request_id)}.f9"), 404, "document_id")
    # What is stored and named by no command has no address.
    assert api.client.get(f"/documents/{hash_of(PDF)}").status_code == 422


# -- damaged ----------------------------------------------------------------------------------

DAMAGED = {
    "the last byte is another": LONG[:-1] + b"\x01",
    "the first byte is another": b"#" + LONG[1:],
    "cut short": LONG[: len(LONG) // 2],
    "longer": LONG + b"more",
    "empty": b"",
}


@pytest.mark.parametrize("damaged", DAMAGED.values(), ids=list(DAMAGED))
def test_of_a_damaged_document_no_byte_is_sent(api: Api, request_id: str, ledger_url: str, damaged: bytes) -> None:
    document_id = supplied(api, request_id, LONG)
    shelf(api, ledger_url).replace(UUID(patient_of(request_id)), hash_of(LONG), damaged)
    problem = refused(api.client.get(f"/documents/{document_id}"), 500)
    assert problem["type"].endswith(":document-damaged")
    assert "backup" in problem["remedy"]
    # All that is said of it still stands, and can be asked for.
    life: Json = api.asked(f"/requests/{request_id}/life")
    assert life["documents"][0]["document"]["sha256"] == hash_of(LONG)


@pytest.mark.parametrize("store", ["sqlite"])
def test_one_whose_bytes_are_gone_is_damaged_too_and_heals_when_it_is_stored_again(api: Api, request_id: str) -> None:
    document_id = supplied(api, request_id, LONG)
    (place,) = list(api.ledger.documents.folder.rglob(hash_of(LONG)))  # type: ignore[union-attr]
    place.unlink()
    refused(api.client.get(f"/documents/{document_id}"), 500)
    api.stored(patient_of(request_id), LONG)
    assert api.client.get(f"/documents/{document_id}").content == LONG


def test_a_document_that_supports_nothing_leaves_the_request_waiting(api: Api, request_id: str) -> None:
    document_id = supplied(api, request_id)
    api.did_to(document_id, "review", clause=MRI, supports=False, note="It is of the spine.")
    assert api.looked_at(request_id)["assessment"]["needed"] == [MRI]
    # Read again, the last finding of a clause holds.
    api.did_to(document_id, "review", NURSE, clause=MRI, supports=True)
    assert api.looked_at(request_id)["assessment"]["recommendation"] == "approve"
