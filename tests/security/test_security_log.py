"""The lines that an operator must hear of at once, and what they never carry."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.http import security_log
from api.identity import Identity, headers_for
from api.server.proxy import KnownHostsOnly
from domain.ledger.application import Ledger
from tests.story import CLAIMS, OFFICE

ORIGIN = "203.0.113.9"


@pytest.fixture(autouse=True)
def logger() -> Iterator[logging.Logger]:
    """The logger as `serve` sets it up, and afterwards as it was."""
    logger = logging.getLogger(security_log.SECURITY_LOGGER)
    before = logger.handlers[:], logger.level, logger.propagate
    logger.handlers.clear()
    security_log.to_standard_error()
    yield logger
    logger.handlers[:], logger.level, logger.propagate = before


def lines(captured: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    written = captured.readouterr()
    assert written.out == ""
    return [json.loads(line) for line in written.err.splitlines()]


def test_every_event_is_one_line_of_json_with_its_instant(capsys: pytest.CaptureFixture[str]) -> None:
    before = datetime.now(UTC)
    security_log.signed_in("dr.lee", means="bearer", origin=ORIGIN)
    security_log.sign_in_failed("expired", means="bearer", origin=ORIGIN)
    security_log.signed_out("dr.lee", origin=ORIGIN)
    security_log.access_denied("role_may_not", origin=ORIGIN, actor_id="dr.lee", operation="open_history")
    security_log.too_many_attempts(means="link", origin=ORIGIN)
    security_log.link_issued("admin", for_actor_id="dr.lee", role="clinician")
    security_log.token_issued("admin", credential_id="t7", for_actor_id="feed", role="service")
    security_log.token_revoked("admin", credential_id="t7")
    security_log.person_admitted("admin", actor_id="dr.lee", role="clinician")
    security_log.person_changed("admin", actor_id="dr.lee", role="reviewer")
    security_log.person_removed("admin", actor_id="dr.lee")
    said = lines(capsys)
    assert [one["event"] for one in said] == [
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
    assert {one["level"] for one in said if one["event"] in {"sign_in_failed", "access_denied"}} == {"WARNING"}
    for one in said:
        at = datetime.fromisoformat(one["at"])
        assert at.utcoffset() is not None
        assert abs((at - before).total_seconds()) < 60
    assert said[3] == {
        "at": said[3]["at"],
        "level": "WARNING",
        "event": "access_denied",
        "reason": "role_may_not",
        "origin": ORIGIN,
        "actor_id": "dr.lee",
        "operation": "open_history",
    }


def test_what_is_not_known_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    security_log.sign_in_failed("unknown_credential", means="token", origin=ORIGIN)
    assert set(lines(capsys)[0]) == {"at", "level", "event", "reason", "means", "origin"}


def test_a_line_cannot_be_forged_by_what_an_address_or_an_id_is_made_of(capsys: pytest.CaptureFixture[str]) -> None:
    security_log.signed_in('x\n{"event": "token_issued"}\r\x1b[2J', means="session", origin="\u2028" + "9" * 5_000)
    (said,) = lines(capsys)
    assert said["event"] == "signed_in"
    assert not set(said["actor_id"]) & set("\n\r\x1b")
    assert len(said["origin"]) == 200


def test_an_operators_own_handler_is_left_alone(logger: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    heard: list[str] = []
    own = logging.Handler()
    own.emit = lambda record: heard.append(record.getMessage())  # type: ignore[method-assign]
    logger.handlers[:] = [own]
    security_log.to_standard_error()
    security_log.token_revoked("admin", credential_id="t7")
    assert [json.loads(one)["event"] for one in heard] == ["token_revoked"]
    assert capsys.readouterr().err == ""


def test_who_may_not_and_who_asks_for_another_site_is_told(ledger: Ledger, capsys: pytest.CaptureFixture[str]) -> None:
    identity = Identity(ledger)
    with TestClient(KnownHostsOnly(create_app(ledger, identity)), base_url="http://127.0.0.1") as client:
        capsys.readouterr()
        assert client.get("/accesses", headers=headers_for(identity, CLAIMS)).status_code == 403
        told = lines(capsys)[-1]
        assert (told["event"], told["reason"], told["actor_id"]) == ("access_denied", "role_may_not", CLAIMS.id)
        assert "accesses" in told["operation"]
        assert client.get("/fhir/AuditEvent", headers=headers_for(identity, CLAIMS)).status_code == 403
        told = lines(capsys)[-1]
        assert (told["reason"], told["operation"]) == ("role_may_not", "search_audit_events")
        path = f"/patients/{UUID(int=7)}/eligibility"
        assert client.get(path, headers=headers_for(identity, OFFICE)).status_code == 404
        told = lines(capsys)[-1]
        assert (told["reason"], told["actor_id"]) == ("not_known_to_office", OFFICE.id)
        assert str(UUID(int=7)) not in json.dumps(told)
        assert client.get("/health/live", headers={"Host": "elsewhere.example"}).status_code == 421
        assert lines(capsys)[-1]["reason"] == "wrong_host"
        assert client.get("/health/live", headers={"Origin": "http://elsewhere.example"}).status_code == 403
        assert lines(capsys)[-1]["reason"] == "cross_site"
