"""What somebody could do who holds everything here, the key too: an earlier checkpoint from outside finds it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from domain.ledger.application import open_ledger
from domain.ledger.sealing.sealing import Sealing
from domain.ledger.sealing.signer import Signer
from domain.ledger.stores.urls import SQLiteAddress
from domain.ledger.verification.check_bytes import Signed, read_signed
from domain.ledger.verification.export_source import ExportSource
from domain.ledger.verification.ledger_source import LedgerSource
from domain.ledger.verification.report import INTERNALLY_CONSISTENT_ONLY
from domain.ledger.verification.verify import verify
from tests.clock import Clock
from tests.ledger.verification.altering import Owner
from tests.ledger.verification.conftest import Sealed
from tests.ledger.verification.sealed_stories import on_day
from tests.story import dose

DOSE = "DoseAdministered"


def rewritten(sealed: Sealed, folder: Path) -> Signed:
    """One dose gets another source reference; leaves, subtrees and checkpoints are rebuilt, and signed with the key."""
    with Owner(sealed.ledger) as owner:
        owner.drop_guards()
        position = "rowid" if owner.on_sqlite else "notification_id"
        ((number, state),) = owner.rows(
            f"SELECT {position}, state FROM stored_events WHERE topic = ? ORDER BY {position} LIMIT 1", DOSE
        )
        forged = bytes(state).replace(b'"source_reference":"INF-1"', b'"source_reference":"INF-9"')
        assert forged != bytes(state)
        owner.run(f"UPDATE stored_events SET state = ? WHERE {position} = ?", forged, number)
        for table in ("sealed_events", "seal_subtrees", "checkpoints"):
            owner.run(f"DELETE FROM {table}")
    key = (sealed.sealer.folder / "key").read_text()
    sealing = Sealing(sealed.ledger, Signer(folder, os.urandom, key))
    return read_signed(sealing.seal_now().note, "the forger's", is_given=True)


def test_a_rewritten_history_is_found_only_from_an_earlier_checkpoint(sealed: Sealed, tmp_path: Path) -> None:
    rewritten(sealed, tmp_path / "forger")
    report = verify(LedgerSource(sealed.ledger), given=sealed.kept[-1:])
    assert [one.file for one in report.bytes.failures] == ["kept outside"]
    assert "entries were altered" in report.bytes.failures[0].what
    assert report.order.holds
    assert report.meaning.holds


def test_without_one_it_is_internally_consistent_and_no_more_is_said(sealed: Sealed, tmp_path: Path) -> None:
    rewritten(sealed, tmp_path / "forger")
    report = verify(LedgerSource(sealed.ledger), key=sealed.sealer.verifying_key)
    assert report.holds
    assert report.standing.startswith(INTERNALLY_CONSISTENT_ONLY)
    assert verify(LedgerSource(sealed.ledger)).standing.startswith(INTERNALLY_CONSISTENT_ONLY)


def test_so_is_an_export_of_it(sealed: Sealed, tmp_path: Path) -> None:
    final = rewritten(sealed, tmp_path / "forger")
    forged = Sealed(sealed.ledger, sealed.sealer, sealed.told, sealed.kept[-1:], final)
    folder = forged.exported(tmp_path / "export")
    assert verify(ExportSource(folder), key=sealed.sealer.verifying_key).holds
    report = verify(ExportSource(folder), given=sealed.kept[-1:])
    assert [one.file for one in report.bytes.failures] == ["kept outside"]


def test_a_key_is_not_trusted_because_it_is_stored_with_what_it_signed(sealed: Sealed, tmp_path: Path) -> None:
    with Owner(sealed.ledger) as owner:
        owner.drop_guards()
        owner.run("DELETE FROM checkpoints")
    # Anyone who has the database and this program can record any key as the key of the ledger.
    Sealing(sealed.ledger, Signer(tmp_path / "forger", os.urandom)).seal_now(in_place_of_another=True)
    report = verify(LedgerSource(sealed.ledger), key=sealed.sealer.verifying_key)
    assert [one.what for one in report.bytes.failures] == [
        "it is signed neither by the given key nor by a successor of that key"
    ]


@pytest.mark.parametrize("store", ["sqlite"])
def test_an_old_copy_of_the_database_is_found_from_a_later_checkpoint(
    sealed: Sealed, clock: Clock, tmp_path: Path
) -> None:
    address = sealed.ledger.address
    assert isinstance(address, SQLiteAddress)
    with Owner(sealed.ledger) as owner:
        owner.run(f"VACUUM INTO '{tmp_path / 'old.sqlite'}'")
    on_day(sealed.told[0], clock, "2026-03-20", dose("2026-03-19"))
    later = sealed.sealer.seal()
    with open_ledger(f"sqlite:///{tmp_path / 'old.sqlite'}") as old:
        assert verify(LedgerSource(old), key=sealed.sealer.verifying_key, given=sealed.kept).holds
        report = verify(LedgerSource(old), given=[later])
    assert [one.file for one in report.bytes.failures] == ["kept outside"]
    assert "entries were lost" in report.bytes.failures[0].what


def test_an_old_export_is_found_from_a_later_checkpoint(sealed: Sealed, clock: Clock, tmp_path: Path) -> None:
    folder = sealed.exported(tmp_path / "export")
    on_day(sealed.told[0], clock, "2026-03-20", dose("2026-03-19"))
    later = sealed.sealer.seal()
    report = verify(ExportSource(folder), key=sealed.sealer.verifying_key, given=[later])
    assert [one.file for one in report.bytes.failures] == ["kept outside"]


def test_events_and_leaves_cut_off_together_are_found_from_the_last_checkpoint(sealed: Sealed) -> None:
    with Owner(sealed.ledger) as owner:
        owner.drop_guards()
        position = "rowid" if owner.on_sqlite else "notification_id"
        ((last,),) = owner.rows("SELECT MAX(position) FROM sealed_events")
        owner.run(f"DELETE FROM stored_events WHERE {position} >= ?", last - 1)
        owner.run("DELETE FROM sealed_events WHERE position >= ?", last - 1)
        owner.run("DELETE FROM checkpoints WHERE size = ?", sealed.final.size)
        owner.run("DELETE FROM accesses")
    assert verify(LedgerSource(sealed.ledger), key=sealed.sealer.verifying_key, given=sealed.kept[:1]).holds
    report = verify(LedgerSource(sealed.ledger), given=sealed.kept[1:])
    assert [one.file for one in report.bytes.failures] == ["kept outside"]


def test_a_rotated_key_is_trusted_where_the_one_before_signed_that_it_follows(sealed: Sealed) -> None:
    before = sealed.sealer.verifying_key
    origin = sealed.sealer.sealing.origins.current()
    Signer(sealed.sealer.folder, os.urandom).rotate(origin)
    sealed.sealer.seal()
    report = verify(LedgerSource(sealed.ledger), key=before, given=sealed.kept)
    assert report.holds, report.lines()
