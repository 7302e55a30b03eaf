"""Over HTTP: every answer about a patient is on record before it is sent, and that record is asked like any other."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from eventsourcing.persistence import OperationalError
from fastapi.routing import APIRoute

from api.app import create_app
from domain.ledger.access_log import writer
from domain.ledger.access_log.report import AccessQuery, all_accesses
from domain.ledger.access_log.writer import AccessLog
from domain.people import Actor
from domain.permissions.disclosure import Access
from tests.api.routes.commands.acts import APPEALS, OFFICE, PENDS, Api, Json, request, sent_by
from tests.api.routes.commands.stages import NOW
from tests.ledger.access_log.stored import check_digests, until
from tests.story import AUDITOR, CLAIMS, NURSE
from tests.story import OFFICE as PRACTICE

READS: dict[str, str | None] = {
    "/patients/{patient_id}/eligibility": "eligibility",
    "/patients/{patient_id}/courses": "courses",
    "/patients/{patient_id}/person": "person",
    "/patients/{patient_id}/history": "history",
    "/patients/{patient_id}/audit-trail": "audit_trail",
    "/patients/{patient_id}/accesses": "accesses",
    "/patients/{patient_id}/requests": "requests",
    "/patients/{patient_id}/appeals": "appeals",
    "/patients/{patient_id}/events/{event_version}/proof": "proof",
    "/requests/{request_id}": "request",
    "/requests/{request_id}/assessment": "request",
    "/requests/{request_id}/life": "request",
    "/requests/{request_id}/replay": "replay",
    "/requests/{request_id}/seal": "request",
    "/appeals/{appeal_id}": "appeal",
    "/appeals/{appeal_id}/dossier": "dossier",
    "/appeals/{appeal_id}/dossier.html": "dossier",
    "/appeals/{appeal_id}/dossier.json": "dossier",
    "/appeals/{appeal_id}/dossier.pdf": "dossier",
    "/documents/{document_id}": "document",
    "/worklist": "worklist",
    "/accesses": "accesses",
}
"""Questions and the view under which they are recorded."""

TO_EXTEND = "/requests/{request_id}/assessment-to-extend"
"""Asked of an approval alone."""


@pytest.fixture
def told(api: Api) -> Json:
    patient = api.opened()
    pending = api.submitted(patient, PENDS)["request"]["request_id"]
    denied = api.denied(patient)
    appeal = api.appealed(denied, NOW)
    api.did_to(appeal, "assign", to=APPEALS)
    brought = {"received_at": NOW, "documents": [api.stored(patient)]}
    (document,) = api.did_to(pending, "supply-information", OFFICE, **brought)["made"]
    api.client.app.state.sealing.seal_now()  # type: ignore[attr-defined]
    of_patient = {"patient_id": patient, "event_version": 1}
    return of_patient | {"request_id": denied, "appeal_id": appeal, "document_id": document}


def get(api: Api, path: str, actor: Actor, status: int = 200, **headers: str) -> Any:
    authorized = {"Authorization": api.client.header_of(actor)} | headers  # type: ignore[attr-defined]
    answer = api.client.get(path, headers=authorized)
    assert answer.status_code == status, answer.text
    return answer


def looks(api: Api, actor: Actor) -> list[Access]:
    """Newest first."""
    return list(all_accesses(api.ledger, AccessQuery(actor_id=actor.id)))


def paths_of_patients(api: Api) -> set[str]:
    """Of the application's questions, those with a patient's id in them, or about all patients."""
    app = create_app(api.ledger)
    found = {route.path for route in app.routes if isinstance(route, APIRoute) and "GET" in (route.methods or ())}
    # The accesses of the pages are counted where their roles are tested (test_roles_of_pages.py).
    found = {path for path in found if not path.startswith("/pages")}
    return {path for path in found if any(f"{{{name}" in path for name in ("patient", "request", "appeal", "document"))}


@pytest.mark.parametrize("path", READS)
def test_an_answer_about_a_patient_is_one_look(api: Api, told: Json, path: str) -> None:
    asked = path.format(**told)
    assert path in {one.path for one in create_app(api.ledger).routes if isinstance(one, APIRoute)}
    get(api, asked, AUDITOR, **{"X-Purpose-Of-Use": "HLEGAL"})
    (one,) = looks(api, AUDITOR)
    assert (one.view, one.role, one.purpose) == (READS[path], "auditor", "HLEGAL")
    assert (one.through, one.origin) == ("api", "testclient")
    if path != "/accesses":
        assert one.patient_id == UUID(told["patient_id"])
    named = [str(value) for name, value in told.items() if name != "patient_id" and f"{{{name}}}" in path]
    assert one.subject == (named[0] if named else None)
    check_digests(api.ledger)


@pytest.mark.parametrize("path", READS)
def test_an_answer_that_cannot_be_recorded_is_not_given(
    api: Api, told: Json, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OperationalError("the disk is full")

    # The auditor's token is on record before the disk is full.
    get(api, "/me", AUDITOR)
    header = api.client.header_of(AUDITOR)  # type: ignore[attr-defined]
    monkeypatch.setattr(AccessLog, "record", fails)
    answer = api.client.get(path.format(**told), headers={"Authorization": header})
    assert answer.status_code == 503
    assert told["patient_id"] not in answer.text
    assert looks(api, AUDITOR) == []


def test_what_is_refused_or_not_there_is_no_look(api: Api, told: Json) -> None:
    get(api, f"/patients/{UUID(int=7)}/eligibility", AUDITOR, 404)
    get(api, f"/patients/{told['patient_id']}/eligibility?as_of=never", AUDITOR, 422)
    get(api, f"/patients/{told['patient_id']}/accesses", NURSE, 403)
    get(api, "/accesses", NURSE, 403)
    get(api, f"/patients/{UUID(int=7)}/accesses", AUDITOR, 404)
    assert looks(api, AUDITOR) == looks(api, NURSE) == []


def test_an_answer_that_has_not_changed_is_a_look_all_the_same(api: Api, told: Json) -> None:
    path = f"/patients/{told['patient_id']}/eligibility"
    tag = get(api, path, NURSE).headers["ETag"]
    get(api, path, NURSE, 304, **{"If-None-Match": tag})
    assert [one.view for one in looks(api, NURSE)] == ["eligibility", "eligibility"]


def test_an_act_is_on_record_by_its_event_and_what_its_repeated_key_tells_as_a_look(api: Api) -> None:
    patient = api.opened()
    sent = {"path": f"/patients/{patient}/requests", "body": request(actor=sent_by(NURSE)), "key": "once"}
    first = api.did(**sent)
    assert looks(api, NURSE) == []
    assert api.did(**sent) == first
    (look,) = looks(api, NURSE)
    assert (str(look.patient_id), look.view) == (patient, "request")


def test_a_page_of_the_worklist_is_a_look_at_each_patient_on_it(api: Api) -> None:
    patients = {UUID(api.opened(f"M-{number}")) for number in range(4)}
    for patient in patients:
        api.submitted(str(patient), PENDS)
        api.submitted(str(patient), PENDS, received_at="2026-04-21T09:00:00-05:00")
    page = get(api, "/worklist?limit=5", NURSE).json()
    shown = {UUID(one["patient_id"]) for one in page["items"]}
    found = looks(api, NURSE)
    assert {one.patient_id for one in found} == shown <= patients
    assert len(found) == len(shown)


def test_a_system_s_look_is_on_record_when_the_server_stops_at_the_latest(api: Api, told: Json) -> None:
    get(api, f"/patients/{told['patient_id']}/eligibility", CLAIMS)
    api.client.app.state.accesses.flush()  # type: ignore[attr-defined]
    assert [(one.view, one.role) for one in looks(api, CLAIMS)] == [("eligibility", "service")]
    check_digests(api.ledger)


def test_who_saw_my_record_between_two_dates(api: Api, told: Json) -> None:
    patient = told["patient_id"]
    get(api, f"/patients/{patient}/eligibility", NURSE)
    get(api, f"/requests/{told['request_id']}", PRACTICE)
    get(api, f"/patients/{api.opened('M-2', name='Berta Synthetic')}/courses", NURSE)
    accounting = f"/patients/{patient}/accesses?from=2026-04-28&to=2026-04-28"
    told_of = [(one["actor_id"], one["view"]) for one in get(api, accounting, AUDITOR).json()["items"]]
    assert told_of[:2] == [("office.7", "request"), ("r.nurse", "eligibility")]
    assert ("r.nurse", "courses") not in told_of
    again = get(api, accounting, AUDITOR).json()["items"]
    assert ("a.auditor", "accesses") in {(one["actor_id"], one["view"]) for one in again}
    assert get(api, f"/patients/{patient}/accesses?to=2026-04-27", AUDITOR).json() == {"items": [], "next_after": None}
    by_nurse = get(api, "/accesses?actor=r.nurse", AUDITOR).json()["items"]
    assert {one["view"] for one in by_nurse} == {"eligibility", "courses"}


def test_the_accounting_is_paged(api: Api, told: Json) -> None:
    path = f"/patients/{told['patient_id']}/eligibility"
    for _ in range(5):
        get(api, path, NURSE)
    first = get(api, "/accesses?actor=r.nurse&limit=3", AUDITOR).json()
    second = get(api, f"/accesses?actor=r.nurse&limit=3&after={first['next_after']}", AUDITOR).json()
    salts = [one["salt"] for one in (*first["items"], *second["items"])]
    assert len(set(salts)) == len(salts) == 5
    assert second["next_after"] is None
    get(api, "/accesses?after=nowhere", AUDITOR, 422)


def test_to_ask_about_everybody_is_a_look_at_all_whom_the_page_speaks_of(api: Api) -> None:
    patients = {UUID(api.opened(f"M-{number}")) for number in range(3)}
    get(api, "/accesses?actor=nobody.known", AUDITOR)
    assert [(one.view, one.patient_id) for one in looks(api, AUDITOR)] == [("accesses", None)]
    for patient in patients:
        get(api, f"/patients/{patient}/eligibility", NURSE)
    get(api, "/accesses?actor=r.nurse", AUDITOR)
    assert {one.patient_id for one in looks(api, AUDITOR)} == patients | {None}


def test_every_question_about_a_patient_is_known_here(api: Api) -> None:
    assert paths_of_patients(api) == {path for path in READS if "{" in path} | {TO_EXTEND}


def test_to_look_at_an_extension_is_a_look_at_its_request(api: Api) -> None:
    seen = api.submitted(api.opened())
    api.decided("approve", seen)
    request_id = seen["request"]["request_id"]
    get(api, TO_EXTEND.format(request_id=request_id), NURSE)
    assert [(one.view, one.subject) for one in looks(api, NURSE)] == [("request", request_id)]


def test_health_says_that_looks_of_systems_are_not_written(
    api: Api, told: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OperationalError("the disk is full")

    get(api, "/me", CLAIMS)
    with monkeypatch.context() as broken:
        broken.setattr(api.ledger.recorder, "insert_events", fails)
        get(api, f"/patients/{told['patient_id']}/eligibility", CLAIMS)
        until(lambda: api.asked("/health/ready")["looks_failure"] == "OperationalError")
        assert api.asked("/health/ready")["looks_waiting"] == 1
    until(lambda: api.asked("/health/ready")["looks_waiting"] == 0)
    assert api.asked("/health/ready")["looks_failure"] is None
    assert [one.view for one in looks(api, CLAIMS)] == ["eligibility"]


def test_when_too_many_wait_a_system_is_refused(api: Api, told: Json, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OperationalError("the disk is full")

    get(api, "/me", CLAIMS)
    monkeypatch.setattr(writer, "BUFFER_MAX", 2)
    with monkeypatch.context() as broken:
        broken.setattr(api.ledger.recorder, "insert_events", fails)
        path = f"/patients/{told['patient_id']}/eligibility"
        statuses = [get_any(api, path, CLAIMS) for _ in range(4)]
    assert statuses == [200, 200, 503, 503]
    until(lambda: len(looks(api, CLAIMS)) == 2)


def get_any(api: Api, path: str, actor: Actor) -> int:
    authorized = {"Authorization": api.client.header_of(actor)}  # type: ignore[attr-defined]
    return int(api.client.get(path, headers=authorized).status_code)
