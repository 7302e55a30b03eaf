"""Who is asking: the person or system behind a request, as her token or session says, never as a body does."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Literal, cast

from fastapi import Depends, Request

from domain.people import Actor
from domain.permissions.disclosure import Purpose, Through

Means = Literal["bearer", "token", "session", "operating_system"]
"""A bearer token of the plan's provider, an API token of ours, a browser's session, or the machine's own user."""


@dataclass(frozen=True, slots=True)
class Caller:
    """`origin` is from where; `purpose` what she says that she asks for; `credential_id` that of a token of ours.

    `expires_at` is until when her credential holds if nothing ends it before. `csrf_token` is what a page
    for a browser's session puts into its forms.
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
    # Put there by the gate, which lets nobody through without one.
    return cast("Caller", request.scope["caller"])


CallerOfRequest = Annotated[Caller, Depends(_caller)]
