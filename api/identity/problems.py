"""Answers to requests that are not authenticated or that are refused before the application: problems (RFC 9457)."""

from __future__ import annotations

from typing import get_args

from fastapi.responses import JSONResponse

from api.http.problems import problem
from api.http.security_log import DenialReason
from domain.errors import as_sentence
from domain.ledger.stores.unavailable import Unavailable
from domain.permissions.disclosure import Purpose

AUTHORIZATION = "header.Authorization"


class NotKnown(Exception):
    """The credential is missing, unknown, or no longer valid. The message is a sentence for the client."""

    def __init__(self, cause: str, reason: DenialReason = "unknown_credential") -> None:
        super().__init__(cause)
        self.reason: DenialReason = reason


class NoRole(Exception):
    """The provider's token is valid but gives no role in this ledger. The message names the claim."""


class ProviderUnreachable(Exception):
    """The provider's keys cannot be fetched, and no cached key matches."""


def answer_to(error: Exception) -> JSONResponse:
    """The answer to NotKnown, NoRole, ProviderUnreachable, or an error of the store."""
    if isinstance(error, NoRole):
        return problem(
            403, "No role here", str(error), "have the provider assign one role of this ledger to the user",
            field=AUTHORIZATION,
        )  # fmt: skip
    if isinstance(error, ProviderUnreachable):
        answer = problem(
            503, "Provider unreachable", "The keys of the OpenID provider can't be retrieved.", "try again in a moment"
        )
        answer.headers["Retry-After"] = "10"
        return answer
    if isinstance(error, NotKnown):
        answer = problem(
            401, "Not signed in", str(error), "send a valid token in the header Authorization: Bearer, or sign in",
            field=AUTHORIZATION,
        )  # fmt: skip
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer
    cause, remedy = "The database is not available", "try again in a moment"
    if isinstance(error, Unavailable):
        cause, remedy = error.cause, error.remedy
    answer = problem(503, "Store unavailable", as_sentence(cause), remedy)
    answer.headers["Retry-After"] = "1"
    return answer


def unknown_purpose() -> JSONResponse:
    """The answer to an X-Purpose-Of-Use that is not a known code."""
    return problem(
        422, "Unknown purpose", "The value of X-Purpose-Of-Use is not a known purpose.",
        f"leave the header out, or send one of {', '.join(get_args(Purpose))}", field="header.X-Purpose-Of-Use",
    )  # fmt: skip


def cross_site() -> JSONResponse:
    """The answer to a request of a browser session from a page of another site."""
    return problem(
        403, "Cross site request", "The request was sent from a page of another site.",
        "send the request from a page of this server", field="header.Origin",
    )  # fmt: skip


def missing_csrf() -> JSONResponse:
    """The answer to a request of a browser session without a valid CSRF token."""
    return problem(
        403,
        "Missing CSRF token",
        "A request in a browser session must include the session's CSRF token.",
        "send the token from GET /me in the header X-CSRF-Token or in the form field csrf_token",
        field="header.X-CSRF-Token",
    )
