"""The main line over HTTP: open, submit, approve, doses in, eligibility out, the next course."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.api.routes.commands.acts import MEETS_B, NURSE, PHYSICIAN, Api, dose, opening, refused
from tests.clock import Clock


def on(day: str) -> datetime:
    """Noon of a day in the plan's zone."""
    return datetime.fromisoformat(f"{day}T16:00:00").replace(tzinfo=UTC)


def test_from_a_member_to_the_denial_of_a_course_that_comes_too_early(api: Api, clock: Clock) -> None:
    patient = api.opened()
    seen = api.submitted(patient, planned_first_infusion_on="2026-05-04")
    assert seen["request"]["status"] == "open"
    assert seen["assessment"]["recommendation"] == "approve"
    assert (seen["assessment"]["path"], seen["assessment"]["doses"], seen["assessment"]["valid_days"]) == ("A", 5, 30)

    approve_after_the_facts_moved(api, patient, seen)

    clock.at = on("2026-05-08")
    answers = api.dosed(patient, "2026-05-04", "2026-05-05", "2026-05-06", "2026-05-07", "2026-05-08")
    assert [one["variances"] for one in answers] == [[]] * 5
    assert [one["also_recorded"] for one in answers] == [[], [], [], [], ["CourseCompleted"]]
    assert {one["request_id"] for one in answers} == {seen["request"]["request_id"]}
    now = api.eligibility(patient)
    assert (now["path"], now["courses_completed"], now["course_number"]) == ("B", 1, 2)
    assert (now["last_dose_on"], now["next_course_from"]) == ("2026-05-08", "2027-05-08")
    assert (now["interval_satisfied"], now["doses_usable"]) == (False, 0)
    # Time alone is not enough: the patient's response to the course is not stated yet.
    assert (now["approvable"]["recommendation"], now["approvable"]["approvable_from"]) == ("not_recommended", None)
    assert [one["clause"] for one in now["approvable"]["speaking_against"]] == ["1.B.iv"]

    clock.at = on("2027-03-01")
    early = api.submitted(patient, MEETS_B, received_at="2027-03-01T09:00:00-05:00")
    assert early["assessment"]["recommendation"] == "not_recommended"
    assert early["assessment"]["approvable_from"] == "2027-05-08"
    refused(api.decided("deny", early, NURSE, citing=["1.B.iv"], rationale="Too early."), 403, "actor.role")
    refused(api.decided("deny", early, PHYSICIAN, citing=["1.B.iii.a"], rationale="Too early."), 422, "citing")
    denied = api.decided("deny", early, PHYSICIAN, citing=["1.B.iv"], rationale="Twelve months have not passed.")
    assert denied.status_code == 200
    request = denied.json()["request"]
    assert (request["status"], request["determination"]["citing"]) == ("denied", ["1.B.iv"])
    assert request["determination"]["decided_by"] == PHYSICIAN | {"credential": "physician"}
    assert request["determination"]["assessment"] == early["assessment"]
    assert api.eligibility(patient)["approvable"]["approvable_from"] == "2027-05-08"
    assert api.eligibility(patient, as_of="2027-05-07")["interval_satisfied"] is False
    assert api.eligibility(patient, as_of="2027-05-08")["interval_satisfied"] is True
    assert api.eligibility(patient, as_of="2027-05-08")["approvable"]["recommendation"] == "approve"


def approve_after_the_facts_moved(api: Api, patient: str, seen: dict) -> None:  # type: ignore[type-arg]
    """A dose of another patient slips in: 409 with what changed; once it is voided, the assessment holds again."""
    strayed = api.did(f"/patients/{patient}/doses", dose("2026-04-20"))
    problem = refused(api.decided("approve", seen), 409, "assessment_digest")
    assert problem["type"].endswith(":assessment-moved")
    changed = {one["what"]: one for one in problem["changed"]}
    assert changed["prior_treatment"]["is_now"]["open_course"]["doses_given"] == 1
    assert not any(one["time_alone"] for one in problem["changed"])
    moved = api.looked_at(seen["request"]["request_id"])
    assert problem["details"]["assessment_digest"] == moved["assessment_digest"] != seen["assessment_digest"]

    api.did(f"/doses/{strayed['dose_id']}/void", {"actor": NURSE, "reason": "Another patient's."})
    approved = api.decided("approve", seen, valid_from="2026-05-04")
    assert approved.status_code == 200, approved.text
    assert (
        approved.json()["request"]["approval"].items()
        >= {
            "course": 1,
            "doses_approved": 5,
            "valid_from": "2026-05-04",
            "valid_through": "2026-06-02",
            "left_out": None,
            "citing": [],
        }.items()
    )
    problem = refused(api.decided("approve", seen), 409, "request_id")
    assert problem["type"].endswith(":already-decided")


def test_what_time_alone_changed_is_named(api: Api, clock: Clock) -> None:
    patient = api.opened()
    clock.at = on("2025-05-09")
    api.dosed(patient, *(f"2025-05-0{day}" for day in range(5, 10)))
    clock.at = on("2026-05-08")
    seen = api.submitted(patient, MEETS_B, received_at="2026-05-08T09:00:00-04:00")
    assert seen["assessment"]["recommendation"] == "not_recommended"
    clock.advance(timedelta(days=1))
    terms = {"citing": ["1.B.iv"], "rationale": "Twelve months have not passed."}
    problem = refused(api.decided("deny", seen, PHYSICIAN, **terms), 409, "assessment_digest")
    assert [(one["what"], one["was"], one["is_now"], one["time_alone"]) for one in problem["changed"]] == [
        ("1.B", "not_met", "met", True),
        ("1.B.iv", "not_met", "met", True),
        ("NR.5", "met", "not_met", True),
    ]
    approved = api.decided("approve", api.looked_at(seen["request"]["request_id"]))
    assert approved.json()["request"]["approval"]["doses_approved"] == 3


def test_a_patient_is_found_by_member_id_and_never_by_url(api: Api) -> None:
    answer = api.post("/patients", opening("SECRET-77"))
    patient = answer.json()["patient_id"]
    assert answer.headers["location"] == f"/patients/{patient}/eligibility"
    found = api.post("/patients/find", {"member": {"issuer": "plan", "member_id": "SECRET-77"}})
    assert found.json() == {"patient_id": patient, "history_version": 1}
    assert "SECRET-77" not in str(found.url) + str(answer.url) + str(found.headers) + str(answer.headers)
    refused(api.post("/patients/find", {"member": {"issuer": "other", "member_id": "SECRET-77"}}), 404, "member")
    refused(api.post("/patients", opening("SECRET-77", name="Another")), 409, "member")
    assert api.client.get("/patients/find", params={"member_id": "SECRET-77"}).status_code in (404, 405)


def test_prior_treatment_elsewhere_decides_the_path(api: Api) -> None:
    patient = api.opened()
    assert api.eligibility(patient)["path"] is None
    changed = api.reported(patient)
    assert changed["recorded"] == ["PriorTreatmentReported"]
    assert api.eligibility(patient)["path"] == "A"

    other = api.opened("M-2")
    api.reported(other, {"doses_given": 5, "mg_total": 60, "last_dose_on": "2025-04", "completed": True})
    assert api.submitted(other, MEETS_B)["assessment"]["recommendation"] == "pend"
    now = api.eligibility(other)
    assert (now["path"], now["last_dose_on"], now["next_course_from"]) == ("B", "2025-04", None)
    assert now["approvable"]["still_needed"][0]["clause"] == "1.B.iv"


def test_the_stateless_assessment_touches_no_ledger(api: Api) -> None:
    facts = {"birth_date": "1988", "diagnosis": "other"}
    answer = api.did("/assessments", {"as_of": "2026-04-28", "facts": facts, "edition": "2024-10-09"})
    assert answer["assessment"]["recommendation"] == "not_recommended"
    assert (answer["assessment"]["edition"], answer["history_version"]) == ("2024-10-09", None)
    assert api.ledger.is_empty()
    refused(api.post("/assessments", {"as_of": "2026-04-28", "edition": "2025-01-01"}), 422, "edition")
    refused(api.post("/assessments", {"as_of": "2020-01-01"}), 422, "edition")
    later = {"as_of": "2026-04-28", "facts": {"birth_date": "2027"}}
    assert "birth_date is after as_of" in refused(api.post("/assessments", later), 422, "facts.birth_date")["detail"]


def test_health(api: Api) -> None:
    assert api.asked("/health/live") == {"status": "alive"}
    ready = api.asked("/health/ready")
    assert (ready["plan_day"], ready["plan_time_zone"]) == ("2026-04-28", "America/New_York")
    assert [one["edition"] for one in ready["editions"]] == ["2025-07-23", "2024-10-16", "2024-10-09", "2023-11-15"]
    assert [one["provenance"] for one in ready["editions"]] == ["text", *["reconstructed"] * 3]
