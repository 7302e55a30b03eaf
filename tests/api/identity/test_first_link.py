"""The first link of a fresh ledger, as a stranger meets it: printed by the real `serve`, opened, used once."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import httpx2

from tests.api.server.test_serve import Served, served

IN_UTC = {"TZ": "UTC", "LEMTRADA_TIME_ZONE": "America/Chicago"}
"""On a machine in UTC, a new ledger needs the zone."""


def link_in(one: Served) -> str | None:
    found = re.search(r"http://\S+/sign-in/\S+", "".join(one.printed))
    return found[0] if found is not None else None


def test_the_link_that_serve_prints_leads_in_once_and_is_printed_until_then(tmp_path: Path) -> None:
    where = ("--database", f"sqlite:///{tmp_path / 'fresh.sqlite'}")
    environment = IN_UTC | {"LEMTRADA_SEAL_DIR": str(tmp_path / "seal")}
    with served(*where, **environment) as one:
        unused = link_in(one)
        assert unused is not None
        assert unused.startswith(f"{one.url}/sign-in/")
        assert one.get("/people").status_code == 401
        assert one.stop(signal.SIGTERM)[0] == 0
    with served(*where, **environment) as one:
        link = link_in(one)
        assert link is not None
        assert link != unused
        with httpx2.Client(base_url=one.url, timeout=60) as browser:
            assert browser.post("/sign-in", data={"code": unused.rpartition("/")[2]}).status_code == 401
            assert "<button" in browser.get(link).text
            # As a browser that pressed the button.
            headers = {"Origin": one.url, "Sec-Fetch-Site": "same-origin"}
            page = browser.post(
                "/sign-in", data={"code": link.rpartition("/")[2]}, headers=headers, follow_redirects=True
            )
            assert "First administrator" in page.text
            assert browser.get("/people").status_code == 200
        status, complaints = one.stop(signal.SIGTERM)
        assert status == 0
        assert link.rpartition("-")[2] not in complaints
    with served(*where, **environment) as one:
        assert link_in(one) is None
        assert one.stop(signal.SIGTERM)[0] == 0
