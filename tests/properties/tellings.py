"""Telling a life in part: some infusions as entries of this ledger, others by reports, truthful but less than exact.

What a reported course speaks of is a set of infusions of one true course, of whoever gave them. It is "completed" only
if the whole regimen is among them, and "not completed" only if there are fewer (R27). Every infusion is told at least
once, but for a first course of which only a later one gives notice. `Telling` prints as the story that was told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from hypothesis import assume

from domain.commands.treatment import CloseCourse, CorrectDose, ReportPriorTreatment, VoidPriorTreatment
from projections.eligibility import eligibility
from tests.properties.lives import Life, Use, courses_of, judged, open_course
from tests.story import (
    MEETS_B,
    MISREAD,
    Scenario,
    Step,
    agent_started,
    agent_stopped,
    claim_line,
    closed,
    dose,
    given,
    submitted,
)

HAS_REPORTED_ON = "reported_on" in ReportPriorTreatment.model_fields
"""Until the command takes the day on which a report was made, a report is recorded on that day."""

DIGITS = {"year": 4, "month": 7, "day": 10}


@dataclass(frozen=True)
class Told:
    """One course of a report. `days` are the infusions that it speaks of; `first` and `last` say how exactly."""

    course: int
    days: tuple[date, ...]
    counted: bool = False
    first: str | None = None
    last: str | None = None
    completed: bool | None = None

    def values(self) -> dict[str, Any]:
        ends = {"first_dose_on": (self.days[0], self.first), "last_dose_on": (self.days[-1], self.last)}
        found: dict[str, Any] = {
            name: day.isoformat()[: DIGITS[known]] for name, (day, known) in ends.items() if known is not None
        }
        if self.counted:
            found["doses_given"] = len(self.days)
        if self.completed is not None:
            found["completed"] = self.completed
        return found

    def is_exact(self) -> bool:
        consecutive = (self.days[-1] - self.days[0]).days + 1 == len(self.days)
        return self.counted and self.first == self.last == "day" and self.completed is not None and consecutive


@dataclass(frozen=True)
class Report:
    courses: tuple[Told, ...]
    told_on: date
    recorded_on: date
    source: str = "other_plan"

    def step(self) -> Step:
        values: dict[str, Any] = {"source": self.source, "courses": [one.values() for one in self.courses]}
        if HAS_REPORTED_ON and self.told_on != self.recorded_on:
            values["reported_on"] = self.told_on.isoformat()
        command = ReportPriorTreatment.model_validate(values)
        return Step(lambda _: command, day=self.recorded_on.isoformat())


@dataclass(frozen=True)
class Mistake:
    """A report of another patient: recorded, and voided later. No course at all: "never received"."""

    courses: tuple[dict[str, Any], ...]
    recorded_on: date
    voided_on: date

    def steps(self) -> list[Step]:
        reference = f"mistake of {self.recorded_on}"
        values = {"source": "attested", "courses": list(self.courses), "reference": reference}
        command = ReportPriorTreatment.model_validate(values)

        def void(scenario: Scenario) -> VoidPriorTreatment:
            found = next(one for one in scenario.known.reports if one.reference == reference)
            return VoidPriorTreatment(report_id=found.report_id, **MISREAD)

        recorded = Step(lambda _: command, day=self.recorded_on.isoformat())
        return [recorded, Step(void, day=self.voided_on.isoformat())]


@dataclass(frozen=True)
class Entry:
    """An infusion of our own. A `second` entry of the day waits for a person, of another source or the same (R25).

    Of an entry whose day was `misread`, the day is corrected later: of a claim that is `replaced`, by its replacement,
    and other units with it. A claim line of several infusions has `days`, of which `on` is one. The claim of an entry
    is voided on `voided_on`, whether or not its infusion `was_given` (R30).
    """

    on: date
    recorded_on: date
    second: bool = False
    misread: date | None = None
    corrected_on: date = date.min
    days: tuple[date, ...] = ()
    is_claim: bool = False
    is_replaced: bool = False
    voided_on: date | None = None
    was_given: bool = True

    @property
    def reference(self) -> str:
        return f"{'second' if self.second else 'entry'} {self.on}"

    def steps(self) -> list[Step]:
        """The entry; a misread day is corrected later, and a claim replaced or voided."""
        source = "claim" if self.is_claim else "infusion_centre"
        written = (self.misread or self.on).isoformat()
        mg = 12.0 * max(1, len(self.days))
        sent = {"mg": 6.0 if self.is_replaced else mg, "source": source, "source_reference": self.reference}
        steps = [dose(written, self.recorded_on.isoformat(), **sent)]
        corrected_on = self.corrected_on.isoformat()

        def correct(scenario: Scenario) -> CorrectDose:
            found = next(one for one in scenario.known.doses if one.source_reference == self.reference)
            return CorrectDose(dose_id=found.dose_id, on=self.on, **MISREAD)

        if self.is_replaced:
            about = {"source_reference": f"{self.reference} again", "original_reference": self.reference}
            steps.append(claim_line("replacement", self.on.isoformat(), mg, **about).recorded_on(corrected_on))
        elif self.misread is not None:
            steps.append(Step(correct, day=corrected_on))
        if self.voided_on is not None:
            about = {"source_reference": f"{self.reference} void", "original_reference": self.reference}
            steps.append(claim_line("void", None, None, **about).recorded_on(self.voided_on.isoformat()))
        return steps


@dataclass(frozen=True)
class ToldUse:
    """How a use of another agent is told: each end by the statement or by the record, more or less exactly."""

    use: Use
    stated: bool = False
    says_taken: bool = True
    start_known: str = "day"
    stop_known: str = "day"
    start_recorded_on: date = date.min
    stop_recorded_on: date = date.min

    def statement(self, on: date) -> dict[str, Any]:
        ended = self.use.stopped is not None and self.use.stopped <= on
        values: dict[str, Any] = {"product": self.use.product, "outcome": "adequate"}
        values["started_on"] = self.use.started.isoformat()[: DIGITS[self.start_known]]
        if ended and self.use.stopped is not None:
            values["stopped_on"] = self.use.stopped.isoformat()[: DIGITS[self.stop_known]]
        elif self.says_taken:
            values["still_taken"] = True
        return values

    def steps(self, on: date) -> Iterator[Step]:
        """What the record says of it, with a statement of this day."""
        start, stop = self.use.started, self.use.stopped
        if not self.stated:
            said = start.isoformat()[: DIGITS[self.start_known]]
            yield agent_started(self.use.product, said).recorded_on(max(start, self.start_recorded_on).isoformat())
        if stop is not None and not (self.stated and stop <= on):
            said = stop.isoformat()[: DIGITS[self.stop_known]]
            yield agent_stopped(self.use.product, said).recorded_on(max(stop, self.stop_recorded_on).isoformat())


@dataclass(frozen=True, repr=False)
class Telling:
    """A life, and what was told of it. The request of `requested_on` asks for the true rest of the course."""

    life: Life
    entries: tuple[Entry, ...] = ()
    reports: tuple[Report, ...] = ()
    requested_on: date | None = None
    planned_on: date | None = None
    lemtrada_stated: bool = True
    agents: tuple[ToldUse, ...] = ()
    mistakes: tuple[Mistake, ...] = ()

    def statement(self) -> dict[str, Any]:
        on = self.requested_on
        assert on is not None
        received = any(day <= on for day in self.life.infusions)
        stated = [one.statement(on) for one in self.agents if one.stated and one.use.started <= on]
        agents = [*MEETS_B["agents"], *stated]
        complete = {one.use.product for one in self.agents} <= {one["product"] for one in agents}
        left = judged(self.life, on).left
        return MEETS_B | {
            "received_lemtrada": received if self.lemtrada_stated else None,
            "agents": agents,
            "agents_list_is_complete": True if complete else None,
            "requested_dosing": {"mg_per_day": 12, "consecutive_days": left, "route": "intravenous"},
        }

    def steps(self) -> list[Step]:
        """In the order of recording; the request comes last on its day."""
        steps = [*(one.step() for one in self.reports)]
        for recorded in (*self.entries, *self.mistakes):
            steps += recorded.steps()
        if self.life.closed_on is not None:
            course = open_course(self.life, self.life.closed_on)
            assert course is not None, "only an open course is closed"
            steps.append(closed(course.number).recorded_on(self.life.closed_on.isoformat()))
        if self.requested_on is not None:
            for told in self.agents:
                steps += told.steps(self.requested_on)
            planned = self.planned_on.isoformat() if self.planned_on is not None else None
            ask = submitted(self.statement(), self.requested_on.isoformat(), planned_first_infusion_on=planned)
            steps.append(ask.recorded_on(self.requested_on.isoformat()))
        return sorted(steps, key=lambda step: step.day or "")

    def perform(self) -> Scenario:
        """The history as it was told. A course is closed only if eligibility shows the very course as open that day."""
        scenario = given()
        for step in self.steps():
            scenario.today = date.fromisoformat(step.day or "")
            if isinstance(step.make(scenario), CloseCourse):
                course, shown = open_course(self.life, scenario.today), eligibility(scenario.known, scenario.today)
                assume(course is not None and (shown.course_status, shown.course_number) == ("open", course.number))
            scenario.and_given(step)
        return scenario

    def days_that_matter(self) -> list[date]:
        """The days on which an answer may change, each with the days around it."""
        infusions = self.life.infusions
        days = [*infusions, *(one + timedelta(days=30) for one in infusions)]
        days += [one.replace(year=one.year + 1, day=min(one.day, 28)) for one in infusions]
        days += [one.told_on for one in self.reports]
        days += [self.life.closed_on] if self.life.closed_on is not None else []
        days += [self.requested_on] if self.requested_on is not None else []
        around = {day + timedelta(days=by) for day in days for by in (-1, 0, 1)}
        end = max(around, default=date(2025, 1, 1))
        return sorted({*around, end + timedelta(days=800)})

    def waits_for_a_person(self, day: date) -> bool:
        """Whether a second entry, or a claim line of several infusions, is a reason for a person to look (R25)."""
        return any((one.second or one.days) and one.on <= day for one in self.entries)

    def exactly_known_on(self, day: date) -> bool:
        """Whether something is on record of the treatment by the day, and no reported course is just under way."""
        is_known = any(one <= day for one in self.life.infusions) or (self.requested_on or date.max) <= day
        told = [one for report in self.reports for one in report.courses]
        return is_known and not any(one.days[0] <= day < one.days[-1] for one in told)

    def needs_another_list_of_courses(self, day: date) -> bool:
        """Whether a report lists several courses, or a later one after the day, whose first course may not be told."""
        later = (course for one in self.reports for course in one.courses if course.course > 1 and course.completed)
        return any(len(one.courses) > 1 for one in self.reports) or any(one.days[0] > day for one in later)

    def has_days_untold(self, day: date) -> bool:
        """Whether days between the first and the last dose of a reported course matter on the day.

        There are more of them than doses, and the course is under way, or another report tells of doses between its
        ends. So is the first course, of which a report of a later one can make the answer ask.
        """
        told = [one.days for report in self.reports for one in report.courses]
        told += [one.days[: one.regimen] for one in courses_of(self.life.infusions, self.life.closed_on)[:1]]
        return any(
            days[0] <= day
            and (days[-1] - days[0]).days >= len(days)
            and (
                day < days[-1] or any(other is not days and days[0] < one < days[-1] for other in told for one in other)
            )
            for days in told
        )

    def __repr__(self) -> str:
        return f"\n{story(self)}\n"

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        """How Hypothesis prints an example."""
        printer.text(repr(self))


# -- the story --------------------------------------------------------------------------------


def runs_of(days: tuple[date, ...]) -> str:
    """`2024-01-02 to 01-06 (5)`, for each run of consecutive days."""
    found: list[list[date]] = []
    for day in sorted(days):
        if found and day - found[-1][-1] == timedelta(days=1):
            found[-1].append(day)
        else:
            found.append([day])
    said = [f"{run[0]} to {run[-1]:%m-%d} ({len(run)})" if len(run) > 1 else f"{run[0]}" for run in found]
    return ", ".join(said) or "none"


def story(telling: Telling) -> str:
    lines = ["what was so:"]
    for course in courses_of(telling.life.infusions, telling.life.closed_on):
        state = f"completed {course.completed_on}" if course.completed_on is not None else "not completed"
        state += f", closed {course.closed_on}" if course.closed_on is not None else ""
        lines.append(f"  course {course.number}: {runs_of(course.days)}; {state}")
    lines += [f"  {use.product}: {use.started} to {use.stopped or 'now'}" for use in telling.life.uses]
    said: list[tuple[date, str]] = []
    for entry in telling.entries:
        kind = "second entry of" if entry.second else "our claim of" if entry.is_claim else "our dose of"
        misread = f", written as {entry.misread} until {entry.corrected_on}" if entry.misread is not None else ""
        replaced = f", replaced on {entry.corrected_on}" if entry.is_replaced else ""
        line = f", one line of {runs_of(entry.days)}" if entry.days else ""
        given_or_not = "given" if entry.was_given else "not given"
        voided = f", voided on {entry.voided_on} and {given_or_not}" if entry.voided_on is not None else ""
        said.append((entry.recorded_on, f"{kind} {entry.on}{line}{misread}{replaced}{voided}"))
    for one in telling.mistakes:
        said.append((one.recorded_on, f"report by mistake, until voided on {one.voided_on}: {one.courses}"))
    for report in telling.reports:
        told = f", made {report.told_on}" if report.told_on != report.recorded_on else ""
        courses = "; ".join(f"{one.values()} [of course {one.course}: {runs_of(one.days)}]" for one in report.courses)
        said.append((report.recorded_on, f"report by {report.source}{told}: {courses or 'never received'}"))
    if telling.life.closed_on is not None:
        said.append((telling.life.closed_on, "the open course is closed as not to be finished"))
    if telling.requested_on is not None:
        request = telling.statement()
        agents = [one.statement(telling.requested_on) for one in telling.agents if one.stated]
        said.append(
            (
                telling.requested_on,
                f"request of {request['requested_dosing']['consecutive_days']} days, received_lemtrada"
                f" {request['received_lemtrada']}, planned {telling.planned_on}, other agents {agents}",
            )
        )
        for use in telling.agents:
            for step in use.steps(telling.requested_on):
                said.append((date.fromisoformat(step.day or ""), f"record: {step.make(Scenario())!r}"))
    lines.append("what was told:")
    lines += [f"  {day}  {text}" for day, text in sorted(said, key=lambda one: one[0])]
    return "\n".join(lines)
