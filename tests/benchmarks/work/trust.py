"""What trust costs: sealing beside commands, commands while the log is sealed, and verifying all of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from uuid import UUID, uuid4

from api.background.sealing import SealingThread
from domain.ledger.application import Ledger, open_ledger
from domain.ledger.sealing.sealing import Sealing
from domain.ledger.sealing.signer import Signer
from domain.ledger.verification.ledger_source import LedgerSource
from domain.ledger.verification.report import Logged
from domain.ledger.verification.verify import verify
from tests.benchmarks.floors.postgres import PostgresFloor
from tests.benchmarks.floors.sqlite import SQLiteFloor
from tests.benchmarks.measuring import Round, microseconds, rounds, timed
from tests.benchmarks.patients import DOSES, Template, patient_ids, rows_of
from tests.benchmarks.ratios import Figure, Goal, figure, paired
from tests.benchmarks.stores import NAMES, Stores, fill, namespace_of
from tests.benchmarks.work import command as command_work
from tests.benchmarks.work.command import CLIENTS, Supply, alone, command_figure, floor_work, ledger_work, together

SEALED_A_ROUND: Final = 200
"""Patients whose doses are recorded in a round, and then sealed."""


@dataclass(frozen=True, slots=True)
class Size:
    """Patients make up the log that is verified, with four events each, one of them a determination."""

    rounds: int
    patients: int
    patients_with_meaning: int


def sealing_of(ledger: Ledger, stores: Stores) -> Sealing:
    return Sealing(ledger, Signer(stores.folder / f"signer-{uuid4().hex}", os.urandom))


# -- sealing ----------------------------------------------------------------------------------


def sealing_beside_commands(stores: Stores, store: str, template: Template, number: int) -> Iterator[Figure]:
    """CPU time of this process, for an event sealed and for a command that recorded one."""
    patients = patient_ids((number + 1) * SEALED_A_ROUND)
    supply = iter(Supply(patients, SEALED_A_ROUND))
    with ExitStack() as opened:
        ledger = opened.enter_context(command_work.filled_ledger(stores, store, template, patients))
        sealing = sealing_of(ledger, stores)
        sealing.seal()

        def commands() -> float:
            work = ledger_work(ledger, next(supply))
            start = time.process_time()
            work()
            return (time.process_time() - start) / (SEALED_A_ROUND * DOSES)

        def seal() -> float:
            before, start = sealing.position, time.process_time()
            sealing.seal()
            return (time.process_time() - start) / (sealing.position - before)

        taken: dict[str, list[float]] = {"command": [], "sealed": []}
        for turn in range(-1, number):
            a_command, sealed = commands(), seal()
            if turn >= 0:
                taken["command"].append(a_command)
                taken["sealed"].append(sealed)
    times = {"ours_us": microseconds(taken["sealed"]), "floor_us": microseconds(taken["command"])}
    work = f"CPU time to seal an event, beside a command's, {NAMES[store]}"
    yield figure(work, paired(taken["sealed"], taken["command"]), Goal(0.05, at_most=True), **times)


def commands_while_sealed(stores: Stores, store: str, template: Template, size: command_work.Size) -> Iterator[Figure]:
    """The commands of the table again, with the thread beside them that seals and signs as `serve` does."""
    patients = patient_ids(size.all_patients)

    def supply() -> Supply:
        return Supply(patients, size.patients)

    with ExitStack() as opened:
        alone_by_hand, eight_by_hand = (_floors(stores, store, template, patients, opened) for _ in range(2))
        one, eight = (
            opened.enter_context(command_work.filled_ledger(stores, store, template, patients)) for _ in range(2)
        )
        for ledger in (one, eight):
            opened.enter_context(SealingThread(ledger, sealing_of(ledger, stores)))

        def by_hand(floor: SQLiteFloor | PostgresFloor) -> Callable[[Sequence[UUID]], Callable[[], None]]:
            return lambda mine: floor_work(floor.command, template, mine)

        sides = {
            "floor": alone(by_hand(alone_by_hand[0]), supply()),
            "one": alone(lambda mine: ledger_work(one, mine), supply()),
            "eight": together([lambda mine: ledger_work(eight, mine)] * CLIENTS, supply()),
        }
        if store == "postgresql":
            sides["floor, eight"] = together([by_hand(one) for one in eight_by_hand], supply())
        taken = rounds(sides, size.rounds, warming=size.warming)
    goals = {"sqlite": (0.80, 1.7), "postgresql": (0.75, 1.0)}[store]
    eight_floor = "floor, eight" if store == "postgresql" else "floor"
    yield command_figure(f"command while sealed, {NAMES[store]}, one client", taken, "one", "floor", Goal(goals[0]))
    work = f"commands while sealed, {NAMES[store]}, {CLIENTS} concurrent"
    yield command_figure(work, taken, "eight", eight_floor, Goal(goals[1]))


def _floors(
    stores: Stores, store: str, template: Template, patients: Sequence[UUID], opened: ExitStack
) -> Sequence[SQLiteFloor | PostgresFloor]:
    floors = stores.floors(CLIENTS, store, rows_of(template, uuid4(), patients, 0))
    for floor in floors:
        opened.callback(floor.close)
    return floors


# -- verifying --------------------------------------------------------------------------------


class _WithoutMeaning(LedgerSource):
    """Only bytes and order are verified."""

    def histories(self, heads: Mapping[UUID, int]) -> Iterator[list[Logged]]:
        return iter(())


def verifying(stores: Stores, store: str, template: Template, size: Size) -> Iterator[Figure]:
    """Bytes and order, and all three parts, beside reading the events by hand and hashing each of them."""
    parts = (("bytes and order", _WithoutMeaning, size.patients), ("all", LedgerSource, size.patients_with_meaning))
    for name, source, number in parts:
        with ExitStack() as opened:
            url = stores.new_ledger(store)
            rows = [*rows_of(template, namespace_of(url), patient_ids(number), 0)]
            fill(url, rows)
            ledger, floor = opened.enter_context(open_ledger(url)), stores.floor(store, rows)
            opened.callback(floor.close)
            sealing_of(ledger, stores).seal_now()
            events = ledger.position()
            sides = {"floor": _hashing(floor, events), "ours": _checking(ledger, source, events)}
            taken = rounds(sides, size.rounds)
        times = {"ours_us": microseconds(taken["ours"]), "floor_us": microseconds(taken["floor"])}
        work = f"verify {name} of {events:,} events, {NAMES[store]}"
        yield figure(work, paired(taken["ours"], taken["floor"]), Goal(2, at_most=True), **times)


def _hashing(floor: SQLiteFloor | PostgresFloor, events: int) -> Round:
    def by_hand() -> None:
        for _ in map(sha256, (one[-1] for one in floor.log())):
            pass

    return lambda: timed(by_hand, events)


def _checking(ledger: Ledger, source: type[LedgerSource], events: int) -> Round:
    def check() -> None:
        assert verify(source(ledger)).holds, "what was just sealed holds"

    return lambda: timed(check, events)
