"""A run of the verification, as its page shows it at the end."""

from __future__ import annotations

import time

from starlette.testclient import TestClient

from tests.api.pages.states.every import PageState
from tests.api.pages.test_audit_pages import sealed
from tests.api.routes.commands.acts import Api
from tests.story import AUDITOR


def verified(api: Api) -> str:
    sealed(api)
    browser = TestClient(api.client.app, follow_redirects=False)  # type: ignore[attr-defined]
    headers = {"Authorization": api.client.header_of(AUDITOR)}  # type: ignore[attr-defined]
    path: str = browser.post("/pages/audit/verify", data={"vkey": ""}, headers=headers).headers["location"]
    while "Under way" in browser.get(path, headers=headers).text:
        time.sleep(0.05)
    return path


STATES = [PageState("at its end", "/pages/audit/verify/{run}", AUDITOR, verified)]
