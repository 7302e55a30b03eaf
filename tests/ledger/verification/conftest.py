"""Small ledgers with a sealed story, and exports of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from domain.ledger.application import Ledger
from domain.ledger.verification.check_bytes import Signed
from domain.ledger.verification.export_source import ExportSource
from domain.ledger.verification.export_writer import export_ledger
from domain.ledger.verification.ledger_source import LedgerSource
from domain.ledger.verification.report import VerificationReport
from domain.ledger.verification.verify import verify
from tests.clock import Clock
from tests.ledger.verification.sealed_stories import Sealer, look_at, tell_two_stories
from tests.projections.lively import OnLedger
from tests.story import NURSE, PHYSICIAN


@dataclass
class Sealed:
    """A sealed ledger; `kept` are checkpoints that an auditor has, beside its key, and `final` the newest one."""

    ledger: Ledger
    sealer: Sealer
    told: list[OnLedger]
    kept: list[Signed]
    final: Signed

    def verified(self, *, given: bool = True) -> VerificationReport:
        source = LedgerSource(self.ledger)
        return verify(source, key=self.sealer.verifying_key, given=self.kept) if given else verify(source)

    def exported(self, folder: Path) -> Path:
        export_ledger(LedgerSource(self.ledger), self.final, [self.sealer.verifying_key], folder)
        return folder

    def verified_export(self, folder: Path, *, given: bool = True) -> VerificationReport:
        source = ExportSource(folder)
        return verify(source, key=self.sealer.verifying_key, given=self.kept) if given else verify(source)


@pytest.fixture
def sealed(ledger: Ledger, clock: Clock, tmp_path: Path) -> Sealed:
    sealer = Sealer(ledger, tmp_path / "signer")
    first = sealer.seal()
    told = tell_two_stories(ledger, clock)
    look_at(ledger, told[0].patient_id, NURSE, PHYSICIAN)
    final = sealer.seal()
    return Sealed(ledger, sealer, told, [first, final], final)
