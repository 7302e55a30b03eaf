"""People: a new user gets a link that is shown once, and what is revoked stops working."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from api.http.bodies import BODY_BYTES_MAX
from domain.people import Actor
from tests import story
from tests.api.pages.desk import Desk, Shown
from tests.api.routes.commands.acts import Api
from tests.story import ADMINISTRATOR, AUDITOR

Desks = Callable[[Actor], Desk]


def admitted(administrator: Desk, **more: str) -> Shown:
    page = administrator.opens("/pages/people")
    return administrator.sends(page, "admit", name="Rita <b>Reviewer</b>", role="reviewer", credential="nurse", **more)


def test_an_administrator_invites_a_reviewer_who_then_signs_in(api: Api, desk: Desks) -> None:
    administrator = desk(ADMINISTRATOR)
    shown = admitted(administrator)
    found = re.search(r"/sign-in/[0-9a-f]+-[0-9a-f]+", shown.html)
    assert found is not None
    assert "Rita &lt;b&gt;Reviewer" in shown.html
    browser = TestClient(api.client.app)  # type: ignore[attr-defined]
    assert browser.post("/sign-in", data={"code": found[0].rpartition("/")[2]}).status_code == 200
    assert "Rita" in browser.get("/pages/me").text
    again = administrator.opens("/pages/people")
    assert found[0] not in again.html, "it is shown once"


def test_a_token_is_issued_shown_once_and_revoked(desk: Desks) -> None:
    administrator = desk(ADMINISTRATOR)
    issued = administrator.sends(administrator.opens("/pages/people"), "token-1")
    assert "lml_" in issued.text
    page = administrator.opens("/pages/people")
    assert "lml_" not in page.text
    revoked = administrator.sends(page, "revoke-1")
    assert "Revoked" in revoked.text


def test_what_is_wrong_is_told_and_stays_typed(desk: Desks) -> None:
    administrator = desk(ADMINISTRATOR)
    refused = administrator.sends(administrator.opens("/pages/people"), "admit", name="Ole Nobody", role="requester")
    assert refused.status in (200, 422)
    wrong = administrator.sends(administrator.opens("/pages/people"), "admit", name="", role="reviewer")
    assert wrong.status == 422
    assert "Nothing was recorded" in wrong.text


def test_an_auditor_reads_it_and_nobody_else_does(desk: Desks) -> None:
    shown = desk(AUDITOR).opens("/pages/people")
    assert shown.status == 200
    assert not shown.has_form("admit")
    assert desk(story.NURSE).opens("/pages/people").status == 403
    assert desk(story.NURSE).opens("/pages/me").status == 200


@pytest.mark.parametrize("kind", ["urlencoded", "multipart"])
def test_the_texts_of_a_form_have_the_limit_of_any_other_body(desk: Desks, kind: str) -> None:
    """The token is in a header: with a token in the form, a form of this size is refused before it is read."""
    browser = desk(ADMINISTRATOR).browser
    headers = {"X-CSRF-Token": str(browser.get("/me").json()["csrf_token"])}
    fields = {"name": "n" * (BODY_BYTES_MAX + 1), "role": "reviewer"}
    files = {"file": ("a", b"", "text/plain")} if kind == "multipart" else None
    before = browser.get("/people").json()
    answer = browser.post("/pages/people/admit", data=fields, files=files, headers=headers)
    assert answer.status_code == (413 if kind == "urlencoded" else 400)
    assert browser.get("/people").json() == before
