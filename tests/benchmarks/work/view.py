"""Views: the worklist of all patients rebuilt, and a handwritten loop with the same folds and the same rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from uuid import UUID

from domain.ledger.application import open_ledger
from projections.worklist.runner import rebuild
from tests.benchmarks.floors.by_hand import check_versions
from tests.benchmarks.floors.views import PostgresRebuild, SQLiteRebuild
from tests.benchmarks.measuring import microseconds, rounds, timed
from tests.benchmarks.patients import StoredRow, Template, patient_ids, rows_of
from tests.benchmarks.ratios import Figure, Goal, figure, paired
from tests.benchmarks.stores import NAMES, Stores, fill, namespace_of


def half_of_them_open(template: Template, namespace: UUID, patients: list[UUID]) -> Iterator[StoredRow]:
    """Every other patient's request waits, which is a row of the worklist; the others' are approved."""
    decided = set(patients[1::2])
    topic = template.opened[-1].topic
    for row in rows_of(template, namespace, patients, 0):
        if row.topic != topic or row.originator_id in decided:
            yield row


def rebuilding(stores: Stores, store: str, template: Template, number: int, times: int) -> Iterator[Figure]:
    """`number` patients, so many times over; the rows of both sides are compared afterwards."""
    check_versions()
    patients = patient_ids(number)
    urls = [stores.new_ledger(store) for _ in range(2)]
    for url in urls:
        fill(url, half_of_them_open(template, namespace_of(url), patients))
    with ExitStack() as opened:
        ledger = opened.enter_context(open_ledger(urls[0]))
        kind = SQLiteRebuild if store == "sqlite" else PostgresRebuild
        by_hand = opened.enter_context(kind(urls[1], ledger.zone))

        def ours() -> None:
            done = rebuild(ledger)
            assert (done.patients, done.failed, done.serves) == (number, 0, True)

        taken = rounds(
            {
                "floor": lambda: timed(lambda: by_hand.rebuild(ledger.now()), number),
                "ours": lambda: timed(ours, number),
            },
            times,
        )
        other = opened.enter_context(kind(urls[0], ledger.zone))
        assert other.stored() == by_hand.stored(), "both sides keep the same rows"
    times_us = {"ours_us": microseconds(taken["ours"]), "floor_us": microseconds(taken["floor"])}
    ratios = paired(taken["floor"], taken["ours"])
    yield figure(f"rebuild views, {NAMES[store]}", ratios, Goal(0.8), **times_us, patients=number)
