"""The library's parts for the store at an address; they look at nothing but what they are given."""

from __future__ import annotations

from eventsourcing.persistence import ApplicationRecorder, InfrastructureFactory
from eventsourcing.postgres import PostgresFactory
from eventsourcing.sqlite import SQLiteFactory
from eventsourcing.utils import Environment

from domain.ledger.stores.postgres_datastore import LedgerPostgresDatastore
from domain.ledger.stores.postgres_recorder import PostgresLedgerRecorder
from domain.ledger.stores.sqlite_connections import LedgerSQLiteDatastore
from domain.ledger.stores.sqlite_recorder import SQLiteLedgerRecorder
from domain.ledger.stores.urls import Address, PostgresAddress, SQLiteAddress


class SQLiteLedgerFactory(SQLiteFactory):
    def __init__(self, address: SQLiteAddress, env: Environment) -> None:
        InfrastructureFactory.__init__(self, env)
        self.datastore = LedgerSQLiteDatastore(address.path)

    def application_recorder(self) -> ApplicationRecorder:
        assert isinstance(self.datastore, LedgerSQLiteDatastore)
        return SQLiteLedgerRecorder(self.datastore)


class PostgresLedgerFactory(PostgresFactory):
    def __init__(self, address: PostgresAddress, env: Environment) -> None:
        InfrastructureFactory.__init__(self, env)
        self.datastore = LedgerPostgresDatastore(address)

    def application_recorder(self) -> ApplicationRecorder:
        assert isinstance(self.datastore, LedgerPostgresDatastore)
        return PostgresLedgerRecorder(self.datastore)


def factory_at(address: Address, env: Environment) -> SQLiteLedgerFactory | PostgresLedgerFactory:
    match address:
        case SQLiteAddress():
            return SQLiteLedgerFactory(address, env)
        case PostgresAddress():
            return PostgresLedgerFactory(address, env)
