"""What is answered to whoever is not let in, each as a problem that says why and what to do."""

from __future__ import annotations

from typing import get_args

from fastapi.responses import JSONResponse

from api.http.problems import problem
from api.http.security_log import DenialReason
from domain.permissions.disclosure import Purpose

AUTHORIZATION = "header.Authorization"


class NotKnown(Exception):
    """Nobody, or nobody any more; the message is a sentence for whoever sent the credential."""

    def __init__(self, cause: str, reason: DenialReason = "unknown_credential") -> None:
        super().__init__(cause)
        self.reason: DenialReason = reason


class NoRole(Exception):
    """The provider's token is good, and gives no role here; the message says which claim is in the way."""


class ProviderUnreachable(Exception):
    """The provider's keys cannot be had, and none of those that are known will do."""


def answer_to(nobody: Exception) -> JSONResponse:
    """To NotKnown, NoRole, ProviderUnreachable, or an error of the store."""
    if isinstance(nobody, NoRole):
        return problem(
            403, "No role here", str(nobody), "have the provider assign one role of this ledger to the user",
            field=AUTHORIZATION,
        )  # fmt: skip
    if isinstance(nobody, ProviderUnreachable):
        answer = problem(
            503, "Provider unreachable", "The keys of the OpenID provider can't be retrieved.", "try again in a moment"
        )
        answer.headers["Retry-After"] = "10"
        return answer
    if isinstance(nobody, NotKnown):
        answer = problem(
            401, "Not signed in", str(nobody), "send a valid token in the header Authorization: Bearer, or sign in",
            field=AUTHORIZATION,
        )  # fmt: skip
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer
    return problem(503, "Store unavailable", "The database is not available.", "try again in a moment")


def unknown_purpose() -> JSONResponse:
    return problem(
        422, "Unknown purpose", "The value of X-Purpose-Of-Use is not a known purpose.",
        f"leave the header out, or send one of {', '.join(get_args(Purpose))}", field="header.X-Purpose-Of-Use",
    )  # fmt: skip


def cross_site() -> JSONResponse:
    return problem(
        403, "Cross site request", "The request was sent from a page of another site.",
        "send the request from a page of this server", field="header.Origin",
    )  # fmt: skip


def missing_csrf() -> JSONResponse:
    return problem(
        403,
        "Missing CSRF token",
        "A request in a browser session must include the session's CSRF token.",
        "send the token from GET /me in the header X-CSRF-Token or in the form field csrf_token",
        field="header.X-CSRF-Token",
    )
