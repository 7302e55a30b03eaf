"""A reader that tails the log sees every event once, in order, from any position, with any writers."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import UUID

import psycopg
import pytest

from domain.events.base import Event
from domain.frozen import set_fields
from domain.ledger.application import Ledger, open_ledger
from domain.ledger.stores import postgres_recorder, sqlite_recorder
from domain.ledger.stores.group_commit import Recording
from domain.ledger.stores.postgres_connections import Listener
from domain.ledger.stores.postgres_recorder import as_parameters
from tests import ROOT
from tests.conftest import OpenLedger, seeded
from tests.ledger.acts import dose, dosed, opened
from tests.story import NURSE

PROCESSES = 4
THREADS = 2
HISTORIES = 6
DOSES = 5
EVENTS_OF_A_HISTORY = 2 + DOSES + 1
"""Its opening, the entry of its member id, the doses, and the course that they complete."""

WRITER = """
import sys
from threading import Thread
from domain.ledger.application import open_ledger
from tests.ledger.acts import NURSE, dose, opening

def write(ledger, name, histories, doses):
    for number in range(histories):
        key = f"{name}-{number}" if number % 2 else None
        patient_id = ledger.open_history(opening(f"{name}-{number}"), NURSE, key=key).patient_id
        for turn in range(doses):
            ledger.execute(patient_id, dose(turn - 20), NURSE, key=None if key is None else f"{key}-{turn}")

url, name, threads, histories, doses = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
with open_ledger(url) as ledger:
    print("open", flush=True)
    sys.stdin.readline()
    running = [Thread(target=write, args=(ledger, f"{name}-{number}", histories, doses)) for number in range(threads)]
    for one in running:
        one.start()
    for one in running:
        one.join()
"""


@contextmanager
def writers(url: str) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes with the ledger open; a line on their standard input lets them begin."""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, url, f"P{number}", *map(str, (THREADS, HISTORIES, DOSES))],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(PROCESSES)
    ]
    try:
        for one in running:
            assert one.stdout is not None
            assert one.stdout.readline() == "open\n", one.communicate()[1]
        yield running
        for one in running:
            _, error = one.communicate(timeout=120)
            assert one.returncode == 0, error
    finally:
        for one in running:
            one.kill()
            one.communicate()


def tail(ledger: Ledger, position: int, page: int, events: int) -> list[tuple[int, object, int]]:
    """What a reader sees that starts at a position and stops once it has seen so many."""
    seen: list[tuple[int, object, int]] = []
    deadline = time.monotonic() + 120
    while len(seen) < events and time.monotonic() < deadline:
        ledger.wait_beyond(seen[-1][0] if seen else position, 5)
        for number, event in ledger.events_since(seen[-1][0] if seen else position, page):
            seen.append((number, event.originator_id, event.originator_version))
    return seen


def test_eight_writers_in_four_processes_and_readers_that_lose_none(ledger_url: str, open_here: OpenLedger) -> None:
    expected = PROCESSES * THREADS * HISTORIES * EVENTS_OF_A_HISTORY
    # Readers of different hunger: one asks for each event by itself and is always at the edge of what is committed.
    readers = {page: open_here() for page in (1, 7, 500)}
    with ThreadPoolExecutor(len(readers)) as threads:
        with writers(ledger_url) as running:
            tailing = {page: threads.submit(tail, one, 0, page, expected) for page, one in readers.items()}
            for one in running:
                assert one.stdin is not None
                one.stdin.write("go\n")
                one.stdin.flush()
        seen = {page: one.result() for page, one in tailing.items()}
    with open_ledger(ledger_url, entropy=seeded(5)) as ledger:
        log = [(number, one.originator_id, one.originator_version) for number, one in ledger.events_since(0, 100_000)]
        middle = log[len(log) // 2][0]
        assert tail(ledger, middle, 11, len(log) - len(log) // 2 - 1) == log[len(log) // 2 + 1 :]
        # What was recorded is whole: every history has all of its versions.
        assert sorted(one.version for one in map(ledger.history, ledger.patients())) == (
            [1 + DOSES + 1] * (PROCESSES * THREADS * HISTORIES)
        )
    assert len(log) == expected
    assert [number for number, _, _ in log] == sorted({number for number, _, _ in log})
    assert seen == dict.fromkeys(readers, log)


def test_what_is_written_and_not_committed_holds_later_commits_back(
    postgresql_url: str,
) -> None:
    """Else its positions, which are the lower ones, would appear behind a reader that has passed them."""
    with open_ledger(postgresql_url) as ledger, open_ledger(postgresql_url) as reader:
        patient_id, other = opened(ledger), opened(ledger, "M-2")
        event = ledger.mapper.to_stored_event(decided(ledger, patient_id))
        position = ledger.position()
        commands, states = as_parameters([Recording([event], None)])
        with psycopg.connect(postgresql_url) as slow, ThreadPoolExecutor(1) as threads:
            slow.execute("SELECT record_commands(%s::jsonb, %b::bytea[])", (commands, states))
            fast = threads.submit(dosed, ledger, other, -1)
            time.sleep(0.5)
            assert not fast.done()
            assert list(reader.events_since(position)) == []
            slow.commit()
            fast.result(10)
        seen = [one.originator_id for _, one in reader.events_since(position)]
    assert seen == [patient_id, other]


def decided(ledger: Ledger, patient_id: UUID) -> Event:
    """A dose as it would be recorded next, and is not."""
    other = ledger.events(dosed(ledger, opened(ledger, "M-3"), -5)[0].patient_id)[-1]
    event: Event = set_fields(other.model_copy(), originator_id=patient_id, originator_version=2)
    return event


def seconds_until_woken(ledger: Ledger, writer: Ledger, patient_id: UUID, number: int) -> float:
    """From the commit of a dose to the end of a wait for it."""
    # The first wait of all only begins to listen.
    position = ledger.wait_beyond(ledger.position(), 0.1)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(lambda: (ledger.wait_beyond(position, 30), time.monotonic()))
        time.sleep(0.3)
        assert not waiting.done()
        dosed(writer, patient_id, number)
        written = time.monotonic()
        last, at = waiting.result()
    assert last == position + 1
    return at - written


def test_a_reader_that_waits_is_woken_by_a_writer_of_its_process_and_on_postgresql_of_any(
    ledger: Ledger, open_here: OpenLedger, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (sqlite_recorder, postgres_recorder):
        monkeypatch.setattr(module, "POLL_SECONDS", 60.0)
    patient_id = opened(ledger)
    for number, writer in enumerate([ledger] if store == "sqlite" else [ledger, open_here()]):
        assert seconds_until_woken(ledger, writer, patient_id, -1 - number) < 5


def test_a_reader_that_is_not_notified_polls(
    ledger: Ledger, open_here: OpenLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SQLite nobody tells of other processes, and on PostgreSQL what was told may be lost."""
    monkeypatch.setattr(Listener, "wait", lambda _, seconds: time.sleep(seconds))
    assert seconds_until_woken(ledger, open_here(), opened(ledger), -1) < 5


@pytest.mark.parametrize("position", [0, 1, 10_000])
def test_a_reader_that_waits_in_vain_is_told_where_the_log_ends(ledger: Ledger, position: int) -> None:
    opened(ledger)
    started = time.monotonic()
    assert ledger.wait_beyond(position, 0.2) == 2
    assert (time.monotonic() - started >= 0.2) == (position >= 2)


def test_what_a_key_stands_for_is_in_the_log_once(ledger: Ledger) -> None:
    patient_id = opened(ledger)
    position = ledger.position()
    for _ in range(3):
        ledger.execute(patient_id, dose(-3), NURSE, key="k")
    assert [one.originator_version for _, one in ledger.events_since(position)] == [2]
