"""How a provider is configured: from the environment or a file, and what cannot be meant is named at the start."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from api.identity.openid_settings import FILE, LEEWAY_SECONDS_MAX, PREFIX, OpenIDSettings, settings_from
from domain.errors import InvalidCommand
from tests import ROOT
from tests.docs import between

LEAST = {f"{PREFIX}ISSUER": "https://login.plan.example/realm", f"{PREFIX}AUDIENCE": "lemtrada-ledger"}


def test_nothing_configured_is_no_provider() -> None:
    assert settings_from({"LEMTRADA_DATABASE": "sqlite:///x"}) is None


def test_the_least_is_an_issuer_and_an_audience() -> None:
    settings = settings_from(LEAST)
    assert settings is not None
    assert (settings.algorithms, settings.leeway_seconds, settings.nbf_required) == (("RS256", "ES256"), 30, False)
    assert settings.roles["reviewer"] == "reviewer"


def test_every_setting_is_read_from_the_environment() -> None:
    settings = settings_from(
        LEAST
        | {
            f"{PREFIX}AUDIENCE": "one, two",
            f"{PREFIX}ALGORITHMS": "PS256",
            f"{PREFIX}LEEWAY_SECONDS": "5",
            f"{PREFIX}AGE_SECONDS_MAX": "3600",
            f"{PREFIX}NBF_REQUIRED": "true",
            f"{PREFIX}ROLE_CLAIM": "groups",
            f"{PREFIX}ROLES": "cn=nurses=reviewer, doctors=clinician",
            f"{PREFIX}CREDENTIALS": '{"RN, BSN": "nurse"}',
            f"{PREFIX}JWKS_URL": "https://login.plan.example/keys",
        }
    )
    assert settings is not None
    assert settings.audience == ("one", "two")
    assert (settings.algorithms, settings.leeway_seconds, settings.age_seconds_max) == (("PS256",), 5, 3600)
    assert settings.roles == {"cn=nurses": "reviewer", "doctors": "clinician"}
    assert settings.credentials == {"RN, BSN": "nurse"}
    assert (settings.nbf_required, settings.role_claim) == (True, "groups")


def test_a_file_says_it_too_and_the_environment_comes_first(tmp_path: Path) -> None:
    file = tmp_path / "provider.json"
    said = {"issuer": "https://file.example", "audience": ["a"], "roles": {"N": "reviewer"}, "leeway_seconds": 10}
    file.write_text(json.dumps(said))
    settings = settings_from({FILE: str(file), f"{PREFIX}LEEWAY_SECONDS": "20"})
    assert settings is not None
    assert (settings.issuer, settings.leeway_seconds, settings.roles) == ("https://file.example", 20, {"N": "reviewer"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ISSUER", "http://login.plan.example"),
        ("ISSUER", "login.plan.example"),
        ("ISSUER", "https://login.plan.example?realm=x"),
        ("AUDIENCE", " , "),
        ("ALGORITHMS", "HS256"),
        ("ALGORITHMS", "RS256,none"),
        ("ALGORITHMS", ""),
        ("LEEWAY_SECONDS", "61"),
        ("LEEWAY_SECONDS", "-1"),
        ("LEEWAY_SECONDS", "soon"),
        ("AGE_SECONDS_MAX", "1"),
        ("NBF_REQUIRED", "perhaps"),
        ("ROLES", "nurses"),
        ("ROLES", "nurses=queen"),
        ("ROLES", "{"),
        ("CREDENTIALS", "rn=surgeon"),
        ("JWKS_URL", "http://10.0.0.1/keys"),
        ("ROLE_CLAIM", ""),
        ("ISUER", "https://login.plan.example"),
        ("FILE", "/nowhere/provider.json"),
    ],
)
def test_what_cannot_be_meant_is_named_and_not_repeated(name: str, value: str) -> None:
    with pytest.raises(InvalidCommand) as raised:
        settings_from(LEAST | {PREFIX + name: value})
    assert raised.value.field == PREFIX + name
    assert len(value) < 5 or value not in raised.value.cause


@pytest.mark.parametrize("missing", LEAST)
def test_what_is_missing_is_named(missing: str) -> None:
    with pytest.raises(InvalidCommand) as raised:
        settings_from({name: value for name, value in LEAST.items() if name != missing} | {f"{PREFIX}NAME_CLAIM": "n"})
    assert raised.value.field == missing


@pytest.mark.parametrize("text", ["[]", "{", '{"issuer": 7, "audience": ["a"]}', '{"unheard_of": 1}'])
def test_a_file_that_cannot_be_meant_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "provider.json"
    file.write_text(text)
    with pytest.raises(InvalidCommand):
        settings_from({FILE: str(file)})


def test_the_guide_names_every_setting_and_its_default() -> None:
    rows = between(ROOT / "api" / "identity" / "README.md", "oidc").splitlines()[3:]
    named = {name: row for row in rows for name in re.findall(r"`([A-Z_]+)`", row.split("|")[1])}
    assert set(named) == {name.upper() for name in OpenIDSettings.model_fields}
    for name, field in OpenIDSettings.model_fields.items():
        if isinstance(field.default, str | int) and not isinstance(field.default, bool):
            assert str(field.default) in named[name.upper()], name
    assert str(LEEWAY_SECONDS_MAX) in named["LEEWAY_SECONDS"]
