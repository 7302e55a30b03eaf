"""A ledger under a key: what is sealed are the plain bytes, so that other keys change nothing of it."""

from __future__ import annotations

from pathlib import Path

from eventsourcing.compressor import ZlibCompressor

from domain.ledger.application import open_ledger
from domain.ledger.encryption.records import EncryptionKey, RecordCipher
from tests.clock import Clock
from tests.ledger.verification.altering import Owner
from tests.ledger.verification.conftest import Sealed
from tests.ledger.verification.sealed_stories import Sealer, look_at, on_day, tell_two_stories
from tests.story import NURSE, PHYSICIAN, dose

FIRST, SECOND = EncryptionKey("first", b"1" * 32), EncryptionKey("second", b"2" * 32)
COMPRESSED = {"COMPRESSOR_TOPIC": f"{ZlibCompressor.__module__}:{ZlibCompressor.__qualname__}"}


def test_an_encrypted_ledger_and_its_export_hold_and_one_altered_record_is_named(
    ledger_url: str, clock: Clock, tmp_path: Path
) -> None:
    cipher = RecordCipher([FIRST])
    with open_ledger(ledger_url, clock=clock, cipher=cipher, settings=COMPRESSED) as ledger:
        sealer = Sealer(ledger, tmp_path / "signer")
        told = tell_two_stories(ledger, clock)
        look_at(ledger, told[0].patient_id, NURSE, PHYSICIAN)
        first = sealer.seal()
    with open_ledger(ledger_url, clock=clock, cipher=RecordCipher([SECOND, FIRST]), settings=COMPRESSED) as ledger:
        told[0].ledger = ledger
        on_day(told[0], clock, "2026-03-20", dose("2026-03-19"))
        sealed = Sealed(ledger, Sealer(ledger, tmp_path / "signer"), told, [first], first)
        sealed.final = sealed.sealer.seal()
        assert sealed.verified().holds, sealed.verified().lines()
        folder = sealed.exported(tmp_path / "export")
        assert sealed.verified_export(folder).holds
        with Owner(ledger) as owner:
            owner.drop_guards()
            ((state,),) = owner.rows("SELECT state FROM stored_events WHERE topic = ?", "CourseCompleted")
            forged = bytes(state)[:-1] + bytes([bytes(state)[-1] ^ 1])
            owner.run("UPDATE stored_events SET state = ? WHERE topic = ?", forged, "CourseCompleted")
        report = sealed.verified()
    assert any("can't be read" in one.what and one.leaf is not None for one in report.bytes.failures)
