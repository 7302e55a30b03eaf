"""Reading: a history of sixty events rebuilt and cached, and the whole log decoded."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from domain.ledger.application import Ledger, open_ledger
from tests.benchmarks.floors.by_hand import check_versions, decoded, folded_by_hand
from tests.benchmarks.floors.postgres import PostgresFloor
from tests.benchmarks.floors.sqlite import SQLiteFloor
from tests.benchmarks.long_lives import EVENTS, sixty_events
from tests.benchmarks.measuring import microseconds, rounds, timed
from tests.benchmarks.patients import StoredRow, Template, as_of_another, patient_ids, rows_of
from tests.benchmarks.ratios import Figure, Goal, figure, paired
from tests.benchmarks.stores import NAMES, Stores, fill

CACHED_READS: Final = 20
"""Cached reads for each rebuild: reading the clock around each fast read would be part of the measurement."""


@dataclass(frozen=True, slots=True)
class Size:
    """`histories` are read in each round; `patients` make up the log, with four events each."""

    rounds: int
    histories: int
    patients: int


def histories(stores: Stores, store: str, size: Size) -> Iterator[Figure]:
    check_versions()
    life, patients = sixty_events(), patient_ids(size.histories)
    rows = [row for patient in patients for row in as_of_another(life, patient)]
    with ExitStack() as opened:
        ledger, floor = _both(stores, store, rows, opened)
        assert folded_by_hand(patients[0], floor.states(patients[0])) == ledger.history(patients[0])

        def by_hand() -> None:
            for patient in patients:
                folded_by_hand(patient, floor.states(patient))

        def rebuilt() -> None:
            for patient in patients:
                ledger.history(patient, through_version=EVENTS)

        def remembered() -> None:
            for _ in range(CACHED_READS):
                for patient in patients:
                    ledger.history(patient)

        taken = rounds(
            {
                "floor": lambda: timed(by_hand, len(patients)),
                "rebuilt": lambda: timed(rebuilt, len(patients)),
                "remembered": lambda: timed(remembered, len(patients) * CACHED_READS),
            },
            size.rounds,
        )
    yield _figure(f"rebuild a history of {EVENTS} events, {NAMES[store]}", taken, "rebuilt", Goal(0.75))
    yield _figure(f"a history of {EVENTS} events, remembered, {NAMES[store]}", taken, "remembered", Goal(10))


def log(stores: Stores, store: str, template: Template, size: Size) -> Iterator[Figure]:
    check_versions()
    rows = [*rows_of(template, uuid4(), patient_ids(size.patients), 0)]
    random.Random(4).shuffle(rows)
    with ExitStack() as opened:
        ledger, floor = _both(stores, store, rows, opened)

        def by_hand() -> None:
            count = 0
            for _, _, _, topic, state in floor.log():
                decoded(topic, state)
                count += 1
            assert count == len(rows)

        def ours() -> None:
            # Neither side keeps an event that it has read: the garbage collector would visit all of them.
            position, last, count = -1, 0, 0
            while last > position:
                position = last
                for number, _ in ledger.events_since(position):
                    last, count = number, count + 1
            assert count == len(rows)

        taken = rounds(
            {"floor": lambda: timed(by_hand, len(rows)), "ours": lambda: timed(ours, len(rows))}, size.rounds
        )
    yield _figure(f"read and decode the log, {NAMES[store]}", taken, "ours", Goal(0.85), events=len(rows))


def _both(
    stores: Stores, store: str, rows: list[StoredRow], opened: ExitStack
) -> tuple[Ledger, SQLiteFloor | PostgresFloor]:
    """The same events in both."""
    url = stores.new_ledger(store)
    fill(url, rows)
    floor = stores.floor(store, rows)
    opened.callback(floor.close)
    return opened.enter_context(open_ledger(url)), floor


def _figure(work: str, taken: dict[str, list[float]], ours: str, goal: Goal, **beside: int) -> Figure:
    times = {"ours_us": microseconds(taken[ours]), "floor_us": microseconds(taken["floor"])}
    return figure(work, paired(taken["floor"], taken[ours]), goal, **times, **beside)
