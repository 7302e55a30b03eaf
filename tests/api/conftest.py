"""The API over the test's ledger, on each store in turn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from domain.ledger.application import Ledger
from tests.api.acts import Api


@pytest.fixture
def api(ledger: Ledger) -> Iterator[Api]:
    with TestClient(create_app(ledger)) as client:
        yield Api(client, ledger)
