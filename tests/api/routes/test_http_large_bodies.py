"""A body that is too large is refused, announced or in chunks, and the client gets the answer."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from api.http.bodies import ALL_ERRORS_MAX, BODY_BYTES_MAX, BODY_VALUES_MAX, NAMES_MAX
from api.http.problems import ERRORS_SHOWN_MAX
from tests.api.callers import spoken_for
from tests.api.routes.commands.acts import PROBLEM, Api, opening, refused
from tests.api.server.server import Server, served
from tests.story import OFFICE

# No store is asked before the body is read.
pytestmark = pytest.mark.parametrize("store", ["sqlite"])

FORTY_MEGABYTES = 40 * 1024 * 1024
AS_JSON = {"Content-Type": "application/json"}
OPENING, _ = spoken_for(opening())


def speaking(server: Server) -> dict[str, str]:
    return {"Authorization": server.headers[OFFICE]}


def parts(size: int) -> Iterator[bytes]:
    """An object of this size, in parts of 64 KB: sound JSON, and all of it one name."""
    yield b'{"name": "'
    for _ in range(size // 65_536):
        yield b"x" * 65_536
    yield b'"}'


@pytest.mark.parametrize("size", [BODY_BYTES_MAX + 1, FORTY_MEGABYTES])
@pytest.mark.parametrize("path", ["/patients", "/patients/find", "/assessments"])
def test_a_body_that_is_too_large_is_refused(api: Api, path: str, size: int) -> None:
    whole = b"".join(parts(size))
    refused(api.client.post(path, content=whole, headers=AS_JSON), 413)
    refused(api.client.post(path, content=parts(size), headers=AS_JSON), 413)
    assert api.ledger.is_empty()


def test_the_largest_body_is_still_read(api: Api) -> None:
    body = json.dumps(OPENING).encode()
    padded = body + b" " * (BODY_BYTES_MAX - len(body))
    refused(api.client.post("/patients", content=padded + b" ", headers=AS_JSON), 413)
    assert api.ledger.is_empty()
    assert api.client.post("/patients", content=padded, headers=AS_JSON).status_code == 201


@pytest.mark.parametrize("wrong", [None, {}, [], 1, "text"])
def test_the_values_of_a_body_are_counted_before_any_is_validated(api: Api, wrong: object) -> None:
    """The same invalid body with one value less is validated, and its first errors are listed."""
    # The values besides those of the list: the body, its facts, the object of agents, and the list.
    tried = [wrong] * (BODY_VALUES_MAX - 4)
    refused(api.client.post("/assessments", json={"facts": {"agents": {"tried": tried}}}), 422)
    answer = refused(api.client.post("/assessments", json={"facts": {"agents": {"tried": [*tried, wrong]}}}), 413)
    assert answer["detail"] == f"The body has more than {BODY_VALUES_MAX} values."
    assert answer["remedy"] == "Send one command in each request."


def test_nested_values_and_names_count_and_no_more_errors_are_looked_for_than_are_shown(api: Api) -> None:
    pairs = [{str(number): [number]} for number in range(BODY_VALUES_MAX // 3)]
    refused(api.client.post("/patients", json={"member": pairs}), 413)
    named = {str(number): None for number in range(NAMES_MAX + 1)}
    answer = refused(api.client.post("/patients", json={"member": named}), 413)
    assert answer["detail"] == f"An object in the body has more than {NAMES_MAX} names. Nothing was saved."
    answer = refused(api.client.post("/patients", json={"member": ["\0"] * (BODY_VALUES_MAX - 2)}), 422)
    assert len(answer["errors"]) == ERRORS_SHOWN_MAX


def test_every_error_of_a_small_body_is_listed_and_the_first_of_each_list_of_a_large_one(api: Api) -> None:
    def fields_of(number: int) -> tuple[list[str], str]:
        body = {"as_of": "soon", "facts": {"agents": {"tried": [{"product": "Avonex"}] * number + [{}] * 3}}}
        answer = refused(api.client.post("/assessments", json=body), 422)
        return [one["field"] for one in answer["errors"]], answer["detail"]

    of_three = [f"facts.agents.tried.{number}.product" for number in (2, 3, 4)]
    fields, detail = fields_of(2)
    assert fields == ["as_of", *of_three]
    assert detail.endswith(" (3 more).")
    many = ALL_ERRORS_MAX // 2
    fields, detail = fields_of(many)
    assert fields == ["as_of", f"facts.agents.tried.{many}.product"]
    assert detail.endswith(" (at least 1 more).")


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "in chunks"])
def test_a_server_refuses_a_large_body_and_keeps_running(ledger_url: str, tmp_path: Path, announced: bool) -> None:
    with served(ledger_url, tmp_path / "said") as server:
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)
        headers = AS_JSON | speaking(server) | ({"Content-Length": str(FORTY_MEGABYTES + 12)} if announced else {})
        connection.request("POST", "/patients", parts(FORTY_MEGABYTES), headers, encode_chunked=not announced)
        answer = connection.getresponse()
        assert (answer.status, answer.headers["content-type"]) == (413, PROBLEM)
        assert json.load(answer)["remedy"] == "Send one command in each request."
        connection.close()
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)
        connection.request("POST", "/patients", json.dumps(OPENING), AS_JSON | speaking(server))
        assert connection.getresponse().status == 201
        connection.close()


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "in chunks"])
def test_who_sends_a_document_that_is_too_large_sees_why(ledger_url: str, tmp_path: Path, announced: bool) -> None:
    with served(ledger_url, tmp_path / "said") as server:
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)
        connection.request("POST", "/patients", json.dumps(OPENING), AS_JSON | speaking(server))
        patient = json.load(connection.getresponse())["patient_id"]
        headers = speaking(server) | ({"Content-Length": str(FORTY_MEGABYTES + 12)} if announced else {})
        path = f"/patients/{patient}/documents"
        connection.request("POST", path, parts(FORTY_MEGABYTES), headers, encode_chunked=not announced)
        answer = connection.getresponse()
        assert (answer.status, json.load(answer)["remedy"]) == (
            413,
            "Split the document, or scan it at a lower resolution.",
        )
        connection.close()


def test_what_is_announced_far_too_large_is_not_waited_for(ledger_url: str, tmp_path: Path) -> None:
    with served(ledger_url, tmp_path / "said") as server:
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)
        connection.putrequest("POST", "/patients")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Authorization", server.headers[OFFICE])
        connection.putheader("Content-Length", str(10**12))
        connection.endheaders()
        assert connection.getresponse().status == 413
        connection.close()
