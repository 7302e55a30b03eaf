"""What holds for every page in every state of the table: it can be used by everybody, tells nobody, and fits.

Light and dark, on a desk and on a phone; a page of the application that has no row fails.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, ViewportSize
from starlette.routing import Route

from tests.api.callers import application
from tests.api.pages.states.every import PageState, page_states
from tests.api.routes.commands.acts import Api
from tests.browser.axe import violations
from tests.browser.fixtures import Visit
from tests.browser.painted import is_painted

STATES = list(page_states())
PHI = re.compile(r"Alma|Synthetic|1988-05|\bM-\d|O'Neil|script", re.IGNORECASE)
NARROW: ViewportSize = {"width": 390, "height": 844}
PARTS = ("paper", ".csv", "/moved", "/rows", "/progress")
"""Addresses that answer something else than a whole page."""


def pages() -> set[str]:
    return {
        route.path
        for route in application().router.routes
        if isinstance(route, Route)
        and "GET" in (route.methods or ())
        and route.path.startswith(("/pages", "/sign-in"))
        and not any(one in route.path for one in PARTS)
    }


def test_every_page_has_a_row() -> None:
    assert pages() == {one.route for one in STATES}
    names = [(one.route, one.name) for one in STATES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("state", STATES, ids=lambda one: f"{one.route}: {one.name}")
def test_a_page(api: Api, visit: Visit, state: PageState) -> None:
    path = state.path(api)
    page = visit(state.actor, allowed=("Failed to load resource", "postMessage"))
    page.goto(path)
    assert page.locator("h1").count() == 1
    assert is_painted(page.locator("h1"))
    assert not PHI.search(page.title()), page.title()
    assert not PHI.search(page.url), page.url
    page.emulate_media(color_scheme="light")
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page, colors_only=True) == [], "in dark colors"
    page.set_viewport_size(NARROW)
    assert fits(page), "it scrolls sideways on a phone"


def fits(page: Page) -> bool:
    wide: int = page.evaluate("document.scrollingElement.scrollWidth - window.innerWidth")
    return wide <= 0
