"""The policy of every HTML answer: of each page and part of a page, of sign-in, of the case file, and of errors."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, cast

import pytest
from eventsourcing.persistence import OperationalError
from fastapi.routing import APIRoute
from httpx2 import Response
from starlette.testclient import TestClient

from api.app import Application
from api.http.content_security import PAGE_POLICY
from domain.people import Actor
from tests.api.callers import application
from tests.api.record_access.test_every_page import PATHS
from tests.api.routes.commands.acts import Api
from tests.browser.fixtures import Visit, browser, site, visit
from tests.browser.painted import is_painted
from tests.security.test_roles import DOCUMENT, asking
from tests.story import ADMINISTRATOR, AUDITOR, NURSE

__all__ = ["browser", "site", "visit"]

CASE_FILE = "/appeals/{appeal_id}/dossier.html"
IN_ADDITION = {"/docs": {"img-src": r"data:"}, CASE_FILE: {"style-src": r"'sha256-[A-Za-z0-9+/]{43}='"}}
"""The sources that one page has in addition to those of the pages."""


@pytest.fixture
def store() -> str:
    """The policy of a page does not depend on the store."""
    return "sqlite"


def directives(policy: str) -> dict[str, set[str]]:
    found = [one.split() for one in policy.split(";")]
    assert len({name for name, *_ in found}) == len(found), "a browser uses the first of two"
    return {name: set(sources) for name, *sources in found}


def check(answer: Response, address: str = "") -> None:
    """Fails unless the answer has the policy of the pages, or allows less."""
    (policy,) = answer.headers.get_list("content-security-policy")
    allowed, sources = directives(PAGE_POLICY), directives(policy)
    assert sources["default-src"] == {"'none'"}
    assert {"form-action", "frame-ancestors", "base-uri"} <= sources.keys(), "default-src is no default for them"
    for name, found in sources.items():
        more = IN_ADDITION.get(address, {}).get(name)
        named = {one for one in found if more is not None and re.fullmatch(more, one)}
        assert found - named <= allowed[name], (name, found)


def is_html(answer: Response) -> bool:
    return answer.headers.get("content-type", "").startswith("text/html")


def client(api: Api) -> TestClient:
    app = cast("Application", api.client.app)  # type: ignore[attr-defined]
    return TestClient(app, follow_redirects=False, raise_server_exceptions=False)


def as_user(api: Api, actor: Actor) -> dict[str, str]:
    return {"Authorization": api.client.header_of(actor)}  # type: ignore[attr-defined]


# -- every route ------------------------------------------------------------------------------


def test_every_route_that_may_send_html_is_walked() -> None:
    """An operation names its media types in the OpenAPI document, and only one operation sends HTML."""
    assert {path for path, does in DOCUMENT["paths"].items() if "text/html" in str(does)} == {CASE_FILE}
    routes = [one for one in application().router.routes if isinstance(one, APIRoute) and not one.include_in_schema]
    read = {one.path for one in routes if "GET" in one.methods}
    assert read == {*PATHS, "/", "/docs", "/sign-in", "/sign-in/{code}", "/static/{digest}/{name}"}


@pytest.mark.parametrize("page", sorted(PATHS))
def test_a_page_has_the_policy(api: Api, page: str) -> None:
    path = PATHS[page](api)
    answers = [client(api).get(path, headers=as_user(api, one)) for one in (NURSE, AUDITOR, ADMINISTRATOR)]
    assert 200 in {one.status_code for one in answers}
    assert not [one for one in answers if one.status_code >= 400 and not is_html(one)], "errors are pages"
    for one in answers:
        if is_html(one):
            check(one)


def test_the_case_file_has_the_policy(api: Api) -> None:
    answer = asking(api, f"GET {CASE_FILE}").by(NURSE)
    assert (answer.status_code, is_html(answer)) == (200, True)
    check(answer, CASE_FILE)
    assert "style=" not in answer.text
    assert answer.text.count("<style>") == 1


def test_a_browser_applies_the_style_of_the_case_file(api: Api, visit: Visit) -> None:
    """Its policy names the one style, and the console of the browser has no violation."""
    appeal = asking(api, f"GET {CASE_FILE}").fine.path["appeal_id"]
    page = visit(NURSE)
    page.goto(CASE_FILE.format(appeal_id=appeal))
    assert is_painted(page.locator("h1"))
    assert page.locator("h1").evaluate("one => getComputedStyle(one).color") == "rgb(13, 79, 92)"
    widths = page.locator("table").first.locator("col").evaluate_all("all => all.map(one => one.offsetWidth)")
    shares = page.locator("table").first.locator("col").evaluate_all("all => all.map(one => +one.className.slice(1))")
    assert sum(shares) == 100
    assert [round(100 * one / sum(widths)) for one in widths] == pytest.approx(shares, abs=1)


# -- signing in, and the documentation --------------------------------------------------------


@pytest.mark.parametrize("path", ["/docs", "/sign-in", f"/sign-in/{'0' * 40}"])
def test_a_public_page_has_the_policy(api: Api, path: str) -> None:
    answer = client(api).get(path)
    assert (answer.status_code, is_html(answer)) == (200, True)
    check(answer, path)


def test_a_refused_sign_in_has_the_policy(api: Api) -> None:
    another_site = {"Origin": "https://elsewhere.example"}
    asked = client(api)
    answers = [asked.post("/sign-in", data={"code": "wrong"}, headers=one) for one in ({}, another_site)]
    assert [one.status_code for one in answers] == [401, 403]
    for one in answers:
        assert is_html(one)
        check(one)


# -- errors -----------------------------------------------------------------------------------


def fails(api: Api, monkeypatch: pytest.MonkeyPatch, error: Exception) -> Response:
    def failing(*_: object, **__: object) -> Any:
        raise error

    patient = api.opened()
    monkeypatch.setattr(type(api.ledger), "history", failing)
    return client(api).get(f"/pages/patients/{patient}", headers=as_user(api, NURSE))


def without_a_reason(api: Api) -> Response:
    request_id = api.submitted(api.opened())["request"]["request_id"]
    return client(api).post(f"/pages/requests/{request_id}/withdraw", headers=as_user(api, NURSE))


ERRORS: dict[int, Callable[[Api, pytest.MonkeyPatch], Response]] = {
    401: lambda api, _: client(api).post("/pages/patients"),
    403: lambda api, _: client(api).get("/pages/worklist", headers=as_user(api, ADMINISTRATOR)),
    404: lambda api, _: client(api).get("/pages/nothing/here", headers=as_user(api, NURSE)),
    405: lambda api, _: client(api).delete("/pages/worklist", headers=as_user(api, NURSE)),
    422: lambda api, _: without_a_reason(api),
    500: lambda api, patch: fails(api, patch, RuntimeError("a fault of the program")),
    503: lambda api, patch: fails(api, patch, OperationalError("the database is away")),
}


@pytest.mark.parametrize("status", ERRORS)
def test_a_page_of_an_error_has_the_policy(api: Api, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    answer = ERRORS[status](api, monkeypatch)
    assert (answer.status_code, is_html(answer)) == (status, True)
    check(answer)
