"""Commands: a dose is recorded, from the bytes of its body to the commit, by one client and by eight at once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from typing import Any, Final
from uuid import UUID, uuid4

from domain.commands.treatment import RecordDose
from domain.ledger.application import Ledger, open_ledger
from tests.benchmarks.floors.postgres import PostgresFloor
from tests.benchmarks.floors.sqlite import SQLiteFloor
from tests.benchmarks.measuring import Round, microseconds, rounds, timed, timed_together
from tests.benchmarks.patients import DOSES, StoredRow, Template, dose_bodies, patient_ids, rows_of
from tests.benchmarks.ratios import Figure, Goal, figure, paired
from tests.benchmarks.stores import Stores, fill, namespace_of
from tests.story import NURSE

CLIENTS: Final = 8
WARMING_COMMANDS: Final = 400


@dataclass(frozen=True, slots=True)
class Size:
    """How often, and how much at once: `patients` of a round, each with four commands."""

    rounds: int
    patients: int

    @property
    def warming(self) -> int:
        """So many that SQLite's log has come round: from then on it is written over and not made longer."""
        return ceil(WARMING_COMMANDS / self.commands)

    @property
    def all_patients(self) -> int:
        return (self.rounds + self.warming) * self.patients

    @property
    def commands(self) -> int:
        return self.patients * DOSES


class Supply:
    """Patients without doses, so many a round."""

    def __init__(self, patients: Sequence[UUID], a_round: int) -> None:
        self._rounds = iter([patients[start : start + a_round] for start in range(0, len(patients), a_round)])

    def __iter__(self) -> Iterator[Sequence[UUID]]:
        return self._rounds


def key() -> str:
    return uuid4().hex


@contextmanager
def filled_ledger(stores: Stores, store: str, template: Template, patients: Sequence[UUID]) -> Iterator[Ledger]:
    url = stores.new_ledger(store)
    fill(url, rows_of(template, namespace_of(url), patients, 0))
    with open_ledger(url) as ledger:
        yield ledger


def ledger_work(ledger: Ledger, patients: Sequence[UUID]) -> Callable[[], None]:
    """The commands of one client: one dose to each patient, then the next dose."""
    bodies = dose_bodies(datetime.now(UTC))
    sent = [(patient, body, key()) for body in bodies for patient in patients]
    for patient in patients:
        ledger.history(patient)

    def work() -> None:
        for patient, body, idempotency_key in sent:
            ledger.execute(patient, RecordDose.model_validate_json(body), NURSE, key=idempotency_key)

    return work


def floor_work(
    command: Callable[[StoredRow, str, str, str], None], template: Template, patients: Sequence[UUID]
) -> Callable[[], None]:
    """The same rows, ready made."""
    digest = hashlib.sha256(b"").hexdigest()
    doses = [template.dose_rows(patient) for patient in patients]
    sent = [(one[number], key()) for number in range(DOSES) for one in doses]

    def work() -> None:
        for row, idempotency_key in sent:
            command(row, NURSE.id, idempotency_key, digest)

    return work


def alone(make: Callable[[Sequence[UUID]], Callable[[], None]], supply: Supply) -> Round:
    def one_round() -> float:
        patients = next(iter(supply))
        return timed(make(patients), len(patients) * DOSES)

    return one_round


def together(makes: Sequence[Callable[[Sequence[UUID]], Callable[[], None]]], supply: Supply) -> Round:
    """A thread for each of `makes`, each with patients of its own."""

    def one_round() -> float:
        patients = next(iter(supply))
        works: list[Callable[[], object]] = [make(patients[number :: len(makes)]) for number, make in enumerate(makes)]
        return timed_together(works, len(patients) * DOSES)

    return one_round


def sqlite_sides(stores: Stores, template: Template, size: Size, opened: ExitStack) -> dict[str, Round]:
    patients = patient_ids(size.all_patients)
    floor = stores.floor("sqlite", rows_of(template, uuid4(), patients, 0))
    assert isinstance(floor, SQLiteFloor)
    opened.callback(floor.close)
    others = stores.floors(CLIENTS, "sqlite", rows_of(template, uuid4(), patients, 0))
    for other in others:
        opened.callback(other.close)
    ones, eights = (opened.enter_context(filled_ledger(stores, "sqlite", template, patients)) for _ in range(2))
    return {
        "floor, eight": together(
            [lambda mine, other=other: floor_work(other.command, template, mine) for other in others],  # type: ignore[misc]
            Supply(patients, size.patients),
        ),
        "floor": alone(lambda mine: floor_work(floor.command, template, mine), Supply(patients, size.patients)),
        "one": alone(lambda mine: ledger_work(ones, mine), Supply(patients, size.patients)),
        "eight": together([lambda mine: ledger_work(eights, mine)] * CLIENTS, Supply(patients, size.patients)),
    }


def on_sqlite(stores: Stores, template: Template, size: Size) -> Iterator[Figure]:
    with ExitStack() as opened:
        taken = rounds(sqlite_sides(stores, template, size, opened), size.rounds, warming=size.warming)
    yield from [
        command_figure("command, SQLite FULL, one client", taken, "one", "floor", Goal(0.80)),
        command_figure(f"commands, SQLite FULL, {CLIENTS} concurrent", taken, "eight", "floor", Goal(1.7)),
        command_figure(f"commands, SQLite FULL, {CLIENTS} against {CLIENTS} by hand", taken, "eight", "floor, eight"),
    ]


def postgres_sides(stores: Stores, template: Template, size: Size, opened: ExitStack) -> dict[str, Round]:
    patients = patient_ids(size.all_patients)

    def floor() -> list[PostgresFloor]:
        every = stores.floors(CLIENTS, "postgresql", rows_of(template, uuid4(), patients, 0))
        for one in every:
            opened.callback(one.close)
        return [one for one in every if isinstance(one, PostgresFloor)]

    textbook, in_two = floor(), floor()
    textbook_eight, in_two_eight = floor(), floor()
    ones, eights = (opened.enter_context(filled_ledger(stores, "postgresql", template, patients)) for _ in range(2))

    def supply() -> Supply:
        return Supply(patients, size.patients)

    def by_hand(command: Callable[..., None]) -> Callable[[Sequence[UUID]], Callable[[], None]]:
        return lambda mine: floor_work(command, template, mine)

    return {
        "floor": alone(by_hand(textbook[0].command), supply()),
        "floor in two": alone(by_hand(in_two[0].command_in_two), supply()),
        "one": alone(lambda mine: ledger_work(ones, mine), supply()),
        "floor, eight": together([by_hand(one.command) for one in textbook_eight], supply()),
        "floor in two, eight": together([by_hand(one.command_in_two) for one in in_two_eight], supply()),
        "eight": together([lambda mine: ledger_work(eights, mine)] * CLIENTS, supply()),
    }


def on_postgres(stores: Stores, template: Template, size: Size) -> Iterator[Figure]:
    with ExitStack() as opened:
        taken = rounds(postgres_sides(stores, template, size, opened), size.rounds, warming=size.warming)
    yield from [
        command_figure("command, PostgreSQL, one client", taken, "one", "floor", Goal(0.75)),
        command_figure(f"commands, PostgreSQL, {CLIENTS} concurrent", taken, "eight", "floor, eight", Goal(1.0)),
        command_figure("command, PostgreSQL, one client, two round trips", taken, "one", "floor in two"),
        command_figure("commands, PostgreSQL, 8, two round trips", taken, "eight", "floor in two, eight"),
    ]


def command_figure(
    work: str, taken: dict[str, list[float]], ours: str, floor: str, goal: Goal | None = None, **beside: Any
) -> Figure:
    """How many commands ours records in the time of one of the floor's."""
    times = {"ours_us": microseconds(taken[ours]), "floor_us": microseconds(taken[floor])}
    return figure(work, paired(taken[floor], taken[ours]), goal, **times, **beside)
