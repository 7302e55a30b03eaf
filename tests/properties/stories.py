"""Random stories of a patient: acts on days, performed by the ordinary commands, refusals and all."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from domain.errors import LedgerError
from tests.story import (
    MEETS_A,
    MEETS_B,
    NURSE,
    PHYSICIAN,
    Scenario,
    Step,
    approved,
    approved_by_clinician,
    closed,
    confirmed_duplicate,
    denied,
    dismissed_duplicate,
    dose,
    dose_corrected,
    given,
    referred,
    report_corrected,
    report_voided,
    reported,
    submitted,
    voided,
)

FIRST_DAY = date(2024, 1, 2)
QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large]
SCALES = {
    "ordinary": settings(max_examples=60, derandomize=True, database=None, deadline=None, suppress_health_check=QUIET),
    "campaign": settings(
        max_examples=3000, derandomize=False, database=None, deadline=None, suppress_health_check=QUIET, print_blob=True
    ),
}
at_every_scale = pytest.mark.parametrize("scale", ["ordinary", pytest.param("campaign", marks=pytest.mark.campaign)])


def hold(scale: str, law: Callable[..., None], *examples: st.SearchStrategy[Any], ordinary: int = 60) -> None:
    """The law holds for every example of this scale: for `ordinary` examples, or for those of a campaign."""
    fewer = {"max_examples": ordinary} if scale == "ordinary" else {}
    settings(SCALES[scale], **fewer)(hypothesis.given(*examples)(law))()


@dataclass(frozen=True)
class Act:
    """Something that happens `after` days; `number` and `which` choose among what it can be done to."""

    kind: str
    after: int = 0
    number: int = 1
    which: int = 0


gaps = st.one_of(
    st.integers(0, 2),
    st.integers(0, 2),
    st.integers(3, 35),
    st.sampled_from([29, 30, 31, 364, 365, 366]),
    st.integers(300, 420),
)


def acts(*kinds: str) -> st.SearchStrategy[Act]:
    return st.builds(Act, st.sampled_from(kinds), gaps, st.integers(1, 5), st.integers(0, 20))


def stories(*kinds: str, acts_max: int = 14) -> st.SearchStrategy[list[Act]]:
    return st.lists(acts(*kinds), max_size=acts_max)


EVERYTHING = (
    "dose", "run", "run", "late dose", "claim", "void", "void", "confirm", "dismiss", "close", "request A", "request B",
    "request nothing", "approve", "approve by clinician", "deny", "refer", "report", "report",
    "correct dose", "correct dose", "move dose", "correct report", "void report",
)  # fmt: skip

COURSES: list[dict[str, Any]] = [
    {"doses_given": 5, "last_dose_on": "2022-06-10", "completed": True},
    {"last_dose_on": "2022", "completed": True},
    {"doses_given": 2, "last_dose_on": "2023-09", "completed": False},
    {"last_dose_on": "2023-12", "completed": False},
    {"first_dose_on": "2024-01", "doses_given": 4},
    {"last_dose_on": "2024-01-05"},
    {"doses_given": 1, "first_dose_on": "2024-02-01", "last_dose_on": "2024-02-01", "completed": False},
    {"completed": True},
    {},
]


def steps(act: Act, scenario: Scenario) -> list[Step]:
    """What an act comes to, for the history that it meets."""
    today, known = scenario.today.isoformat(), scenario.known
    request: list[Step] = []
    match act.kind:
        case "dose":
            return [dose(today)]
        case "run":
            days = (scenario.today + timedelta(days=number) for number in range(act.number))
            return [dose(day.isoformat()) for day in days]
        case "late dose":
            return [dose((scenario.today - timedelta(days=20 * act.which)).isoformat(), today)]
        case "claim":
            return [dose(today, source="claim", mg=11)]
        case "void" if known.doses:
            return [voided(act.which % len(known.doses) + 1)]
        case "confirm" if known.doses:
            return [confirmed_duplicate(act.which % len(known.doses) + 1)]
        case "dismiss" if known.doses:
            return [dismissed_duplicate(act.which % len(known.doses) + 1)]
        case "close":
            return [closed(act.number)]
        case "report":
            chosen = [COURSES[(act.which + number) % len(COURSES)] for number in range(act.number % 3)]
            return [reported(*chosen)]
        case "correct dose" if known.doses:
            # By a day, by some weeks, or by a year: the slips that are made.
            earlier = scenario.today - timedelta(days=(0, 1, 20, 365)[act.which % 4] * act.number)
            return [dose_corrected(act.which % len(known.doses) + 1, on=earlier.isoformat())]
        case "move dose" if known.doses:
            return [dose_corrected(act.which % len(known.doses) + 1, course=act.number)]
        case "correct report" if known.reports:
            chosen = [COURSES[(act.which + number) % len(COURSES)] for number in range(act.number % 3)]
            return [report_corrected(act.which % len(known.reports) + 1, *chosen)]
        case "void report" if known.reports:
            return [report_voided(act.which % len(known.reports) + 1)]
        case "request A":
            request = [submitted(MEETS_A)]
        case "request B":
            request = [submitted(MEETS_B)]
        case "request nothing":
            request = [submitted({})]
        case "approve" if known.requests:
            request = [approved(doses=act.number).by(NURSE)]
        case "approve by clinician" if known.requests:
            path = (None, "A", "B")[act.which % 3]
            request = [approved_by_clinician(doses=act.number, path=path, left_out="The rest.")]
        case "deny" if known.requests:
            request = [denied("1.A", "1.B", "NR.5").by(PHYSICIAN)]
        case "refer" if known.requests:
            request = [referred()]
    return request


def perform(story: list[Act], scenario: Scenario | None = None) -> Scenario:
    """The history after the story; what is refused leaves nothing behind."""
    told = scenario if scenario is not None else given(today=FIRST_DAY.isoformat())
    for act in story:
        told.today += timedelta(days=act.after)
        for step in steps(act, told):
            if step.day is not None:
                told.today = max(told.today, date.fromisoformat(step.day))
            with suppress(LedgerError):
                told.and_given(step)
    return told
