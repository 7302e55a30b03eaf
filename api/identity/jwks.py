"""The public keys of the OpenID provider: fetched when first needed, again for a key that is new, and every hour.

A provider that does not answer takes nothing away: the keys that are known go on. Of many who need a
key that is not known, one fetches, and at the most `TRIES_MAX` times in `TRIES_SECONDS`: a token with an
invented key does not make this server a burden to the provider.
"""

from __future__ import annotations

import json
import time
from collections import deque
from threading import Lock
from typing import Any, Final
from urllib.error import URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from jwt import PyJWK
from jwt.exceptions import PyJWTError

from api.identity.openid_settings import OpenIDSettings
from api.identity.problems import ProviderUnreachable

TRIES_MAX: Final = 3
TRIES_SECONDS: Final = 30.0
SECONDS_KEPT: Final = 3_600.0
"""A key that the provider withdrew is trusted no longer than this, if it answers."""

TIMEOUT_SECONDS: Final = 5.0
DOCUMENT_BYTES_MAX: Final = 1_048_576
KEYS_MAX: Final = 100
RSA_BITS_MIN: Final = 2048

_KINDS: Final = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}


class _NoRedirects(HTTPRedirectHandler):
    """Whoever can redirect us could name keys of his own."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class ProviderKeys:
    """Safe for threads. To look a key up may take the time of two requests to the provider."""

    def __init__(self, settings: OpenIDSettings) -> None:
        self._settings = settings
        self._one_at_a_time = Lock()
        self._keys: tuple[dict[str, Any], ...] | None = None
        self._tried: deque[float] = deque(maxlen=TRIES_MAX)
        self._has_answered = False
        self._fetched_at = -SECONDS_KEPT
        self._made: dict[tuple[str | None, str], PyJWK | None] = {}
        self.times_fetched = 0

    def at_hand(self, key_id: str | None, algorithm: str) -> PyJWK | None:
        """Of those that are known and not too old, without asking anybody."""
        if time.monotonic() - self._fetched_at >= SECONDS_KEPT:
            return None
        return self._found(key_id, algorithm)

    def key(self, key_id: str | None, algorithm: str) -> PyJWK | None:
        """None where the provider has no such key. Raises ProviderUnreachable where that cannot be told."""
        if (found := self.at_hand(key_id, algorithm)) is not None:
            return found
        with self._one_at_a_time:
            if (found := self.at_hand(key_id, algorithm)) is not None:
                return found
            if len(self._tried) < TRIES_MAX or time.monotonic() - self._tried[0] >= TRIES_SECONDS:
                self._tried.append(time.monotonic())
                self._has_answered = self._fetched()
            found = self._found(key_id, algorithm)
            if found is None and not self._has_answered:
                raise ProviderUnreachable
            return found

    def _found(self, key_id: str | None, algorithm: str) -> PyJWK | None:
        made = self._made
        if (key_id, algorithm) not in made:
            candidates = [one for one in self._keys or () if _is_meant(one, key_id, algorithm)]
            # Without an id, or with an id that two have, only one key may be meant.
            key = _made_of(candidates[0], algorithm) if len(candidates) == 1 else None
            if key is None:
                return None
            made[key_id, algorithm] = key
        return made[key_id, algorithm]

    def _fetched(self) -> bool:
        """Whether the provider answered now; what it said before stays where it did not."""
        try:
            url = self._settings.jwks_url or self._jwks_url()
            keys = _document(url).get("keys")
        except (URLError, OSError, ValueError):
            return False
        if not isinstance(keys, list):
            return False
        self._keys = tuple(one for one in keys[:KEYS_MAX] if isinstance(one, dict))
        self._made = {}
        self._fetched_at = time.monotonic()
        self.times_fetched += 1
        return True

    def _jwks_url(self) -> str:
        found = _document(f"{self._settings.issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != self._settings.issuer:
            raise ValueError("the document belongs to another issuer")
        # Held to the same rule as one that is configured: not over a line that others can write to.
        checked = OpenIDSettings.model_validate({"issuer": found.get("jwks_uri"), "audience": ("-",)})
        return checked.issuer


def _document(url: str) -> dict[str, Any]:
    request = Request(url, headers={"Accept": "application/json"})  # noqa: S310  (settings allow https and this machine)
    with build_opener(_NoRedirects).open(request, timeout=TIMEOUT_SECONDS) as answer:
        body = answer.read(DOCUMENT_BYTES_MAX + 1)
    if len(body) > DOCUMENT_BYTES_MAX:
        raise ValueError("the document is too large")
    found = json.loads(body)
    if not isinstance(found, dict):
        raise ValueError("the document is not a JSON object")  # noqa: TRY004  (wrong is what came, not its type here)
    return found


def _is_meant(key: dict[str, Any], key_id: str | None, algorithm: str) -> bool:
    return (
        (key_id is None or key.get("kid") == key_id)
        and key.get("kty") == _KINDS[algorithm[:2]]
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
    )


def _made_of(key: dict[str, Any], algorithm: str) -> PyJWK | None:
    """Of the public half alone, and for this one algorithm. None for a key that is none, or too short."""
    public = {name: value for name, value in key.items() if name in ("kty", "kid", "n", "e", "crv", "x", "y")}
    try:
        made = PyJWK(public, algorithm)
    except (PyJWTError, ValueError, TypeError):
        return None
    return made if getattr(made.key, "key_size", RSA_BITS_MIN) >= RSA_BITS_MIN or key["kty"] != "RSA" else None
