"""An auditor who asks in FHIR, over the test's ledger, on each store in turn."""

from __future__ import annotations

import pytest

from tests.api.fhir.asking import Auditor
from tests.api.routes.commands.acts import Api
from tests.story import AUDITOR


@pytest.fixture
def auditor(api: Api) -> Auditor:
    return Auditor(api, {"Authorization": api.client.header_of(AUDITOR)})  # type: ignore[attr-defined]
