"""The API over the test's ledger, as those who look use it."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _signer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An export signs a checkpoint, with a key of this test's own."""
    monkeypatch.setenv("LEMTRADA_SEAL_DIR", str(tmp_path / "signer"))
