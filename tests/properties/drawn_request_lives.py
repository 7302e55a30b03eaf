"""Random lives of a request, drawn: how it begins, and what happens to it and when."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from hypothesis import strategies as st

from domain.deadline_terms.plan_rows import table_from
from domain.deadline_terms.table import DeadlineTable
from tests.properties.naive_clock.deadlines import PlanRow

MAY_BE_MISSING: Final = ("hiv_infection", "ms_form", "diagnosis")
EXTEND: Final = {"notice": "We need more time, because information is missing."}


@dataclass(frozen=True)
class Act:
    """Something that happens `after` a time; `which` chooses among what it can be done to."""

    kind: str
    after: timedelta
    which: int = 0


@dataclass(frozen=True)
class Beginning:
    """The request as it is received. `asked_for` None: no dose was given before; else the days that it asks for.

    `rows` are those of the plan then, and `later_rows` those after it changes them.
    """

    zone: str
    at: datetime
    line: str
    urgent: bool
    given_before: int
    asked_for: int
    state: str | None
    funding: str | None
    rows: tuple[PlanRow, ...]
    later_rows: tuple[PlanRow, ...]
    missing: frozenset[str]


# -- drawn ---------------------------------------------------------------------------------------

ZONES: Final = (
    "America/New_York",
    "America/Chicago",
    "America/Los_Angeles",
    "America/Phoenix",
    "Pacific/Honolulu",
    "America/Puerto_Rico",
    "America/Havana",  # the night of the change has no midnight, or two
    "Pacific/Kiritimati",
    "UTC",
)
CHANGES: Final = (
    datetime(2026, 3, 8, tzinfo=UTC),
    datetime(2026, 11, 1, tzinfo=UTC),
    datetime(2027, 3, 14, tzinfo=UTC),
)
"""Days on which the clocks change in the United States."""

quarters = st.integers(0, 95).map(lambda number: timedelta(minutes=15 * number))
days_and_quarters = st.builds(lambda days, more: timedelta(days=days) + more, st.integers(0, 6), quarters)
short_gaps = st.one_of(
    quarters,
    st.builds(lambda days, more: timedelta(days=days) + more, st.integers(0, 3), quarters),
)
gaps = st.one_of(
    short_gaps,
    st.integers(0, 20).map(lambda number: timedelta(minutes=15 * number)),
    quarters,
    days_and_quarters,
    days_and_quarters,
    st.builds(
        lambda days, more: timedelta(days=days) + more, st.sampled_from([8, 13, 14, 15, 29, 44, 45, 46]), quarters
    ),
    st.sampled_from([timedelta(hours=24), timedelta(hours=48), timedelta(hours=72), timedelta(days=15)]),
)
long_gaps = st.one_of(
    quarters,
    days_and_quarters,
    st.builds(lambda days, more: timedelta(days=days) + more, st.sampled_from([15, 30, 60, 65, 180]), quarters),
)
starts = st.one_of(
    st.integers(0, 700 * 96).map(lambda number: datetime(2026, 1, 5, tzinfo=UTC) + timedelta(minutes=15 * number)),
    st.builds(
        lambda change, days, more: change - timedelta(days=days) + more,
        st.sampled_from(CHANGES),
        st.integers(-1, 46),
        quarters,
    ),
)

BEFORE: Final = (
    "ask", "ask", "ask and extend", "ask and extend", "extend", "extend for information", "extend for information",
    "send extension", "send extension", "deliver extension", "deliver extension", "answer all", "answer all",
    "answer part", "answer nothing", "take back", "expedite", "correct line", "change rows", "deny",
)  # fmt: skip
AFTER: Final = (
    "send notice", "send notice", "deliver notice", "deliver notice", "appeal", "appeal urgently", "appeal", "uphold",
    "uphold", "answer all", "send extension", "deliver extension", "dismiss as late", "change rows", "change rows",
)  # fmt: skip


def acts(kinds: tuple[str, ...], times: st.SearchStrategy[timedelta]) -> st.SearchStrategy[Act]:
    return st.builds(Act, st.sampled_from(kinds), times, st.integers(0, 20))


plan_rows = st.builds(
    PlanRow,
    state=st.sampled_from([None, None, "CA", "NY"]),
    funding=st.sampled_from([None, None, "insured", "self_funded"]),
    days=st.sampled_from([None, None, 3, 5, 14]),
    hours=st.sampled_from([None, None, 71, 72, 80, 96, 125, 340]),
    levels=st.sampled_from([None, 1, 2, 2]),
    appeal_days=st.sampled_from([None, None, 10, 20]),
    appeal_days_of_two=st.sampled_from([None, None, None, 7]),
    post_service=st.booleans(),
).map(lambda row: row if row.days is None else replace(row, hours=None))
rows_of_a_plan = st.one_of(
    st.just(()), st.lists(plan_rows, min_size=1, max_size=4, unique_by=lambda row: (row.state, row.funding)).map(tuple)
)


@lru_cache(maxsize=1024)
def table_of(rows: tuple[PlanRow, ...]) -> DeadlineTable:
    """The file of the plan with these rows, as the program reads it."""
    written = []
    for row in rows:
        figures: dict[str, Any] = {"state": row.state, "funding": row.funding, "appeal_levels": row.levels}
        times = {
            "standard": {"days": row.days, "hours": row.hours},
            "appeal_standard": {"days": row.appeal_days},
            "appeal_standard_of_two": {"days": row.appeal_days_of_two},
        }
        for name, units in times.items():
            if time := {unit: count for unit, count in units.items() if count is not None}:
                figures[name] = time
        given = {"line": "commercial", "effective_on": "2020-01-01", "source": "The plan"}
        given |= {"service": "both" if row.post_service else "pre_service"}
        stated = {name: value for name, value in figures.items() if value is not None}
        written.append(given | stated)
    return table_from(json.dumps({"rows": written}))


@st.composite
def drawn_beginnings(draw: st.DrawFn) -> Beginning:
    return Beginning(
        zone=draw(st.sampled_from(ZONES)),
        at=draw(starts),
        line=draw(st.sampled_from(["commercial", "commercial", "commercial", "medicare_advantage", "medicaid"])),
        urgent=draw(st.sampled_from([False, False, True])),
        given_before=draw(st.sampled_from([0, 0, 1, 2])),
        asked_for=draw(st.sampled_from([1, 1, 2, 5])),
        state=draw(st.sampled_from([None, "CA", "NY"])),
        funding=draw(st.sampled_from([None, "insured", "self_funded"])),
        rows=draw(rows_of_a_plan),
        later_rows=draw(rows_of_a_plan),
        missing=draw(st.frozensets(st.sampled_from(MAY_BE_MISSING), min_size=draw(st.sampled_from([0, 1, 1, 2])))),
    )


beginnings = drawn_beginnings()
undecided = st.lists(acts(BEFORE, gaps), max_size=9)
appealed_lives = st.builds(
    lambda before, after, later: [*before, Act("deny", after), *later],
    st.lists(acts(BEFORE, gaps), max_size=5),
    gaps,
    st.lists(acts(AFTER, long_gaps), max_size=10),
)
# The chain that most stops go through, with other acts in between.
stopped_lives = st.builds(
    lambda *parts: [act for part in parts for act in part],
    st.lists(acts(BEFORE, short_gaps), max_size=1),
    st.tuples(acts(("ask and extend", "ask and extend", "ask"), short_gaps)),
    st.lists(acts(("extend for information", "answer part", "take back", "expedite", "ask"), short_gaps), max_size=2),
    st.tuples(acts(("send extension", "extend for information"), short_gaps)),
    st.lists(acts(("deliver extension", "send extension", "answer part", "answer nothing"), gaps), max_size=2),
    st.lists(acts(("deliver extension", "send extension", "answer all", "deny"), gaps), max_size=2),
    st.lists(acts(("answer all", "answer part", "deliver extension"), long_gaps), max_size=3),
)
twice_asked_lives = st.builds(
    lambda *parts: [act for part in parts for act in part],
    st.lists(acts(("expedite", "answer nothing"), quarters), max_size=1),
    st.tuples(acts(("ask", "ask and extend"), quarters), acts(("answer all", "answer part", "expedite"), quarters)),
    st.tuples(acts(("take back",), quarters), acts(("ask", "ask and extend"), quarters)),
    st.lists(acts(("answer all", "answer part", "take back", "ask", "send extension"), short_gaps), max_size=4),
)
twice_appealed_lives = st.builds(
    lambda first, *parts: [first, *(act for part in parts for act in part)],
    acts(("deny",), gaps),
    st.tuples(acts(("send notice",), short_gaps), acts(("deliver notice", "send notice"), short_gaps)),
    st.tuples(acts(("appeal", "appeal urgently"), long_gaps)),
    st.lists(acts(("dismiss as late",), short_gaps), max_size=1),
    st.lists(acts(("change rows",), short_gaps), max_size=1),
    st.tuples(acts(("uphold",), short_gaps), acts(("send notice", "appeal", "change rows"), long_gaps)),
    st.tuples(acts(("deliver notice", "appeal"), short_gaps), acts(("appeal", "appeal urgently"), long_gaps)),
    st.lists(acts(("dismiss as late", "uphold", "send notice", "appeal", "change rows"), long_gaps), max_size=3),
)
lives = st.one_of(
    undecided, stopped_lives, stopped_lives, stopped_lives, twice_asked_lives, appealed_lives, twice_appealed_lives
)
