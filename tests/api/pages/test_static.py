"""What the pages load: from here alone, for ever under one address, and htmx as it was released."""

from __future__ import annotations

import hashlib

from starlette.testclient import TestClient

from api.static import FILES, SWAGGER_UI, address_of
from tests.api.callers import application

AS_RELEASED = {"htmx.min.js", *SWAGGER_UI}
"""Files of others, unchanged: their comments and licenses name addresses that nothing opens."""
HTMX_2_0_11 = "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717"


def test_every_file_is_sent_under_the_address_of_its_bytes_and_under_no_other() -> None:
    browser = TestClient(application())
    for name, file in FILES.items():
        answer = browser.get(address_of(name))
        assert (answer.status_code, answer.content) == (200, file.content)
        assert "immutable" in answer.headers["cache-control"]
        assert browser.get(f"/static/{'0' * 16}/{name}").status_code == 404


def test_htmx_is_as_it_was_released() -> None:
    assert hashlib.sha256(FILES["htmx.min.js"].content).hexdigest() == HTMX_2_0_11


def test_no_script_or_style_of_ours_names_another_host() -> None:
    for name, file in FILES.items():
        text = file.content.decode().replace("http://www.w3.org/2000/svg", "")
        assert name in AS_RELEASED or "://" not in text, name
