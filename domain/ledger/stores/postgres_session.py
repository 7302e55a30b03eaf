"""A connection to PostgreSQL that reads and writes the same, whatever defaults its database and its role have.

A database or a role can have another date format, time zone, encoding, search path or isolation level. So each
connection sets what it relies on. The encoding of a database cannot be set: a ledger is not created in another one.
"""

from __future__ import annotations

from typing import Any, Final

from psycopg import Connection

from domain.ledger.errors import StoreError
from domain.ledger.stores.urls import PostgresAddress
from domain.ledger.tables.tables import SCHEMA

SETTINGS: Final = {
    # How values are written and read as text.
    "client_encoding": "UTF8",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    # How statements are read.
    "standard_conforming_strings": "on",
    "array_nulls": "on",
    "transform_null_equals": "off",
    "search_path": SCHEMA,
    # What a transaction sees: `record_commands` must see all that was committed before it has its lock.
    "default_transaction_isolation": "read committed",
    "default_transaction_deferrable": "off",
}
"""Each can be set by every role, and has this value on every connection."""

ENCODING: Final = "UTF8"

_SET: Final = "; ".join(f"SET {name} = '{value}'" for name, value in SETTINGS.items())
# A role or a database may leave it off. An acknowledged command must be on the disk; every other value is kept.
_DURABLE: Final = (
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
)
_PREPARE: Final = f"{_SET}; {_DURABLE}".encode()


def prepare_session(connection: Connection[Any]) -> None:
    """Sets what this program relies on, in one round trip, before the first transaction. Raises psycopg's errors."""
    autocommit = connection.autocommit
    # Inside of a transaction, a setting is lost if the transaction is rolled back.
    connection.autocommit = True
    connection.execute(_PREPARE, prepare=False)
    connection.autocommit = autocommit


def check_encoding(connection: Connection[Any], address: PostgresAddress) -> None:
    """Raises StoreError if a new ledger cannot be in this database. One that is there stays readable."""
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != ENCODING:
        raise StoreError(
            f"The database at {address} has the encoding {encoding}, and a ledger needs {ENCODING}",
            f"create another database for it: CREATE DATABASE plan ENCODING '{ENCODING}' TEMPLATE template0",
        )
