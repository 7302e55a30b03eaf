"""R17 over lives: a patient takes one agent for some periods, and the record is told of them in part and in any order.

No definite answer contradicts the life, the order of the reports changes nothing, and what is told whole is answered
definitely. Two stops that can be one (a month, and a day of that month) are one, so the lives have none such.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.calendar import PartialDate
from domain.policy.answers import MET, NOT_MET, UNDETERMINED, Answer
from tests.story import MEETS_A, Scenario, Step, agent_started, agent_stopped, submitted
from tests.story import given as story

RECEIVED = date(2026, 4, 28)
TOLD_ON = "2028-10-01"
FIRST = date(2025, 1, 1)
PLANNED = st.dates(date(2026, 4, 1), date(2026, 7, 31))


@dataclass(frozen=True)
class Period:
    """From a start through the day of a stop, or without an end."""

    start: date
    stop: date | None

    def includes(self, day: date) -> bool:
        return self.start <= day and (self.stop is None or day <= self.stop)


@st.composite
def lives(draw: st.DrawFn) -> tuple[Period, ...]:
    periods, day = [], FIRST
    for _ in range(draw(st.integers(0, 3))):
        start = day + timedelta(days=draw(st.integers(0, 200)))
        stop = start + timedelta(days=draw(st.integers(0, 200)))
        periods.append(Period(start, stop))
        day = stop + timedelta(days=draw(st.integers(1, 60)))
    if periods and draw(st.booleans()):
        periods[-1] = Period(periods[-1].start, None)
    return tuple(periods)


@dataclass(frozen=True)
class Told:
    """A start or a stop as it is told: to the day, the month or the year, by the record or in the statement."""

    kind: str
    on: str
    is_stated: bool


@st.composite
def told_in_part(draw: st.DrawFn, life: tuple[Period, ...]) -> list[Told]:
    """Every stop, and some of the starts; a start without a later stop is use that continues."""
    found = []
    for period in life:
        for kind, day in (("started", period.start), ("stopped", period.stop)):
            if day is not None and (kind == "stopped" or period.stop is None or draw(st.booleans())):
                grain = draw(st.sampled_from([10, 10, 7, 4]))
                found.append(Told(kind, day.isoformat()[:grain], day <= RECEIVED and draw(st.booleans())))
    return draw(st.permutations(found))


def _can_be_one(told: list[Told]) -> bool:
    stops = [PartialDate(one.on) for one in told if one.kind == "stopped"]
    return any(
        one.earliest <= other.latest and other.earliest <= one.latest
        for number, one in enumerate(stops)
        for other in stops[:number]
    )


def answered(told: list[Told], planned: date, still_taken: bool | None = None) -> Answer:
    agents: list[dict[str, Any]] = [
        {"product": "Tysabri", "outcome": "adequate", f"{one.kind}_on": one.on} for one in told if one.is_stated
    ]
    if still_taken is not None:
        agents.append({"product": "Tysabri", "outcome": "adequate", "still_taken": still_taken})
    steps = {"started": agent_started, "stopped": agent_stopped}
    recorded: list[Step] = [
        steps[one.kind]("Tysabri", one.on).recorded_on(TOLD_ON) for one in told if not one.is_stated
    ]
    statement = MEETS_A | {"agents": [*MEETS_A["agents"], *agents]}
    scenario: Scenario = story(
        submitted(statement, planned_first_infusion_on=planned.isoformat()), *recorded, today=RECEIVED.isoformat()
    )
    return scenario.judged(as_of=TOLD_ON).assessment.finding("NR.2").answer


@settings(max_examples=150, deadline=None)
@given(st.data(), lives(), PLANNED)
def test_no_definite_answer_contradicts_the_life(data: st.DataObject, life: tuple[Period, ...], planned: date) -> None:
    told = data.draw(told_in_part(life))
    assume(not _can_be_one(told))
    is_taken = any(period.includes(planned) for period in life)
    on_receipt = data.draw(st.sampled_from([None, any(period.includes(RECEIVED) for period in life)]))
    answer = answered(told, planned, on_receipt)
    if answer is not UNDETERMINED:
        assert answer is (MET if is_taken else NOT_MET)
    assert answered(data.draw(st.permutations(told)), planned, on_receipt) is answer


@settings(max_examples=75, deadline=None)
@given(lives(), PLANNED, st.randoms(use_true_random=False))
def test_what_is_told_whole_is_answered(life: tuple[Period, ...], planned: date, random: Any) -> None:
    told = [Told("started", period.start.isoformat(), is_stated=False) for period in life]
    told += [Told("stopped", period.stop.isoformat(), is_stated=False) for period in life if period.stop is not None]
    random.shuffle(told)
    assert answered(told, planned) is (MET if any(period.includes(planned) for period in life) else NOT_MET)
