"""Questions: as of a day, as known then, under an edition, page by page, and unchanged since last time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from api.routes import patients, schemas
from domain.events import PatientEvent
from domain.history.state import PatientHistory
from projections.state_changes import StateChange, StateChanges
from tests.api.routes.commands.acts import MEETS_A, OFFICE, Api, Json, refused
from tests.clock import Clock

NOBODY = "00000000-0000-4000-8000-000000000000"
WEEK = [f"2026-04-{day}" for day in range(20, 25)]
BEFORE = "2026-04-28T15:59:59Z"


def test_what_was_known_then_and_what_a_day_would_have_said(api: Api, clock: Clock) -> None:
    patient = api.opened()
    api.dosed(patient, *WEEK[:3])
    known_then = "2026-04-28T12:30:00-04:00"
    clock.advance(timedelta(hours=1))
    api.dosed(patient, *WEEK[3:])
    assert api.eligibility(patient)["courses_completed"] == 1
    then = api.eligibility(patient, known_at=known_then)
    assert (then["history_version"], then["doses_given"], then["courses_completed"]) == (4, 3, 0)
    day = api.eligibility(patient, as_of="2026-04-21")
    assert (day["history_version"], day["doses_given"]) == (7, 2)
    assert len(api.asked(f"/patients/{patient}/history", known_at=known_then)["items"]) == 4
    assert api.asked(f"/patients/{patient}/audit-trail", known_at=known_then)["items"][-1]["version"] == 4
    assert api.asked(f"/patients/{patient}/courses", known_at=known_then)["courses"][0]["doses_given"] == 3


QUESTIONS = ["eligibility", "courses", "history", "audit-trail"]


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_moment_that_cannot_be_known_is_refused(api: Api, question: str) -> None:
    path = f"/patients/{api.opened_now()}/{question}"
    refused(api.client.get(path, params={"known_at": "2026-04-28T16:00:01Z"}), 422, "known_at")
    refused(api.client.get(path, params={"known_at": BEFORE}), 404, "known_at")
    for unreadable in ("yesterday", "2026-04-28", "2026-04-28T12:00:00", "9999-12-31T23:59:59Z", "2026-02-30T00:00Z"):
        refused(api.client.get(path, params={"known_at": unreadable}), 422, "query.known_at")
    refused(api.client.get(f"/patients/{NOBODY}/{question}"), 404, "patient_id")
    refused(api.client.get(f"/patients/nobody/{question}"), 422, "path.patient_id")


def test_the_assessment_of_a_request_on_a_day_and_under_an_edition(api: Api, clock: Clock) -> None:
    used_once = MEETS_A | {"agents": [{"product": "Ocrevus", "outcome": "adequate", "stopped_on": "2018"}]}
    seen = api.submitted(api.opened_now(), used_once)
    path = f"/requests/{seen['request']['request_id']}/assessment"
    today = api.asked(path)
    assert today["assessment_digest"] == seen["assessment_digest"]
    assert today["assessment"]["recommendation"] == "pend"
    older = api.asked(path, edition="2024-10-09")
    assert (older["assessment"]["edition"], older["assessment"]["recommendation"]) == ("2024-10-09", "approve")
    assert older["assessment"]["edition_provenance"] == "reconstructed"
    assert api.asked(path, as_of="2004-05-16")["assessment"]["as_of"] == "2004-05-16"
    for edition in ("2025-01-01", "1999-01-01"):
        refused(api.client.get(path, params={"edition": edition}), 422, "edition")
    refused(api.client.get(path, params={"edition": "newest"}), 422, "query.edition")
    refused(api.client.get(path, params={"as_of": "2026-02-30"}), 422, "query.as_of")
    clock.advance(timedelta(hours=1))
    refused(api.client.get(path, params={"known_at": BEFORE}), 404, "known_at")


def test_an_unknown_edition_of_eligibility_is_refused(api: Api) -> None:
    patient = api.opened()
    assert api.eligibility(patient, edition="2023-11-15")["approvable"]["edition"] == "2023-11-15"
    refused(api.client.get(f"/patients/{patient}/eligibility", params={"edition": "2023-11-14"}), 422, "edition")
    early = api.eligibility(patient, as_of="2020-01-01")
    assert early["approvable"] is None
    assert "2020-01-01" in early["edition_problem"]


def pages(api: Api, path: str, limit: int) -> list[list[Json]]:
    found, after = [], 0
    while True:
        page = api.asked(path, after=after, limit=limit)
        found.append(page["items"])
        if page["next_after"] is None:
            return found
        after = page["next_after"]


def test_lists_come_in_pages(api: Api) -> None:
    patient = api.opened()
    for _ in range(3):
        api.submitted(patient)
    api.dosed(patient, *WEEK)
    assert api.version(patient) == 10
    for question in ("history", "audit-trail"):
        whole = api.asked(f"/patients/{patient}/{question}")
        assert [one["version"] for one in whole["items"]] == list(range(1, 11))
        assert whole["next_after"] is None
        for limit, sizes in ((4, [4, 4, 2]), (5, [5, 5]), (10, [10]), (200, [10])):
            parts = pages(api, f"/patients/{patient}/{question}", limit)
            assert [len(part) for part in parts] == sizes
            assert [one for part in parts for one in part] == whole["items"]
        assert api.asked(f"/patients/{patient}/{question}", after=10)["items"] == []
    whole = api.asked(f"/patients/{patient}/requests")
    assert [one["request_id"] for one in whole["items"]] == [f"{patient}.r{number}" for number in (1, 2, 3)]
    assert pages(api, f"/patients/{patient}/requests", 2) == [whole["items"][:2], whole["items"][2:]]
    for wrong in ({"limit": 0}, {"limit": 201}, {"after": -1}, {"limit": "all"}):
        answer = api.client.get(f"/patients/{patient}/requests", params=wrong)
        refused(answer, 422, f"query.{next(iter(wrong))}")


def test_the_audit_trail_says_what_changed_and_who_did_it(api: Api) -> None:
    patient = api.opened()
    api.dosed(patient, *WEEK)
    entries = api.asked(f"/patients/{patient}/audit-trail")["items"]
    assert [one["event"] for one in entries] == ["HistoryOpened", *["DoseAdministered"] * 5, "CourseCompleted"]
    assert entries[0]["who"] == OFFICE | {"specialty": None}
    assert (entries[1]["happened"], entries[1]["recorded_at"][:10]) == ("2026-04-20", "2026-04-28")
    completed = {"what": "course 1", "before": "open, doses given: 5", "after": "completed, doses given: 5"}
    assert entries[6]["changed"] == [completed]
    events = api.asked(f"/patients/{patient}/history")["items"]
    assert "salt" not in str(events)
    assert events[0]["data"]["member"]["member_id"] == "M-1"


def test_a_page_of_the_audit_trail_or_of_the_history_renders_what_it_shows(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = api.opened()
    api.dosed(patient, *WEEK)
    whole = api.asked(f"/patients/{patient}/audit-trail")["items"]
    compared: list[int] = []
    rendered: list[int] = []

    def next_compared(changes: StateChanges, after: PatientHistory) -> tuple[StateChange, ...]:
        compared.append(after.version)
        return compare(changes, after)

    def view(event: PatientEvent) -> schemas.EventView:
        rendered.append(event.originator_version)
        return schemas.event_view(event)

    compare = StateChanges.next
    monkeypatch.setattr(StateChanges, "next", next_compared)
    monkeypatch.setattr(patients, "event_view", view)
    page = api.asked(f"/patients/{patient}/audit-trail", after=2, limit=3)
    assert (page["items"], page["next_after"], compared) == (whole[2:5], 5, [3, 4, 5])
    assert api.asked(f"/patients/{patient}/audit-trail", after=4, limit=3)["next_after"] is None
    assert api.asked(f"/patients/{patient}/audit-trail", after=7) == {"items": [], "next_after": None}
    assert api.asked(f"/patients/{patient}/history", after=2, limit=3)["next_after"] == 5
    assert rendered == [3, 4, 5]


# -- tags -------------------------------------------------------------------------------------


def test_an_answer_that_the_client_holds_is_not_sent_again(api: Api) -> None:
    patient = api.opened()
    request_id = api.submitted(patient)["request"]["request_id"]
    paths = [f"/patients/{patient}/{question}" for question in (*QUESTIONS, "requests")]
    for path in (*paths, f"/requests/{request_id}", f"/requests/{request_id}/assessment"):
        tag = api.client.get(path).headers["etag"]
        for held in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            again = api.client.get(path, headers={"If-None-Match": held})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag), path
        assert api.client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
        assert "private" in api.client.get(path).headers["cache-control"]


def test_a_tag_moves_with_the_version_the_day_and_the_edition(api: Api, clock: Clock) -> None:
    patient = api.opened()
    request_id = api.submitted(patient)["request"]["request_id"]
    judged = [f"/patients/{patient}/eligibility", f"/requests/{request_id}/assessment"]
    of_the_day = [*judged, f"/patients/{patient}/courses", f"/requests/{request_id}"]
    everything = [*of_the_day, *(f"/patients/{patient}/{one}" for one in ("history", "audit-trail", "requests"))]

    def tags(paths: list[str], **query: str) -> dict[str, str]:
        return {path: api.client.get(path, params=query).headers["etag"] for path in paths}

    first = tags(everything)
    assert len(set(first.values())) == len(everything)
    clock.advance(timedelta(hours=1))
    assert tags(everything) == first
    under_another = tags(judged, edition="2024-10-09")
    assert all(under_another[path] != first[path] for path in judged)
    clock.advance(timedelta(days=1))
    next_day = tags(everything)
    assert {path for path in everything if next_day[path] != first[path]} == set(of_the_day)
    api.dosed(patient, WEEK[0])
    moved = tags(everything)
    assert all(moved[path] != next_day[path] for path in everything)
