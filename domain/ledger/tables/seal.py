"""The tables of the seal: the leaves of the tree in the order of commits, full subtrees, and signed checkpoints.

The `position` of a leaf is the position of its event in the log. `seal_subtrees` has the hashes of full subtrees of
256 ** level leaves, so that any hash of the tree can be computed in at most 255 steps. Everything except the
signatures can be computed again from the log.
"""

from __future__ import annotations

from typing import Final

_SQLITE: Final = (
    """CREATE TABLE IF NOT EXISTS sealed_events (
        leaf_index INTEGER PRIMARY KEY, position INTEGER NOT NULL UNIQUE, hash BLOB NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS seal_subtrees (
        level INTEGER NOT NULL, number INTEGER NOT NULL, hash BLOB NOT NULL,
        PRIMARY KEY (level, number)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS checkpoints (
        origin TEXT NOT NULL, size INTEGER NOT NULL, note TEXT NOT NULL, signed_at TEXT NOT NULL,
        PRIMARY KEY (origin, size, note))""",
    "CREATE TABLE IF NOT EXISTS seal_lease (one INTEGER PRIMARY KEY, holder TEXT NOT NULL, until REAL NOT NULL)",
    *(
        f"""CREATE TRIGGER IF NOT EXISTS {table}_refuse_{change.lower()} BEFORE {change} ON {table}
        BEGIN SELECT RAISE(ABORT, 'what is sealed is never changed or deleted'); END"""
        for table in ("sealed_events", "seal_subtrees", "checkpoints")
        for change in ("UPDATE", "DELETE")
    ),
)

_POSTGRES: Final = (
    """CREATE TABLE IF NOT EXISTS {schema}.sealed_events (
        leaf_index bigint PRIMARY KEY, position bigint NOT NULL UNIQUE, hash bytea NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS {schema}.seal_subtrees (
        level integer NOT NULL, number bigint NOT NULL, hash bytea NOT NULL, PRIMARY KEY (level, number))""",
    """CREATE TABLE IF NOT EXISTS {schema}.checkpoints (
        origin text NOT NULL, size bigint NOT NULL, note text NOT NULL, signed_at timestamptz NOT NULL,
        PRIMARY KEY (origin, size, note))""",
    """CREATE TABLE IF NOT EXISTS {schema}.seal_lease (
        one integer PRIMARY KEY, holder text NOT NULL, until double precision NOT NULL)""",
)

SQLITE_SEAL: Final = _SQLITE
POSTGRES_SEAL: Final = _POSTGRES
INSERTED: Final = ("sealed_events", "seal_subtrees", "checkpoints")
"""The tables that a serving role may insert into and select from."""
LEASE: Final = "seal_lease"
DERIVED: Final = ("sealed_events", "seal_subtrees")
"""The tables that are rebuilt from the log for a new origin."""
