"""The worklist's counts and pages compared with plain filtering and sorting in Python, and how rows are read."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.ledger.application import Ledger
from domain.ledger.stores import sql
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
from tests.conftest import NOON

VIEW, RENDERER = "worklist", "1-here"
SETS = ("", " NR.3 ", " NR.3  1.A.i ", " 1.B.iv ", " 1.A.iii.d(3) ")
HOLDERS = ("", "", "r.nurse", "d.medical", "n.one")
SORTS = ("due_at", "received_at", "state", "held_by")


@pytest.fixture
def views(ledger: Ledger) -> Views:
    return views_of(ledger.recorder.datastore)


class Entries:
    """Any entries, and what is now in the tables."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.kept: dict[UUID, tuple[WorklistEntry, ...]] = {}

    def refolded(self, patient_id: UUID, now: datetime) -> Refolded:
        many = self.chance.choice((0, 1, 1, 2))
        self.kept[patient_id] = tuple(self.any(patient_id, number, now) for number in range(many))
        return Refolded(patient_id, self.kept[patient_id])

    def any(self, patient_id: UUID, number: int, now: datetime) -> WorklistEntry:
        choice = self.chance.choice
        received = now - timedelta(hours=self.chance.randint(0, 200))
        due = received + timedelta(hours=choice((72, 360)))
        paused = choice((None, None, received + timedelta(hours=10)))
        external = choice((False, False, False, True))
        return WorklistEntry(
            subject_id=f"{patient_id}.r{number}",
            patient_id=patient_id,
            kind=choice(("request", "appeal")),
            state=choice(("open", "open", "referred", "awaiting_information")),
            path=choice(("A", "B", "unknown")),
            recommendation=choice(("approve", "pend", "")),
            line_of_business=choice(("commercial", "medicaid")),
            urgency=choice(("standard", "urgent")),
            held_by=choice(HOLDERS),
            received_at=received,
            due_at=NEVER if external else due,
            at_risk_from=NEVER if external else received + 0.8 * (due - received),
            paused_from=paused or NEVER,
            paused_until=paused + timedelta(hours=50) if paused else NEVER,
            changes_on=None,
            missing=choice(SETS),
            row=f"{patient_id}.r{number}",
            history_version=1,
        )

    def query(self, now: datetime) -> WorklistQuery:
        names = self.chance.sample(
            ("kind", "state", "path", "recommendation", "line_of_business", "urgency", "held_by"),
            self.chance.choice((0, 0, 1, 1, 2, 3)),
        )
        one = self.any(UUID(int=1), 1, now)
        equal = {name: (str(getattr(one, name)),) for name in names}
        return WorklistQuery(
            now=now,
            equal=equal,
            overdue=self.chance.random() < 0.25,
            at_risk=self.chance.random() < 0.25,
            missing=self.chance.choice((None, None, "NR.3", "1.A", "1.B.iv")),
            sort=self.chance.choice(SORTS),
            descending=self.chance.choice((True, False)),
            limit=self.chance.choice((1, 3, 200)),
        )

    def expected(self, query: WorklistQuery) -> tuple[dict[str, int], list[WorklistEntry]]:
        every = [one for entries in self.kept.values() for one in entries if self._is_asked_for(one, query)]
        counts = dict(Counter(one.state for one in every))
        states = query.equal.get("state")
        shown = [one for one in every if states is None or one.state in states]
        shown.sort(key=lambda one: (getattr(one, query.sort), one.subject_id), reverse=query.descending)
        return counts, shown

    @staticmethod
    def _is_asked_for(one: WorklistEntry, query: WorklistQuery) -> bool:
        is_paused = one.paused_from <= query.now < one.paused_until or one.due_at == NEVER
        is_overdue = query.now > one.due_at and not is_paused
        is_at_risk = one.at_risk_from <= query.now <= one.due_at and not is_paused
        standings = [is_ for is_, wanted in ((is_overdue, query.overdue), (is_at_risk, query.at_risk)) if wanted]
        equal = (getattr(one, name) in accepted for name, accepted in query.equal.items() if name != "state")
        lacks = query.missing is None or f" {query.missing} " in one.missing
        return all(equal) and lacks and (any(standings) or not standings)


def turned(views: Views, generation: Generation, now: datetime) -> None:
    while views.turn(VIEW, generation, now, 7):
        pass


def asked(views: Views, query: WorklistQuery) -> WorklistFound:
    found = views.worklist(VIEW, RENDERER, query, date.min, at_least=0)[1]
    assert found is not None
    return found


def pages(views: Views, query: WorklistQuery, entries: dict[str, WorklistEntry]) -> Iterator[str]:
    while True:
        rows = asked(views, query).rows
        yield from rows[: query.limit]
        if len(rows) <= query.limit:
            return
        last = entries[rows[query.limit - 1]]
        query = replace(query, after=(getattr(last, query.sort), last.subject_id))


def test_counts_and_pages_are_those_of_filtering_every_row(views: Views, reads: Counter[str]) -> None:
    """While rows come, change and go, and clocks run on: every count is exact, whatever is asked for."""
    made, now = Entries(5), NOON
    patients = [UUID(int=number) for number in range(1, 120)]
    generation: Generation | None = views.begin(VIEW, RENDERER)
    assert generation is not None
    generation = views.store(VIEW, generation, 1, [made.refolded(one, now) for one in patients], now, are_new=True)
    assert generation is not None
    assert views.serve(VIEW, RENDERER, generation, alone=True)
    seen = Counter[str]()
    for round_ in range(12):
        some = made.chance.sample(patients, 9)
        generation = views.store(VIEW, generation, round_ + 2, [made.refolded(one, now) for one in some], now)
        assert generation is not None
        now += timedelta(hours=made.chance.choice((0, 5, 40)))
        turned(views, generation, now)
        by_subject = {one.subject_id: one for entries in made.kept.values() for one in entries}
        for _ in range(12):
            query = made.query(now)
            counts, rows = made.expected(query)
            assert asked(views, query).counts == counts, query
            assert list(pages(views, query, by_subject)) == [one.subject_id for one in rows], query
            seen.update(["found" if rows else "none", *(["several"] if len(rows) > query.limit else [])])
    assert min(seen["found"], seen["none"], seen["several"]) > 10, seen
    assert min(reads["along"], reads["gathered"]) > 10, reads


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    found = Counter[str]()

    def looked_at(_: Callable[..., Any], statement: str) -> None:
        if "e.row" in statement:
            found["gathered" if "WITH cells" in statement else "along"] += 1

    spied(monkeypatch, looked_at)
    return found


def spied(patch: pytest.MonkeyPatch, look: Callable[[Callable[..., Any], str], None]) -> None:
    """Shows every statement beforehand, and a way to run another one with the same parameters."""
    for kind in (sql.SQLiteRun, sql.PostgresRun):

        def spying(self: Any, statement: str, *, _run: Any = kind.__call__, **values: Any) -> Any:
            look(lambda other: _run(self, other, **values), statement)
            return _run(self, statement, **values)

        patch.setattr(kind, "__call__", spying)


def test_a_count_of_nothing_is_not_kept(views: Views, ledger: Ledger) -> None:
    """Or what was once counted would pile up."""
    made = Entries(6)
    generation: Generation | None = views.begin(VIEW, RENDERER)
    patients = [UUID(int=number) for number in range(1, 60)]
    for position in (1, 2):
        assert generation is not None
        rows = [made.refolded(one, NOON) if position == 1 else Refolded(one) for one in patients]
        generation = views.store(VIEW, generation, position, rows, NOON)
    with ledger.recorder.datastore.transaction(commit=False) as cursor:
        for table in ("worklist_entries", "worklist_counts"):
            cursor.execute(f"SELECT COUNT(*) AS number FROM {table}")
            assert cursor.fetchone()["number"] == 0  # type: ignore[index]


# -- how rows are read ------------------------------------------------------------------------

ORDERED: list[dict[str, Any]] = [
    *({"sort": sort, "descending": descending} for sort in SORTS for descending in (False, True)),
    *({"sort": sort, "after": (NOON.isoformat(), "x")} for sort in ("state", "held_by")),
    {"equal": {"state": ("open",)}},
    {"equal": {"held_by": ("",)}, "sort": "received_at"},
    {"overdue": True, "at_risk": True, "descending": True},
]


@pytest.mark.parametrize("asked_for", ORDERED, ids=str)
def test_frequent_rows_are_read_along_the_index_of_their_order_and_never_sorted(
    views: Views, asked_for: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So a page reads as many rows as it shows, however many there are."""
    made = Entries(8)
    begun = views.begin(VIEW, RENDERER)
    rows = [made.refolded(UUID(int=number), NOON) for number in range(1, 400)]
    generation = views.store(VIEW, begun, 1, rows, NOON, are_new=True)
    assert generation is not None
    assert views.serve(VIEW, RENDERER, generation, alone=True)
    plans: list[str] = []

    def explained(run: Callable[..., Any], statement: str) -> None:
        if "e.row" in statement:
            plans.append("\n".join(str(dict(row)) for row in run(f"{explain} {statement}")))

    explain = "EXPLAIN QUERY PLAN" if isinstance(views._store, sql.SQLiteViews) else "EXPLAIN"
    spied(monkeypatch, explained)
    assert asked(views, WorklistQuery(**({"now": NOON, "limit": 5} | asked_for))).rows
    assert plans
    for plan in plans:
        assert "worklist_entries_" in plan
        assert not [word for word in ("TEMP B-TREE", "Sort", "Seq Scan on worklist_entries") if word in plan], plan
