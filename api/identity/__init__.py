"""Who is calling. `Gate` (middleware.py) runs before the application and puts a `Caller` into `scope["caller"]`.

For a test, a header for any actor in one line, over the ledger's own tokens; nothing is pretended:

    identity = Identity(ledger)
    app = create_app(ledger, identity=identity)
    client.get("/patients/…", headers=headers_for(identity, actor))

`headers_for` admits the actor (or changes her to be as given: the same id in another role works), gives
her a token, remembers it, and answers `{"Authorization": "Bearer lml_…"}`. The first time writes two
events to the ledger's people stream; later times write nothing.
"""

from __future__ import annotations

from api.identity.caller import Caller, CallerOfRequest
from api.identity.identity import Identity
from domain.people import Actor

__all__ = ["Caller", "CallerOfRequest", "Identity", "headers_for"]


def headers_for(identity: Identity, actor: Actor) -> dict[str, str]:
    """What a request of this actor carries."""
    return {"Authorization": f"Bearer {identity.issue_token(actor)}"}
