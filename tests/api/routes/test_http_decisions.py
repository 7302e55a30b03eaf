"""Who may decide what, and how: partial approvals, referrals, denials, and what a digest protects."""

from __future__ import annotations

import pytest

from tests.api.routes.commands.acts import (
    CLAIMS,
    MEETS_A,
    MEETS_B,
    NURSE,
    OFFICE,
    PHARMACIST,
    PHYSICIAN,
    Api,
    Json,
    refused,
)

BEYOND_THE_REGIMEN = MEETS_A | {"requested_dosing": {"mg_per_day": 12, "consecutive_days": 6, "route": "intravenous"}}
OTHER_DIAGNOSIS = MEETS_A | {"diagnosis": "other"}


def test_a_partial_approval_is_a_clinicians_and_says_what_it_leaves_out(api: Api) -> None:
    seen = api.submitted(api.opened())
    what = {"left_out": "Two of five doses.", "citing": ["Dosing.A"]}
    terms = {"doses": 3, "rationale": "Three are enough for now."} | what
    refused(api.decided("approve", seen, NURSE, **terms), 403, "actor.role")
    refused(api.decided("approve", seen, PHYSICIAN, doses=3, rationale="Enough."), 422, "left_out")
    refused(api.decided("approve", seen, PHYSICIAN, doses=3, **what), 422, "rationale")
    refused(api.decided("approve", seen, PHARMACIST, **terms), 403, "actor.credential")
    request = api.decided("approve", seen, PHYSICIAN, **terms).json()["request"]
    assert request["approval"]["doses_approved"] == 3
    assert request["approval"]["left_out"] == "Two of five doses."
    assert request["determination"]["rationale"] == "Three are enough for now."


def test_a_dosing_outside_the_regimen_is_referred_and_decided_by_a_clinician(api: Api) -> None:
    seen = api.submitted(api.opened(), BEYOND_THE_REGIMEN)
    assert seen["assessment"]["recommendation"] == "refer"
    refused(api.decided("approve", seen, NURSE, doses=5), 403, "actor.role")
    referred = api.decided("refer", seen, NURSE, rationale="Six days are asked for.")
    assert referred.json()["request"]["status"] == "referred"
    refused(api.decided("refer", seen, NURSE), 409, "request_id")
    terms = {"left_out": "The sixth day.", "citing": ["Dosing.A"], "rationale": "Five doses, as the regimen says."}
    approved = api.decided("approve", referred.json(), PHYSICIAN, **terms)
    assert approved.json()["request"]["status"] == "approved"
    assert approved.json()["request"]["approval"]["doses_approved"] == 5


def test_what_was_referred_is_no_longer_the_reviewers(api: Api) -> None:
    seen = api.submitted(api.opened())
    assert api.decided("refer", seen).status_code == 200
    refused(api.decided("approve", seen, NURSE), 403, "actor.role")
    approved = api.decided("approve", seen, PHYSICIAN, rationale="All criteria are met.")
    assert approved.json()["request"]["status"] == "approved"


@pytest.mark.parametrize(("actor", "field"), [(OFFICE, "role"), (CLAIMS, "role"), (NURSE, "role")])
def test_only_a_clinician_denies(api: Api, actor: Json, field: str) -> None:
    seen = api.submitted(api.opened(), OTHER_DIAGNOSIS)
    terms = {"citing": ["1"], "rationale": "The diagnosis is another."}
    refused(api.decided("deny", seen, actor, **terms), 403, f"actor.{field}")


def test_a_pharmacist_does_not_deny_and_a_nurse_is_no_clinician(api: Api) -> None:
    seen = api.submitted(api.opened(), OTHER_DIAGNOSIS)
    terms = {"citing": ["1"], "rationale": "The diagnosis is another."}
    refused(api.decided("deny", seen, PHARMACIST, **terms), 403, "actor.credential")
    refused(api.decided("deny", seen, PHYSICIAN | {"credential": "nurse"}, **terms), 403, "actor.credential")
    assert api.decided("deny", seen, PHYSICIAN, **terms).json()["request"]["determination"]["departs"] is False


def test_a_departure_from_the_recommendation_is_named(api: Api) -> None:
    seen = api.submitted(api.opened(), OTHER_DIAGNOSIS)
    refused(api.decided("approve", seen, PHYSICIAN), 422, "rationale")
    approved = api.decided("approve", seen, PHYSICIAN, rationale="The code was wrong; she has MS.")
    assert approved.json()["request"]["determination"]["departs"] is True


def test_a_denial_cites_what_speaks_against(api: Api) -> None:
    patient = api.opened()
    seen = api.submitted(patient, OTHER_DIAGNOSIS)
    rationale = {"rationale": "No."}
    refused(api.decided("deny", seen, PHYSICIAN, citing=[], **rationale), 422, "citing")
    refused(api.decided("deny", seen, PHYSICIAN, citing=["1.C"], **rationale), 422, "citing")
    refused(api.decided("deny", seen, PHYSICIAN, citing=["Alma"], **rationale), 422, "citing.0")
    refused(api.decided("deny", seen, PHYSICIAN, citing=["1.A.i"], **rationale), 422, "citing")
    assert api.version(patient) == 2


def test_more_doses_than_the_policy_gives_are_refused(api: Api) -> None:
    patient = api.opened()
    api.reported(patient, {"doses_given": 5, "last_dose_on": "2024-02-09", "completed": True})
    seen = api.submitted(patient, MEETS_B)
    problem = refused(api.decided("approve", seen, PHYSICIAN, doses=4, rationale="More."), 422, "doses")
    assert problem["clause"] == "1.B"
    refused(api.decided("approve", seen, PHYSICIAN, path="A"), 422, "path")
    refused(api.decided("approve", seen, NURSE, valid_from="2026-06-01"), 422, "valid_from")
    assert api.decided("approve", seen, NURSE).json()["request"]["approval"]["doses_approved"] == 3


def test_a_digest_of_nothing_known_is_a_conflict_without_a_list(api: Api) -> None:
    seen = api.submitted(api.opened())
    problem = refused(api.decided("approve", seen | {"assessment_digest": "0" * 64}), 409, "assessment_digest")
    assert not problem.get("changed")


def test_the_request_of_another_patient_is_not_found_by_a_wrong_number(api: Api) -> None:
    seen = api.submitted(api.opened())
    request_id = seen["request"]["request_id"].replace(".r1", ".r2")
    refused(api.client.get(f"/requests/{request_id}"), 404, "request_id")
    refused(api.client.get("/requests/not-an-id"), 422, "path.request_id")
    missing = seen | {"request": {"request_id": request_id}}
    refused(api.decided("approve", missing), 404, "request_id")
