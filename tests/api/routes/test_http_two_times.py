"""Two times everywhere: what was known by an instant, judged on a day. A walk over every question of the document."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.api.routes.commands.acts import MEETS_A, MRI, NURSE, PHYSICIAN, Api, Json, dose, refused
from tests.api.routes.commands.stages import NOW
from tests.api.routes.test_http_openapi import OPERATIONS
from tests.clock import Clock

ABOUT = ("{patient_id}", "{request_id}", "{appeal_id}", "{document_id}", "{dose_id}", "{report_id}", "{notice_id}")
OF_NO_PAST = ("/accesses", "/proof", "/seal")
"""The access log, and where an event is sealed: neither is an assessment, and additions remove nothing."""

QUESTIONS = [
    label.split()[1]
    for label in OPERATIONS
    if label.startswith("GET") and any(one in label for one in ABOUT) and not label.endswith(OF_NO_PAST)
]


def parameters(path: str) -> set[str]:
    return {one["name"] for one in OPERATIONS[f"GET {path}"]["parameters"]}


RECEIVED = "2026-04-20T09:00:00-05:00"
JUDGED = [path for path in QUESTIONS if "as_of" in parameters(path)]


@pytest.fixture
def ids(api: Api, clock: Clock) -> Json:
    """A patient for whom every question has an answer: a denial, its appeal with evidence, and an approval in force."""
    patient = api.opened_now()
    clock.advance(timedelta(minutes=1))
    denied = api.denied(patient, received_at=RECEIVED)
    appeal = api.appealed(denied, "2026-04-28T16:00:30Z")
    evidence = {"received_at": "2026-04-28T16:00:45Z", "documents": [api.stored(patient)]}
    (document,) = api.did_to(appeal, "evidence", **evidence)["made"]
    seen = api.submitted(patient, received_at=RECEIVED)
    assert api.decided("approve", seen).status_code == 200
    api.dosed(patient, "2026-04-28")
    return {
        "patient_id": patient, "appeal_id": appeal, "document_id": document,
        "request_id": seen["request"]["request_id"], "denied": denied,
    }  # fmt: skip


def test_there_are_questions_and_most_of_them_judge_by_day() -> None:
    assert len(QUESTIONS) >= 15
    assert {path.rpartition("/")[2] for path in JUDGED} >= {
        "eligibility", "courses", "person", "{request_id}", "assessment", "assessment-to-extend", "replay",
    }  # fmt: skip


@pytest.mark.parametrize("path", QUESTIONS)
def test_every_question_takes_known_at(path: str) -> None:
    assert "known_at" in parameters(path)


@pytest.mark.parametrize("path", QUESTIONS)
def test_what_was_known_then_is_answered_the_same_for_ever(api: Api, ids: Json, clock: Clock, path: str) -> None:
    """What does not take a day does not depend on it; what does, is asked for one."""
    clock.advance(timedelta(minutes=1))
    then = {"known_at": clock.at.isoformat()} | ({"as_of": "2026-04-28"} if path in JUDGED else {})
    asked = path.format(**ids)
    before = api.client.get(asked, params=then)
    assert before.status_code == 200, before.text
    clock.advance(timedelta(minutes=1))
    everything_changes(api, ids)
    clock.advance(timedelta(days=400))
    after = api.client.get(asked, params=then)
    assert (after.content, after.headers["etag"]) == (before.content, before.headers["etag"])
    if "document" not in path:
        now = api.client.get(asked, params={"as_of": "2026-04-28"} if path in JUDGED else {})
        assert now.content != before.content


def everything_changes(api: Api, ids: Json) -> None:
    patient, request_id, appeal_id = ids["patient_id"], ids["request_id"], ids["appeal_id"]
    api.did(f"/patients/{patient}/doses", dose("2026-04-27", source="claim"))
    api.did_to(patient, "correct-demographics", reason="The name was misread.", name="Alma Example")
    api.did_to(request_id, "offer-peer-to-peer", until="2026-05-04")
    api.did_to(request_id, "correct", reason="Misread.", statement=MEETS_A | {"rems_enrolled": True})
    api.did_to(ids["denied"], "correct", reason="Misread.", statement=MEETS_A | {"rems_enrolled": True})
    api.did_to(ids["document_id"], "review", clause=MRI, supports=True)
    api.did_to(appeal_id, "withdraw", by="Alma Synthetic", reason="Another treatment was begun.")
    api.submitted(patient)


@pytest.mark.parametrize("path", QUESTIONS)
@pytest.mark.parametrize("store", ["sqlite"])
def test_a_moment_at_which_nothing_can_be_known_is_refused(api: Api, ids: Json, clock: Clock, path: str) -> None:
    asked = path.format(**ids)
    to_come = (clock.at + timedelta(seconds=1)).isoformat()
    problem = refused(api.client.get(asked, params={"known_at": to_come}), 422, "known_at")
    assert "future" in problem["detail"]
    refused(api.client.get(asked, params={"known_at": "2026-04-28T15:59:59Z"}), 404, "known_at")
    for unreadable in ("yesterday", "2026-04-28", "2026-04-28T12:00:00"):
        refused(api.client.get(asked, params={"known_at": unreadable}), 422, "query.known_at")


@pytest.mark.parametrize("path", QUESTIONS)
@pytest.mark.parametrize("store", ["sqlite"])
def test_what_was_not_on_record_then_is_not_there(api: Api, ids: Json, path: str) -> None:
    answer = api.client.get(path.format(**ids), params={"known_at": "2026-04-28T16:00:00Z"})
    if "{patient_id}" in path:
        assert answer.status_code == 200
    else:
        refused(answer, 404)


@pytest.mark.parametrize("path", JUDGED)
@pytest.mark.parametrize("store", ["sqlite"])
def test_a_day_that_cannot_be_is_refused(api: Api, ids: Json, path: str) -> None:
    for day in ("2026-02-30", "2026-04", "today", "0000-01-01"):
        refused(api.client.get(path.format(**ids), params={"as_of": day}), 422, "query.as_of")


def test_a_day_before_the_first_edition_is_answered_as_far_as_it_can_be(api: Api, ids: Json) -> None:
    """The record is the record; what the policy would have said, nobody knows."""
    early = api.eligibility(ids["patient_id"], as_of="2020-01-01")
    assert (early["approvable"], early["courses_completed"]) == (None, None)
    assert "2020-01-01" in early["edition_problem"]
    assert "2023-11-15" in early["edition_problem"]
    # A request keeps the edition under which it was received, on whatever day it is judged.
    seen = api.asked(f"/requests/{ids['request_id']}/assessment", as_of="2020-01-01")
    assert seen["assessment"]["edition"] == "2025-07-23"


def test_a_request_from_before_the_first_edition_is_kept_and_not_judged(api: Api) -> None:
    seen = api.submitted(api.opened(), received_at="2020-03-02T09:00:00-05:00")
    request_id = seen["request"]["request_id"]
    assert (seen["assessment"], seen["request"]["status"]) == (None, "open")
    assert "2020-03-02" in seen["edition_problem"]
    refused(api.client.get(f"/requests/{request_id}/assessment"), 422, "edition")
    # With an edition named, it can be assessed.
    under = api.asked(f"/requests/{request_id}/assessment", edition="2023-11-15")
    assert under["assessment"]["recommendation"] == "approve"
    body = {"actor": NURSE, "assessment_digest": under["assessment_digest"]}
    refused(api.post(f"/requests/{request_id}/approve", body), 422, "assessment_digest")
    refused(api.post(f"/requests/{request_id}/approve", {"actor": NURSE, "rationale": "It met it."}), 403, "actor.role")
    # Facts are taken all the same.
    api.did_to(request_id, "supply-information", received_at=NOW, statement={"rems_enrolled": True})
    # A clinician decides it without an assessment.
    body = {"actor": PHYSICIAN, "rationale": "It met the policy of its time."}
    answer = api.did(f"/requests/{request_id}/approve", body)
    made = answer["request"]["determination"]
    assert (made["edition"], made["assessment"], made["assessment_digest"]) == ("unknown", None, None)
    assert made["rationale"] == "It met the policy of its time."
    assert api.asked(f"/requests/{request_id}/life")["decisions"][0]["edition"] == "unknown"
    assert "R31" in api.asked(f"/requests/{request_id}/replay")["agreement"]["sentence"]
