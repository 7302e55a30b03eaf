"""Two prescribers' offices and one patient: each sees what it needs of the patient, and only its own requests."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from domain.people import Actor
from tests.api.routes.commands.acts import (
    MEETS_A,
    OFFICE,
    PHYSICIAN,
    Api,
    Json,
    dose,
    opening,
    refused,
    request,
    sent_by,
)
from tests.story import OTHER_OFFICE

OTHER = sent_by(OTHER_OFFICE)
COLLEAGUES = [
    sent_by(Actor(id=one, name="Practice Nine", role="requester", office="practice.nine")) for one in ("n.front", "o.b")
]


def asked(api: Api, path: str, actor: Json, **query: Any) -> Any:
    headers = {"Authorization": api.client.header_of(Actor.model_validate(actor))}  # type: ignore[attr-defined]
    answer = api.client.get(path, params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer


@pytest.fixture
def patient(api: Api) -> str:
    """Approved for the first office, one dose given; the second was admitted, and asked for nothing yet."""
    patient = api.opened()
    seen = api.submitted(patient)
    assert api.decided("approve", seen).status_code == 200
    api.dosed(patient, "2026-04-28")
    admitted = api.did("/patients", opening(actor=OTHER))
    assert admitted["patient_id"] == patient
    return patient


def test_eligibility_tells_each_office_the_facts_and_of_requests_its_own(api: Api, patient: str) -> None:
    path = f"/patients/{patient}/eligibility"
    plan, own, other = (asked(api, path, who) for who in (PHYSICIAN, OFFICE, OTHER))
    # The other office was admitted, which this office does not know of.
    assert plan.json() == own.json() | {"history_version": own.json()["history_version"] + 1}
    assert own.json()["approval"]["request_id"] == f"{patient}.r1"
    assert other.json()["approval"] is None
    assert other.json()["approvable"]["based_on"] is None
    assert ".r1" not in other.text
    of_approval = {"doses_left_on_approval", "doses_usable"}
    facts = set(own.json()) - {"approval", "approvable", "imported", "history_version"} - of_approval
    assert {name: other.json()[name] for name in facts} == {name: own.json()[name] for name in facts}
    assert other.json()["doses_given"] == 1
    assert {own.json()[name] for name in of_approval} == {4}
    assert {other.json()[name] for name in of_approval} == {0}
    assert len({one.headers["etag"] for one in (plan, own, other)}) == 3


def test_nothing_follows_for_an_office_from_what_another_stated(api: Api) -> None:
    patient = api.opened()
    api.did("/patients", opening(actor=OTHER))
    path = f"/patients/{patient}/eligibility"
    before = asked(api, path, OTHER).json()
    assert before["path"] is None
    api.submitted(patient, MEETS_A | {"received_lemtrada": False})
    assert asked(api, path, OFFICE).json()["path"] == "A"
    after = asked(api, path, OTHER).json()
    assert after | {"history_version": 0} == before | {"history_version": 0}
    api.submitted(patient, {"diagnosis": "multiple_sclerosis"}, actor=OTHER)
    assert asked(api, path, OTHER).json()["path"] is None


def test_a_list_holds_an_offices_own_alone(api: Api, patient: str) -> None:
    second = api.submitted(patient, MEETS_A | {"received_lemtrada": True}, actor=OTHER)["request"]["request_id"]
    listed = f"/patients/{patient}/requests"
    whose = {
        who["id"]: [one["request_id"] for one in asked(api, listed, who).json()["items"]] for who in (OFFICE, OTHER)
    }
    assert whose == {OFFICE["id"]: [f"{patient}.r1"], OTHER["id"]: [second]}
    assert len(asked(api, listed, PHYSICIAN).json()["items"]) == 2
    (course,) = asked(api, f"/patients/{patient}/courses", OTHER).json()["courses"]
    assert [one["on"] for one in course["doses"]] == ["2026-04-28"]


def test_what_another_office_asked_for_is_not_there(api: Api, patient: str) -> None:
    theirs, none = f"/requests/{patient}.r1", f"/requests/{patient}.r9"
    who = {"Authorization": api.client.header_of(OTHER_OFFICE)}  # type: ignore[attr-defined]
    for question in ("", "/life", "/assessment", "/assessment-to-extend", "/seal"):
        pair = [api.client.get(f"{one}{question}", headers=who) for one in (theirs, none)]
        assert {(one.status_code, one.content, str(one.headers.raw)) for one in pair} == {
            (404, pair[0].content, str(pair[0].headers.raw))
        }
    withdrawing = {"actor": OTHER, "by": "Nils Neuro", "reason": "The infusions are put off."}
    before = api.version(patient)
    told = [refused(api.post(f"{one}/withdraw", withdrawing), 404, "request_id") for one in (theirs, none)]
    assert told[0] == told[1]
    assert api.version(patient) == before


def test_colleagues_of_one_office_share_what_one_of_them_asked(api: Api) -> None:
    one, other = COLLEAGUES
    patient = api.did("/patients", opening(actor=one))["patient_id"]
    request_id = api.submitted(patient, actor=one)["request"]["request_id"]
    assert asked(api, f"/requests/{request_id}", other).json()["request"]["submitted_by"]["id"] == one["id"]
    tags = [asked(api, f"/patients/{patient}/eligibility", who).headers["etag"] for who in COLLEAGUES]
    assert tags[0] == tags[1]


def test_opening_tells_an_office_nothing_that_it_does_not_know(api: Api) -> None:
    api.opened(name="Alma Synthetic", birth_date="1988-05-17")
    wrong: tuple[Json, ...] = ({"name": "Alba Synthetic"}, {"birth_date": "1988-05-18"}, {"birth_date": None})
    answers = [api.post("/patients", opening(actor=OTHER) | one) for one in wrong]
    assert {(one.status_code, one.content) for one in answers} == {(409, answers[0].content)}
    assert "1988" not in answers[0].text


def test_the_version_beside_a_digest_tells_an_office_nothing_of_another(api: Api, patient: str) -> None:
    mine = api.did(f"/patients/{patient}/requests", request(actor=OTHER))
    path = f"/requests/{mine['request']['request_id']}"
    seen = [asked(api, f"{path}{more}", OTHER).json()["history_version"] for more in ("", "/assessment")]
    assert seen == [mine["history_version"]] * 2
    api.submitted(patient)
    assert asked(api, path, OTHER).json()["history_version"] == seen[0]
    api.dosed(patient, "2026-04-27")
    assert asked(api, path, OTHER).json()["history_version"] == seen[0] + 1
    assert asked(api, path, PHYSICIAN).json()["history_version"] == api.ledger.history(UUID(patient)).version


def test_an_approval_of_another_office_counts_where_it_changes_what_is_shown_of_a_dose(api: Api, patient: str) -> None:
    path = f"/patients/{patient}/courses"
    before = asked(api, path, OTHER)
    assert before.json()["courses"][0]["doses"][0]["variances"] == []
    api.did_to(f"{patient}.r1", "rescind-approval", PHYSICIAN, ground="safety", reason="A reaction.")
    after = asked(api, path, OTHER)
    assert after.json()["courses"][0]["doses"][0]["variances"] == ["no_approval_in_force"]
    assert after.json()["history_version"] == before.json()["history_version"] + 1
    assert after.headers["etag"] != before.headers["etag"]


def test_a_dose_under_a_request_of_another_office_counts_for_every_office(api: Api, patient: str) -> None:
    path = f"/patients/{patient}/courses"
    before = asked(api, path, OTHER)
    given = api.did(f"/patients/{patient}/doses", dose("2026-04-28", "INF-2", request_id=f"{patient}.r1"))
    assert given["request_id"] == f"{patient}.r1"
    after = asked(api, path, OTHER)
    assert len(doses_in(after.json())) == len(doses_in(before.json())) + 1
    assert after.json()["history_version"] > before.json()["history_version"]
    assert after.headers["etag"] != before.headers["etag"]


def doses_in(courses: Json) -> list[Json]:
    return [*(one for course in courses["courses"] for one in course["doses"]), *courses["other_entries"]]


def test_an_approval_of_another_office_counts_where_it_is_in_effect_instead(api: Api) -> None:
    """The latest approval is in effect, and an office is shown only its own."""
    patient = api.opened()
    assert api.decided("approve", api.submitted(patient)).status_code == 200
    api.did("/patients", opening(actor=OTHER))
    path = f"/patients/{patient}/eligibility"
    before = asked(api, path, OFFICE)
    seen = api.submitted(patient, actor=OTHER)
    assert asked(api, path, OFFICE).headers["etag"] == before.headers["etag"]
    approved = api.decided("approve", seen)
    assert approved.status_code == 200, approved.text
    after = asked(api, path, OFFICE)
    assert (after.text == before.text) == (after.headers["etag"] == before.headers["etag"])
    assert (before.json()["doses_usable"], after.json()["doses_usable"]) == (5, 0)


def test_an_office_sends_its_own_version_back_and_is_shown_the_changes_since(api: Api, patient: str) -> None:
    mine = api.did(f"/patients/{patient}/requests", request(actor=OTHER))
    request_id, shown = mine["request"]["request_id"], mine["history_version"]
    api.submitted(patient)
    api.did_to(
        request_id,
        "supply-information",
        OTHER,
        received_at=mine["request"]["received_at"],
        statement={"hiv_infection": None, "rems_enrolled": True},
    )
    page = f"/pages/requests/{request_id}/moved"
    changed = asked(api, page, OTHER, digest=mine["assessment_digest"], version=shown)
    assert "rems enrolled" in changed.text.lower().replace("_", " ")
    assert changed.text == asked(api, page, OTHER, digest=mine["assessment_digest"]).text


def test_a_link_is_named_to_the_plan_and_never_which_history_to_an_office(api: Api) -> None:
    patient, other = api.opened(), api.opened("M-2")
    api.submitted(patient)
    link = {"actor": PHYSICIAN, "other_patient_id": other, "reason": "One person under two numbers."}
    api.did(f"/patients/{patient}/link", link)
    paths = [
        f"/patients/{patient}/eligibility",
        f"/requests/{patient}.r1",
        f"/requests/{patient}.r1/assessment",
    ]
    for path in paths:
        plan, own = asked(api, path, PHYSICIAN), asked(api, path, OFFICE)
        assert other in plan.text, path
        assert other not in own.text, path
        assert "Another history of this patient is linked" in own.text, path
    assert asked(api, paths[0], PHYSICIAN).json()["linked_histories"] == [other]
    assert asked(api, paths[0], OFFICE).json()["linked_histories"] == []
    assert asked(api, paths[1], OFFICE).json()["assessment"]["recommendation"] == "refer"
    digests = {asked(api, paths[2], who).json()["assessment_digest"] for who in (PHYSICIAN, OFFICE)}
    assert len(digests) == 1, "an office names the same assessment"
