"""The gate before the whole application: a request goes in with its caller, or is answered 401 here.

Deny by default: what is not on the list of what everybody may ask needs a caller, a path that does
not exist too. It is the outermost layer but for the check of the host.
"""

from __future__ import annotations

from typing import Final, get_args

from eventsourcing.persistence import PersistenceError
from starlette.types import ASGIApp, Receive, Scope, Send

from api.identity.caller import Caller
from api.identity.identity import Identity, Known, NotKnown
from api.problems import problem
from domain.accesses import Purpose

PUBLIC: Final = frozenset({"/", "/docs", "/openapi.json", "/health/live", "/health/ready", "/sign-in"})
"""What everybody may ask, and everything below `/sign-in/`. A test holds the list to the README's."""

PURPOSES: Final[dict[bytes, Purpose]] = {one.encode(): one for one in get_args(Purpose)}
CREDENTIAL_BYTES_MAX: Final = 8_192
ORIGIN_LENGTH_MAX: Final = 200

_SCHEME: Final = b"bearer "


def is_public(path: str) -> bool:
    return path in PUBLIC or path.startswith("/sign-in/")


class Gate:
    """Puts the `Caller` into `scope["caller"]`; on a public path None where there is nobody."""

    def __init__(self, app: ASGIApp, identity: Identity) -> None:
        self._app = app
        self._identity = identity

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
        authorization = purpose_sent = None
        for name, value in scope["headers"]:
            if name == b"authorization":
                if authorization is not None:
                    authorization = b""
                    break
                authorization = value
            elif name == b"x-purpose-of-use":
                purpose_sent = value
        scope["caller"] = None
        try:
            known = await self._known(authorization)
        except NotKnown as nobody:
            if not is_public(scope["path"]):
                await _nobody(str(nobody))(scope, receive, send)
                return
        except PersistenceError:
            if not is_public(scope["path"]):
                await _unavailable()(scope, receive, send)
                return
        else:
            purpose = PURPOSES.get(purpose_sent) if purpose_sent is not None else None
            if purpose is None and purpose_sent is not None:
                await _unknown_purpose()(scope, receive, send)
                return
            client = scope.get("client")
            origin = str(client[0])[:ORIGIN_LENGTH_MAX] if client else "unknown"
            scope["caller"] = Caller(
                known.actor, known.means, origin, purpose=purpose, credential_id=known.credential_id
            )
        await self._app(scope, receive, send)

    async def _known(self, authorization: bytes | None) -> Known:
        if authorization is None:
            raise NotKnown("This needs a caller, and the request has no Authorization.")
        if len(authorization) > CREDENTIAL_BYTES_MAX or authorization[:7].lower() != _SCHEME:
            raise NotKnown("The Authorization header is not one Bearer token.")
        try:
            return await self._identity.behind_bearer(authorization[7:].strip().decode("ascii"))
        except UnicodeDecodeError:
            raise NotKnown("The Authorization header is not one Bearer token.") from None


def _nobody(cause: str) -> ASGIApp:
    answer = problem(
        401, "Not signed in", cause, "send Authorization: Bearer with a token that holds, or sign in",
        field="header.Authorization",
    )  # fmt: skip
    answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _unavailable() -> ASGIApp:
    return problem(503, "Store unavailable", "The ledger's store does not answer.", "try again in a moment")


def _unknown_purpose() -> ASGIApp:
    return problem(
        422, "Unknown purpose", "X-Purpose-Of-Use is no purpose that is known here.",
        f"leave it out, or send one of {', '.join(get_args(Purpose))}", field="header.X-Purpose-Of-Use",
    )  # fmt: skip
