"""What the tests of the store need besides ledgers: documents, an empty database, a role without any grant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from uuid import uuid4

import pytest
from eventsourcing.utils import Environment

from domain.ledger.documents.store import DocumentStore, documents_of
from domain.ledger.stores.backends import factory_at
from domain.ledger.stores.urls import address_of
from tests.ledger.documents.document_storage import Shelf
from tests.postgres_server import PostgresServer

OpenDocuments = Callable[[str], DocumentStore]


@pytest.fixture
def open_documents() -> Iterator[OpenDocuments]:
    """The documents of the ledger at a URL, each time with connections of their own, as another process has them."""
    with ExitStack() as opened:

        def one_more(url: str) -> DocumentStore:
            factory = factory_at(address_of(url), Environment())
            opened.callback(factory.close)
            return documents_of(factory.datastore)

        yield one_more


@pytest.fixture
def documents(ledger_url: str, open_documents: OpenDocuments) -> DocumentStore:
    return open_documents(ledger_url)


@pytest.fixture
def shelf(documents: DocumentStore, ledger_url: str) -> Shelf:
    return Shelf(documents, ledger_url)


@pytest.fixture
def empty_database(postgres: PostgresServer) -> Iterator[str]:
    name = f"empty_{uuid4().hex}"
    postgres.execute("CREATE DATABASE {}", name)
    yield name
    postgres.execute("DROP DATABASE {} WITH (FORCE)", name)
