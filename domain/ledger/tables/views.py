"""The tables of the views on both stores. They contain only rows that are derived from the log.

So no trigger protects them: rows are replaced when events are recorded, and deleted by a rebuild. If the columns of a
table change, the table gets a new name, the old one is dropped, and the rows are rebuilt.
"""

from __future__ import annotations

from typing import Final

# SQLite compares instants as text, so they are written in UTC and at one width, and days as YYYY-MM-DD.
_SQLITE: Final = (
    """CREATE TABLE IF NOT EXISTS view_generations (
        view TEXT NOT NULL, generation INTEGER NOT NULL, renderer TEXT NOT NULL, position INTEGER NOT NULL,
        serves INTEGER NOT NULL, clocks_at TEXT NOT NULL, moved_at TEXT NOT NULL,
        PRIMARY KEY (view, generation)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS worklist_entries (
        generation INTEGER NOT NULL, subject_id TEXT NOT NULL, patient_id TEXT NOT NULL, kind TEXT NOT NULL,
        state TEXT NOT NULL, path TEXT NOT NULL, recommendation TEXT NOT NULL, line_of_business TEXT NOT NULL,
        urgency TEXT NOT NULL, held_by TEXT NOT NULL, received_at TEXT NOT NULL, due_at TEXT NOT NULL,
        at_risk_from TEXT NOT NULL, paused_from TEXT NOT NULL, paused_until TEXT NOT NULL, changes_on TEXT,
        missing TEXT NOT NULL, row TEXT NOT NULL, history_version INTEGER NOT NULL, standing TEXT NOT NULL,
        turns_at TEXT NOT NULL, PRIMARY KEY (generation, subject_id))""",
    """CREATE TABLE IF NOT EXISTS worklist_counts (
        generation INTEGER NOT NULL, held_by TEXT NOT NULL, missing TEXT NOT NULL, kind TEXT NOT NULL,
        state TEXT NOT NULL, path TEXT NOT NULL, recommendation TEXT NOT NULL, line_of_business TEXT NOT NULL,
        urgency TEXT NOT NULL, standing TEXT NOT NULL, number INTEGER NOT NULL,
        PRIMARY KEY (generation, held_by, missing, kind, state, path, recommendation, line_of_business, urgency,
            standing)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS view_failures (
        view TEXT NOT NULL, patient_id TEXT NOT NULL, error TEXT NOT NULL, failed_at TEXT NOT NULL,
        attempts INTEGER NOT NULL, PRIMARY KEY (view, patient_id)) WITHOUT ROWID""",
)

# Text columns that are compared or sorted use the order of code points, as SQLite and Python do.
_POSTGRES: Final = (
    """CREATE TABLE IF NOT EXISTS {schema}.view_generations (
        view text NOT NULL, generation integer NOT NULL, renderer text NOT NULL, position bigint NOT NULL,
        serves integer NOT NULL, clocks_at timestamptz NOT NULL, moved_at timestamptz NOT NULL,
        PRIMARY KEY (view, generation))""",
    """CREATE TABLE IF NOT EXISTS {schema}.worklist_entries (
        generation integer NOT NULL, subject_id text COLLATE "C" NOT NULL, patient_id uuid NOT NULL,
        kind text COLLATE "C" NOT NULL, state text COLLATE "C" NOT NULL, path text COLLATE "C" NOT NULL,
        recommendation text COLLATE "C" NOT NULL, line_of_business text COLLATE "C" NOT NULL,
        urgency text COLLATE "C" NOT NULL, held_by text COLLATE "C" NOT NULL,
        received_at timestamptz NOT NULL, due_at timestamptz NOT NULL, at_risk_from timestamptz NOT NULL,
        paused_from timestamptz NOT NULL, paused_until timestamptz NOT NULL, changes_on date,
        missing text COLLATE "C" NOT NULL, row text NOT NULL, history_version bigint NOT NULL,
        standing text COLLATE "C" NOT NULL, turns_at timestamptz NOT NULL,
        PRIMARY KEY (generation, subject_id))""",
    """CREATE TABLE IF NOT EXISTS {schema}.worklist_counts (
        generation integer NOT NULL, held_by text COLLATE "C" NOT NULL, missing text COLLATE "C" NOT NULL,
        kind text COLLATE "C" NOT NULL, state text COLLATE "C" NOT NULL, path text COLLATE "C" NOT NULL,
        recommendation text COLLATE "C" NOT NULL, line_of_business text COLLATE "C" NOT NULL,
        urgency text COLLATE "C" NOT NULL, standing text COLLATE "C" NOT NULL, number bigint NOT NULL,
        PRIMARY KEY (generation, held_by, missing, kind, state, path, recommendation, line_of_business, urgency,
            standing))""",
    """CREATE TABLE IF NOT EXISTS {schema}.view_failures (
        view text NOT NULL, patient_id uuid NOT NULL, error text NOT NULL, failed_at timestamptz NOT NULL,
        attempts integer NOT NULL, PRIMARY KEY (view, patient_id))""",
)

_FACETS: Final = "missing, kind, state, path, recommendation, line_of_business, urgency, standing, held_by"

_INDEXES: Final = {
    "worklist_entries_due": "(generation, due_at, subject_id)",
    "worklist_entries_received": "(generation, received_at, subject_id)",
    "worklist_entries_holder": "(generation, held_by, subject_id)",
    "worklist_entries_state": "(generation, state, subject_id)",
    "worklist_entries_patient": "(generation, patient_id)",
    "worklist_entries_changes": "(generation, changes_on) WHERE changes_on IS NOT NULL",
    "worklist_entries_turns": "(generation, turns_at)",
    "worklist_entries_standing": "(generation, standing, due_at, subject_id)",
    "worklist_entries_facets": f"(generation, {_FACETS})",
}

NAMES: Final = ("view_generations", "worklist_entries", "worklist_counts", "view_failures")
_FORMER_NAMES: Final = ("view_positions", "worklist_rows")

SQLITE_VIEWS: Final = (
    *_SQLITE,
    *(f"CREATE INDEX IF NOT EXISTS {name} ON worklist_entries {columns}" for name, columns in _INDEXES.items()),
    *(f"DROP TABLE IF EXISTS {table}" for table in _FORMER_NAMES),
)

POSTGRES_VIEWS: Final = (
    *_POSTGRES,
    *(
        f"CREATE INDEX IF NOT EXISTS {name} ON {{schema}}.worklist_entries {columns}"
        for name, columns in _INDEXES.items()
    ),
    *(f"DROP TABLE IF EXISTS {{schema}}.{table}" for table in _FORMER_NAMES),
)
