"""A replay through both doors: over HTTP, and on the command line."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from api.cli.main import app
from domain.ledger.application import Ledger, open_ledger
from domain.ledger.schema import upgrade
from tests.api.callers import client_of
from tests.api.routes.commands.acts import MEETS_A, PHYSICIAN, Api, refused
from tests.clock import Clock
from tests.conftest import NOON, ZONE, seeded

OCREVUS_USED = MEETS_A | {
    "agents": [{"product": "Ocrevus", "outcome": "adequate", "stopped_on": "2018-01"}],
    "aggressive_disease": {
        sign: {"finding": False}
        for sign in ("rapid_deterioration", "disabling_relapses", "mri", "cognitive_impairment")
    },
}
MET_BY_EDITION = {"2024-10-16": "not_met", "2024-10-09": "met", "2023-11-15": "met"}


def denied(api: Api) -> tuple[str, str]:
    """The ids of a patient and of a request that is denied because the one agent that was used did not fail."""
    patient = api.opened()
    seen = api.submitted(patient, OCREVUS_USED)
    answer = api.decided("deny", seen, PHYSICIAN, citing=["1.A.iii"], rationale="One agent, and it did not fail.")
    assert answer.status_code == 200, answer.text
    return patient, str(seen["request"]["request_id"])


def answers(told: dict[str, Any], citation: str) -> dict[str, str]:
    row = next(one for one in told["clauses"] if one["citation"] == citation)
    return {one["edition"]: one["answer"] for one in row["other_editions"]}


def test_over_http_the_flip_of_the_editions_and_what_surfaced_since_are_told(api: Api, clock: Clock) -> None:
    patient, request = denied(api)
    clock.advance(timedelta(days=30))
    before = clock.at.isoformat()
    clock.advance(timedelta(days=5))
    api.reported(patient, {"doses_given": 5, "last_dose_on": "2024-03", "completed": True})
    told = api.asked(f"/requests/{request}/replay")
    assert answers(told, "1.A.iii.b") == MET_BY_EDITION
    assert (told["agreement"]["status"], told["as_of"], told["history_version"]) == ("agrees", "2026-04-28", 4)
    assert "1.A.iii.c" in {one["citation"] for one in told["changed"]}
    then = api.asked(f"/requests/{request}/replay", known_at=before, edition="2024-10-09", decision=3)
    assert (then["changed"], then["history_version"]) == ([], 3)
    assert answers(then, "1.A.iii.b") == {"2024-10-09": "met"}


def test_over_http_the_same_replay_is_not_sent_twice(api: Api) -> None:
    patient, request = denied(api)
    first = api.client.get(f"/requests/{request}/replay")
    held = {"If-None-Match": first.headers["etag"]}
    assert api.client.get(f"/requests/{request}/replay", headers=held).status_code == 304
    api.dosed(patient, "2026-04-20")
    assert api.client.get(f"/requests/{request}/replay", headers=held).status_code == 200


def test_over_http_what_cannot_be_replayed_is_refused(api: Api) -> None:
    _, request = denied(api)
    refused(api.client.get(f"/requests/{request[:-1]}9/replay"), 404, "request_id")
    refused(api.client.get(f"/requests/{request}/replay", params={"decision": 2}), 404, "decision")
    refused(api.client.get(f"/requests/{request}/replay", params={"edition": "2020-01-01"}), 422, "edition")
    refused(api.client.get(f"/requests/{request}/replay", params={"known_at": "2199-01-01T00:00:00Z"}), 422)
    opened = api.submitted(api.opened("M-2"))["request"]["request_id"]
    refused(api.client.get(f"/requests/{opened}/replay"), 404, "request_id")


# -- on the command line --------------------------------------------------------------------------


def run(*arguments: str, status: int = 0) -> Result:
    result = CliRunner().invoke(app, list(arguments), prog_name="lemtrada-ledger")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == status, result.output
    return result


@pytest.fixture
def told_at(tmp_path: Path) -> tuple[str, str]:
    """The URL of a ledger with a denied request, and the request."""
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    upgrade(url, zone=ZONE, entropy=seeded(0))
    with open_ledger(url, clock=Clock(NOON), entropy=seeded(1)) as ledger:
        return url, _denied_in(ledger)


def _denied_in(ledger: Ledger) -> str:
    with client_of(ledger) as client:
        return denied(Api(client, ledger))[1]


def test_on_the_command_line_one_page_tells_it(told_at: tuple[str, str]) -> None:
    url, request = told_at
    page = run("replay", request, "--database", url).stdout
    assert "The record reproduces the determination as known then." in page
    assert "Denied on 2026-04-28 by Dora Medical (clinician, physician), event 3" in page
    row = next(line for line in page.splitlines() if line.strip().startswith("1.A.iii.b"))
    assert row.split("\t")[1:7] == ["not met", "not met", "not met", "not met", "met", "met"]
    assert len(page.splitlines()) <= 50


def test_on_the_command_line_the_same_value_as_json(told_at: tuple[str, str]) -> None:
    url, request = told_at
    told = json.loads(run("replay", request, "--database", url, "--edition", "2023-11-15", "--json").stdout)
    assert answers(told, "1.A.iii.b") == {"2023-11-15": "met"}


def test_on_the_command_line_wrong_use_is_one_line(told_at: tuple[str, str]) -> None:
    url, request = told_at
    assert "REQUEST" in run("replay", "nonsense", "--database", url, status=2).stderr
    assert "--decision" in run("replay", request, "--decision", "2", "--database", url, status=2).stderr
    assert "Example:" in run("replay", "--help").stdout
