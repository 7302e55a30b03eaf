"""The tables of a ledger on both stores, their triggers, and the permissions of a serving role on each.

Version 1 had the events, the commands and the settings. Version 2 added the documents, which are files in a folder
on SQLite, and the tables of the views. Version 3 added the function that records commands on PostgreSQL, and
re-creates the tables of the views, which contain only derived rows (`views.py`). Version 4 added the access log, the
seal, and browser sessions.
Every statement is safe to repeat, and a version only adds new objects, so running all statements upgrades any version
to the newest.
"""

from __future__ import annotations

from typing import Final

from domain.ledger.tables import access_log, seal, sessions, views

SCHEMA_VERSION: Final = 5

SCHEMA: Final = "public"
"""The schema on PostgreSQL that has the tables."""

ORDERING_LOCK: Final = 5_207_642_218_040_313_157
"""The advisory lock on PostgreSQL that every writer of events takes first, so that ids are in the order of commits."""

CHANNEL: Final = "stored_events"
"""The channel on which PostgreSQL notifies listeners of new events."""

# -- SQLite -----------------------------------------------------------------------------------

_SQLITE_EVENTS: Final = (
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
    # INSERT OR REPLACE deletes rows without firing the triggers above.
    """CREATE TRIGGER IF NOT EXISTS stored_events_refuse_replace BEFORE INSERT ON stored_events
        WHEN EXISTS (SELECT 1 FROM stored_events WHERE rowid = NEW.rowid
            OR (originator_id = NEW.originator_id AND originator_version = NEW.originator_version))
        BEGIN SELECT RAISE(ABORT, 'this version is recorded already'); END""",
    """CREATE TRIGGER IF NOT EXISTS commands_refuse_replace BEFORE INSERT ON commands
        WHEN EXISTS (SELECT 1 FROM commands WHERE caller = NEW.caller AND key = NEW.key)
        BEGIN SELECT RAISE(ABORT, 'this key is recorded already'); END""",
)

SQLITE_TABLES: Final = (
    *_SQLITE_EVENTS,
    *access_log.SQLITE_ACCESSES,
    *seal.SQLITE_SEAL,
    *sessions.SQLITE_SESSIONS,
    *views.SQLITE_VIEWS,
)

# -- PostgreSQL -------------------------------------------------------------------------------

_POSTGRES_EVENTS: Final = (
    """CREATE TABLE IF NOT EXISTS {schema}.stored_events (
        originator_id uuid NOT NULL, originator_version bigint NOT NULL, topic text, state bytea,
        notification_id bigserial,
        PRIMARY KEY (originator_id, originator_version))
        WITH (autovacuum_enabled = true, autovacuum_vacuum_threshold = 100000000,
            autovacuum_vacuum_scale_factor = 0.5, autovacuum_analyze_threshold = 1000,
            autovacuum_analyze_scale_factor = 0.01)""",
    """CREATE UNIQUE INDEX IF NOT EXISTS stored_events_notification_id_idx
        ON {schema}.stored_events (notification_id ASC)""",
    """CREATE TABLE IF NOT EXISTS {schema}.commands (
        caller text NOT NULL, key text NOT NULL, request_digest text NOT NULL, patient_id uuid NOT NULL,
        first_version bigint NOT NULL, last_version bigint NOT NULL,
        PRIMARY KEY (caller, key))""",
    "CREATE TABLE IF NOT EXISTS {schema}.ledger_settings (name text PRIMARY KEY, value text NOT NULL)",
)

POSTGRES_EVENT_TYPE: Final = """CREATE TYPE {schema}.stored_event_uuid AS (
    originator_id uuid, originator_version bigint, topic text, state bytea)"""

RECORD_COMMANDS: Final = f"""
    CREATE OR REPLACE FUNCTION {{schema}}.record_commands(batch jsonb, states bytea[]) RETURNS SETOF integer
    LANGUAGE plpgsql SET lock_timeout TO '3s' AS $body$
    DECLARE
        one record;
        head record;
        is_late boolean;
        number integer := 0;
    BEGIN
        -- Until the commit. Every statement after this one sees all that was committed before it was got.
        PERFORM pg_advisory_xact_lock({ORDERING_LOCK});
        FOR one IN SELECT * FROM jsonb_to_recordset(batch) AS command (
            heads jsonb, events jsonb, caller text, key text, request_digest text, patient_id uuid,
            first bigint, last bigint, register uuid, accesses jsonb)
        LOOP
            is_late := false;
            FOR head IN SELECT * FROM jsonb_to_recordset(one.heads) AS known (stream uuid, version bigint) LOOP
                is_late := is_late OR head.version <> COALESCE((
                    SELECT max(stored.originator_version) FROM {{schema}}.stored_events AS stored
                    WHERE stored.originator_id = head.stream), 0);
            END LOOP;
            IF NOT is_late AND one.key IS NOT NULL THEN
                INSERT INTO {{schema}}.commands
                VALUES (one.caller, one.key, one.request_digest, one.patient_id, one.first, one.last)
                ON CONFLICT DO NOTHING;
                is_late := NOT FOUND;
            END IF;
            IF is_late THEN
                RETURN NEXT number;
            ELSE
                INSERT INTO {{schema}}.stored_events (originator_id, originator_version, topic, state)
                SELECT event.stream, event.version, event.topic, states[event.state]
                FROM jsonb_to_recordset(one.events) AS event (stream uuid, version bigint, topic text, state integer)
                ORDER BY event.state;
                IF one.accesses IS NOT NULL THEN
                    INSERT INTO {{schema}}.accesses (register, number, at, actor_id, patient_id, row)
                    SELECT one.register, access.number, access.at, access.actor_id, access.patient_id, access.row
                    FROM jsonb_to_recordset(one.accesses) AS access (
                        number bigint, at timestamptz, actor_id text, patient_id uuid, row text);
                END IF;
            END IF;
            number := number + 1;
        END LOOP;
        PERFORM pg_notify('{CHANNEL}', '');
    END $body$"""  # noqa: S608  (only our own constants are inserted)
"""Records a batch of commands, each completely or not at all. Returns the indexes, from 0, of those too late."""

# A document and its chunks are written in one transaction, so no reader sees a document without all of its chunks.
_POSTGRES_DOCUMENTS: Final = (
    """CREATE TABLE IF NOT EXISTS {schema}.documents (
        patient_id uuid NOT NULL, sha256 text NOT NULL, media_type text NOT NULL, size_bytes bigint NOT NULL,
        stored_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (patient_id, sha256))""",
    """CREATE TABLE IF NOT EXISTS {schema}.document_chunks (
        patient_id uuid NOT NULL, sha256 text NOT NULL, number integer NOT NULL, bytes bytea NOT NULL,
        PRIMARY KEY (patient_id, sha256, number),
        FOREIGN KEY (patient_id, sha256) REFERENCES {schema}.documents ON DELETE CASCADE)""",
)

POSTGRES_TABLES: Final = (
    *_POSTGRES_EVENTS,
    RECORD_COMMANDS,
    *_POSTGRES_DOCUMENTS,
    *access_log.POSTGRES_ACCESSES,
    *seal.POSTGRES_SEAL,
    *sessions.POSTGRES_SESSIONS,
    *views.POSTGRES_VIEWS,
)

_RECORDED: Final = ", ".join(f"{{schema}}.{name}" for name in ("stored_events", "commands", "accesses", *seal.INSERTED))
_CHANGEABLE: Final = f"{{schema}}.sessions, {{schema}}.{seal.LEASE}"
_DOCUMENTS: Final = "{schema}.documents, {schema}.document_chunks"
_VIEWS: Final = ", ".join(f"{{schema}}.{name}" for name in views.NAMES)

REVOCATIONS: Final = (
    f"REVOKE ALL ON {_RECORDED}, {{schema}}.ledger_settings, {_DOCUMENTS}, {_CHANGEABLE}, {_VIEWS} FROM {{role}}",
    "REVOKE ALL ON SEQUENCE {schema}.stored_events_notification_id_seq FROM {role}",
)
"""Run before the grants, so that a role has exactly the granted permissions, whatever it had before."""

GRANTS: Final = (
    "GRANT CONNECT ON DATABASE {database} TO {role}",
    "GRANT USAGE ON SCHEMA {schema} TO {role}",
    f"GRANT INSERT, SELECT ON {_RECORDED}, {_DOCUMENTS} TO {{role}}",
    "GRANT SELECT ON {schema}.ledger_settings TO {role}",
    "GRANT USAGE ON SEQUENCE {schema}.stored_events_notification_id_seq TO {role}",
    # Storing a document again protects it from sweeps. A sweep deletes, so only the owner may run it: a serving role
    # can't delete the evidence of an appeal.
    "GRANT UPDATE (stored_at) ON {schema}.documents TO {role}",
    f"GRANT SELECT, INSERT, UPDATE, DELETE ON {_CHANGEABLE}, {_VIEWS} TO {{role}}",
)

SERVING_ROLES: Final = """
    SELECT DISTINCT rolname FROM pg_class, aclexplode(relacl) AS granted JOIN pg_roles ON pg_roles.oid = grantee
    WHERE pg_class.oid = to_regclass(%s) AND privilege_type = 'INSERT' AND grantee <> relowner AND NOT rolsuper
    ORDER BY rolname"""
"""Selects the roles that may insert events. The parameter is the name of the events table."""
