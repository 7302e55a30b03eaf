"""When a request was received, over HTTP: what an office sends, what the plan corrects, and the same request twice."""

from __future__ import annotations

import pytest

from domain.people import Actor
from tests.api.record_access.shared_patients import OTHER
from tests.api.routes.commands.acts import (
    CLAIMS,
    MEETS_A,
    NURSE,
    OFFICE,
    PHYSICIAN,
    Api,
    Json,
    opening,
    refused,
    request,
)
from tests.clock import Clock

FAX: Json = {"receipt_source": "fax", "reason": "The fax of Friday was entered on Monday."}


def asked_by(api: Api, path: str, actor: Json, **query: str) -> Json:
    answer = api.client.get(path, params=query, headers={"Authorization": _header(api, actor)})
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def _header(api: Api, actor: Json) -> str:
    header: str = api.client.header_of(Actor.model_validate(actor))  # type: ignore[attr-defined]
    return header


def test_an_office_sends_no_time_of_receipt(api: Api) -> None:
    patient = api.opened_now()
    problem = refused(
        api.post(f"/patients/{patient}/requests", request() | {"received_at": "2026-04-20T14:00:00Z"}),
        422,
        "received_at",
    )
    assert "Leave this field out" in problem["remedy"]
    refused(api.post(f"/patients/{patient}/requests", request(receipt_source="fax")), 422, "receipt_source")
    seen = api.did(f"/patients/{patient}/requests", request(receipt_source="portal"))
    assert seen["request"]["received_at"].startswith("2026-04-28T16:00:00")
    assert seen["request"]["receipt_source"] == "portal"


def test_the_plan_records_a_fax_and_corrects_it(api: Api, clock: Clock) -> None:
    patient = api.opened_now()
    fax = {"received_at": "2026-04-24T13:00:00Z", "receipt_source": "fax"}
    seen = api.submitted(patient, **fax)
    request_id = seen["request"]["request_id"]
    assert (seen["request"]["received_on"], seen["request"]["receipt_source"]) == ("2026-04-24", "fax")
    clock.at = clock.at.replace(hour=18)
    due = api.asked(f"/requests/{request_id}/life")["clock"]["due_at"]
    changed = api.did_to(request_id, "correct-receipt", received_at="2026-04-23T13:00:00Z", **FAX)
    assert changed["recorded"] == ["ReceiptCorrected"]
    life = api.asked(f"/requests/{request_id}/life")
    assert (due, life["clock"]["due_at"]) == ("2026-05-10T04:00:00Z", "2026-05-09T04:00:00Z")
    assert [one["received_on"] for one in life["receipts"]] == ["2026-04-24", "2026-04-23"]
    assert life["receipts"][1]["reason"] == FAX["reason"]
    assert api.looked_at(request_id)["request"]["received_on"] == "2026-04-23"
    then = api.asked(f"/requests/{request_id}/life", known_at="2026-04-28T17:00:00Z")
    assert [one["received_on"] for one in then["receipts"]] == ["2026-04-24"]
    (row,) = api.asked("/worklist")["items"]
    assert (row["received_on"], row["due_at"]) == ("2026-04-23", "2026-05-09T04:00:00Z")


def test_the_office_sees_that_its_receipt_was_corrected_and_may_not_correct_it(api: Api) -> None:
    request_id = api.submitted(api.opened_now())["request"]["request_id"]
    terms = {"actor": OFFICE, "received_at": "2026-04-23T13:00:00Z", **FAX}
    refused(api.post(f"/requests/{request_id}/correct-receipt", terms), 403, "actor.role")
    api.did_to(request_id, "correct-receipt", received_at="2026-04-23T13:00:00Z", **FAX)
    life = asked_by(api, f"/requests/{request_id}/life", OFFICE)
    assert [one["receipt_source"] for one in life["receipts"]] == [None, "fax"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("received_at", "2026-04-28T16:00:01Z"),
        ("received_at", "1988-05-16T12:00:00Z"),
        ("received_at", "2026-04-24"),
        ("received_at", "2026-04-24T13:00:00"),
        ("received_at", None),
        ("receipt_source", "pigeon"),
        ("receipt_source", None),
        ("reason", ""),
    ],
)
def test_a_faulty_correction_names_its_field(api: Api, field: str, value: object) -> None:
    request_id = api.submitted(api.opened_now())["request"]["request_id"]
    terms = {"actor": NURSE, "received_at": "2026-04-23T13:00:00Z", **FAX} | {field: value}
    problem = refused(api.post(f"/requests/{request_id}/correct-receipt", terms), 422)
    assert problem["field"].removeprefix("body.") == field
    assert problem["remedy"] if "errors" not in problem else all(one["problem"] for one in problem["errors"])
    assert len(api.asked(f"/requests/{request_id}/life")["receipts"]) == 1, "nothing was recorded"


@pytest.mark.parametrize("actor", [OFFICE, CLAIMS])
@pytest.mark.parametrize("received_at", ["2026-04-23T13:00:00Z", "2031-01-01T00:00:00Z"])
def test_only_a_person_of_the_plan_corrects_a_receipt(api: Api, actor: Json, received_at: str) -> None:
    request_id = api.submitted(api.opened_now())["request"]["request_id"]
    terms = {"actor": actor, "received_at": received_at, **FAX}
    refused(api.post(f"/requests/{request_id}/correct-receipt", terms), 403, "actor.role")
    assert len(api.asked(f"/requests/{request_id}/life")["receipts"]) == 1


def test_a_receipt_before_birth_says_so_and_one_on_record_already_does(api: Api) -> None:
    request_id = api.submitted(api.opened_now())["request"]["request_id"]
    path, terms = f"/requests/{request_id}/correct-receipt", {"actor": NURSE, **FAX}
    for received_at, words in (("1988-05-16T12:00:00Z", "before the patient's birth date"),
                               ("2031-01-01T00:00:00Z", "is in the future")):  # fmt: skip
        problem = refused(api.post(path, terms | {"received_at": received_at}), 422, "received_at")
        assert words in problem["detail"]
        assert "1988" not in problem["detail"]
    assert api.post(path, terms | {"received_at": "2026-04-23T13:00:00Z"}).status_code == 200
    refused(api.post(path, terms | {"received_at": "2026-04-23T09:00:00-04:00"}), 422, "received_at")


def test_a_decision_from_before_the_correction_is_told_what_changed(api: Api) -> None:
    used_once = MEETS_A | {"agents": [{"product": "Ocrevus", "outcome": "adequate", "stopped_on": "2018"}]}
    seen = api.submitted(api.opened_now(), used_once, received_at="2024-10-17T13:00:00Z")
    api.did_to(seen["request"]["request_id"], "correct-receipt", received_at="2024-10-15T13:00:00Z", **FAX)
    problem = refused(
        api.decided("approve", seen, PHYSICIAN, rationale="Yes.", history_version=seen["history_version"]), 409
    )
    changed = {one["what"]: (one["was"], one["is_now"]) for one in problem["changed"]}
    assert changed["edition"] == ("2024-10-16", "2024-10-09")
    api.did_to(seen["request"]["request_id"], "correct-receipt", received_at="2023-10-15T13:00:00Z", **FAX)
    refused(api.decided("approve", seen, PHYSICIAN, rationale="Yes."), 422, "assessment_digest")


# -- the same request twice -------------------------------------------------------------------


def test_the_same_request_twice_is_accepted_and_said(api: Api) -> None:
    patient = api.opened_now()
    first = api.submitted(patient)
    second = api.submitted(patient)
    ids = [one["request"]["request_id"] for one in (first, second)]
    assert (first["request"]["same_as"], second["request"]["same_as"]) == ([], [ids[0]])
    assert api.looked_at(ids[0])["request"]["same_as"] == [ids[1]]
    assert [row["same_as"] for row in api.asked("/worklist")["items"]] == [[ids[1]], [ids[0]]]
    api.did_to(ids[1], "dismiss", ground="duplicate", duplicate_of=ids[0], reason="The same form.")
    assert api.looked_at(ids[0])["request"]["same_as"] == []


def test_an_office_is_not_told_of_another_offices_request(api: Api) -> None:
    patient = api.opened_now()
    mine = api.submitted(patient)
    api.post("/patients", opening() | {"actor": OTHER})
    theirs = api.did(f"/patients/{patient}/requests", request(actor=OTHER))
    assert theirs["request"]["same_as"] == []
    request_id = mine["request"]["request_id"]
    assert asked_by(api, f"/requests/{request_id}", OFFICE)["request"]["same_as"] == []
    assert asked_by(api, f"/requests/{request_id}", NURSE)["request"]["same_as"] == [theirs["request"]["request_id"]]
