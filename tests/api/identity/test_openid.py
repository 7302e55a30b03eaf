"""Bearer tokens of an OpenID provider, against a real issuer: which are taken, which are not, and who they make one."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from httpx2 import Response
from starlette.testclient import TestClient

from api.app import create_app
from api.identity import Identity
from api.identity.jwks import SECONDS_KEPT, TRIES_MAX
from api.identity.openid import OpenIDProvider, actor_id_of
from api.identity.openid_settings import OpenIDSettings
from domain.ledger.accounts.people import People
from domain.ledger.application import Ledger
from domain.people import Actor
from tests.api.identity.issuer.running import Issuer, issuer
from tests.story import CLAIMS

AUDIENCE = "lemtrada-ledger"
GOOD: dict[str, Any] = {"sub": "n.nurse", "aud": AUDIENCE, "name": "Nora Nurse", "roles": ["reviewer"]}


@pytest.fixture(scope="module")
def provider() -> Iterator[Issuer]:
    with issuer() as running:
        yield running


@pytest.fixture(params=["sqlite"])
def store(request: pytest.FixtureRequest) -> str:
    """One is enough: a provider's token asks the ledger nothing."""
    return str(request.param)


class Trusting(TestClient):
    """Of a ledger that trusts the provider, as its settings say."""

    settings: OpenIDSettings
    provider: OpenIDProvider

    def me(self, token: str | bytes) -> Response:
        text = token.decode() if isinstance(token, bytes) else token
        return self.get("/me", headers={"Authorization": f"Bearer {text}"})

    def why_not(self, token: str) -> str:
        answer = self.me(token)
        assert answer.status_code == 401, answer.text
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        return str(answer.json()["detail"])


def trusting(ledger: Ledger, provider: Issuer, **settings: Any) -> Trusting:
    given: dict[str, Any] = {"issuer": provider.url, "audience": (AUDIENCE,)} | settings
    opened = OpenIDProvider(OpenIDSettings(**given))
    client = Trusting(create_app(ledger, identity=Identity(ledger, provider=opened)))
    client.provider = opened
    return client


@pytest.fixture
def client(ledger: Ledger, provider: Issuer) -> Trusting:
    return trusting(ledger, provider)


# -- which tokens are taken -------------------------------------------------------------------


def test_a_good_token_makes_its_person_the_caller(client: Trusting, provider: Issuer) -> None:
    claims = GOOD | {
        "roles": ["everybody", "appeals_clinician"],
        "credential": "physician",
        "specialty": "neurology",
        "supervisors": ["d.director", "c.chief"],
        "office": "practice-seven",
    }
    me = client.me(provider.token(**claims)).json()
    assert me["means"] == "bearer"
    assert me["person"] == {
        "id": "n.nurse",
        "name": "Nora Nurse",
        "role": "appeals_clinician",
        "credential": "physician",
        "specialty": "neurology",
        "reports_to": ["d.director", "c.chief"],
        "office": "practice-seven",
    }


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"aud": "another"}, "audience"),
        ({"aud": ["another", "one-more"]}, "audience"),
        ({"aud": None}, "lacks"),
        ({"iss": "http://localhost:1"}, "issuer"),
        ({"iss": None}, "lacks"),
        ({"sub": None}, "lacks"),
        ({"exp": None}, "lacks"),
        ({"iat": None}, "lacks"),
        ({"sub": 7}, "malformed"),
        ({"exp": "soon"}, "malformed"),
    ],
)
def test_a_token_for_others_or_with_a_claim_missing_is_nobodys(
    client: Trusting, provider: Issuer, claims: dict[str, Any], why: str
) -> None:
    assert why in client.why_not(provider.token(**GOOD | claims))


def test_a_token_may_leave_out_from_when_it_holds_unless_the_plan_asks_for_it(
    client: Trusting, ledger: Ledger, provider: Issuer
) -> None:
    token = provider.token(**GOOD | {"nbf": None})
    assert client.me(token).status_code == 200
    assert "lacks" in trusting(ledger, provider, nbf_required=True).why_not(token)


def test_the_clocks_may_differ_by_the_leeway_and_no_more(client: Trusting, provider: Issuer) -> None:
    leeway, now = OpenIDSettings.model_fields["leeway_seconds"].default, int(time.time())
    assert client.me(provider.token(**GOOD, exp=now - leeway + 20)).status_code == 200
    assert "expired" in client.why_not(provider.token(**GOOD, exp=now - leeway - 1))
    assert client.me(provider.token(**GOOD, nbf=now + leeway - 5)).status_code == 200
    assert "not yet" in client.why_not(provider.token(**GOOD, nbf=now + leeway + 20))
    assert "not yet" in client.why_not(provider.token(**GOOD, iat=now + leeway + 20))


def test_a_token_that_is_old_is_nobodys_however_long_it_says_it_holds(client: Trusting, provider: Issuer) -> None:
    now = int(time.time())
    old = now - 86_400 - 60
    assert "too long ago" in client.why_not(provider.token(**GOOD, iat=old, nbf=old, exp=now + 10_000_000))


def test_a_verified_token_is_not_cached_beyond_its_expiry(ledger: Ledger, provider: Issuer) -> None:
    client = trusting(ledger, provider, leeway_seconds=0)
    token = provider.token(**GOOD, exp=int(time.time()) + 3)
    assert client.me(token).status_code == 200
    time.sleep(3.1)
    assert "expired" in client.why_not(token)


# -- the signature ----------------------------------------------------------------------------


def _signed(key: Any, algorithm: str, kid: str | None, issuer_url: str, **claims: Any) -> str:
    now = int(time.time())
    payload = GOOD | {"iss": issuer_url, "iat": now, "nbf": now, "exp": now + 600} | claims
    return jwt.encode(payload, key, algorithm=algorithm, headers={"kid": kid} if kid is not None else None)


def _public_pem(client: Trusting, kid: str) -> bytes:
    key = asyncio.run(client.provider.keys.key(kid, "RS256"))
    assert key is not None
    pem: bytes = key.key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem


def test_a_token_signed_with_the_public_key_as_a_secret_is_nobodys(client: Trusting, provider: Issuer) -> None:
    """PyJWT refuses to make such a token, so it is made by hand, as an attacker would."""
    pem = _public_pem(client, provider.kid)
    unsigned = _signed("x" * 64, "HS256", provider.kid, provider.url).rpartition(".")[0]
    signature = base64.urlsafe_b64encode(hmac.new(pem, unsigned.encode(), hashlib.sha256).digest()).rstrip(b"=")
    assert "algorithm" in client.why_not(f"{unsigned}.{signature.decode()}")


def test_a_token_without_a_signature_is_nobodys(client: Trusting, provider: Issuer) -> None:
    for algorithm in ("none", "None", "NONE"):
        header = base64.urlsafe_b64encode(json.dumps({"alg": algorithm, "kid": provider.kid}).encode()).rstrip(b"=")
        payload = provider.token(**GOOD).split(".")[1]
        assert "algorithm" in client.why_not(f"{header.decode()}.{payload}.")


def test_an_algorithm_that_is_not_pinned_is_not_taken(ledger: Ledger, provider: Issuer) -> None:
    client = trusting(ledger, provider, algorithms=("ES256",))
    assert "algorithm" in client.why_not(provider.signed_with(provider.kid, **GOOD))


def test_a_key_verifies_only_for_its_own_algorithm(ledger: Ledger, provider: Issuer) -> None:
    client = trusting(ledger, provider, algorithms=("RS256", "RS384", "PS256"))
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert "key" in client.why_not(_signed(other, "RS384", provider.kid, provider.url))


def test_a_key_that_is_not_the_providers_is_nobodys(client: Trusting, provider: Issuer) -> None:
    own = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert "not signed with a key of the provider" in client.why_not(_signed(own, "RS256", "invented", provider.url))
    assert "signature is not valid" in client.why_not(_signed(own, "RS256", provider.kid, provider.url))


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_token_with_a_character_changed_is_nobodys(client: Trusting, provider: Issuer, part: int) -> None:
    parts = provider.signed_with(provider.kid, **GOOD).split(".")
    middle = len(parts[part]) // 2
    parts[part] = parts[part][:middle] + ("A" if parts[part][middle] != "A" else "B") + parts[part][middle + 1 :]
    assert client.me(".".join(parts)).status_code == 401


@pytest.mark.parametrize("text", ["x", "a.b", "a.b.c", "..", "eyJhbGciOiJSUzI1NiJ9.e30.", "[].[].[]"])
def test_what_is_no_token_is_nobodys(client: Trusting, text: str) -> None:
    assert client.me(text).status_code == 401


# -- the provider's keys ----------------------------------------------------------------------


def test_a_new_key_is_taken_without_a_restart(client: Trusting, provider: Issuer) -> None:
    assert client.me(provider.signed_with(provider.kid, **GOOD)).status_code == 200
    new = provider.generates()
    assert client.me(provider.signed_with(new, **GOOD)).status_code == 200
    assert client.me(provider.signed_with(provider.kid, **GOOD)).status_code == 200
    assert client.provider.keys.times_fetched == 2


def test_a_key_of_another_kind_is_taken_where_it_is_pinned(client: Trusting, provider: Issuer) -> None:
    assert client.me(provider.signed_with(provider.generates("ES256"), **GOOD)).status_code == 200


def test_invented_keys_make_the_provider_be_asked_seldom(client: Trusting, provider: Issuer) -> None:
    own = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    for number in range(20):
        client.why_not(_signed(own, "RS256", f"invented-{number}", provider.url))
    assert client.provider.keys.times_fetched == TRIES_MAX


def test_without_the_provider_known_keys_still_work_and_unknown_ones_are_not_checked(ledger: Ledger) -> None:
    with issuer() as short_lived:
        client = trusting(ledger, short_lived)
        first, second = short_lived.token(**GOOD), short_lived.token(**GOOD | {"sub": "other"})
        third = short_lived.signed_with(short_lived.kid, **GOOD, jti="3")
        new = short_lived.signed_with(short_lived.generates(), **GOOD)
        never_asked = trusting(ledger, short_lived)
        assert client.me(first).status_code == 200
        client.provider.keys._keys = tuple(
            one for one in client.provider.keys._keys or () if one["kid"] == short_lived.kid
        )
        client.provider.keys._made.clear()
        short_lived.stop()
        assert client.me(second).status_code == 200
        answer = client.me(new)
        assert (answer.status_code, answer.json()["title"]) == (503, "Provider unreachable")
        assert int(answer.headers["Retry-After"]) > 0
        client.provider.keys._fetched_at -= SECONDS_KEPT
        assert client.me(third).status_code == 200
        assert never_asked.me(first).status_code == 503


def test_another_issuers_document_is_not_believed(ledger: Ledger, provider: Issuer) -> None:
    """At the right address is the document of an issuer with another name."""
    client = trusting(ledger, provider, issuer=f"{provider.url}/")
    assert client.me(provider.token(**GOOD)).status_code == 503


# -- who the claims say the user is ------------------------------------------------------------


@pytest.mark.parametrize(
    "claims",
    [
        {"roles": None},
        {"roles": []},
        {"roles": "king"},
        {"roles": ["king", "queen"]},
        {"roles": ["reviewer", "administrator"]},
        {"roles": {"reviewer": True}},
        {"credential": ["nurse", "physician"]},
        {"sub": "x" * 101},
        {"sub": "lemtrada-ledger"},
        {"supervisors": ["x" * 101]},
        {"name": "Rosa\nReview"},
        {"name": "Rosa\u202eReview"},
        {"name": "Rosa\x1b[31mReview"},
    ],
)
def test_a_good_token_that_gives_no_one_role_or_no_id_is_not_permitted(
    client: Trusting, provider: Issuer, claims: dict[str, Any]
) -> None:
    answer = client.me(provider.token(**GOOD | claims))
    assert (answer.status_code, answer.json()["title"]) == (403, "No role here")
    assert "king" not in answer.text


def test_the_plans_own_groups_become_roles_and_credentials(ledger: Ledger, provider: Issuer) -> None:
    client = trusting(
        ledger,
        provider,
        role_claim="realm_access.groups",
        roles={"UM Nurses": "reviewer", "UM Physicians": "clinician"},
        credential_claim="realm_access.groups",
        credentials={"UM Nurses": "nurse", "UM Physicians": "physician"},
        specialty_claim="https://plan.example/board",
        specialties={"Neuro": "neurology"},
        id_claim="employee",
    )

    def person(group: str, **more: Any) -> dict[str, Any]:
        claims = GOOD | {"realm_access": {"groups": ["Staff", group]}, "employee": "e-7"} | more
        found: dict[str, Any] = client.me(provider.token(**claims)).json()
        return found

    nurse = person("UM Nurses")["person"]
    assert (nurse["id"], nurse["role"], nurse["credential"]) == ("e-7", "reviewer", "nurse")
    physician = person("UM Physicians", **{"https://plan.example/board": "Neuro"})["person"]
    assert (physician["role"], physician["credential"]) == ("clinician", "physician")
    assert physician["specialty"] == "neurology"
    assert person("reviewer")["title"] == "No role here"


def test_the_provider_says_who_two_people_are_and_neither_is_the_other(client: Trusting, provider: Issuer) -> None:
    tokens = [
        provider.token(**GOOD | {"sub": subject, "roles": role})
        for subject, role in (("one", "auditor"), ("two", "service"))
    ]
    for _ in range(3):
        found = [client.me(token).json()["person"] for token in tokens]
        assert [(one["id"], one["role"]) for one in found] == [("one", "auditor"), ("two", "service")]


def test_a_subject_that_is_the_id_of_a_person_of_the_ledger_is_nobody(
    client: Trusting, ledger: Ledger, provider: Issuer
) -> None:
    local = Actor(id="n.nurse", name="Nora Nurse", role="reviewer", credential="nurse")
    People(ledger).admit(local, local)
    client.app.state.identity.people.read()  # type: ignore[attr-defined]
    assert "another user of this ledger" in client.why_not(provider.token(**GOOD | {"sub": local.id}))


def test_each_subject_is_an_id_of_its_own() -> None:
    assert actor_id_of("n.nurse@plan.example") == "n.nurse@plan.example"
    assert actor_id_of("auth0|7") == "auth0:7c7"
    assert actor_id_of("auth0:7c7") == "auth0:3a7c7"
    assert actor_id_of("é") == ":c3:a9"


def test_a_token_of_the_ledger_works_alongside_the_provider_and_no_first_link_is_given(
    ledger: Ledger, provider: Issuer
) -> None:
    client = trusting(ledger, provider)
    identity: Identity = client.app.state.identity  # type: ignore[attr-defined]
    assert client.me(identity.issue_token(CLAIMS)).json()["means"] == "token"
    assert identity.first_link() is None
