"""When the store does not answer, or we made a mistake: a problem all the same, and no word of what was sent."""

from __future__ import annotations

import pytest
from eventsourcing.persistence import OperationalError

from tests.api.callers import client_of
from tests.api.routes.commands.acts import Api, opening, refused

pytestmark = pytest.mark.parametrize("store", ["sqlite"])


def test_a_store_that_does_not_answer_is_unavailable(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    patient = api.opened()
    api.eligibility(patient)

    def fails(*_: object, **__: object) -> None:
        raise OperationalError("the disk of M-1 is full")

    for name in ("max_notification_id", "rows_of", "insert_events"):
        monkeypatch.setattr(api.ledger.recorder, name, fails)
    for answer in (
        api.client.get("/health/ready"),
        api.client.get(f"/patients/{patient}/eligibility"),
        api.post("/patients", opening("M-2")),
    ):
        refused(answer, 503)
        assert answer.headers["retry-after"] == "1"
        assert "M-1" not in answer.text
    assert api.client.get("/health/live").status_code == 200


def test_a_mistake_of_ours_is_a_problem_too(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise KeyError("Zenobia Quillfeather")

    monkeypatch.setattr(api.ledger.members, "holders", fails)
    with client_of(api.ledger, raise_server_exceptions=False) as client:
        answer = client.post("/patients/find", json={"member": {"member_id": "M-1"}})
    refused(answer, 500)
    assert "Zenobia" not in answer.text
