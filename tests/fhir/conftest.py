"""An auditor who asks in FHIR, over the test's ledger, on each store in turn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from domain.ledger.application import Ledger
from tests.api.acts import Api
from tests.api.callers import client_of
from tests.fhir.asking import AUDITOR, Auditor


@pytest.fixture
def api(ledger: Ledger) -> Iterator[Api]:
    with client_of(ledger) as client:
        yield Api(client, ledger)


@pytest.fixture
def auditor(api: Api) -> Auditor:
    return Auditor(api, {"Authorization": api.client.header_of(AUDITOR)})  # type: ignore[attr-defined]
