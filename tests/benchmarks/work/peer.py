"""The ledger's commands beside what other programs take to append the same payload, on the same disk and server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from typing import Final
from uuid import UUID

from tests.benchmarks.measuring import Round, microseconds, rounds
from tests.benchmarks.patients import Template, patient_ids
from tests.benchmarks.ratios import Figure, Goal, absent, figure, paired
from tests.benchmarks.store_peers import Peer
from tests.benchmarks.stores import NAMES, Stores
from tests.benchmarks.work.command import CLIENTS, Size, Supply, alone, filled_ledger, ledger_work, together

AHEAD: Final = Goal(1.0)


@dataclass(frozen=True, slots=True)
class Entry:
    """`own` stands for a store of its own, which is no peer on PostgreSQL but is measured beside it."""

    name: str
    module: str
    own: bool = False


LIBRARY: Final = Entry("eventsourcing's default", "library_default")
EVENTSOURCE_PY: Final = Entry("eventsource-py", "eventsource_py")
EMMETT: Final = Entry("emmett-postgresql", "emmett_postgresql")
UMADB: Final = Entry("umadb", "uma", own=True)
PEERS: Final = {"sqlite": (LIBRARY, EVENTSOURCE_PY), "postgresql": (LIBRARY, EVENTSOURCE_PY, EMMETT, UMADB)}


def beside(stores: Stores, store: str, template: Template, size: Size) -> Iterator[Figure]:
    """Each peer against the ledger: how many of our commands go into the time of one of its appends."""
    patients = patient_ids(size.all_patients)
    missing: dict[Entry, str] = {}
    with ExitStack() as opened:
        sides = _ours(stores, store, template, patients, size, opened)
        for entry in PEERS[store]:
            try:
                peer = _opened(entry, stores, store, template, opened)
                peer.seconds(2, CLIENTS)
            except Exception as error:
                missing[entry] = f"{type(error).__name__}: {error}".splitlines()[0]
                continue
            sides[f"{entry.name}, 1"] = lambda peer=peer: peer.seconds(size.patients, 1)  # type: ignore[misc]
            sides[f"{entry.name}, {CLIENTS}"] = lambda peer=peer: peer.seconds(size.patients, CLIENTS)  # type: ignore[misc]
        taken = rounds(sides, size.rounds, warming=size.warming)
    for entry in PEERS[store]:
        for clients in (1, CLIENTS):
            work = f"{_clients(clients)} beside {entry.name}" + ("" if entry.own else f", {NAMES[store]}")
            goal = AHEAD if store == "postgresql" and clients == CLIENTS and not entry.own else None
            if entry in missing:
                yield absent(work, missing[entry], goal)
                continue
            ours, theirs = taken[f"ours, {clients}"], taken[f"{entry.name}, {clients}"]
            times = {"ours_us": microseconds(ours), "floor_us": microseconds(theirs)}
            yield figure(work, paired(theirs, ours), goal, **times)


def _ours(
    stores: Stores, store: str, template: Template, patients: Sequence[UUID], size: Size, opened: ExitStack
) -> dict[str, Round]:
    one, eight = (opened.enter_context(filled_ledger(stores, store, template, patients)) for _ in range(2))
    return {
        "ours, 1": alone(lambda mine: ledger_work(one, mine), Supply(patients, size.patients)),
        f"ours, {CLIENTS}": together(
            [lambda mine: ledger_work(eight, mine)] * CLIENTS, Supply(patients, size.patients)
        ),
    }


def _opened(entry: Entry, stores: Stores, store: str, template: Template, opened: ExitStack) -> Peer:
    module = import_module(f"tests.benchmarks.store_peers.{entry.module}")
    peer: Peer = opened.enter_context(
        module.opened(str(stores.folder) if entry.own else stores.new_url(store), template)
    )
    return peer


def _clients(number: int) -> str:
    return "command, one client," if number == 1 else f"commands, {number} concurrent,"
