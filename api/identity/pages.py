"""The sign-in page: plain HTML without scripts. It loads only the style sheet and the mark of this server."""

from __future__ import annotations

from html import escape
from typing import Final

from fastapi.responses import HTMLResponse

from api.static import address_of

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    # The URL may contain a code that still works, so it must not be sent to another site as a referrer. With
    # `no-referrer`, or in a sandbox, a browser sends `null` as the origin of this page's form, which is refused.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def sign_in_page(code: str | None, problem: str | None = None, status: int = 200) -> HTMLResponse:
    """The sign-in page: a button if the link has a code, else a field for the code.

    The button is needed because mail scanners open links, and a code works only once.
    """
    problem_html = f'<p class="wrong" role="alert">{escape(problem)}</p>' if problem is not None else ""
    field = (
        f'<input type="hidden" name="code" value="{escape(code, quote=True)}">'
        if code is not None
        else '<p><label for="code">Code from your sign-in link</label><br>'
        '<input id="code" name="code" autocomplete="one-time-code" spellcheck="false" required></p>'
    )
    body = (
        f"{problem_html}<p>Sign in to the Lemtrada authorization ledger. A link works once.</p>"
        f'<form method="post" action="/sign-in">{field}<button type="submit" class="main">Sign in</button></form>'
    )
    return _page("Sign in", body, status)


def _page(title: str, body: str, status: int) -> HTMLResponse:
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{title} - Lemtrada ledger</title><link rel="stylesheet" href="{address_of("ledger.css")}">'
        f'<link rel="icon" href="{address_of("mark.svg")}" type="image/svg+xml"></head>'
        '<body class="door"><header class="bar"><span class="mark">'
        f'<img src="{address_of("mark.svg")}" alt="" width="26" height="26"> Lemtrada ledger</span></header>'
        f'<main><h1>{title}</h1><div class="card">{body}</div></main></body></html>'
    )
    return HTMLResponse(html, status, headers=_HEADERS)
