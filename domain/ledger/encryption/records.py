"""Encrypted records: AES-256-GCM, each record with the id of its key.

A record is `0x01`, the length of the key's id in one byte, the id in ASCII, a nonce of 12 random bytes, and the
ciphertext with its tag of 16 bytes. Everything before the nonce is authenticated too. Plain bytes start
differently: the mapper's JSON with `{`, and compressed JSON with the compressor's first byte, which is never
`0x01`. So each record shows how to read it, keys can change without rewriting records, and encryption can be
turned on for a ledger that has events.

Encryption protects the content from anyone who can read the disk, a backup or the database. It does not detect
records that were moved or replaced by plain ones. The seal does.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

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
    """A key of 256 bits, and the id by which records name it."""

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
    """Encrypts with the first key, and decrypts with all of them. Safe for threads.

    Nonces are random, so a key must be replaced before it has encrypted 2**32 (four billion) records
    (NIST SP 800-38D).
    """

    def __init__(self, keys: Iterable[EncryptionKey], random: Callable[[int], bytes] = os.urandom) -> None:
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415  (slow to import, and needed only with keys)
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

        given = tuple(keys)
        self._ciphers = {_head(key.id): AESGCM(key.secret) for key in given}
        if len(self._ciphers) != len(given) or not given:
            raise StoreError(
                "At least one encryption key is needed, and each key needs its own id", "list each key once"
            )
        self._not_authentic = InvalidTag
        self._random = random
        self._head = _head(given[0].id)
        self._first_cipher = self._ciphers[self._head]

    @property
    def overhead_bytes(self) -> int:
        """The number of bytes by which a record is longer than its content."""
        return len(self._head) + NONCE_BYTES + TAG_BYTES

    def has(self, key_id: str) -> bool:
        return _head(key_id) in self._ciphers

    def encrypt(self, plaintext: bytes) -> bytes:
        nonce = self._random(NONCE_BYTES)
        return self._head + nonce + self._first_cipher.encrypt(nonce, plaintext, self._head)

    def decrypt(self, ciphertext: bytes) -> bytes:
        """The content of a record. Bytes that are not a record are returned unchanged.

        Raises EncryptionKeyUnknown and RecordDamaged.
        """
        if ciphertext[:1] != RECORD:
            return ciphertext
        begin = len(RECORD) + 1 + (ciphertext[1] if len(ciphertext) > 1 else 0)
        head, nonce = ciphertext[:begin], ciphertext[begin : begin + NONCE_BYTES]
        cipher = self._ciphers.get(head)
        if cipher is None:
            raise EncryptionKeyUnknown(key_id_of(ciphertext) or "")
        sealed = ciphertext[begin + NONCE_BYTES :]
        try:
            if len(sealed) >= TAG_BYTES:
                return cipher.decrypt(nonce, sealed, head)
        except self._not_authentic:
            pass
        raise RecordDamaged(key_id_of(ciphertext) or "")


def key_id_of(stored: bytes) -> str | None:
    """The id of the key that a record names; None for bytes that are not a record."""
    if stored[:1] != RECORD:
        return None
    length = stored[1] if len(stored) > 1 else 0
    return "".join(chr(one) if 0x21 <= one < 0x7F else "?" for one in stored[2 : 2 + length])


def _head(key_id: str) -> bytes:
    """The first bytes of each record that is encrypted with the key."""
    return RECORD + bytes([len(key_id)]) + key_id.encode("ascii", "replace")
