"""The appeal page: the determination beside itself, what changed and by which event, and who may decide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from api.record_access.patient_access import patient_of
from domain.events.appeals import AppealAssigned, AppealDecided, AppealEvidenceAdded, AppealFiled
from domain.people import Actor
from tests import story
from tests.api.pages.desk import Desk
from tests.api.pages.test_notice_pages import denied, submitted
from tests.api.routes.commands.acts import FAILS, NURSE, PDF, PHYSICIAN, Api
from tests.story import AUDITOR, NEUROLOGIST, OTHER_OFFICE

Desks = Callable[[Actor], Desk]
GROUNDS = "Two agents were tried <b>years</b> ago."


def filed(api: Api, desk: Desks) -> str:
    """The address of an appeal of a denial, filed on its page."""
    request_id, office = denied(api), desk(story.OFFICE)
    page = office.opens(f"/pages/requests/{request_id}/appeals/new")
    shown = office.sends(page, "file", filer__name="Alma Synthetic", grounds=GROUNDS)
    assert "Recorded: appeal filed" in shown.text, shown.text[:500]
    return shown.path


def kinds(api: Api, path: str) -> list[str]:
    return [type(one).__name__ for one in api.ledger.events(patient_of(path.rpartition("/")[2]))]


def test_an_appeal_is_filed_once_and_says_when_it_is_due(api: Api, desk: Desks) -> None:
    path = filed(api, desk)
    shown = desk(NEUROLOGIST).opens(path)
    assert GROUNDS in shown.text
    assert GROUNDS not in shown.html
    assert "in 29 days" in shown.text or "in 30 days" in shown.text
    assert kinds(api, path).count(AppealFiled.__name__) == 1


def test_what_came_since_is_shown_with_the_event_that_changed_the_answer(api: Api, desk: Desks) -> None:
    path, office = filed(api, desk), desk(story.OFFICE)
    added = office.sends(
        office.opens(path),
        "evidence",
        ("chart.pdf", PDF, "application/pdf"),
        document_kind="chart_note",
        note="See it.",
    )
    assert "Recorded: evidence added to the appeal" in added.text
    assert kinds(api, path)[-1] == AppealEvidenceAdded.__name__
    agents: list[dict[str, Any]] = [
        {"product": product, "outcome": "inadequate_efficacy"} for product in ("Avonex", "Aubagio")
    ]
    api.did(
        f"/appeals/{path.rpartition('/')[2]}/evidence",
        {"actor": NURSE, "received_at": "2026-04-28T12:00:00Z", "statement": {"agents": agents}},
    )
    shown = desk(NEUROLOGIST).opens(path)
    assert "What changed since, and by which event" in shown.text
    assert "not met → met by event" in shown.text
    assert "1.A.iii.a" in shown.text
    other = desk(NEUROLOGIST).opens(path, edition="2024-10-09")
    assert "Edition 2024-10-09" in other.text
    assert "Edition 2023-11-15" not in other.text


def test_the_rules_are_shown_before_anything_is_typed(api: Api, desk: Desks) -> None:
    path = filed(api, desk)
    took_part = desk(story.PHYSICIAN).opens(path)
    assert "You: this user took part in the determination under appeal." in took_part.text
    assert not took_part.has_form("decide")
    free = desk(NEUROLOGIST).opens(path)
    assert "You:" not in free.text
    assert free.has_form("decide")


def test_it_is_taken_and_overturned_and_the_course_is_approved(api: Api, desk: Desks) -> None:
    path, appeals = filed(api, desk), desk(NEUROLOGIST)
    taken = appeals.sends(appeals.opens(path), "claim")
    assert f"With {NEUROLOGIST.name}" in taken.text
    assert AppealAssigned.__name__ in kinds(api, path)
    nothing = appeals.sends(taken, "decide", outcome="overturned")
    assert nothing.status == 422
    decided = appeals.sends(nothing, "decide", outcome="overturned", rationale="The chart shows it.")
    assert "Recorded: appeal decided" in decided.text, decided.text[:500]
    assert AppealDecided.__name__ in kinds(api, path)
    letter = appeals.opens(f"/pages/requests/{path.rpartition('/')[2].split('.')[0]}.r1/notice/appeal_decision")
    assert "overturned in your favour" in letter.text
    assert "They took no part in the determination before" in letter.text


def test_a_request_without_an_appeal_is_replayed_too(api: Api, desk: Desks) -> None:
    shown = desk(AUDITOR).opens(f"/pages/requests/{denied(api)}/replay")
    assert shown.status == 200
    assert "The record reproduces the determination as known then" in shown.text


def test_an_office_sees_its_appeal_and_no_replay(api: Api, desk: Desks) -> None:
    path = filed(api, desk)
    own = desk(story.OFFICE).opens(path)
    assert own.status == 200
    assert "Was it right" not in own.text
    assert "Took part" not in own.text
    assert desk(OTHER_OFFICE).opens(path).status == 404
    assert desk(story.OFFICE).opens(f"/pages/requests/{patient_of(path.rpartition('/')[2])}.r1/replay").status == 403


def test_nothing_is_appealed_that_was_not_refused(api: Api, desk: Desks) -> None:
    request_id, _ = submitted(api, FAILS)
    page = desk(story.OFFICE).opens(f"/pages/requests/{request_id}/appeals/new")
    assert "Not now:" in page.text
    assert PHYSICIAN["name"] not in page.text
