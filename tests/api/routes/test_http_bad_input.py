"""Whatever arrives: one clear problem that names the field, and nothing stored."""

from __future__ import annotations

import json
import re

import pytest

from tests.api.routes.commands.acts import NURSE, Api, Json, refused
from tests.api.routes.commands.faults import FAULTS, NOT_AN_OBJECT, SHARED, UNREADABLE, WRONG_TYPES
from tests.api.routes.commands.row_faults import ROW_FAULTS
from tests.api.routes.commands.stage import COMMANDS, Stage, stage
from tests.api.routes.commands.stages import KINDS, SERVES, Kind, staged

AS_JSON = {"Content-Type": "application/json"}
STATELESS: dict[str, tuple[str, Json]] = {
    "find": ("/patients/find", {"member": {"issuer": "plan", "member_id": "M-1"}}),
    "assess": ("/assessments", {"as_of": "2026-04-28"}),
}


def still_as_it_was(on: Stage, before: tuple[int, int]) -> None:
    assert (on.stored(), on.api.version(on.patient)) == before


@pytest.mark.parametrize("command", COMMANDS)
def test_a_faulty_field_is_named_and_nothing_is_stored(api: Api, command: str) -> None:
    on = stage(api)
    before = (on.stored(), api.version(on.patient))
    path, body = on.paths[command], on.bodies[command]
    for fault in (*SHARED, *FAULTS[command]):
        answer = api.post(path, fault.applied(body), key="k")
        assert answer.status_code == 422, (fault.at, str(fault.value)[:60], answer.text)
        problem = refused(answer, 422)
        assert problem["field"] == fault.names, (fault.at, str(fault.value)[:60], problem)
        assert len(answer.content) < 4_000
    still_as_it_was(on, before)
    # Nothing but the fault was in the way, and the key of what was refused is free.
    assert api.post(path, body, key="k").status_code in (200, 201)


@pytest.mark.parametrize("store", ["sqlite"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_faulty_field_of_a_row_is_named_and_nothing_is_stored(api: Api, kind: Kind) -> None:
    """One history for all the rows that it serves: what is refused leaves it as it was."""
    on = staged(api, kind, "M-1")
    before = (on.stored(), api.version(on.patient))
    for name in SERVES[kind]:
        for fault in (*SHARED, *ROW_FAULTS[name]):
            answer = api.post(on.paths[name], fault.applied(on.bodies[name]), key="k")
            assert answer.status_code == 422, (name, fault.at, str(fault.value)[:60], answer.text)
            problem = refused(answer, 422)
            assert problem["field"] == fault.names, (name, fault.at, str(fault.value)[:60], problem)
            assert len(answer.content) < 4_000
    still_as_it_was(on, before)


@pytest.mark.parametrize("store", ["sqlite"])
@pytest.mark.parametrize("command", [*COMMANDS, *STATELESS])
def test_a_body_that_cannot_be_read_is_refused(api: Api, command: str) -> None:
    on = stage(api)
    path, body = STATELESS.get(command) or (on.paths[command], on.bodies[command])
    nothing_unreadable_is_taken(on, path, body)


@pytest.mark.parametrize("store", ["sqlite"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_body_of_a_row_that_cannot_be_read_is_refused(api: Api, kind: Kind) -> None:
    on = staged(api, kind, "M-1")
    # One endpoint reads them all: a row of each kind of history.
    name = SERVES[kind][-1]
    nothing_unreadable_is_taken(on, on.paths[name], on.bodies[name])


def nothing_unreadable_is_taken(on: Stage, path: str, body: Json) -> None:
    api, before = on.api, (on.stored(), on.api.version(on.patient))
    for what, content in UNREADABLE.items():
        problem = refused(api.client.post(path, content=content, headers=AS_JSON), 400)
        assert "Alma" not in str(problem), what
    for content in NOT_AN_OBJECT:
        refused(api.client.post(path, content=content, headers=AS_JSON), 422, "body")
    sound = api.client.build_request("POST", path, json=body).content
    for media_type in WRONG_TYPES:
        answer = api.client.post(path, content=sound, headers={"Content-Type": media_type})
        refused(answer, 415, "header.Content-Type")
    refused(api.client.post(path, content=sound), 415, "header.Content-Type")
    too_large_a_number = sound.replace(b"{", b'{"surprise": 1e999, ', 1)
    refused(api.client.post(path, content=too_large_a_number, headers=AS_JSON), 422, "surprise")
    still_as_it_was(on, before)
    for media_type in ("application/json; charset=utf-8", "application/merge-patch+json", "APPLICATION/JSON"):
        # Refused or not, it is read.
        assert api.client.post(path, content=sound, headers={"Content-Type": media_type}).status_code != 415


def test_what_the_stateless_assessment_is_told_must_be_sound(api: Api) -> None:
    faulty: dict[str, Json] = {
        "as_of": {"as_of": "2026-02-30"},
        "facts": {"facts": None},
        "facts.agents.tried": {"facts": {"agents": {"tried": None}}},
        "facts.surprise": {"facts": {"surprise": 1}},
        "facts.birth_date": {"facts": {"birth_date": "1988-02-30"}},
        "facts.requested_dosing.mg_per_day": {"facts": {"requested_dosing": {"mg_per_day": "12"}}},
        "edition": {"edition": "the newest"},
        "case_id": {"case_id": 5},
        "expected": {"expected": "a\x00b"},
    }
    for field, fault in faulty.items():
        refused(api.post("/assessments", {"as_of": "2026-04-28"} | fault), 422, field)
    never_yet = {"received_lemtrada": False, "last_dose_on": "2025-01"}
    contradiction = {"as_of": "2026-04-28", "facts": {"prior_treatment": never_yet}}
    problem = refused(api.post("/assessments", contradiction), 422, "facts.prior_treatment")
    assert "received_lemtrada" in problem["detail"]
    assert "last_dose_on" in problem["detail"]


@pytest.mark.parametrize("store", ["sqlite"])
def test_a_body_never_says_who_acts(api: Api) -> None:
    """Not even with the true name: the holder of the token is the one who acts."""
    for on in (stage(api), *(staged(api, kind, kind.__name__) for kind in KINDS)):
        before = (on.stored(), api.version(on.patient))
        for name, body in on.bodies.items():
            answer = api.client.post(on.paths[name], content=json.dumps({"actor": NURSE} | body), headers=AS_JSON)
            assert refused(answer, 422, "actor")["errors"][0]["problem"].startswith("this field does not exist"), name
        still_as_it_was(on, before)


def test_every_error_of_a_route_is_told(api: Api) -> None:
    many = {"surprise_a": 1, "surprise_b": 2, "member": None}
    problem = refused(api.post("/patients", many), 422)
    assert {one["field"] for one in problem["errors"]} == {"name", "member", "surprise_a", "surprise_b"}
    assert "(3 more)" in problem["detail"]


@pytest.mark.parametrize("store", ["sqlite"])
@pytest.mark.parametrize(("faults", "status"), [(2_000, 422), (30_000, 413)])
def test_thousands_of_faults_make_a_short_answer(api: Api, faults: int, status: int) -> None:
    path = f"/patients/{api.opened()}/prior-treatment"
    answer = api.client.post(path, content=b'{"courses": [' + b"1," * faults + b"1]}", headers=AS_JSON)
    refused(answer, status)
    assert len(answer.content) < 10_000


def test_what_is_not_there_is_a_problem_too(api: Api) -> None:
    refused(api.client.get("/nothing/here"), 404)
    answer = api.client.delete("/patients")
    assert refused(answer, 405)["remedy"] == "Use a method that the Allow header lists."
    assert answer.headers["allow"] == "POST"
    assert api.client.patch("/patients/x/requests").headers["allow"] == "GET, HEAD, POST"
    refused(api.client.get("/patients/%00/history"), 422, "path.patient_id")
    refused(api.client.get("/requests/%ff"), 422, "path.request_id")


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", "/nothing", 404, "There is nothing at this address."),
        ("POST", "/nothing", 404, "There is nothing at this address. Nothing was saved."),
        ("PUT", "/patients/find", 405, "This address does not accept this method."),
    ],
)
def test_an_address_or_a_method_that_does_not_exist_is_said_in_a_sentence(
    api: Api, method: str, path: str, status: int, said: str
) -> None:
    problem = refused(api.client.request(method, path), status)
    assert problem["detail"] == said
    assert problem["title"] in ("Not Found", "Method Not Allowed")
    assert problem["remedy"].startswith(("Check the address", "Use a method"))


def test_an_event_that_is_no_determination_is_refused_with_those_that_are(api: Api) -> None:
    request_id = api.denied(api.opened())
    problem = refused(api.client.get(f"/requests/{request_id}/replay?decision=77"), 404, "decision")
    assert problem["detail"] == "No determination of this request has this event number."
    assert problem["remedy"] == "Send the event number of a determination of this request: 3."


def test_no_sentence_about_a_field_is_the_validator_s(api: Api) -> None:
    patient = api.opened()
    body = {"on": "soon", "mg": "much", "source": "a friend", "source_reference": ""}
    for one in refused(api.post(f"/patients/{patient}/doses", body), 422)["errors"]:
        assert not re.search(r"nput should|String should|unable to parse", one["problem"])
        assert "; " in one["problem"] or one["field"] == "on"
