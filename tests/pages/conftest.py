"""Pages over the test's ledger: the API to bring things about, and a desk for whoever looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast

import pytest

from api.app import Application
from domain.ledger.application import Ledger
from domain.people import Actor
from tests.api.acts import Api
from tests.api.callers import client_of
from tests.browser.fixtures import browser, site, visit
from tests.pages.desk import Desk

__all__ = ["browser", "site", "visit"]


@pytest.fixture
def store() -> str:
    """What is stored is the same under every page; a test that asks the store itself names both."""
    return "sqlite"


@pytest.fixture
def api(ledger: Ledger) -> Iterator[Api]:
    with client_of(ledger) as client:
        yield Api(client, ledger)


@pytest.fixture
def desk(api: Api) -> Callable[[Actor], Desk]:
    return lambda actor: Desk(cast("Application", api.client.app), actor)  # type: ignore[attr-defined]
