"""Who is behind a credential: a token of ours, a bearer token of the plan's provider, a browser's session.

What was verified is remembered by the credential's hash: one of ours until the directory is a second
old, one of the provider's for a minute at the most. Expiry is looked at each time.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from api.identity.caller import Means
from api.identity.secrets import TOKEN_PREFIX, hash_of, is_of, new_secret, token_of, token_parts
from domain.directory import Issued
from domain.events import THE_LEDGER_ITSELF
from domain.ledger.application import Ledger
from domain.ledger.people import SECONDS_OLD_MAX, People
from domain.people import Actor

TOKEN_DAYS: Final = 90
TOKEN_DAYS_MAX: Final = 365
REMEMBERED_MAX: Final = 10_000


class NotKnown(Exception):
    """Nobody, or nobody any more; the message is a sentence for whoever sent the credential."""


@dataclass(frozen=True, slots=True)
class Known:
    """A credential that was verified. `until` is by the process's steady clock, `expires_at` by the ledger's.

    `version` is that of the directory it was found in; None where the directory says nothing of it.
    """

    actor: Actor
    means: Means
    until: float
    expires_at: datetime | None = None
    version: int | None = None
    credential_id: str | None = None


class Identity:
    """Of one ledger's callers. Safe for threads."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.people = People(ledger)
        self._remembered: dict[bytes, Known] = {}
        self._issued: dict[str, tuple[str, datetime]] = {}

    # -- who is behind it ---------------------------------------------------------------------

    async def behind_bearer(self, credential: str) -> Known:
        """Raises NotKnown, and eventsourcing's persistence errors where the store does not answer."""
        key = hashlib.sha256(credential.encode()).digest()
        if (known := self._recalled(key)) is not None:
            return known
        return self._keep(key, await self._verified(credential))

    async def _verified(self, credential: str) -> Known:
        if credential.startswith(TOKEN_PREFIX):
            if not self.people.is_fresh:
                await asyncio.to_thread(self.people.directory)
            return self._behind_token(credential)
        raise NotKnown("This is no token of this ledger, and it has no OpenID provider.")

    def _behind_token(self, credential: str) -> Known:
        directory, until = self.people.known, self.people.read_at + SECONDS_OLD_MAX
        parts = token_parts(credential)
        token = directory.tokens.get(parts[0]) if parts is not None else None
        if parts is None or token is None or not is_of(parts[1], token.secret_sha256):
            raise NotKnown("There is no such token.")
        if not token.holds_at(self.ledger.now()):
            raise NotKnown("The token was revoked." if token.ended_at is not None else "The token has expired.")
        person = directory.person(token.person_id)
        assert person is not None, "what was issued to a person ends with her"
        return Known(person, "token", until, token.expires_at, directory.version, token.id)

    def _recalled(self, key: bytes) -> Known | None:
        known = self._remembered.get(key)
        if known is None or time.monotonic() >= known.until:
            return None
        if known.version is not None and known.version != self.people.known.version:
            return None
        if known.expires_at is not None and self.ledger.now() >= known.expires_at:
            return None
        return known

    def _keep(self, key: bytes, known: Known) -> Known:
        if len(self._remembered) >= REMEMBERED_MAX:
            self._remembered.clear()
        self._remembered[key] = known
        return known

    # -- what is issued -----------------------------------------------------------------------

    def new_token(self, person_id: str, by: Actor, days: int = TOKEN_DAYS) -> tuple[str, Issued]:
        """The token, which is shown this once, and what is kept of it. Raises NotFound."""
        secret = new_secret()
        issued = self.people.issue_token(person_id, hash_of(secret), by, timedelta(days=days))
        return token_of(issued.id, secret), issued

    def issue_token(self, person: Actor) -> str:
        """A token with which this very person is the caller; she is admitted, or changed, to be it.

        The token is remembered: it is the same one until it expires or somebody removes the person.
        """
        known = self.people.directory()
        if known.person(person.id) != person:
            self.people.ensure(person, THE_LEDGER_ITSELF)
            known = self.people.known
        token, expires_at = self._issued.get(person.id, ("", self.ledger.now()))
        parts = token_parts(token)
        if parts is not None and self.ledger.now() < expires_at and known.tokens[parts[0]].ended_at is None:
            return token
        token, issued = self.new_token(person.id, THE_LEDGER_ITSELF, TOKEN_DAYS_MAX)
        self._issued[person.id] = token, issued.expires_at
        return token
