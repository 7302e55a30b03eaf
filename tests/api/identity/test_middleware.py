"""Authentication: only the holder of a valid token is let in, as the person to whom the token belongs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from starlette.responses import JSONResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from api.identity import Identity, headers_for
from api.identity.middleware import AuthenticationMiddleware
from domain.events.system import THE_LEDGER_ITSELF
from domain.ledger.application import Ledger
from tests.clock import Clock
from tests.story import CLAIMS, NURSE


async def _says_who(scope: Scope, receive: Receive, send: Send) -> None:
    """An application behind the authentication that answers with the caller it was given."""
    caller = scope["caller"]
    said: dict[str, Any] = {"path": scope["path"], "caller": None}
    if caller is not None:
        said["caller"] = caller.actor.model_dump(mode="json", exclude_none=True)
        said |= {"means": caller.means, "origin": caller.origin, "purpose": caller.purpose}
    await JSONResponse(said)(scope, receive, send)


@pytest.fixture
def identity(ledger: Ledger) -> Identity:
    return Identity(ledger)


@pytest.fixture
def client(identity: Identity) -> TestClient:
    return TestClient(AuthenticationMiddleware(_says_who, identity))


def test_a_token_makes_its_person_the_caller(client: TestClient, identity: Identity) -> None:
    said = client.get("/patients/find", headers=headers_for(identity, NURSE)).json()
    assert said["caller"] == NURSE.model_dump(mode="json", exclude_none=True)
    assert (said["means"], said["origin"], said["purpose"]) == ("token", "testclient", None)


def test_each_of_many_users_is_the_caller_of_their_own_token(client: TestClient, identity: Identity) -> None:
    many = [NURSE.model_copy(update={"id": f"nurse-{number}"}) for number in range(20)]
    for person in many + many:
        said = client.get("/anything", headers=headers_for(identity, person)).json()
        assert said["caller"]["id"] == person.id
    assert identity.people.read().version == 2 * len(many)


def test_the_same_person_in_another_role_is_another_caller_from_then_on(client: TestClient, identity: Identity) -> None:
    """The person's record is changed, and an earlier token of that person has the new role."""
    before = headers_for(identity, NURSE)
    auditor = NURSE.model_copy(update={"role": "auditor"})
    assert headers_for(identity, auditor) == before
    assert client.get("/anything", headers=before).json()["caller"]["role"] == "auditor"


@pytest.mark.parametrize("path", ["/patients/find", "/docs/oauth2-redirect", "/redoc", "/nothing-here", "/health"])
def test_nobody_is_told_nothing_whether_the_path_exists_or_not(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["field"] == "header.Authorization"


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/health/live", "/health/ready", "/sign-in"])
def test_what_everybody_may_ask_is_asked_by_nobody_too(client: TestClient, path: str) -> None:
    answer = client.get(path, headers={"Authorization": "Bearer lml_nothing"})
    assert (answer.status_code, answer.json()) == (200, {"path": path, "caller": None})


def _another(token: str) -> str:
    return token[:-1] + ("0" if token[-1] != "0" else "1")


@pytest.mark.parametrize(
    "spoilt",
    [
        _another,
        str.upper,
        lambda token: token[:-1],
        lambda token: token + "0",
        lambda token: token.split("_")[2],
        lambda token: f"lml_{'0' * 16}_{token.split('_')[2]}",
        lambda token: "",
        lambda token: f"{token} {token}",
        lambda token: "lml_" + "é" * 81,
    ],
)
def test_a_token_that_is_not_quite_one_is_nobodys(client: TestClient, identity: Identity, spoilt: Any) -> None:
    token = spoilt(identity.issue_token(NURSE))
    answer = client.get("/anything", headers=[("Authorization", f"Bearer {token}".encode())])
    assert answer.status_code == 401


def test_another_scheme_or_two_headers_are_nobodys(client: TestClient, identity: Identity) -> None:
    token = identity.issue_token(NURSE)
    assert client.get("/anything", headers={"Authorization": f"Basic {token}"}).status_code == 401
    twice = [("Authorization", f"Bearer {token}"), ("Authorization", f"Bearer {token}")]
    assert client.get("/anything", headers=twice).status_code == 401


def test_a_token_stops_when_it_expires(client: TestClient, identity: Identity, clock: Clock) -> None:
    identity.people.admit(CLAIMS, THE_LEDGER_ITSELF)
    token, issued = identity.new_token(CLAIMS.id, THE_LEDGER_ITSELF, days=1)
    headers = {"Authorization": f"Bearer {token}"}
    clock.at = issued.expires_at - timedelta(microseconds=1)
    assert client.get("/anything", headers=headers).status_code == 200
    clock.at = issued.expires_at
    assert client.get("/anything", headers=headers).status_code == 401


def test_a_token_stops_at_once_when_it_is_revoked_here(client: TestClient, identity: Identity) -> None:
    identity.people.admit(CLAIMS, THE_LEDGER_ITSELF)
    token, issued = identity.new_token(CLAIMS.id, THE_LEDGER_ITSELF)
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/anything", headers=headers).status_code == 200
    identity.people.revoke_token(issued.id, THE_LEDGER_ITSELF)
    answer = client.get("/anything", headers=headers)
    assert (answer.status_code, answer.json()["detail"]) == (401, "The token was revoked.")


def test_a_purpose_is_one_that_is_known(client: TestClient, identity: Identity) -> None:
    headers = headers_for(identity, NURSE)
    assert client.get("/x", headers=headers | {"X-Purpose-Of-Use": "TREAT"}).json()["purpose"] == "TREAT"
    answer = client.get("/x", headers=headers | {"X-Purpose-Of-Use": "curiosity"})
    assert (answer.status_code, answer.json()["field"]) == (422, "header.X-Purpose-Of-Use")
