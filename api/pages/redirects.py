"""From a form to another page than its own: the browser goes there anew, with the style that is that page's."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from domain.ledger.application import Outcome

SEE_OTHER = 303


def leads_to(request: Request, path: str, outcome: Outcome | None = None) -> Response:
    """There it is said what was recorded. A script that sent the form is told to go there, not to swap a part."""
    if outcome is not None:
        first = outcome.events[0]
        told = urlencode({"recorded": first.TOPIC, "event": first.originator_version})
        path = f"{path}{'&' if '?' in path else '?'}{told}"
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Redirect": path})
    return RedirectResponse(path, SEE_OTHER)
