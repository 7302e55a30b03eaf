"""What stands between the network and the application: whose word is taken for who asks, and for which host.

TLS is the work of a proxy in front. What it says in `X-Forwarded-For`, `X-Forwarded-Proto` and
`X-Forwarded-Host` is believed only from the addresses that the operator names as the proxy's; from
everybody else these headers are taken out before anything reads them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any, Final, cast
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http import security_log
from domain.errors import InvalidCommand

PUBLIC_URL: Final = "--public-url"
PROXY: Final = "--proxy"
FORWARDED_FOR: Final = b"x-forwarded-for"
FORWARDED_PROTO: Final = b"x-forwarded-proto"
FORWARDED_HOST: Final = b"x-forwarded-host"
TRUSTED_HEADERS: Final = (FORWARDED_FOR, FORWARDED_PROTO, FORWARDED_HOST)

_HOW_URL: Final = "give the address that browsers use, for example https://ledger.plan.example"
_PORTS: Final = {"http": 80, "https": 443}


def is_loopback(host: str) -> bool:
    """Whether the name or address, written as in a URL, can only mean this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class PublicUrl:
    """Under which address browsers and systems reach the server; nothing but scheme, host and port."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + (f":{self.port}" if self.port != _PORTS[self.scheme] else "")

    @property
    def is_secure(self) -> bool:
        return self.scheme == "https"


@dataclass(frozen=True, slots=True)
class Front:
    """What stands in front of this server: nothing, or a proxy, under the public URL that it serves."""

    public_url: PublicUrl | None = None
    proxies: tuple[str, ...] = ()


def front_of(public_url: str | None, proxies: str | None) -> Front:
    """As the two options say. Raises InvalidCommand."""
    front = Front(None if public_url is None else _public_url(public_url), _proxies(proxies or ""))
    if front.proxies and front.public_url is None:
        raise InvalidCommand(
            "a proxy is given without its public address", field=PROXY, remedy=f"add {PUBLIC_URL}: {_HOW_URL}"
        )
    return front


def _public_url(text: str) -> PublicUrl:
    found = _parts(text)
    if found is None or any((urlsplit(text).path.strip("/"), urlsplit(text).query, urlsplit(text).fragment)):
        raise InvalidCommand("this is not the URL of a server", field=PUBLIC_URL, remedy=_HOW_URL)
    if found.scheme != "https" and not is_loopback(found.host):
        raise InvalidCommand(
            "without TLS, tokens and patient data can be read in transit",
            field=PUBLIC_URL,
            remedy="use a proxy with TLS and give its https URL",
        )
    return found


def _parts(url: str) -> PublicUrl | None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or parts.username is not None or parts.password is not None:
        return None
    return PublicUrl(parts.scheme, parts.hostname, port or _PORTS[parts.scheme])


def _proxies(text: str) -> tuple[str, ...]:
    named = tuple(one.strip() for one in text.split(",") if one.strip())
    try:
        return tuple(str(ip_network(one)) if "/" in one else str(ip_address(one)) for one in named)
    except ValueError:
        raise InvalidCommand(
            "this is neither an address nor a network",
            field=PROXY,
            remedy="give the addresses of the proxies, separated by commas, for example 10.0.0.5 or 10.0.0.0/24",
        ) from None


class Forwarded:
    """ASGI layer: the client and the scheme are those that a trusted proxy tells of, else those of the connection."""

    def __init__(self, app: ASGIApp, proxies: Iterable[str]) -> None:
        from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware  # noqa: PLC0415  (slow to import)

        self._app = app
        self._believing = ProxyHeadersMiddleware(cast("Any", self._believed), trusted_hosts=list(proxies))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and any(name in TRUSTED_HEADERS for name, _ in scope["headers"]):
            client = scope.get("client")
            if client is not None and client[0] in self._believing.trusted_hosts:
                scope = dict(scope)
                scope["peer"] = client
                await self._believing(cast("Any", scope), cast("Any", receive), cast("Any", send))
                return
            scope = _without_them(scope)
        await self._app(scope, receive, send)

    async def _believed(self, scope: Scope, receive: Receive, send: Send) -> None:
        """After uvicorn's part, which takes any text for an address, and leaves the host to others."""
        peer = scope.pop("peer")
        if not _is_address(scope["client"][0]):
            scope["client"] = peer
        hosts = [value for name, value in scope["headers"] if name == FORWARDED_HOST]
        scope = _without_them(scope)
        if hosts:
            # Of several, none is right: the check of the host turns the list away.
            others = [one for one in scope["headers"] if one[0] != b"host"]
            scope["headers"] = [*others, (b"host", b", ".join(hosts))]
        await self._app(scope, receive, send)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _without_them(scope: Scope) -> Scope:
    return {**scope, "headers": [one for one in scope["headers"] if one[0] not in TRUSTED_HEADERS]}


class OurHostsOnly:
    """ASGI layer against pages of other sites that use the visitor's browser to reach in.

    Such a page either has a name that its owner turned to this server (then `Host` says so), or
    sends its requests across (then `Origin` does). What is answered is the public URL's host, and, where
    the server listens on loopback alone, this machine's; an `Origin` has to be of the host that is asked.
    """

    def __init__(self, app: ASGIApp, public_url: PublicUrl | None = None, *, this_machine: bool = True) -> None:
        self._app = app
        self._public_url = public_url
        self._this_machine = this_machine
        # The answers repeat, and headers are anybody's to make up: few are kept.
        self._refused = lru_cache(maxsize=64)(self._looked_at)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = dict(scope["headers"])
            refused = self._refused(headers.get(b"host"), headers.get(b"origin"))
            if refused is not None:
                client = scope.get("client")
                reason: security_log.DenialReason = "wrong_host" if refused == "Host" else "cross_site"
                security_log.access_denied(reason, origin=client[0] if client else "unknown")
                await _turned_away(refused)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _looked_at(self, host: bytes | None, origin: bytes | None) -> str | None:
        """The header that names another site; None where neither does."""
        asked = None if host is None else _parts(f"{self._scheme}://{host.decode('latin-1')}")
        if host is not None and not self._is_answered(asked):
            return "Host"
        if origin is None:
            return None
        came_from = _parts(origin.decode("latin-1"))
        if came_from is not None and self._is_public(asked):
            return None if came_from == self._public_url else "Origin"
        if came_from is not None and self._this_machine and is_loopback(came_from.host):
            return None
        return "Origin"

    @property
    def _scheme(self) -> str:
        return "http" if self._public_url is None else self._public_url.scheme

    def _is_answered(self, asked: PublicUrl | None) -> bool:
        return asked is not None and (self._is_public(asked) or (self._this_machine and is_loopback(asked.host)))

    def _is_public(self, asked: PublicUrl | None) -> bool:
        return asked is not None and asked == self._public_url


def _turned_away(header: str) -> ASGIApp:
    from api.http.problems import problem  # noqa: PLC0415  (FastAPI is slow to import, and other verbs need none of it)

    status, title = (421, "Misdirected request") if header == "Host" else (403, "Cross-site request")
    cause = f"The header {header} names a site that this server does not serve."
    return problem(status, title, cause, "use the address that `serve` printed", field=header)


SAFE_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    # Not `no-referrer`: with it a browser names the origin of our own forms as `null`, which is turned away.
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
CONTENT_SECURITY: Final = (b"content-security-policy", b"frame-ancestors 'none'; base-uri 'none'; object-src 'none'")
"""For answers that say nothing stricter themselves."""
NOT_KEPT: Final = (b"cache-control", b"no-store")
TLS_ONLY: Final = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")


class WithSafeHeaders:
    """ASGI layer: what browsers are told with every answer, also with errors, unless the answer says it itself.

    So nothing is kept by a browser or a proxy on the way but what says how.
    """

    def __init__(self, app: ASGIApp, *, is_secure: bool) -> None:
        self._app = app
        self._safe = (*SAFE_HEADERS, NOT_KEPT, CONTENT_SECURITY, *([TLS_ONLY] if is_secure else []))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                names = {name for name, _ in headers}
                more = [one for one in self._safe if one[0] not in names]
                message = {**message, "headers": [*headers, *more]}
            await send(message)

        await self._app(scope, receive, told)


def layered(app: ASGIApp, front: Front, *, this_machine: bool) -> ASGIApp:
    """The application behind all of it. `this_machine` is whether the server listens on loopback alone."""
    checked = OurHostsOnly(app, front.public_url, this_machine=this_machine)
    is_secure = front.public_url is not None and front.public_url.is_secure
    return WithSafeHeaders(Forwarded(checked, front.proxies), is_secure=is_secure)
