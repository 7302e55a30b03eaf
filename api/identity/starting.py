"""What a server that starts says of signing in: the first link, and in a demo how to look around."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from api.identity.identity import Identity
from api.identity.openid import OpenIDProvider
from api.identity.openid_settings import settings_from
from domain.events import THE_LEDGER_ITSELF
from domain.ledger.application import Ledger
from domain.people import Actor


def identity_of(ledger: Ledger, public_url: str | None) -> Identity:
    """As the environment's settings say. Raises InvalidCommand, which names the setting that is wrong."""
    settings = settings_from(os.environ)
    return Identity(ledger, provider=OpenIDProvider(settings) if settings is not None else None, public_url=public_url)


def lines_about_signing_in(identity: Identity, url: str) -> Iterator[str]:
    """To be printed at the start; a link is shown this once."""
    if (code := identity.first_link()) is not None:
        yield "Nobody has signed in as administrator yet. This link does, once, within 24 hours:"
        yield f"  {url}/sign-in/{code}"
    elif identity.provider is None:
        yield "To sign in: lemtrada-ledger invite --id ID makes a link for somebody of `lemtrada-ledger person list`."


def admit_staff(identity: Identity, staff: Sequence[Actor]) -> None:
    for person in staff:
        identity.people.ensure(person, THE_LEDGER_ITSELF)
