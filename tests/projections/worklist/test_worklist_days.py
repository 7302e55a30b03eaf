"""A row stands from the day it was folded until the day it names: no midnight in between alters it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields, is_dataclass
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st
from pydantic import BaseModel

from domain.calendar import PartialDate, anniversary
from domain.errors import LedgerError
from domain.review.assess_request import request_assessment
from projections.worklist.critical_days import critical_days
from projections.worklist.rows import WorklistRow, worklist_rows
from tests.properties.stories import Act, at_every_scale, hold, perform, stories
from tests.story import (
    MEETS_A,
    MEETS_B,
    ZONE,
    Scenario,
    Step,
    agent_started,
    agent_stopped,
    closed,
    demographics_corrected,
    planned,
    reported,
    statement_corrected,
    submitted,
)

TWO_YEARS = timedelta(days=730)
DAYS_CHECKED = 12
"""At the ordinary scale; a campaign checks every day."""

OFFSETS = [timedelta(days=days) for days in (-366, -365, -31, -30, -29, -1, 0, 1, 29, 30, 31, 364, 365, 366)]
YEARS = (1, 16, 17, 18)

treatments = stories(
    "dose", "run", "run", "late dose", "claim", "void", "confirm", "dismiss", "close", "report", "report",
    "request A", "refer", "correct dose", "move dose", "correct report", "void report",
    acts_max=8,
)  # fmt: skip


# -- what is added to a story -----------------------------------------------------------------


def partly(told: Scenario, after: int, precision: int) -> str:
    """A day around the story's last, or its month, or its year."""
    return (told.today + timedelta(days=after)).isoformat()[: (10, 7, 4)[precision]]


KINDS = ("born", "born", "treated", "treated", "agent", "agent unstated", "started", "stopped", "planned", "closed")
Ending = list[tuple[str, int, int]]

days_around = st.one_of(st.integers(-60, 60), st.integers(-400, 700))
endings: st.SearchStrategy[Ending] = st.lists(
    st.tuples(st.sampled_from(KINDS), days_around, st.integers(0, 2)), min_size=1, max_size=4
)


def step(told: Scenario, kind: str, after: int, precision: int) -> Step:
    on = partly(told, after, precision)
    agents = [{"product": "Ocrevus", "outcome": "inadequate_efficacy", "stopped_on": on}]
    match kind:
        case "born":
            # Seventeen on a day in the two years that are checked.
            born = anniversary(told.today + timedelta(days=after), -17).isoformat()[: (10, 7, 4)[precision]]
            return demographics_corrected(birth_date=born, reason="Misread.")
        case "treated":
            last = partly(told, -abs(after), precision)
            return reported({"doses_given": 5 if after % 3 else 2, "last_dose_on": last, "completed": bool(after % 3)})
        case "agent":
            return submitted(MEETS_A | {"agents": agents}, received_on=told.today.isoformat())
        case "agent unstated":
            return statement_corrected(MEETS_A | {"agents": agents, "agents_list_is_complete": None})
        case "started":
            return agent_started("Gilenya", on)
        case "stopped":
            return agent_stopped("Gilenya", on)
        case "planned":
            return planned((told.today + timedelta(days=abs(after))).isoformat())
    return closed(1 + after % 2)


def history_of(story: list[Act], ending: Ending) -> Scenario:
    """With at least two requests that are open."""
    told = perform(story)
    told.and_given(submitted(MEETS_B), submitted(MEETS_A | {"received_lemtrada": None}))
    for kind, after, precision in ending:
        with suppress(LedgerError):
            told.and_given(step(told, kind, after, precision))
    return told


# -- the days that are checked ----------------------------------------------------------------


def dates_in(value: Any) -> Iterator[date]:
    """Every date that a history holds anywhere; this knows nothing of what the rows depend on."""
    if isinstance(value, PartialDate):
        yield from (value.earliest, value.latest)
    elif isinstance(value, date):
        yield date(value.year, value.month, value.day)
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from dates_in(getattr(value, name))
    elif is_dataclass(value):
        for one in fields(value):
            yield from dates_in(getattr(value, one.name))
    elif isinstance(value, tuple):
        for one in value:
            yield from dates_in(one)


def suspects(told: Scenario, first: date) -> list[date]:
    """Days in the next two years on which something might change, and some on which nothing should."""
    found = {first + timedelta(days=days) for days in range(1, 730, 61)}
    for day in set(dates_in(told.known)):
        with suppress(ValueError, OverflowError):
            found |= {day + offset for offset in OFFSETS} | {anniversary(day, years) for years in YEARS}
    return sorted(day for day in found if first < day <= first + TWO_YEARS)


def a_few_of(days: list[date], seed: int) -> list[date]:
    every = max(1, len(days) // DAYS_CHECKED)
    return days[seed % every :: every]


@at_every_scale
def test_rows_refolded_when_they_are_due_are_those_of_a_fresh_fold_on_every_day(scale: str) -> None:
    """At the ordinary scale only what the policy says is folded afresh, which is all that depends on the day."""

    def law(story: list[Act], ending: Ending, seed: int) -> None:
        told = history_of(story, ending)
        kept = rows(told, told.today)
        everyday = [told.today + timedelta(days=number) for number in range(1, 731)]
        for day in a_few_of(suspects(told, told.today), seed) if scale == "ordinary" else everyday:
            if any(one.changes_on is not None and one.changes_on <= day for one in kept.values()):
                kept = rows(told, day)
            if scale == "ordinary":
                assert {name: answer(one) for name, one in kept.items()} == {
                    name: said(told, name, day) for name in kept
                }
            else:
                assert kept == rows(told, day)

    hold(scale, law, treatments, endings, st.integers(0, 1000))


@at_every_scale
def test_no_day_alters_an_answer_but_a_critical_one(scale: str) -> None:
    """Of the past too, on which what is on record of later days was still to come."""

    def law(story: list[Act], ending: Ending, ago: int, seed: int) -> None:
        told = history_of(story, ending)
        first = told.today - timedelta(days=ago)
        request = told.known.requests[-1 - seed % 2]
        critical = set(critical_days(told.known, request))
        for day in a_few_of(suspects(told, first), seed):
            if said(told, request.request_id, day) != said(told, request.request_id, day - timedelta(days=1)):
                assert day in critical

    hold(scale, law, treatments, endings, st.integers(0, 800), st.integers(0, 1000), ordinary=30)


def rows(told: Scenario, day: date) -> dict[str, WorklistRow]:
    return {one.subject_id: one for one in worklist_rows(told.known, day, ZONE)}


def answer(row: WorklistRow) -> tuple[object, ...]:
    return row.path, row.recommendation, row.missing


def said(told: Scenario, request_id: str, day: date) -> tuple[object, ...]:
    found = request_assessment(told.known, told.known.request(request_id), day).assessment
    return found.scope, found.recommendation, found.needed
