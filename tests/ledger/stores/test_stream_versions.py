"""The head of a history: the store says it each time, and trouble with the store is what it is elsewhere."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing.persistence import PersistenceError

from domain.errors import NotFound
from domain.ledger.application import Ledger
from domain.ledger.stores import stream_versions
from domain.ledger.stores.stream_versions import version_reader_of
from domain.ledger.stores.urls import SQLiteAddress
from tests.conftest import OpenLedger
from tests.ledger.acts import dosed, opened


def read(ledger: Ledger, *patients: UUID) -> list[int]:
    found = version_reader_of(ledger.recorder.datastore)

    async def all_at_once() -> list[stream_versions.HistoryVersion]:
        return await asyncio.gather(*(found.read(one) for one in patients))

    versions = [one.version for one in asyncio.run(all_at_once())]
    found.close()
    return versions


def test_a_head_is_the_last_version_that_anybody_recorded(open_here: OpenLedger) -> None:
    ledger, another = open_here(), open_here()
    patient, second = opened(ledger, "M-1"), opened(ledger, "M-2")
    found = version_reader_of(ledger.recorder.datastore)
    assert asyncio.run(found.read(patient)).version == 1
    dosed(another, patient, 0)
    assert asyncio.run(found.read(patient)).version == another.history(patient).version == 2
    assert asyncio.run(found.read(second)).version == 1
    found.close()


def test_each_of_many_concurrent_reads_returns_the_version_of_its_patient(ledger: Ledger) -> None:
    patients = [opened(ledger, f"M-{number}") for number in range(3)]
    dosed(ledger, patients[1], 0)
    dosed(ledger, patients[2], 0, 1)
    assert read(ledger, *(patients * 10)) == [1, 2, 3] * 10


def test_a_patient_who_is_not_there_is_not_found(ledger: Ledger) -> None:
    with pytest.raises(NotFound, match="The patient was not found") as caught:
        read(ledger, uuid4())
    with pytest.raises(NotFound) as elsewhere:
        ledger.history(uuid4())
    assert str(caught.value) == str(elsewhere.value)


# -- trouble ----------------------------------------------------------------------------------


@pytest.mark.parametrize("store", ["postgresql"])
def test_lost_connections_are_opened_again(ledger: Ledger, ledger_url: str) -> None:
    patient = opened(ledger)
    found = version_reader_of(ledger.recorder.datastore)
    before = asyncio.run(found.read(patient))
    with psycopg.connect(ledger_url) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert asyncio.run(found.read(patient)) == before
    assert before.server != ""
    found.close()


@pytest.mark.parametrize("store", ["postgresql"])
def test_where_the_loop_cannot_watch_a_socket_a_thread_waits(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_versions, "WATCHES_SOCKETS", False)
    patient = opened(ledger)
    assert read(ledger, patient) == [1]


@pytest.mark.parametrize("store", ["postgresql"])
def test_a_table_that_may_not_be_read_is_an_error_at_once(ledger: Ledger, ledger_url: str) -> None:
    patient = opened(ledger)
    with psycopg.connect(ledger_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE stored_events RENAME TO gone")
    with pytest.raises(PersistenceError, match="stored_events"):
        read(ledger, patient)


@pytest.mark.parametrize("store", ["sqlite"])
def test_a_file_in_exclusive_use_is_waited_for_while_the_event_loop_runs(ledger: Ledger) -> None:
    patient = opened(ledger)
    assert isinstance(ledger.address, SQLiteAddress)
    path: Path = ledger.address.path
    ledger.close()
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("PRAGMA locking_mode=EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    found = version_reader_of(ledger.recorder.datastore)

    async def with_others() -> int:
        asking = asyncio.create_task(found.read(patient))
        await asyncio.sleep(0.2)
        assert not asking.done()
        holder.close()
        return (await asking).version

    assert asyncio.run(with_others()) == 1
    found.close()


@pytest.mark.parametrize("store", ["sqlite"])
def test_a_file_that_is_gone_is_an_error_of_the_store(ledger: Ledger) -> None:
    assert isinstance(ledger.address, SQLiteAddress)
    ledger.close()
    ledger.address.path.unlink()
    with pytest.raises(PersistenceError):
        read(ledger, uuid4())
