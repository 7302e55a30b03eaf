"""Creates `Identity` from the settings in the environment."""

from __future__ import annotations

import os

from api.identity.identity import Identity
from api.identity.openid import OpenIDProvider
from api.identity.openid_settings import settings_from
from domain.ledger.application import Ledger


def identity_of(ledger: Ledger, public_url: str | None = None) -> Identity:
    """The identity of the environment's settings. Raises InvalidCommand, which names the invalid setting."""
    settings = settings_from(os.environ)
    provider = OpenIDProvider(settings) if settings is not None else None
    return Identity(ledger, provider=provider, public_url=public_url)
