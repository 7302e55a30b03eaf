"""The life of a request over HTTP: asked, answered, read, decided; extended, rescinded, closed and reopened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.api.routes.commands.acts import (
    MEETS_A,
    MRI,
    NURSE,
    OFFICE,
    PDF,
    PENDS,
    PHYSICIAN,
    Api,
    Json,
    dose,
    refused,
    sent_by,
)
from tests.api.routes.commands.stages import NOW
from tests.clock import Clock
from tests.story import NURSE as ROSA

BEFORE = "2026-04-28T16:00:00Z"


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def life(api: Api, request_id: str, **query: str) -> Json:
    return api.asked(f"/requests/{request_id}/life", **query)


def waiting(api: Api, statement: Json = PENDS, **values: object) -> tuple[str, str, Json]:
    """A patient, the id of a request, and the request as it was shown."""
    patient = api.opened()
    seen = api.submitted(patient, statement, **values)
    return patient, seen["request"]["request_id"], seen


def asked_for(api: Api, request_id: str) -> list[str]:
    return [one["clause"] for asking in life(api, request_id)["askings"] for one in asking["asked"]]


# -- asked, answered, read, approved ----------------------------------------------------------


def test_a_request_that_waits_for_a_report_is_approved_once_somebody_has_read_it(api: Api, clock: Clock) -> None:
    patient, request_id, seen = waiting(api)
    assert (seen["assessment"]["recommendation"], seen["assessment"]["needed"]) == ("pend", [MRI])

    # Exactly what is undetermined is asked for, with the facts that would settle it.
    api.did_to(request_id, "request-information", assessment_digest=seen["assessment_digest"])
    (asking,) = life(api, request_id)["askings"]
    assert [(one["clause"], one["missing"]) for one in asking["asked"]] == [
        (MRI, ["aggressive_disease.mri.documentation"])
    ]
    assert life(api, request_id)["awaits_information"]
    again = {"actor": NURSE, "assessment_digest": seen["assessment_digest"]}
    refused(api.post(f"/requests/{request_id}/request-information", again), 409, "request_id")
    api.did_to(request_id, "remind", channel="fax", note="Second page is missing.")

    clock.at = instant("2026-04-30T15:00:00")
    document = api.stored(patient, PDF)
    terms = {"received_at": "2026-04-30T14:00:00Z", "documents": [document]}
    (document_id,) = api.did_to(request_id, "supply-information", OFFICE, **terms)["made"]
    (on_record,) = life(api, request_id)["documents"]
    assert (on_record["document"]["sha256"], on_record["supports"]) == (document["sha256"], [])
    assert life(api, request_id)["awaits_information"] is False
    assert life(api, request_id)["reminders"] == 1

    # It is here, and settles nothing until a person of the plan has read it (R14).
    unread = api.looked_at(request_id)
    assert unread["assessment"]["needed"] == [MRI]
    assert "yet found to support" in str(unread["assessment"])
    review = {"clause": MRI, "supports": True}
    refused(api.post(f"/documents/{document_id}/review", {"actor": OFFICE} | review), 403, "actor.role")
    api.did_to(document_id, "review", **review)
    read = api.looked_at(request_id)
    assert read["assessment"]["recommendation"] == "approve"
    refused(api.decided("approve", unread), 409, "assessment_digest")
    assert api.decided("approve", read).json()["request"]["status"] == "approved"
    told = life(api, request_id)
    assert [(one["kind"], one["provenance"]) for one in told["decisions"]] == [("approved", "text")]
    assert told["documents"][0]["supports"] == [MRI]


def test_everything_that_is_undetermined_is_asked_for_and_nothing_else(api: Api) -> None:
    """Also where it is many things, and of both paths."""
    bare = {"diagnosis": "multiple_sclerosis", "hiv_infection": False}
    _, request_id, seen = waiting(api, bare)
    api.did_to(request_id, "request-information", assessment_digest=seen["assessment_digest"])
    assert asked_for(api, request_id) == seen["assessment"]["needed"]
    assert len(seen["assessment"]["needed"]) > 3


def test_what_nobody_lacks_is_not_asked_for(api: Api) -> None:
    _, request_id, seen = waiting(api, MEETS_A)
    body = {"actor": NURSE, "assessment_digest": seen["assessment_digest"]}
    refused(api.post(f"/requests/{request_id}/request-information", body), 422, "request_id")


def test_an_answer_in_part_leaves_the_rest_asked_for(api: Api) -> None:
    _, request_id, seen = waiting(api, PENDS | {"hiv_infection": None})
    assert seen["assessment"]["needed"] == [MRI, "NR.3"]
    api.did_to(request_id, "request-information", assessment_digest=seen["assessment_digest"])
    api.did_to(request_id, "supply-information", OFFICE, received_at=NOW, statement={"hiv_infection": False})
    assert life(api, request_id)["awaits_information"]
    assert api.looked_at(request_id)["assessment"]["needed"] == [MRI]


# -- the clock --------------------------------------------------------------------------------


def test_the_clock_stops_while_an_answer_is_awaited_and_every_moment_knows_its_own(api: Api, clock: Clock) -> None:
    patient, request_id, seen = waiting(api)
    # Fifteen days from 20 April, and through the midnight of New York that ends the last one.
    assert life(api, request_id)["clock"]["due_at"] == "2026-05-06T04:00:00Z"
    clock.advance(timedelta(hours=1))
    extend = {"notice": "We need more time, because information is missing."}
    api.did_to(request_id, "request-information", assessment_digest=seen["assessment_digest"], extend=extend)
    stopped = life(api, request_id)
    assert stopped["clock"]["standing"] == "paused"
    clock.at = instant("2026-05-02T17:00:00")
    answer = {"received_at": "2026-05-02T16:30:00Z", "documents": [api.stored(patient)]}
    api.did_to(request_id, "supply-information", OFFICE, **answer)
    running = life(api, request_id)["clock"]
    # Extended by fifteen days, and stopped from 28 April to 2 May: four days more.
    assert (running["due_at"], running["standing"]) == ("2026-05-25T04:00:00Z", "running")
    assert life(api, request_id, known_at="2026-04-28T16:30:00Z")["clock"]["due_at"] == "2026-05-06T04:00:00Z"
    assert life(api, request_id, known_at="2026-04-29T12:00:00Z")["clock"] == stopped["clock"]

    assert life(api, request_id, known_at="2026-05-02T17:00:00Z")["clock"] == running
    extension = {"reason": "The notes are not complete.", "notice": "We need fifteen days more."}
    refused(api.post(f"/requests/{request_id}/extend-clock", {"actor": NURSE} | extension), 409, "request_id")
    path = f"/requests/{request_id}/life"
    clock.at = instant("2026-05-25T04:00:00")
    last = api.client.get(path)
    assert last.json()["clock"]["standing"] == "at_risk"
    clock.advance(timedelta(seconds=1))
    # Nothing was recorded, and it is another answer all the same.
    late = api.client.get(path, headers={"If-None-Match": last.headers["ETag"]})
    assert (late.status_code, late.json()["clock"]["standing"]) == (200, "overdue")


def test_expediting_starts_the_urgent_clock_at_its_own_receipt(api: Api) -> None:
    _, request_id, _ = waiting(api)
    terms = {"asked_at": "2026-04-27T15:00:00Z", "reason": "Rapid worsening."}
    api.did_to(request_id, "refuse-expediting", **terms)
    told = life(api, request_id)
    assert (told["expediting_refused"], told["clock"]["due_at"]) == (True, "2026-05-06T04:00:00Z")
    api.did_to(request_id, "expedite", **terms)
    told = life(api, request_id)
    assert (told["expedited_at"], told["clock"]["due_at"]) == ("2026-04-27T15:00:00Z", "2026-04-30T15:00:00Z")
    refused(api.post(f"/requests/{request_id}/expedite", {"actor": NURSE} | terms), 409, "request_id")


@pytest.mark.parametrize("store", ["sqlite"])
def test_medicare_is_asked_without_stopping_its_clock(api: Api) -> None:
    _, request_id, seen = waiting(
        api, line_of_business="medicare_advantage", received_at="2026-04-28T09:00:00-04:00"
    )  # fmt: skip
    api.did_to(request_id, "request-information", assessment_digest=seen["assessment_digest"])
    assert life(api, request_id)["clock"]["due_at"] == "2026-05-01T13:00:00Z"
    body = {"actor": NURSE, "reason": "More time.", "notice": "We need more time."}
    refused(api.post(f"/requests/{request_id}/extend-clock", body), 409, "request_id")


# -- who has it, and what is said to the prescriber -------------------------------------------


def test_somebody_has_it_until_it_is_released_or_decided(api: Api) -> None:
    _, request_id, seen = waiting(api, MEETS_A)
    api.did_to(request_id, "assign", to=PHYSICIAN)
    assert life(api, request_id)["held_by"]["id"] == PHYSICIAN["id"]
    api.did_to(request_id, "release")
    assert life(api, request_id)["held_by"] is None
    refused(api.post(f"/requests/{request_id}/release", {"actor": NURSE}), 409, "request_id")
    api.did_to(request_id, "assign", to=NURSE)
    api.decided("approve", seen)
    assert life(api, request_id)["held_by"] is None


def test_peer_to_peer_is_offered_and_held_and_notices_are_issued_and_delivered(api: Api) -> None:
    patient = api.opened()
    request_id = api.denied(patient)
    api.did_to(request_id, "offer-peer-to-peer", until="2026-05-04")
    talk = {"with_whom": "Nora Neuro", "outcome": "The office will appeal."}
    refused(api.post(f"/requests/{request_id}/hold-peer-to-peer", {"actor": NURSE} | talk), 403, "actor.role")
    api.did_to(request_id, "hold-peer-to-peer", PHYSICIAN, **talk)
    notice = {"kind": "denial", "channel": "mail", "addressee": "The patient", "issued_at": BEFORE}
    (notice_id,) = api.did_to(request_id, "notices", **notice)["made"]
    wrong = notice | {"actor": NURSE, "kind": "approval"}
    refused(api.post(f"/requests/{request_id}/notices", wrong), 422, "kind")
    api.did_to(notice_id, "delivered", delivered_at=BEFORE)
    told = life(api, request_id)
    assert (told["peer_to_peer_offered"], told["peer_to_peer_held"]) == (True, True)
    assert [(one["notice_id"], one["delivered_at"]) for one in told["notices"]] == [(notice_id, BEFORE)]


def test_the_plan_of_the_infusion_and_the_prescriber_change(api: Api) -> None:
    _, request_id, _ = waiting(api, MEETS_A)
    api.did_to(
        request_id, "planned-infusion", OFFICE, planned_first_infusion_on="2026-06-29", planned_site="Centre West"
    )
    seen = api.looked_at(request_id)
    assert seen["request"]["planned_first_infusion_on"] == "2026-06-29"
    assert life(api, request_id)["planned_site"] == "Centre West"
    api.did_to(request_id, "prescriber", OFFICE, prescriber={"name": "Gina General", "specialty": "other"})
    now = api.looked_at(request_id)["assessment"]
    assert [one["answer"] for one in now["findings"] if one["citation"] == "1.A.iv"] == ["undetermined"]


# -- what becomes of an approval --------------------------------------------------------------


def approved(api: Api) -> tuple[str, str]:
    patient, request_id, seen = waiting(api, MEETS_A)
    assert api.decided("approve", seen).status_code == 200
    return patient, request_id


def test_an_approval_is_extended_by_thirty_days_while_its_course_is_unfinished(api: Api, clock: Clock) -> None:
    patient, request_id = approved(api)
    api.dosed(patient, "2026-04-28")
    clock.at = instant("2026-05-20T16:00:00")
    api.did(f"/patients/{patient}/doses", dose("2026-04-29"))
    # As a new request it would be another: two of five doses are given. What is extended is the approval (R10).
    assert api.looked_at(request_id)["assessment"]["recommendation"] == "refer"
    fresh = api.asked(f"/requests/{request_id}/assessment-to-extend")
    assert fresh["assessment"]["recommendation"] == "approve"
    body = {"actor": NURSE, "assessment_digest": api.digest(request_id)}
    refused(api.post(f"/requests/{request_id}/extend-approval", body), 409, "assessment_digest")
    api.did_to(request_id, "extend-approval", assessment_digest=fresh["assessment_digest"])
    now = api.eligibility(patient)
    assert (now["approval"]["valid_through"], now["doses_usable"]) == ("2026-06-26", 3)
    assert life(api, request_id)["approvals"][0]["extensions"] == 1
    then = api.eligibility(patient, known_at="2026-05-20T15:59:59Z")
    assert then["approval"]["valid_through"] == "2026-05-27"
    clock.at = instant("2026-06-27T16:00:00")
    refused(api.client.get(f"/requests/{request_id}/assessment-to-extend"), 409, "request_id")


def test_an_approval_that_is_rescinded_covers_nothing_from_that_day_on(api: Api, clock: Clock) -> None:
    patient, request_id = approved(api)
    body = {"actor": NURSE, "ground": "safety", "reason": "A serious infusion reaction."}
    refused(api.post(f"/requests/{request_id}/rescind-approval", body), 403, "actor.role")
    clock.at = instant("2026-04-30T16:00:00")
    api.did_to(request_id, "rescind-approval", PHYSICIAN, ground=body["ground"], reason=body["reason"])
    assert api.eligibility(patient)["approval"] is None
    assert api.eligibility(patient, as_of="2026-04-29")["approval"]["doses_approved"] == 5
    assert api.eligibility(patient, known_at="2026-04-30T15:00:00Z", as_of="2026-05-10")["approval"] is not None
    given = api.did(f"/patients/{patient}/doses", dose("2026-04-30"))
    assert given["variances"] == ["no_approval_in_force"]
    assert life(api, request_id)["approvals"][0]["rescinded_on"] == "2026-04-30"
    refused(api.post(f"/requests/{request_id}/rescind-approval", body | {"actor": PHYSICIAN}), 409, "request_id")


# -- closed without a determination, and opened again -----------------------------------------


def test_a_request_that_was_withdrawn_is_opened_again_and_decided(api: Api, clock: Clock) -> None:
    patient, request_id, seen = waiting(api, MEETS_A)
    api.did_to(request_id, "withdraw", OFFICE, by="Nora Neuro", reason="The infusions are put off.")
    assert (life(api, request_id)["status"], life(api, request_id)["closed_on"]) == ("withdrawn", "2026-04-28")
    refused(api.decided("approve", seen), 409, "request_id")
    assert api.eligibility(patient)["approvable"]["request_is_open"] is False
    clock.advance(timedelta(days=2))
    api.did_to(request_id, "reopen", reason="They are not put off after all.")
    assert api.eligibility(patient)["approvable"]["request_is_open"] is True
    assert api.decided("approve", api.looked_at(request_id)).json()["request"]["status"] == "approved"
    assert life(api, request_id, known_at="2026-04-29T12:00:00Z")["status"] == "withdrawn"


def test_the_second_of_two_faxes_is_dismissed_as_a_duplicate(api: Api) -> None:
    patient, first, _ = waiting(api, MEETS_A)
    second = api.submitted(patient)["request"]["request_id"]
    terms = {"ground": "duplicate", "reason": "The same fax came twice."}
    refused(api.post(f"/requests/{second}/dismiss", {"actor": NURSE} | terms), 422, "duplicate_of")
    refused(
        api.post(f"/requests/{second}/dismiss", {"actor": NURSE, "duplicate_of": second} | terms), 422, "duplicate_of"
    )
    api.did_to(second, "dismiss", duplicate_of=first, **terms)
    assert [one["status"] for one in api.asked(f"/patients/{patient}/requests")["items"]] == ["open", "dismissed"]


def test_what_was_denied_only_a_clinician_opens_again_and_the_denial_stays_on_record(api: Api) -> None:
    request_id = api.denied(api.opened())
    reason = {"reason": "New evidence came with the conversation."}
    refused(api.post(f"/requests/{request_id}/reopen", {"actor": NURSE} | reason), 403, "actor.role")
    api.did_to(request_id, "reopen", PHYSICIAN, **reason)
    told = life(api, request_id)
    assert (told["status"], [one["kind"] for one in told["decisions"]]) == ("open", ["denied"])


def test_doses_that_were_given_before_are_asked_for_afterwards(api: Api) -> None:
    patient = api.opened()
    given = api.dosed(patient, *(f"2026-04-{day}" for day in range(20, 25)))
    named = [one["dose_id"] for one in given]
    assert {tuple(one["variances"]) for one in given} == {("no_approval_in_force",)}
    seen = api.submitted(patient, MEETS_A, received_at="2026-04-27T09:00:00-04:00", retrospective_for=named)
    assert seen["assessment"]["path"] == "A"
    assert seen["assessment"]["circumstances"]["retrospective"] is True
    answer = api.decided("approve", seen, PHYSICIAN, rationale="Begun in hospital, before the request could come.")
    assert answer.json()["request"]["approval"]["doses_approved"] == 5
    course = api.asked(f"/patients/{patient}/courses")["courses"][0]
    assert [one["variances"] for one in course["doses"]] == [[]] * 5
    assert [one["variances_then"] for one in course["doses"]] == [["no_approval_in_force"]] * 5


def test_every_actor_is_on_record_with_the_person_they_report_to(api: Api) -> None:
    """Who may decide an appeal of it depends on that later."""
    _, request_id, _ = waiting(api)
    junior = sent_by(ROSA) | {"reports_to": ["chief.of.day"]}
    api.did_to(request_id, "assign", junior, to=junior)
    assert life(api, request_id)["held_by"]["reports_to"] == ["chief.of.day"]
