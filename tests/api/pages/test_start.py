"""The first page, and what a user without access is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from starlette.testclient import TestClient

from api.app import Application
from domain.people import Actor
from tests import story
from tests.api.pages.desk import Desk
from tests.api.routes.commands.acts import Api

Desks = Callable[[Actor], Desk]


def test_nobody_is_led_to_sign_in(api: Api) -> None:
    browser = TestClient(cast("Application", api.client.app), follow_redirects=False)  # type: ignore[attr-defined]
    answer = browser.get("/pages/worklist")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


def test_a_page_that_is_not_there_is_told_as_a_page(desk: Desks) -> None:
    shown = desk(story.NURSE).opens("/pages/nowhere")
    assert shown.status == 404
    assert "Nothing was lost" in shown.text
    assert shown.answer.headers["content-type"].startswith("text/html")


def test_a_form_without_its_token_is_refused_as_a_page(desk: Desks) -> None:
    answer = desk(story.NURSE).browser.post("/pages/worklist", data={"held_by": "r.nurse"})
    assert answer.status_code == 403
    assert "Missing CSRF token" in answer.text


def test_a_page_asks_no_other_host_for_anything_and_runs_nothing_of_its_own_text(desk: Desks) -> None:
    policy = desk(story.NURSE).opens("/pages").answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_a_problem_page_ends_each_sentence_once(desk: Desks) -> None:
    shown = desk(story.NURSE).opens("/pages/requests/00000000-0000-4000-8000-000000000000.r1")
    assert shown.status == 404
    assert "The patient was not found." in shown.text
    assert ".." not in shown.text
