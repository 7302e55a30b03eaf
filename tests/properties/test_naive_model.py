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
    Step,
    approved_by_clinician,
    claim_line,
    claim_settled,
    closed,
    dismissed_duplicate,
    dose,
    dose_corrected,
    given,
    report_voided,
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


late_deeds = st.lists(
    st.one_of(
        acts("run of new days"),
        acts("run of new days"),
        acts("late dose"),
        acts("late dose"),
        acts("move"),
        acts("void of the latest"),
        acts("second"),
        acts("second"),
        acts("void of the first"),
        acts("move of the first"),
        acts("replacement"),
        acts("claim voided"),
        acts("separate"),
        acts("report"),
        acts("void report"),
    ),
    max_size=10,
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
            case _:
                self.tell_late(act)

    def tell_late(self, act: Act) -> None:
        """What changes the days that are on record; nothing of it while an earlier course is short of a voided dose."""
        answer = naive.answer(self.patient, self.scenario.today)
        if any(status == "short" for status, _ in answer["courses"]):
            return
        back = self.scenario.today - timedelta(days=(1, 3, 20, 40, 300, 380)[act.which % 6] + act.number)
        match act.kind:
            case "run of new days":
                for number in range(act.number):
                    self.scenario.today += timedelta(days=1 if number else 0)
                    if self.scenario.today not in self.days_given():
                        self.give()
            case "late dose" if back not in self.days_given():
                self.give(back)
            case "move" if (name := self.chosen(act)) is not None and back not in self.days_given():
                self.scenario.and_given(dose_corrected(int(name[1:]), on=back.isoformat()))
                naive.move(self.patient, name, back)
            case "void of the latest" if self.patient["courses"]:
                last = [one["name"] for one in self.patient["courses"][-1]["doses"]]
                if (name := self.chosen(act)) is not None and name in last:
                    self.scenario.and_given(voided(int(name[1:])))
                    naive.void(self.patient, name)
            case "second" if (name := self.chosen(act)) is not None:
                day = self.patient["entries"][name]["day"].isoformat()
                source = "claim" if act.which % 2 else "infusion_centre"
                self.scenario.and_given(dose(day, self.scenario.today.isoformat(), source=source))
                naive.second(self.patient, f"d{len(self.scenario.known.doses)}", name)
            case "replacement" if (name := self.chosen(act)) is not None and back not in self.days_given():
                self.scenario.and_given(self.line("replacement", name, back))
                naive.move(self.patient, name, back)
            case "claim voided" if (name := self.chosen(act)) is not None and self.is_of_the_latest(name):
                # Given and billed elsewhere, it is a dose as before. Not given, it is none.
                finding = "billed_elsewhere" if act.number % 2 else "not_given"
                self.scenario.and_given(self.line("void", name), claim_settled(int(name[1:]), finding))
                if finding == "not_given":
                    naive.void(self.patient, name)
            case "void of the first" if (name := self.first_of_two(act)) is not None:
                self.scenario.and_given(voided(int(name[1:])))
                naive.void(self.patient, name)
            case "move of the first" if (name := self.first_of_two(act)) is not None and back not in self.days_given():
                self.scenario.and_given(dose_corrected(int(name[1:]), on=back.isoformat()))
                naive.move(self.patient, name, back)
            case "separate" if waiting := [one["name"] for one in self.entries() if self.waits(one)]:
                name = waiting[act.which % len(waiting)]
                self.scenario.and_given(dismissed_duplicate(int(name[1:])))
                naive.separate(self.patient, name)
            case "report":
                days = [back + timedelta(days=number) for number in range(min(act.number, 2))]
                told = {"first_dose_on": days[0], "last_dose_on": days[-1], "doses_given": len(days)}
                self.scenario.and_given(
                    reported(
                        {name: str(value) if name != "doses_given" else value for name, value in told.items()}
                        | {"completed": False}
                    )
                )
                naive.report(self.patient, f"t{len(self.scenario.known.reports)}", days)
            case "void report" if self.patient["reports"]:
                name = list(self.patient["reports"])[act.which % len(self.patient["reports"])]
                self.scenario.and_given(report_voided(int(name[1:])))
                naive.unreport(self.patient, name)

    def entries(self) -> list[naive.Entry]:
        return [one for one in self.patient["entries"].values() if one["void_since"] is None]

    def days_given(self) -> set[date]:
        """The days of every entry and report, so that a late dose is not a second entry of a day."""
        told = [one for entries in self.patient["reports"].values() for one in entries]
        return {one["day"] for one in (*self.patient["entries"].values(), *told)}

    def chosen(self, act: Act) -> str | None:
        """An entry that stands alone on its day, and that no second one waits for."""
        days = [one["day"] for one in self.entries()]
        alone = [one["name"] for one in self.entries() if days.count(one["day"]) == 1 and not one["waits"]]
        return alone[act.which % len(alone)] if alone else None

    def line(self, kind: str, name: str, on: date | None = None) -> Step:
        """A line of the claim of an entry, recorded today."""
        entry = self.scenario.known.doses[int(name[1:]) - 1]
        reference = f"{kind} {len(self.scenario.events)}"
        sent = {"source": entry.source, "source_reference": reference, "original_reference": entry.source_reference}
        day = on.isoformat() if on is not None else None
        return claim_line(kind, day, 12, **sent).recorded_on(self.scenario.today.isoformat())

    def is_of_the_latest(self, name: str) -> bool:
        """Whether the entry is of the latest course, and no void of its claim is on record."""
        if self.scenario.known.doses[int(name[1:]) - 1].facts.claim_voided is not None:
            return False
        last = self.patient["courses"][-1]["doses"] if self.patient["courses"] else []
        return any(one["name"] == name for one in last)

    def waits(self, entry: naive.Entry) -> bool:
        return bool(entry["waits"]) and not naive.is_counted(self.patient, entry)

    def first_of_two(self, act: Act) -> str | None:
        """An entry of the latest course for which a second one waits."""
        last = [one["name"] for one in self.patient["courses"][-1]["doses"]] if self.patient["courses"] else []
        found = [one["first"] for one in self.entries() if one["waits"] and one["first"] in last]
        days = [one["day"] for one in self.entries()]
        found = [name for name in found if days.count(self.patient["entries"][name]["day"]) == 2]
        return found[act.which % len(found)] if found else None

    def give(self, on: date | None = None) -> None:
        today = self.scenario.today
        day = on or today
        self.scenario.and_given(dose(day.isoformat(), today.isoformat()))
        name = f"d{len(self.scenario.known.doses)}"
        same_day = [one for one in self.entries() if one["day"] == day and naive.is_counted(self.patient, one)]
        if same_day:
            naive.second(self.patient, name, same_day[0]["first"] or same_day[0]["name"])
        else:
            naive.give(self.patient, name, day)

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

    def agree_on_treatment(self, day: date) -> None:
        """What follows from the days alone, without the approvals."""
        seen, expected = eligibility(self.scenario.known, day), naive.answer(self.patient, day)
        names = ("path", "course_number", "doses_given", "doses_left_in_course", "next_course_from")
        said = {name: getattr(seen, name) for name in names} | {"last_dose_on": str(seen.last_dose_on)}
        assert said == {name: expected[name] for name in names} | {"last_dose_on": str(expected["last_dose_on"])}


@at_every_scale
def test_doses_in_eligibility_out_agrees_with_a_naive_simulation(scale: str) -> None:
    def law(story: list[Act], later: int) -> None:
        pair = Pair()
        for act in story:
            pair.tell(act)
            pair.agree_on(pair.scenario.today)
        pair.agree_on(pair.scenario.today + timedelta(days=later))

    hold(scale, law, deeds, st.one_of(st.integers(0, 32), st.integers(300, 800)))


@at_every_scale
def test_late_doses_corrections_duplicates_and_reports_agree_with_a_naive_simulation(scale: str) -> None:
    def law(story: list[Act], later: int) -> None:
        pair = Pair()
        for act in story:
            pair.tell(act)
            pair.agree_on_treatment(pair.scenario.today)
        pair.agree_on_treatment(pair.scenario.today + timedelta(days=later))

    hold(scale, law, late_deeds, st.one_of(st.integers(0, 32), st.integers(300, 800)))


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
