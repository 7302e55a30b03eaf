"""The thread that follows the log while the API serves: it keeps up, tries again, survives the store, and stops."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
from eventsourcing.persistence import OperationalError

from api.background import view_updater
from api.background.view_updater import ViewUpdater
from domain.history.state import PatientHistory
from domain.ledger.application import Ledger
from projections.worklist import runner
from projections.worklist.listing import Filters, Paging
from projections.worklist.runner import lag, rebuild, worklist
from tests.clock import Clock
from tests.conftest import OpenLedger
from tests.projections.lively import OnLedger
from tests.story import MEETS_A, PHYSICIAN, assigned, opened, submitted

BEAT = 0.05
SECONDS_TO_SEE = 20.0


@pytest.fixture
def tailed(open_here: OpenLedger) -> Iterator[Ledger]:
    """A ledger of its own, as that of another process."""
    with ViewUpdater(open_here(), beat_seconds=BEAT):
        yield open_here()


def patient(ledger: Ledger, number: int = 1) -> OnLedger:
    told = OnLedger(ledger, number)
    told.and_given(opened(), submitted(MEETS_A, received_at=ledger.now().isoformat()))
    return told


def seen(look: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + SECONDS_TO_SEE
    while not look():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_it_keeps_up_while_nobody_asks(tailed: Ledger) -> None:
    told = patient(tailed)
    assert seen(lambda: lag(tailed).position == tailed.position())
    told.and_given(assigned(PHYSICIAN))
    assert seen(lambda: lag(tailed).position == tailed.position())
    assert lag(tailed).events_behind == 0


def test_the_first_command_after_a_long_wait_is_seen_before_the_beat_is_over(open_here: OpenLedger) -> None:
    """The writer of the same process wakes it."""
    ledger = open_here()
    with ViewUpdater(ledger, beat_seconds=5):
        rebuild(ledger)
        time.sleep(0.2)
        begun = time.monotonic()
        patient(ledger)
        assert seen(lambda: lag(ledger).events_behind == 0)
        assert time.monotonic() - begun < 4


def test_who_failed_is_tried_again_though_nothing_else_happens(
    tailed: Ledger, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = runner.worklist_rows

    def failing(history: PatientHistory, *rest: object) -> object:
        raise ValueError("Alma Synthetic")

    monkeypatch.setattr(runner, "worklist_rows", failing)
    patient(tailed)
    assert seen(lambda: lag(tailed).failed == 1)
    monkeypatch.setattr(runner, "worklist_rows", rows)
    clock.advance(timedelta(hours=2))
    assert seen(lambda: lag(tailed).failed == 0)
    assert len(worklist(tailed, Filters(), Paging()).items) == 1


def test_a_store_that_does_not_answer_is_waited_for_and_told_of_without_what_it_said(
    open_here: OpenLedger, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ledger, real, calls = open_here(), view_updater.catch_up, []

    def failing(*arguments: object) -> object:
        calls.append(arguments)
        if len(calls) <= 2:
            raise OperationalError("no room for Alma Synthetic")
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(view_updater, "catch_up", failing)
    monkeypatch.setattr(view_updater, "FIRST_PAUSE_SECONDS", 0.01)
    with caplog.at_level(logging.WARNING), ViewUpdater(ledger, beat_seconds=BEAT):
        patient(ledger)
        assert seen(lambda: len(calls) > 2 and lag(ledger).events_behind == 0)
    told = [record.getMessage() for record in caplog.records if record.name == "api.background.view_updater"]
    assert len(told) == 2
    assert all("OperationalError in tests.api.background.test_view_updater, line " in one for one in told)
    assert not [one for one in told if "Alma" in one]
    assert "next attempt in 0.02 s" in told[1]


@pytest.mark.parametrize("store", ["postgresql"])
def test_lost_connections_are_survived(ledger_url: str, tailed: Ledger) -> None:
    patient(tailed, 1)
    assert seen(lambda: lag(tailed).events_behind == 0)
    with psycopg.connect(ledger_url, autocommit=True) as connection:
        ended = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()
    assert ended
    patient(tailed, 2)
    assert seen(lambda: lag(tailed).events_behind == 0 and lag(tailed).position == tailed.position())


@contextmanager
def quickly(seconds: float) -> Iterator[None]:
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < seconds


def test_it_stops_at_once_while_it_waits(open_here: OpenLedger) -> None:
    ledger = open_here()
    running = ViewUpdater(ledger)
    running.start()
    assert seen(lambda: lag(ledger).position == 0)
    with quickly(view_updater.BEAT_SECONDS + 2):
        running.stop()


def test_it_stops_between_two_batches_and_leaves_the_old_rows(
    open_here: OpenLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, rows, folded = open_here(), runner.worklist_rows, []
    monkeypatch.setattr(runner, "PATIENTS_AT_ONCE", 1)
    monkeypatch.setattr(runner, "EVENTS_AT_ONCE", 3)
    for number in range(30):
        patient(ledger, number)

    def slowly(history: PatientHistory, *rest: object) -> object:
        folded.append(history.patient_id)
        time.sleep(0.1)
        return rows(history, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(runner, "worklist_rows", slowly)
    running = ViewUpdater(ledger, beat_seconds=BEAT)
    running.start()
    assert seen(lambda: len(folded) > 2)
    with quickly(2):
        running.stop()
    assert len(folded) < 20
    monkeypatch.setattr(runner, "worklist_rows", rows)
    assert len(worklist(ledger, Filters(), Paging(limit=200)).items) == 30
