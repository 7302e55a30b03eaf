"""The few pages of signing in: plain HTML, no script, nothing from elsewhere."""

from __future__ import annotations

from html import escape
from typing import Final

from fastapi.responses import HTMLResponse

from api.identity.browsers import CSRF_FIELD
from api.identity.caller import Caller

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    # The address may hold a code that still works: no other site is told of it. With `no-referrer`, or in a
    # sandbox, a browser would name the origin of this page's own form as `null`, which is turned away.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def sign_in_page(code: str | None, problem: str | None = None, status: int = 200) -> HTMLResponse:
    """With the code of a link, a button; without, a field to put one in.

    A button, because mail scanners follow links, and a code works once.
    """
    said = f'<p role="alert"><strong>{escape(problem)}</strong></p>' if problem is not None else ""
    field = (
        f'<input type="hidden" name="code" value="{escape(code, quote=True)}">'
        if code is not None
        else '<p><label for="code">Code from your sign-in link</label><br>'
        '<input id="code" name="code" size="85" autocomplete="one-time-code" spellcheck="false" required></p>'
    )
    body = (
        f"{said}<p>Sign in to the Lemtrada authorization ledger. A link works once.</p>"
        f'<form method="post" action="/sign-in">{field}<button type="submit">Sign in</button></form>'
    )
    return _page("Sign in", body, status)


def who_page(caller: Caller) -> HTMLResponse:
    """Who one is now, and where to go from here."""
    actor = caller.actor
    facts = {
        "Name": actor.name,
        "Id": actor.id,
        "Role": actor.role.replace("_", " "),
        "Credential": actor.credential.replace("_", " "),
        "Office": actor.office,
        "Without another request, until": caller.expires_at.strftime("%Y-%m-%d %H:%M UTC")
        if caller.expires_at
        else None,
    }
    rows = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in facts.items() if value is not None)
    body = (
        f"<p>You are signed in.</p><dl>{rows}</dl>"
        '<p><a href="/docs">What this server answers, and how to ask it</a></p>'
        f'<form method="post" action="/sign-out">'
        f'<input type="hidden" name="{CSRF_FIELD}" value="{escape(caller.csrf_token or "", quote=True)}">'
        '<button type="submit">Sign out</button></form>'
    )
    return _page("Signed in", body, 200)


def _page(title: str, body: str, status: int) -> HTMLResponse:
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title} - Lemtrada ledger</title></head><body><main><h1>{title}</h1>{body}</main></body></html>"
    )
    return HTMLResponse(html, status, headers=_HEADERS)
