"""A small sealed ledger for the tests: entries, their leaves, and a key made from a fixed seed."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from domain.seal.checkpoints import Checkpoint
from domain.seal.entries import LogEntry
from domain.seal.merkle import ReadSubtree, root_of
from domain.seal.notes import SigningKey, sign_note

ORIGIN = "lemtrada-ledger/a-test"
KEY = SigningKey(ORIGIN, bytes(range(32)))
VKEY = KEY.verifying_key
OTHER_KEY = SigningKey(ORIGIN, bytes(range(1, 33)))


def entry(number: int) -> LogEntry:
    """Entries with what JSON may hold: quotes, line separators, letters beyond ASCII, and no bytes at all."""
    states = [b"{}", '{"text":"a \\"quoted\\" naïve \u2028 line \\u0000"}'.encode(), b"", b'{"n":[1,2.50,1e9]}\n\n']
    return LogEntry(
        UUID(int=number // 3, version=4), number % 3 + 1, f"Event{number % 5}", states[number % len(states)]
    )


def leaves(size: int) -> list[bytes]:
    return [entry(number).leaf_hash() for number in range(size)]


def reading(hashes: Sequence[bytes]) -> ReadSubtree:
    """Refuses what is not a full subtree, as a store would."""

    def read(level: int, number: int) -> bytes:
        under = hashes[number << level : (number + 1) << level]
        assert len(under) == 1 << level, "only full subtrees are stored"
        return root_of(under)

    return read


def signed(size: int, *keys: SigningKey, origin: str = ORIGIN) -> str:
    return sign_note(Checkpoint(origin, size, root_of(leaves(size))).text(), *(keys or (KEY,)))
