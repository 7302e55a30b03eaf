"""Starts a new origin after a restore that lost sealed events. A user decides this, and it is on record.

The tree is rebuilt from the log. The last checkpoint of the previous origin is named by the event that starts the new
origin and by every later checkpoint, so that anyone who has an older checkpoint can see what happened.
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
from domain.ledger.stores.postgres_datastore import SCHEMA, connected
from domain.ledger.stores.urls import PostgresAddress, SQLiteAddress
from domain.ledger.tables.seal import DERIVED, SQLITE_SEAL

AS_OWNER = "run the command with the URL of the role that owns the database"


def start_new_origin(ledger: Ledger, signer: Signer, sealing: Sealing, reason: str) -> SignedCheckpoint:
    """Starts a new origin, and returns its first checkpoint. Raises StoreError if this role may not clear the tree."""
    last = signer.last()
    stored = sealing.newest()
    match ledger.address:
        case SQLiteAddress():
            _clear_in_sqlite(ledger.address)
        case PostgresAddress():
            _clear_in_postgres(ledger.address)
    # If the signer's folder was lost, the store may still have the last checkpoint.
    after = last[0] if last is not None else stored.note if stored is not None else None
    sealing.origins.start_new(after, reason)
    signer.set_last_note_aside()
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
        with connected(address) as connection:
            for table in DERIVED:
                connection.execute(SQL("DELETE FROM {}.{}").format(Identifier(SCHEMA), Identifier(table)))
    except psycopg.errors.InsufficientPrivilege:
        raise StoreError("This database role may not clear the hash tree, which must be rebuilt", AS_OWNER) from None
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[0]
        raise StoreError(f"The hash tree could not be cleared, and nothing was changed: {reason}", AS_OWNER) from error
