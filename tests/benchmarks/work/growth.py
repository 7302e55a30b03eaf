"""Growth: the same work among a thousand patients and among a hundred times as many, and what it asks of the store."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from domain.commands.treatment import RecordDose
from domain.ledger.application import Ledger, open_ledger
from projections.eligibility import eligibility
from projections.worklist.listing import Filters, Paging
from projections.worklist.runner import rebuild, worklist
from tests.benchmarks.counting import UNCOUNTED, Asked, asked
from tests.benchmarks.measuring import Round, microseconds, rounds, say, timed
from tests.benchmarks.patients import Template, dose_bodies, patient_ids
from tests.benchmarks.ratios import Figure, Goal, figure, paired
from tests.benchmarks.stores import NAMES, Stores, fill, namespace_of
from tests.benchmarks.work.command import Supply, alone, key, ledger_work
from tests.benchmarks.work.view import half_of_them_open
from tests.story import NURSE

FEW: Final = 1_000
COUNTED: Final = 20
PAGES_A_ROUND: Final = 20


@dataclass(frozen=True, slots=True)
class Size:
    """`patients` of each round have commands, and as many are asked for."""

    many: int
    rounds: int
    patients: int


@dataclass
class Crowd:
    """A ledger of so many patients; a patient that is taken was not read before."""

    url: str
    ledger: Ledger
    decided: list[UUID]

    def take(self, number: int) -> list[UUID]:
        taken, self.decided = self.decided[:number], self.decided[number:]
        return taken


def growing(stores: Stores, store: str, template: Template, size: Size) -> Iterator[Figure]:
    with ExitStack() as opened:
        few, many = (_crowd(stores, store, template, number, opened) for number in (FEW, size.many))
        for work, sides, goal, piece in (
            ("worklist page", _page, 1.5, _one_page),
            ("eligibility", _questions, 1.2, _one_question),
            ("command", _commands, 1.2, _one_command),
        ):
            taken = rounds({"few": sides(few, size), "many": sides(many, size)}, size.rounds)
            counts = [_counted(stores, one, piece) for one in (few, many)]
            name = f"{work}, {size.many:,} patients against {FEW:,}, {NAMES[store]}"
            ratios = paired(taken["many"], taken["few"])
            times = {"ours_us": microseconds(taken["many"]), "floor_us": microseconds(taken["few"])}
            yield figure(name, ratios, Goal(goal, at_most=True), **times, **_told(*counts))


def _told(few: Asked, many: Asked) -> dict[str, object]:
    statements, pages = [few.statements, many.statements], [few.pages, many.pages]
    read = "" if None in pages else f", {pages[0]:.1f} and {pages[1]:.1f} pages read"
    note = f"{statements[0]:.1f} and {statements[1]:.1f} statements{read}, of few and of many"
    return {"statements": statements, "pages": pages, "note": note}


def _crowd(stores: Stores, store: str, template: Template, number: int, opened: ExitStack) -> Crowd:
    say(f"  making {number:,} patients on {NAMES[store]}")
    url, patients = stores.new_ledger(store), patient_ids(number)
    fill(url, half_of_them_open(template, namespace_of(url), patients))
    ledger = opened.enter_context(open_ledger(url))
    rebuild(ledger)
    decided = patients[1::2]
    random.Random(4).shuffle(decided)
    return Crowd(url, ledger, decided)


# -- a round of each, on one crowd ------------------------------------------------------------


def _page(crowd: Crowd, size: Size) -> Round:
    def pages() -> None:
        for _ in range(PAGES_A_ROUND):
            assert len(worklist(crowd.ledger, Filters(), Paging()).items) == Paging().limit

    return lambda: timed(pages, PAGES_A_ROUND)


def _questions(crowd: Crowd, size: Size) -> Round:
    """Of patients that this process has not read, so that their histories come from the store."""
    supply = Supply(crowd.take((size.rounds + 1) * size.patients), size.patients)

    def one_round() -> float:
        patients = next(iter(supply))
        return timed(lambda: _asked(crowd.ledger, patients), len(patients))

    return one_round


def _asked(ledger: Ledger, patients: Sequence[UUID]) -> None:
    for patient in patients:
        eligibility(ledger.history(patient), ledger.today())


def _commands(crowd: Crowd, size: Size) -> Round:
    return alone(
        lambda mine: ledger_work(crowd.ledger, mine),
        Supply(crowd.take((size.rounds + 1) * size.patients), size.patients),
    )


# -- one piece of each, to be counted ---------------------------------------------------------


Piece = Callable[[Ledger, UUID], object]


def _counted(stores: Stores, crowd: Crowd, piece: Piece) -> Asked:
    patients = crowd.take(COUNTED + UNCOUNTED)

    def remember(ledger: Ledger) -> None:
        """As before commands are timed."""
        for patient in patients if piece is _one_command else ():
            ledger.history(patient)

    return asked(stores, crowd.url, lambda ledger, number: piece(ledger, patients[number]), COUNTED, before=remember)


def _one_page(ledger: Ledger, _: UUID) -> None:
    worklist(ledger, Filters(), Paging())


def _one_question(ledger: Ledger, patient: UUID) -> None:
    eligibility(ledger.history(patient), ledger.today())


def _one_command(ledger: Ledger, patient: UUID) -> None:
    body = dose_bodies(datetime.now(UTC))[0]
    ledger.execute(patient, RecordDose.model_validate_json(body), NURSE, key=key())
