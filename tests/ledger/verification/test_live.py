"""The live ledger is verified while others record, view and seal: what is added meanwhile is no failure."""

from __future__ import annotations

import os
from threading import Event, Thread

from domain.ledger.sealing.sealing import Sealing
from domain.ledger.sealing.signer import Signer
from domain.ledger.verification.ledger_source import LedgerSource
from domain.ledger.verification.verify import verify
from tests.conftest import OpenLedger
from tests.ledger.acts import opened
from tests.ledger.verification.altering import Owner
from tests.ledger.verification.conftest import Sealed
from tests.ledger.verification.sealed_stories import look_at
from tests.story import NURSE

ROUNDS = 8
SEALED_WITHIN_SECONDS = 60


def test_what_is_recorded_and_sealed_meanwhile_is_no_failure(sealed: Sealed, open_here: OpenLedger) -> None:
    stopping, has_sealed, failures = Event(), Event(), []

    def go_on() -> None:
        other = open_here()
        sealing = Sealing(other, Signer(sealed.sealer.folder, os.urandom))
        try:
            for number in range(10_000):
                if stopping.is_set():
                    return
                patient = opened(other, f"LIVE-{number}")
                look_at(other, patient, NURSE)
                sealing.seal_now()
                has_sealed.set()
        except Exception as error:
            failures.append(error)
            has_sealed.set()

    writer = Thread(target=go_on)
    writer.start()
    try:
        sizes = []
        for _ in range(ROUNDS):
            report = verify(LedgerSource(sealed.ledger), key=sealed.sealer.verifying_key, given=sealed.kept)
            assert report.holds, report.lines()
            sizes.append(report.bytes.counts["leaves"])
            # The writer may be slow. The next round waits until it has sealed at least once more.
            has_sealed.clear()
            assert has_sealed.wait(SEALED_WITHIN_SECONDS)
    finally:
        stopping.set()
        writer.join()
    assert failures == []
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]


def test_nothing_is_written_by_it(sealed: Sealed) -> None:
    def written() -> list[tuple[int, ...]]:
        with Owner(sealed.ledger) as owner:
            tables = ("stored_events", "accesses", "checkpoints", "sealed_events", "seal_subtrees", "commands")
            return [owner.rows(f"SELECT COUNT(*) FROM {table}")[0] for table in tables]

    before = written()
    assert sealed.verified().holds
    assert written() == before
