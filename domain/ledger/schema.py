"""The schema of a ledger on both stores: its version, its upgrade, and the permissions of database roles.

On SQLite, triggers protect recorded rows. On PostgreSQL, an owner role creates the tables, and a serving role
may only insert and select recorded rows. The program that serves never changes the schema. The tables and the
grants are in `tables.py`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, get_args
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.ledger.clocks.time_zones import NAME_ZONE, known_zone, zone_of_new_ledger
from domain.ledger.errors import StoreError
from domain.ledger.stores import sqlite_connections
from domain.ledger.stores.sqlite_files import is_there
from domain.ledger.stores.urls import Address, PostgresAddress, SQLiteAddress, address_of
from domain.ledger.tables.tables import (
    GRANTS,
    POSTGRES_EVENT_TYPE,
    POSTGRES_TABLES,
    REVOCATIONS,
    SCHEMA,
    SCHEMA_VERSION,
    SERVING_ROLES,
    SQLITE_TABLES,
)

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.rows import TupleRow
    from psycopg.sql import Composed

__all__ = ["SCHEMA_VERSION", "Settings", "check_zone", "needs_upgrade", "read_settings", "upgrade"]

RUN_UPGRADE: Final = "run lemtrada-ledger database upgrade"
NO_LEDGER_REMEDY: Final[dict[type[Address], str]] = {
    SQLiteAddress: "give the URL of your ledger with --database; `serve` and `demo` create a ledger if none exists",
    PostgresAddress: f"{RUN_UPGRADE} with its URL and --time-zone",
}
assert set(NO_LEDGER_REMEDY) == set(get_args(Address)), "every kind of store has its remedy"
UPGRADE_AS_OWNER: Final = "run the command with the URL of the role that owns the database"
Entropy = Callable[[int], bytes]

TABLES_VERSION: Final = 4
"""The oldest version whose tables are today's. In version 5, the index also has the compared form of each member ID."""

_UPGRADE_LOCK: Final = 5_207_642_218_040_313_158


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings that a ledger is created with.

    `index_namespace` is secret: anyone who has it could test whether a member ID is in the index. `ledger_id` is
    public. `compares_members`: the index of member IDs has the compared form of every ID on record.
    """

    zone: ZoneInfo
    index_namespace: UUID
    ledger_id: UUID
    compares_members: bool = True


def upgrade(url: str, *, zone: str | None = None, serving_role: str | None = None, entropy: Entropy) -> Settings:
    """Creates the schema, or upgrades it to this program's version. It is safe to repeat.

    `zone` is required the first time and can't change later. On PostgreSQL, `serving_role` gets exactly the
    permissions that serving needs, and existing serving roles get the permissions that a version adds. No event is
    written: `domain.ledger.index_upgrade` completes the index of an older ledger. Raises StoreError.
    """
    address = address_of(url)
    match address:
        case SQLiteAddress():
            if serving_role is not None:
                raise StoreError("SQLite has no roles", "leave the serving role out, or use a PostgreSQL database")
            _upgrade_sqlite(address, zone, entropy)
        case PostgresAddress():
            _upgrade_postgres(address, zone, serving_role, entropy)
    return read_settings(address)


def mark_index_complete(address: Address) -> None:
    """Stores that the index has the compared form of every member ID on record. It is safe to repeat."""
    version = str(SCHEMA_VERSION)
    match address:
        case SQLiteAddress():
            with (
                _sqlite_connection(address) as connection,
                sqlite_connections.transaction(connection, commit=True) as c,
            ):
                c.execute(_STORE_SETTING, ("schema_version", version, version))
        case PostgresAddress():
            with _postgres_connection(address) as postgres_connection:
                postgres_connection.execute(_in_schema(_STORE_POSTGRES_SETTING), ("schema_version", version))


def read_settings(address: Address) -> Settings:
    """The settings of the ledger. Raises StoreError if there is no ledger, or if the program can't read its schema.

    A ledger whose index is not complete can be read, and needs an upgrade before it is written to.
    """
    stored = _stored_settings(address)
    if stored is None:
        raise StoreError(f"No ledger was found at {address}", NO_LEDGER_REMEDY[type(address)])
    version = _checked_version(stored, address)
    if version < TABLES_VERSION:
        raise needs_newer(address, version)
    namespace, ledger_id = (UUID(stored[name]) for name in _IDS)
    return Settings(known_zone(stored["time_zone"]), namespace, ledger_id, version >= SCHEMA_VERSION)


def needs_newer(address: Address, version: int = TABLES_VERSION) -> StoreError:
    """The refusal of a ledger that an older program wrote, until it is upgraded."""
    return StoreError(f"{address} has schema {version}, and this program needs {SCHEMA_VERSION}", RUN_UPGRADE)


def needs_upgrade(address: Address) -> bool:
    """Whether there is no ledger yet, or one with older tables. Raises StoreError if it is newer than this program."""
    stored = _stored_settings(address)
    return stored is None or _checked_version(stored, address) < TABLES_VERSION


def check_zone(stored: ZoneInfo, given: str | None) -> None:
    """Raises StoreError if `given` is not the time zone of the ledger. None is always accepted."""
    if given is not None and known_zone(given).key != stored.key:
        raise StoreError(
            f"This ledger uses the time zone {stored.key}, not {given}",
            f"leave the time zone out, or give {stored.key}; the time zone of a ledger can't be changed, because "
            "recorded dates would change",
        )


def _checked_version(stored: Mapping[str, str], address: Address) -> int:
    version = int(stored.get("schema_version", "0"))
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"{address} has schema {version}, and this program knows {SCHEMA_VERSION}",
            "use the newer program that ran lemtrada-ledger database upgrade",
        )
    return version


def _settings_to_store(
    stored: Mapping[str, str], address: Address, zone: str | None, entropy: Entropy
) -> dict[str, str]:
    """The settings to write: all of them the first time, and only the version later."""
    version = _checked_version(stored, address)
    # The index of a new ledger is complete, because no member ID is on record.
    reached = TABLES_VERSION if "time_zone" in stored and version < SCHEMA_VERSION else SCHEMA_VERSION
    changes = {"schema_version": str(reached)}
    if "time_zone" in stored:
        check_zone(known_zone(stored["time_zone"]), zone)
    elif zone is None:
        raise StoreError("A new ledger needs the plan's time zone", NAME_ZONE)
    else:
        changes["time_zone"] = zone_of_new_ledger(zone).key
    for name in _IDS:
        if name not in stored:
            changes[name] = str(UUID(bytes=entropy(16), version=4))
    return changes


_IDS: Final = ("index_namespace", "ledger_id")
_STORE_SETTING = "INSERT INTO ledger_settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = ?"
_STORE_POSTGRES_SETTING = (
    "INSERT INTO {schema}.ledger_settings (name, value) VALUES (%s, %s)"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)


def _stored_settings(address: Address) -> dict[str, str] | None:
    match address:
        case SQLiteAddress():
            return _stored_in_sqlite(address)
        case PostgresAddress():
            return _stored_in_postgres(address)


# -- SQLite -----------------------------------------------------------------------------------


def _stored_in_sqlite(address: SQLiteAddress) -> dict[str, str] | None:
    if not is_there(address.path):
        return None
    with _sqlite_connection(address) as connection:
        tables = {row["name"] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables:
            return None
        if "ledger_settings" not in tables:
            raise StoreError(f"{address.path} is an SQLite file of another program", "give another file")
        return dict(tuple(row) for row in connection.execute("SELECT name, value FROM ledger_settings"))


def _sqlite_connection(address: SQLiteAddress, *, create: bool = False) -> closing[sqlite3.Connection]:
    try:
        return closing(sqlite_connections.connect(address.path, create=create))
    except (sqlite3.Error, OSError) as error:
        raise StoreError(
            f"{address.path} cannot be opened as an SQLite ledger: {error}",
            "give a file in a folder that exists and that this user may write to",
        ) from error


def _upgrade_sqlite(address: SQLiteAddress, zone: str | None, entropy: Entropy) -> None:
    # Check before the file is created, so that a refusal leaves no empty file.
    _settings_to_store(_stored_in_sqlite(address) or {}, address, zone, entropy)
    with (
        _sqlite_connection(address, create=True) as connection,
        sqlite_connections.transaction(connection, commit=True) as c,
    ):
        for statement in SQLITE_TABLES:
            c.execute(statement)
        stored = dict(tuple(row) for row in c.execute("SELECT name, value FROM ledger_settings"))
        for name, value in _settings_to_store(stored, address, zone, entropy).items():
            c.execute(_STORE_SETTING, (name, value, value))


# -- PostgreSQL -------------------------------------------------------------------------------


def _postgres_connection(address: PostgresAddress) -> Connection[TupleRow]:
    import psycopg  # noqa: PLC0415  (slow to import, and an SQLite ledger needs none of it)

    from domain.ledger.stores.postgres_poolers import checked_connection  # noqa: PLC0415

    try:
        return checked_connection(address)
    except psycopg.Error as error:
        reason = str(error).strip().replace("\n", "; ")
        raise StoreError(
            f"PostgreSQL at {address} cannot be reached: {reason}", "check the URL and that the server is running"
        ) from error


def _stored_in_postgres(address: PostgresAddress) -> dict[str, str] | None:
    import psycopg  # noqa: PLC0415

    from domain.ledger.stores.postgres_session import check_encoding  # noqa: PLC0415

    with _postgres_connection(address) as connection:
        try:
            return dict(connection.execute(_in_schema("SELECT name, value FROM {schema}.ledger_settings")).fetchall())
        except psycopg.errors.UndefinedTable:
            check_encoding(connection, address)
            return None
        except psycopg.errors.InsufficientPrivilege:
            raise StoreError(
                f"This database role may not read the ledger at {address}",
                f"{RUN_UPGRADE} as its owner with --serving-role",
            ) from None


def _upgrade_postgres(address: PostgresAddress, zone: str | None, role: str | None, entropy: Entropy) -> None:
    import psycopg  # noqa: PLC0415

    from domain.ledger.stores.postgres_session import check_encoding  # noqa: PLC0415

    try:
        with _postgres_connection(address) as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_UPGRADE_LOCK,))
            if connection.execute("SELECT to_regclass(%s)", (f"{SCHEMA}.ledger_settings",)).fetchone() == (None,):
                check_encoding(connection, address)
            _create_in_postgres(connection)
            stored: dict[str, str] = dict(
                connection.execute(_in_schema("SELECT name, value FROM {schema}.ledger_settings")).fetchall()
            )
            for name, value in _settings_to_store(stored, address, zone, entropy).items():
                connection.execute(_in_schema(_STORE_POSTGRES_SETTING), (name, value))
            if role is not None:
                _grant_serving_role(connection, role)
            # Roles that served the older version also serve this one.
            for (serving,) in connection.execute(SERVING_ROLES, (f"{SCHEMA}.stored_events",)).fetchall():
                _grant(connection, serving)
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[0]
        raise StoreError(
            f"The upgrade of {address} was refused, and nothing was changed: {reason}", UPGRADE_AS_OWNER
        ) from error


def _create_in_postgres(connection: Connection[TupleRow]) -> None:
    for statement in POSTGRES_TABLES:
        connection.execute(_in_schema(statement))
    if connection.execute("SELECT to_regtype(%s)", (f"{SCHEMA}.stored_event_uuid",)).fetchone() == (None,):
        connection.execute(_in_schema(POSTGRES_EVENT_TYPE))


def _grant_serving_role(connection: Connection[TupleRow], role: str) -> None:
    row = connection.execute(
        "SELECT rolsuper OR pg_has_role(oid, current_user, 'MEMBER') FROM pg_roles WHERE rolname = %s", (role,)
    ).fetchone()
    if row is None:
        raise StoreError("The serving role does not exist", f'create the role first: CREATE ROLE "{role}" LOGIN')
    if row == (True,):
        raise StoreError(
            "The serving role has permission to change recorded events",
            "use a role that is not the owner of the database",
        )
    for statement in REVOCATIONS:
        connection.execute(_in_schema(statement, role=role))
    _grant(connection, role)


def _grant(connection: Connection[TupleRow], role: str) -> None:
    for statement in GRANTS:
        connection.execute(_in_schema(statement, role=role, database=connection.info.dbname))


def _in_schema(statement: str, **names: str) -> Composed:
    from psycopg.sql import SQL, Identifier  # noqa: PLC0415

    identifiers = {name: Identifier(value) for name, value in names.items()}
    return SQL(statement).format(schema=Identifier(SCHEMA), **identifiers)
