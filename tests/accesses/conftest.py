"""The API over the test's ledger, as those who look use it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.ledger.application import Ledger
from tests.api.acts import Api
from tests.api.callers import client_of


@pytest.fixture(autouse=True)
def _signer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An export signs a checkpoint, with a key of this test's own."""
    monkeypatch.setenv("LEMTRADA_SEAL_DIR", str(tmp_path / "signer"))


@pytest.fixture
def api(ledger: Ledger) -> Iterator[Api]:
    with client_of(ledger) as client:
        yield Api(client, ledger)
