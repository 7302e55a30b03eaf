"""Every operation of the API: how many accesses are recorded when it shows, refuses, finds nothing, or may not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest
from httpx2 import Response

from api.routes.commands import COMMAND_ROUTES
from api.routes.requests import DETERMINATIONS
from domain.commands.requests import SubmitRequest
from domain.commands.treatment import (
    CloseCourse,
    ConfirmDuplicate,
    DismissDuplicate,
    RecordClaim,
    RecordDose,
    ReportPriorTreatment,
    VoidDose,
)
from domain.ledger.access_log.report import AccessQuery, all_accesses
from domain.permissions.disclosure import Access
from tests.api.callers import spoken_for
from tests.api.record_access.refused_terms import REFUSED_TERMS
from tests.api.record_access.test_http_accesses import READS, TO_EXTEND
from tests.api.routes.commands.acts import NURSE, PENDS, Api, dose, opening, sent_by
from tests.api.routes.commands.recipes import NOBODY, OPERATION_OF_COMMAND, Recipe
from tests.security.test_roles import DOCUMENT, OPERATIONS, Asking, asking
from tests.story import ADMINISTRATOR, AUDITOR, OTHER_OFFICE, PHYSICIAN

FINDS = "POST /patients/find"
OF_A_PATIENT = [one for one in OPERATIONS if "{" in one and not one.split()[1].startswith(("/people", "/tokens"))]
COMMANDS = [one for one in OF_A_PATIENT if one.startswith("POST")]
QUESTIONS = [f"GET {path}" for path in (*READS, TO_EXTEND) if "{" in path]
STORE = "POST /patients/{patient_id}/documents"
"""It takes the bytes of a document, and reads nothing of the record but whether the patient is known."""
COMMAND_AT = {f"POST {act.path}": act.command for act in (*COMMAND_ROUTES, *DETERMINATIONS)}
COMMAND_AT |= {
    OPERATION_OF_COMMAND[name]: command
    for name, command in {
        "report": ReportPriorTreatment,
        "submit": SubmitRequest,
        "dose": RecordDose,
        "claim": RecordClaim,
        "void": VoidDose,
        "confirm": ConfirmDuplicate,
        "dismiss": DismissDuplicate,
        "close": CloseCourse,
    }.items()
}
"""The command of each operation about a patient."""


def rows(api: Api) -> list[Access]:
    api.client.app.state.accesses.flush()  # type: ignore[attr-defined]
    return list(all_accesses(api.ledger, AccessQuery()))


def added(api: Api, before: list[Access]) -> list[Access]:
    return rows(api)[: len(rows(api)) - len(before)]


def test_each_question_of_a_patient_is_one_that_is_counted() -> None:
    asked = {one for one in OF_A_PATIENT if one.startswith("GET") and "/fhir/" not in one}
    assert asked == set(QUESTIONS)
    assert len(COMMANDS) > 50


@pytest.mark.parametrize("store", ["sqlite"])
@pytest.mark.parametrize("label", [*QUESTIONS, FINDS])
def test_an_answer_is_one_access(api: Api, label: str) -> None:
    asked = asking(api, label)
    before = rows(api)
    assert asked.by(AUDITOR).status_code == 200
    assert len(added(api, before)) == 1


@pytest.mark.parametrize("store", ["sqlite"])
@pytest.mark.parametrize("label", COMMANDS)
def test_a_command_that_is_done_is_on_record_by_its_event(api: Api, label: str) -> None:
    asked = asking(api, label)
    before = rows(api)
    assert by_its_actor(asked).status_code in (200, 201)
    assert added(api, before) == []


@pytest.mark.parametrize("store", ["sqlite"])
@pytest.mark.parametrize("label", [one for one in COMMANDS if one != STORE])
def test_a_command_that_is_refused_after_the_record_was_read_is_one_access(api: Api, label: str) -> None:
    """The same command twice, or terms that the domain refuses."""
    asked = asking(api, label)
    by_its_actor(asked)
    refused_terms = REFUSED_TERMS.get(COMMAND_AT[label])
    fine = asked.fine
    if refused_terms is not None:
        done_before = rows(api)
        again = by_its_actor(asked)
        assert again.status_code in (200, 201, 404), "a command that is refused the second time needs no other terms"
        assert added(api, done_before) == []
        fine = replace(fine, body=fine.body | refused_terms(api, fine.path))
    before = rows(api)
    answer = by_its_actor(replace(asked, fine=fine))
    assert answer.status_code in (409, 422), answer.text
    assert "errors" not in answer.json(), "the body can be read, and the domain refuses it"
    (one,) = added(api, before)
    named = next(str(value) for name, value in fine.path.items() if name.endswith("_id"))
    assert str(one.patient_id) == named.split(".")[0]
    assert one.subject in (None, named)


def test_every_command_is_refused_once() -> None:
    assert set(COMMANDS) - {STORE} == set(COMMAND_AT)
    assert REFUSED_TERMS.keys() <= set(COMMAND_AT.values())


def undecided(api: Api) -> str:
    return str(api.submitted(api.opened(), PENDS)["request"]["request_id"])


BEFORE_THE_RECORD = {"known_at": "2000-01-01T00:00:00Z"}
"""A time before the first event of the patient. The refusal shows that there is a record."""
AT_A_TIME = [
    label
    for label in QUESTIONS
    if any(one["name"] == "known_at" for one in DOCUMENT["paths"][label.split()[1]]["get"]["parameters"])
]
NEVER_REFUSED = {
    "GET /patients/{patient_id}/accesses": "it has no parameter that is compared with the record",
    "GET /requests/{request_id}/seal": "it has no parameter, and a determination that is not sealed is shown as such",
}
"""Questions that are answered for every record that is found and may be seen, and why."""


@pytest.mark.parametrize("store", ["sqlite"])
@pytest.mark.parametrize("label", AT_A_TIME)
def test_a_question_about_a_time_before_the_record_is_refused_and_one_access(api: Api, label: str) -> None:
    asked = asking(api, label)
    before = rows(api)
    answer = asked.by(AUDITOR, replace(asked.fine, query=BEFORE_THE_RECORD))
    assert (answer.status_code, answer.json()["field"]) == (404, "known_at")
    (one,) = added(api, before)
    assert str(one.patient_id) in str(asked.fine.path)
    assert asked.by(AUDITOR, replace(asked.nonexistent, query=BEFORE_THE_RECORD)).status_code == 404
    assert asked.by(ADMINISTRATOR, replace(asked.fine, query=BEFORE_THE_RECORD)).status_code == 403
    assert added(api, before) == [one]


REFUSED: dict[str, Callable[[Api], str]] = {
    f"GET {TO_EXTEND}": lambda api: f"/requests/{undecided(api)}/assessment-to-extend",
    "GET /patients/{patient_id}/events/{event_version}/proof": lambda api: f"/patients/{api.opened()}/events/1/proof",
    "replay of what is not decided": lambda api: f"/requests/{undecided(api)}/replay",
    "replay of a determination that is none": lambda api: f"/requests/{api.denied(api.opened())}/replay?decision=1",
}
"""Questions that are refused because of what the record holds."""


def test_every_question_is_refused_once_or_never() -> None:
    assert {*AT_A_TIME, *NEVER_REFUSED} | REFUSED.keys() >= set(QUESTIONS)
    assert NEVER_REFUSED.keys().isdisjoint({*AT_A_TIME, *REFUSED})


@pytest.mark.parametrize("why", REFUSED)
def test_a_question_that_is_refused_after_the_record_was_read_is_an_access(api: Api, why: str) -> None:
    path = REFUSED[why](api)
    before = rows(api)
    answer = api.client.get(path, headers={"Authorization": api.client.header_of(PHYSICIAN)})  # type: ignore[attr-defined]
    assert answer.status_code in (404, 409), answer.text
    (one,) = added(api, before)
    assert str(one.patient_id) in path


@pytest.mark.parametrize("store", ["sqlite"])
def test_a_refusal_that_confirms_that_a_member_is_known_is_an_access(api: Api) -> None:
    patient = UUID(api.opened("M-1"))
    before = rows(api)
    assert api.post("/patients", opening("M-1", actor=NURSE)).status_code == 409
    assert [(one.view, one.patient_id) for one in added(api, before)] == [("find", patient)]


@pytest.mark.parametrize("store", ["sqlite"])
@pytest.mark.parametrize("birth_date", ["1988-05-17", "1988-05-18", None])
def test_another_office_that_tries_a_birth_date_is_an_access_unless_it_is_admitted(
    api: Api, birth_date: str | None
) -> None:
    patient, office = UUID(api.opened("M-1")), sent_by(OTHER_OFFICE)
    before = rows(api)
    answer = api.post("/patients", opening("M-1", actor=office, birth_date=birth_date))
    found = [(one.actor_id, one.view, one.patient_id) for one in added(api, before)]
    if birth_date == "1988-05-17":
        assert (answer.status_code, found) == (201, [])
    else:
        assert (answer.status_code, found) == (409, [(OTHER_OFFICE.id, "find", patient)])


@pytest.mark.parametrize("store", ["sqlite"])
def test_a_member_id_that_leads_to_another_patient_is_an_access_to_both(api: Api) -> None:
    first, second = (UUID(api.opened(member)) for member in ("M-1", "M-2"))
    before = rows(api)
    body = {"actor": NURSE, "member": {"issuer": "plan", "member_id": "M-2"}}
    assert api.post(f"/patients/{first}/identifiers", body).status_code == 409
    assert {one.patient_id for one in added(api, before)} == {first, second}


@pytest.mark.parametrize("store", ["sqlite"])
@pytest.mark.parametrize("act", ["link", "unlink"])
def test_a_refused_link_is_no_access_to_a_patient_who_is_not_read(api: Api, act: str) -> None:
    patient = UUID(api.opened("M-1"))
    before = rows(api)
    body = {"actor": PHYSICIAN.model_dump(mode="json"), "other_patient_id": NOBODY, "reason": "One person."}
    assert api.post(f"/patients/{patient}/{act}", body).status_code in (404, 409)
    assert {one.patient_id for one in added(api, before)} <= {patient}
    stale = {"If-Match": f'"{patient.hex}-99"'}
    spoken, _ = spoken_for(body)
    assert api.client.post(f"/patients/{patient}/{act}", json=spoken, headers=stale).status_code in (404, 412)
    assert {one.patient_id for one in added(api, before)} <= {patient}


@pytest.mark.parametrize("store", ["sqlite"])
def test_an_older_version_is_an_access_and_a_used_key_is_none(api: Api) -> None:
    request_id = undecided(api)
    path, body = f"/requests/{request_id}/offer-peer-to-peer", {"note": "By telephone."}
    before = rows(api)
    patient = UUID(request_id.split(".")[0])
    stale = api.client.post(path, json=body, headers={"If-Match": f'"{patient.hex}-1"'})
    assert stale.status_code == 412
    assert [(one.patient_id, one.subject) for one in added(api, before)] == [(patient, None)]
    unchanged = rows(api)
    as_auditor = {"If-Match": f'"{patient.hex}-1"', "Authorization": api.client.header_of(AUDITOR)}  # type: ignore[attr-defined]
    assert api.client.post(path, json=body, headers=as_auditor).status_code == 403
    assert added(api, unchanged) == []
    assert api.client.post(path, json=body, headers={"Idempotency-Key": "once"}).status_code == 200
    before = rows(api)
    other = api.client.post(path, json={"note": "By letter."}, headers={"Idempotency-Key": "once"})
    assert other.status_code == 422
    assert added(api, before) == []


@pytest.mark.parametrize("store", ["sqlite"])
@pytest.mark.parametrize("label", [*(one for one in OF_A_PATIENT if "/fhir/" not in one), FINDS])
def test_what_is_not_found_not_allowed_or_malformed_is_no_access(api: Api, label: str) -> None:
    asked = asking(api, label)
    before = rows(api)
    nonexistent = asked.nonexistent if label != FINDS else Recipe(body={"member": {"member_id": "nobody's"}})
    assert asked.by(AUDITOR if label.startswith("GET") else PHYSICIAN, nonexistent).status_code in (403, 404)
    assert asked.by(ADMINISTRATOR).status_code == 403
    malformed = replace(asked.fine, path={name: f"{value}x" for name, value in asked.fine.path.items()})
    if asked.fine.path:
        assert asked.by(AUDITOR, malformed).status_code in (403, 422)
    assert added(api, before) == []


def by_its_actor(asked: Asking) -> Response:
    """As the user whom the body names, or as a reviewer."""
    actor = asked.fine.speaker
    if actor is None and isinstance(asked.fine.body, dict) and "actor" in asked.fine.body:
        actor = spoken_for(asked.fine.body)[1]
    return asked.by(actor or PHYSICIAN)


@pytest.mark.parametrize("store", ["sqlite"])
@pytest.mark.parametrize(("on", "status", "count"), [("2099-01-01", 422, 1), ("1980-01-01", 422, 1), ("never", 422, 0)])
def test_a_command_that_can_be_read_is_decided_on_the_record_and_its_refusal_is_an_access(
    api: Api, on: str, status: int, count: int
) -> None:
    """A date is refused by the clock or by the record, which are not distinguished. What is no date is not decided."""
    patient = api.opened()
    before = rows(api)
    assert api.post(f"/patients/{patient}/doses", dose(on)).status_code == status
    assert len(added(api, before)) == count


OF_MANY = [
    one
    for one in OPERATIONS
    if one.split()[1] in ("/worklist", "/accesses") or ("/fhir/" in one and "metadata" not in one)
]
"""Questions about many patients, and the audit trail by id."""


@pytest.mark.parametrize("store", ["sqlite"])
@pytest.mark.parametrize("label", OF_MANY)
def test_a_question_about_many_is_an_access_where_it_is_answered_and_only_there(api: Api, label: str) -> None:
    asked = asking(api, label)
    before = rows(api)
    assert asked.by(ADMINISTRATOR).status_code == 403
    assert added(api, before) == []
    wrong = {"/worklist": {"limit": "0"}, "/accesses": {"after": "nowhere"}}.get(label.split()[1], {"_count": "none"})
    assert asked.by(AUDITOR, replace(asked.fine, query=wrong)).status_code in (400, 422)
    assert added(api, before) == []
    assert asked.by(AUDITOR).status_code == 200
    assert len(added(api, before)) >= 1
