"""The public keys of the OpenID provider. They are fetched when first needed, for an unknown key, and every hour.

If the provider does not answer, the cached keys stay in use. If several requests need an unknown key, only one of them
fetches the keys, and at most `TRIES_MAX` times in `TRIES_SECONDS`. So tokens with an invented key id do not burden the
provider. Each fetch has a thread of its own: a provider that is slow takes no thread from other requests, and a request
with a known key never waits for it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from concurrent.futures import Future
from http.client import HTTPException
from threading import Lock, Thread
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
"""After this time the keys are fetched again, so a key that the provider withdrew is trusted no longer than this."""

TIMEOUT_SECONDS: Final = 5.0
OTHERS_WAIT_SECONDS: Final = 1.0
OTHERS_WAITING_MAX: Final = 50
"""How long, and how many, requests with an unknown key wait for the keys that another request fetches."""
DOCUMENT_BYTES_MAX: Final = 1_048_576
KEYS_MAX: Final = 100
RSA_BITS_MIN: Final = 2048

_KINDS: Final = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}


class _NoRedirects(HTTPRedirectHandler):
    """Refuses redirects, because a redirect could lead to the keys of an attacker."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class ProviderKeys:
    """The cached keys of one provider. It is thread-safe, and can be used from several event loops."""

    def __init__(self, settings: OpenIDSettings) -> None:
        self._settings = settings
        self._lock = Lock()
        self._fetch_in_flight: Future[None] | None = None
        self._others_waiting = 0
        self._keys: tuple[dict[str, Any], ...] | None = None
        self._tries: deque[float] = deque(maxlen=TRIES_MAX)
        self._has_answered = False
        self._fetched_at = -SECONDS_KEPT
        self._made: dict[tuple[str | None, str], PyJWK | None] = {}
        self.times_fetched = 0

    def cached_key(self, key_id: str | None, algorithm: str) -> PyJWK | None:
        """The key, if it is cached and not too old. The provider is not asked."""
        if time.monotonic() - self._fetched_at >= SECONDS_KEPT:
            return None
        return self._find(key_id, algorithm)

    async def key(self, key_id: str | None, algorithm: str) -> PyJWK | None:
        """The key, or None if the provider has no such key. Raises ProviderUnreachable if this cannot be determined."""
        if (key := self.cached_key(key_id, algorithm)) is not None:
            return key
        fetch, is_own = self._fetch_for_key()
        if fetch is not None and is_own:
            await asyncio.wait({asyncio.wrap_future(fetch)}, timeout=TIMEOUT_SECONDS)
        elif fetch is not None and self._find(key_id, algorithm) is None:
            await self._wait_for_another(fetch)
        key = self._find(key_id, algorithm)
        if key is None and not self._has_answered:
            raise ProviderUnreachable
        return key

    def _fetch_for_key(self) -> tuple[Future[None] | None, bool]:
        """The fetch that is in flight, if any, and whether this call began it."""
        with self._lock:
            now, fetch = time.monotonic(), self._fetch_in_flight
            # A fetch that takes longer than any time-out is not waited for any more.
            if fetch is not None and not fetch.done() and now - self._tries[-1] < TRIES_SECONDS:
                return fetch, False
            if len(self._tries) == TRIES_MAX and now - self._tries[0] < TRIES_SECONDS:
                return None, False
            self._tries.append(now)
            fetch = self._fetch_in_flight = Future()
        # A daemon, so that a slow provider does not delay the end of the program.
        Thread(target=self._fetch_into, args=(fetch,), name="provider-keys", daemon=True).start()
        return fetch, True

    def _fetch_into(self, future: Future[None]) -> None:
        try:
            self._has_answered = self._fetch()
        finally:
            future.set_result(None)

    async def _wait_for_another(self, fetch: Future[None]) -> None:
        """Waits a little for a fetch of another request. If many requests wait already, this one does not."""
        if self._others_waiting < OTHERS_WAITING_MAX:
            self._others_waiting += 1
            try:
                await asyncio.wait({asyncio.wrap_future(fetch)}, timeout=OTHERS_WAIT_SECONDS)
            finally:
                self._others_waiting -= 1

    def _find(self, key_id: str | None, algorithm: str) -> PyJWK | None:
        keys = self._made
        if (key_id, algorithm) not in keys:
            candidates = [one for one in self._keys or () if _matches(one, key_id, algorithm)]
            # Without a key id, or with an id that several keys have, more than one key may match. None is used then.
            key = _public_key(candidates[0], algorithm) if len(candidates) == 1 else None
            if key is None:
                return None
            keys[key_id, algorithm] = key
        return keys[key_id, algorithm]

    def _fetch(self) -> bool:
        """Fetches the keys, and returns whether the provider answered. If not, the earlier keys stay."""
        try:
            url = self._settings.jwks_url or self._jwks_url()
            keys = _document(url).get("keys")
        except (URLError, OSError, HTTPException, ValueError):
            return False
        if not isinstance(keys, list):
            return False
        self._keys = tuple(one for one in keys[:KEYS_MAX] if isinstance(one, dict))
        self._made = {}
        self._fetched_at = time.monotonic()
        self.times_fetched += 1
        return True

    def _jwks_url(self) -> str:
        configuration = _document(f"{self._settings.issuer.rstrip('/')}/.well-known/openid-configuration")
        if configuration.get("issuer") != self._settings.issuer:
            raise ValueError("the document belongs to another issuer")
        # The same rule as for a configured URL: https, unless the provider is on this machine.
        settings = OpenIDSettings.model_validate({"issuer": configuration.get("jwks_uri"), "audience": ("-",)})
        return settings.issuer


def _document(url: str) -> dict[str, Any]:
    request = Request(url, headers={"Accept": "application/json"})  # noqa: S310  (settings allow https and this machine)
    with build_opener(_NoRedirects).open(request, timeout=TIMEOUT_SECONDS) as answer:
        body = answer.read(DOCUMENT_BYTES_MAX + 1)
    if len(body) > DOCUMENT_BYTES_MAX:
        raise ValueError("the document is too large")
    document = json.loads(body)
    if not isinstance(document, dict):
        raise ValueError("the document is not a JSON object")  # noqa: TRY004  (the document is invalid, not an argument)
    return document


def _matches(key: dict[str, Any], key_id: str | None, algorithm: str) -> bool:
    return (
        (key_id is None or key.get("kid") == key_id)
        and key.get("kty") == _KINDS[algorithm[:2]]
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
    )


def _public_key(key: dict[str, Any], algorithm: str) -> PyJWK | None:
    """The key for this algorithm, from its public parts only. None if it is not a valid key or is too short."""
    public = {name: value for name, value in key.items() if name in ("kty", "kid", "n", "e", "crv", "x", "y")}
    try:
        public_key = PyJWK(public, algorithm)
    except (PyJWTError, ValueError, TypeError):
        return None
    return (
        public_key if getattr(public_key.key, "key_size", RSA_BITS_MIN) >= RSA_BITS_MIN or key["kty"] != "RSA" else None
    )
