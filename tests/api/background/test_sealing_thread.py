"""While the API serves, a thread seals what is recorded and signs it in time."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from api.background.sealing import SealingThread, sealing_of, signers_folder
from domain.commands.requests import DismissRequest, IssueNotice
from domain.ledger.application import Ledger
from domain.ledger.sealing.sealing import Sealing
from tests.benchmarks.patients import submission
from tests.ledger.sealing.conftest import MakeSealing
from tests.ledger.sealing.logs import grown, root_of_log
from tests.story import NURSE


def eventually(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not come about in time"
        time.sleep(0.02)


def test_what_is_recorded_is_sealed_soon_and_signed_in_time(ledger: Ledger, sealing: Sealing) -> None:
    with SealingThread(ledger, sealing, checkpoint_seconds=0.5):
        for _ in range(2):
            grown(ledger, patients=1)
            size = ledger.position()
            eventually(lambda size=size: (one := sealing.newest()) is not None and one.checkpoint.size >= size)
    newest = sealing.newest()
    assert newest is not None
    assert newest.checkpoint.root == root_of_log(ledger, newest.checkpoint.size)


def test_nothing_is_signed_again_while_nothing_comes(ledger: Ledger, sealing: Sealing) -> None:
    grown(ledger, patients=1)
    with SealingThread(ledger, sealing, checkpoint_seconds=0.05):
        eventually(lambda: sealing.newest() is not None)
        time.sleep(0.5)
    assert len(sealing.store.checkpoints(sealing.origins.current())) == 1


def test_between_two_checkpoints_lies_the_interval_but_a_notice_is_signed_at_once_and_so_is_the_end(
    ledger: Ledger, sealing: Sealing
) -> None:
    with SealingThread(ledger, sealing, checkpoint_seconds=3_600):
        grown(ledger, patients=1)
        eventually(lambda: sealing.newest() is not None)
        first = sealing.newest()
        grown(ledger, patients=1)
        eventually(lambda: sealing.store.unsealed() == 0)
        time.sleep(0.3)
        assert sealing.newest() == first, "the interval has not passed"
        notice(ledger)
        eventually(lambda: sealing.newest() != first)
        grown(ledger, patients=1)
    newest = sealing.newest()
    assert newest is not None
    assert newest.checkpoint.size == ledger.position()


def notice(ledger: Ledger) -> None:
    """The least that has one: a request that was dismissed."""
    grown(ledger, patients=1, doses=0)
    *_, patient_id = ledger.patients()
    request_id = f"{patient_id}.r1"
    ledger.execute(patient_id, submission(ledger.now()), NURSE)
    dismissal = {"request_id": request_id, "ground": "improperly_filed", "reason": "It is not of this plan."}
    ledger.execute(patient_id, DismissRequest.model_validate(dismissal), NURSE)
    terms = {"kind": "dismissal", "channel": "mail", "addressee": "The prescriber", "issued_at": ledger.now()}
    ledger.execute(patient_id, IssueNotice.model_validate({"request_id": request_id} | terms), NURSE)


def test_a_refusal_is_told_and_logged_once_and_what_is_recorded_meanwhile_is_kept(
    ledger: Ledger,
    new_sealing: MakeSealing,
    lose_the_newest: Callable[[int], None],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    grown(ledger, patients=2)
    new_sealing().seal_now()
    lose_the_newest(5)
    monkeypatch.setattr("api.background.sealing.REFUSED_SECONDS", 0.01)
    restored = new_sealing()
    with (
        caplog.at_level(logging.ERROR, "api.background.sealing"),
        SealingThread(ledger, restored, checkpoint_seconds=0.05),
    ):
        eventually(lambda: restored.refusal is not None)
        time.sleep(0.3)
    assert restored.refusal is not None
    assert "seal new-origin" in restored.refusal
    assert [one.getMessage() for one in caplog.records] == [f"New events are not being sealed: {restored.refusal}"]


@contextmanager
def environment(monkeypatch: pytest.MonkeyPatch, **values: str) -> Iterator[None]:
    with monkeypatch.context() as patched:
        for name, value in values.items():
            patched.setenv(name, value)
        yield


def test_the_environment_says_where_the_signer_is_and_where_checkpoints_go(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named, published = tmp_path / "named", tmp_path / "published"
    with environment(monkeypatch, LEMTRADA_SEAL_DIR=str(named), LEMTRADA_CHECKPOINTS_DIR=str(published)):
        assert signers_folder(ledger) == named
        signed = sealing_of(ledger).seal_now()
    assert (named / "vkey").is_file()
    assert (published / "checkpoint").read_text() == signed.note
