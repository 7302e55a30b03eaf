"""The page of the worklist opens among a hundred thousand requests in the time that it takes among a hundred."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from statistics import median
from time import perf_counter
from typing import Final
from uuid import UUID

import pytest

from api.app import create_app
from api.identity import Identity
from domain.ledger.application import open_ledger
from projections.worklist.runner import rebuild
from tests import story
from tests.api.pages.desk import Desk
from tests.benchmarks.patients import StoredRow, Template, made_by_commands, patient_ids, rows_of
from tests.benchmarks.stores import Stores, fill, namespace_of, opened_stores

FEW, MANY = 100, 100_000
ROUNDS: Final = 30
RATIO_MAX: Final = 1.5


@pytest.mark.campaign
def test_a_page_among_very_many_opens_in_the_time_of_one_among_few() -> None:
    template = made_by_commands()
    with ExitStack() as opened:
        stores = opened.enter_context(opened_stores())
        few, many = (_desk(stores, template, number, opened) for number in (FEW, MANY))
        taken: dict[int, list[float]] = {FEW: [], MANY: []}
        for turn in range(ROUNDS + 3):
            for number, desk in ((FEW, few), (MANY, many)):
                took = _opens(desk, number)
                # The first of each side are for what a process does once.
                taken[number] += [took] if turn >= 3 else []
    ratio = median(taken[MANY]) / median(taken[FEW])
    print(f"{median(taken[FEW]) * 1000:.1f} ms among {FEW}, {median(taken[MANY]) * 1000:.1f} among {MANY}: {ratio:.2f}")
    assert ratio <= RATIO_MAX


def _desk(stores: Stores, template: Template, number: int, opened: ExitStack) -> Desk:
    url = stores.new_ledger("sqlite")
    fill(url, _all_open(template, namespace_of(url), patient_ids(number)))
    ledger = opened.enter_context(open_ledger(url))
    rebuild(ledger)
    return Desk(create_app(ledger, Identity(ledger)), story.NURSE)


def _all_open(template: Template, namespace: UUID, patients: list[UUID]) -> Iterator[StoredRow]:
    """Nobody's request is decided, so each is a row."""
    decided = template.opened[-1].topic
    return (row for row in rows_of(template, namespace, patients, 0) if row.topic != decided)


def _opens(desk: Desk, number: int) -> float:
    begun = perf_counter()
    page = desk.opens("/pages/worklist")
    took = perf_counter() - begun
    assert page.status == 200
    assert f'<span class="count">{number}</span>' in page.html
    return took
