"""Signing in and out with a browser, and the current user.

A link is `/sign-in/<code>`. It works without a script, which a fragment would need. The risks of a secret in a path are
limited: the code works once and for one day; the page has a button, so that programs that open links do not use the
code; no other site gets the link as a referrer; and this server logs no paths. Behind a proxy that logs paths, users
can enter the code in the field of `/sign-in` instead.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, cast
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, Field

from api.http import security_log
from api.http.bodies import CheckedJsonRoute
from api.identity.caller import CallerOfRequest, Means
from api.identity.cookies_and_csrf import cookie_name, is_from_here, session_secret
from api.identity.credentials import code_parts
from api.identity.identity import Identity
from api.identity.middleware import SIGN_IN, origin_of
from api.identity.pages import sign_in_page
from api.identity.problems import NotKnown
from domain.calendar import Instant
from domain.ledger.accounts.sessions import SESSION_LIFETIME
from domain.people import Actor

BODY_BYTES_MAX: Final = 4_096

router = APIRouter(tags=["people"], route_class=CheckedJsonRoute)
pages = APIRouter(include_in_schema=False)


def _identity(request: Request) -> Identity:
    return cast("Identity", request.app.state.identity)


IdentityOfApp = Annotated[Identity, Depends(_identity)]


class Me(BaseModel):
    """The caller, the means of authentication, and when it expires."""

    person: Actor
    means: Means
    until: Instant | None = None
    csrf_token: str | None = Field(
        default=None, description="The token to send with every change. Only for browser sessions."
    )


@router.get("/me")
def who_am_i(caller: CallerOfRequest) -> Me:
    """Return the current user, the means of authentication, and when it expires."""
    until: datetime | None = caller.expires_at
    return Me(person=caller.actor, means=caller.means, until=until, csrf_token=caller.csrf_token)


@pages.get("/")
def first_page(request: Request) -> Response:
    """Redirects a signed-in user to the start page, and everyone else to the sign-in page."""
    return RedirectResponse("/pages" if request.scope.get("caller") is not None else SIGN_IN)


@pages.get("/sign-in")
def sign_in_form() -> Response:
    """Shows the sign-in page with a field for the code."""
    return sign_in_page(None)


@pages.get("/sign-in/{code}")
def sign_in_link(code: str) -> Response:
    """Shows the sign-in page. The code is not used, and the page does not reveal whether the code is valid."""
    return sign_in_page(code if code_parts(code) is not None else None)


@pages.post("/sign-in")
async def sign_in(request: Request, identity: IdentityOfApp) -> Response:
    """Signs in with a code, sets the session cookie, and redirects to the pages. Wrong codes are limited."""
    origin = origin_of(request.scope)
    if not is_from_here(request.headers, request.url.scheme, identity.public_url):
        security_log.sign_in_failed("cross_site", means="link", origin=origin)
        return sign_in_page(None, "The request was sent from a page of another site.", 403)
    code = await _code_sent(request)
    cookies = request.headers.get("cookie", "").encode("latin-1")
    secret_before = session_secret(cookies, identity.is_secure)
    try:
        secret, person = await run_in_threadpool(identity.sign_in, code, secret_before)
    except NotKnown as error:
        return await _wrong_code(identity, error, origin)
    security_log.signed_in(person.id, means="link", origin=origin)
    answer = RedirectResponse("/", 303)
    answer.set_cookie(
        cookie_name(identity.is_secure),
        secret,
        max_age=int(SESSION_LIFETIME.total_seconds()),
        path="/",
        secure=identity.is_secure,
        httponly=True,
        samesite="lax",
    )
    return answer


async def _wrong_code(identity: Identity, error: NotKnown, origin: str) -> Response:
    """Counts a wrong code. The answer states what is wrong with the code, unless this network sent too many."""
    seconds = identity.attempts.seconds_to_wait(origin)
    if seconds:
        security_log.too_many_attempts(means="link", origin=origin)
        answer = sign_in_page(None, "There were too many attempts. Wait a minute and try again.", 429)
        answer.headers["Retry-After"] = str(seconds)
    else:
        security_log.sign_in_failed(error.reason, means="link", origin=origin)
        answer = sign_in_page(None, f"{error} Ask an administrator for a new link.", 401)
    await identity.attempts.delay()
    return answer


@pages.post("/sign-out")
async def sign_out(request: Request, identity: IdentityOfApp, caller: CallerOfRequest) -> Response:
    """Ends the session immediately. A token cannot be signed out; it must be revoked."""
    secret = session_secret(request.headers.get("cookie", "").encode("latin-1"), identity.is_secure)
    if caller.means == "session" and secret is not None:
        await run_in_threadpool(identity.sign_out, secret)
        security_log.signed_out(caller.actor.id, origin=caller.origin)
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(
        cookie_name(identity.is_secure), path="/", secure=identity.is_secure, httponly=True, samesite="lax"
    )
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


async def _code_sent(request: Request) -> str:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > BODY_BYTES_MAX:
            return ""
    codes = parse_qs(body.decode("latin-1")).get("code", [])
    return codes[0].strip() if len(codes) == 1 else ""
