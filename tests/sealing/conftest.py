"""A ledger with a signer beside it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from domain.ledger.application import Ledger
from domain.ledger.sealing.sealing import Sealing
from domain.ledger.sealing.signer import Signer

MakeSealing = Callable[..., Sealing]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The signer's, outside of the database."""
    return tmp_path / "signer"


@pytest.fixture
def new_sealing(ledger: Ledger, folder: Path) -> MakeSealing:
    """As another process has it: nothing is shared but the store and the signer's folder."""

    def made(given: str | None = None, published_in: Path | None = None) -> Sealing:
        return Sealing(ledger, Signer(folder, os.urandom, given), published_in)

    return made


@pytest.fixture
def sealing(new_sealing: MakeSealing) -> Sealing:
    return new_sealing()
