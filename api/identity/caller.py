"""The caller: the user or system that sent a request, by the token or session and never by the request body."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Literal, cast

from fastapi import Depends, Request

from domain.people import Actor
from domain.permissions.disclosure import Purpose, Through

Means = Literal["bearer", "token", "session", "operating_system"]
"""How the caller was authenticated.

`bearer` is a token of the plan's OpenID provider, `token` an API token of this ledger, `session` a browser session, and
`operating_system` the user of the machine.
"""


@dataclass(frozen=True, slots=True)
class Caller:
    """The user or system behind one request.

    `origin` is the network address. `purpose` is the purpose of use that the caller states. `credential_id` is the id
    of a token of this ledger. `expires_at` is when the credential expires, unless it ends earlier. `csrf_token` is the
    token for the forms of a browser session.
    """

    actor: Actor
    means: Means
    origin: str
    through: Through = "api"
    purpose: Purpose | None = None
    credential_id: str | None = None
    expires_at: datetime | None = None
    csrf_token: str | None = field(default=None, repr=False)


def _caller(request: Request) -> Caller:
    # The authentication middleware sets the caller. No other path than a public one is reached without a caller.
    return cast("Caller", request.scope["caller"])


CallerOfRequest = Annotated[Caller, Depends(_caller)]
