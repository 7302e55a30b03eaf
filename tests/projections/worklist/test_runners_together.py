"""Several runners in processes of their own, and runners that are killed: the rows are those of a fresh fold."""

from __future__ import annotations

import random
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

import pytest

from domain.ledger import reader
from domain.ledger.application import Ledger
from projections.worklist import runner
from projections.worklist.listing import Filters, Paging
from projections.worklist.runner import Rebuilt, folded_rows, lag, rebuild, worklist
from tests import ROOT
from tests.benchmarks.patients import StoredRow, as_of_another, stored_rows
from tests.benchmarks.stores import fill
from tests.conftest import NOON, OpenLedger
from tests.projections.lively import OnLedger
from tests.story import MEETS_A, NURSE, PHYSICIAN, assigned, opened, submitted, withdrawn

ALL = Paging(limit=200)


@contextmanager
def following(url: str, *, rebuilds: bool = False) -> Iterator[subprocess.Popen[str]]:
    """Another process that has caught up once, and ends well unless it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.projections.worklist.follower", url, "yes" if rebuilds else "no"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "following\n", process.communicate()[1]
        yield process
        if process.poll() is None:
            _, error = process.communicate(timeout=60)
            assert process.returncode == 0, error
    finally:
        process.kill()
        process.communicate()


def live(ledger: Ledger, told: list[OnLedger], chance: random.Random) -> None:
    """Somebody new, or the next of what can happen to somebody."""
    if len(told) < 12 or chance.random() < 0.2:
        told.append(OnLedger(ledger, chance.getrandbits(40)))
        told[-1].and_given(opened(), submitted(MEETS_A, received_at=ledger.now().isoformat()))
        return
    one = told.pop(chance.randrange(len(told)))
    is_over = chance.random() < 0.5
    one.and_given(*([withdrawn()] if is_over else [assigned(PHYSICIAN if one.known.version % 2 else NURSE)]))
    if not is_over:
        told.append(one)


def is_that_of_folding_everybody(ledger: Ledger) -> bool:
    kept = worklist(ledger, Filters(), ALL)
    folded = sorted(folded_rows(ledger), key=lambda row: (row.due_at or NOON, row.subject_id))
    in_tables = sorted(kept.items, key=lambda row: (row.due_at or NOON, row.subject_id))
    names = list(type(folded[0]).model_fields)
    same = [[getattr(one, name) for name in names] for one in in_tables] == [
        [getattr(one, name) for name in names] for one in folded
    ]
    return same and sum(kept.counts.values()) == len(folded) and kept.failures == ()


def generations(ledger: Ledger) -> tuple[list[int], list[int], list[int]]:
    """Those there are, and those that have rows, and counts."""

    def numbers(statement: str) -> list[int]:
        with ledger.recorder.datastore.transaction(commit=False) as cursor:
            cursor.execute(statement)
            return [row["generation"] for row in cursor.fetchall()]

    return (
        numbers("SELECT generation FROM view_generations ORDER BY generation"),
        numbers("SELECT DISTINCT generation FROM worklist_entries ORDER BY generation"),
        numbers("SELECT DISTINCT generation FROM worklist_counts ORDER BY generation"),
    )


def test_runners_in_three_processes_do_no_harm_while_a_fourth_records(ledger: Ledger, ledger_url: str) -> None:
    """One of them rebuilds all the while."""
    told: list[OnLedger] = []
    chance = random.Random(1)
    with following(ledger_url), following(ledger_url), following(ledger_url, rebuilds=True):
        for _ in range(40):
            live(ledger, told, chance)
        assert is_that_of_folding_everybody(ledger)
    assert is_that_of_folding_everybody(ledger)
    assert lag(ledger).events_behind == 0


def test_runners_that_are_killed_in_the_middle_leave_nothing_wrong_behind(ledger: Ledger, ledger_url: str) -> None:
    """And what they had begun is gone after the next rebuild."""
    told: list[OnLedger] = []
    chance = random.Random(2)
    for _ in range(4):
        for _ in range(12):
            live(ledger, told, chance)
        with following(ledger_url, rebuilds=True) as process:
            for _ in range(3):
                live(ledger, told, chance)
            time.sleep(chance.random() * 0.15)
            process.kill()
            process.wait()
        assert is_that_of_folding_everybody(ledger)
    assert rebuild(ledger).serves
    numbers, with_rows, with_counts = generations(ledger)
    assert len(numbers) == 1
    assert with_rows == with_counts == numbers
    assert is_that_of_folding_everybody(ledger)


def test_what_a_killed_rebuild_has_filled_goes_with_the_next_one(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "PATIENTS_AT_ONCE", 2)
    told: list[OnLedger] = []
    chance = random.Random(3)
    for _ in range(5):
        live(ledger, told, chance)
    assert len(worklist(ledger, Filters(), ALL).items) == 5

    def die(done: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(ledger, progress=die)
    before, with_rows, _ = generations(ledger)
    assert len(before) == len(with_rows) == 2
    assert len(worklist(ledger, Filters(), ALL).items) == 5
    assert rebuild(ledger) == Rebuilt("worklist", 5, 0, serves=True)
    after, with_rows, with_counts = generations(ledger)
    assert len(after) == 1
    assert after[0] > max(before)
    assert with_rows == with_counts == after
    assert is_that_of_folding_everybody(ledger)


def test_the_memory_of_a_rebuild_does_not_grow_with_the_number_of_patients(
    open_here: OpenLedger, ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its peak in the last third of six hundred patients is that in the first, but for what the parser keeps."""
    monkeypatch.setattr(runner, "PATIENTS_AT_ONCE", 25)
    monkeypatch.setattr(reader, "PAGE", 25)
    peaks = []

    def look(done: int) -> None:
        if done % 200 == 0:
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.reset_peak()

    with open_here() as ledger:
        one = OnLedger(ledger, 0)
        one.and_given(opened(), submitted(MEETS_A, received_at=ledger.now().isoformat()))
        add(ledger_url, template_of(ledger, one.patient_id), 599)
        tracemalloc.start()
        try:
            assert rebuild(ledger, progress=look) == Rebuilt("worklist", 600, 0, serves=True)
        finally:
            tracemalloc.stop()
        assert sum(worklist(ledger, Filters(), Paging(limit=1)).counts.values()) == 600
    # A row alone is a kilobyte, and the history several; the parser remembers some thousands of short strings.
    assert len(peaks) == 3
    assert peaks[2] - peaks[0] < 400 * 500, peaks


def template_of(ledger: Ledger, patient_id: UUID) -> tuple[StoredRow, ...]:
    return tuple(stored_rows(ledger, ledger.events(patient_id)))


def add(url: str, template: tuple[StoredRow, ...], number: int) -> None:
    """Adds `number` patients, each with the bytes of the template under a new id."""
    fill(url, [row for _ in range(number) for row in as_of_another(template, uuid4())])
