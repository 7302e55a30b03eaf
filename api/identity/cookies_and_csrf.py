"""What a browser's session needs: its cookie, and proof that a request comes from a page of ours.

The cookie is `HttpOnly` and `SameSite=Lax`: a link from a mail leads in, for no GET changes anything,
and what changes something needs a token that only our pages know. Under https it is `Secure` and its
name begins with `__Host-`, which no other host can set.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Final, Literal
from urllib.parse import urlsplit

COOKIE: Final = "lemtrada-session"
CSRF_FIELD: Final = "csrf_token"
CSRF_HEADER: Final = "x-csrf-token"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

_SECRET: Final = re.compile("[0-9a-f]{64}")


def cookie_name(is_secure: bool) -> str:
    return f"__Host-{COOKIE}" if is_secure else COOKIE


def session_secret(cookies: bytes, is_secure: bool) -> str | None:
    """That of the Cookie header; None where there is none, or more than one."""
    name = cookie_name(is_secure)
    found = [
        value
        for key, _, value in (part.strip().partition("=") for part in cookies.decode("latin-1").split(";"))
        if key == name
    ]
    return found[0] if len(found) == 1 and _SECRET.fullmatch(found[0]) else None


def csrf_token_of(secret: str) -> str:
    """Follows from the session's secret, and the secret does not follow from it."""
    return hmac.new(bytes.fromhex(secret), b"lemtrada-ledger csrf", hashlib.sha256).hexdigest()


def is_csrf_token(sent: str, secret: str) -> bool:
    return hmac.compare_digest(sent.encode(), csrf_token_of(secret).encode())


def is_from_here(headers: Mapping[str, str], scheme: str, public_url: str | None) -> bool:
    """Whether nothing that the browser says of a request's origin speaks against its being a page of ours."""
    site = headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    return origin is None or origin == origin_of(public_url or f"{scheme}://{headers.get('host', '')}")


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    default: Literal[80, 443] = 443 if parts.scheme == "https" else 80
    try:
        port = parts.port
    except ValueError:
        return ""
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, default) else "")
