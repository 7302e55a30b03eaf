"""The layers between the network and the application. They decide which client address and which host are trusted.

TLS is done by a proxy in front of the server. `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host` are trusted
only from the addresses that the operator configures as the proxy. From all other addresses these headers are removed
before anything reads them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, Final, cast
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http import security_log
from domain.errors import InvalidCommand

PUBLIC_URL: Final = "--public-url"
PROXY: Final = "--proxy"
PROBE: Final = "--probe"
HEALTH_CHECKS: Final = frozenset({"/health/live", "/health/ready"})
"""The paths that a load balancer or a supervisor asks, by whatever address the machine has there."""

FORWARDED_FOR: Final = b"x-forwarded-for"
FORWARDED_PROTO: Final = b"x-forwarded-proto"
FORWARDED_HOST: Final = b"x-forwarded-host"
TRUSTED_HEADERS: Final = (FORWARDED_FOR, FORWARDED_PROTO, FORWARDED_HOST)

_HOW_URL: Final = "give the address that browsers use, for example https://ledger.plan.example"
_PORTS: Final = {"http": 80, "https": 443}


def is_loopback(host: str) -> bool:
    """Whether a host name or address, written as in a URL, always means this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class PublicUrl:
    """The address at which browsers and systems reach the server: scheme, host and port only."""

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
    """The proxies in front of this server, and the public URL. `proxies` has addresses and networks.

    `probes` has the addresses and networks of further programs that check the server's health.
    """

    public_url: PublicUrl | None = None
    proxies: tuple[str, ...] = ()
    probes: tuple[str, ...] = ()


def front_of(public_url: str | None, proxies: str | None, probes: str | None = None) -> Front:
    """The `Front` of the three options. Raises InvalidCommand for an invalid option."""
    front = Front(
        None if public_url is None else _public_url(public_url),
        _addresses(proxies or "", PROXY, "proxies"),
        _addresses(probes or "", PROBE, "programs that check the health"),
    )
    if front.proxies and front.public_url is None:
        raise InvalidCommand(
            "a proxy is given without its public address", field=PROXY, remedy=f"add {PUBLIC_URL}: {_HOW_URL}"
        )
    return front


def _public_url(text: str) -> PublicUrl:
    url = _parts(text)
    if url is None or any((urlsplit(text).path.strip("/"), urlsplit(text).query, urlsplit(text).fragment)):
        raise InvalidCommand("this is not the URL of a server", field=PUBLIC_URL, remedy=_HOW_URL)
    if url.scheme != "https" and not is_loopback(url.host):
        raise InvalidCommand(
            "without TLS, tokens and patient data can be read in transit",
            field=PUBLIC_URL,
            remedy="use a proxy with TLS and give its https URL",
        )
    return url


def _parts(url: str) -> PublicUrl | None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or parts.username is not None or parts.password is not None:
        return None
    return PublicUrl(parts.scheme, parts.hostname, port or _PORTS[parts.scheme])


def _addresses(text: str, option: str, whose: str) -> tuple[str, ...]:
    addresses = tuple(one.strip() for one in text.split(",") if one.strip())
    try:
        return tuple(str(ip_network(one)) if "/" in one else str(ip_address(one)) for one in addresses)
    except ValueError:
        raise InvalidCommand(
            "this is neither an address nor a network",
            field=option,
            remedy=f"give the addresses of the {whose}, separated by commas, for example 10.0.0.5 or 10.0.0.0/24",
        ) from None


class Forwarded:
    """ASGI layer that sets the client, the scheme and the host from the headers of a trusted proxy.

    Without a trusted proxy they are those of the connection, and the headers are removed.
    """

    def __init__(self, app: ASGIApp, proxies: Iterable[str]) -> None:
        from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware  # noqa: PLC0415  (slow to import)

        self._app = app
        self._proxy_headers = ProxyHeadersMiddleware(cast("Any", self._forward_trusted), trusted_hosts=list(proxies))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and any(name in TRUSTED_HEADERS for name, _ in scope["headers"]):
            client = scope.get("client")
            if client is not None and client[0] in self._proxy_headers.trusted_hosts:
                scope = dict(scope)
                scope["peer"] = client
                await self._proxy_headers(cast("Any", scope), cast("Any", receive), cast("Any", send))
                return
            scope = _without_forwarded(scope)
        await self._app(scope, receive, send)

    async def _forward_trusted(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Runs after uvicorn's middleware, which accepts any text as an address and does not set the host."""
        peer = scope.pop("peer")
        if not _is_address(scope["client"][0]):
            scope["client"] = peer
        hosts = [value for name, value in scope["headers"] if name == FORWARDED_HOST]
        scope = _without_forwarded(scope)
        if hosts:
            # Several hosts are joined to a list, which the check of the host refuses.
            others = [one for one in scope["headers"] if one[0] != b"host"]
            scope["headers"] = [*others, (b"host", b", ".join(hosts))]
        await self._app(scope, receive, send)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _without_forwarded(scope: Scope) -> Scope:
    return {**scope, "headers": [one for one in scope["headers"] if one[0] not in TRUSTED_HEADERS]}


class KnownHostsOnly:
    """ASGI layer that refuses requests from pages of other sites that use the visitor's browser (DNS rebinding, CSRF).

    Such a page either has a host name that its owner points to this server, which `Host` shows, or sends a cross-site
    request, which `Origin` shows. The server answers for the host of the public URL. If it listens on loopback only, it
    also answers for this machine. An `Origin` must belong to the requested host.

    A health check from this machine, or from one of the `probes`, may have any host: it names the server by whatever
    address it has, and its answer shows nothing of the ledger.
    """

    def __init__(
        self,
        app: ASGIApp,
        public_url: PublicUrl | None = None,
        *,
        this_machine: bool = True,
        probes: Iterable[str] = (),
    ) -> None:
        self._app = app
        self._public_url = public_url
        self._this_machine = this_machine
        self._probes = tuple(ip_network(one) for one in probes)
        # The same headers repeat, so results are cached. The cache is small, because clients can send any headers.
        self._cached_foreign_header = lru_cache(maxsize=64)(self._foreign_header)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            header = self._cached_foreign_header(_only(b"host", scope), _only(b"origin", scope))
            if header == "Host" and self._is_health_check(scope):
                header = self._cached_foreign_header(None, _only(b"origin", scope))
            if header is not None:
                client = scope.get("client")
                reason: security_log.DenialReason = "wrong_host" if header == "Host" else "cross_site"
                security_log.access_denied(reason, origin=client[0] if client else "unknown")
                await _refusal(header)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _is_health_check(self, scope: Scope) -> bool:
        """Whether the request asks for the state of the server, and its client is one that may ask by any name."""
        client = scope.get("client")
        if scope["path"] not in HEALTH_CHECKS or client is None or not _is_address(client[0]):
            return False
        address = ip_address(client[0])
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return address.is_loopback or any(address in network for network in self._probes)

    def _foreign_header(self, host: bytes | None, origin: bytes | None) -> str | None:
        """The header that names another site. None if neither header does."""
        requested_url = None if host is None else _parts(f"{self._scheme}://{host.decode('latin-1')}")
        if host is not None and not self._is_served(requested_url):
            return "Host"
        if origin is None:
            return None
        origin_url = _parts(origin.decode("latin-1"))
        if origin_url is not None and self._is_public(requested_url):
            return None if origin_url == self._public_url else "Origin"
        if origin_url is not None and self._this_machine and is_loopback(origin_url.host):
            return None
        return "Origin"

    @property
    def _scheme(self) -> str:
        return "http" if self._public_url is None else self._public_url.scheme

    def _is_served(self, url: PublicUrl | None) -> bool:
        return url is not None and (self._is_public(url) or (self._this_machine and is_loopback(url.host)))

    def _is_public(self, url: PublicUrl | None) -> bool:
        return url is not None and url == self._public_url


def _only(name: bytes, scope: Scope) -> bytes | None:
    """The value of a header. Several values are joined to a list, which is the name of no site."""
    values = [value for one, value in scope["headers"] if one == name]
    return b", ".join(values) if values else None


def _refusal(header: str) -> ASGIApp:
    from api.http.problems import problem  # noqa: PLC0415  (FastAPI is slow to import, and other commands do not need it)

    status, title = (421, "Misdirected request") if header == "Host" else (403, "Cross-site request")
    cause = f"The header {header} names a site that this server does not serve."
    return problem(status, title, cause, "use the address that `serve` printed", field=header)


SAFE_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    # With `no-referrer`, a browser sends `null` as the origin of this server's own forms, which is refused.
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
CONTENT_SECURITY: Final = (b"content-security-policy", b"frame-ancestors 'none'; base-uri 'none'; object-src 'none'")
"""The default for answers that have no policy of their own."""
NO_STORE: Final = (b"cache-control", b"no-store")
TLS_ONLY: Final = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")


class SecurityHeaders:
    """ASGI layer that adds security headers to every answer, also to errors, unless the answer sets them itself.

    Browsers and proxies store only answers that set `Cache-Control` themselves.
    """

    def __init__(self, app: ASGIApp, *, is_secure: bool) -> None:
        self._app = app
        self._safe = (*SAFE_HEADERS, NO_STORE, CONTENT_SECURITY, *([TLS_ONLY] if is_secure else []))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                names = {name for name, _ in headers}
                missing = [one for one in self._safe if one[0] not in names]
                message = {**message, "headers": [*headers, *missing]}
            await send(message)

        await self._app(scope, receive, send_with_headers)


def layered(app: ASGIApp, front: Front, *, this_machine: bool) -> ASGIApp:
    """The application inside all layers of this file. `this_machine`: the server listens on loopback only."""
    probes = (*front.proxies, *front.probes)
    checked = KnownHostsOnly(app, front.public_url, this_machine=this_machine, probes=probes)
    is_secure = front.public_url is not None and front.public_url.is_secure
    return SecurityHeaders(Forwarded(checked, front.proxies), is_secure=is_secure)
