"""Callers in the tests of the API: a body that names its `actor` is sent without it, with the actor's token."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from tempfile import mkdtemp
from typing import Any

from httpx2 import Client, Headers, Request
from pydantic import ValidationError
from starlette.types import ASGIApp

from api.app import Application, create_app
from api.identity import Identity, headers_for
from domain.ledger.application import Ledger, open_ledger
from domain.ledger.schema import upgrade
from domain.people import Actor
from tests import story
from tests.api.in_process import InProcess
from tests.conftest import ZONE, seeded

Json = dict[str, Any]

HeaderOf = Callable[[Actor], str]
"""The Authorization header of somebody."""


def spoken_for(json: Any) -> tuple[Any, Actor | None]:
    """The body without its `actor`, and that actor. An invalid actor stays in the body, for the API to refuse."""
    if isinstance(json, dict) and isinstance(named := json.get("actor"), dict):
        try:
            actor = Actor.model_validate(named)
        except ValidationError:
            return json, None
        return {name: value for name, value in json.items() if name != "actor"}, actor
    return json, None


class Speaking(Client):
    """Asks as a reviewer, unless a body or a header says who else does."""

    header_of: HeaderOf

    def build_request(self, method: Any, url: Any, *, json: Any = None, headers: Any = None, **more: Any) -> Request:
        json, actor = spoken_for(json)
        headers = Headers(headers)
        if "authorization" not in headers:
            headers["Authorization"] = self.header_of(actor or story.NURSE)
        return super().build_request(method, url, json=json, headers=headers, **more)


class SpeakingHere(Speaking, InProcess):
    """To an application in this process."""


@cache
def application() -> Application:
    """Over an empty ledger that nobody asks: for what the code alone says, its document."""
    url = f"sqlite:///{mkdtemp(prefix='document')}/ledger.sqlite"
    upgrade(url, zone=ZONE, entropy=seeded(0))
    return create_app(open_ledger(url))


def client_of(ledger: Ledger, around: Callable[[Application], ASGIApp] = lambda app: app, **more: Any) -> SpeakingHere:
    """A client of an application over this ledger, which adds every user that a test calls as."""
    identity = Identity(ledger)
    application = create_app(ledger, identity)
    client = SpeakingHere(around(application), application, **more)
    client.header_of = lambda actor: headers_for(identity, actor)["Authorization"]
    return client
