"""The deadlines of the program against a count day by day from the law, which shares nothing with it."""

from __future__ import annotations

import ast
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from hypothesis import given, settings

from domain.deadlines.appealable import adverse_determination
from domain.deadlines.appeals import appeal_deadline, file_by, forwarding_deadline
from domain.deadlines.requests import deadline_of
from tests.properties.drawn_request_lives import Act, Beginning, beginnings, lives
from tests.properties.naive_clock import deadlines as naive
from tests.properties.request_lives import Told
from tests.properties.stories import SCALES, at_every_scale

TICK = timedelta.resolution
LIVES = {"ordinary": 100, "campaign": 2000}


def agree_on_the_decision(told: Told) -> None:
    life, zone = told.life, told.scenario.zone
    said = deadline_of(told.scenario.known, told.request, zone, told.scenario.table)
    due = naive.decision_due(life)
    assert said.due_at == due.at
    if said.urgency_applied == "standard":
        # A limit at midnight is of the day that it ends, an answer at midnight of the day that it starts.
        answers = {answer.received_at for answer in life.answers}
        ends = [until if until in answers else until - TICK for _, until in said.stops]
        stops = [
            (naive.day_of(since, life.zone), naive.day_of(end, life.zone))
            for (since, _), end in zip(said.stops, ends, strict=True)
        ]
        # A stop that was answered on its first day stopped no day.
        assert [one for one in stops if one[0] < one[1]] == (
            [due.stop] if due.stop is not None and due.stop[0] < due.stop[1] else []
        )
    if life.decided_at is None:
        for at in (due.at - TICK, due.at + TICK):
            assert (said.standing(at) == "overdue") == due.is_late(at, life.zone)


def agree_on_the_appeals(told: Told) -> None:
    history, zone, table = told.scenario.known, told.scenario.zone, told.scenario.table
    adverse = adverse_determination(history, told.request)
    if adverse is not None:
        last_day = naive.last_day_to_appeal(replace(told.life, notices=told.notices))
        assert file_by(history, told.request, adverse, zone, table) == last_day
    for record, appeal in zip(history.appeals, told.appeals, strict=True):
        assert appeal_deadline(history, record, zone, table).due_at == naive.appeal_due(told.life, appeal).at
    if told.appeals and told.appeal.status == "upheld":
        due = naive.forwarding_due(told.life, told.appeals[-1])
        said = forwarding_deadline(history, told.appeal, zone, table)
        assert (None if said is None else said.due_at) == (None if due is None else due.at)


@at_every_scale
def test_every_deadline_of_a_life_agrees_with_a_count_day_by_day(scale: str) -> None:
    def law(start: Beginning, life: list[Act]) -> None:
        told = Told(start)
        agree_on_the_decision(told)
        for act in life:
            told.tell(act)
            agree_on_the_decision(told)
            agree_on_the_appeals(told)

    settings(SCALES[scale], max_examples=LIVES[scale])(given(beginnings, lives)(law))()


def test_the_count_imports_nothing_of_the_program() -> None:
    assert naive.__file__ is not None
    files = Path(naive.__file__).parent.glob("*.py")
    imported = {
        alias.name if isinstance(node, ast.Import) else node.module
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    own = {"tests.properties.naive_clock.days"}
    assert imported == {"__future__", "dataclasses", "datetime", "zoneinfo"} | own
