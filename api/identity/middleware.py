"""Authentication before the whole application: a request reaches the application with its caller, or gets a 401.

Access is denied by default: every path that is not in the list of public paths needs a caller, also a path that does
not exist. This is the outermost layer, except for the layers of `api/server/proxy.py`.
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
from api.http.single_headers import SINGLE, refused_header
from api.identity.cookies_and_csrf import (
    CSRF_FIELD,
    CSRF_HEADER,
    SAFE_METHODS,
    is_csrf_token,
    is_from_here,
    session_secret,
)
from api.identity.identity import Identity, VerifiedCredential
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
"""Everything below these paths is public. A test compares the list with `domain/permissions/README.md`."""

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
    """The headers for authentication. `is_repeated`: the request has more than one Authorization header.

    `repeated` is the name of another header that the request has more than once, and may have once only.
    """

    authorization: bytes | None
    cookies: bytes
    purpose: bytes | None
    is_repeated: bool
    repeated: str | None


def is_public(path: str) -> bool:
    """Whether the path can be used without authentication."""
    return path in PUBLIC or path.startswith(PUBLIC_BELOW)


def origin_of(scope: Scope) -> str:
    """The network address of the client."""
    client = scope.get("client")
    return str(client[0])[:ORIGIN_LENGTH_MAX] if client else "unknown"


Refusal = Callable[[Request, JSONResponse], Response]


def _unchanged(_: Request, refusal: JSONResponse) -> Response:
    return refusal


class AuthenticationMiddleware:
    """Sets `scope["caller"]` to the `Caller`. On a public path without a valid credential it is None."""

    def __init__(self, app: ASGIApp, identity: Identity, rendered: Refusal = _unchanged) -> None:
        """`rendered` turns the answer of a refusal into a page if the browser requested a page."""
        self._app = app
        self._identity = identity
        self._rendered = rendered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._admit(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        else:
            # The application has no WebSockets.
            await receive()
            await send({"type": "websocket.close", "code": 1008})

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        sent = _sent_headers(scope)
        scope["caller"] = None
        try:
            credential, secret = await self._authenticate(sent)
        except (NotKnown, NoRole, ProviderUnreachable, PersistenceError) as error:
            if is_public(scope["path"]):
                await self._app(scope, receive, send)
                return
            if sent.authorization is not None or secret_of(sent, self._identity) is not None:
                _log_refusal(error, origin_of(scope))
            await self._refuse(answer_to(error), scope, receive, send)
            return
        if sent.repeated is not None:
            await self._refuse(refused_header(Request(scope), sent.repeated), scope, receive, send)
            return
        purpose = PURPOSES.get(sent.purpose) if sent.purpose is not None else None
        if purpose is None and sent.purpose is not None:
            await self._refuse(unknown_purpose(), scope, receive, send)
            return
        if secret is not None and scope["method"] not in SAFE_METHODS and scope["path"] != SIGN_IN:
            refusal, receive = await self._check_csrf(scope, receive, secret, credential)
            if refusal is not None:
                await self._refuse(refusal, scope, receive, send)
                return
        origin, caller = origin_of(scope), credential.caller
        if caller is None or caller.origin != origin or caller.purpose != purpose:
            # The caller of the previous request is usually reused: creating one takes longer than all other steps.
            caller = credential.caller = credential.caller_from(origin, purpose)
        scope["caller"] = caller
        await self._app(scope, receive, send)

    async def _refuse(self, refusal: JSONResponse, scope: Scope, receive: Receive, send: Send) -> None:
        await self._rendered(Request(scope), refusal)(scope, receive, send)

    async def _authenticate(self, sent: SentHeaders) -> tuple[VerifiedCredential, str | None]:
        """The verified credential, and the secret of the session if the credential is a session.

        Raises what `Identity.verify_bearer` and `Identity.verify_session` raise.
        """
        if sent.authorization is None:
            secret = secret_of(sent, self._identity)
            if secret is None:
                raise NotKnown(
                    "This operation requires authentication, and the request has no Authorization header.",
                    "no_credentials",
                )
            return await self._identity.verify_session(secret), secret
        authorization = sent.authorization
        if not sent.is_repeated and (credential := self._identity.cached(authorization)) is not None:
            return credential, None
        if sent.is_repeated or len(authorization) > CREDENTIAL_BYTES_MAX or authorization[:7].lower() != _BEARER:
            raise NotKnown(_NOT_ONE_TOKEN, "malformed")
        try:
            token = authorization[7:].strip().decode("ascii")
        except UnicodeDecodeError:
            raise NotKnown(_NOT_ONE_TOKEN, "malformed") from None
        return await self._identity.verify_bearer(token, authorization), None

    async def _check_csrf(
        self, scope: Scope, receive: Receive, secret: str, credential: VerifiedCredential
    ) -> tuple[JSONResponse | None, Receive]:
        """Checks that a request of a browser session comes from a page of this server (CSRF protection).

        The check is needed because a browser sends the cookie with requests from pages of other sites too. Returns the
        refusal or None, and the `receive` that still gives the whole body.
        """
        headers = Headers(scope=scope)
        if not is_from_here(headers, scope.get("scheme", "http"), self._identity.public_url):
            security_log.access_denied("cross_site", origin=origin_of(scope), actor_id=credential.actor.id)
            return cross_site(), receive
        token, kind = headers.get(CSRF_HEADER), headers.get("content-type", "").partition(";")[0].strip().lower()
        if token is None and kind == _FORM:
            body = await _read_form(receive)
            receive = _replaying(body, receive)
            token = next(iter(parse_qs(body.decode("latin-1")).get(CSRF_FIELD, [])), None)
        elif token is None and kind == _FORM_WITH_FILES:
            messages = await _beginning(receive)
            receive = _replaying_messages(messages, receive)
            token = _first_field(b"".join(one.get("body", b"") for one in messages))
        if token is None or not is_csrf_token(token, secret):
            security_log.access_denied("missing_csrf", origin=origin_of(scope), actor_id=credential.actor.id)
            return missing_csrf(), receive
        return None, receive


def secret_of(sent: SentHeaders, identity: Identity) -> str | None:
    """The secret of the session in the cookies of the request, or None."""
    return session_secret(sent.cookies, identity.is_secure) if sent.cookies else None


def _sent_headers(scope: Scope) -> SentHeaders:
    authorization = purpose = repeated = None
    cookies, is_repeated, single = b"", False, set[bytes]()
    for name, value in scope["headers"]:
        if name in SINGLE:
            repeated = SINGLE[name] if name in single else repeated
            single.add(name)
        if name == b"authorization":
            is_repeated = authorization is not None
            authorization = value
        elif name == b"cookie":
            cookies = b"; ".join((cookies, value)) if cookies else value
        elif name == b"x-purpose-of-use":
            purpose = value
    return SentHeaders(authorization, cookies, purpose, is_repeated, repeated)


def _log_refusal(error: Exception, origin: str) -> None:
    if isinstance(error, NotKnown):
        security_log.access_denied(error.reason, origin=origin)
    elif isinstance(error, NoRole):
        security_log.access_denied("no_role", origin=origin)
    elif isinstance(error, ProviderUnreachable):
        security_log.access_denied("provider_unreachable", origin=origin)


async def _read_form(receive: Receive) -> bytes:
    """The body of a form. Empty if the form is larger than FORM_BYTES_MAX, so that no token is found in it."""
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
    """The beginning of a form with files, which has the CSRF token. The document is not read to check the token."""
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
    """The CSRF token, if it is the first field of the form, as in the forms of this server."""
    match = _FIRST_FIELD.match(beginning)
    return match[1].decode() if match is not None else None


def _replaying_messages(messages: list[Message], receive: Receive) -> Receive:
    waiting = iter(messages)

    async def receive_again() -> Message:
        message = next(waiting, None)
        return message if message is not None else await receive()

    return receive_again


def _replaying(body: bytes, receive: Receive) -> Receive:
    is_sent = False

    async def receive_again() -> Message:
        nonlocal is_sent
        if is_sent:
            return await receive()
        is_sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
