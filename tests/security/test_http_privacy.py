"""No error repeats what may be a patient's: not its body, not its headers, not a log record."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from httpx2 import Response

from tests.api.routes.commands.acts import MEETS_A, PHYSICIAN, Api, Json, dose, opening
from tests.api.routes.commands.faults import FAULTS, SHARED
from tests.api.routes.commands.stage import COMMANDS, stage
from tests.api.routes.commands.stages import ACT_OF, KIND_OF, KINDS, SERVES, Kind, staged
from tests.api.server.server import served

NAME, MEMBER_ID, BORN, BORN_IN = "Zenobia Quillfeather", "SECRET-4711", "1977-07-09", "1977-07"
PLANTED = ("Zenobia", "Quillfeather", MEMBER_ID, BORN_IN)
AS_JSON = {"Content-Type": "application/json"}

# The day of the assessment and an edition's review date are not personal, and a refusal may name them: they are not
# here. Nor is the caller's id: it comes from the token, and the security log names the caller that was refused.
MISPLACED: tuple[str, ...] = (
    "actor", "to.id", "line_of_business", "source", "urgency", "birth_date",
    "received_at", "on", "mg", "doses", "path", "assessment_digest", "citing", "citing.0", "request_id", "member",
    "courses", "courses.0.last_dose_on", "statement.agents", "statement.diagnosis", "prescriber.npi", "valid_from",
    "facts", "member.surprise",
)  # fmt: skip


NESTED = ("actor.role", "to.role", "member.issuer", "filer.relation", "documents.0.clause", NAME)


def wrong_bodies(body: Json, command: str) -> Iterator[Json]:
    """A planted name in every field's place, and as a field's own; then each ordinary fault beside planted fields."""
    planted = body | {"name": NAME, "member": {"issuer": NAME, "member_id": MEMBER_ID}, "birth_date": BORN}
    yield planted | {NAME: 1, MEMBER_ID: {BORN: NAME}}
    for place in MISPLACED:
        for value in (NAME, MEMBER_ID, BORN, [NAME], {NAME: MEMBER_ID}):
            yield from placed(planted, place, value)
    for fault in (*SHARED, *FAULTS.get(command, ())):
        try:
            yield fault.applied(planted)
        except (KeyError, IndexError, TypeError, AttributeError):
            continue


def placed(body: Json, place: str, value: object) -> Iterator[Json]:
    changed: Json = json.loads(json.dumps(body))
    *way, last = place.split(".")
    inner = changed
    for part in way:
        if isinstance(inner, list) and inner and part.isdigit():
            inner = inner[int(part)]
            continue
        if not isinstance(inner, dict) or part not in inner:
            return
        inner = inner[part]
    if isinstance(inner, list) and inner and last.isdigit():
        inner[int(last)] = value
    elif isinstance(inner, dict):
        inner[last] = value
    yield changed


def clean(answer: Response) -> None:
    assert answer.status_code >= 400, answer.status_code
    told = answer.text + str(answer.headers)
    assert not [one for one in PLANTED if one in told], told


@pytest.mark.parametrize("store", ["sqlite"])
@pytest.mark.parametrize("command", [*COMMANDS, "find", "assess"])
def test_an_error_repeats_nothing_that_was_sent(api: Api, command: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    on = stage(api)
    stateless: dict[str, tuple[str, Json]] = {
        "find": ("/patients/find", {"member": {"issuer": "plan", "member_id": "M-1"}}),
        "assess": ("/assessments", {"as_of": "2026-04-28", "facts": {}}),
    }
    path, body = stateless.get(command) or (on.paths[command], on.bodies[command])
    refusals = 0
    for wrong in wrong_bodies(body, command):
        answer = api.post(path, wrong, key="k")
        if answer.status_code >= 400:
            clean(answer)
            refusals += 1
    assert refusals > 50
    broken = json.dumps({"name": NAME, "member_id": MEMBER_ID}).encode()
    for content in (broken[:-1], broken + broken, broken.replace(b'"', b"'"), b"\xff" + broken):
        clean(api.client.post(path, content=content, headers=AS_JSON))
    clean(api.client.post(path, content=broken, headers={"Content-Type": f"text/{MEMBER_ID}"}))
    clean(api.post(path, body, if_match=f'"{NAME}"') if command not in ("open", "find", "assess") else
          api.client.get(f"/patients/{MEMBER_ID}/history"))  # fmt: skip
    logged = "\n".join(record.getMessage() + str(record.exc_text) for record in caplog.records)
    assert not [one for one in PLANTED if one in logged.replace(f"/patients/{MEMBER_ID}/", "")]


@pytest.mark.parametrize("store", ["sqlite"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_error_of_a_row_repeats_nothing_that_was_sent(
    api: Api, kind: Kind, caplog: pytest.LogCaptureFixture
) -> None:
    """A planted name in the place of each field alone, so that it comes as far as it can."""
    caplog.set_level(logging.DEBUG)
    on = staged(api, kind, "M-1")
    for name in SERVES[kind]:
        command, refusals = ACT_OF[name].command, 0
        for place in (*command.model_fields, *(f"{one}.0" for one in command.model_fields), *NESTED):
            for value in (NAME, MEMBER_ID, BORN, [NAME], {NAME: MEMBER_ID}):
                for wrong in placed(on.bodies[name], place, value):
                    answer = api.post(on.paths[name], wrong)
                    if answer.status_code >= 400:
                        clean(answer)
                        refusals += 1
        assert refusals > 3, name
    logged = "\n".join(record.getMessage() + str(record.exc_text) for record in caplog.records)
    assert not [one for one in PLANTED if one in logged]


@pytest.mark.parametrize("store", ["sqlite"])
def test_what_is_cited_and_is_no_clause_is_not_repeated(api: Api) -> None:
    """A name that is typed into the wrong field must not be in a log."""
    on = staged(api, KIND_OF["decide_appeal"], "M-1")
    decide = on.bodies["decide_appeal"]
    part = {"outcome": "overturned_in_part", "doses": 3, "left_out": "The rest."}
    for terms in ({"citing": [NAME]}, part | {"citing": [NAME]}):
        clean(api.post(on.paths["decide_appeal"], decide | terms))
    seen = api.submitted(api.opened("M-2"))
    terms = {"doses": 3, "left_out": "The rest.", "rationale": "Low platelets.", "citing": [NAME]}
    clean(api.decided("approve", seen, PHYSICIAN, **terms))
    past = staged(api, KIND_OF["import_past_determination"], "M-3")
    body = past.bodies["import_past_determination"]
    for wrong in ({"edition": NAME}, {"edition": "2023-11-15", "citing": [NAME]}, {"edition": BORN}):
        clean(api.post(past.paths["import_past_determination"], body | wrong))


def test_refusals_of_the_record_repeat_nothing_of_it(api: Api) -> None:
    patient = api.opened(MEMBER_ID, name=NAME, birth_date=BORN)
    clean(api.post("/patients", opening(MEMBER_ID, name=NAME, birth_date=BORN)))
    clean(api.post("/patients/find", {"member": {"issuer": NAME, "member_id": MEMBER_ID}}))
    clean(api.post(f"/patients/{patient}/doses", dose("1977-07-08")))
    seen = api.submitted(patient, MEETS_A | {"diagnosis": "other"})
    clean(api.decided("approve", seen))
    api.dosed(patient, "2026-04-20")
    clean(api.decided("approve", seen))
    clean(api.client.get(f"/patients/{patient}/eligibility", params={"as_of": f"{BORN}T"}))
    clean(api.client.get(f"/requests/{patient}.r{MEMBER_ID}"))


@pytest.mark.parametrize("store", ["sqlite"])
def test_a_server_says_nothing_of_what_it_is_sent(ledger_url: str, tmp_path: Path) -> None:
    with served(ledger_url, tmp_path / "said") as server, server.client() as client:
        born = opening(MEMBER_ID, name=NAME, birth_date=BORN)
        patient = client.post("/patients", json=born).json()["patient_id"]
        clean(client.post("/patients", json=born))
        clean(client.post("/patients", json=born | {"birth_date": f"{BORN}x"}))
        clean(client.post("/patients/find", json={"member": {"issuer": "plan", "member_id": f"{MEMBER_ID}-2"}}))
        clean(client.post(f"/patients/{patient}/doses", json=dose("1977-01-01")))
        clean(client.post("/patients", content=f'{{"name": "{NAME}"'.encode(), headers=AS_JSON))
        assert client.get(f"/patients/{patient}/history").status_code == 200
        clean(client.get("/patients/find", params={"member_id": MEMBER_ID}))
    assert server.said.read_text() == ""
