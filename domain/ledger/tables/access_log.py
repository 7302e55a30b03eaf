"""The table of the access log: the user, the patient, the time, the purpose and the network address of each access.

A register contains the rows of one process, which are numbered from 1 and never change. The digest of each batch is
an event (`AccessesRecorded`), which is written in the same transaction.
"""

from __future__ import annotations

from typing import Final

SQLITE_ACCESSES: Final = (
    """CREATE TABLE IF NOT EXISTS accesses (
        register TEXT NOT NULL, number INTEGER NOT NULL, at TEXT NOT NULL, actor_id TEXT NOT NULL,
        patient_id TEXT, row TEXT NOT NULL, PRIMARY KEY (register, number)) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS accesses_of_patient ON accesses (patient_id, at, register, number)",
    "CREATE INDEX IF NOT EXISTS accesses_by_actor ON accesses (actor_id, at, register, number)",
    "CREATE INDEX IF NOT EXISTS accesses_at ON accesses (at, register, number)",
    *(
        f"""CREATE TRIGGER IF NOT EXISTS accesses_refuse_{change.lower()} BEFORE {change} ON accesses
        BEGIN SELECT RAISE(ABORT, 'what is recorded is never changed or deleted'); END"""
        for change in ("UPDATE", "DELETE")
    ),
    # INSERT OR REPLACE deletes rows without firing the triggers above.
    """CREATE TRIGGER IF NOT EXISTS accesses_refuse_replace BEFORE INSERT ON accesses
        WHEN EXISTS (SELECT 1 FROM accesses WHERE register = NEW.register AND number = NEW.number)
        BEGIN SELECT RAISE(ABORT, 'this row is recorded already'); END""",
)

POSTGRES_ACCESSES: Final = (
    """CREATE TABLE IF NOT EXISTS {schema}.accesses (
        register uuid NOT NULL, number bigint NOT NULL, at timestamptz NOT NULL, actor_id text COLLATE "C" NOT NULL,
        patient_id uuid, row text NOT NULL, PRIMARY KEY (register, number))""",
    "CREATE INDEX IF NOT EXISTS accesses_of_patient ON {schema}.accesses (patient_id, at, register, number)",
    "CREATE INDEX IF NOT EXISTS accesses_by_actor ON {schema}.accesses (actor_id, at, register, number)",
    "CREATE INDEX IF NOT EXISTS accesses_at ON {schema}.accesses (at, register, number)",
)
