"""The courses and approvals of the program against a simulation day by day that shares nothing with it."""

from __future__ import annotations

import ast
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from domain.errors import Conflict, InvalidCommand, NotFound
from domain.events.determinations import CourseApproved
from domain.events.treatment import CourseClosedUnfinished
from domain.treatment.courses import courses
from projections.eligibility import eligibility
from tests.properties import naive
from tests.properties.stories import FIRST_DAY, Act, acts, at_every_scale, hold
from tests.story import (
    MEETS_A,
    Scenario,
    approved_by_clinician,
    closed,
    dose,
    given,
    reported,
    submitted,
    voided,
)

deeds = st.lists(
    st.one_of(
        acts("dose"),
        acts("run"),
        acts("run"),
        acts("void"),
        acts("void"),
        acts("close"),
        acts("approve"),
        acts("approve"),
    ),
    max_size=16,
)


class Pair:
    """The program and the simulation, told the same story."""

    def __init__(self) -> None:
        self.scenario: Scenario = given(reported(), today=FIRST_DAY.isoformat())
        self.patient = naive.new_patient()

    def tell(self, act: Act) -> None:
        self.scenario.today += timedelta(days=act.after)
        match act.kind:
            case "dose":
                self.give()
            case "run":
                for number in range(act.number):
                    self.scenario.today += timedelta(days=1 if number else 0)
                    self.give()
            case "void":
                self.void(act.which)
            case "close":
                self.close(act.number)
            case "approve":
                self.approve(act.number)

    def give(self) -> None:
        today = self.scenario.today
        self.scenario.and_given(dose(today.isoformat()))
        naive.give(self.patient, f"d{len(self.scenario.known.doses)}", today)

    def void(self, which: int) -> None:
        standing = [number for number, one in enumerate(self.scenario.known.doses, 1) if not one.voided]
        if standing:
            # Late entries are voided as often as early ones, so that courses reopen and fall short.
            number = standing[which % len(standing)] if which % 2 else standing[-1]
            self.scenario.and_given(voided(number))
            naive.void(self.patient, f"d{number}")

    def close(self, number: int) -> None:
        found = self.patient["courses"]
        self.scenario.when(closed(number))
        if number > len(found):
            self.scenario.then_refused(NotFound)
        elif naive.status(self.patient, found[number - 1]) != "open":
            self.scenario.then_refused(Conflict)
        else:
            self.scenario.then(CourseClosedUnfinished)
            naive.close(self.patient, number, self.scenario.today)

    def approve(self, doses: int) -> None:
        most = 5 if naive.answer(self.patient, self.scenario.today)["path"] == "A" else 3
        self.scenario.and_given(submitted(MEETS_A))
        self.scenario.when(approved_by_clinician(doses=doses, left_out="The rest."))
        if doses > most:
            self.scenario.then_refused(InvalidCommand, field="doses")
        else:
            self.scenario.then(CourseApproved, doses_approved=doses)
            naive.approve(self.patient, doses, self.scenario.today)

    def agree_on(self, day: date) -> None:
        history = self.scenario.known
        seen = eligibility(history, day)
        expected = naive.answer(self.patient, day)
        found = courses(history, day)
        said: dict[str, Any] = {
            name: getattr(seen, name)
            for name in expected
            if name not in ("courses", "last_dose_on", "approval_through")
        } | {
            "courses": [(one.status, one.given) for one in found],
            "last_dose_on": None if seen.last_dose_on is None else date.fromisoformat(str(seen.last_dose_on)),
            "approval_through": None if seen.approval is None else seen.approval.valid_through,
        }
        assert said == expected


@at_every_scale
def test_doses_in_eligibility_out_agrees_with_a_naive_simulation(scale: str) -> None:
    def law(story: list[Act], later: int) -> None:
        pair = Pair()
        for act in story:
            pair.tell(act)
            pair.agree_on(pair.scenario.today)
        pair.agree_on(pair.scenario.today + timedelta(days=later))

    hold(scale, law, deeds, st.one_of(st.integers(0, 32), st.integers(300, 800)))


def test_of_two_approvals_the_one_in_force_is_for_the_course_of_a_dose_on_that_day() -> None:
    """A second course is approved on the day on which the first one is completed."""
    pair = Pair()
    for act in (Act("dose", 0, 1, 0), Act("approve", 0, 1, 0), Act("run", 0, 4, 0), Act("approve", 0, 1, 0)):
        pair.tell(act)
    for later in (0, 3, 30, 60):
        pair.agree_on(pair.scenario.today + timedelta(days=later))


def test_the_simulation_imports_nothing_of_the_program() -> None:
    assert naive.__file__ is not None
    tree = ast.parse(Path(naive.__file__).read_text())
    imported = {
        alias.name if isinstance(node, ast.Import) else node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert imported == {"__future__", "datetime", "typing"}
