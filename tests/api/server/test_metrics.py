"""The metrics: on an address of their own, or with a token, in OpenMetrics, and without a word about a patient."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from httpx2 import Client, get
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from api.server import serve
from api.server.metrics import TOKEN_SETTING
from domain.errors import InvalidCommand
from tests import ROOT
from tests.api.routes.commands.acts import dose, opening, refused
from tests.api.server.server import Server, served

TOKEN = "a-token-for-the-metrics-alone"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
GUIDE = ROOT / "api/server/OPERATIONS.md"


def samples(text: str) -> dict[str, float]:
    """Each sample with its labels as in the text, and its value. The parser refuses what is not OpenMetrics."""
    found = {}
    for family in text_string_to_metric_families(text):
        for one in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sorted(one.labels.items()))
            found[f"{one.name}{{{labels}}}" if labels else one.name] = float(one.value)
    return found


def own_address(server: Server) -> str:
    """The address that the server printed for its metrics."""
    assert server.metrics is not None
    return server.metrics


def scraped(url: str, **headers: str) -> dict[str, float]:
    answer = get(url, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == OPENMETRICS
    return samples(answer.text)


def used(client: Client) -> str:
    """A patient, a dose, a question, and a refusal."""
    body = opening("M-secret-17", name="Zenobia Quillfeather")
    patient: str = client.post("/patients", json=body).json()["patient_id"]
    assert client.post(f"/patients/{patient}/doses", json=dose()).status_code == 201
    assert client.get(f"/patients/{patient}/courses").status_code == 200
    assert client.get(f"/patients/{patient}/nothing-here").status_code == 404
    return patient


def test_the_metrics_on_an_address_of_their_own(ledger_url: str, tmp_path: Path) -> None:
    with served(ledger_url, tmp_path / "said", "--metrics", "127.0.0.1:0") as server, server.client() as client:
        patient = used(client)
        found = scraped(own_address(server))
        assert found['ledger_http_requests_total{method="POST",route="/patients/{patient_id}/doses",status="201"}'] == 1
        assert found['ledger_http_requests_total{method="GET",route="(no route)",status="404"}'] == 1
        assert found['ledger_http_refused_total{status="404"}'] == 1
        assert found['ledger_http_request_seconds_count{method="POST",route="/patients/{patient_id}/doses"}'] == 1
        assert found['ledger_commands_total{command="OpenHistory"}'] == 1
        assert found['ledger_commands_total{command="RecordDose"}'] == 1
        assert found["ledger_ready"] == 1
        assert found["ledger_write_failed"] == 0
        assert found["ledger_batch_commands_count"] >= 3
        text = get(own_address(server)).text
        for secret in (patient, "M-secret-17", "Zenobia", "nothing-here", *server.headers.values()):
            assert secret not in text
        assert get(own_address(server).removesuffix("/metrics")).status_code == 404
        # The main address does not have them.
        for headers in ({}, {"Authorization": f"Bearer {TOKEN}"}):
            refused(get(f"{server.url}/metrics", headers=headers), 404)


@pytest.mark.parametrize("store", ["sqlite"])
def test_the_metrics_on_the_main_address_need_the_token(
    ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN_SETTING, TOKEN)
    with served(ledger_url, tmp_path / "said") as server, server.client() as client:
        used(client)
        url = f"{server.url}/metrics"
        found = scraped(url, Authorization=f"Bearer {TOKEN}")
        assert found['ledger_commands_total{command="RecordDose"}'] == 1
        assert TOKEN not in get(url, headers={"Authorization": f"Bearer {TOKEN}"}).text
        for headers in (
            {},
            {"Authorization": f"Bearer {TOKEN}x"},
            {"Authorization": f"Bearer {TOKEN[:-1]}"},
            {"Authorization": f"Basic {TOKEN}"},
            {"Authorization": next(iter(server.headers.values()))},
        ):
            refused(get(url, headers=headers), 404)
        answer = client.post("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 404


@pytest.mark.parametrize("given", ["9100", "127.0.0.1:", ":9100", "127.0.0.1:x", "127.0.0.1:70000"])
def test_an_address_that_is_none(given: str) -> None:
    with pytest.raises(InvalidCommand) as caught:
        serve.metrics_address(given)
    assert caught.value.field == "--metrics"
    assert "127.0.0.1:9100" in caught.value.remedy


def test_addresses() -> None:
    assert serve.metrics_address(None) is None
    assert serve.metrics_address("127.0.0.1:9100") == ("127.0.0.1", 9100)
    assert serve.metrics_address("[::1]:9100") == ("::1", 9100)


def test_a_short_token_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from api.server.metrics import token_in_environment  # noqa: PLC0415

    monkeypatch.setenv(TOKEN_SETTING, "short")
    with pytest.raises(InvalidCommand) as caught:
        token_in_environment()
    assert caught.value.field == TOKEN_SETTING
    monkeypatch.setenv(TOKEN_SETTING, "")
    assert token_in_environment() is None


def test_every_metric_that_the_guide_names_is_served(ledger_url: str, tmp_path: Path) -> None:
    _, _, rest = GUIDE.read_text().partition("<!-- metrics: from here -->")
    table, _, _ = rest.partition("<!-- metrics: to here -->")
    named = set(re.findall(r"`((?:ledger|process)_[a-z_]+)", table))
    assert len(named) > 15
    with served(ledger_url, tmp_path / "said", "--metrics", "127.0.0.1:0") as server, server.client() as client:
        used(client)
        assert client.get("/worklist").status_code == 200
        families = {name.partition("{")[0] for name in scraped(own_address(server))}
    assert named <= families, sorted(named - families)
