"""The databases that tests get are empty, whatever test used them before."""

from __future__ import annotations

from contextlib import closing
from itertools import count

import psycopg
import pytest

from domain.ledger.application import open_ledger
from tests.databases import Databases
from tests.ledger.acts import opening
from tests.story import NURSE

_FIRST = count(900_000, 100)


@pytest.fixture
def own(databases: Databases) -> Databases:
    return Databases(databases.server, databases.template, numbers=count(next(_FIRST)))


def test_a_database_with_rows_is_emptied_and_used_again_though_somebody_is_connected(own: Databases) -> None:
    name = own.take()
    with closing(psycopg.connect(own.server.url(name))) as forgotten, open_ledger(own.server.url(name)) as ledger:
        ledger.open_history(opening(), NURSE, key="k")
        forgotten.execute("SELECT 1 FROM stored_events")
        own.give_back(name)
    assert own.take() == name
    with open_ledger(own.server.url(name)) as ledger:
        assert ledger.is_empty()
        assert ledger.recorder.find_command(NURSE.id, "k") is None
        ledger.open_history(opening(), NURSE, key="k")
        assert ledger.recorder.max_notification_id() == 2


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE more (a int)",
        "ALTER TABLE commands ADD COLUMN more text",
        "GRANT SELECT ON commands TO PUBLIC",
        "UPDATE ledger_settings SET value = 'UTC' WHERE name = 'time_zone'",
        "DROP TABLE ledger_settings",
        "CREATE SCHEMA more",
    ],
)
def test_a_database_that_was_changed_is_given_up(own: Databases, change: str) -> None:
    name = own.take()
    own.server.execute(change, database=name)
    own.give_back(name)
    assert own.free == []
    assert (name,) not in own.server.execute("SELECT datname FROM pg_database")
