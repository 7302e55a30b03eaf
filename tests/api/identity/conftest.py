"""The application over the test's ledger with its real authentication, and a browser that has not signed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from api.app import create_app
from api.identity import Identity
from domain.ledger.application import Ledger
from domain.people import Actor


class Browser(TestClient):
    """Keeps cookies and follows nothing; signs in with the code of a link."""

    def signs_in(self, code: str, **headers: str) -> Response:
        return self.post("/sign-in", data={"code": code}, headers=headers)

    @property
    def csrf_token(self) -> str:
        token: str = self.get("/me").json()["csrf_token"]
        return token


@pytest.fixture
def identity(ledger: Ledger) -> Identity:
    return Identity(ledger)


@pytest.fixture
def browser(ledger: Ledger, identity: Identity) -> Iterator[Browser]:
    with Browser(create_app(ledger, identity=identity), follow_redirects=False) as client:
        yield client


@pytest.fixture
def signed_in(browser: Browser, identity: Identity) -> Callable[[Actor], Browser]:
    """Adds a person as a user, and signs the person in with a link."""

    def as_person(person: Actor) -> Browser:
        identity.people.ensure(person, person)
        code, _ = identity.new_link(person.id, person)
        assert browser.signs_in(code).status_code == 303
        return browser

    return as_person
