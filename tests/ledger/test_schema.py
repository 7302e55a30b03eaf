"""Who makes the tables, which version they have, and who may do what to them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from eventsourcing.postgres import PostgresApplicationRecorder
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteCursor
from psycopg import sql

from domain.ledger.application import open_ledger
from domain.ledger.documents.store import GRACE, documents_of
from domain.ledger.errors import StoreError
from domain.ledger.schema import read_settings, upgrade
from domain.ledger.stores.postgres_recorder import PostgresLedgerRecorder
from domain.ledger.stores.sqlite_connections import connect
from domain.ledger.stores.urls import address_of
from domain.ledger.tables.tables import SQLITE_TABLES
from tests.conftest import ZONE, OpenLedger, seeded
from tests.ledger.acts import dose, dosed, opened, opening
from tests.postgres_server import PostgresServer
from tests.story import NURSE

Statement = Callable[..., None]


@pytest.fixture
def run_sql(store: str, ledger_url: str, request: pytest.FixtureRequest) -> Statement:
    """A statement straight at the store, as its owner."""

    def run(statement: str) -> None:
        if store == "sqlite":
            with closing(sqlite3.connect(ledger_url.removeprefix("sqlite:///"), isolation_level=None)) as connection:
                connection.execute(statement)
        else:
            with psycopg.connect(ledger_url) as connection:
                connection.execute(statement)

    return run


# -- versions, zones, upgrades ----------------------------------------------------------------


def test_an_upgrade_may_be_repeated_and_keeps_what_was_settled(ledger_url: str, open_here: OpenLedger) -> None:
    first = read_settings(address_of(ledger_url))
    patient_id = opened(open_here())
    for zone in (None, ZONE):
        assert upgrade(ledger_url, zone=zone, entropy=seeded(99)) == first
    assert open_here().history(patient_id).version == 1
    assert first.zone.key == ZONE
    assert first.index_namespace.version == 4


def test_another_time_zone_is_refused(ledger_url: str) -> None:
    for attempt in (
        lambda: open_ledger(ledger_url, zone="Europe/Berlin"),
        lambda: upgrade(ledger_url, zone="Europe/Berlin", entropy=seeded(1)),
    ):
        with pytest.raises(StoreError, match=f"uses the time zone {ZONE}, not Europe/Berlin"):
            attempt()
    with pytest.raises(StoreError, match="not a time zone of the IANA database"):
        open_ledger(ledger_url, zone="Mars/Olympus")
    with open_ledger(ledger_url, zone=ZONE) as ledger:
        assert ledger.zone.key == ZONE


def test_a_newer_schema_is_refused_by_everything(ledger_url: str, run_sql: Statement) -> None:
    run_sql("UPDATE ledger_settings SET value = '6' WHERE name = 'schema_version'")
    for attempt in (
        lambda: open_ledger(ledger_url),
        lambda: upgrade(ledger_url, entropy=seeded(1)),
    ):
        with pytest.raises(StoreError, match="has schema 6, and this program knows 5") as caught:
            attempt()
        assert "lemtrada-ledger database upgrade" in caught.value.remedy


# -- SQLite -----------------------------------------------------------------------------------


def test_sqlite_makes_its_ledger_when_the_zone_is_given(tmp_path: Path) -> None:
    path = tmp_path / "new.sqlite"
    with pytest.raises(StoreError) as caught:
        open_ledger(f"sqlite:///{path}")
    assert "--time-zone" in caught.value.remedy
    assert "LEMTRADA_TIME_ZONE" in caught.value.remedy
    assert not path.exists()

    with open_ledger(f"sqlite:///{path}", zone="America/Chicago") as ledger:
        patient_id = opened(ledger)
    with open_ledger(f"sqlite:///{path}") as ledger:
        assert ledger.zone.key == "America/Chicago"
        assert ledger.history(patient_id).version == 1
    assert path.stat().st_mode & 0o077 == 0


def test_two_ledgers_do_not_share_the_secret_of_their_index(tmp_path: Path) -> None:
    settings = [
        upgrade(f"sqlite:///{tmp_path / name}", zone=ZONE, entropy=lambda n: uuid4().bytes[:n]) for name in "ab"
    ]
    assert settings[0].index_namespace != settings[1].index_namespace


def test_an_sqlite_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    text = tmp_path / "text"
    text.write_text("no database, but a text of some length" * 100)
    for file, cause in (
        (path, "another program"),
        (text, "cannot be opened"),
        (tmp_path / "no" / "x", "cannot be opened"),
    ):
        with pytest.raises(StoreError, match=cause):
            open_ledger(f"sqlite:///{file}", zone=ZONE)
    assert not (tmp_path / "no").exists()


def test_sqlite_has_no_serving_role(sqlite_url: str) -> None:
    with pytest.raises(StoreError, match="no roles"):
        upgrade(sqlite_url, serving_role="server", entropy=seeded(1))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE stored_events SET state = x'00'",
        "DELETE FROM stored_events",
        "INSERT OR REPLACE INTO stored_events SELECT * FROM stored_events",
        "INSERT OR REPLACE INTO stored_events (rowid, originator_id, originator_version) VALUES (1, 'x', 1)",
        "UPDATE commands SET last_version = 9",
        "DELETE FROM commands",
        "INSERT OR REPLACE INTO commands SELECT * FROM commands",
    ],
)
def test_sqlite_refuses_to_change_what_is_recorded(sqlite_url: str, statement: str) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    with open_ledger(sqlite_url) as ledger:
        ledger.open_history(opening(), NURSE, key="k")
    with closing(connect(path)) as connection:
        before = [tuple(row) for row in connection.execute("SELECT * FROM stored_events")]
        with pytest.raises(sqlite3.IntegrityError, match="recorded"):
            connection.execute(statement)
        assert [tuple(row) for row in connection.execute("SELECT * FROM stored_events")] == before


def test_sqlite_commits_durably_and_waits_for_others(sqlite_url: str) -> None:
    with open_ledger(sqlite_url) as ledger, ledger.recorder.datastore.transaction(commit=True) as c:
        assert isinstance(c, SQLiteCursor)
        pragmas = {}
        for name in ("journal_mode", "synchronous", "busy_timeout"):
            c.execute(f"PRAGMA {name}")
            pragmas[name] = c.fetchone()[0]
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 5_000}


def test_the_sqlite_table_of_events_is_the_library_s(sqlite_url: str) -> None:
    with open_ledger(sqlite_url) as ledger:
        assert isinstance(ledger.recorder, SQLiteApplicationRecorder)
        (theirs,) = ledger.recorder.create_table_statements
    ours = next(one for one in SQLITE_TABLES if "stored_events (" in one)
    assert "".join(ours.split()) == "".join(theirs.split())


# -- PostgreSQL -------------------------------------------------------------------------------


def test_postgresql_makes_nothing_by_itself(postgres: PostgresServer, empty_database: str) -> None:
    url = postgres.url(empty_database)
    with pytest.raises(StoreError, match=r"No ledger was found at .*: run lemtrada-ledger database upgrade"):
        open_ledger(url, zone=ZONE)
    assert postgres.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", database=empty_database) == [
        (0,)
    ]
    with pytest.raises(StoreError, match="--time-zone"):
        upgrade(url, entropy=seeded(1))
    assert postgres.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", database=empty_database) == [
        (0,)
    ]
    upgrade(url, zone=ZONE, entropy=seeded(1))
    with open_ledger(url) as ledger:
        assert ledger.is_empty()


def test_a_wrong_password_is_one_clear_error_without_any_password(
    postgres: PostgresServer, empty_database: str
) -> None:
    for attempt in (
        open_ledger,
        lambda url: upgrade(url, zone=ZONE, entropy=seeded(1)),
    ):
        with pytest.raises(StoreError, match=r"cannot be reached.*password authentication failed") as caught:
            attempt(postgres.url(empty_database, password="hunter2"))
        assert "hunter2" not in str(caught.value) + repr(caught.value.__cause__)
        assert "\n" not in str(caught.value)


def test_the_postgresql_table_and_type_of_events_are_the_library_s(
    postgres: PostgresServer, postgresql_url: str
) -> None:
    name = postgresql_url.rpartition("/")[2]
    with open_ledger(postgresql_url) as ledger:
        assert isinstance(ledger.recorder, PostgresLedgerRecorder)
        theirs = PostgresApplicationRecorder(ledger.recorder.datastore).sql_create_statements
    shape = (
        "SELECT attname, format_type(atttypid, atttypmod), attnotnull, reloptions FROM pg_attribute"
        " JOIN pg_class ON pg_class.oid = attrelid"
        " WHERE relname IN ('stored_events', 'stored_event_uuid', 'stored_events_notification_id_idx',"
        " 'stored_events_pkey') AND attnum > 0 ORDER BY relname, attnum"
    )
    ours = postgres.execute(shape, database=name)
    assert len(ours) == 5 + 4 + 1 + 2
    with psycopg.connect(postgresql_url) as connection:
        connection.execute("DROP TABLE stored_events")
        connection.execute("DROP TYPE stored_event_uuid")
        for statement in theirs:
            connection.execute(statement)
    assert postgres.execute(shape, database=name) == ours


REFUSED = [
    *(
        statement.format(table)
        for table in (
            *("stored_events", "commands", "ledger_settings", "documents", "document_chunks", "accesses"),
            *("sealed_events", "seal_subtrees", "checkpoints"),
        )
        for statement in (
            "DELETE FROM {}",
            "TRUNCATE {}",
            "DROP TABLE {}",
            "ALTER TABLE {} ADD COLUMN more text",
            "LOCK TABLE {} IN EXCLUSIVE MODE",
            "CREATE TRIGGER t BEFORE INSERT ON {} EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        )
    ),
    "UPDATE stored_events SET topic = 'x'",
    "UPDATE commands SET key = 'x'",
    "UPDATE accesses SET row = '{}'",
    "UPDATE sealed_events SET hash = ''",
    "UPDATE checkpoints SET note = ''",
    "UPDATE documents SET sha256 = 'x'",
    "UPDATE documents SET media_type = 'text/html'",
    "UPDATE document_chunks SET bytes = ''",
    "INSERT INTO ledger_settings VALUES ('a', 'b')",
    "UPDATE ledger_settings SET value = 'UTC' WHERE name = 'time_zone'",
    "SELECT setval('stored_events_notification_id_seq', 1)",
    "DROP TYPE stored_event_uuid",
    "CREATE TABLE mine (a int)",
    "CREATE SCHEMA mine",
    "CREATE TEMPORARY TABLE mine (a int)",
]


def test_a_serving_role_serves_and_can_change_nothing(
    postgres: PostgresServer, postgresql_url: str, serving_role: str
) -> None:
    database = postgresql_url.rpartition("/")[2]
    postgres.execute("REVOKE ALL ON DATABASE {} FROM PUBLIC", database)
    url = postgres.url(database, serving_role, "serving")
    with pytest.raises(StoreError, match="cannot be reached"):
        open_ledger(url)
    # Whatever it had before, afterwards it has exactly what serving needs.
    everything = "stored_events, commands, ledger_settings, documents, document_chunks"
    postgres.execute(f"GRANT ALL ON {everything} TO {{}}", serving_role, database=database)
    for _ in range(2):
        upgrade(postgresql_url, serving_role=serving_role, entropy=seeded(1))

    with open_ledger(url) as ledger:
        patient_id = ledger.open_history(opening(), NURSE, key="k").patient_id
        dosed(ledger, patient_id, 0, 1, 2, 3, 4)
        assert ledger.execute(patient_id, dose(5), NURSE, key="again").history.version == 8
        assert ledger.execute(patient_id, dose(5), NURSE, key="again").replayed
        assert list(ledger.patients()) == [patient_id]
        documents = documents_of(ledger.recorder.datastore)
        for _ in range(2):
            sha256 = documents.put(patient_id, [b"a synthetic letter"]).sha256
        assert documents.renew(patient_id, sha256).sha256 == sha256
        assert b"".join(documents.open(patient_id, sha256)) == b"a synthetic letter"
        # It serves, and can't make a document disappear: the owner sweeps.
        with pytest.raises(StoreError, match=r"may not remove documents.*the role that owns"):
            documents.sweep(lambda _: (), now=datetime.now(UTC) + 2 * GRACE)
        assert documents.exists(patient_id, sha256)

    with psycopg.connect(url, autocommit=True) as connection:
        for statement in REFUSED:
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(sql.SQL(statement))
        for table in ("view_generations", "worklist_entries", "worklist_counts", "view_failures"):
            # They are derived: replaced as events come in, and thrown away by a rebuild.
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(table)))
    with pytest.raises(StoreError, match="was refused, and nothing was changed"):
        upgrade(url, entropy=seeded(1))


@pytest.mark.parametrize(("role", "cause"), [("nobody_here", "does not exist"), ("postgres", "permission to change")])
def test_a_serving_role_that_cannot_be_one(postgresql_url: str, role: str, cause: str) -> None:
    with pytest.raises(StoreError, match=cause):
        upgrade(postgresql_url, serving_role=role, entropy=seeded(1))


def test_a_role_without_grants_is_told_what_is_missing(
    postgres: PostgresServer, postgresql_url: str, serving_role: str
) -> None:
    database = postgresql_url.rpartition("/")[2]
    with pytest.raises(StoreError, match=r"may not read the ledger.*--serving-role"):
        open_ledger(postgres.url(database, serving_role, "serving"))
