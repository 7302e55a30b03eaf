"""Settings of the plan's OpenID provider: how its tokens are verified, and which claims describe a user.

The settings are read from the environment, or from a JSON file that LEMTRADA_OIDC_FILE names. Its keys are the field
names below. The environment overrides the file. An invalid setting is an error when the server starts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Final, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationError

from api.text.invalid_values import invalid_value
from domain.errors import InvalidCommand
from domain.facts import FrozenModel
from domain.people import Credential, Role

PREFIX: Final = "LEMTRADA_OIDC_"
FILE: Final = "LEMTRADA_OIDC_FILE"

ASYMMETRIC: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
"""The algorithms that may be configured. With a symmetric algorithm anyone who can verify a token can also sign one.

With `none` anyone can.
"""

LEEWAY_SECONDS_MAX: Final = 60


def _reachable(url: str) -> str:
    """Raises ValueError unless the URL is https or on this machine, because keys could be replaced in transit."""
    parts = urlsplit(url)
    if not parts.hostname or parts.scheme not in ("https", "http") or parts.query or parts.fragment:
        raise ValueError("this is not the URL of a server")
    if parts.scheme == "http" and not _is_this_machine(parts.hostname):
        raise ValueError("the URL must start with https://, unless the issuer is on this machine")
    return url


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _asymmetric(algorithms: tuple[str, ...]) -> tuple[str, ...]:
    if not ASYMMETRIC.issuperset(algorithms):
        raise ValueError(f"use only asymmetric algorithms: {', '.join(sorted(ASYMMETRIC))}")
    return algorithms


Url = Annotated[str, AfterValidator(_reachable)]
Claim = Annotated[str, Field(min_length=1, max_length=200)]


class OpenIDSettings(FrozenModel):
    """The settings. Times are in seconds.

    A claim is given by its name or its path, such as `realm_access.roles`. Its value is one text or a list of texts.
    `roles`, `credentials` and `specialties` map the values of a claim to the values of this ledger. Other values are
    ignored. Without `roles`, the provider's values are the role names of this ledger.
    """

    issuer: Url
    audience: Annotated[tuple[Claim, ...], Field(min_length=1)]
    algorithms: Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(_asymmetric)] = ("RS256", "ES256")
    jwks_url: Url | None = None
    leeway_seconds: Annotated[int, Field(ge=0, le=LEEWAY_SECONDS_MAX)] = 30
    age_seconds_max: Annotated[int, Field(ge=60, le=604_800)] = 86_400
    nbf_required: bool = False
    id_claim: Claim = "sub"
    name_claim: Claim = "name"
    role_claim: Claim = "roles"
    credential_claim: Claim = "credential"
    specialty_claim: Claim = "specialty"
    supervisors_claim: Claim = "supervisors"
    office_claim: Claim = "office"
    roles: dict[str, Role] = Field(default_factory=lambda: {one: one for one in get_args(Role)})
    credentials: dict[str, Credential] = Field(default_factory=lambda: {one: one for one in get_args(Credential)})
    specialties: dict[str, str] | None = None


_LISTS: Final = frozenset({"audience", "algorithms"})
_MAPS: Final = frozenset({"roles", "credentials", "specialties"})


def settings_from(environment: Mapping[str, str]) -> OpenIDSettings | None:
    """The settings, or None if no provider is configured.

    Raises InvalidCommand, which names the invalid setting and not its value.
    """
    given = {name: value for name, value in environment.items() if name.startswith(PREFIX)}
    if not given:
        return None
    settings: dict[str, Any] = dict(_file(given.pop(FILE))) if FILE in given else {}
    for name, value in given.items():
        field = name.removeprefix(PREFIX).lower()
        if field not in OpenIDSettings.model_fields:
            raise _invalid(name, "this setting does not exist")
        settings[field] = _read(name, field, value)
    try:
        # Validation as JSON accepts a list for a tuple, and converts no other types.
        return OpenIDSettings.model_validate_json(json.dumps(settings))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = str(first["loc"][0]) if first["loc"] else "FILE"
        cause = "the value is missing" if first["type"] == "missing" else str(invalid_value(first))
        raise _invalid(PREFIX + field.upper(), cause) from None


def _file(name: str) -> dict[str, Any]:
    try:
        settings = json.loads(Path(name).read_text())
    except OSError as error:
        raise _invalid(FILE, f"the file can't be read: {error.strerror}") from None
    except ValueError:
        raise _invalid(FILE, "the file is not JSON") from None
    if not isinstance(settings, dict):
        raise _invalid(FILE, "the file does not contain exactly one JSON object")
    return settings


def _read(name: str, field: str, value: str) -> Any:
    """The value of a setting. Lists are separated by commas. Maps are `value=meaning` pairs, or a JSON object."""
    if field in _LISTS:
        return [part.strip() for part in value.split(",") if part.strip()]
    if field in _MAPS:
        if value.lstrip().startswith("{"):
            try:
                return json.loads(value)
            except ValueError:
                raise _invalid(name, "this is not JSON") from None
        pairs = [part.rpartition("=") for part in value.split(",") if part.strip()]
        if any(not separator for _, separator, _ in pairs):
            raise _invalid(name, "write each part as value=meaning")
        return {before.strip(): meaning.strip() for before, _, meaning in pairs}
    if field in ("leeway_seconds", "age_seconds_max"):
        return int(value) if value.strip().isdecimal() else value
    if field == "nbf_required":
        return {"true": True, "false": False}.get(value.strip().lower(), value)
    return value


def _invalid(name: str, cause: str) -> InvalidCommand:
    return InvalidCommand(
        cause, field=name, remedy="see the section on the plan's OpenID provider in api/identity/README.md"
    )
