"""Identity as the environment configures it."""

from __future__ import annotations

import os

from api.identity.identity import Identity
from api.identity.openid import OpenIDProvider
from api.identity.openid_settings import settings_from
from domain.ledger.application import Ledger


def identity_of(ledger: Ledger, public_url: str | None = None) -> Identity:
    """As the environment's settings say. Raises InvalidCommand, which names the setting that is wrong."""
    settings = settings_from(os.environ)
    provider = OpenIDProvider(settings) if settings is not None else None
    return Identity(ledger, provider=provider, public_url=public_url)
