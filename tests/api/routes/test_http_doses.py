"""Doses in: what completes, voids, repeats and closes a course."""

from __future__ import annotations

from tests.api.routes.commands.acts import COMPLETED_ELSEWHERE, NURSE, PHYSICIAN, REASON, Api, dose, refused

WEEK = [f"2026-04-{day}" for day in range(20, 25)]


def test_the_fifth_dose_completes_and_voiding_it_reopens(api: Api) -> None:
    patient = api.opened()
    last = api.dosed(patient, *WEEK)[-1]
    assert last["also_recorded"] == ["CourseCompleted"]
    assert last["variances"] == ["no_approval_in_force"]
    voided = api.did(f"/doses/{last['dose_id']}/void", REASON)
    assert (voided["voided"], voided["counts"], voided["also_recorded"]) == (True, False, ["CourseReopened"])
    now = api.eligibility(patient)
    assert (now["path"], now["course_status"], now["doses_left_in_course"]) == ("A", "open", 1)
    refused(api.post(f"/doses/{last['dose_id']}/void", REASON), 409, "dose_id")
    courses = api.asked(f"/patients/{patient}/courses")
    assert [one["dose_id"] for one in courses["other_entries"]] == [last["dose_id"]]
    again = api.did(f"/patients/{patient}/doses", dose(WEEK[-1], "INF-again"))
    assert again["also_recorded"] == ["CourseCompleted"]


def test_the_same_source_reference_is_recorded_once(api: Api) -> None:
    patient = api.opened()
    first = api.dosed(patient, WEEK[0])[0]
    problem = refused(api.post(f"/patients/{patient}/doses", dose(WEEK[0])), 409, "source_reference")
    assert problem["details"] == {"dose_id": first["dose_id"]}
    refused(api.post(f"/patients/{patient}/doses", dose(WEEK[1], f"INF-{WEEK[0]}")), 409, "source_reference")
    assert api.version(patient) == 2


def test_a_second_report_of_one_day_waits_for_a_person(api: Api) -> None:
    patient = api.opened()
    first = api.dosed(patient, WEEK[0])[0]
    claim = api.did(f"/patients/{patient}/doses", dose(WEEK[0], "CLM-1", source="claim"))
    assert (claim["possible_duplicate_of"], claim["counts"]) == (first["dose_id"], False)
    confirmed = api.did(f"/doses/{claim['dose_id']}/confirm-duplicate", REASON)
    assert confirmed["counts"] is False
    refused(api.post(f"/doses/{claim['dose_id']}/confirm-duplicate", REASON), 409, "dose_id")
    assert api.did(f"/doses/{claim['dose_id']}/dismiss-duplicate", REASON)["counts"] is True
    assert api.did(f"/doses/{claim['dose_id']}/confirm-duplicate", REASON)["counts"] is False
    assert api.eligibility(patient)["doses_given"] == 1

    second = api.did(f"/patients/{patient}/doses", dose(WEEK[1]))
    other = api.did(f"/patients/{patient}/doses", dose(WEEK[1], "CLM-2", source="claim"))
    assert api.did(f"/doses/{other['dose_id']}/dismiss-duplicate", REASON)["counts"] is True
    refused(api.post(f"/doses/{second['dose_id']}/confirm-duplicate", REASON), 409, "dose_id")
    assert api.eligibility(patient)["doses_given"] == 3


def test_a_clinician_closes_a_course_that_will_not_be_finished(api: Api) -> None:
    patient = api.opened()
    api.dosed(patient, *WEEK[:2])
    path = f"/patients/{patient}/courses/1/close"
    refused(api.post(path, REASON), 403, "actor.role")
    closing = {"actor": PHYSICIAN, "reason": "Severe infusion reactions."}
    refused(api.post(f"/patients/{patient}/courses/2/close", closing), 404, "course")
    for number in ("0", "-1", "99999999999999999999", "1.5", "first"):
        refused(api.post(f"/patients/{patient}/courses/{number}/close", closing), 422, "path.course")
    assert api.did(path, closing)["recorded"] == ["CourseClosedUnfinished"]
    refused(api.post(path, closing), 409, "course")
    assert api.eligibility(patient)["path"] == "B"


def test_a_dose_inside_a_reported_course_documents_it(api: Api) -> None:
    patient = api.opened()
    api.reported(patient, COMPLETED_ELSEWHERE)
    recorded = api.did(f"/patients/{patient}/doses", dose("2025-03-10", source="claim"))
    assert (recorded["course"], recorded["counts"]) == (None, False)
    assert recorded["documents_report"] == f"{patient}.t1"
    assert api.eligibility(patient)["courses_completed"] == 1


def test_a_dose_under_an_authorization_that_is_not_here_is_a_fact_all_the_same(api: Api) -> None:
    patient = api.opened()
    recorded = api.did(f"/patients/{patient}/doses", dose(request_id=f"{patient}.r1"))
    assert (recorded["request_id"], recorded["variances"]) == (f"{patient}.r1", ["no_approval_in_force"])


def test_an_impossible_dose_is_refused(api: Api) -> None:
    patient = api.opened()
    refused(api.post(f"/patients/{patient}/doses", dose("2026-04-29")), 422, "on")
    refused(api.post(f"/patients/{patient}/doses", dose("1988-05-16")), 422, "on")
    refused(api.post(f"/doses/{patient}.d1/void", REASON), 404, "dose_id")
    clinician = dose(actor=NURSE | {"role": "clinician"})
    refused(api.post(f"/patients/{patient}/doses", clinician), 403, "actor.credential")
    assert api.version(patient) == 1
