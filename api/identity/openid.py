"""Verifies bearer tokens of the plan's OpenID provider, and makes an actor from their claims.

PyJWT checks the signature, the issuer, the audience and the times. The algorithm must be one of the configured
algorithms, and the key must be a key of the provider for this algorithm. A user has the role as long as the token is
valid.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import jwt
from jwt import exceptions as wrong
from pydantic import ValidationError

from api.http.security_log import DenialReason
from api.identity.identity import VerifiedCredential
from api.identity.jwks import ProviderKeys
from api.identity.openid_settings import OpenIDSettings
from api.identity.problems import NoRole, NotKnown
from domain.facts import value_faults
from domain.people import Actor
from domain.permissions.accounts import is_reserved

REMEMBERED_SECONDS_MAX: Final = 60.0
KEY_ID_LENGTH_MAX: Final = 200

_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@-")
_TYPES: Final = frozenset({"jwt", "at+jwt", "application/at+jwt"})

_CAUSES: Final[tuple[tuple[type[Exception], str, DenialReason], ...]] = (
    (wrong.ExpiredSignatureError, "The token has expired.", "expired"),
    (wrong.ImmatureSignatureError, "The token is not yet valid.", "not_yet_valid"),
    (wrong.InvalidAudienceError, "The token was issued for another audience.", "wrong_audience"),
    (wrong.InvalidIssuerError, "The token was issued by another issuer.", "wrong_issuer"),
    (wrong.MissingRequiredClaimError, "The token lacks a required claim.", "malformed"),
    (wrong.InvalidSignatureError, "The token's signature is not valid.", "bad_signature"),
)


class OpenIDProvider:
    """The plan's OpenID provider. It can be used from several threads and event loops."""

    def __init__(self, settings: OpenIDSettings) -> None:
        self.settings = settings
        self.keys = ProviderKeys(settings)
        required = ["exp", "iat", "sub", "iss", "aud"]
        self._required = [*required, "nbf"] if settings.nbf_required else required

    async def verify(self, token: str) -> VerifiedCredential:
        """Verifies a bearer token. Raises NotKnown, NoRole, and ProviderUnreachable."""
        key_id, algorithm = self._header(token)
        key = await self.keys.key(key_id, algorithm)
        if key is None:
            raise NotKnown("The token is not signed with a key of the provider.", "bad_signature")
        claims = self._verified(token, key)
        expires_at = min(float(claims["exp"]), float(claims["iat"]) + self.settings.age_seconds_max)
        seconds_left = expires_at + self.settings.leeway_seconds - time.time()
        until = time.monotonic() + max(0.0, min(REMEMBERED_SECONDS_MAX, seconds_left))
        return VerifiedCredential(
            actor_of(claims, self.settings), "bearer", until, datetime.fromtimestamp(expires_at, UTC)
        )

    def _header(self, token: str) -> tuple[str | None, str]:
        """The key id and the algorithm in the token's header.

        Raises NotKnown for an invalid header, and for an algorithm that is not configured.
        """
        try:
            header = jwt.get_unverified_header(token)
        except wrong.PyJWTError:
            raise NotKnown(
                "The token is neither a token of the provider nor a token of this ledger.", "malformed"
            ) from None
        algorithm, key_id, kind = header.get("alg"), header.get("kid"), header.get("typ", "JWT")
        if algorithm not in self.settings.algorithms:
            raise NotKnown("The token is signed with an algorithm that this ledger does not accept.", "bad_signature")
        if not isinstance(kind, str) or kind.lower() not in _TYPES or "crit" in header:
            raise NotKnown("The token is of a type that this ledger does not accept.", "malformed")
        if key_id is not None and len(key_id) > KEY_ID_LENGTH_MAX:
            raise NotKnown("The token's header is malformed.", "malformed")
        return key_id, algorithm

    def _verified(self, token: str, key: jwt.PyJWK) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                audience=self.settings.audience,
                issuer=self.settings.issuer,
                leeway=self.settings.leeway_seconds,
                options={"require": self._required},
            )
        except wrong.PyJWTError as error:
            cause, reason = next(
                ((sentence, why) for kind, sentence, why in _CAUSES if isinstance(error, kind)),
                ("The token is malformed.", "malformed"),
            )
            raise NotKnown(cause, reason) from None
        try:
            age = time.time() - float(claims["iat"])
            float(claims["exp"])
        except (TypeError, ValueError, OverflowError):
            raise NotKnown("The token is malformed.", "malformed") from None
        if age > self.settings.age_seconds_max + self.settings.leeway_seconds:
            raise NotKnown("The token was issued too long ago.", "expired")
        return claims


# -- the actor of the claims ------------------------------------------------------------------


def actor_of(claims: dict[str, Any], settings: OpenIDSettings) -> Actor:
    """The actor that the claims describe. Raises NoRole, which names the invalid claim and never its value."""
    role = _one_of(claims, settings.role_claim, settings.roles)
    if role is None:
        raise NoRole(f"The claim {settings.role_claim} contains no role of this ledger.")
    identifier = _text(claims, settings.id_claim)
    if identifier is None:
        raise NoRole(f"The claim {settings.id_claim} contains no user id.")
    if is_reserved(actor_id_of(identifier)):
        raise NoRole(f"The claim {settings.id_claim} contains a value that no user may have as an id.")
    specialty = _text(claims, settings.specialty_claim)
    if settings.specialties is not None:
        specialty = _one_of(claims, settings.specialty_claim, settings.specialties)
    office = _text(claims, settings.office_claim)
    actor_fields = {
        "id": actor_id_of(identifier),
        "name": _text(claims, settings.name_claim) or actor_id_of(identifier),
        "role": role,
        "credential": _one_of(claims, settings.credential_claim, settings.credentials) or "none",
        "specialty": specialty,
        "reports_to": tuple(actor_id_of(one) for one in _texts(claims, settings.supervisors_claim)),
        "office": actor_id_of(office) if office is not None else None,
    }
    try:
        actor, faults = Actor.model_validate(actor_fields), list(value_faults(actor_fields, ()))
    except ValidationError as error:
        raise _cannot_record(error.errors(include_input=False)) from None
    if faults:
        raise _cannot_record(faults)
    return actor


def _cannot_record(faults: Iterable[Mapping[str, Any]]) -> NoRole:
    fields = sorted({str(one["loc"][0]) for one in faults})
    return NoRole(f"The claims for {', '.join(fields)} contain values that this ledger can't record.")


def actor_id_of(subject: str) -> str:
    """The provider's id in the characters of an actor id. Each other byte becomes a colon and two hexadecimal digits.

    Different subjects always get different ids, because a colon is encoded too.
    """
    return "".join(
        one if one in _PLAIN else "".join(f":{byte:02x}" for byte in one.encode("utf-8", "surrogatepass"))
        for one in subject
    )


def _one_of(claims: dict[str, Any], claim: str, meanings: dict[str, Any]) -> Any:
    """The meaning of the claim's values, or None if no value has one. Raises NoRole if there are several meanings."""
    known_meanings = {meanings[one] for one in _texts(claims, claim) if one in meanings}
    if len(known_meanings) > 1:
        raise NoRole(f"The claim {claim} says {len(known_meanings)} values, but a user has exactly one.")
    return next(iter(known_meanings), None)


def _text(claims: dict[str, Any], claim: str) -> str | None:
    texts = _texts(claims, claim)
    return texts[0] if len(texts) == 1 else None


def _texts(claims: dict[str, Any], claim: str) -> list[str]:
    value: Any = claims.get(claim)
    if value is None:
        value = claims
        for step in claim.split("."):
            value = value.get(step) if isinstance(value, dict) else None
    values = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, str) and one]
