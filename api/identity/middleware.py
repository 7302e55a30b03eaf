"""The gate before the whole application: a request goes in with its caller, or is answered 401 here.

Deny by default: what is not on the list of what everybody may ask needs a caller, a path that does
not exist too. It is the outermost layer but for the check of the host.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple, get_args
from urllib.parse import parse_qs

from eventsourcing.persistence import PersistenceError
from fastapi import Request
from fastapi.responses import JSONResponse, Response
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http import security_log
from api.identity.cookies_and_csrf import (
    CSRF_FIELD,
    CSRF_HEADER,
    SAFE_METHODS,
    is_csrf_token,
    is_from_here,
    session_secret,
)
from api.identity.identity import Identity, Known
from api.identity.problems import (
    NoRole,
    NotKnown,
    ProviderUnreachable,
    answer_to,
    cross_site,
    missing_csrf,
    unknown_purpose,
)
from domain.permissions.disclosure import Purpose

SIGN_IN: Final = "/sign-in"
PUBLIC: Final = frozenset({"/", "/docs", "/openapi.json", "/health/live", "/health/ready", SIGN_IN})
PUBLIC_BELOW: Final = (f"{SIGN_IN}/", "/static/")
"""Open to everyone, and everything below these. A test compares the list with `domain/permissions/README.md`."""

PURPOSES: Final[dict[bytes, Purpose]] = {one.encode(): one for one in get_args(Purpose)}
CREDENTIAL_BYTES_MAX: Final = 16_384
FORM_BYTES_MAX: Final = 65_536
ORIGIN_LENGTH_MAX: Final = 200

_BEARER: Final = b"bearer "
_FORM: Final = "application/x-www-form-urlencoded"
_FORM_WITH_FILES: Final = "multipart/form-data"
_FIRST_FIELD: Final = re.compile(
    rb'--[^\r\n]{1,200}\r\nContent-Disposition: form-data; name="'
    + CSRF_FIELD.encode()
    + rb'"\r\n\r\n([0-9a-f]{64})\r\n',
    re.IGNORECASE,
)
_BEGINNING_BYTES: Final = 1_024
_NOT_ONE_TOKEN: Final = "The Authorization header must contain exactly one Bearer token."  # noqa: S105


class SentHeaders(NamedTuple):
    """What of a request's headers says who asks; `twice` is whether Authorization came more than once."""

    authorization: bytes | None
    cookies: bytes
    purpose: bytes | None
    twice: bool


def is_public(path: str) -> bool:
    return path in PUBLIC or path.startswith(PUBLIC_BELOW)


def origin_of(scope: Scope) -> str:
    """The network address that asks."""
    client = scope.get("client")
    return str(client[0])[:ORIGIN_LENGTH_MAX] if client else "unknown"


Refusal = Callable[[Request, JSONResponse], Response]


def _as_told(_: Request, refusal: JSONResponse) -> Response:
    return refusal


class AuthenticationMiddleware:
    """Puts the `Caller` into `scope["caller"]`; on a public path None where there is nobody."""

    def __init__(self, app: ASGIApp, identity: Identity, in_her_form: Refusal = _as_told) -> None:
        """`in_her_form` makes a page of a refusal, for whoever asked for one."""
        self._app = app
        self._identity = identity
        self._in_her_form = in_her_form

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._admit(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        else:
            # There is nothing here that is spoken to in another way.
            await receive()
            await send({"type": "websocket.close", "code": 1008})

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        sent = _sent(scope)
        scope["caller"] = None
        try:
            known, secret = await self._known(sent)
        except (NotKnown, NoRole, ProviderUnreachable, PersistenceError) as nobody:
            if is_public(scope["path"]):
                await self._app(scope, receive, send)
                return
            if sent.authorization is not None or secret_of(sent, self._identity) is not None:
                _tell_of(nobody, origin_of(scope))
            await self._told(answer_to(nobody), scope, receive, send)
            return
        purpose = PURPOSES.get(sent.purpose) if sent.purpose is not None else None
        if purpose is None and sent.purpose is not None:
            await self._told(unknown_purpose(), scope, receive, send)
            return
        if secret is not None and scope["method"] not in SAFE_METHODS and scope["path"] != SIGN_IN:
            refusal, receive = await self._checked(scope, receive, secret, known)
            if refusal is not None:
                await self._told(refusal, scope, receive, send)
                return
        origin, caller = origin_of(scope), known.caller
        if caller is None or caller.origin != origin or caller.purpose != purpose:
            # Mostly the one before: to make one takes longer than all the rest of this.
            caller = known.caller = known.caller_from(origin, purpose)
        scope["caller"] = caller
        await self._app(scope, receive, send)

    async def _told(self, refusal: JSONResponse, scope: Scope, receive: Receive, send: Send) -> None:
        await self._in_her_form(Request(scope), refusal)(scope, receive, send)

    async def _known(self, sent: SentHeaders) -> tuple[Known, str | None]:
        """And the secret of the session, where it is one that speaks for the caller."""
        if sent.authorization is None:
            secret = secret_of(sent, self._identity)
            if secret is None:
                raise NotKnown(
                    "This operation requires authentication, and the request has no Authorization header.",
                    "no_credentials",
                )
            return await self._identity.behind_session(secret), secret
        authorization = sent.authorization
        if not sent.twice and (known := self._identity.recalled(authorization)) is not None:
            return known, None
        if sent.twice or len(authorization) > CREDENTIAL_BYTES_MAX or authorization[:7].lower() != _BEARER:
            raise NotKnown(_NOT_ONE_TOKEN, "malformed")
        try:
            credential = authorization[7:].strip().decode("ascii")
        except UnicodeDecodeError:
            raise NotKnown(_NOT_ONE_TOKEN, "malformed") from None
        return await self._identity.behind_bearer(credential, authorization), None

    async def _checked(
        self, scope: Scope, receive: Receive, secret: str, known: Known
    ) -> tuple[JSONResponse | None, Receive]:
        """A cookie is sent by the browser whoever asks it to: what changes something has to come from a page of ours.

        The refusal, or None; and the body that is left to read.
        """
        headers = Headers(scope=scope)
        if not is_from_here(headers, scope.get("scheme", "http"), self._identity.public_url):
            security_log.access_denied("cross_site", origin=origin_of(scope), actor_id=known.actor.id)
            return cross_site(), receive
        token, kind = headers.get(CSRF_HEADER), headers.get("content-type", "").partition(";")[0].strip().lower()
        if token is None and kind == _FORM:
            body = await _read(receive)
            receive = _replaying(body, receive)
            token = next(iter(parse_qs(body.decode("latin-1")).get(CSRF_FIELD, [])), None)
        elif token is None and kind == _FORM_WITH_FILES:
            messages = await _beginning(receive)
            receive = _replaying_messages(messages, receive)
            token = _first_field(b"".join(one.get("body", b"") for one in messages))
        if token is None or not is_csrf_token(token, secret):
            security_log.access_denied("missing_csrf", origin=origin_of(scope), actor_id=known.actor.id)
            return missing_csrf(), receive
        return None, receive


def secret_of(sent: SentHeaders, identity: Identity) -> str | None:
    """Of the session whose cookie came along."""
    return session_secret(sent.cookies, identity.is_secure) if sent.cookies else None


def _sent(scope: Scope) -> SentHeaders:
    authorization = purpose = None
    cookies, twice = b"", False
    for name, value in scope["headers"]:
        if name == b"authorization":
            twice = authorization is not None
            authorization = value
        elif name == b"cookie":
            cookies = b"; ".join((cookies, value)) if cookies else value
        elif name == b"x-purpose-of-use":
            purpose = value
    return SentHeaders(authorization, cookies, purpose, twice)


def _tell_of(nobody: Exception, origin: str) -> None:
    if isinstance(nobody, NotKnown):
        security_log.access_denied(nobody.reason, origin=origin)
    elif isinstance(nobody, NoRole):
        security_log.access_denied("no_role", origin=origin)
    elif isinstance(nobody, ProviderUnreachable):
        security_log.access_denied("provider_unreachable", origin=origin)


async def _read(receive: Receive) -> bytes:
    """A form, as far as it may go; of a larger one the beginning, in which no token is found."""
    body = b""
    while len(body) <= FORM_BYTES_MAX:
        message = await receive()
        if message["type"] != "http.request":
            break
        body += bytes(message.get("body", b""))
        if not message.get("more_body", False):
            return body
    return b""


async def _beginning(receive: Receive) -> list[Message]:
    """As much of a form with files as its first field takes: a document is not read to find out who sends it."""
    messages: list[Message] = []
    size = 0
    while size < _BEGINNING_BYTES:
        message = await receive()
        messages.append(message)
        size += len(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body", False):
            break
    return messages


def _first_field(beginning: bytes) -> str | None:
    """The token, where the form begins with it, as ours do."""
    found = _FIRST_FIELD.match(beginning)
    return found[1].decode() if found is not None else None


def _replaying_messages(messages: list[Message], receive: Receive) -> Receive:
    waiting = iter(messages)

    async def again() -> Message:
        message = next(waiting, None)
        return message if message is not None else await receive()

    return again


def _replaying(body: bytes, receive: Receive) -> Receive:
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
