"""A new origin, after a restore that lost what was sealed: a person decides it, and it stays on record.

The tree is computed anew from the log as it is. The checkpoint that was left behind is named by the
event that starts the origin and by every checkpoint after it, so that whoever holds one can ask.
"""

from __future__ import annotations

from contextlib import closing

import psycopg
from psycopg.sql import SQL, Identifier

from domain.ledger.application import Ledger
from domain.ledger.errors import StoreError
from domain.ledger.sealing.sealing import Sealing, SignedCheckpoint
from domain.ledger.sealing.signer import Signer
from domain.ledger.stores import sqlite_connections
from domain.ledger.stores.postgres_datastore import SCHEMA, connection_parameters
from domain.ledger.stores.urls import PostgresAddress, SQLiteAddress
from domain.ledger.tables.seal import DERIVED, SQLITE_SEAL

AS_OWNER = "run the command with the URL of the role that owns the database"


def start_new_origin(ledger: Ledger, signer: Signer, sealing: Sealing, reason: str) -> SignedCheckpoint:
    """The first checkpoint of the new origin. Raises StoreError where this role may not clear the tree."""
    last = signer.last()
    stored = sealing.newest()
    match ledger.address:
        case SQLiteAddress():
            _clear_in_sqlite(ledger.address)
        case PostgresAddress():
            _clear_in_postgres(ledger.address)
    # What a lost folder does not remember, the store may.
    after = last[0] if last is not None else stored.note if stored is not None else None
    sealing.origins.start_anew(after, reason)
    signer.begin_anew()
    return sealing.seal_now()


def _clear_in_sqlite(address: SQLiteAddress) -> None:
    with closing(sqlite_connections.connect(address.path)) as connection:  # noqa: SIM117  (the transaction ends first)
        with sqlite_connections.translated(), sqlite_connections.transaction(connection, commit=True) as cursor:
            for table in DERIVED:
                cursor.execute(f"DROP TRIGGER {table}_refuse_delete")
                cursor.execute(f"DELETE FROM {table}")  # noqa: S608  (our own names)
            for statement in SQLITE_SEAL:
                cursor.execute(statement)


def _clear_in_postgres(address: PostgresAddress) -> None:
    try:
        with psycopg.connect(**connection_parameters(address)) as connection:
            for table in DERIVED:
                connection.execute(SQL("DELETE FROM {}.{}").format(Identifier(SCHEMA), Identifier(table)))
    except psycopg.errors.InsufficientPrivilege:
        raise StoreError("This database role may not clear the hash tree, which must be rebuilt", AS_OWNER) from None
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[0]
        raise StoreError(f"The hash tree could not be cleared, and nothing was changed: {reason}", AS_OWNER) from error
