"""The worklist that is kept in tables is that of folding every patient: after every command, and across midnights."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from domain.ledger.application import Ledger
from projections.worklist.listing import Filters, Paging, Worklist, WorklistItem, page_of, select_rows
from projections.worklist.rows import NOT_ASSIGNED, STATES, WorklistRow
from projections.worklist.runner import folded_rows, rebuild, worklist
from tests.clock import Clock
from tests.conftest import OpenLedger
from tests.projections.lively import SECOND_NURSE, Lively
from tests.story import NURSE

ALL = Paging(limit=200)
STEPS = {"ordinary": 80, "campaign": 2500}
SEEN_AT_LEAST = {*STATES, "overdue", "at_risk", "running", "paused", "unassigned", "due"} - {*NOT_ASSIGNED}


def page(ledger: Ledger, rows: Sequence[WorklistRow], filters: Filters, paging: Paging) -> Worklist:
    """The page that these rows, folded from the log, give."""
    chosen = select_rows(rows, filters, paging, ledger.now())
    return page_of(chosen, paging, as_of=ledger.today(), known_at=None, now=ledger.now())


def any_filters(chance: random.Random) -> Filters:
    values: dict[str, list[Any]] = {
        "state": [("open",), ("awaiting_information", "appeal_open"), STATES],
        "kind": ["request", "appeal"],
        "path": ["A", "B", "unknown"],
        "recommendation": ["approve", "pend", "refer", "not_recommended"],
        "line_of_business": ["commercial", "medicaid"],
        "urgency": ["urgent", "standard"],
        "held_by": [NURSE.id, SECOND_NURSE.id],
        "unassigned": [True],
        "overdue": [True],
        "at_risk": [True],
        "missing": ["NR.3", "NR.2", "1.A", "1.a", "1.A.iii.a"],
    }
    names = chance.sample(sorted(values), chance.choice([0, 1, 1, 2]))
    return Filters(**{name: chance.choice(values[name]) for name in names})


def any_paging(chance: random.Random) -> Paging:
    sort: Any = chance.choice(["due_at", "received_at", "state", "held_by"])
    return Paging(sort=sort, descending=chance.choice([True, False]), limit=chance.choice([1, 2, 3, 50]))


def pages(ledger: Ledger, filters: Filters, paging: Paging) -> list[WorklistItem]:
    found: list[WorklistItem] = []
    while True:
        answer = worklist(ledger, filters, paging)
        found += answer.items
        if answer.next_after is None:
            return found
        paging = paging.model_copy(update={"after": answer.next_after})


@pytest.mark.parametrize("scale", ["ordinary", pytest.param("campaign", marks=pytest.mark.campaign)])
def test_the_worklist_is_that_of_folding_every_patient(ledger: Ledger, clock: Clock, scale: str) -> None:
    chance, seen = random.Random(7), Counter[str]()
    lively = Lively(ledger, clock, seed=5)
    before: dict[str, WorklistRow] = {}
    for number in range(STEPS[scale]):
        lively.step()
        rows = list(folded_rows(ledger))
        everything = worklist(ledger, Filters(), ALL)
        assert everything == page(ledger, rows, Filters(), ALL)
        filters, paging = any_filters(chance), any_paging(chance)
        assert worklist(ledger, filters, paging) == page(ledger, rows, filters, paging)
        if number % 4 == 0:
            whole = paging.model_copy(update={"limit": 200})
            assert pages(ledger, filters, paging) == [*page(ledger, rows, filters, whole).items]
        for item in everything.items:
            known = before.get(item.subject_id)
            due = known is not None and known.history_version == item.history_version and known != plain(item)
            seen.update([item.state, str(item.standing), *(["due"] if due else [])])
            seen.update(["unassigned"] if item.held_by is None else [])
        before = {item.subject_id: plain(item) for item in everything.items}
    assert {name for name, count in seen.items() if count} >= SEEN_AT_LEAST, seen


def plain(item: WorklistItem) -> WorklistRow:
    return WorklistRow(**{name: getattr(item, name) for name in WorklistRow.model_fields})


def test_what_was_known_then_is_answered_as_it_was_answered_then(ledger: Ledger, clock: Clock) -> None:
    """The rows on that day; and by `known_at` alone, judged today, the clocks as they stood at that instant."""
    lively = Lively(ledger, clock, seed=3)
    answers = []
    for _ in range(30):
        lively.step()
        # Commands of one instant are recorded a microsecond apart, and the last of them is meant too.
        clock.advance(timedelta(seconds=1))
        answers.append((ledger.now(), ledger.today(), worklist(ledger, Filters(), ALL)))
    for then, day, answer in answers:
        asked = worklist(ledger, Filters(), ALL, known_at=then, as_of=day)
        assert [plain(one) for one in asked.items] == [plain(one) for one in answer.items]
        assert (asked.as_of, asked.known_at) == (day, then)
        read_then = worklist(ledger, Filters(), ALL, known_at=then)
        assert [one.standing for one in read_then.items] == [one.standing for one in answer.items]
        assert read_then.clocks_at == then
    assert sum(len(answer.items) for _, _, answer in answers) > 30


def test_a_rebuild_changes_no_row(ledger: Ledger, clock: Clock, open_here: OpenLedger) -> None:
    lively = Lively(ledger, clock, seed=11)
    for _ in range(40):
        lively.step()
    before = worklist(ledger, Filters(), ALL)
    assert before.items
    done = rebuild(ledger)
    assert (done.view, done.patients, done.failed, done.serves) == ("worklist", len(lively.told), 0, True)
    assert worklist(ledger, Filters(), ALL) == before
    assert worklist(open_here(), Filters(), ALL) == before
