"""All that is measured, in the order of the table; each part stands alone, and one that fails is a row that says so."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from tests.benchmarks.measuring import say
from tests.benchmarks.patients import Template, made_by_commands
from tests.benchmarks.ratios import Figure, absent
from tests.benchmarks.stores import NAMES, Stores
from tests.benchmarks.work import assessment as assessment_work
from tests.benchmarks.work import audit as audit_work
from tests.benchmarks.work import command as command_work
from tests.benchmarks.work import deciding as deciding_work
from tests.benchmarks.work import eligibility as eligibility_work
from tests.benchmarks.work import growth as growth_work
from tests.benchmarks.work import peer as peer_work
from tests.benchmarks.work import reading as reading_work
from tests.benchmarks.work import trust as trust_work
from tests.benchmarks.work import view as view_work


@dataclass
class Run:
    """What the parts share; `quick` makes everything small, and the intervals wide."""

    stores: Stores
    quick: bool

    @cached_property
    def template(self) -> Template:
        return made_by_commands()

    @property
    def rounds(self) -> int:
        return 7 if self.quick else 15

    def size(self, quick: int, full: int) -> int:
        return quick if self.quick else full


Part = Callable[[Run], Iterator[Figure]]


def commands_on_sqlite(run: Run) -> Iterator[Figure]:
    yield from command_work.on_sqlite(run.stores, run.template, _commands(run))


def commands_on_postgres(run: Run) -> Iterator[Figure]:
    yield from command_work.on_postgres(run.stores, run.template, _commands(run))


def _commands(run: Run) -> command_work.Size:
    """Many short rounds: what disturbs a disk lasts longer than one of them."""
    return command_work.Size(run.size(9, 41), run.size(12, 32))


def deciding(run: Run) -> Iterator[Figure]:
    for store in NAMES:
        yield from deciding_work.approving(run.stores, store, run.template, _commands(run))


def histories(run: Run) -> Iterator[Figure]:
    for store in NAMES:
        size = reading_work.Size(run.rounds, histories=run.size(20, 100), patients=0)
        yield from reading_work.histories(run.stores, store, size)


def log(run: Run) -> Iterator[Figure]:
    for store in NAMES:
        size = reading_work.Size(run.rounds, histories=0, patients=run.size(500, 2_000))
        yield from reading_work.log(run.stores, store, run.template, size)


def views(run: Run) -> Iterator[Figure]:
    for store in NAMES:
        yield from view_work.rebuilding(run.stores, store, run.template, run.size(200, 4_000), run.size(7, 9))


def audit_trails(run: Run) -> Iterator[Figure]:
    yield from audit_work.trails(run.size(8, 16), 8, run.rounds)


def growth(run: Run) -> Iterator[Figure]:
    for store in NAMES:
        size = growth_work.Size(run.size(10_000, 100_000), run.rounds, run.size(8, 12))
        yield from growth_work.growing(run.stores, store, run.template, size)


def eligibility_over_http(run: Run) -> Iterator[Figure]:
    for store in NAMES:
        requests = run.size(30, 100)
        yield from eligibility_work.asking(run.stores, store, run.template, run.size(9, 21), requests)


def assessments(run: Run) -> Iterator[Figure]:
    yield from assessment_work.assessing(run.rounds)


def peers(run: Run) -> Iterator[Figure]:
    for store in NAMES:
        size = command_work.Size(run.size(7, 9), run.size(8, 32))
        yield from peer_work.beside(run.stores, store, run.template, size)


def sealing(run: Run) -> Iterator[Figure]:
    for store in NAMES:
        yield from trust_work.sealing_beside_commands(run.stores, store, run.template, run.rounds)


def commands_while_sealed(run: Run) -> Iterator[Figure]:
    for store in NAMES:
        yield from trust_work.commands_while_sealed(run.stores, store, run.template, _commands(run))


def verifying(run: Run) -> Iterator[Figure]:
    for store in NAMES:
        size = trust_work.Size(run.size(7, 9), run.size(1_000, 25_000), run.size(100, 1_500))
        yield from trust_work.verifying(run.stores, store, run.template, size)


PARTS: dict[str, Part] = {
    "commands on SQLite": commands_on_sqlite,
    "commands on PostgreSQL": commands_on_postgres,
    "deciding": deciding,
    "histories": histories,
    "log": log,
    "views": views,
    "peers that store": peers,
    "eligibility over HTTP": eligibility_over_http,
    "sealing": sealing,
    "commands while sealed": commands_while_sealed,
    "verifying": verifying,
    "assessments": assessments,
    "audit trail": audit_trails,
    "growth": growth,
}


def measured(run: Run, wanted: str | None = None) -> Iterator[Figure]:
    """The rows as they come; `wanted` is a word of the names of the parts."""
    for name, part in PARTS.items():
        if wanted is not None and wanted.lower() not in name.lower():
            continue
        say(f"measuring: {name}")
        start = time.monotonic()
        try:
            yield from part(run)
        except Exception as error:
            yield absent(name, f"{type(error).__name__}: {error}".splitlines()[0])
        say(f"  {time.monotonic() - start:.0f} s")
