"""A link signs in once; the session behind it is a browser's, ends, and does nothing for another site's page."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from datetime import timedelta
from http.cookies import SimpleCookie

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from api.app import create_app
from api.identity import Identity, headers_for, limits
from api.identity.identity import LINK_LASTS, SECONDS_BETWEEN_READS
from api.identity.limits import DELAY_SECONDS, DELAYED_MAX
from domain.events.system import THE_LEDGER_ITSELF
from domain.ledger.accounts.sessions import SESSION_IDLE_LIMIT, SESSION_LIFETIME
from domain.ledger.application import Ledger
from domain.permissions.accounts import Directory
from tests.api.identity.conftest import Browser
from tests.clock import Clock
from tests.conftest import OpenLedger
from tests.story import ADMINISTRATOR, NURSE

SignedIn = Callable[..., Browser]


def link(identity: Identity) -> str:
    identity.people.ensure(NURSE, THE_LEDGER_ITSELF)
    return identity.new_link(NURSE.id, THE_LEDGER_ITSELF)[0]


def cookie_of(answer: Response) -> tuple[str, dict[str, str]]:
    """Name and attributes of the one cookie that an answer sets."""
    (header,) = answer.headers.get_list("set-cookie")
    ((name, morsel),) = SimpleCookie(header).items()
    return name, {key: str(value) for key, value in morsel.items() if value} | {"value": morsel.value}


# -- the link ---------------------------------------------------------------------------------


def test_the_page_of_a_link_uses_nothing_up_and_its_button_signs_in(browser: Browser, identity: Identity) -> None:
    code = link(identity)
    for _ in range(3):
        page = browser.get(f"/sign-in/{code}")
        assert page.status_code == 200
        assert f'name="code" value="{code}"' in page.text
        assert "set-cookie" not in page.headers
    assert browser.signs_in(code).headers["location"] == "/"
    me = browser.get("/me").json()
    assert (me["person"]["id"], me["means"]) == (NURSE.id, "session")
    assert browser.get("/").headers["location"] == "/pages"
    assert NURSE.name in browser.get("/pages").text


def test_the_pages_of_signing_in_carry_no_script_and_tell_no_other_site_of_the_code(
    browser: Browser, identity: Identity
) -> None:
    page = browser.get(f"/sign-in/{link(identity)}")
    assert "<script" not in page.text
    assert page.headers["referrer-policy"] == "same-origin"
    assert "sandbox" not in page.headers["content-security-policy"], "its form would come from the origin null"
    assert page.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_what_stands_in_the_place_of_a_code_is_not_shown_again(browser: Browser) -> None:
    page = browser.get('/sign-in/"><script>alert(1)</script>')
    assert "alert" not in page.text


def test_a_link_works_once(browser: Browser, identity: Identity) -> None:
    code = link(identity)
    assert browser.signs_in(code).status_code == 303
    again = browser.signs_in(code)
    assert again.status_code == 401
    assert "works only once" in again.text


def test_a_link_stops_after_a_day(browser: Browser, identity: Identity, clock: Clock) -> None:
    code = link(identity)
    clock.advance(LINK_LASTS)
    assert "expired" in browser.signs_in(code).text


def test_a_newer_link_takes_the_place_of_an_older_one(browser: Browser, identity: Identity) -> None:
    older, newer = link(identity), link(identity)
    assert browser.signs_in(older).status_code == 401
    assert browser.signs_in(newer).status_code == 303


def test_a_link_of_somebody_who_was_removed_signs_nobody_in(browser: Browser, identity: Identity) -> None:
    code = link(identity)
    identity.people.remove(NURSE.id, THE_LEDGER_ITSELF)
    identity.people.admit(NURSE, THE_LEDGER_ITSELF)
    assert browser.signs_in(code).status_code == 401


@pytest.mark.parametrize("code", ["", "x", "0" * 16 + "-" + "0" * 64, "0" * 10_000])
def test_what_is_no_code_signs_nobody_in(browser: Browser, identity: Identity, code: str) -> None:
    link(identity)
    answer = browser.signs_in(code)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


def test_the_code_of_one_link_with_the_secret_of_another_is_none(browser: Browser, identity: Identity) -> None:
    first = link(identity)
    identity.people.ensure(ADMINISTRATOR, THE_LEDGER_ITSELF)
    second, _ = identity.new_link(ADMINISTRATOR.id, THE_LEDGER_ITSELF)
    assert browser.signs_in(f"{first.split('-')[0]}-{second.split('-')[1]}").status_code == 401


def test_two_who_use_a_link_at_the_same_time_are_one(
    open_here: OpenLedger, identity: Identity, browser: Browser
) -> None:
    """The second has the directory of before, in another process."""
    code, elsewhere = link(identity), Identity(open_here())
    elsewhere.people.read()
    assert browser.signs_in(code).status_code == 303
    with TestClient(create_app(elsewhere.ledger, identity=elsewhere)) as other:
        assert other.post("/sign-in", data={"code": code}).status_code == 401


# -- the session ------------------------------------------------------------------------------


def test_the_cookie_is_kept_from_scripts_and_other_sites(browser: Browser, identity: Identity) -> None:
    name, cookie = cookie_of(browser.signs_in(link(identity)))
    assert name == "lemtrada-session"
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == ("True", "lax", "/")
    assert "secure" not in cookie
    assert "domain" not in cookie


def test_under_https_the_cookie_is_secure_and_no_other_host_can_set_it(ledger: Ledger) -> None:
    identity = Identity(ledger, public_url="https://ledger.plan.example")
    with Browser(create_app(ledger, identity=identity), base_url="https://ledger.plan.example") as browser:
        answer = browser.post("/sign-in", data={"code": link(identity)}, follow_redirects=False)
        name, cookie = cookie_of(answer)
        assert (name, cookie["secure"], cookie["path"]) == ("__Host-lemtrada-session", "True", "/")
        assert browser.get("/me").json()["person"]["id"] == NURSE.id
        browser.cookies.clear()
        browser.cookies.set("lemtrada-session", cookie["value"])
        assert browser.get("/me").status_code == 401


def test_only_a_hash_of_the_session_is_stored(browser: Browser, identity: Identity, ledger: Ledger) -> None:
    _, cookie = cookie_of(browser.signs_in(link(identity)))
    with ledger.recorder.datastore.transaction(commit=False) as c:
        c.execute("SELECT secret_sha256 FROM sessions")
        stored = [row["secret_sha256"] for row in c.fetchall()]
    assert len(stored) == 1
    assert cookie["value"] not in stored


def test_a_session_is_over_after_half_an_hour_without_a_request(
    signed_in: SignedIn, clock: Clock, browser: Browser
) -> None:
    signed_in(NURSE)
    for _ in range(4):
        clock.advance(SESSION_IDLE_LIMIT - timedelta(minutes=1))
        assert browser.get("/me").status_code == 200
    clock.advance(SESSION_IDLE_LIMIT)
    assert browser.get("/me").status_code == 401


def test_a_session_is_over_after_twelve_hours_however_busy(signed_in: SignedIn, clock: Clock, browser: Browser) -> None:
    signed_in(NURSE)
    began = clock.at
    while clock.at < began + SESSION_LIFETIME - timedelta(minutes=20):
        clock.advance(timedelta(minutes=20))
        if clock.at < began + SESSION_LIFETIME:
            assert browser.get("/me").status_code == 200
    clock.at = began + SESSION_LIFETIME
    assert browser.get("/me").status_code == 401


def test_signing_in_ends_the_session_before_it(signed_in: SignedIn, browser: Browser) -> None:
    signed_in(NURSE)
    before = dict(browser.cookies)
    signed_in(NURSE)
    assert dict(browser.cookies) != before
    browser.cookies.clear()
    browser.cookies.update(before)
    assert browser.get("/me").status_code == 401


def test_signing_out_ends_the_session_everywhere(signed_in: SignedIn, browser: Browser) -> None:
    signed_in(NURSE)
    cookies = dict(browser.cookies)
    token = re.search(r'name="csrf_token" value="([0-9a-f]{64})"', browser.get("/pages").text)
    assert token is not None
    answer = browser.post("/sign-out", data={"csrf_token": token[1]})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert not browser.cookies
    browser.cookies.update(cookies)
    assert browser.get("/me").status_code == 401


def test_the_session_of_a_removed_user_does_not_work_after_the_user_is_admitted_again(
    signed_in: SignedIn, browser: Browser, identity: Identity
) -> None:
    signed_in(NURSE)
    identity.people.remove(NURSE.id, THE_LEDGER_ITSELF)
    assert browser.get("/me").status_code == 401
    identity.people.admit(NURSE, THE_LEDGER_ITSELF)
    assert browser.get("/me").status_code == 401


# -- another site's page ----------------------------------------------------------------------

REASON = {"reason": "Left."}


def test_what_changes_something_needs_the_token_of_our_pages(signed_in: SignedIn, browser: Browser) -> None:
    signed_in(ADMINISTRATOR)
    person = {"name": "Nora Nurse", "role": "reviewer"}
    token = browser.csrf_token
    other = token[:-1] + ("0" if token[-1] != "0" else "1")
    for headers in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": other}, {"X-CSRF-Token": "é".encode()}):
        answer = browser.post("/people", json=person, headers=headers)  # type: ignore[arg-type]
        assert (answer.status_code, answer.json()["field"]) == (403, "header.X-CSRF-Token")
    assert browser.post("/people", json=person, headers={"X-CSRF-Token": token}).status_code == 201


def test_the_token_of_one_session_is_none_in_another(signed_in: SignedIn, browser: Browser) -> None:
    signed_in(ADMINISTRATOR)
    token = browser.csrf_token
    signed_in(ADMINISTRATOR)
    answer = browser.post("/people", json={"name": "N", "role": "reviewer"}, headers={"X-CSRF-Token": token})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://testserver:8080"},
        {"Origin": "https://testserver"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_page_of_another_site_changes_nothing_and_signs_nobody_in(
    signed_in: SignedIn, browser: Browser, identity: Identity, headers: dict[str, str]
) -> None:
    signed_in(ADMINISTRATOR)
    sent = {"X-CSRF-Token": browser.csrf_token} | headers
    answer = browser.post("/people", json={"name": "N", "role": "reviewer"}, headers=sent)
    assert (answer.status_code, answer.json()["field"]) == (403, "header.Origin")
    assert browser.signs_in(link(identity), **headers).status_code == 403


def test_a_page_of_ours_may(signed_in: SignedIn, browser: Browser) -> None:
    signed_in(ADMINISTRATOR)
    headers = {"X-CSRF-Token": browser.csrf_token, "Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}
    assert browser.post("/people", json={"name": "N", "role": "reviewer"}, headers=headers).status_code == 201


def test_a_bearer_token_needs_none_of_it(browser: Browser, identity: Identity) -> None:
    """No browser sends it by itself."""
    headers = headers_for(identity, ADMINISTRATOR) | {"Origin": "https://app.plan.example"}
    assert browser.post("/people", json={"name": "N", "role": "reviewer"}, headers=headers).status_code == 201


# -- limits -----------------------------------------------------------------------------------


def test_a_client_that_tries_too_often_waits(browser: Browser, identity: Identity) -> None:
    code = link(identity)
    for _ in range(10):
        assert browser.signs_in("wrong").status_code == 401
    answer = browser.signs_in("wrong")
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    # A valid code is no attempt that counts.
    assert browser.signs_in(code).status_code == 303


def test_a_valid_code_does_not_count(browser: Browser, identity: Identity) -> None:
    for _ in range(15):
        assert browser.signs_in(link(identity)).status_code == 303
    assert browser.signs_in("wrong").status_code == 401


def test_all_addresses_together_are_slowed_down_and_one_that_waits_takes_nothing_from_the_others(
    identity: Identity,
) -> None:
    tried = [identity.attempts.seconds_to_wait("192.0.2.1") for _ in range(50)]
    assert tried.count(0) == 10
    assert not identity.attempts.are_many
    others = [identity.attempts.seconds_to_wait(f"198.51.100.{number}") for number in range(89)]
    assert others.count(0) == 89
    assert not identity.attempts.are_many
    assert identity.attempts.seconds_to_wait("203.0.113.1") == 0
    assert identity.attempts.are_many
    assert identity.attempts.seconds_to_wait("203.0.113.2") == 0


def test_wrong_codes_from_many_addresses_keep_nobody_out(browser: Browser, identity: Identity) -> None:
    code = link(identity)
    for number in range(200):
        identity.attempts.seconds_to_wait(f"198.51.100.{number}")
    began = time.monotonic()
    assert browser.signs_in(code).status_code == 303
    assert time.monotonic() - began < DELAY_SECONDS
    began = time.monotonic()
    assert browser.signs_in("wrong").status_code == 401
    assert time.monotonic() - began >= DELAY_SECONDS


def test_only_so_many_answers_wait_at_once(identity: Identity) -> None:
    for number in range(100):
        identity.attempts.seconds_to_wait(f"198.51.100.{number}")

    async def delayed() -> float:
        began = time.monotonic()
        await identity.attempts.delay()
        return time.monotonic() - began

    async def all_of_them() -> list[float]:
        return await asyncio.gather(*(delayed() for _ in range(DELAYED_MAX + 20)))

    waited = asyncio.run(all_of_them())
    assert sum(one >= DELAY_SECONDS - 0.1 for one in waited) == DELAYED_MAX
    assert sorted(waited)[19] < 0.5


def test_wrong_codes_read_the_store_seldom_when_there_are_many(
    browser: Browser, identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, reads = identity.people.read, list[float]()

    def counted() -> Directory:
        reads.append(time.monotonic())
        return read()

    monkeypatch.setattr(identity.people, "read", counted)
    monkeypatch.setattr(limits, "DELAY_SECONDS", 0)
    known = link(identity).split("-")[0]
    reads.clear()
    for wrong in ("wrong", f"{known}-{'0' * 64}"):
        assert browser.signs_in(wrong).status_code == 401
    assert reads == []
    for number in range(100):
        identity.attempts.seconds_to_wait(f"198.51.100.{number}")
    began = time.monotonic()
    for number in range(100):
        browser.signs_in(f"{number:016x}-{'0' * 64}")
    assert len(reads) <= 2 + (time.monotonic() - began) / SECONDS_BETWEEN_READS


def test_the_addresses_of_one_network_count_as_one(identity: Identity) -> None:
    tried = [identity.attempts.seconds_to_wait(f"2001:db8:1:2::{number:x}") for number in range(20)]
    assert tried.count(0) == 10
    assert identity.attempts.seconds_to_wait("2001:db8:1:3::1") == 0
