"""Verifies credentials: API tokens of this ledger, bearer tokens of the plan's OpenID provider, and browser sessions.

A verified credential is cached by its hash: a credential of this ledger until the directory is a second old, and a
token of the provider for at most a minute. The expiry is checked for every request.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final, Protocol

from api.identity.caller import Caller, Means
from api.identity.cookies_and_csrf import csrf_token_of
from api.identity.credentials import (
    TOKEN_PREFIX,
    code_of,
    code_parts,
    hash_of,
    is_of,
    new_secret,
    token_of,
    token_parts,
)
from api.identity.limits import Attempts
from api.identity.problems import NotKnown
from domain.errors import NotPermitted
from domain.events.system import THE_LEDGER_ITSELF
from domain.ledger.accounts.people import SECONDS_OLD_MAX, People
from domain.ledger.accounts.sessions import Sessions
from domain.ledger.application import Ledger
from domain.people import Actor
from domain.permissions.accounts import Directory, Issued
from domain.permissions.disclosure import Purpose

TOKEN_DAYS: Final = 90
TOKEN_DAYS_MAX: Final = 365
LINK_LASTS: Final = timedelta(hours=24)
CACHED_MAX: Final = 10_000
SECONDS_BETWEEN_READS: Final = 0.1

FIRST_ADMINISTRATOR: Final = Actor(id="administrator", name="First administrator", role="administrator")


@dataclass(slots=True)
class VerifiedCredential:
    """A verified credential.

    It is cached until `until`, by the monotonic clock of the process. It expires at `expires_at`, by the clock of the
    ledger. `version` is the version of the directory in which it was found. None: it is not from the directory.
    `caller` is the caller of the last request with this credential.
    """

    actor: Actor
    means: Means
    until: float
    expires_at: datetime | None = None
    version: int | None = None
    credential_id: str | None = None
    csrf_token: str | None = field(default=None, repr=False)
    caller: Caller | None = None

    def caller_from(self, origin: str, purpose: Purpose | None) -> Caller:
        return Caller(
            self.actor,
            self.means,
            origin,
            through="page" if self.means == "session" else "api",
            purpose=purpose,
            credential_id=self.credential_id,
            expires_at=self.expires_at,
            csrf_token=self.csrf_token,
        )


class Provider(Protocol):
    """The plan's own OpenID provider."""

    async def verify(self, token: str) -> VerifiedCredential:
        """Raises NotKnown, NoRole, and ProviderUnreachable."""


class Identity:
    """Authenticates the callers of one ledger. It is thread-safe.

    `public_url` is the address that browsers use. Under https, cookies are `Secure`.
    """

    def __init__(self, ledger: Ledger, *, provider: Provider | None = None, public_url: str | None = None) -> None:
        self.ledger = ledger
        self.people = People(ledger)
        self.attempts = Attempts()
        self.provider = provider
        self.public_url = public_url
        self._verified: dict[bytes, VerifiedCredential] = {}
        self._issued: dict[str, tuple[str, datetime]] = {}

    @cached_property
    def sessions(self) -> Sessions:
        return Sessions(self.ledger.recorder.datastore)

    @property
    def is_secure(self) -> bool:
        return self.public_url is not None and self.public_url.startswith("https:")

    # -- verifying credentials ----------------------------------------------------------------

    def cached(self, authorization: bytes) -> VerifiedCredential | None:
        """The cached credential of this Authorization header, if it is still valid."""
        return self._cached(hashlib.sha256(authorization).digest())

    async def verify_bearer(self, credential: str, authorization: bytes) -> VerifiedCredential:
        """Verifies the credential of an Authorization header, and caches it.

        Raises NotKnown, what the provider raises, and PersistenceError if the store does not answer.
        """
        key = hashlib.sha256(authorization).digest()
        if credential.startswith(TOKEN_PREFIX):
            await self._refresh()
            if self._may_be_new(credential):
                await asyncio.to_thread(self.people.read)
            return self._cache(key, self._verify_token(credential))
        if self.provider is not None:
            verified = await self.provider.verify(credential)
            await self._refresh()
            if self.people.known.person(verified.actor.id) is not None:
                # Two people with the same id could not be distinguished on record.
                raise NotKnown("The provider's id for this user belongs to another user of this ledger.")
            return self._cache(key, verified)
        raise NotKnown("The token is not a token of this ledger, and the ledger has no OpenID provider.")

    async def verify_session(self, secret: str) -> VerifiedCredential:
        """Verifies the secret of a session. Raises NotKnown, and PersistenceError if the store does not answer."""
        key = _session_key(secret)
        if (verified := self._cached(key)) is not None:
            return verified
        await self._refresh()
        return self._cache(key, await asyncio.to_thread(self._verify_session, secret))

    async def _refresh(self) -> None:
        if not self.people.is_fresh:
            await asyncio.to_thread(self.people.directory)

    def _may_be_new(self, credential: str) -> bool:
        """Whether another process may have issued the token since the directory was read.

        False if the directory was read less than SECONDS_BETWEEN_READS ago, which limits reads to ten a second.
        """
        parts = token_parts(credential)
        is_unknown = parts is not None and parts[0] not in self.people.known.tokens
        return is_unknown and time.monotonic() - self.people.read_at >= SECONDS_BETWEEN_READS

    def _verify_token(self, credential: str) -> VerifiedCredential:
        directory, until = self.people.known, self.people.read_at + SECONDS_OLD_MAX
        parts = token_parts(credential)
        token = directory.tokens.get(parts[0]) if parts is not None else None
        if parts is None or token is None or not is_of(parts[1], token.secret_sha256):
            raise NotKnown("The token does not exist.")
        if token.ended_at is not None:
            raise NotKnown("The token was revoked.", "revoked")
        if not token.holds_at(self.ledger.now()):
            raise NotKnown("The token has expired.", "expired")
        person = directory.person(token.person_id)
        assert person is not None, "links and tokens end when their user is removed"
        return VerifiedCredential(person, "token", until, token.expires_at, directory.version, token.id)

    def _verify_session(self, secret: str) -> VerifiedCredential:
        directory, until = self.people.known, time.monotonic() + SECONDS_OLD_MAX
        until = min(until, self.people.read_at + SECONDS_OLD_MAX)
        now, session = self.ledger.now(), self.sessions.find(hash_of(secret))
        if session is None or not is_of(secret, session.secret_sha256):
            raise NotKnown("The session does not exist. Sign in again.")
        if now >= session.over_at:
            raise NotKnown("The session has ended. Sign in again.", "expired")
        admitted = directory.people.get(session.person_id)
        if admitted is None or session.created_at < admitted.since:
            raise NotKnown("The user of this session was removed.", "revoked")
        self.sessions.note_used(session, now)
        return VerifiedCredential(
            admitted.actor,
            "session",
            until,
            session.over_at,
            directory.version,
            csrf_token=csrf_token_of(secret),
        )

    def _cached(self, key: bytes) -> VerifiedCredential | None:
        credential = self._verified.get(key)
        if credential is None or time.monotonic() >= credential.until:
            return None
        if credential.version is not None and credential.version != self.people.known.version:
            return None
        if (
            credential.expires_at is not None
            and credential.version is not None
            and self.ledger.now() >= credential.expires_at
        ):
            return None
        return credential

    def _cache(self, key: bytes, credential: VerifiedCredential) -> VerifiedCredential:
        if len(self._verified) >= CACHED_MAX:
            self._verified.clear()
        self._verified[key] = credential
        return credential

    # -- signing in and out -------------------------------------------------------------------

    def sign_in(self, code: str, secret_before: str | None = None) -> tuple[str, Actor]:
        """Signs in with the code of a link. Returns the secret of the new session, and its user.

        The link cannot be used again, and the session of `secret_before` is ended. Raises NotKnown.
        """
        parts = code_parts(code)
        directory, now = self._directory_with_links(parts), self.ledger.now()
        link = directory.links.get(parts[0]) if parts is not None else None
        if parts is None or link is None or not is_of(parts[1], link.secret_sha256):
            raise NotKnown("The sign-in link is not valid for this ledger.")
        if link.was_used:
            raise NotKnown("The sign-in link was already used. A link works only once.", "used_before")
        if link.ended_at is not None:
            raise NotKnown("The sign-in link was replaced by a newer link.", "revoked")
        if not link.holds_at(now):
            raise NotKnown("The sign-in link has expired.", "expired")
        person = directory.person(link.person_id)
        assert person is not None, "links and tokens end when their user is removed"
        try:
            self.people.use_link(link.id, person)
        except NotPermitted:
            raise NotKnown("The sign-in link was already used. A link works only once.", "used_before") from None
        if secret_before is not None:
            self.sign_out(secret_before)
        secret = new_secret()
        # A session must not begin before its user was added, even if the clock was set back.
        began_at = max(self.ledger.now(), directory.people[person.id].since)
        self.sessions.begin(hash_of(secret), person.id, began_at)
        return secret, person

    def _directory_with_links(self, parts: tuple[str, str] | None) -> Directory:
        """The directory in the store, which is not read for a code that cannot be one.

        While there are many wrong codes, an unknown code is looked up in a directory that was read up to
        SECONDS_BETWEEN_READS ago. A code of a known link is always looked up in the store.
        """
        known = self.people.known
        if parts is None:
            return known
        link = known.links.get(parts[0])
        if link is not None and not is_of(parts[1], link.secret_sha256):
            return known
        is_recent = time.monotonic() - self.people.read_at < SECONDS_BETWEEN_READS
        return known if link is None and is_recent and self.attempts.are_many else self.people.read()

    def sign_out(self, secret: str) -> None:
        """Ends the session with this secret."""
        self.sessions.end(hash_of(secret))
        self._verified.pop(_session_key(secret), None)

    # -- what is issued -----------------------------------------------------------------------

    def new_link(self, person_id: str, by: Actor) -> tuple[str, Issued]:
        """Issues a sign-in link: the code, which works once, and the stored record of it.

        An earlier link of this user becomes invalid. Raises NotFound.
        """
        secret = new_secret()
        issued = self.people.issue_link(person_id, hash_of(secret), by, LINK_LASTS)
        return code_of(issued.id, secret), issued

    def first_link(self) -> str | None:
        """A sign-in code for a local administrator. None after an administrator has signed in, or with a provider."""
        directory = self.people.read()
        if self.provider is not None or directory.has_active_administrator(self.ledger.now()):
            return None
        person = _first_administrator(directory)
        if directory.person(person.id) is None:
            self.people.admit(person, THE_LEDGER_ITSELF)
        return self.new_link(person.id, THE_LEDGER_ITSELF)[0]

    def new_token(self, person_id: str, by: Actor, days: int = TOKEN_DAYS) -> tuple[str, Issued]:
        """Issues a token that is valid for `days`: the token, which is shown only once, and the stored record of it.

        Raises NotFound.
        """
        secret = new_secret()
        issued = self.people.issue_token(person_id, hash_of(secret), by, timedelta(days=days))
        return token_of(issued.id, secret), issued

    def issue_token(self, person: Actor) -> str:
        """A token with which exactly this person is the caller. The person is added or changed if necessary.

        The token is cached: it is the same until it expires or the person is removed.
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


def _session_key(secret: str) -> bytes:
    return hashlib.sha256(b"session " + secret.encode()).digest()


def _first_administrator(directory: Directory) -> Actor:
    """The administrator for the first link: one who was added before and has not signed in, else a new one."""
    actors = [one.actor for one in directory.administrators()]
    return next(
        (one for one in actors if one.id == FIRST_ADMINISTRATOR.id), actors[0] if actors else _with_free_id(directory)
    )


def _with_free_id(directory: Directory) -> Actor:
    """The first administrator, with an id that no other user has."""
    identifier, number = FIRST_ADMINISTRATOR.id, 1
    while directory.person(identifier) is not None:
        number += 1
        identifier = f"{FIRST_ADMINISTRATOR.id}-{number}"
    return FIRST_ADMINISTRATOR.model_copy(update={"id": identifier})
