"""Creates the library's objects for the store at an address. They read no environment variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eventsourcing.persistence import ApplicationRecorder, InfrastructureFactory
from eventsourcing.sqlite import SQLiteFactory
from eventsourcing.utils import Environment

from domain.ledger.stores.sqlite_connections import LedgerSQLiteDatastore
from domain.ledger.stores.sqlite_recorder import SQLiteLedgerRecorder
from domain.ledger.stores.urls import Address, PostgresAddress, SQLiteAddress

if TYPE_CHECKING:
    from domain.ledger.stores.postgres_recorder import PostgresLedgerFactory


class SQLiteLedgerFactory(SQLiteFactory):
    def __init__(self, address: SQLiteAddress, env: Environment) -> None:
        InfrastructureFactory.__init__(self, env)
        self.datastore = LedgerSQLiteDatastore(address.path)

    def application_recorder(self) -> ApplicationRecorder:
        assert isinstance(self.datastore, LedgerSQLiteDatastore)
        return SQLiteLedgerRecorder(self.datastore)


def factory_at(address: Address, env: Environment) -> SQLiteLedgerFactory | PostgresLedgerFactory:
    """The library's factory for the store at `address`."""
    match address:
        case SQLiteAddress():
            return SQLiteLedgerFactory(address, env)
        case PostgresAddress():
            from domain.ledger.stores.postgres_recorder import (  # noqa: PLC0415  (psycopg is slow to import)
                PostgresLedgerFactory,
            )

            return PostgresLedgerFactory(address, env)
