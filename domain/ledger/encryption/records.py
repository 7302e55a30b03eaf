"""Stored bytes under a key: AES-256-GCM, each record with the id of its key.

A record is `0x01`, the length of the key's id in one byte, the id in ASCII, a nonce of 12 random bytes,
and the ciphertext with its tag of 16; all before the nonce is authenticated too. What was written
before there was a key begins otherwise: the mapper's JSON with `{`, a compressed one with its
compressor's own first byte, and none of those is `0x01`. So every record says by itself how to read
it, keys change without rewriting, and encryption can be turned on over a ledger that has events.

It keeps what is stored from who may look at the disk, a backup or the database. It does not say that
a record stands where it was put, or that nobody put a plain one there: that is the seal's part.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from eventsourcing.persistence import Cipher

from domain.ledger.errors import StoreError

KEY_BYTES: Final = 32
RECORD: Final = b"\x01"
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16

_KEY_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,32}")


class EncryptionKeyUnknown(StoreError):
    def __init__(self, key_id: str) -> None:
        super().__init__(
            f"A record is encrypted with the key {key_id!r}, which this program does not have",
            f"add {key_id}=file:… or {key_id}=env:… to LEMTRADA_ENCRYPTION_KEYS;"
            " records that are encrypted with that key can't be read without it",
        )
        self.key_id = key_id


class RecordDamaged(StoreError):
    def __init__(self, key_id: str) -> None:
        super().__init__(
            f"A record can't be decrypted with the key {key_id!r}: the record was altered, or the key is wrong",
            f"use the key that was named {key_id!r} when the record was written; "
            "if the key is correct, restore a backup",
        )
        self.key_id = key_id


@dataclass(frozen=True, slots=True)
class EncryptionKey:
    """256 bits, and the name by which records ask for them."""

    id: str
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not _KEY_ID.fullmatch(self.id):
            raise StoreError(
                "The id of an encryption key is malformed", "use 1 to 32 letters, digits, dots, dashes and underscores"
            )
        if len(self.secret) != KEY_BYTES:
            raise StoreError(
                f"The encryption key {self.id!r} does not have {KEY_BYTES} bytes", "make one with `encryption-key new`"
            )


class RecordCipher(Cipher):
    """The first key writes, all of them read; safe for threads.

    A key's nonces are random, so one key is good for four thousand million records (NIST SP 800-38D): rotate before.
    """

    def __init__(self, keys: Iterable[EncryptionKey], random: Callable[[int], bytes] = os.urandom) -> None:
        given = tuple(keys)
        self._opening = {_head(key.id): AESGCM(key.secret) for key in given}
        if len(self._opening) != len(given) or not given:
            raise StoreError(
                "At least one encryption key is needed, and each key needs its own id", "list each key once"
            )
        self._random = random
        self._head = _head(given[0].id)
        self._writing = self._opening[self._head]

    @property
    def overhead_bytes(self) -> int:
        """By how much a record is longer than what is in it."""
        return len(self._head) + NONCE_BYTES + TAG_BYTES

    def has(self, key_id: str) -> bool:
        return _head(key_id) in self._opening

    def encrypt(self, plaintext: bytes) -> bytes:
        nonce = self._random(NONCE_BYTES)
        return self._head + nonce + self._writing.encrypt(nonce, plaintext, self._head)

    def decrypt(self, ciphertext: bytes) -> bytes:
        """What is in a record; bytes that are none come back as they are. EncryptionKeyUnknown, RecordDamaged."""
        if ciphertext[:1] != RECORD:
            return ciphertext
        begin = len(RECORD) + 1 + (ciphertext[1] if len(ciphertext) > 1 else 0)
        head, nonce = ciphertext[:begin], ciphertext[begin : begin + NONCE_BYTES]
        opening = self._opening.get(head)
        if opening is None:
            raise EncryptionKeyUnknown(key_id_of(ciphertext) or "")
        sealed = ciphertext[begin + NONCE_BYTES :]
        try:
            if len(sealed) >= TAG_BYTES:
                return opening.decrypt(nonce, sealed, head)
        except InvalidTag:
            pass
        raise RecordDamaged(key_id_of(ciphertext) or "")


def key_id_of(stored: bytes) -> str | None:
    """Of the key that a record asks for; None for bytes that are no record."""
    if stored[:1] != RECORD:
        return None
    length = stored[1] if len(stored) > 1 else 0
    return "".join(chr(one) if 0x21 <= one < 0x7F else "?" for one in stored[2 : 2 + length])


def _head(key_id: str) -> bytes:
    """What a record under the key begins with."""
    return RECORD + bytes([len(key_id)]) + key_id.encode("ascii", "replace")
