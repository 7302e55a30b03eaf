"""PostgreSQL as an administrator left it: odd defaults, another encoding, a pooler in between."""

from __future__ import annotations

from contextlib import closing
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from api.demo import fill
from domain.ledger.access_log.report import AccessQuery, all_accesses
from domain.ledger.application import open_ledger
from domain.ledger.documents.store import documents_of
from domain.ledger.errors import StoreError
from domain.ledger.schema import upgrade
from domain.ledger.stores import postgres_poolers
from domain.ledger.stores.postgres_connections import connect
from domain.ledger.stores.postgres_datastore import LedgerPostgresDatastore, connected
from domain.ledger.stores.postgres_poolers import checked_connection
from domain.ledger.stores.postgres_session import SETTINGS
from domain.ledger.stores.urls import PostgresAddress, address_of
from projections.worklist.listing import Filters, Paging
from projections.worklist.runner import worklist
from tests.clock import Clock
from tests.conftest import NOON, ZONE, seeded
from tests.ledger.acts import dosed, opened
from tests.ledger.stores.transaction_pooler import Mode, pooler
from tests.postgres_server import PostgresServer

ODD = {
    "DateStyle": "SQL, DMY",
    "IntervalStyle": "iso_8601",
    "TimeZone": "Asia/Kolkata",
    "bytea_output": "escape",
    "extra_float_digits": "-15",
    "client_encoding": "LATIN1",
    "standard_conforming_strings": "off",
    "array_nulls": "off",
    "transform_null_equals": "on",
    "search_path": "decoys, pg_catalog",
    "default_transaction_isolation": "serializable",
    "default_transaction_deferrable": "on",
}
DECOYS = (
    "CREATE SCHEMA decoys",
    "GRANT USAGE ON SCHEMA decoys TO PUBLIC",
    "CREATE TABLE decoys.stored_events (originator_id uuid, originator_version bigint, topic text, state bytea)",
    "CREATE FUNCTION decoys.max(bigint) RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint'",
    "CREATE FUNCTION decoys.pg_advisory_xact_lock(bigint) RETURNS void LANGUAGE sql AS 'SELECT'",
)


def postgres_address(url: str) -> PostgresAddress:
    address = address_of(url)
    assert isinstance(address, PostgresAddress)
    return address


@pytest.fixture(params=["database", "role"])
def odd_url(request: pytest.FixtureRequest, postgres: PostgresServer) -> str:
    """A new database whose defaults, or those of its owner, are all other than usual."""
    name = f"odd_{uuid4().hex}"
    postgres.execute("CREATE ROLE {} LOGIN PASSWORD 'odd'", name)
    postgres.execute("CREATE DATABASE {} OWNER {}", name, name)
    for statement in DECOYS:
        postgres.execute(statement, database=name)
    postgres.execute("ALTER SCHEMA public OWNER TO {}", name, database=name)
    for setting, value in (ODD | {"synchronous_commit": "off"}).items():
        # Of a list, each name is one value.
        values = value if setting in {"search_path", "DateStyle"} else f"'{value}'"
        postgres.execute(f"ALTER {request.param.upper()} {{}} SET {setting} = {values}", name)
    return postgres.url(name, name, "odd")


def test_every_setting_is_odd_here_and_set_on_each_connection(odd_url: str) -> None:
    assert ODD.keys() == SETTINGS.keys()
    address = postgres_address(odd_url)
    with closing(psycopg.connect(odd_url)) as connection:
        for name, value in SETTINGS.items():
            ((found,),) = connection.execute("SELECT current_setting(%s)", (name,)).fetchall()
            assert found != value, name
    datastore = LedgerPostgresDatastore(address)
    with closing(datastore), datastore.get_connection() as pooled:
        of_each_kind: tuple[psycopg.Connection[Any], ...] = (
            connect(datastore),
            connected(address),
            checked_connection(address),
            pooled,
        )
        for connection in of_each_kind:
            with connection.cursor(row_factory=psycopg.rows.tuple_row) as cursor:
                for name, value in (SETTINGS | {"synchronous_commit": "on"}).items():
                    assert cursor.execute("SELECT current_setting(%s)", (name,)).fetchall() == [(value,)], name
            connection.rollback()
            # What is rolled back is not what was set.
            with connection.cursor(row_factory=psycopg.rows.tuple_row) as cursor:
                assert cursor.execute("SHOW DateStyle").fetchall() == [("ISO, YMD",)]
        for connection in of_each_kind[:3]:
            connection.close()


def test_a_ledger_works_whatever_the_defaults_are(odd_url: str) -> None:
    upgrade(odd_url, zone=ZONE, entropy=seeded(1))
    with open_ledger(odd_url, clock=Clock(NOON), entropy=seeded(2)) as ledger:
        patient_id = opened(ledger, "M-é-\\'")
        dosed(ledger, patient_id, 0, 1)
        documents = documents_of(ledger.recorder.datastore)
        content = b"a synthetic letter with \\ and ' and " + "é".encode()
        sha256 = documents.put(patient_id, [content]).sha256
        assert b"".join(documents.open(patient_id, sha256)) == content
        assert list(all_accesses(ledger, AccessQuery())) == []
        events = [event.model_dump_json() for event in ledger.events(patient_id)]
    with open_ledger(odd_url, clock=Clock(NOON)) as ledger:
        assert [event.model_dump_json() for event in ledger.events(patient_id)] == events
        assert ledger.history(patient_id).version == 3
        assert ledger.position() == 4


def test_the_tables_of_the_worklist_have_the_right_times(odd_url: str) -> None:
    """They are read as text, and many rows are written with COPY."""
    upgrade(odd_url, zone=ZONE, entropy=seeded(1))
    fill(odd_url, patients=30, clock=Clock(NOON))
    with open_ledger(odd_url, clock=Clock(NOON)) as ledger:
        found = worklist(ledger, Filters(), Paging(limit=100)).items
        assert len(found) > 5
        assert found == worklist(ledger, Filters(), Paging(limit=100), known_at=ledger.now()).items


@pytest.mark.parametrize("value", ["off", "local", "remote_apply"])
def test_a_commit_waits_at_least_for_the_disk(postgres: PostgresServer, postgresql_url: str, value: str) -> None:
    url = f"{postgresql_url}?options=-c%20synchronous_commit%3D{value}"
    with connected(postgres_address(url)) as connection:
        ((found,),) = connection.execute("SHOW synchronous_commit").fetchall()
    assert found == ("on" if value == "off" else value)


# -- poolers ----------------------------------------------------------------------------------


def test_a_server_that_is_reached_directly_is_asked_once(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made, connecting = [], psycopg.connect

    def counted(**parameters: Any) -> psycopg.Connection[Any]:
        made.append(parameters)
        return connecting(**parameters)

    monkeypatch.setattr(psycopg, "connect", counted)
    checked_connection(postgres_address(postgresql_url)).close()
    assert len(made) == 1


def test_a_pooler_that_keeps_a_process_for_each_connection_is_used(postgresql_url: str) -> None:
    with pooler(postgresql_url, "session", 8) as port, open_ledger(f"postgresql://any@127.0.0.1:{port}/plan") as ledger:
        patient_id = opened(ledger)
        assert dosed(ledger, patient_id, 0)[0].history.version == 2


def test_a_pooler_without_a_free_process_is_no_proof(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_poolers, "ANSWER_SECONDS", 0.3)
    with pooler(postgresql_url, "session", 1) as port:
        checked_connection(postgres_address(f"postgresql://any@127.0.0.1:{port}/plan")).close()


@pytest.mark.parametrize(
    ("mode", "connections"),
    [("transaction", 1), ("transaction", 2), ("transaction", 3), ("transaction", 8), ("statement", 2)],
)
def test_a_pooler_in_transaction_mode_is_refused_and_nothing_is_set_through_it(
    postgresql_url: str, mode: Mode, connections: int
) -> None:
    with pooler(postgresql_url, mode, connections) as port:
        url = f"postgresql://any@127.0.0.1:{port}/plan"
        for _ in range(3):
            with pytest.raises(StoreError, match="pooler in transaction mode") as caught:
                open_ledger(url)
            assert "pool_mode = session" in caught.value.remedy
        with closing(psycopg.connect(url, autocommit=True)) as connection:
            assert connection.execute("SHOW search_path").fetchall() == [('"$user", public',)]
