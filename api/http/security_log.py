"""The security log, for the operator: sign-ins and failed sign-ins, denied access, and changes of users and tokens.

Each event is one line of JSON on standard error, unless the operator's own logging handles the logger
`lemtrada_ledger.security`. An event contains ids of users and credentials and the client's address. It never contains
patient data, a name, a token or a path, because a path may contain text that a user typed.
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
"""Why access or sign-in was denied. The reason is one of these codes and never repeats what the client sent."""

_LENGTH_MAX: Final = 200
_NOT_PLAIN: Final = re.compile(r"[^\x21-\x7e]")

_logger: Final = logging.getLogger(SECURITY_LOGGER)


def to_standard_error() -> None:
    """Writes the events to standard error, one line each, unless the operator has set a handler on the logger."""
    _logger.setLevel(logging.INFO)
    _logger.propagate = False
    if not _logger.handlers:
        handler = _ToStandardError()
        handler.setFormatter(logging.Formatter("%(message)s"))
        _logger.addHandler(handler)


def signed_in(actor_id: str, *, means: str, origin: str) -> None:
    _log_event("signed_in", actor_id=actor_id, means=means, origin=origin)


def sign_in_failed(reason: DenialReason, *, means: str, origin: str, actor_id: str | None = None) -> None:
    """Logs a failed sign-in. `actor_id` is given only if it was verified, never if it was only claimed."""
    _log_event("sign_in_failed", logging.WARNING, reason=reason, means=means, origin=origin, actor_id=actor_id)


def signed_out(actor_id: str, *, origin: str) -> None:
    _log_event("signed_out", actor_id=actor_id, origin=origin)


def access_denied(
    reason: DenialReason, *, origin: str, actor_id: str | None = None, operation: str | None = None
) -> None:
    """Logs a denied request. `operation` is the name of the route in the program, never the path that was sent."""
    _log_event("access_denied", logging.WARNING, reason=reason, origin=origin, actor_id=actor_id, operation=operation)


def too_many_attempts(*, means: str, origin: str) -> None:
    _log_event("too_many_attempts", logging.WARNING, means=means, origin=origin)


def link_issued(by: str, *, for_actor_id: str, role: str) -> None:
    _log_event("link_issued", by=by, for_actor_id=for_actor_id, role=role)


def token_issued(by: str, *, credential_id: str, for_actor_id: str, role: str) -> None:
    """Logs a new token. `credential_id` is the public id of the token and reveals nothing of the token itself."""
    _log_event("token_issued", by=by, credential_id=credential_id, for_actor_id=for_actor_id, role=role)


def token_revoked(by: str, *, credential_id: str) -> None:
    _log_event("token_revoked", by=by, credential_id=credential_id)


def person_admitted(by: str, *, actor_id: str, role: str) -> None:
    _log_event("person_admitted", by=by, actor_id=actor_id, role=role)


def person_changed(by: str, *, actor_id: str, role: str) -> None:
    _log_event("person_changed", by=by, actor_id=actor_id, role=role)


def person_removed(by: str, *, actor_id: str) -> None:
    _log_event("person_removed", by=by, actor_id=actor_id)


def _log_event(event: SecurityEvent, level: int = logging.INFO, /, **fields: str | None) -> None:
    values = {name: _printable(value) for name, value in fields.items() if value is not None}
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    _logger.log(level, "%s", json.dumps({"at": at, "level": logging.getLevelName(level), "event": event, **values}))


def _printable(value: str) -> str:
    """The value without line breaks and other characters that are not printable ASCII, and not longer than 200."""
    return _NOT_PLAIN.sub("?", value[:_LENGTH_MAX])


class _ToStandardError(logging.Handler):
    """Writes to the current `sys.stderr`, which a test or the wrapper of a service may have replaced."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except OSError:
            # Standard error is closed. The user's request is still answered.
            return
