"""The worklist over HTTP: what waits, filtered, sorted, a page at a time; now, and as it was."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest

from projections.worklist.rows import STATES
from tests.api.routes.commands.acts import MEETS_A, NURSE, PHYSICIAN, Api, Json, refused
from tests.clock import Clock

PENDING = MEETS_A | {"hiv_infection": None}
OTHER = MEETS_A | {"diagnosis": "other"}


def assign(api: Api, seen: Json, to: Json) -> None:
    api.did(f"/requests/{seen['request']['request_id']}/assign", {"actor": NURSE, "to": to})


def request_id(seen: Json) -> str:
    return str(seen["request"]["request_id"])


@pytest.fixture
def waiting(api: Api) -> dict[str, str]:
    """Requests by what is to be told apart; the clock stands at noon of 28 April."""
    made = {
        "late": api.submitted(api.opened("M-1"), received_at="2026-04-01T09:00:00-04:00"),
        "urgent": api.submitted(api.opened("M-2"), PENDING, received_at="2026-04-28T09:00:00-04:00", urgency="urgent"),
        "medicaid": api.submitted(
            api.opened("M-3"), OTHER, received_at="2026-04-27T17:00:00-04:00", line_of_business="medicaid"
        ),
        "plain": api.submitted(api.opened("M-4"), received_at="2026-04-27T09:00:00-04:00"),
    }
    assign(api, made["plain"], PHYSICIAN)
    return {name: request_id(seen) for name, seen in made.items()}


def test_a_row_shows_all_that_the_user_who_takes_the_case_needs(api: Api, waiting: dict[str, str]) -> None:
    (row,) = api.asked("/worklist", urgency="urgent")["items"]
    assert row["subject_id"] == row["request_id"] == waiting["urgent"]
    told = {name: row[name] for name in ("kind", "state", "path", "recommendation", "missing", "held_by", "standing")}
    assert told == {
        "kind": "request",
        "state": "open",
        "path": "A",
        "recommendation": "pend",
        "missing": ["NR.3"],
        "held_by": None,
        "standing": "running",
    }
    assert (row["received_at"], row["due_at"]) == ("2026-04-28T13:00:00Z", "2026-05-01T13:00:00Z")
    assert row["edition_provenance"] == "text"
    assert (row["edition"], row["imported"], row["stale"], row["changes_on"]) == ("2025-07-23", False, False, None)
    (held,) = api.asked("/worklist", held_by=PHYSICIAN["id"])["items"]
    assert held["held_by"] == {"id": PHYSICIAN["id"], "name": PHYSICIAN["name"]}


ORDERS: list[tuple[Json, list[str]]] = [
    ({}, ["late", "medicaid", "urgent", "plain"]),
    ({"descending": True}, ["plain", "urgent", "medicaid", "late"]),
    ({"sort": "received_at"}, ["late", "plain", "medicaid", "urgent"]),
    ({"overdue": True}, ["late"]),
    ({"at_risk": True}, ["medicaid"]),
    ({"overdue": True, "at_risk": True}, ["late", "medicaid"]),
    ({"line_of_business": "medicaid"}, ["medicaid"]),
    ({"recommendation": "approve"}, ["late", "plain"]),
    ({"missing": "NR.3"}, ["urgent"]),
    ({"missing": "NR.2"}, []),
    ({"unassigned": True}, ["late", "medicaid", "urgent"]),
    ({"unassigned": True, "held_by": PHYSICIAN["id"]}, []),
    ({"path": "B"}, []),
    ({"kind": "appeal"}, []),
    ({"state": ["referred", "open"], "urgency": "standard"}, ["late", "medicaid", "plain"]),
]


def test_rows_are_filtered_and_sorted(api: Api, clock: Clock, waiting: dict[str, str]) -> None:
    clock.advance(timedelta(hours=2))
    names = {subject: name for name, subject in waiting.items()}
    for query, expected in ORDERS:
        answer = api.client.get("/worklist", params=query)
        assert [names[one["subject_id"]] for one in answer.json()["items"]] == expected, query


def test_pages_follow_each_other_and_lose_nothing(api: Api, waiting: dict[str, str]) -> None:
    seen, after = [], {}
    while True:
        page = api.asked("/worklist", limit=1, sort="state", **after)
        seen += [one["subject_id"] for one in page["items"]]
        assert page["counts"]["open"] == 4
        if page["next_after"] is None:
            break
        after = {"after": page["next_after"]}
    assert seen == sorted(waiting.values())


def test_a_row_that_is_decided_while_pages_are_turned_shifts_no_other(api: Api, waiting: dict[str, str]) -> None:
    first = api.asked("/worklist", limit=2)
    path = f"/requests/{waiting['late']}/withdraw"
    api.did(path, {"actor": NURSE, "by": "Nora Neuro", "reason": "The infusions are put off."})
    second = api.asked("/worklist", limit=2, after=first["next_after"])
    assert [one["subject_id"] for one in second["items"]] == [waiting["urgent"], waiting["plain"]]


def test_counts_are_of_every_state_and_of_the_other_filters(api: Api, waiting: dict[str, str]) -> None:
    none = {state: 0 for state in STATES if state != "open"}
    assert api.asked("/worklist", state=["referred"])["counts"] == {"open": 4} | none
    assert api.asked("/worklist", line_of_business="medicaid")["counts"] == {"open": 1} | none


def test_it_is_answered_as_it_was_known_and_as_of_any_day(api: Api, clock: Clock) -> None:
    patient = api.opened()
    before = "2026-04-28T16:00:00Z"
    clock.advance(timedelta(minutes=1))
    seen = api.submitted(patient, MEETS_A, received_at="2026-04-20T09:00:00-04:00")
    assert len(api.asked("/worklist")["items"]) == 1
    assert api.asked("/worklist", known_at=before)["items"] == []
    assert api.asked("/worklist", as_of="2026-04-19")["items"] == []
    (then,) = api.asked("/worklist", as_of="2026-04-20")["items"]
    (later,) = api.asked("/worklist", as_of="2026-06-01")["items"]
    assert (then["standing"], later["standing"]) == ("running", "overdue")
    answer = api.asked("/worklist", as_of="2026-06-01", known_at="2026-04-28T16:01:00Z")
    assert (answer["as_of"], answer["known_at"]) == ("2026-06-01", "2026-04-28T16:01:00Z")
    assert answer["clocks_at"] == "2026-06-02T04:00:00Z"
    api.decided("approve", seen)
    assert api.asked("/worklist")["items"] == []
    assert len(api.asked("/worklist", as_of="2026-04-27")["items"]) == 1


def test_what_is_not_understood_is_refused(api: Api) -> None:
    wrong: list[tuple[Json, str]] = [
        ({"state": "closed"}, "query.state.0"),
        ({"kind": "voucher"}, "query.kind"),
        ({"held_by": "a b"}, "query.held_by"),
        ({"missing": "1.A' OR 1=1"}, "query.missing"),
        ({"sort": "name"}, "query.sort"),
        ({"limit": 0}, "query.limit"),
        ({"limit": 201}, "query.limit"),
        ({"after": "no base64!"}, "query.after"),
        ({"after": "abc"}, "after"),
        ({"as_of": "soon"}, "query.as_of"),
        ({"known_at": "2026-04-28T16:00:01Z"}, "known_at"),
        ({"over_due": True}, "query"),
    ]
    for query, field in wrong:
        refused(api.client.get("/worklist", params=query), 422, field)


PLACES = [
    b"[]",
    b'["due_at", false, "2026-05-01T13:00:00Z"]',
    b'["due_at", false, "2026-05-01T13:00:00", "x.r1"]',
    b'["due_at", false, "0001-01-01T00:00:00+14:00", "x.r1"]',
    b'["due_at", false, "not a day", "x.r1"]',
    b'["due_at", false, 7, "x.r1"]',
    b'["due_at", true, "2026-05-01T13:00:00Z", "x.r1"]',
    b'["state", false, "open", "x.r1"]',
    b'["due_at", false, "2026-05-01T13:00:00Z", "x\\u0000"]',
    b'["due_at", false, "2026-05-01T13:00:00Z", "\\ud800"]',
    b'{"due_at": 1}',
    b"[" * 290,
    b"\xff\xfe",
]


def test_a_place_that_no_page_ended_at_is_refused(api: Api) -> None:
    for place in PLACES:
        after = base64.urlsafe_b64encode(place).decode().rstrip("=")
        refused(api.client.get("/worklist", params={"after": after}), 422, "after")


def test_a_page_names_nobody_but_who_has_the_work(api: Api, waiting: dict[str, str]) -> None:
    answer = api.client.get("/worklist")
    assert answer.headers["cache-control"] == "private, no-cache"
    assert len(answer.json()["items"]) == 4
    assert not [one for one in ("Alma", "Synthetic", "M-1", "1988", "Nora") if one in answer.text]


def test_how_far_the_tables_lag_is_told_without_naming_anybody(api: Api, clock: Clock) -> None:
    """A question catches up with what is behind; reading the lag itself changes nothing."""
    (before,) = api.asked("/health/views")
    assert before == {
        "view": "worklist",
        "log_position": api.ledger.position(),
        "position": None,
        "events_behind": api.ledger.position(),
        "seconds_since_move": None,
        "failed": 0,
    }
    seen = api.submitted(api.opened("M-1"))
    (behind,) = api.asked("/health/views")
    assert (behind["position"], behind["events_behind"]) == (None, behind["log_position"])
    assert len(api.asked("/worklist")["items"]) == 1
    clock.advance(timedelta(seconds=90))
    (kept,) = api.asked("/health/views")
    # The access to the worklist was recorded after it, and is one more event.
    assert kept == {
        "view": "worklist",
        "log_position": behind["log_position"] + 1,
        "position": behind["log_position"],
        "events_behind": 1,
        "seconds_since_move": 90.0,
        "failed": 0,
    }
    assign(api, seen, PHYSICIAN)
    (behind,) = api.asked("/health/views")
    # The access, and the assignment.
    assert (behind["events_behind"], behind["seconds_since_move"]) == (2, 90.0)
