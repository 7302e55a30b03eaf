"""Which role sees which page: every page as every role, compared with the table in api/pages/README.md."""

from __future__ import annotations

import re

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from domain.ledger.access_log.report import AccessQuery, all_accesses
from domain.people import Actor
from tests import ROOT
from tests.api.pages.states.every import PageState, page_states
from tests.api.routes.commands.acts import Api
from tests.docs import between
from tests.security.test_roles import AS
from tests.story import OTHER_OFFICE

TABLE = between(ROOT / "api" / "pages" / "README.md", "pages")

FIRST: dict[str, PageState] = {}
for one in page_states():
    if one.route.startswith("/pages"):
        FIRST.setdefault(one.route, one)
"""Each page in its first state; what it shows to another role is that role's, what it is about stays."""


def table() -> dict[str, dict[str, str]]:
    head, _, *rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in TABLE.strip().splitlines()]
    roles = [one.replace(" ", "_") for one in head[1:]]
    found: dict[str, dict[str, str]] = {}
    for what, *may in rows:
        for page in re.findall(r"`([^`]+)`", what):
            assert page not in found, f"{page} stands in two rows"
            found[page] = dict(zip(roles, may, strict=True))
    return found


MAY = table()
OF_A_PATIENT = {page for page in MAY if "{" in page and not page.endswith(("{citation}", "{run}"))}
"""To be shown one of these is an access to a record, and a refusal is none."""


def test_the_table_is_of_every_page_and_every_role() -> None:
    assert set(MAY) == set(FIRST)
    assert {frozenset(may) for may in MAY.values()} == {frozenset(AS)}
    assert {cell for may in MAY.values() for cell in may.values()} == {"yes", "no", "own"}


@pytest.mark.parametrize("page", sorted(MAY))
def test_a_page_is_shown_to_the_roles_of_the_table(api: Api, page: str) -> None:
    path = FIRST[page].path(api)
    assert opened(api, path, None).status_code == 303, "nobody is led to sign in"
    for role, actor in AS.items():
        answer = opened(api, path, actor)
        assert answer.status_code == (403 if MAY[page][role] == "no" else 200), (role, answer.text[-600:])
        looked = list(all_accesses(api.ledger, AccessQuery(actor_id=actor.id)))
        if page in OF_A_PATIENT:
            assert bool(looked) == (answer.status_code == 200), role
            assert {one.patient_id for one in looked} <= set(api.ledger.patients())
    if MAY[page]["requester"] == "own":
        stranger = opened(api, path, OTHER_OFFICE)
        assert stranger.status_code == 404
        assert "Alma" not in stranger.text


def opened(api: Api, path: str, actor: Actor | None) -> Response:
    browser = TestClient(api.client.app, follow_redirects=False)  # type: ignore[attr-defined]
    headers = {"Authorization": api.client.header_of(actor)} if actor is not None else {}  # type: ignore[attr-defined]
    return browser.get(path, headers=headers)
