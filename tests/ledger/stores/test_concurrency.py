"""Several at once: threads, ledgers and processes on one store."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from domain import errors
from domain.commands.determinations import DenyRequest
from domain.commands.requests import SubmitRequest
from domain.events.requests import Statement
from domain.ledger import application
from domain.ledger.application import Ledger, Outcome, open_ledger
from domain.people import Prescriber
from domain.review.assess_request import request_assessment
from tests import ROOT
from tests.conftest import NOON, OpenLedger, seeded
from tests.ledger.acts import dose, dosed, opened, opening
from tests.story import NURSE, PHYSICIAN


def at_once(*acts: Callable[[], Outcome]) -> list[Outcome | errors.LedgerError]:
    together = Barrier(len(acts))

    def run(act: Callable[[], Outcome]) -> Outcome | errors.LedgerError:
        together.wait()
        try:
            return act()
        except errors.LedgerError as error:
            return error

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def kinds(results: list[Outcome | errors.LedgerError]) -> Counter[type]:
    return Counter(type(result) for result in results)


def gap_free(ledger: Ledger) -> None:
    for patient_id in ledger.patients():
        versions = [event.originator_version for event in ledger.events(patient_id)]
        assert versions == list(range(1, len(versions) + 1))


def test_two_clients_that_decide_the_same_request_at_once(ledger: Ledger, open_here: OpenLedger) -> None:
    other = open_here()
    for number in range(5):
        patient_id = opened(ledger, f"M-{number}")
        submit = SubmitRequest(
            received_at=NOON,
            line_of_business="commercial",
            prescriber=Prescriber(name="Nora Neuro"),
            statement=Statement(diagnosis="other"),
        )
        history = ledger.execute(patient_id, submit, NURSE).history
        request = history.requests[0]
        denial = DenyRequest(
            request_id=request.request_id,
            assessment_digest=request_assessment(history, request, NOON.date()).digest,
            citing=("1",),
            rationale="The diagnosis is another.",
        )
        results = at_once(
            lambda: ledger.execute(patient_id, denial, PHYSICIAN),  # noqa: B023
            lambda: other.execute(patient_id, denial, PHYSICIAN),  # noqa: B023
        )
        assert kinds(results) == {Outcome: 1, errors.AlreadyDecided: 1}
        assert ledger.history(patient_id).version == 3


def test_two_clients_that_know_the_same_version_at_once(ledger: Ledger, open_here: OpenLedger) -> None:
    other = open_here()
    patient_id = opened(ledger)
    for turn in range(1, 11):
        version = ledger.history(patient_id).version
        results = at_once(
            lambda: ledger.execute(patient_id, dose(-turn, f"a{turn}"), NURSE, expected_version=version),  # noqa: B023
            lambda: other.execute(patient_id, dose(-turn, f"b{turn}"), NURSE, expected_version=version),  # noqa: B023
        )
        assert kinds(results) == {Outcome: 1, errors.StaleVersion: 1}
    gap_free(ledger)


def test_threads_that_write_one_history_lose_nothing(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "ATTEMPTS", 1_000)
    patient_id = opened(ledger)
    results = at_once(
        *(
            lambda number=number: dosed(ledger, patient_id, *range(-number * 4, 4 - number * 4))[-1]
            for number in range(8)
        )
    )
    assert kinds(results) == {Outcome: 8}
    assert len(ledger.history(patient_id).doses) == 32
    gap_free(ledger)


def test_a_history_that_others_keep_changing_is_a_conflict(
    ledger: Ledger, open_here: OpenLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = open_here()
    patient_id = opened(ledger)
    numbers = iter(range(-101, 0))
    decide = application.decide

    def decide_too_late(history, command, moment):  # type: ignore[no-untyped-def]
        if moment.actor == NURSE:
            other.execute(patient_id, dose(next(numbers)), PHYSICIAN)
        return decide(history, command, moment)

    monkeypatch.setattr(application, "decide", decide_too_late)
    with pytest.raises(errors.Conflict, match="kept changing"):
        ledger.execute(patient_id, dose(1), NURSE)
    assert len(ledger.history(patient_id).doses) == application.ATTEMPTS + 1
    gap_free(ledger)


def test_ids_of_the_log_come_in_the_order_of_commits(ledger: Ledger, open_here: OpenLedger) -> None:
    """A reader that tails the log while eight writers write must not be overtaken by a lower id."""
    writers = [ledger, *(open_here() for _ in range(7))]
    reader = open_here()
    together = Barrier(len(writers))

    def write(number: int) -> None:
        together.wait()
        for turn in range(15):
            # With a key and without: the two ways in which events are inserted.
            key = f"k-{number}-{turn}" if turn % 2 else None
            writers[number].open_history(opening(f"M-{number}-{turn}"), NURSE, key=key)

    seen: list[int] = []
    with ThreadPoolExecutor(len(writers)) as threads:
        done = [threads.submit(write, number) for number in range(len(writers))]
        while True:
            finished = all(one.done() for one in done)
            page = reader.recorder.select_notifications(seen[-1] if seen else 0, 50, inclusive_of_start=False)
            seen += [notification.id for notification in page]
            if finished and not page:
                break
        for one in done:
            one.result()
    assert len(seen) == 8 * 15 * 2
    assert len(list(reader.patients())) == 8 * 15


WRITER = """
import sys
from domain.ledger.application import open_ledger
from tests.ledger.acts import NURSE, opening
with open_ledger(sys.argv[1]) as ledger:
    print("open", flush=True)
    sys.stdin.readline()
    for number in range(int(sys.argv[3])):
        ledger.open_history(opening(f"{sys.argv[2]}-{number}"), NURSE)
"""


def test_processes_write_one_ledger_at_once(ledger_url: str) -> None:
    count, processes = 25, 2
    running = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, ledger_url, f"P{number}", str(count)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(processes)
    ]
    try:
        for one in running:
            assert one.stdout is not None
            assert one.stdin is not None
            assert one.stdout.readline() == "open\n"
        for one in running:
            assert one.stdin is not None
            one.stdin.write("go\n")
            one.stdin.flush()
        with open_ledger(ledger_url, entropy=seeded(1)) as ledger:
            for number in range(count):
                ledger.open_history(opening(f"here-{number}"), NURSE)
            for one in running:
                _, error = one.communicate(timeout=60)
                assert one.returncode == 0, error
            assert len(list(ledger.patients())) == count * (processes + 1)
            gap_free(ledger)
    finally:
        for one in running:
            one.kill()
            one.communicate()


def test_two_processes_that_make_an_sqlite_ledger_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.sqlite'}"
    together = Barrier(8)

    def make(number: int) -> str:
        together.wait()
        with open_ledger(url, zone="America/Chicago", entropy=seeded(number)) as ledger:
            ledger.open_history(opening(f"M-{number}"), NURSE)
            return ledger.zone.key

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(make, range(8))) == {"America/Chicago"}
    with open_ledger(url) as ledger:
        assert len(list(ledger.patients())) == 8
    assert os.stat(tmp_path / "new.sqlite").st_mode & 0o077 == 0
