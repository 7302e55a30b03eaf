"""Secrets that are shown once: 32 random bytes, of which only the SHA-256 is kept."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import Final

TOKEN_PREFIX: Final = "lml_"  # noqa: S105  (what every token begins with, so that a scanner for leaked ones finds it)

_TOKEN: Final = re.compile(TOKEN_PREFIX + "([0-9a-f]{16})_([0-9a-f]{64})")
_CODE: Final = re.compile("([0-9a-f]{16})-([0-9a-f]{64})")


def new_secret() -> str:
    """In hexadecimal, which has one spelling for each."""
    return secrets.token_hex(32)


def hash_of(secret: str) -> str:
    """Of the 32 bytes, in hexadecimal. No salt and no slow hash: nobody tries 2^256 secrets."""
    return hashlib.sha256(bytes.fromhex(secret)).hexdigest()


def is_of(secret: str, secret_sha256: str) -> bool:
    """Whether this is the secret of that hash, in a time that does not tell how much of it is right."""
    return hmac.compare_digest(hash_of(secret), secret_sha256)


def token_of(token_id: str, secret: str) -> str:
    """As it is sent: `lml_`, its id, and the secret."""
    return f"{TOKEN_PREFIX}{token_id}_{secret}"


def token_parts(token: str) -> tuple[str, str] | None:
    """Its id and its secret; None for what is no token of ours."""
    found = _TOKEN.fullmatch(token)
    return (found[1], found[2]) if found is not None else None


def code_of(link_id: str, secret: str) -> str:
    """What a sign-in link ends with."""
    return f"{link_id}-{secret}"


def code_parts(code: str) -> tuple[str, str] | None:
    """The link's id and its secret; None for what is no code of ours."""
    found = _CODE.fullmatch(code)
    return (found[1], found[2]) if found is not None else None
