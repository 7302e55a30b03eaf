"""The documentation of the API in a real browser: it comes from this server alone, and its policy stops nothing."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api.callers import application
from tests.api.routes.commands.acts import Api
from tests.browser.fixtures import Visit, browser, site, visit
from tests.browser.painted import is_painted
from tests.browser.serving import listening
from tests.browser.watching import opened
from tests.story import NURSE

__all__ = ["browser", "site", "visit"]


@pytest.fixture
def store() -> str:
    return "sqlite"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A browser without a network: requests to another host than this server fail, and fail the test as well."""
    with listening(application()) as url, opened(browser, url) as one:
        served = urlsplit(url).netloc
        one.route("**/*", lambda asked: asked.continue_() if served in asked.request.url else asked.abort())
        one.goto("/docs")
        yield one


def test_it_lists_every_operation(page: Page) -> None:
    operations = [(method, path) for path, does in application().openapi()["paths"].items() for method in does]
    shown = page.locator(".opblock")
    expect(shown).to_have_count(len(operations))
    assert len(operations) > 100
    paths = shown.locator(".opblock-summary-path").evaluate_all("all => all.map(one => one.dataset.path)")
    assert sorted(paths) == sorted(path for _, path in operations)
    assert is_painted(page.locator("h1"))


def test_an_operation_opens_and_shows_its_schema(page: Page) -> None:
    operation = page.locator(".opblock", has_text="/requests/{request_id}/approve").first
    operation.locator(".opblock-summary-control").click()
    expect(operation.get_by_text("assessment_digest").first).to_be_visible()
    operation.get_by_role("button", name="Try it out").click()
    expect(operation.get_by_role("button", name="Execute")).to_be_visible()


def test_a_signed_in_user_gets_an_answer_from_there(api: Api, visit: Visit) -> None:
    page = visit(NURSE)
    page.goto("/docs")
    operation = page.locator("#operations-people-who_am_i_me_get")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table")).to_contain_text(NURSE.name)


def test_without_scripts_it_leads_to_the_document(browser: Browser) -> None:
    with listening(application()) as url, opened(browser, url, script=False) as page:
        page.goto("/docs")
        page.get_by_role("link", name="/openapi.json").click()
        expect(page.locator("body")).to_contain_text("Lemtrada authorization ledger")
