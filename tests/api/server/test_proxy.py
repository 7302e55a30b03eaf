"""Behind a proxy: whose word is taken for who asks, which hosts are answered, and what browsers are told."""

from __future__ import annotations

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from api.identity import Identity, headers_for
from api.server.proxy import TRUSTED_HEADERS, Front, SecurityHeaders, front_of, layered
from domain.errors import InvalidCommand
from domain.ledger.application import open_ledger
from tests.api.server.test_serve import SECONDS_MAX, refused, served
from tests.ledger.access_log.stored import stored
from tests.ledger.acts import opened
from tests.story import NURSE

URL = "https://ledger.plan.example"
HOST = "ledger.plan.example"
PROXY = "10.0.0.5"
SOMEBODY = "203.0.113.9"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """What the application gets to know of a request."""
    asked = Request(scope)
    seen = {
        "client": scope["client"][0],
        "scheme": scope["scheme"],
        "host": asked.headers.get("host"),
        "left": [name for name, _ in asked.headers.items() if name.startswith("x-forwarded")],
    }
    await JSONResponse(seen)(scope, receive, send)


def asked(
    peer: str,
    headers: dict[str, str] | list[tuple[str, str]],
    front: Front | None = None,
    *,
    this_machine: bool = False,
    path: str = "/",
) -> httpx2.Response:
    app = layered(echo, front or front_of(URL, PROXY), this_machine=this_machine)
    return TestClient(app, base_url=f"http://{HOST}", client=(peer, 1234)).get(path, headers=headers)


# -- from where -------------------------------------------------------------------------------


def test_what_the_proxy_says_is_believed() -> None:
    told = {"X-Forwarded-For": SOMEBODY, "X-Forwarded-Proto": "https", "X-Forwarded-Host": HOST, "Host": "inside:8000"}
    seen = asked(PROXY, told).json()
    assert seen == {"client": SOMEBODY, "scheme": "https", "host": HOST, "left": []}


def test_what_anybody_else_says_is_not() -> None:
    told = {"X-Forwarded-For": "198.51.100.1", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}
    seen = asked(SOMEBODY, told).json()
    assert seen == {"client": SOMEBODY, "scheme": "http", "host": HOST, "left": []}


def test_without_a_proxy_nobody_is_believed() -> None:
    for peer in (SOMEBODY, "127.0.0.1", PROXY):
        seen = asked(
            peer, {"X-Forwarded-For": "198.51.100.1", "X-Forwarded-Proto": "https"}, front_of(URL, None)
        ).json()
        assert (seen["client"], seen["scheme"], seen["left"]) == (peer, "http", [])


def test_what_a_client_puts_before_the_proxys_own_entry_is_not_believed() -> None:
    """A proxy appends the address that it saw; all before it is the client's invention."""
    assert asked(PROXY, {"X-Forwarded-For": f"127.0.0.1, 10.0.0.5, {SOMEBODY}"}).json()["client"] == SOMEBODY
    twice = [("X-Forwarded-For", "198.51.100.1"), ("X-Forwarded-For", SOMEBODY)]
    assert asked(PROXY, twice).json()["client"] == SOMEBODY


def test_of_two_proxies_in_a_row_the_outer_ones_word_counts() -> None:
    front = front_of(URL, "10.0.0.0/24, 192.0.2.7")
    seen = asked("10.0.0.9", {"X-Forwarded-For": f"198.51.100.1, {SOMEBODY}, 192.0.2.7"}, front).json()
    assert seen["client"] == SOMEBODY


@pytest.mark.parametrize("text", ["", "unknown", "evil\x0b", "a" * 5_000, "127.0.0.1.evil.example", "{}", "::ffff:x"])
def test_what_is_no_address_is_not_taken_for_one(text: str) -> None:
    assert asked(PROXY, {"X-Forwarded-For": text}).json()["client"] == PROXY


def test_an_address_with_a_port_or_of_ipv6_is_an_address() -> None:
    assert asked(PROXY, {"X-Forwarded-For": f"{SOMEBODY}:4711"}).json()["client"] == SOMEBODY
    assert asked(PROXY, {"X-Forwarded-For": "[2001:db8::1]:4711"}).json()["client"] == "2001:db8::1"


@pytest.mark.parametrize("scheme", ["file", "https, http", "HTTPS ", "wss", ""])
def test_a_scheme_that_is_none_of_http_is_not_taken(scheme: str) -> None:
    assert asked(PROXY, {"X-Forwarded-Proto": scheme}).json()["scheme"] in {"http", "wss"}


# -- which hosts ------------------------------------------------------------------------------


def test_only_the_public_host_is_answered() -> None:
    for host in (HOST, HOST.upper(), f"{HOST}:443"):
        assert asked(SOMEBODY, {"Host": host}).status_code == 200, host
    for host in (
        "evil.example",
        f"{HOST}.evil.example",
        f"{HOST}:8443",
        "127.0.0.1",
        "localhost",
        "10.0.0.9",
        f"x@{HOST}",
    ):
        answer = asked(SOMEBODY, {"Host": host})
        assert (answer.status_code, answer.json()["field"]) == (421, "Host"), host
        assert host.partition(":")[0] not in answer.text


@pytest.mark.parametrize("host", ["evil.example", f"{HOST}, evil.example", "127.0.0.1"])
def test_another_host_that_the_proxy_tells_of_is_not_answered_either(host: str) -> None:
    assert asked(PROXY, {"X-Forwarded-Host": host}).status_code == 421
    twice = [("X-Forwarded-Host", HOST), ("X-Forwarded-Host", host)]
    assert asked(PROXY, twice).status_code == 421


def test_an_origin_has_to_be_the_public_one() -> None:
    for origin in (URL, f"{URL}:443"):
        assert asked(SOMEBODY, {"Origin": origin}).status_code == 200
    for origin in (
        "https://evil.example",
        "null",
        f"http://{HOST}",
        f"{URL}:8443",
        "http://localhost",
        "http://127.0.0.1",
    ):
        answer = asked(SOMEBODY, {"Origin": origin})
        assert (answer.status_code, answer.json()["field"]) == (403, "Origin"), origin


def test_on_loopback_this_machine_is_answered_beside_the_public_host_and_each_with_its_own_origin() -> None:
    local = {"Host": "127.0.0.1:8000"}
    assert asked("127.0.0.1", local, this_machine=True).status_code == 200
    assert asked("127.0.0.1", {}, this_machine=True).status_code == 200
    assert asked("127.0.0.1", local | {"Origin": "http://127.0.0.1:8000"}, this_machine=True).status_code == 200
    assert asked("127.0.0.1", local | {"Origin": URL}, this_machine=True).status_code == 403
    assert asked("127.0.0.1", {"Origin": "http://127.0.0.1:8000"}, this_machine=True).status_code == 403


@pytest.mark.parametrize("name", ["Host", "Origin"])
def test_two_of_these_headers_name_no_site(name: str) -> None:
    for first, second in ((HOST, "evil.example"), ("evil.example", HOST), (HOST, HOST)):
        values = [first, second] if name == "Host" else [f"https://{first}", f"https://{second}"]
        answer = asked(SOMEBODY, [(name, one) for one in values])
        assert (answer.status_code, answer.json()["field"]) == (421 if name == "Host" else 403, name)


# -- health checks ----------------------------------------------------------------------------

PROBED = front_of(URL, PROXY, "192.0.2.7, 10.1.0.0/16, 2001:db8::/64")


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
@pytest.mark.parametrize("host", ["10.1.2.3:8000", "evil.example", "localhost", "["])
@pytest.mark.parametrize(
    "peer", ["127.0.0.1", "127.0.0.9", "::1", "::ffff:127.0.0.1", PROXY, "192.0.2.7", "10.1.255.1", "2001:db8::9"]
)
def test_a_health_check_of_whoever_is_trusted_may_name_any_host(peer: str, host: str, path: str) -> None:
    assert asked(peer, {"Host": host}, PROBED, path=path).status_code == 200


@pytest.mark.parametrize("peer", [SOMEBODY, "192.0.2.8", "10.2.0.1", "2001:db8:1::9", "::ffff:203.0.113.9", "not-one"])
def test_a_health_check_of_anybody_else_may_not(peer: str) -> None:
    answer = asked(peer, {"Host": "10.1.2.3:8000"}, PROBED, path="/health/live")
    assert (answer.status_code, answer.json()["field"]) == (421, "Host")


@pytest.mark.parametrize("path", ["/", "/health/views", "/health/live/x", "/health", "/sign-in", "/pages"])
def test_nothing_but_health_is_answered_for_another_host(path: str) -> None:
    for peer in ("127.0.0.1", PROXY, "192.0.2.7"):
        assert asked(peer, {"Host": "10.1.2.3:8000"}, PROBED, path=path, this_machine=True).status_code == 421


def test_a_client_behind_the_proxy_is_not_the_proxy() -> None:
    told = {"X-Forwarded-For": SOMEBODY, "X-Forwarded-Host": "evil.example"}
    assert asked(PROXY, told, PROBED, path="/health/live").status_code == 421
    told["X-Forwarded-For"] = "192.0.2.7"
    assert asked(PROXY, told, PROBED, path="/health/live").status_code == 200
    assert asked(SOMEBODY, told | {"Host": "evil.example"}, PROBED, path="/health/live").status_code == 421


def test_a_health_check_by_a_page_of_another_site_is_refused() -> None:
    headers = {"Host": "evil.example", "Origin": "https://evil.example"}
    answer = asked("127.0.0.1", headers, PROBED, path="/health/live", this_machine=True)
    assert (answer.status_code, answer.json()["field"]) == (403, "Origin")


@pytest.mark.parametrize("probes", ["supervisor", "10.0.0.0/33", "10.0.0.5;10.0.0.6", "*"])
def test_what_is_no_address_is_no_probe(probes: str) -> None:
    with pytest.raises(InvalidCommand, match="neither an address nor a network") as refusal:
        front_of(URL, PROXY, probes)
    assert (refusal.value.field, "10.0.0.0/24" in refusal.value.remedy) == ("--probe", True)
    assert "neither an address nor a network (--probe)" in refused("--probe", probes)


# -- what browsers are told -------------------------------------------------------------------


def test_every_answer_tells_browsers_to_be_careful() -> None:
    for headers, status in (({}, 200), ({"Host": "evil.example"}, 421)):
        answer = asked(SOMEBODY, headers)
        assert answer.status_code == status
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["strict-transport-security"].startswith("max-age=31536000")


def test_without_tls_browsers_are_not_told_to_insist_on_it() -> None:
    for front in (Front(), front_of("http://localhost:8000", None)):
        answer = asked("127.0.0.1", {"Host": "localhost:8000"}, front, this_machine=True)
        assert answer.status_code == 200
        assert "strict-transport-security" not in answer.headers


def test_an_answer_that_says_itself_how_it_is_kept_or_framed_is_left_so() -> None:
    own = {"Cache-Control": "private, no-cache", "Content-Security-Policy": "default-src 'none'"}
    own["X-Content-Type-Options"] = "nosniff"

    async def careful(scope: Scope, receive: Receive, send: Send) -> None:
        await Response("x", headers=own)(scope, receive, send)

    answer = TestClient(SecurityHeaders(careful, is_secure=False)).get("/")
    assert answer.headers.get_list("cache-control") == ["private, no-cache"]
    assert answer.headers.get_list("content-security-policy") == ["default-src 'none'"]
    assert len({name for name, _ in answer.headers.multi_items()}) == len(answer.headers.multi_items())


# -- the options ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("https://ledger.plan.example/", URL),
        ("https://LEDGER.plan.example:443", URL),
        ("https://ledger.plan.example:8443", f"{URL}:8443"),
        ("https://[2001:db8::1]", "https://[2001:db8::1]"),
        ("http://localhost:8000", "http://localhost:8000"),
    ],
)
def test_a_public_url_is_a_scheme_a_host_and_a_port(url: str, written: str) -> None:
    assert str(front_of(url, None).public_url) == written


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("ledger.plan.example", "not the URL of a server"),
        ("https://", "not the URL of a server"),
        ("https://ledger.plan.example/below", "not the URL of a server"),
        ("https://ledger.plan.example?x=1", "not the URL of a server"),
        ("https://user:secret@ledger.plan.example", "not the URL of a server"),
        ("https://ledger.plan.example:99999", "not the URL of a server"),
        ("ftp://ledger.plan.example", "not the URL of a server"),
        ("http://ledger.plan.example", "without TLS"),
    ],
)
def test_another_public_url_is_refused(url: str, cause: str) -> None:
    line = refused("--demo", "--port", "0", "--public-url", url)
    assert cause in line
    assert "(--public-url)" in line
    assert "secret" not in line


@pytest.mark.parametrize("proxies", ["*", "proxy.example", "10.0.0.5/8", "10.0.0.300", "10.0.0.5;10.0.0.6"])
def test_a_proxy_is_named_by_its_address(proxies: str) -> None:
    assert "(--proxy): give the addresses of the proxies" in refused(
        "--demo", "--port", "0", "--public-url", URL, "--proxy", proxies
    )


def test_a_proxy_without_the_url_that_it_serves_is_refused() -> None:
    with pytest.raises(InvalidCommand, match="a proxy is given without its public address"):
        front_of(None, PROXY)


# -- the real server --------------------------------------------------------------------------


def test_a_real_server_behind_a_proxy() -> None:
    with served("--demo", "--host", "0.0.0.0", LEMTRADA_PUBLIC_URL=URL, LEMTRADA_PROXY="127.0.0.1") as one:
        assert one.printed[-1].split()[2:4] == ["as", URL]
        url = one.url.replace("0.0.0.0", "127.0.0.1")
        told = {"X-Forwarded-For": SOMEBODY, "X-Forwarded-Proto": "https", "X-Forwarded-Host": HOST}
        answer = httpx2.get(f"{url}/health/live", headers=told, timeout=SECONDS_MAX)
        assert answer.status_code == 200
        assert answer.headers["strict-transport-security"]
        assert httpx2.get(f"{url}/health/live", timeout=SECONDS_MAX).status_code == 200, "the proxy's own check"
        assert httpx2.get(f"{url}/sign-in", timeout=SECONDS_MAX).status_code == 421
        # Where a path leads on, it leads to the public address.
        onward = httpx2.get(f"{url}/health/live/", headers=told, timeout=SECONDS_MAX)
        assert onward.headers.get("location", URL).startswith(URL)


def test_the_origin_of_an_access_is_recorded_as_the_proxy_states_it_and_nobody_else(sqlite_url: str) -> None:
    told = {"X-Forwarded-For": f"198.51.100.1, {SOMEBODY}", "X-Forwarded-Proto": "https", "X-Forwarded-Host": HOST}
    origins = []
    with open_ledger(sqlite_url) as ledger:
        patient, token = opened(ledger), headers_for(Identity(ledger), NURSE)
        for proxy in ("127.0.0.1", PROXY):
            with served("--database", sqlite_url, LEMTRADA_PUBLIC_URL=URL, LEMTRADA_PROXY=proxy) as one:
                url = f"{one.url}/patients/{patient}/history"
                assert httpx2.get(url, headers=told | token, timeout=SECONDS_MAX).status_code == 200
            origins.append({one.access.origin for one in stored(ledger)})
    assert origins == [{SOMEBODY}, {SOMEBODY, "127.0.0.1"}]


def test_the_headers_that_are_trusted_are_these_three() -> None:
    assert TRUSTED_HEADERS == (b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host")
