"""One Chromium a file of tests, and pages in it that are watched; for each `conftest.py` that needs them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, cast

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from api.app import Application
from domain.people import Actor
from tests.api.routes.commands.acts import Api
from tests.benchmarks.node import node
from tests.browser.chromium import chromium
from tests.browser.serving import listening, with_a_session
from tests.browser.watching import opened

Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """It starts, or the tests fail; only who asks for it does without.

    Of one file of tests: while it is open its loop runs in this thread, and other tests have loops of their own.
    """
    if request.config.getoption("--without-browser"):
        pytest.skip("left out by --without-browser")
    found = chromium()
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(node()))
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=str(found.program), args=found.arguments, env={**os.environ, **found.environment}
        )
        yield started
        started.close()


@pytest.fixture
def site(api: Api) -> Iterator[str]:
    """The address of the application, served."""
    with listening(cast("Application", api.client.app)) as url:  # type: ignore[attr-defined]
        yield url


@pytest.fixture
def visit(browser: Browser, site: str, api: Api) -> Iterator[Visit]:
    """`visit(actor, …)`: a browser in which the actor is signed in; without an actor, nobody is."""
    with ExitStack() as stack:

        def one(actor: Actor | None = None, **how: Any) -> Page:
            page = stack.enter_context(opened(browser, site, **how))
            if actor is not None:
                with_a_session(page, cast("Application", api.client.app), actor, site)  # type: ignore[attr-defined]
            return page

        yield one
