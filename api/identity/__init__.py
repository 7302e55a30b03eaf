"""Authentication. `AuthenticationMiddleware` runs before the application and sets `scope["caller"]` to a `Caller`.

Tests get a header for any actor in one line. The header has a real token of the ledger:

    identity = Identity(ledger)
    app = create_app(ledger, identity=identity)
    client.get("/patients/…", headers=headers_for(identity, actor))

`headers_for` adds the actor as a user (or changes the user to be as given, so the same id can be used in another role),
issues a token, caches it, and returns `{"Authorization": "Bearer lml_…"}`. The first call writes two events to the
ledger's people stream. Later calls write nothing.
"""

from __future__ import annotations

from api.identity.caller import Caller, CallerOfRequest
from api.identity.identity import Identity
from domain.people import Actor

__all__ = ["Caller", "CallerOfRequest", "Identity", "headers_for"]


def headers_for(identity: Identity, actor: Actor) -> dict[str, str]:
    """The Authorization header for a request of this actor."""
    return {"Authorization": f"Bearer {identity.issue_token(actor)}"}
