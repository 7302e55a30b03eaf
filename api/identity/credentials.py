"""Secrets of tokens, links and sessions: 32 random bytes, of which only the SHA-256 is stored."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import Final

TOKEN_PREFIX: Final = "lml_"  # noqa: S105  (every token begins with this prefix, so that scanners find leaked tokens)

_TOKEN: Final = re.compile(TOKEN_PREFIX + "([0-9a-f]{16})_([0-9a-f]{64})")
_CODE: Final = re.compile("([0-9a-f]{16})-([0-9a-f]{64})")


def new_secret() -> str:
    """A new secret in hexadecimal, in which each secret has exactly one spelling."""
    return secrets.token_hex(32)


def hash_of(secret: str) -> str:
    """The SHA-256 of the 32 bytes, in hexadecimal. A salt or a slow hash is not needed for 2^256 possible secrets."""
    return hashlib.sha256(bytes.fromhex(secret)).hexdigest()


def is_of(secret: str, secret_sha256: str) -> bool:
    """Whether the hash is of this secret. The time of the comparison does not depend on the secret."""
    return hmac.compare_digest(hash_of(secret), secret_sha256)


def token_of(token_id: str, secret: str) -> str:
    """The token as it is sent: `lml_`, the id, and the secret."""
    return f"{TOKEN_PREFIX}{token_id}_{secret}"


def token_parts(token: str) -> tuple[str, str] | None:
    """The id and the secret of a token. None if the text is not a token of this ledger."""
    match = _TOKEN.fullmatch(token)
    return (match[1], match[2]) if match is not None else None


def code_of(link_id: str, secret: str) -> str:
    """The code at the end of a sign-in link."""
    return f"{link_id}-{secret}"


def code_parts(code: str) -> tuple[str, str] | None:
    """The id and the secret of a link. None if the text is not a code of this ledger."""
    match = _CODE.fullmatch(code)
    return (match[1], match[2]) if match is not None else None
