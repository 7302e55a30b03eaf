"""What a server checks before it serves: the files, the last events, and their seal, in at most two seconds.

A whole verification is the command `verify`. This finds a ledger that was restored wrongly or is damaged where it is
written to, before anything more is acknowledged into it.
"""

from __future__ import annotations

from typing import Final

from domain.ledger.encryption.records import RecordDamaged
from domain.ledger.errors import StoreError
from domain.ledger.reader import LedgerReader
from domain.ledger.sealing.origins import Origins
from domain.ledger.sealing.store import SealStore, StoredCheckpoint, StoredLeaf
from domain.ledger.stores.sqlite_files import NAME_A_FILE, RESTORE_AGAIN, check_files, damaged_pages, is_there
from domain.ledger.stores.urls import Address, SQLiteAddress, address_of
from domain.seal.checkpoints import read_checkpoint
from domain.seal.entries import LogEntry
from domain.seal.errors import SealError
from domain.seal.merkle import Frontier, leaf_hash
from domain.seal.notes import open_note, read_verifying_key

EVENTS: Final = 1_000
"""How many of the last events are read and compared with their seal."""


def check_before_opening(url: str) -> None:
    """Raises StoreError if the files of an SQLite ledger are damaged or do not belong together."""
    address = address_of(url)
    if isinstance(address, SQLiteAddress) and is_there(address.path):
        try:
            check_files(address.path)
        except OSError as error:
            raise StoreError(f"{address.path} cannot be read: {error.strerror}", NAME_A_FILE) from None


def check_last_events(ledger: LedgerReader) -> None:
    """Raises StoreError if one of the last events is missing or unreadable, or differs from its seal."""
    store, origins = SealStore(ledger.recorder.datastore), Origins(ledger)
    # In this order, because events are recorded before they are sealed, and sealed before they are signed.
    newest, last = store.newest(origins.current()), store.last()
    leaves = store.leaves(max(0, last.number + 1 - EVENTS), EVENTS) if last is not None else []
    size = last.number + 1 if last is not None else 0
    _check_leaves(ledger, [leaf for leaf in leaves if leaf.number < size])
    if newest is not None:
        _check_checkpoint(ledger, origins, newest, size, store)


def _check_leaves(ledger: LedgerReader, leaves: list[StoredLeaf]) -> None:
    position = ledger.position()
    start, plain = max(0, position - EVENTS), ledger.events.mapper.plain_state
    found: dict[int, bytes] = {}
    for place, stream, version, topic, state in ledger.recorder.log(start, EVENTS):
        try:
            found[place] = leaf_hash(LogEntry(stream, version, topic, plain(state)).leaf_input())
        except (SealError, RecordDamaged) as error:
            raise _damaged(ledger, "one of its last events can't be read") from error
    if isinstance(ledger.address, SQLiteAddress) and list(found) != list(range(start + 1, position + 1)):
        raise _damaged(ledger, "some of its last events are missing")
    if any(found.get(leaf.position) != leaf.hash for leaf in leaves if leaf.position > start):
        raise _damaged(ledger, "one of its last events differs from its seal, or is missing")


def _check_checkpoint(
    ledger: LedgerReader, origins: Origins, newest: StoredCheckpoint, size: int, store: SealStore
) -> None:
    try:
        checkpoint = read_checkpoint(open_note(newest.note, map(read_verifying_key, origins.verifying_keys()))[0])
        is_of_tree = checkpoint.size <= size and Frontier.of(checkpoint.size, store.read).root() == checkpoint.root
    except SealError as error:
        raise _damaged(ledger, f"its newest checkpoint is not valid: {error.what}") from error
    if not is_of_tree:
        raise _damaged(ledger, "its newest checkpoint is of another tree of events")


def check_every_page(address: Address) -> None:
    """Raises StoreError if a page of an SQLite ledger is damaged. It reads the whole file. PostgreSQL has its own."""
    if not isinstance(address, SQLiteAddress):
        return
    if found := damaged_pages(address.path):
        raise StoreError(f"{address.path} is damaged: {'; '.join(found)}", RESTORE_AGAIN)


def _damaged(ledger: LedgerReader, what: str) -> StoreError:
    return StoreError(f"The ledger at {ledger.address} is damaged or was restored wrongly: {what}", RESTORE_AGAIN)
