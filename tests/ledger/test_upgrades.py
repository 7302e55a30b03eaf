"""From an older schema to this one: everything recorded is kept, and so are the guards and who may serve.

The statements of version 1 stay here as they were, whatever becomes of the program's own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg import sql

from domain.ledger.application import Ledger, open_ledger
from domain.ledger.documents.store import GRACE, documents_of
from domain.ledger.errors import StoreError
from domain.ledger.index_upgrade import upgrade
from domain.ledger.schema import Settings, read_settings
from domain.ledger.stores.urls import SQLiteAddress, address_of
from domain.ledger.tables.tables import RECORD_COMMANDS
from tests.conftest import ZONE, seeded
from tests.ledger.acts import dose, dosed, opening
from tests.postgres_server import PostgresServer
from tests.story import NURSE

NAMESPACE: Final = UUID("6f0d5f0c-8f3b-4a53-9d4d-2f7c2f4a7a11")

SETTINGS_1: Final = f"""INSERT INTO ledger_settings (name, value) VALUES
    ('schema_version', '1'), ('time_zone', '{ZONE}'), ('index_namespace', '{NAMESPACE}')"""

SQLITE_1: Final = (
    """CREATE TABLE IF NOT EXISTS stored_events (
        originator_id TEXT, originator_version INTEGER, topic TEXT, state BLOB,
        PRIMARY KEY (originator_id, originator_version))""",
    """CREATE TABLE IF NOT EXISTS commands (
        caller TEXT NOT NULL, key TEXT NOT NULL, request_digest TEXT NOT NULL, patient_id TEXT NOT NULL,
        first_version INTEGER NOT NULL, last_version INTEGER NOT NULL,
        PRIMARY KEY (caller, key)) WITHOUT ROWID""",
    "CREATE TABLE IF NOT EXISTS ledger_settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    *(
        f"""CREATE TRIGGER IF NOT EXISTS {table}_refuse_{change.lower()} BEFORE {change} ON {table}
        BEGIN SELECT RAISE(ABORT, 'what is recorded is never changed or deleted'); END"""
        for table in ("stored_events", "commands")
        for change in ("UPDATE", "DELETE")
    ),
    """CREATE TRIGGER IF NOT EXISTS stored_events_refuse_replace BEFORE INSERT ON stored_events
        WHEN EXISTS (SELECT 1 FROM stored_events WHERE rowid = NEW.rowid
            OR (originator_id = NEW.originator_id AND originator_version = NEW.originator_version))
        BEGIN SELECT RAISE(ABORT, 'this version is recorded already'); END""",
    """CREATE TRIGGER IF NOT EXISTS commands_refuse_replace BEFORE INSERT ON commands
        WHEN EXISTS (SELECT 1 FROM commands WHERE caller = NEW.caller AND key = NEW.key)
        BEGIN SELECT RAISE(ABORT, 'this key is recorded already'); END""",
    SETTINGS_1,
)

POSTGRES_1: Final = (
    """CREATE TABLE IF NOT EXISTS public.stored_events (
        originator_id uuid NOT NULL, originator_version bigint NOT NULL, topic text, state bytea,
        notification_id bigserial,
        PRIMARY KEY (originator_id, originator_version))
        WITH (autovacuum_enabled = true, autovacuum_vacuum_threshold = 100000000,
            autovacuum_vacuum_scale_factor = 0.5, autovacuum_analyze_threshold = 1000,
            autovacuum_analyze_scale_factor = 0.01)""",
    """CREATE UNIQUE INDEX IF NOT EXISTS stored_events_notification_id_idx
        ON public.stored_events (notification_id ASC)""",
    """CREATE TABLE IF NOT EXISTS public.commands (
        caller text NOT NULL, key text NOT NULL, request_digest text NOT NULL, patient_id uuid NOT NULL,
        first_version bigint NOT NULL, last_version bigint NOT NULL,
        PRIMARY KEY (caller, key))""",
    "CREATE TABLE IF NOT EXISTS public.ledger_settings (name text PRIMARY KEY, value text NOT NULL)",
    """CREATE TYPE public.stored_event_uuid AS (
        originator_id uuid, originator_version bigint, topic text, state bytea)""",
    SETTINGS_1,
)

POSTGRES_GRANTS_1: Final = (
    "GRANT CONNECT ON DATABASE {database} TO {role}",
    "GRANT USAGE ON SCHEMA public TO {role}",
    "GRANT INSERT, SELECT ON public.stored_events, public.commands TO {role}",
    "GRANT SELECT ON public.ledger_settings TO {role}",
    "GRANT USAGE ON SEQUENCE public.stored_events_notification_id_seq TO {role}",
)

SHAPES: Final = {
    "sqlite": "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name",
    "postgresql": """
        SELECT relname, attname, format_type(atttypid, atttypmod), attnotnull, relkind, reloptions
        FROM pg_class LEFT JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0
        WHERE relnamespace = 'public'::regnamespace ORDER BY 1, attnum""",
}


@dataclass
class Old:
    """A ledger of version 1 with a history in it, and SQL statements that read it directly."""

    url: str
    ask: Callable[[str], list[tuple[Any, ...]]]
    patient_id: UUID

    def recorded(self) -> list[list[tuple[Any, ...]]]:
        return [
            self.ask("SELECT * FROM stored_events ORDER BY originator_id, originator_version"),
            self.ask("SELECT * FROM commands ORDER BY key"),
        ]


@pytest.fixture
def old(store: str, tmp_path: Path, request: pytest.FixtureRequest) -> Old:
    if store == "sqlite":
        url = f"sqlite:///{tmp_path / 'old.sqlite'}"
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.url(request.getfixturevalue("empty_database"))

    def ask(statement: str) -> list[tuple[Any, ...]]:
        if store == "sqlite":
            with closing(sqlite3.connect(tmp_path / "old.sqlite", isolation_level=None)) as connection:
                return connection.execute(statement).fetchall()
        with psycopg.connect(url) as postgres_connection:
            cursor = postgres_connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    for statement in SQLITE_1 if store == "sqlite" else POSTGRES_1:
        ask(statement)
    # The table of events is what it was, so today's program can write a history into it, by its function.
    if store == "postgresql":
        ask(RECORD_COMMANDS.format(schema="public"))
    with Ledger(address_of(url), Settings(ZoneInfo(ZONE), NAMESPACE, NAMESPACE), entropy=seeded(1)) as ledger:
        patient_id = ledger.open_history(opening(), NURSE, key="k").patient_id
        dosed(ledger, patient_id, 0, 1, 2)
        ledger.execute(patient_id, dose(3), NURSE, key="fourth")
    if store == "postgresql":
        ask("DROP FUNCTION public.record_commands")
    return Old(url, ask, patient_id)


def test_an_upgrade_keeps_every_event_and_every_command(old: Old) -> None:
    before = old.recorded()
    assert [len(rows) for rows in before] == [6, 2]
    for _ in range(2):
        settings, _ = upgrade(old.url, entropy=seeded(99))
        assert (settings.zone, settings.index_namespace) == (ZoneInfo(ZONE), NAMESPACE)
        assert old.recorded() == before
    assert old.ask("SELECT value FROM ledger_settings WHERE name = 'schema_version'") == [("5",)]

    with open_ledger(old.url, zone=ZONE, entropy=seeded(2)) as ledger:
        assert ledger.history(old.patient_id).version == 5
        assert list(ledger.patients()) == [old.patient_id]
        assert ledger.find(opening().member) == old.patient_id
        assert ledger.execute(old.patient_id, dose(3), NURSE, key="fourth").replayed
        assert ledger.execute(old.patient_id, dose(4), NURSE).history.version == 7
        documents = documents_of(ledger.recorder.datastore)
        sha256 = documents.put(old.patient_id, [b"a synthetic letter"]).sha256
        assert b"".join(documents.open(old.patient_id, sha256)) == b"a synthetic letter"


def test_an_upgraded_ledger_has_the_shape_of_a_new_one(old: Old, store: str, ledger_url: str) -> None:
    upgrade(old.url, entropy=seeded(99))
    if store == "sqlite":
        with closing(sqlite3.connect(ledger_url.removeprefix("sqlite:///"))) as connection:
            new = connection.execute(SHAPES[store]).fetchall()
    else:
        with psycopg.connect(ledger_url) as postgres_connection:
            new = postgres_connection.execute(SHAPES[store]).fetchall()
    assert {"worklist_entries", "view_failures", "worklist_entries_due"} <= {name for row in new for name in row[:2]}
    assert old.ask(SHAPES[store]) == new


def test_an_older_ledger_is_upgraded_when_opened_on_sqlite_and_named_on_postgresql(old: Old, store: str) -> None:
    if store == "postgresql":
        with pytest.raises(StoreError, match=r"has schema 1, and this program needs 5: run .* database upgrade"):
            open_ledger(old.url)
        assert old.ask("SELECT to_regclass('documents')") == [(None,)]
        return
    with open_ledger(old.url) as ledger:
        assert ledger.history(old.patient_id).version == 5
    assert isinstance(address_of(old.url), SQLiteAddress)
    assert read_settings(address_of(old.url)).index_namespace == NAMESPACE


@pytest.mark.parametrize("store", ["sqlite"])
@pytest.mark.parametrize(
    "statement", ["UPDATE stored_events SET state = x'00'", "DELETE FROM stored_events", "DELETE FROM commands"]
)
def test_the_guards_of_sqlite_are_kept(old: Old, statement: str) -> None:
    upgrade(old.url, entropy=seeded(99))
    before = old.recorded()
    with pytest.raises(sqlite3.IntegrityError, match="never changed or deleted"):
        old.ask(statement)
    assert old.recorded() == before


@pytest.mark.parametrize("store", ["postgresql"])
@pytest.mark.parametrize("named_again", [False, True])
def test_who_served_before_serves_after_and_an_auditor_still_only_reads(
    old: Old, postgres: PostgresServer, serving_role: str, named_again: bool
) -> None:
    database = old.url.rpartition("/")[2]
    auditor = f"{serving_role}_auditor"
    postgres.execute("CREATE ROLE {} LOGIN PASSWORD 'reading'", auditor)
    for statement in POSTGRES_GRANTS_1:
        names = {"database": sql.Identifier(database), "role": sql.Identifier(serving_role)}
        with psycopg.connect(old.url) as connection:
            connection.execute(sql.SQL(statement).format(**names))
    postgres.execute("GRANT SELECT ON public.stored_events TO {}", auditor, database=database)

    for _ in range(2):
        upgrade(old.url, serving_role=serving_role if named_again else None, entropy=seeded(99))

    with open_ledger(postgres.url(database, serving_role, "serving")) as ledger:
        assert ledger.execute(old.patient_id, dose(4), NURSE).history.version == 7
        documents = documents_of(ledger.recorder.datastore)
        assert documents.put(old.patient_id, [b"a synthetic letter"]).size_bytes == 18
        with pytest.raises(StoreError, match="may not remove"):
            documents.sweep(lambda _: (), now=datetime.now(UTC) + 2 * GRACE)
    with psycopg.connect(postgres.url(database, serving_role, "serving"), autocommit=True) as connection:
        connection.execute("INSERT INTO view_generations VALUES ('worklist', 1, 'a', 1, 1, now(), now())")
        connection.execute("UPDATE view_generations SET position = 2")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM stored_events")
    with psycopg.connect(postgres.url(database, auditor, "reading"), autocommit=True) as connection:
        assert connection.execute("SELECT count(*) FROM stored_events").fetchone() == (8,)
        for table in ("documents", "worklist_entries"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table)))


WORKLIST_ROW: Final = """
    INSERT INTO worklist_entries (generation, subject_id, patient_id, kind, state, path, recommendation,
        line_of_business, urgency, held_by, received_at, due_at, at_risk_from, paused_from, paused_until, changes_on,
        missing, row, history_version, standing, turns_at)
    VALUES (1, '{patient_id}.r1', '{patient_id}', 'request', 'open', '', 'pend', 'commercial', 'standard', '',
        '2026-04-28T04:00:00Z', '2026-05-13T04:00:00Z', '2026-05-09T04:00:00Z', '9999-01-01T00:00:00Z',
        '9999-01-01T00:00:00Z', '2026-05-01', ' 1.A.iii ', '{row}', 5, 'running',
        '2026-05-09T04:00:00Z')"""


def test_rows_of_the_view_tables_can_be_inserted_and_deleted(old: Old) -> None:
    upgrade(old.url, entropy=seeded(99))
    old.ask(WORKLIST_ROW.format(patient_id=old.patient_id, row='{"state": "open"}'))
    old.ask(f"INSERT INTO view_failures VALUES ('worklist', '{old.patient_id}', 'why', '2026-05-01T00:00:00Z', 1)")
    found = old.ask("SELECT state, row FROM worklist_entries WHERE generation = 1 ORDER BY due_at")
    assert found == [("open", '{"state": "open"}')]
    for table in ("worklist_entries", "view_failures"):
        assert len(old.ask(f"DELETE FROM {table} RETURNING 1")) == 1
