"""Redirects from a form to another page. The browser loads that page as a whole, with its own style sheet."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from api.routes.dependencies import CommandRunner
from domain.ledger.application import Outcome

SEE_OTHER = 303


def recorded_in(commanding: CommandRunner, outcome: Outcome) -> str:
    """The query with which a page shows what was recorded: the event, and its number as the user is shown it."""
    first = outcome.events[0]
    number = commanding.versions(outcome.history).shown(first.originator_version)
    return urlencode({"recorded": first.TOPIC, "event": number})


def redirect_to(request: Request, path: str, recorded: str | None = None) -> Response:
    """A redirect to a page, which shows what was recorded if the query `recorded` is given.

    If a script (htmx) sent the form, the response makes it load the page instead of replacing a part of its own page.
    """
    if recorded is not None:
        path = f"{path}{'&' if '?' in path else '?'}{recorded}"
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Redirect": path})
    return RedirectResponse(path, SEE_OTHER)
