"""Reads the encryption keys from their references, once, when a ledger is opened.

`LEMTRADA_ENCRYPTION_KEYS` is `id=file:/run/secrets/a,id2=env:NAME`. The first key encrypts new records, and all keys
decrypt. The file or variable of a reference contains 32 bytes in base64. No error text repeats any of it.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from domain.ledger.encryption.records import KEY_BYTES, EncryptionKey, RecordCipher
from domain.ledger.errors import StoreError

ENCRYPTION_KEYS: Final = "LEMTRADA_ENCRYPTION_KEYS"
_HOW: Final = (
    "write each reference as id=file:/path or id=env:NAME, separated by commas; the first key encrypts new records"
)
_TEXT_BYTES_MAX: Final = 200


def cipher_in(environment: Mapping[str, str] = os.environ) -> RecordCipher | None:
    """The cipher with the keys that the environment refers to; None if it names no keys. Raises StoreError."""
    references = environment.get(ENCRYPTION_KEYS, "").strip()
    if not references:
        return None
    return RecordCipher(keys_of(references, environment))


def keys_of(references: str, environment: Mapping[str, str]) -> tuple[EncryptionKey, ...]:
    """The keys in the order of their references. Raises StoreError, which names only the id of a key."""
    return tuple(_key_of(one.strip(), number, environment) for number, one in enumerate(references.split(","), 1))


def written(secret: bytes) -> str:
    """A key in the form that a file or a variable contains."""
    return base64.b64encode(secret).decode("ascii")


def _key_of(reference: str, number: int, environment: Mapping[str, str]) -> EncryptionKey:
    key_id, _, place = reference.partition("=")
    kind, _, name = place.partition(":")
    if not key_id or not name or kind not in {"file", "env"}:
        # The error does not repeat the reference, because it may be the key itself by mistake.
        raise StoreError(f"Reference {number} in {ENCRYPTION_KEYS} is malformed", _HOW)
    # Validate the id before any error text contains it.
    EncryptionKey(key_id, bytes(KEY_BYTES))
    try:
        text = _text_of(kind, name, key_id, environment)
        return EncryptionKey(key_id, base64.b64decode(text.strip(), validate=True))
    except (binascii.Error, ValueError):
        pass
    raise StoreError(
        f"The value that {ENCRYPTION_KEYS} refers to as {key_id!r} is not a key",
        f"use base64 of {KEY_BYTES} random bytes, as `encryption-key new` makes it",
    )


def _text_of(kind: str, name: str, key_id: str, environment: Mapping[str, str]) -> str:
    if kind == "env":
        if name not in environment:
            raise StoreError(f"The variable of the encryption key {key_id!r} is not set", f"set {name}")
        return environment[name]
    try:
        with Path(name).open("rb") as file:
            return file.read(_TEXT_BYTES_MAX).decode("ascii")
    except OSError as error:
        raise StoreError(
            f"The file of the encryption key {key_id!r} cannot be read: {error.strerror}",
            "check that the file exists and that the user that runs the server may read it",
        ) from None
