"""Empty PostgreSQL ledgers for the tests, one each, and used again where a test left nothing but rows.

Making a database costs ten times what emptying one does. A test that changed a table, a role's
grants or a setting gives its database up.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

import psycopg

from tests.postgres_server import PostgresServer

_SHAPE = """
SELECT md5(string_agg(part, E'\\n' ORDER BY part)) FROM (
    SELECT format('relation %s %s %s', relname, relkind, relacl) FROM pg_class
        WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT format('column %s %s %s', attrelid::regclass, attname, atttypid::regtype) FROM pg_attribute
        JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT format('type %s', typname) FROM pg_type WHERE typnamespace = 'public'::regnamespace
    UNION ALL SELECT format('function %s', proname) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT format('trigger %s', tgname) FROM pg_trigger
    UNION ALL SELECT format('schema %s %s', nspname, nspacl) FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp'
    UNION ALL SELECT format('database %s', datacl) FROM pg_database WHERE datname = current_database()
    UNION ALL SELECT format('setting %s %s', name, value) FROM public.ledger_settings
) AS shape (part)
"""


@dataclass
class Databases:
    """Copies of `template`, by their names."""

    server: PostgresServer
    template: str
    free: list[str] = field(default_factory=list)
    numbers: count[int] = field(default_factory=count)
    shape: str = ""

    def __post_init__(self) -> None:
        ((self.shape,),) = self.server.execute(_SHAPE, database=self.template)

    def take(self) -> str:
        if self.free:
            return self.free.pop()
        name = f"ledger_{next(self.numbers)}"
        self.server.execute("CREATE DATABASE {} TEMPLATE {} STRATEGY wal_log", name, self.template)
        return name

    def give_back(self, name: str) -> None:
        if self._emptied(name):
            self.free.append(name)
        else:
            self.server.execute("DROP DATABASE {} WITH (FORCE)", name)

    def _emptied(self, name: str) -> bool:
        try:
            with psycopg.connect(self.server.url(name)) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
                if connection.execute(_SHAPE).fetchone() != (self.shape,):
                    return False
                connection.execute(
                    "TRUNCATE stored_events, commands, documents, document_chunks, accesses, sessions,"
                    " sealed_events, seal_subtrees, checkpoints, seal_lease,"
                    " view_generations, worklist_entries, worklist_counts, view_failures RESTART IDENTITY"
                )
        except psycopg.Error:
            return False
        return True
