"""Pages over the test's ledger: the API to bring things about, and a desk for each user who views pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest

from api.app import Application
from domain.people import Actor
from tests.api.pages.desk import Desk
from tests.api.routes.commands.acts import Api
from tests.browser.fixtures import browser, site, visit

__all__ = ["browser", "site", "visit"]


@pytest.fixture
def store() -> str:
    """What is stored is the same under every page; a test that asks the store itself names both."""
    return "sqlite"


@pytest.fixture
def desk(api: Api) -> Callable[[Actor], Desk]:
    return lambda actor: Desk(cast("Application", api.client.app), actor)  # type: ignore[attr-defined]
