"""The people of a ledger over HTTP: administrators keep them, an auditor reads, and nobody else is told anything."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from httpx2 import Response

from api.identity import Identity, headers_for
from domain.ledger.application import Ledger
from domain.people import Actor, Role
from tests.api.identity.conftest import Browser
from tests.clock import Clock
from tests.story import ADMINISTRATOR, AUDITOR, CLAIMS, NURSE

NORA = {"name": "Nora Nurse", "role": "reviewer", "credential": "nurse"}
READS = ["/people", "/tokens"]
CHANGES: list[tuple[str, dict[str, Any] | None]] = [
    ("/people", NORA),
    ("/people/nora.nurse/change", NORA),
    ("/people/nora.nurse/remove", {}),
    ("/people/nora.nurse/links", None),
    ("/people/nora.nurse/tokens", {}),
    ("/tokens/0123456789abcdef/revoke", {}),
]


class As:
    """A person who calls the API with their own token."""

    def __init__(self, browser: Browser, identity: Identity, actor: Actor) -> None:
        self._browser, self._headers = browser, headers_for(identity, actor)

    def get(self, path: str) -> Response:
        return self._browser.get(path, headers=self._headers)

    def post(self, path: str, body: Any = None) -> Response:
        return self._browser.post(path, json=body, headers=self._headers)

    def made(self, path: str, body: Any = None) -> dict[str, Any]:
        answer = self.post(path, body)
        assert answer.status_code in (200, 201), answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
def administrator(browser: Browser, identity: Identity) -> As:
    return As(browser, identity, ADMINISTRATOR)


def test_who_one_is_is_told_to_everybody_who_is_somebody(browser: Browser, identity: Identity) -> None:
    me = As(browser, identity, CLAIMS).get("/me").json()
    assert me["person"] == CLAIMS.model_dump(mode="json", exclude_none=True) | {"specialty": None}
    assert (me["means"], me["csrf_token"]) == ("token", None)
    assert browser.get("/me").status_code == 401


def test_somebody_is_admitted_signs_in_is_changed_and_removed(administrator: As, browser: Browser) -> None:
    invited = administrator.made("/people", NORA)
    assert invited["person"]["id"] == "nora.nurse"
    assert invited["link"]["path"] == f"/sign-in/{invited['link']['code']}"
    assert browser.signs_in(invited["link"]["code"]).status_code == 303
    assert browser.get("/me").json()["person"]["role"] == "reviewer"
    administrator.made("/people/nora.nurse/change", NORA | {"role": "clinician"})
    assert browser.get("/me").json()["person"]["role"] == "clinician"
    (nora,) = [one for one in administrator.get("/people").json()["people"] if one["person"]["id"] == "nora.nurse"]
    assert nora["has_signed_in"]
    administrator.made("/people/nora.nurse/remove", {"reason": "Left."})
    assert browser.get("/me").status_code == 401


def test_a_new_link_is_made_for_somebody_who_is_known(administrator: As, browser: Browser) -> None:
    first = administrator.made("/people", NORA)["link"]["code"]
    second = administrator.made("/people/nora.nurse/links")["code"]
    assert browser.signs_in(first).status_code == 401
    assert browser.signs_in(second).status_code == 303


def test_a_system_is_given_no_link_but_a_token(administrator: As, browser: Browser) -> None:
    invited = administrator.made("/people", {"name": "Claims feed", "role": "service"})
    assert invited["link"] is None
    made = administrator.made("/people/claims.feed/tokens", {"days": 30})
    headers = {"Authorization": f"Bearer {made['token']}"}
    assert browser.get("/me", headers=headers).json()["person"]["id"] == "claims.feed"
    assert administrator.made(f"/tokens/{made['token_id']}/revoke", {})["state"] == "revoked"
    assert browser.get("/me", headers=headers).status_code == 401


def test_what_is_secret_is_answered_once_and_kept_nowhere(administrator: As, ledger: Ledger, browser: Browser) -> None:
    code = administrator.made("/people", NORA)["link"]["code"]
    answer = administrator.post("/people/nora.nurse/tokens", {})
    assert answer.headers["Cache-Control"] == "no-store"
    token = answer.json()["token"]
    secrets = [code.split("-")[1], token.split("_")[2]]
    seen = administrator.get("/people").text + administrator.get("/tokens").text
    stored = b"".join(state for *_, state in ledger.recorder.log(0, 1_000)).decode()
    assert all(secret not in seen + stored for secret in secrets)
    assert "secret_sha256" not in seen


def test_a_token_says_whether_it_holds(administrator: As, clock: Clock) -> None:
    administrator.made("/people", NORA)
    made = [administrator.made("/people/nora.nurse/tokens", {"days": days}) for days in (1, 30, 60)]
    administrator.made(f"/tokens/{made[2]['token_id']}/revoke", {})
    clock.at = clock.at.replace(day=clock.at.day + 2)
    tokens = {one["token_id"]: one for one in administrator.get("/tokens").json()["tokens"]}
    assert [tokens[one["token_id"]]["state"] for one in made] == ["expired", "holds", "revoked"]
    assert all(tokens[one["token_id"]]["issued_by"] == ADMINISTRATOR.id for one in made)


@pytest.mark.parametrize("role", get_args(Role))
def test_who_may_read_and_who_may_change(browser: Browser, identity: Identity, role: Role) -> None:
    somebody = As(browser, identity, Actor(id=f"the-{role}", name="Somebody", role=role))
    reads = {somebody.get(path).status_code for path in READS}
    assert reads == ({200} if role in ("administrator", "auditor") else {403})
    changes = {somebody.post(path, body).status_code for path, body in CHANGES}
    assert changes == {403} if role != "administrator" else 403 not in changes


def test_nobody_reads_or_changes_anything(browser: Browser) -> None:
    assert {browser.get(path).status_code for path in READS} == {401}
    assert {browser.post(path, json=body).status_code for path, body in CHANGES} == {401}


def test_what_cannot_be_is_a_problem_that_names_the_field(administrator: As, identity: Identity) -> None:
    identity.people.ensure(AUDITOR, ADMINISTRATOR)
    taken = administrator.post("/people", {"id": AUDITOR.id, "name": "Another", "role": "auditor"})
    assert (taken.status_code, taken.json()["field"]) == (409, "id")
    last = administrator.post(f"/people/{ADMINISTRATOR.id}/remove", {})
    assert (last.status_code, last.json()["field"]) == (409, "person_id")
    unknown = administrator.post("/people/nobody/tokens", {})
    assert (unknown.status_code, unknown.json()["field"]) == (404, "person_id")
    for days in (0, 366):
        assert administrator.post(f"/people/{AUDITOR.id}/tokens", {"days": days}).status_code == 422
    assert administrator.post("/people", {"name": "日本", "role": "auditor"}).json()["field"] == "id"


def test_an_administrator_sees_no_patient(administrator: As) -> None:
    """Nor does an administrator learn whether there is one."""
    nowhere = "/patients/00000000-0000-4000-8000-000000000000"
    for path in ("eligibility", "requests", "history", "courses", "audit-trail"):
        assert administrator.get(f"{nowhere}/{path}").status_code in (403, 404), path
    assert administrator.get(f"{nowhere}/eligibility").status_code == 403
    found = administrator.post("/patients/find", {"member": {"member_id": "M-1"}})
    assert found.status_code == 403


# -- the first of all -------------------------------------------------------------------------


def test_a_fresh_ledger_has_one_link_for_a_first_administrator(browser: Browser, identity: Identity) -> None:
    code = identity.first_link()
    assert code is not None
    assert browser.signs_in(code).status_code == 303
    assert browser.get("/me").json()["person"]["role"] == "administrator"
    assert identity.first_link() is None


def test_a_first_link_that_nobody_used_is_void_at_the_next_start(browser: Browser, identity: Identity) -> None:
    first, second = identity.first_link(), identity.first_link()
    assert first is not None
    assert second is not None
    assert browser.signs_in(first).status_code == 401
    assert len(identity.people.known.people) == 1
    assert browser.signs_in(second).status_code == 303


def test_an_administrator_with_a_token_has_come_as_well(identity: Identity) -> None:
    headers_for(identity, ADMINISTRATOR)
    assert identity.first_link() is None


def test_nobody_becomes_administrator_under_an_id_that_somebody_else_has(identity: Identity) -> None:
    identity.people.admit(NURSE.model_copy(update={"id": "administrator"}), ADMINISTRATOR)
    assert identity.first_link() is not None
    assert {one.actor.id: one.actor.role for one in identity.people.known.people.values()} == {
        "administrator": "reviewer",
        "administrator-2": "administrator",
    }


def test_what_is_logged_of_signing_in_holds_no_secret(
    administrator: As, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "lemtrada_ledger.security")
    code = administrator.made("/people", NORA)["link"]["code"]
    token = administrator.made("/people/nora.nurse/tokens", {})["token"]
    browser.signs_in(code)
    browser.signs_in(code)
    browser.get("/me", headers={"Authorization": f"Bearer {token[:-1]}x"})
    said = [json.loads(record.getMessage()) for record in caplog.records if record.name == "lemtrada_ledger.security"]
    assert [one["event"] for one in said] == [
        "person_admitted", "link_issued", "token_issued", "signed_in", "sign_in_failed", "access_denied",
    ]  # fmt: skip
    assert said[4]["reason"] == "used_before"
    assert all(secret not in caplog.text for secret in (code, code.split("-")[1], token, token.split("_")[2], "Nora"))
