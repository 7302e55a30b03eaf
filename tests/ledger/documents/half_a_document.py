"""A process that stops in the middle of storing a document, to be killed there.

    python -m tests.ledger.documents.half_a_document <url> arriving|storing

`arriving` stops after half of the bytes and prints `half`; `storing` prints `all` when every byte has come.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from uuid import UUID

from eventsourcing.utils import Environment

from domain.ledger.documents.store import documents_of
from domain.ledger.stores.backends import factory_at
from domain.ledger.stores.urls import address_of

PATIENT = UUID(int=7)
CONTENT = b"%PDF-1.7 " + b"half of it is not enough " * 40_000


def chunks(moment: str) -> Iterator[bytes]:
    half = len(CONTENT) // 2
    yield CONTENT[:half]
    if moment == "arriving":
        print("half", flush=True)
        signal.pause()
    yield CONTENT[half:]
    print("all", flush=True)


def main() -> None:
    _, url, moment = sys.argv
    factory = factory_at(address_of(url), Environment())
    documents_of(factory.datastore).put(PATIENT, chunks(moment))


if __name__ == "__main__":
    main()
