"""Stored documents under the keys of the records: each piece of a document is one record of `cipher.py`.

A stored piece is a NUL byte and its record. No document that is kept begins with NUL, so the first
byte of what is stored says whether it was enciphered; plain documents stay as they are and are read.
All pieces of a document are of one key and, but for the last, of one length. The SHA-256 stays that of
the plain bytes, and `verified` finds pieces that were left out or changed places.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from domain.ledger.documents.content import PIECE_BYTES, Sink
from domain.ledger.encryption.records import (
    NONCE_BYTES,
    RECORD,
    TAG_BYTES,
    EncryptionKeyUnknown,
    RecordCipher,
    RecordDamaged,
    key_id_of,
)
from domain.ledger.errors import DocumentDamaged

MARK: Final = b"\0"
HEAD_BYTES: Final = len(MARK) + len(RECORD) + 1
"""So many of the first bytes of what is stored tell how long its pieces are."""


class _Enciphering:
    """`into`, which gets each piece as a record."""

    def __init__(self, into: Sink, cipher: RecordCipher) -> None:
        self._into = into
        self._cipher = cipher

    def write(self, piece: bytes, /) -> object:
        return self._into.write(MARK + self._cipher.encrypt(piece))


def enciphering(into: Sink, cipher: RecordCipher | None) -> Sink:
    """What to write plain pieces to."""
    return into if cipher is None else _Enciphering(into, cipher)


def deciphered(stored: Iterable[bytes], cipher: RecordCipher | None) -> Iterator[bytes]:
    """The plain pieces of stored ones. Raises EncryptionKeyUnknown and DocumentDamaged."""
    pieces = iter(stored)
    first = next(pieces, b"")
    if not first.startswith(MARK):
        yield from chain([first] if first else [], pieces)
        return
    for piece in chain([first], pieces):
        record = piece[len(MARK) :]
        key_id = key_id_of(record)
        if key_id is None or not piece.startswith(MARK):
            raise DocumentDamaged
        if cipher is None:
            raise EncryptionKeyUnknown(key_id)
        try:
            yield cipher.decrypt(record)
        except RecordDamaged:
            raise DocumentDamaged from None


def stored_piece_bytes(head: bytes) -> int:
    """How long the pieces are, but for the last, of what is stored and begins so."""
    return PIECE_BYTES + _overhead(head)


def plain_bytes(stored_bytes: int, head: bytes) -> int:
    """How long a document is, of whose stored form these are the length and the beginning."""
    pieces = -(-stored_bytes // stored_piece_bytes(head))
    return max(stored_bytes - pieces * _overhead(head), 0)


def _overhead(head: bytes) -> int:
    if not head.startswith(MARK + RECORD) or len(head) < HEAD_BYTES:
        return 0
    return HEAD_BYTES + head[HEAD_BYTES - 1] + NONCE_BYTES + TAG_BYTES
