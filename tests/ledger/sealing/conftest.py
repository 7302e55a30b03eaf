"""A ledger with a signer beside it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from domain.ledger.application import Ledger
from domain.ledger.sealing.sealing import Sealing
from domain.ledger.sealing.signer import Signer
from domain.ledger.tables.tables import SQLITE_TABLES

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


@pytest.fixture
def lose_the_newest(store: str, ledger_url: str) -> Callable[[int], None]:
    """What a restore from an older backup does: the newest events are gone, and what was sealed of them."""
    position = "rowid" if store == "sqlite" else "notification_id"
    newest = f"SELECT {position} FROM stored_events ORDER BY {position} DESC LIMIT {{}}"
    statements = (
        f"DELETE FROM stored_events WHERE {position} IN ({newest})",
        f"DELETE FROM sealed_events WHERE position > (SELECT MAX({position}) FROM stored_events)",
        "DELETE FROM checkpoints WHERE size > (SELECT COUNT(*) FROM sealed_events)",
    )

    def lose(number: int) -> None:
        if store == "sqlite":
            with closing(sqlite3.connect(ledger_url.removeprefix("sqlite:///"), isolation_level=None)) as connection:
                for table in ("stored_events", "sealed_events", "checkpoints"):
                    connection.execute(f"DROP TRIGGER {table}_refuse_delete")
                for statement in statements:
                    connection.execute(statement.format(number))
                for statement in SQLITE_TABLES:
                    connection.execute(statement)
        else:
            with psycopg.connect(ledger_url) as connection:
                for statement in statements:
                    connection.execute(statement.format(number))

    return lose
