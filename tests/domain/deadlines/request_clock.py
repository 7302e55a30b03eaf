"""The deadline of a request that was received on 28 April 2026, read from its history."""

from __future__ import annotations

from datetime import UTC, datetime

from domain.deadlines.due_dates import DecisionDeadline
from domain.deadlines.requests import deadline_of
from tests.story import MEETS_A, OFFICE, ZONE, Scenario, Step, given, submitted

OPEN_HIV = MEETS_A | {"hiv_infection": None}
NO_HIV = {"hiv_infection": False}
HIV = MEETS_A | {"hiv_infection": True}


def on(day: str, *steps: Step) -> list[Step]:
    return [one.recorded_on(day) for one in steps]


def clock(scenario: Scenario) -> DecisionDeadline:
    return deadline_of(scenario.known, scenario.known.requests[-1], ZONE, scenario.table)


def due(scenario: Scenario) -> str:
    """The last day of a day clock, in the plan's zone; the instant of an hour clock, in UTC."""
    at = clock(scenario).due_at
    local = at.astimezone(ZONE)
    return str(local.date()) if (local.hour, local.minute) == (0, 0) else at.strftime("%Y-%m-%dT%H:%MZ")


def standing(scenario: Scenario, at: str) -> str:
    return clock(scenario).standing(datetime.fromisoformat(at).replace(tzinfo=UTC))


def received(line: str = "commercial", urgency: str = "standard", *steps: Step) -> Scenario:
    """On 28 April at ten in the morning in New York, fourteen o'clock UTC."""
    request = submitted(OPEN_HIV, line_of_business=line, urgency=urgency)
    return given(request.by(OFFICE), *steps)
