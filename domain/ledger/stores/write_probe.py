"""Tries to write to a store, and leaves nothing behind: every row is rolled back.

The trial is as large as the largest usual command, so that it does not fit where that command did not.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Final

from domain.ledger.stores.sqlite_connections import LedgerSQLiteDatastore, translated
from domain.ledger.stores.sqlite_files import documents_folder
from domain.ledger.stores.unavailable import Unavailable

if TYPE_CHECKING:
    from domain.ledger.stores.postgres_datastore import LedgerPostgresDatastore

TRIAL_BYTES: Final = 262_144
LOCK_MILLISECONDS: Final = 1_000
STATEMENT_MILLISECONDS: Final = 5_000

_TRIAL: Final = "\0trial"
_SMALL: Final = (
    "INSERT INTO {schema}.sessions (secret_sha256, person_id, created_at, last_used_at, expires_at, row)"
    " VALUES (%s, '', now(), now(), now(), '{{}}')"
)
_LARGE: Final = "SELECT pg_logical_emit_message(true, 'lemtrada-ledger', repeat('x', {bytes}))"


def try_sqlite(datastore: LedgerSQLiteDatastore) -> None:
    """Raises Unavailable and other persistence errors if the database or the documents can't be written."""
    with translated(), closing(datastore.files.connect()) as connection:
        connection.execute(f"PRAGMA busy_timeout = {LOCK_MILLISECONDS}")
        # With a cache of one page, SQLite writes the pages to the disk before the commit that never comes.
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("PRAGMA cache_spill = 1")
        connection.execute("BEGIN IMMEDIATE")
        try:
            values = (_TRIAL, TRIAL_BYTES)
            connection.execute("INSERT INTO ledger_settings (name, value) VALUES (?, zeroblob(?))", values)
        finally:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
    datastore.files.check()
    folder = documents_folder(datastore.path) / "incoming"
    if folder.is_dir():
        _try_folder(folder)


def _try_folder(folder: Path) -> None:
    try:
        with NamedTemporaryFile(dir=folder) as file:
            file.write(bytes(TRIAL_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise Unavailable(
            f"The folder of documents can't be written: {error.strerror}",
            "check the disk of the documents, its free space and its permissions",
        ) from error


def try_postgres(datastore: LedgerPostgresDatastore) -> None:
    """Raises Unavailable and other persistence errors if PostgreSQL can't be written.

    The row is rolled back. The message is committed and only goes through the write-ahead log, to its disk. It does not
    wait for a standby.
    """
    import psycopg  # noqa: PLC0415  (slow to import, and an SQLite ledger needs none of it)

    from domain.ledger.stores.postgres_connections import (  # noqa: PLC0415
        close_quietly,
        connect,
    )
    from domain.ledger.stores.postgres_connections import translated as translation  # noqa: PLC0415
    from domain.ledger.tables.tables import SCHEMA  # noqa: PLC0415

    connection = connect(datastore)
    try:
        limits = f"SET lock_timeout = {LOCK_MILLISECONDS}; SET statement_timeout = {STATEMENT_MILLISECONDS}"
        connection.execute(f"{limits}; SET synchronous_commit = local".encode())
        with suppress(psycopg.Rollback), connection.transaction():
            connection.execute(_SMALL.format(schema=SCHEMA).encode(), (_TRIAL[1:],))
            raise psycopg.Rollback
        connection.execute(_LARGE.format(bytes=TRIAL_BYTES).encode())
    except psycopg.Error as error:
        raise translation(error) from error
    finally:
        close_quietly(connection)
