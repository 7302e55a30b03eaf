"""Ledgers that the program wrote on 2026-11-30 still verify, event by event and access by access.

The first file is a demo of twelve synthetic patients, read by nine commands, and sealed. The second one has reports
that are refused now: a completed course of two doses, eight of five doses, more doses than days. Neither is ever
written again.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tests import ROOT
from tests.api.cli.test_questions import run

LEDGERS = ROOT / "tests" / "golden" / "ledgers"
WIDE = ("W-1", "W-2", "W-3", "W-4", "W-5", "W-6", "W-7")
"""The members of the second ledger."""


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    return stored("2026-11-30", tmp_path, monkeypatch)


@pytest.fixture
def wide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    return stored("2026-11-30-wide", tmp_path, monkeypatch)


def stored(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("LEMTRADA_SEAL_DIR", str(folder / "signer"))
    file = folder / "ledger.sqlite"
    file.write_bytes(gzip.decompress((LEDGERS / f"{name}.sqlite.gz").read_bytes()))
    return f"sqlite:///{file}"


def test_its_events_determinations_and_accesses_verify(url: str) -> None:
    report = json.loads(run("verify", "--json", "--database", url).stdout)
    assert (report["holds"], report["unsealed"]) == (True, 0)
    assert report["bytes"]["counts"]["leaves"] == 106
    counts = report["meaning"]["counts"]
    assert counts["accesses"] == 9
    assert counts["determinations"] == counts["determinations that agree"] == 13


def test_its_access_log_is_read(url: str) -> None:
    found = json.loads(run("accesses", "--json", "--database", url).stdout)["items"]
    views = sorted(one["view"] for one in found if one["actor_id"] == "os:synthetic.user")
    assert views == ["eligibility"] * 3 + ["history"] * 3 + ["requests"] * 3


# -- reports that are refused now -------------------------------------------------------------


def test_reports_that_are_refused_now_are_read(wide: str) -> None:
    said = {}
    for member in WIDE:
        events = [json.loads(one) for one in run("history", member, "--json", "--database", wide).stdout.splitlines()]
        reported = [one["data"]["courses"] for one in events if one["event"] == "PriorTreatmentReported"]
        said[member] = [(one["doses_given"], one["completed"]) for one in reported[0]]
        answer = json.loads(run("eligibility", member, "--json", "--database", wide).stdout)
        assert answer["approvable"]["recommendation"] in ("approve", "refer", "pend", "not_recommended"), member
    assert said == {
        "W-1": [(2, True)],
        "W-2": [(1, True)],
        "W-3": [(8, None)],
        "W-4": [(30, True)],
        "W-5": [(5, True)],
        "W-6": [(None, True)],
        "W-7": [(7, True), (2, True)],
    }


def test_the_determinations_from_them_agree_and_are_replayed(wide: str) -> None:
    report = json.loads(run("verify", "--json", "--database", wide).stdout)
    assert (report["holds"], report["unsealed"]) == (True, 0)
    counts = report["meaning"]["counts"]
    assert counts["determinations"] == counts["determinations that agree"] == len(WIDE)
    for member in WIDE:
        (request,) = json.loads(run("requests", member, "--json", "--database", wide).stdout)
        replayed = json.loads(run("replay", request["request_id"], "--json", "--database", wide).stdout)
        assert replayed["recorded"]["edition_revision"] == 1
        assert replayed["as_known_then"]["assessment_digest"] == replayed["recorded"]["assessment_digest"], member


def test_they_are_exported_and_the_export_verifies(wide: str, tmp_path: Path) -> None:
    run("seal", "rotate-key", "--lost", "--database", wide)
    run("export", str(tmp_path / "export"), "--database", wide)
    report = json.loads(run("verify", str(tmp_path / "export"), "--json").stdout)
    assert report["holds"]
    assert report["meaning"]["counts"]["determinations that agree"] == len(WIDE)
