"""The tables of the views on both stores: rows and position together, one runner at a time, generations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from typing import overload
from uuid import UUID

import pytest

from domain.ledger.application import Ledger, open_ledger
from domain.ledger.schema import upgrade
from domain.ledger.stores.sql import SqlRun
from projections.worklist import storage
from projections.worklist.storage import (
    NEVER,
    Generation,
    Refolded,
    Views,
    WorklistEntry,
    WorklistFound,
    WorklistQuery,
    views_of,
)
from tests.conftest import NOON, OpenLedger, seeded
from tests.postgres_server import PostgresServer

ALMA, BEA = UUID(int=1), UUID(int=2)
VIEW, RENDERER = "worklist", "1-here"


@pytest.fixture
def views(ledger: Ledger) -> Views:
    return views_of(ledger.recorder.datastore)


def entry(patient: UUID = ALMA, number: int = 1, **values: object) -> WorklistEntry:
    subject = f"{patient}.r{number}"
    made = WorklistEntry(
        subject_id=subject,
        patient_id=patient,
        kind="request",
        state="open",
        path="A",
        recommendation="pend",
        line_of_business="commercial",
        urgency="standard",
        held_by="",
        received_at=NOON,
        due_at=NOON + timedelta(days=2),
        at_risk_from=NOON + timedelta(days=1),
        paused_from=NEVER,
        paused_until=NEVER,
        changes_on=None,
        missing=" NR.3 ",
        row=f'{{"subject_id": "{subject}"}}',
        history_version=3,
    )
    return replace(made, **values)  # type: ignore[arg-type]


def folded(*entries: WorklistEntry, patient: UUID = ALMA) -> Refolded:
    return Refolded(patient, entries)


def filled(views: Views, *refolded: Refolded, renderer: str = RENDERER) -> Generation:
    """A generation at position 7 that serves."""
    stored = views.store(VIEW, views.begin(VIEW, renderer), 7, refolded, NOON)
    assert stored is not None
    failed = [one.patient_id for one in refolded if one.error is not None]
    assert views.serve(VIEW, renderer, stored, alone=False, failed=failed)
    return stored


def subjects(views: Views, renderer: str = RENDERER, **asked: object) -> list[str]:
    found = page(views, renderer, **asked)
    return [one.rpartition(".")[2].rstrip('"}') for one in found.rows] if found is not None else []


def page(views: Views, renderer: str = RENDERER, **asked: object) -> WorklistFound | None:
    """As the tables are, whatever the log holds and the day is."""
    query = WorklistQuery(**({"now": NOON} | asked))  # type: ignore[arg-type]
    return views.worklist(VIEW, renderer, query, date.min, at_least=0)[1]


# -- rows and position ------------------------------------------------------------------------


def test_what_a_generation_holds_is_seen_once_it_serves(views: Views) -> None:
    begun = views.begin(VIEW, RENDERER)
    assert begun.position == 0
    stored = views.store(VIEW, begun, 4, [folded(entry())], NOON)
    assert stored == Generation(begun.number, 4)
    assert (views.serving(VIEW, RENDERER), subjects(views)) == (None, [])
    assert views.serve(VIEW, RENDERER, stored, alone=False)
    assert (views.serving(VIEW, RENDERER), subjects(views)) == (stored, ["r1"])


def test_the_rows_of_a_patient_are_replaced_and_those_of_others_stay(views: Views) -> None:
    serving = filled(views, folded(entry(), entry(number=2)), folded(entry(BEA, 3), patient=BEA))
    after = views.store(VIEW, serving, 8, [folded(entry(number=4))], NOON)
    assert subjects(views) == ["r4", "r3"]
    assert after is not None
    assert views.store(VIEW, after, 9, [folded()], NOON) == Generation(serving.number, 9)
    assert subjects(views) == ["r3"]


def test_of_two_who_do_the_same_work_the_second_stores_nothing(views: Views, open_here: OpenLedger) -> None:
    serving = filled(views, folded(entry()))
    other = views_of(open_here().recorder.datastore)
    assert views.store(VIEW, serving, 9, [folded(entry(number=2))], NOON) is not None
    assert other.store(VIEW, serving, 9, [folded(entry(number=3))], NOON) is None
    assert other.store(VIEW, serving, 12, [Refolded(ALMA, error="too late")], NOON) is None
    assert (subjects(other), other.failures(VIEW)) == (["r2"], [])


class Died(BaseException):
    """Ends the process, as far as the transaction can tell."""


class DiesAfterTheFirst(Sequence[Refolded]):
    def __init__(self, first: Refolded) -> None:
        self.first = first

    def __iter__(self) -> Iterator[Refolded]:
        yield self.first
        raise Died

    def __len__(self) -> int:
        return 2

    @overload
    def __getitem__(self, index: int) -> Refolded: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Refolded]: ...
    def __getitem__(self, index: int | slice) -> Refolded | Sequence[Refolded]:
        raise Died


def test_a_runner_that_dies_in_the_middle_has_done_nothing(views: Views) -> None:
    serving = filled(views, folded(entry()))
    with pytest.raises(Died):
        views.store(VIEW, serving, 9, DiesAfterTheFirst(folded(entry(number=2))), NOON)
    assert (views.serving(VIEW, RENDERER), subjects(views)) == (serving, ["r1"])
    assert views.store(VIEW, serving, 9, [folded(entry(number=2))], NOON) is not None


# -- generations ------------------------------------------------------------------------------


def test_a_newer_generation_takes_the_place_of_the_older_ones(views: Views) -> None:
    old = filled(views, folded(entry()))
    slow, quick = views.begin(VIEW, RENDERER), views.begin(VIEW, RENDERER)
    done = views.store(VIEW, quick, 9, [folded(entry(number=2))], NOON)
    assert done is not None
    assert subjects(views) == ["r1"]
    assert views.serve(VIEW, RENDERER, done, alone=False)
    assert subjects(views) == ["r2"]
    for dropped in (old, slow):
        assert views.store(VIEW, dropped, 10, [folded(entry(number=3))], NOON) is None
        assert not views.serve(VIEW, RENDERER, dropped, alone=False)
    assert subjects(views) == ["r2"]


def test_an_older_generation_that_is_done_first_serves_until_the_newer_one_is(views: Views) -> None:
    """And no number is given out twice, so that nobody fills another's generation."""
    older, newer = views.begin(VIEW, RENDERER), views.begin(VIEW, RENDERER)
    assert views.serve(VIEW, RENDERER, older, alone=False)
    assert views.begin(VIEW, RENDERER).number > newer.number
    assert views.serve(VIEW, RENDERER, newer, alone=False)
    assert views.serving(VIEW, RENDERER) == newer


def test_programs_of_two_versions_serve_rows_of_their_own(views: Views) -> None:
    filled(views, folded(entry()))
    other = filled(views, folded(entry(number=2)), renderer="2-newer")
    assert (subjects(views), subjects(views, "2-newer")) == (["r1"], ["r2"])
    assert views.serve(VIEW, "2-newer", other, alone=True)
    assert views.serving(VIEW, RENDERER) is None
    assert (subjects(views), subjects(views, "2-newer")) == ([], ["r2"])


def test_generations_that_are_begun_at_once_have_different_numbers(views: Views) -> None:
    with ThreadPoolExecutor(8) as threads:
        begun = list(threads.map(lambda _: views.begin(VIEW, RENDERER).number, range(24)))
    assert len(set(begun)) == 24


def test_rows_of_dropped_generations_are_deleted_in_batches_and_the_next_process_finishes(
    views: Views, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "ROWS_DROPPED_AT_ONCE", 2)
    drop, calls = storage.drop_rows, []

    def dying(run: SqlRun, generation: int, limit: int) -> bool:
        calls.append(generation)
        if len(calls) == 2:
            raise Died
        return drop(run, generation, limit)

    old = filled(views, folded(*(entry(number=number) for number in range(1, 6))))
    new = filled(views, folded(entry(number=9)))
    monkeypatch.setattr(storage, "drop_rows", dying)
    with pytest.raises(Died):
        views.sweep(VIEW)
    assert rows_by_generation(ledger) == {old.number: 3, new.number: 1}
    assert subjects(views) == ["r9"]
    views.sweep(VIEW)
    assert rows_by_generation(ledger) == {new.number: 1}
    assert views.store(VIEW, old, 8, [folded(entry())], NOON) is None


def rows_by_generation(ledger: Ledger) -> dict[int, int]:
    with ledger.recorder.datastore.transaction(commit=False) as cursor:
        cursor.execute("SELECT generation, COUNT(*) AS number FROM worklist_entries GROUP BY generation")
        return {row["generation"]: row["number"] for row in cursor.fetchall()}


# -- what is due, and what failed -------------------------------------------------------------


def test_rows_are_due_on_their_day_a_batch_at_a_time(views: Views) -> None:
    day = date(2026, 5, 1)
    serving = filled(
        views,
        folded(entry(changes_on=day), entry(number=2, changes_on=day)),
        folded(entry(BEA, 3, changes_on=day + timedelta(days=1)), patient=BEA),
    )
    assert views.due(VIEW, serving, day - timedelta(days=1), 10) == []
    assert views.due(VIEW, serving, day, 10) == [ALMA]
    assert views.due(VIEW, serving, day + timedelta(days=9), 10) == [ALMA, BEA]
    assert views.due(VIEW, serving, day + timedelta(days=9), 1) == [ALMA]


def test_a_failure_is_counted_and_deleted_when_it_is_fixed(views: Views) -> None:
    """The rows that stood stand on, and nobody else has to wait: what fails is due no more."""
    serving: Generation | None = filled(views, folded(entry(changes_on=date(2026, 5, 1))))
    for attempt in (1, 2):
        assert serving is not None
        at = NOON + timedelta(hours=attempt)
        serving = views.store(VIEW, serving, 9, [Refolded(ALMA, error=f"wrong {attempt}")], at)
        (failure,) = views.failures(VIEW)
        expected = (ALMA, f"wrong {attempt}", at, attempt)
        assert (failure.patient_id, failure.error, failure.failed_at, failure.attempts) == expected
    assert serving is not None
    assert subjects(views) == ["r1"]
    assert views.due(VIEW, serving, date(2026, 6, 1), 10) == []
    views.store(VIEW, serving, 9, [folded(entry(number=2))], NOON)
    assert (views.failures(VIEW), subjects(views)) == ([], ["r2"])


# -- what is asked ----------------------------------------------------------------------------


def test_texts_are_sorted_by_code_points_and_clauses_compared_by_case(views: Views) -> None:
    """On both stores alike, whatever the collation of the database."""
    holders = ["Zoe", "anna", "A-1", "a.b", ""]
    filled(views, folded(*(entry(number=number, held_by=one) for number, one in enumerate(holders))))
    in_order = [f"r{holders.index(one)}" for one in sorted(holders)]
    assert subjects(views, sort="held_by") == in_order
    assert subjects(views, sort="held_by", descending=True) == in_order[::-1]
    assert subjects(views, sort="held_by", after=("a.b", f"{ALMA}.r3")) == ["r1"]
    assert len(subjects(views, missing="NR.3")) == len(holders)
    assert subjects(views, missing="nr.3") == subjects(views, missing="NR") == []


def test_nothing_is_taken_for_every_value(views: Views) -> None:
    filled(views, folded(entry()))
    assert subjects(views, equal={"held_by": ()}) == []
    assert subjects(views, equal={"held_by": ("",)}) == ["r1"]


def test_a_page_has_one_row_more_than_it_is_long(views: Views) -> None:
    """By which it is known that there is another page; counts are of all."""
    filled(views, folded(*(entry(number=number) for number in range(5))))
    found = page(views, limit=2, equal={"state": ("open", "referred")})
    assert found is not None
    assert (len(found.rows), found.counts) == (3, {"open": 5})


def test_a_role_that_serves_keeps_the_views(postgres: PostgresServer, postgresql_url: str, serving_role: str) -> None:
    upgrade(postgresql_url, serving_role=serving_role, entropy=seeded(1))
    url = postgres.url(postgresql_url.rpartition("/")[2], serving_role, "serving")
    with open_ledger(url) as served:
        views = views_of(served.recorder.datastore)
        filled(views, folded(entry()))
        filled(views, folded(entry(number=2)), Refolded(BEA, error="wrong"))
        assert (subjects(views), len(views.failures(VIEW))) == (["r2"], 1)
