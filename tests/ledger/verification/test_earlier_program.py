"""A ledger that the program wrote on 2026-11-30 still verifies, event by event and access by access.

The file is a demo of twelve synthetic patients, read by nine commands, and sealed. It is never written again.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tests import ROOT
from tests.api.cli.test_questions import run

STORED = ROOT / "tests" / "golden" / "ledgers" / "2026-11-30.sqlite.gz"


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("LEMTRADA_SEAL_DIR", str(tmp_path / "signer"))
    file = tmp_path / "ledger.sqlite"
    file.write_bytes(gzip.decompress(STORED.read_bytes()))
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
