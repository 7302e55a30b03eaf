"""Audit pages: search, one complete event with its proof, the access log, and verification of the ledger."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from typing import cast

from domain.ledger.sealing.sealing import Sealing
from domain.people import Actor
from tests import story
from tests.api.pages.desk import Desk, Shown
from tests.api.pages.test_notice_pages import HOSTILE, denied
from tests.api.routes.commands.acts import Api
from tests.story import AUDITOR

Desks = Callable[[Actor], Desk]


def sealed(api: Api) -> str:
    """A patient whose request was denied, all of it sealed."""
    patient = denied(api).partition(".")[0]
    cast("Sealing", api.client.app.state.sealing).seal_now()  # type: ignore[attr-defined]
    return patient


def verified(auditor: Desk, page: Shown, **typed: str) -> Shown:
    run = auditor.sends(page, "verify", **typed)
    for _ in range(200):
        if "Under way" not in run.text:
            return run
        time.sleep(0.05)
        run = auditor.opens(run.path)
    raise AssertionError("it does not end")


def test_everything_is_searched_by_person_kind_and_day(api: Api, desk: Desks) -> None:
    patient, auditor = sealed(api), desk(AUDITOR)
    empty = auditor.opens("/pages/audit")
    assert "Nothing is asked yet" in empty.text
    found = auditor.sends(empty, "search", kind="RequestDenied")
    assert f"/pages/patients/{patient}/events/3" in found.html
    assert "All of the log was searched" in found.text
    by_nobody = auditor.sends(empty, "search", actor="r.nobody")
    assert "Nothing of the kind" in by_nobody.text
    wrong = auditor.opens("/pages/audit", command="no id")
    assert wrong.status == 422


def test_a_search_reads_so_much_and_goes_on(api: Api, desk: Desks) -> None:
    patient = api.opened()
    api.dosed(patient, *(f"2025-01-{day:02}" for day in range(1, 29)))
    api.dosed(patient, *(f"2025-02-{day:02}" for day in range(1, 29)))
    auditor = desk(AUDITOR)
    first = auditor.opens("/pages/audit", kind="DoseAdministered")
    assert "older ones are not searched yet" in first.text
    assert first.html.count("/events/") == 50
    second = auditor.opens(
        "/pages/audit", kind="DoseAdministered", before=first.html.split('name="before" value="')[1].split('"')[0]
    )
    assert second.html.count("/events/") == 6


def test_the_newest_are_shown_first_and_no_place_is_beyond_the_log(api: Api, desk: Desks) -> None:
    patient, auditor = sealed(api), desk(AUDITOR)
    for before in ("999999999999", str(2**70)):
        newest = auditor.opens("/pages/audit", before=before)
        assert newest.status == 200
        assert newest.html.index(f"{patient}/events/3") < newest.html.index(f"{patient}/events/1")


def test_an_event_is_shown_whole_with_its_proof_checked(api: Api, desk: Desks) -> None:
    patient = sealed(api)
    shown = desk(story.NURSE).opens(f"/pages/patients/{patient}/events/3")
    assert shown.status == 200
    assert "the stored bytes lead to the root of the checkpoint" in shown.text
    assert "the checkpoint is signed by" in shown.text
    assert "Before and after" in shown.text
    assert "denied" in shown.text
    assert HOSTILE not in shown.html
    newest = desk(story.NURSE).opens(f"/pages/patients/{patient}/events")
    assert newest.text.index("Request denied") < newest.text.index("Request received")


def test_what_is_not_sealed_yet_says_so(api: Api, desk: Desks) -> None:
    patient = denied(api).partition(".")[0]
    shown = desk(story.NURSE).opens(f"/pages/patients/{patient}/events/1")
    assert "not sealed under a checkpoint yet" in shown.text
    assert desk(story.NURSE).opens(f"/pages/patients/{patient}/events/99").status == 404


def test_the_access_log_is_for_auditors_and_names_who_viewed_the_patient(api: Api, desk: Desks) -> None:
    patient = sealed(api)
    desk(story.NURSE).opens(f"/pages/patients/{patient}")
    shown = desk(AUDITOR).opens(f"/pages/patients/{patient}/accesses")
    assert story.NURSE.name in shown.text
    assert "page" in shown.text
    nobody = desk(AUDITOR).opens(f"/pages/patients/{patient}/accesses", actor="r.nobody")
    assert "Nobody looked" in nobody.text
    for day in ("0001-01-01", "yesterday"):
        assert desk(AUDITOR).opens(f"/pages/patients/{patient}/accesses", **{"from": day}).status == 422, day
    assert desk(story.NURSE).opens(f"/pages/patients/{patient}/accesses").status == 403


def test_the_ledger_is_verified_and_the_answer_says_how_far_it_reaches(api: Api, desk: Desks) -> None:
    sealed(api)
    auditor = desk(AUDITOR)
    page = auditor.opens("/pages/audit/verify")
    alone = verified(auditor, page)
    assert "internally consistent only" in alone.text
    for part in ("Bytes Holds", "Order Holds", "Meaning Holds"):
        assert part in alone.text
    sealing = cast("Sealing", api.client.app.state.sealing)  # type: ignore[attr-defined]
    key, note = sealing.origins.verifying_keys()[-1], sealing.newest()
    assert note is not None
    outside = verified(auditor, page, vkey=key, checkpoint=note.note.replace("\n", "\r\n"))
    assert "verified with a key and 1 checkpoint from an independent source" in outside.text
    wrong = auditor.sends(page, "verify", vkey="not a key")
    assert wrong.status == 422
    assert 'value="not a key"' in wrong.html


def test_an_altered_event_is_named_exactly(api: Api, desk: Desks, sqlite_url: str) -> None:
    patient, auditor = sealed(api), desk(AUDITOR)
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as store, store:
        for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            store.execute(f"DROP TRIGGER {name}")
        changed = store.execute(
            "UPDATE stored_events SET state = CAST(REPLACE(CAST(state AS TEXT), 'No agent', 'One agent') AS BLOB)"
            " WHERE originator_version = 3 AND topic = 'RequestDenied'"
        ).rowcount
        assert changed == 1
    run = verified(auditor, auditor.opens("/pages/audit/verify"))
    assert "verification failed" in run.text
    assert f"/pages/patients/{patient}/events/3" in run.html
    shown = auditor.opens(f"/pages/patients/{patient}/events/3")
    assert "this event was altered since it was sealed" in shown.text


def test_only_an_auditor_verifies(desk: Desks) -> None:
    assert desk(story.NURSE).opens("/pages/audit/verify").status == 403
    assert desk(story.OFFICE).opens("/pages/audit").status == 403
    assert "for auditors" in desk(story.NURSE).opens("/pages/audit").text
