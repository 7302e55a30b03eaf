"""Cookies of browser sessions, and the CSRF token, which proves that a request comes from a page of this server.

The cookie is `HttpOnly` and `SameSite=Lax`. A link in an email works, because no GET request changes anything. A
request that changes something needs the token, which only pages of this server have. Under https the cookie is
`Secure`, and its name begins with `__Host-`, so that no other host can set it.
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
    """The name of the session cookie. Under https it begins with `__Host-`."""
    return f"__Host-{COOKIE}" if is_secure else COOKIE


def session_secret(cookies: bytes, is_secure: bool) -> str | None:
    """The secret of the session in the Cookie header. None if there is no valid one, or more than one."""
    name = cookie_name(is_secure)
    values = [
        value
        for key, _, value in (part.strip().partition("=") for part in cookies.decode("latin-1").split(";"))
        if key == name
    ]
    return values[0] if len(values) == 1 and _SECRET.fullmatch(values[0]) else None


def csrf_token_of(secret: str) -> str:
    """The CSRF token of a session. It is derived from the session's secret and does not reveal the secret."""
    return hmac.new(bytes.fromhex(secret), b"lemtrada-ledger csrf", hashlib.sha256).hexdigest()


def is_csrf_token(sent: str, secret: str) -> bool:
    return hmac.compare_digest(sent.encode(), csrf_token_of(secret).encode())


def is_from_here(headers: Mapping[str, str], scheme: str, public_url: str | None) -> bool:
    """Whether the headers that the browser sends agree with a request from a page of this server."""
    site = headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    return origin is None or origin == origin_of(public_url or f"{scheme}://{headers.get('host', '')}")


def origin_of(url: str) -> str:
    """The origin of a URL, without a default port. Empty if the port is invalid."""
    parts = urlsplit(url)
    default: Literal[80, 443] = 443 if parts.scheme == "https" else 80
    try:
        port = parts.port
    except ValueError:
        return ""
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, default) else "")
