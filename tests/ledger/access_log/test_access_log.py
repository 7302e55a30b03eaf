"""Every access is a row, and a digest among the events covers every row, also when the store fails meanwhile."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from eventsourcing.persistence import DatabaseError, IntegrityError, InternalError, OperationalError, PersistenceError

from domain.ledger.access_log import writer as accesses
from domain.ledger.access_log.writer import AccessLog
from domain.ledger.application import Ledger
from domain.ledger.stores.postgres_recorder import ConnectionLost, Writer
from domain.permissions.disclosure import MachineUser, NewAccess
from tests.conftest import NOON, OpenLedger
from tests.ledger.access_log.stored import PATIENT, check_digests, digests, look, stored, subjects, until
from tests.ledger.acts import dose, opened
from tests.story import CLAIMS, NURSE


@pytest.fixture
def log(ledger: Ledger) -> Iterator[AccessLog]:
    opened_log = AccessLog(ledger)
    yield opened_log
    opened_log.close()


def test_an_access_is_stored_as_it_was_with_its_digest(ledger: Ledger, log: AccessLog) -> None:
    log.record([look(1, view="dossier")], durable=True)
    ((register, number, access, row),) = stored(ledger)
    (event,) = digests(ledger)
    assert (number, access.at, access.actor_id, access.role) == (1, NOON, NURSE.id, "reviewer")
    assert (access.patient_id, access.view, access.subject) == (PATIENT, "dossier", "look-1")
    assert (event.originator_id, event.originator_version, event.first, event.count) == (register, 1, 1, 1)
    assert access.row() == row
    check_digests(ledger)


def test_the_machine_s_user_has_no_role(ledger: Ledger, log: AccessLog) -> None:
    user = MachineUser(id="os:alma", name="alma")
    log.record([look(1)], durable=True)
    log.record([NewAccess(user, "replay", None, None, "TREAT", "command line", "desk\n7")], durable=True)
    last = stored(ledger)[-1].access
    assert (last.actor_id, last.role, last.patient_id, last.origin) == ("os:alma", None, None, "desk7")


def test_batches_follow_one_another_in_one_register_a_process(open_here: OpenLedger) -> None:
    ledger = open_here()
    one, other = AccessLog(ledger), AccessLog(open_here())
    for number in range(3):
        one.record([look(number), look(number + 10)], durable=True)
        other.record([look(number + 20)], durable=True)
    check_digests(ledger)
    counts = [[event.count for event in digests(ledger) if event.originator_id == name] for name in registers(ledger)]
    assert sorted(counts) == [[1, 1, 1], [2, 2, 2]]


def registers(ledger: Ledger) -> list[Any]:
    return list(dict.fromkeys(one.register for one in stored(ledger)))


def test_two_batches_have_instants_that_do_not_decrease_though_the_clock_stands(ledger: Ledger, log: AccessLog) -> None:
    for number in range(3):
        log.record([look(number)], durable=True)
    instants = [event.recorded_at for event in digests(ledger)]
    assert instants == sorted(set(instants))


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_no_row_is_ever_changed_or_deleted(ledger: Ledger, log: AccessLog) -> None:
    """On PostgreSQL the serving role has no grant for it, which the tests of the schema show."""
    log.record([look(1)], durable=True)
    for statement in (
        "DELETE FROM accesses",
        "UPDATE accesses SET actor_id = 'x'",
        "INSERT OR REPLACE INTO accesses SELECT * FROM accesses",
    ):
        with (
            pytest.raises(IntegrityError, match="recorded"),
            ledger.recorder.datastore.transaction(commit=True) as cursor,
        ):
            cursor.execute(statement)
    check_digests(ledger)


# -- together ---------------------------------------------------------------------------------


def test_accesses_at_the_same_time_share_batches_among_commands(ledger: Ledger, log: AccessLog) -> None:
    patients = [opened(ledger, f"M-{number}") for number in range(8)]
    together = Barrier(8)

    def work(thread: int) -> None:
        together.wait()
        for number in range(10):
            log.record([look(thread * 100 + number)], durable=True)
            assert f"look-{thread * 100 + number}" in subjects(ledger)
            ledger.execute(patients[thread], dose(-number), NURSE, key=f"{thread}-{number}")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))
    assert len(stored(ledger)) == 80
    assert len(digests(ledger)) <= 80
    check_digests(ledger)
    assert len(registers(ledger)) == 1


def test_the_accesses_of_waiting_callers_are_one_batch(ledger: Ledger, log: AccessLog) -> None:
    real, entered, let_go = log._commits._write, Barrier(2), Barrier(2)
    first = [True]

    def slow(batch: Sequence[Any]) -> Any:
        if first.pop() if first else False:
            entered.wait(10)
            let_go.wait(10)
        return real(batch)

    log._commits._write = slow
    with ThreadPoolExecutor(8) as threads:
        sent = [threads.submit(log.record, [look(0)], durable=True)]
        entered.wait(10)
        sent += [threads.submit(log.record, [look(number)], durable=True) for number in range(1, 8)]
        until(lambda: len(log._commits._queue) == 7)
        assert not any(one.done() for one in sent)
        let_go.wait(10)
        for one in sent:
            one.result(10)
    assert [event.count for event in digests(ledger)] == [1, 7]
    check_digests(ledger)


# -- accesses of systems ----------------------------------------------------------------------


def test_an_access_of_a_system_is_on_record_within_a_second(ledger: Ledger, log: AccessLog) -> None:
    log.record([look(1, actor=CLAIMS)], durable=False)
    assert log.backlog == (1, None)
    started = time.monotonic()
    until(lambda: subjects(ledger) == ["look-1"])
    assert time.monotonic() - started < 1
    for number in (2, 3, 4):
        log.record([look(number, actor=CLAIMS)], durable=False)
    until(lambda: len(subjects(ledger)) == 4)
    assert [event.count for event in digests(ledger)] == [1, 3]
    check_digests(ledger)


def test_what_is_kept_is_written_when_the_log_is_closed(ledger: Ledger) -> None:
    log = AccessLog(ledger)
    log.record([look(1, actor=CLAIMS)], durable=False)
    log.close()
    assert subjects(ledger) == ["look-1"]
    log.record([look(2, actor=CLAIMS)], durable=False)
    assert subjects(ledger) == ["look-1", "look-2"]


def test_who_finds_the_buffer_full_writes_it(ledger: Ledger, log: AccessLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accesses, "BUFFER_MAX", 10)
    monkeypatch.setattr(accesses, "FLUSH_ROWS", 4)
    monkeypatch.setattr(accesses, "FLUSH_SECONDS", 60)
    for number in range(11):
        log.record([look(number, actor=CLAIMS)], durable=False)
    assert [event.count for event in digests(ledger)] == [4, 4, 2]
    assert log.backlog == (1, None)


# -- where the store fails --------------------------------------------------------------------


def failing(monkeypatch: pytest.MonkeyPatch, ledger: Ledger, *errors: PersistenceError | None, stores: bool) -> None:
    """The next writes raise these, in their order, having stored what they were given or nothing of it."""
    left, real = list(errors), ledger.recorder.insert_events

    def insert_events(*args: Any, **kwargs: Any) -> Any:
        error = left.pop(0) if left else None
        if error is None or stores:
            real(*args, **kwargs)
        if error is not None:
            raise error

    monkeypatch.setattr(ledger.recorder, "insert_events", insert_events)


@pytest.mark.parametrize("error", [OperationalError("gone"), DatabaseError("odd"), InternalError("odd")])
def test_an_access_that_cannot_be_written_must_not_be_answered(
    ledger: Ledger, log: AccessLog, monkeypatch: pytest.MonkeyPatch, error: PersistenceError
) -> None:
    log.record([look(0)], durable=True)
    failing(monkeypatch, ledger, error, stores=False)
    with pytest.raises(type(error)):
        log.record([look(1)], durable=True)
    log.record([look(2)], durable=True)
    assert subjects(ledger) == ["look-0", "look-2"]
    check_digests(ledger)


@pytest.mark.parametrize("stores", [True, False], ids=["stored", "not stored"])
def test_after_a_lost_connection_it_is_looked_up_whether_the_batch_is_stored(
    ledger: Ledger, log: AccessLog, monkeypatch: pytest.MonkeyPatch, stores: bool
) -> None:
    log.record([look(0)], durable=True)
    failing(monkeypatch, ledger, IntegrityError("lost"), stores=stores)
    log.record([look(1)], durable=True)
    log.record([look(2)], durable=True)
    assert subjects(ledger) == ["look-0", "look-1", "look-2"]
    assert len(registers(ledger)) == (1 if stores else 2)
    check_digests(ledger)


@pytest.mark.parametrize("stores", [True, False], ids=["stored", "not stored"])
def test_accesses_of_systems_are_queued_and_tried_again_and_stored_once(
    ledger: Ledger, log: AccessLog, monkeypatch: pytest.MonkeyPatch, stores: bool
) -> None:
    monkeypatch.setattr(accesses, "FLUSH_SECONDS", 0.05)
    failing(monkeypatch, ledger, OperationalError("gone"), stores=stores)
    log.record([look(1, actor=CLAIMS), look(2, actor=CLAIMS)], durable=False)
    until(lambda: log.backlog.failure == "OperationalError" or not log.backlog.waiting)
    until(lambda: log.backlog == (0, None))
    assert subjects(ledger) == ["look-1", "look-2"]
    check_digests(ledger)


def test_an_access_that_is_being_written_still_counts_as_waiting(ledger: Ledger) -> None:
    counts: set[int] = set()
    log: AccessLog | None = None

    def entropy(length: int) -> bytes:
        counts.add(log.backlog.waiting if log is not None else 2)
        return os.urandom(length)

    log = AccessLog(ledger, entropy=entropy)
    log.record([look(1, actor=CLAIMS), look(2, actor=CLAIMS)], durable=False)
    log.flush()
    assert (counts, log.backlog) == ({2}, (0, None))
    log.close()


def test_while_nothing_can_be_written_the_buffer_grows_to_its_limit_and_then_systems_are_refused(
    ledger: Ledger, log: AccessLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accesses, "BUFFER_MAX", 5)
    with monkeypatch.context() as broken:
        failing(broken, ledger, *[OperationalError("gone")] * 50, stores=False)
        for number in range(5):
            log.record([look(number, actor=CLAIMS)], durable=False)
        for number in range(5, 8):
            with pytest.raises(OperationalError):
                log.record([look(number, actor=CLAIMS)], durable=False)
        assert log.backlog == (5, "OperationalError")
    log.flush()
    assert subjects(ledger) == [f"look-{number}" for number in range(5)]


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
@pytest.mark.parametrize("is_committed", [True, False], ids=["committed", "not committed"])
def test_a_connection_that_is_lost_in_the_middle_stores_an_access_once(
    ledger: Ledger, log: AccessLog, monkeypatch: pytest.MonkeyPatch, is_committed: bool
) -> None:
    log.record([look(0)], durable=True)
    real, left = Writer._written, [1]

    def cut(writer: Writer, commands: str, states: list[bytes]) -> Any:
        if not left:
            return real(writer, commands, states)
        left.clear()
        if is_committed:
            real(writer, commands, states)
        writer.close()
        raise ConnectionLost

    monkeypatch.setattr(Writer, "_written", cut)
    log.record([look(1)], durable=True)
    log.record([look(2)], durable=True)
    assert subjects(ledger) == ["look-0", "look-1", "look-2"]
    check_digests(ledger)
