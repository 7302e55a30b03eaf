"""Encrypts documents with the keys of the records. Each piece of a document is one record of `encryption/records.py`.

A stored piece is a NUL byte and a record. No accepted document starts with NUL, so the first stored byte tells
whether the document is encrypted. Plain documents remain readable. All pieces of a document use one key and, except
for the last, have one length. The SHA-256 is that of the plain bytes, so `verified` finds pieces that are missing or
out of order.
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
"""The number of stored bytes from which the length of the pieces can be computed."""


class _EncryptingSink:
    """Writes each piece as an encrypted record to `into`."""

    def __init__(self, into: Sink, cipher: RecordCipher) -> None:
        self._into = into
        self._cipher = cipher

    def write(self, piece: bytes, /) -> object:
        return self._into.write(MARK + self._cipher.encrypt(piece))


def encrypting(into: Sink, cipher: RecordCipher | None) -> Sink:
    """A sink for plain pieces, which encrypts them if there is a cipher and writes them to `into`."""
    return into if cipher is None else _EncryptingSink(into, cipher)


def decrypted(stored: Iterable[bytes], cipher: RecordCipher | None) -> Iterator[bytes]:
    """Decrypts stored pieces. Plain pieces are returned unchanged. Raises EncryptionKeyUnknown and DocumentDamaged."""
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
    """The length in bytes of each stored piece except the last, from the first bytes of the stored document."""
    return PIECE_BYTES + _overhead(head)


def plain_bytes(stored_bytes: int, head: bytes) -> int:
    """The length in bytes of a plain document, from the length and the first bytes of the stored document."""
    pieces = -(-stored_bytes // stored_piece_bytes(head))
    return max(stored_bytes - pieces * _overhead(head), 0)


def _overhead(head: bytes) -> int:
    if not head.startswith(MARK + RECORD) or len(head) < HEAD_BYTES:
        return 0
    return HEAD_BYTES + head[HEAD_BYTES - 1] + NONCE_BYTES + TAG_BYTES
