"""What is answered to whoever is not let in, each as a problem that says why and what to do."""

from __future__ import annotations

from typing import get_args

from fastapi.responses import JSONResponse

from api.http.problems import problem
from api.http.security_log import Reason
from domain.permissions.disclosure import Purpose

AUTHORIZATION = "header.Authorization"


class NotKnown(Exception):
    """Nobody, or nobody any more; the message is a sentence for whoever sent the credential."""

    def __init__(self, cause: str, reason: Reason = "unknown_credential") -> None:
        super().__init__(cause)
        self.reason: Reason = reason


class NoRole(Exception):
    """The provider's token is good, and gives no role here; the message says which claim is in the way."""


class ProviderUnreachable(Exception):
    """The provider's keys cannot be had, and none of those that are known will do."""


def answer_to(nobody: Exception) -> JSONResponse:
    """To NotKnown, NoRole, ProviderUnreachable, or an error of the store."""
    if isinstance(nobody, NoRole):
        return problem(
            403, "No role here", str(nobody), "have the provider give this person one role of this ledger",
            field=AUTHORIZATION,
        )  # fmt: skip
    if isinstance(nobody, ProviderUnreachable):
        answer = problem(
            503, "Provider unreachable", "The keys of the OpenID provider cannot be had.", "try again in a moment"
        )
        answer.headers["Retry-After"] = "10"
        return answer
    if isinstance(nobody, NotKnown):
        answer = problem(
            401, "Not signed in", str(nobody), "send Authorization: Bearer with a token that holds, or sign in",
            field=AUTHORIZATION,
        )  # fmt: skip
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer
    return problem(503, "Store unavailable", "The ledger's store does not answer.", "try again in a moment")


def unknown_purpose() -> JSONResponse:
    return problem(
        422, "Unknown purpose", "X-Purpose-Of-Use is no purpose that is known here.",
        f"leave it out, or send one of {', '.join(get_args(Purpose))}", field="header.X-Purpose-Of-Use",
    )  # fmt: skip


def cross_site() -> JSONResponse:
    return problem(
        403, "Cross site request", "The browser says that a page of another site sent this.",
        "send it from a page of this server", field="header.Origin",
    )  # fmt: skip


def missing_csrf() -> JSONResponse:
    return problem(
        403, "Missing CSRF token", "A browser's session came without the token that only our pages have.",
        "send X-CSRF-Token, or the field csrf_token of a form, as GET /me gives it", field="header.X-CSRF-Token",
    )  # fmt: skip
