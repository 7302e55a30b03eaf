"""What an operator must hear of at once: who signed in or could not, who was turned away, which tokens came and went.

One line of JSON an event, on standard error unless the operator's own logging takes the logger
`lemtrada_ledger.security`. It carries ids of people and of credentials and the address that asked;
never a patient's data, a name, a token or a path, for a path may hold what somebody typed there.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Final, Literal

SECURITY_LOGGER: Final = "lemtrada_ledger.security"

SecurityEvent = Literal[
    "signed_in",
    "sign_in_failed",
    "signed_out",
    "access_denied",
    "too_many_attempts",
    "link_issued",
    "token_issued",
    "token_revoked",
    "person_admitted",
    "person_changed",
    "person_removed",
]
DenialReason = Literal[
    "no_credentials",
    "unknown_credential",
    "expired",
    "revoked",
    "used_before",
    "bad_signature",
    "wrong_issuer",
    "wrong_audience",
    "not_yet_valid",
    "no_role",
    "role_may_not",
    "not_known_to_office",
    "provider_unreachable",
    "missing_csrf",
    "cross_site",
    "wrong_host",
    "malformed",
]
"""Why, in words of our own: what was sent is never repeated."""

_LENGTH_MAX: Final = 200
_NOT_PLAIN: Final = re.compile(r"[^\x21-\x7e]")

_logger: Final = logging.getLogger(SECURITY_LOGGER)


def to_standard_error() -> None:
    """Lets the events out, one bare line each; an operator's own handler on the logger is left alone."""
    _logger.setLevel(logging.INFO)
    _logger.propagate = False
    if not _logger.handlers:
        handler = _ToStandardError()
        handler.setFormatter(logging.Formatter("%(message)s"))
        _logger.addHandler(handler)


def signed_in(actor_id: str, *, means: str, origin: str) -> None:
    _say("signed_in", actor_id=actor_id, means=means, origin=origin)


def sign_in_failed(reason: DenialReason, *, means: str, origin: str, actor_id: str | None = None) -> None:
    """`actor_id` only where it is known from what was verified, never from what was claimed."""
    _say("sign_in_failed", logging.WARNING, reason=reason, means=means, origin=origin, actor_id=actor_id)


def signed_out(actor_id: str, *, origin: str) -> None:
    _say("signed_out", actor_id=actor_id, origin=origin)


def access_denied(
    reason: DenialReason, *, origin: str, actor_id: str | None = None, operation: str | None = None
) -> None:
    """`operation` is the name of the route that was asked in the program, never the path that was sent."""
    _say("access_denied", logging.WARNING, reason=reason, origin=origin, actor_id=actor_id, operation=operation)


def too_many_attempts(*, means: str, origin: str) -> None:
    _say("too_many_attempts", logging.WARNING, means=means, origin=origin)


def link_issued(by: str, *, for_actor_id: str, role: str) -> None:
    _say("link_issued", by=by, for_actor_id=for_actor_id, role=role)


def token_issued(by: str, *, credential_id: str, for_actor_id: str, role: str) -> None:
    """`credential_id` is the token's public id, from which nothing of the token follows."""
    _say("token_issued", by=by, credential_id=credential_id, for_actor_id=for_actor_id, role=role)


def token_revoked(by: str, *, credential_id: str) -> None:
    _say("token_revoked", by=by, credential_id=credential_id)


def person_admitted(by: str, *, actor_id: str, role: str) -> None:
    _say("person_admitted", by=by, actor_id=actor_id, role=role)


def person_changed(by: str, *, actor_id: str, role: str) -> None:
    _say("person_changed", by=by, actor_id=actor_id, role=role)


def person_removed(by: str, *, actor_id: str) -> None:
    _say("person_removed", by=by, actor_id=actor_id)


def _say(event: SecurityEvent, level: int = logging.INFO, /, **what: str | None) -> None:
    values = {name: _on_one_line(value) for name, value in what.items() if value is not None}
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    _logger.log(level, "%s", json.dumps({"at": at, "level": logging.getLevelName(level), "event": event, **values}))


def _on_one_line(value: str) -> str:
    """One line and no more, whatever an id or an address was made of."""
    return _NOT_PLAIN.sub("?", value[:_LENGTH_MAX])


class _ToStandardError(logging.Handler):
    """To what standard error is at that moment: a test, or a service's wrapper, may have put another there."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except OSError:
            # Nobody listens any more; a person's request is not refused for it.
            return
