"""Given, when, then over events: histories are built by the ordinary commands, at the days that the tests name.

given(*first_course(on="2024-03-04")).on("2025-08-01").when(submitted(MEETS_B)).then(RequestSubmitted)
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.commands import Command
from domain.commands.context import CommandContext
from domain.commands.determinations import ApproveCourse, DenyRequest, ReferRequest
from domain.commands.patient import OpenHistory
from domain.commands.requests import SubmitRequest
from domain.commands.treatment import (
    CloseCourse,
    ConfirmDuplicate,
    DismissDuplicate,
    RecordDose,
    ReportPriorTreatment,
    VoidDose,
)
from domain.deadline_terms.table import BUILT_IN, DeadlineTable
from domain.decisions import decide
from domain.errors import LedgerError
from domain.events import PatientEvent
from domain.events.base import Event, ImportedFrom
from domain.facts import Facts
from domain.frozen import set_fields
from domain.history import evolve
from domain.history.records import Request
from domain.history.state import PatientHistory
from domain.people import Actor
from domain.review.assess_request import RequestAssessment, assessment_if_any, request_assessment
from domain.treatment import approval_use
from domain.treatment.courses import Course, courses
from tests.story.people import NURSE, PHYSICIAN

ZONE = ZoneInfo("America/New_York")
PATIENT = UUID("11111111-2222-4333-8444-555555555555")
E = TypeVar("E", bound=Event)
NEVER_SEEN = "0" * 64
"""The digest of an assessment that nobody saw."""


@dataclass(frozen=True)
class Step:
    """A command made from the history that it meets, by somebody, perhaps on a day of its own or from an import.

    `when_received`: an office gives the command at the instant of its receipt, which the office cannot choose.
    """

    make: Callable[[Scenario], Command]
    actor: Actor = NURSE
    day: str | None = None
    imported_from: ImportedFrom | None = None
    when_received: bool = False

    def by(self, actor: Actor) -> Step:
        return replace(self, actor=actor)

    def recorded_on(self, day: str) -> Step:
        return replace(self, day=day)

    def imported(self, reference: str = "line 1") -> Step:
        return replace(self, imported_from=ImportedFrom(source="Old system", reference=reference))


@dataclass
class Scenario:
    """A patient's history in the making. `today` and `hour` are the plan's when the next step is recorded."""

    today: date = date(2026, 4, 28)
    hour: int = 12
    history: PatientHistory | None = None
    events: list[PatientEvent] = field(default_factory=list)
    versions: list[PatientHistory] = field(default_factory=list)
    last: tuple[PatientEvent, ...] = ()
    error: LedgerError | None = None
    commands: int = 0
    table: DeadlineTable = BUILT_IN

    def on(self, day: str) -> Scenario:
        self.today = date.fromisoformat(day)
        return self

    def under(self, table: DeadlineTable) -> Scenario:
        """From now on, the plan has these deadlines."""
        self.table = table
        return self

    def moment(self, actor: Actor) -> CommandContext:
        self.commands += 1
        at = datetime(self.today.year, self.today.month, self.today.day, self.hour, tzinfo=ZONE).astimezone(UTC)
        if self.history is not None:
            at = max(at, self.history.recorded_at + timedelta(microseconds=1))
        seed = hashlib.sha256(f"seed {self.commands}".encode()).digest()
        command_id = UUID(int=self.commands)
        return CommandContext(at=at, zone=ZONE, actor=actor, command_id=command_id, seed=seed, table=self.table)

    def _do(self, step: Step) -> None:
        today = self.today
        if step.day is not None:
            self.today = date.fromisoformat(step.day)
        try:
            moment, command = replace(self.moment(step.actor), imported_from=step.imported_from), step.make(self)
            is_of_office = step.actor.role == "requester" and step.imported_from is None
            if step.when_received and is_of_office and isinstance(command, SubmitRequest):
                moment = replace(moment, at=command.received_at or moment.at)
            self.last = decide(self.history, command, moment)
        finally:
            self.today = today
        for event in self.last:
            version = self.history.version + 1 if self.history is not None else 1
            self.history = evolve(self.history, set_fields(event, originator_id=PATIENT, originator_version=version))
            self.events.append(event)
            self.versions.append(self.history)

    def and_given(self, *steps: Step) -> Scenario:
        for step in steps:
            self._do(step)
        return self

    def when(self, *steps: Step) -> Scenario:
        """The steps under test; an error of the last one is kept for `then_refused`."""
        self.error = None
        for step in steps:
            try:
                self._do(step)
            except LedgerError as error:
                self.error, self.last = error, ()
        return self

    def then(self, *kinds: type[Event], **expected: Any) -> Scenario:
        """The events of the last step are exactly these; the keywords hold for the first of them."""
        assert self.error is None, self.error
        assert [type(event) for event in self.last] == list(kinds)
        for name, value in expected.items():
            assert getattr(self.last[0], name) == value, name
        return self

    def then_refused(
        self, error: type[LedgerError], *, field: str | None = None, clause: str | None = None
    ) -> Scenario:
        assert type(self.error) is error, self.error
        assert self.error is not None
        if field is not None:
            assert self.error.field == field
        if clause is not None:
            assert self.error.clause == clause
        assert self.error.remedy
        return self

    # -- what the record says after all steps -------------------------------------------------

    def then_courses(self, *expected: str, as_of: str | None = None) -> Scenario:
        """One text a course, such as `completed 5` or `open 1 to 4`: its status and the doses given."""
        found = self.courses(as_of)
        given_in_words = (" to ".join(map(str, sorted({*one.given_range}))) for one in found)
        assert [f"{one.status} {text}" for one, text in zip(found, given_in_words, strict=True)] == list(expected)
        assert [one.number for one in found] == list(range(1, len(found) + 1))
        return self

    def then_recommended(
        self,
        recommendation: str,
        *reasons: str,
        scope: str | None = "",
        needed: tuple[str, ...] = (),
        as_of: str | None = None,
    ) -> Scenario:
        """What the policy says of the latest request: the recommendation, the codes of a referral, what is needed."""
        said = self.judged(as_of=as_of).assessment
        assert (said.recommendation, said.needed) == (recommendation, needed)
        assert tuple(reason.code for reason in said.reasons) == reasons
        assert scope in ("", said.scope)
        return self

    def then_finding(self, citation: str, answer: str, as_of: str | None = None) -> Scenario:
        assert self.judged(as_of=as_of).assessment.finding(citation).answer == answer
        return self

    def then_variances(self, number: int, *expected: str, seen: tuple[str, ...] | None = None) -> Scenario:
        """The departures of a dose as the record has them now; `seen` are those when it was recorded."""
        dose = self.known.doses[number - 1]
        assert approval_use.variances(self.known, self.courses(), dose) == expected
        if seen is not None:
            assert dose.variances_then == seen
        return self

    def then_usable(self, usable: int | None, as_of: str | None = None) -> Scenario:
        """Doses that may be given on a day under the approval in force; None: none is in force."""
        on = self._day(as_of)
        allowed = approval_use.allowance(self.known, courses(self.known, on), on)
        assert (None if allowed is None else allowed.usable) == usable
        return self

    def courses(self, as_of: str | None = None) -> tuple[Course, ...]:
        return courses(self.known, None if as_of is None else date.fromisoformat(as_of))

    def facts(self, as_of: str | None = None) -> Facts:
        return self.judged(as_of=as_of).assessment.facts

    def _day(self, day: str | None) -> date:
        return date.fromisoformat(day) if day is not None else self.today

    @property
    def known(self) -> PatientHistory:
        assert self.history is not None
        return self.history

    def judged(self, request: int = -1, as_of: str | None = None) -> RequestAssessment:
        return request_assessment(self.known, self.known.requests[request], self._day(as_of))


def given(*steps: Step, today: str = "2026-04-28") -> Scenario:
    return Scenario(today=date.fromisoformat(today)).and_given(opened(), *steps)


# -- steps with defaults ----------------------------------------------------------------------


def opened(birth_date: str | None = "1988-05-17") -> Step:
    command = OpenHistory.model_validate(
        {"member": {"member_id": "M-1"}, "name": "Alma Synthetic", "birth_date": birth_date}
    )
    return Step(lambda _: command, day="2019-01-02")


def dose(on: str, recorded_on: str | None = None, **values: Any) -> Step:
    def make(scenario: Scenario) -> Command:
        number = len(scenario.known.doses) + 1
        return RecordDose.model_validate(
            {"on": on, "mg": 12, "source": "infusion_centre", "source_reference": f"INF-{number}"} | values
        )

    return Step(make, day=recorded_on if recorded_on is not None else on)


def doses(first: str, count: int, **values: Any) -> list[Step]:
    start = date.fromisoformat(first)
    return [dose((start + timedelta(days=number)).isoformat(), **values) for number in range(count)]


def reported(*courses: dict[str, Any], source: str = "other_plan", **values: Any) -> Step:
    """Courses that somebody else gave; none at all says that Lemtrada was never received."""
    sent = {"source": source, "courses": list(courses)} | values
    return Step(lambda _: ReportPriorTreatment.model_validate(sent))


MEETS_A: dict[str, Any] = {
    "diagnosis": "multiple_sclerosis",
    "ms_form": "relapsing_remitting",
    "received_lemtrada": False,
    "agents": [
        {"product": "Ocrevus", "outcome": "inadequate_efficacy", "stopped_on": "2018-01"},
        {"product": "Tecfidera", "outcome": "significant_intolerance", "stopped_on": "2017"},
    ],
    "agents_list_is_complete": True,
    "hiv_infection": False,
    "requested_dosing": {"mg_per_day": 12, "consecutive_days": 5, "route": "intravenous"},
}
MEETS_B: dict[str, Any] = MEETS_A | {
    "received_lemtrada": True,
    "response": {"objective_measure": True},
    "requested_dosing": {"mg_per_day": 12, "consecutive_days": 3, "route": "intravenous"},
}


def submitted(statement: dict[str, Any] | None = None, received_on: str | None = None, **values: Any) -> Step:
    def make(scenario: Scenario) -> Command:
        day = received_on or scenario.today.isoformat()
        return SubmitRequest.model_validate(
            {
                "received_at": f"{day}T09:00:00-05:00",
                "line_of_business": "commercial",
                "prescriber": {"name": "Nora Neuro", "specialty": "neurology"},
                "statement": MEETS_A if statement is None else statement,
            }
            | values
        )

    return Step(make, when_received="received_at" not in values)


def _of_request(kind: type[Any], values: dict[str, Any]) -> Callable[[Scenario], Command]:
    def make(scenario: Scenario) -> Command:
        request = scenario.known.requests[-1]
        digest = viewed(scenario, request) if "assessment_digest" not in values else None
        command: Command = kind.model_validate({"request_id": request.request_id, "assessment_digest": digest} | values)
        return command

    return make


def viewed(scenario: Scenario, request: Request) -> str | None:
    """The digest of the assessment of the day; None if the request has no assessment (R31)."""
    assessed = assessment_if_any(scenario.known, request, scenario.today)
    return assessed.digest if assessed is not None else None


def approved(**values: Any) -> Step:
    """What is left out needs a criterion; tests that are not about it cite the dosing."""
    cited = {"citing": ["Dosing.A"]} if values.get("left_out") is not None else {}
    return Step(_of_request(ApproveCourse, cited | values))


def denied(*citing: str, **values: Any) -> Step:
    values = {"citing": list(citing), "rationale": "The criterion is not met."} | values
    return Step(_of_request(DenyRequest, values), PHYSICIAN)


def approved_by_clinician(**values: Any) -> Step:
    return approved(**{"rationale": "Discussed with the prescriber."} | values).by(PHYSICIAN)


def referred(**values: Any) -> Step:
    return Step(_of_request(ReferRequest, values))


def voided(number: int, reason: str = "Entered for another patient.") -> Step:
    return Step(lambda scenario: VoidDose(dose_id=scenario.known.doses[number - 1].dose_id, reason=reason))


def confirmed_duplicate(number: int) -> Step:
    return Step(lambda at: ConfirmDuplicate(dose_id=at.known.doses[number - 1].dose_id, reason="The same infusion."))


def dismissed_duplicate(number: int) -> Step:
    return Step(lambda at: DismissDuplicate(dose_id=at.known.doses[number - 1].dose_id, reason="Two infusions."))


def closed(course: int) -> Step:
    return Step(lambda _: CloseCourse(course=course, reason="Infusion reactions."), PHYSICIAN)


def first_course(on: str, count: int = 5) -> list[Step]:
    """Doses of a first course on consecutive days, five unless fewer are asked for."""
    return doses(on, count)
