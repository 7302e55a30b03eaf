"""The table of browser sessions: the hash of the secret, the user, and the times. Rows are deleted when they end."""

from __future__ import annotations

from typing import Final

SQLITE_SESSIONS: Final = (
    """CREATE TABLE IF NOT EXISTS sessions (
        secret_sha256 TEXT PRIMARY KEY, person_id TEXT NOT NULL, row TEXT NOT NULL,
        created_at TEXT NOT NULL, last_used_at TEXT NOT NULL, expires_at TEXT NOT NULL) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS sessions_of_person ON sessions (person_id)",
)

POSTGRES_SESSIONS: Final = (
    """CREATE TABLE IF NOT EXISTS {schema}.sessions (
        secret_sha256 text PRIMARY KEY, person_id text NOT NULL, row text NOT NULL,
        created_at timestamptz NOT NULL, last_used_at timestamptz NOT NULL, expires_at timestamptz NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS sessions_of_person ON {schema}.sessions (person_id)",
)
