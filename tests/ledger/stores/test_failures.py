"""When the store fails under a command: one clear error, nothing half done, and it works again after."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from threading import Thread, Timer
from typing import Any
from uuid import UUID

import psycopg
import pytest
from eventsourcing.persistence import IntegrityError, OperationalError, PersistenceError

from domain.ledger.application import Ledger, open_ledger
from domain.ledger.schema import upgrade
from domain.ledger.stores import postgres_datastore, sqlite_connections
from domain.ledger.stores.postgres_recorder import ConnectionLost, PostgresLedgerRecorder, Writer
from domain.ledger.stores.sqlite_connections import LedgerSQLiteDatastore, translated
from domain.ledger.stores.urls import PostgresAddress
from domain.ledger.tables.tables import ORDERING_LOCK
from tests.clock import Clock
from tests.conftest import ZONE, seeded
from tests.ledger.acts import dose, dosed, opened, opening
from tests.postgres_server import PostgresServer, postgres_server
from tests.story import NURSE

# -- SQLite -----------------------------------------------------------------------------------


@pytest.fixture
def sqlite_ledger(sqlite_url: str, clock: Clock) -> Iterator[Ledger]:
    with open_ledger(sqlite_url, clock=clock, entropy=seeded(1)) as ledger:
        yield ledger


def file_of(url: str) -> str:
    return url.removeprefix("sqlite:///")


def limit_pages(ledger: Ledger, pages: int | None) -> None:
    """Sets the file's greatest size on the connection that writes, as a full disk would; None takes the limit away."""
    datastore = ledger.recorder.datastore
    assert isinstance(datastore, LedgerSQLiteDatastore)
    connection = datastore.writing().connection
    assert connection is not None
    current = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {2**30 if pages is None else current + pages}")


def test_a_full_disk_stores_nothing_of_a_command_and_works_again_after(sqlite_ledger: Ledger) -> None:
    ledger = sqlite_ledger
    patient_id = opened(ledger)
    dosed(ledger, patient_id, 0, 1, 2, 3)
    limit_pages(ledger, 0)
    acknowledged: list[UUID] = []

    def fill() -> None:
        for number in range(1_000):
            acknowledged.append(ledger.open_history(opening(f"M-full-{number}"), NURSE, key=f"k{number}").patient_id)

    with pytest.raises(OperationalError, match="full"):
        fill()
    limit_pages(ledger, 0)
    for _ in range(3):
        with pytest.raises(OperationalError, match="full"):
            ledger.open_history(opening("M-big", name="x" * 200), NURSE, key="big")
    # Reading works on the full disk, and there is no half of anything.
    assert list(ledger.patients()) == [patient_id, *acknowledged]
    topics = [one.topic for one in ledger.recorder.select_notifications(1, 10_000)]
    assert topics.count("HistoryOpened") == topics.count("MemberIndexed") == len(acknowledged) + 1
    assert ledger.recorder.find_command(NURSE.id, "big") is None

    limit_pages(ledger, None)
    outcome = ledger.open_history(opening("M-big", name="x" * 200), NURSE, key="big")
    assert not outcome.replayed
    assert dosed(ledger, patient_id, 4)[0].history.version == 7


@contextmanager
def locked(url: str) -> Iterator[sqlite3.Connection]:
    """Another process's write transaction."""
    with closing(sqlite3.connect(file_of(url), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        try:
            yield other
        finally:
            other.rollback()


def test_a_writer_waits_for_another_process_and_readers_do_not(sqlite_ledger: Ledger, sqlite_url: str) -> None:
    patient_id = opened(sqlite_ledger)
    writers = [Thread(target=lambda number=number: dosed(sqlite_ledger, patient_id, -number)) for number in range(1, 4)]
    with locked(sqlite_url):
        for writer in writers:
            writer.start()
        time.sleep(0.3)
        started = time.monotonic()
        assert sqlite_ledger.history(patient_id).version == 1
        assert time.monotonic() - started < 0.2
        assert all(writer.is_alive() for writer in writers)
    for writer in writers:
        writer.join()
    assert sqlite_ledger.history(patient_id).version == 4


def test_a_lock_that_is_never_released_is_an_operational_error(
    sqlite_url: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_connections, "BUSY_SECONDS", 0.1)
    with open_ledger(sqlite_url, clock=clock, entropy=seeded(1)) as ledger:
        patient_id = opened(ledger)
        with locked(sqlite_url), pytest.raises(OperationalError, match="locked"):
            dosed(ledger, patient_id, 0)
        assert dosed(ledger, patient_id, 0)[0].history.version == 2


def test_a_ledger_whose_file_vanished_is_not_created_again(sqlite_url: str, clock: Clock, tmp_path: Any) -> None:
    with open_ledger(sqlite_url, clock=clock) as ledger:
        for file in tmp_path.iterdir():
            file.unlink()
        with pytest.raises(OperationalError, match="removed, replaced, or unmounted"):
            opened(ledger)
        # The queue of writers is open again.
        with pytest.raises(OperationalError, match="removed, replaced, or unmounted"):
            opened(ledger)
        assert list(tmp_path.iterdir()) == []


def test_an_sqlite_conflict_while_executing_is_the_library_s(sqlite_ledger: Ledger) -> None:
    opened(sqlite_ledger)
    datastore = sqlite_ledger.recorder.datastore
    assert isinstance(datastore, LedgerSQLiteDatastore)
    with pytest.raises(IntegrityError), datastore.transaction(commit=True) as c:
        c.execute("INSERT INTO stored_events SELECT * FROM stored_events")
    with pytest.raises(OperationalError, match="no such table"), datastore.transaction(commit=False) as c:
        c.execute("SELECT * FROM absent")


@pytest.mark.parametrize(
    "error",
    [
        sqlite3.IntegrityError,
        sqlite3.OperationalError,
        sqlite3.InterfaceError,
        sqlite3.DataError,
        sqlite3.InternalError,
        sqlite3.ProgrammingError,
        sqlite3.NotSupportedError,
        sqlite3.DatabaseError,
        sqlite3.Error,
    ],
)
def test_every_error_of_sqlite_is_one_of_the_library_s(error: type[sqlite3.Error]) -> None:
    with pytest.raises(PersistenceError) as caught, translated():
        raise error("text")
    assert type(caught.value).__name__ in (error.__name__, "PersistenceError")


def test_a_commit_that_fails_is_rolled_back_before_the_connection_is_used_again(
    sqlite_ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient_id = opened(sqlite_ledger)
    datastore = sqlite_ledger.recorder.datastore
    assert isinstance(datastore, LedgerSQLiteDatastore)

    class FullAtCommit:
        """The connection, whose first commit meets a full disk."""

        def __init__(self, real: sqlite3.Connection) -> None:
            self.real = real
            self.failed = False

        def __getattr__(self, name: str) -> Any:
            return getattr(self.real, name)

        def commit(self) -> None:
            if not self.failed:
                self.failed = True
                raise sqlite3.OperationalError("database or disk is full")
            self.real.commit()

    writing = datastore.writing()
    assert writing.connection is not None
    writing.connection = FullAtCommit(writing.connection)  # type: ignore[assignment]
    with pytest.raises(OperationalError, match="full"):
        dosed(sqlite_ledger, patient_id, 0)
    assert sqlite_ledger.history(patient_id).version == 1
    assert dosed(sqlite_ledger, patient_id, 0)[0].history.version == 2


# -- PostgreSQL -------------------------------------------------------------------------------


@pytest.fixture
def postgres_ledger(postgresql_url: str, clock: Clock) -> Iterator[Ledger]:
    with open_ledger(postgresql_url, clock=clock, entropy=seeded(1)) as ledger:
        yield ledger


def cut_off(postgres: PostgresServer, ledger: Ledger) -> None:
    """Ends every connection to the ledger's database, as a failing network or server would."""
    name = str(ledger.address).rpartition("/")[2]
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))


@pytest.mark.parametrize("keyed", [True, False], ids=["with key", "without key"])
@pytest.mark.parametrize("moment", ["before", "locked", "committed"])
def test_a_connection_lost_during_an_insert_stores_it_once(
    postgres: PostgresServer, postgres_ledger: Ledger, monkeypatch: pytest.MonkeyPatch, moment: str, keyed: bool
) -> None:
    ledger = postgres_ledger
    patient_id = opened(ledger)
    dosed(ledger, patient_id, 0, 1, 2, 3)
    left = [1]

    def cut_once() -> None:
        if left[0]:
            left[0] -= 1
            cut_off(postgres, ledger)

    real = Writer._written

    def cut(writer: Writer, commands: str, states: list[bytes]) -> Any:
        """The connection is cut before the batch is sent, while it waits for the lock, or before its answer is read."""
        match moment:
            case "before":
                cut_once()
                return real(writer, commands, states)
            case "locked" if left[0]:
                with _holding_the_lock(ledger):
                    return _cut_while(cut_once, lambda: real(writer, commands, states))
            case "committed":
                answer = real(writer, commands, states)
                if left[0]:
                    left[0] -= 1
                    raise ConnectionLost
                return answer
            case _:
                return real(writer, commands, states)

    monkeypatch.setattr(Writer, "_written", cut)
    outcome = ledger.execute(patient_id, dose(4), NURSE, key="k" if keyed else None)
    assert [event.originator_version for event in outcome.events] == [6, 7]
    assert outcome.history == ledger.history(patient_id)
    assert outcome.replayed == (moment == "committed" and keyed)
    assert len(ledger.recorder.select_notifications(1, 100)) == 8


@contextmanager
def _holding_the_lock(ledger: Ledger) -> Iterator[None]:
    assert isinstance(ledger.address, PostgresAddress)
    with psycopg.connect(**ledger.address.parameters) as other:  # type: ignore[arg-type]
        other.execute("SELECT pg_advisory_xact_lock(%s)", (ORDERING_LOCK,))
        yield
        with suppress(psycopg.OperationalError):
            other.rollback()


def _cut_while(cut: Callable[[], None], waits: Callable[[], Any]) -> Any:
    cutter = Timer(0.3, cut)
    cutter.start()
    try:
        return waits()
    finally:
        cutter.join()


def test_connections_that_broke_in_the_pool_are_not_handed_out(
    postgres: PostgresServer, postgres_ledger: Ledger
) -> None:
    patient_id = opened(postgres_ledger)
    with ExitStack() as held:
        # More than the library makes attempts.
        for _ in range(12):
            held.enter_context(postgres_ledger.recorder.datastore.get_connection())  # type: ignore[call-arg]
    cut_off(postgres, postgres_ledger)
    assert dosed(postgres_ledger, patient_id, 0)[0].history.version == 2


def test_a_connection_that_stays_in_the_middle_of_an_exchange_is_given_up(postgres_ledger: Ledger) -> None:
    """A server that dies may leave one like this: not closed, and every statement on it fails from then on."""
    patient_id = opened(postgres_ledger)
    recorder = postgres_ledger.recorder
    assert isinstance(recorder, PostgresLedgerRecorder)
    recorder.max_notification_id()
    writing = recorder._writer._cursor
    assert writing is not None
    for cursor in (*recorder._readers._idle, writing):
        cursor.connection.pgconn.send_query(b"SELECT 1")
    assert recorder.max_notification_id() > 0
    assert dosed(postgres_ledger, patient_id, 0)[0].history.version == 2


def test_a_server_that_is_gone_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """One clear error while it is gone, without the password; the same open ledger works after, nothing lost."""
    monkeypatch.setattr(postgres_datastore, "WAIT_SECONDS", 0.1)
    with postgres_server("fsync=off") as server:
        upgrade(server.url("postgres"), zone=ZONE, entropy=seeded(0))
        with open_ledger(server.url("postgres"), entropy=seeded(1)) as ledger:
            patient_id = opened(ledger)
            server.stop("immediate")
            with pytest.raises(OperationalError, match="no connection to postgresql://127") as caught:
                ledger.history(patient_id)
            assert server.password not in str(caught.value)
            server.start()
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline:
                with suppress(OperationalError):
                    assert ledger.history(patient_id).version == 1
                    break
            assert ledger.execute(patient_id, dose(-1), NURSE).history.version == 2


def test_a_writer_that_hangs_in_its_transaction_holds_the_others_up_only_for_a_while(
    postgres: PostgresServer, postgres_ledger: Ledger
) -> None:
    patient_id = opened(postgres_ledger)
    with psycopg.connect(postgres.url(str(postgres_ledger.address).rpartition("/")[2])) as hanging:
        hanging.execute("SET idle_in_transaction_session_timeout = '300ms'")
        hanging.commit()
        hanging.execute("SELECT pg_advisory_xact_lock(%s)", (ORDERING_LOCK,))
        started = time.monotonic()
        assert dosed(postgres_ledger, patient_id, 0)[0].history.version == 2
        assert time.monotonic() - started > 0.2
        with pytest.raises(psycopg.errors.IdleInTransactionSessionTimeout):
            hanging.execute("SELECT 1")
