"""A batch on the real stores: who comes too late is left out whole, and PostgreSQL is asked once for all of it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from uuid import UUID

import pytest
from eventsourcing.persistence import StoredEvent
from psycopg import pq

from domain.ledger.application import Ledger, open_ledger
from domain.ledger.stores.group_commit import CommandRecord, Recording
from domain.ledger.stores.postgres_recorder import PostgresLedgerRecorder
from tests.ledger.acts import dose, opened
from tests.story import NURSE


def written(ledger: Ledger, batch: Sequence[Recording]) -> Collection[int]:
    """In one transaction, as the group commit has it written."""
    recorder = ledger.recorder
    return recorder._writer.write(batch) if isinstance(recorder, PostgresLedgerRecorder) else recorder._write(batch)


def event(patient_id: UUID, version: int) -> StoredEvent:
    return StoredEvent(patient_id, version, "DoseAdministered", b'{"made":"for this test"}')


def sent(key: str, *events: StoredEvent) -> Recording:
    first, last = events[0], events[-1]
    assert isinstance(first.originator_id, UUID)
    versions = first.originator_version, last.originator_version
    return Recording(events, CommandRecord(NURSE.id, key, "digest", first.originator_id, *versions))


def versions(ledger: Ledger, patient_id: UUID) -> list[int]:
    return [version for version, _, _ in ledger.recorder.rows_of(patient_id)]


def test_of_a_batch_the_losers_are_left_out_whole_and_all_others_are_stored(ledger: Ledger) -> None:
    one, two, three, four = (opened(ledger, f"M-{number}") for number in range(4))
    ledger.execute(one, dose(0), NURSE, key="used")
    before = ledger.position()
    batch = [
        sent("first", event(one, 3), event(one, 4)),
        # Its own history has not moved, and the other that it touches has.
        sent("beside", event(two, 2), event(one, 2)),
        sent("used", event(two, 2)),
        # The version that was to come is left out.
        sent("gap", event(three, 3)),
        sent("last", event(four, 2)),
    ]
    assert sorted(written(ledger, batch)) == [1, 2, 3]
    assert [versions(ledger, patient) for patient in (one, two, three, four)] == [[1, 2, 3, 4], [1], [1], [1, 2]]
    assert [ledger.recorder.find_command(NURSE.id, key) is not None for key in ("first", "beside", "gap", "last")] == [
        True,
        False,
        False,
        True,
    ]
    stored = [(stream, version) for _, stream, version, _, _ in ledger.recorder.log(before, 10)]
    assert stored == [(one, 3), (one, 4), (four, 2)]


@pytest.mark.parametrize("late", ["nobody", "a version", "a key", "a gap", "all"])
def test_of_commands_of_one_event_each_all_are_stored_in_their_order_but_the_losers(ledger: Ledger, late: str) -> None:
    patients = [opened(ledger, f"M-{number}") for number in range(5)]
    ledger.execute(opened(ledger, "M-used"), dose(0), NURSE, key="used")
    before = ledger.position()
    batch = [sent(f"k{number}", event(patient, 2)) for number, patient in enumerate(patients)]
    batch[4] = Recording(batch[4].events, None)
    match late:
        case "a version":
            batch[1] = sent("k1", event(patients[1], 1))
        case "a key":
            batch[1] = sent("used", event(patients[1], 2))
        case "a gap":
            batch[1] = sent("k1", event(patients[1], 3))
        case "all":
            batch = [sent(f"k{number}", event(patient, 1)) for number, patient in enumerate(patients)]
    lost = {"nobody": [], "all": [0, 1, 2, 3, 4]}.get(late, [1])
    assert sorted(written(ledger, batch)) == lost
    stored = [(stream, version) for _, stream, version, _, _ in ledger.recorder.log(before, 10)]
    assert stored == [(patient, 2) for number, patient in enumerate(patients) if number not in lost]
    found = [ledger.recorder.find_command(NURSE.id, f"k{number}") is not None for number in range(4)]
    assert found == [number not in lost for number in range(4)]


@pytest.fixture
def postgresql_ledger(postgresql_url: str) -> Iterator[Ledger]:
    with open_ledger(postgresql_url) as ledger:
        yield ledger


@pytest.mark.skipif(pq.version() < 140_000, reason="this libpq does not tell what it sends without times")
def test_on_postgresql_a_batch_is_one_round_trip_of_a_prepared_statement(
    postgresql_ledger: Ledger, tmp_path: Path
) -> None:
    patients = [opened(postgresql_ledger, f"M-{number}") for number in range(5)]
    recorder = postgresql_ledger.recorder
    assert isinstance(recorder, PostgresLedgerRecorder)
    cursor = recorder._writer._cursor
    assert cursor is not None, "opening a history has connected it"
    server, file = cursor.connection.pgconn, tmp_path / "exchanged"
    with file.open("wb") as exchanged:
        server.trace(exchanged.fileno())
        server.set_trace_flags(pq.Trace.SUPPRESS_TIMESTAMPS)
        assert (
            list(written(postgresql_ledger, [sent(f"k{number}", event(one, 2)) for number, one in enumerate(patients)]))
            == []
        )
        server.untrace()
    said = re.findall(r"^([FB])\t\d+\t(\w+)", file.read_text(errors="replace"), re.MULTILINE)
    assert [name for side, name in said if side == "F"] == ["Bind", "Describe", "Execute", "Sync"]
    assert [versions(postgresql_ledger, one) for one in patients] == [[1, 2]] * 5
