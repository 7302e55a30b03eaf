"""Redirects from a form to another page. The browser loads that page as a whole, with its own style sheet."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from domain.ledger.application import Outcome

SEE_OTHER = 303


def redirect_to(request: Request, path: str, outcome: Outcome | None = None) -> Response:
    """A redirect to a page, which shows what was recorded if there is an outcome.

    If a script (htmx) sent the form, the response makes it load the page instead of replacing a part of its own page.
    """
    if outcome is not None:
        first = outcome.events[0]
        recorded = urlencode({"recorded": first.TOPIC, "event": first.originator_version})
        path = f"{path}{'&' if '?' in path else '?'}{recorded}"
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Redirect": path})
    return RedirectResponse(path, SEE_OTHER)
