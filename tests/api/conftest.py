"""The API over the test's ledger, on each store in turn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from domain.ledger.application import Ledger
from tests.api.acts import Api
from tests.api.callers import client_of


@pytest.fixture
def api(ledger: Ledger) -> Iterator[Api]:
    with client_of(ledger) as client:
        yield Api(client, ledger)
