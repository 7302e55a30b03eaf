"""The proxy examples in OPERATIONS.md forward the headers that the program trusts, to the port of `serve`."""

from __future__ import annotations

import re
import shlex
from typing import Final

from api.http.bodies import BODY_BYTES_MAX
from api.server.proxy import TRUSTED_HEADERS, front_of
from domain.ledger.documents.store import DOCUMENT_BYTES_MAX
from tests import ROOT
from tests.docs import between, block

SECTION: Final = between(ROOT / "api" / "server" / "OPERATIONS.md", "proxy")
NGINX: Final = block(SECTION, "nginx")
CADDY: Final = block(SECTION, "caddy")


def test_nginx_sets_exactly_the_headers_that_are_trusted_and_the_host() -> None:
    """nginx replaces these headers and does not append to them, so a client cannot send its own values."""
    set_to = dict(re.findall(r"proxy_set_header (\S+) (\S+);", NGINX))
    assert {name.lower().encode() for name in set_to} == {*TRUSTED_HEADERS, b"host"}
    assert set_to == {
        "Host": "$host",
        "X-Forwarded-For": "$remote_addr",
        "X-Forwarded-Proto": "$scheme",
        "X-Forwarded-Host": "$host",
    }


def test_the_section_names_the_headers_that_are_trusted_and_no_other() -> None:
    named = {one.lower().encode() for one in re.findall(r"`(X-[\w-]+)`", SECTION)}
    assert named == {*TRUSTED_HEADERS}


def test_the_proxies_serve_the_public_url_over_the_port_of_serve() -> None:
    (command,) = re.findall(r"^lemtrada-ledger serve .+$", SECTION, re.MULTILINE)
    words = shlex.split(command)
    options = dict(zip(words[2::2], words[3::2], strict=True))
    front = front_of(options["--public-url"], options["--proxy"])
    assert front.public_url is not None
    assert f"server_name {front.public_url.host};" in NGINX
    assert CADDY.startswith(f"{front.public_url.host} {{")
    assert "proxy_pass http://127.0.0.1:8000;" in NGINX
    assert "reverse_proxy 127.0.0.1:8000" in CADDY
    assert front.proxies == ("127.0.0.1",)


def test_the_largest_document_gets_through_and_old_tls_does_not() -> None:
    (size,) = re.findall(r"client_max_body_size (\d+)m;", NGINX)
    assert int(size) * 1024**2 > max(DOCUMENT_BYTES_MAX, BODY_BYTES_MAX)
    assert re.findall(r"ssl_protocols (.+);", NGINX) == ["TLSv1.2 TLSv1.3"]


def test_every_block_is_closed_and_every_statement_ended() -> None:
    for written, end in ((NGINX, (";", "{", "}")), (CADDY, ("{", "}", "8000"))):
        assert written.count("{") == written.count("}") > 0
        assert all(line.strip().endswith(end) for line in written.splitlines())
