"""Builds a patient's story: a list of steps, each with its time, its actor, and an ordinary command.

Nothing is recorded here. `fill` of `api.demo` records the steps of all stories in the order of time, with the ledger's
clock set to each step, so that the log looks as if it had been recorded day by day.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from api.demo.people import (
    CLAIMS,
    IMPORT,
    INFUSION_CENTER,
    LINES_OF_BUSINESS,
    MEDICAL_DIRECTOR,
    SITES,
    SyntheticPatient,
)
from domain.commands import Command
from domain.commands.determinations import ApproveCourse, DenyRequest, ReferRequest
from domain.commands.patient import OpenHistory
from domain.commands.requests import NewDocument, SubmitRequest
from domain.commands.treatment import CloseCourse, ConfirmDuplicate, RecordDose, ReportPriorTreatment, VoidDose
from domain.decisions.approval_changes import assessment_to_extend
from domain.events.base import ImportedFrom
from domain.events.requests import Statement
from domain.events.treatment import ReportedCourse, TreatmentSource
from domain.facts import RequestedDosing
from domain.ledger.application import Ledger
from domain.people import Actor
from domain.review.assess_request import request_assessment

MORNING = time(9, 0)
BETWEEN_STEPS = timedelta(minutes=40)
FROM_RECEIPT_TO_ENTRY = timedelta(minutes=20)


@dataclass(frozen=True, slots=True)
class StepContext:
    """What the command of a step is built from: the ledger in its state just before the step, and the step's time."""

    ledger: Ledger
    patient_id: UUID
    at: datetime

    def request_id(self, number: int) -> str:
        return f"{self.patient_id}.r{number}"

    def dose_id(self, number: int) -> str:
        return f"{self.patient_id}.d{number}"

    def appeal_id(self) -> str:
        return f"{self.patient_id}.a1"

    def digest_to_extend(self, number: int) -> str:
        """The digest of the assessment on which an extension of the approval of request `number` is decided."""
        history = self.ledger.history(self.patient_id)
        return assessment_to_extend(history, self.request_id(number), self._today()).digest

    def store_document(self, text: str, **values: Any) -> NewDocument:
        """Stores a plain text, and returns the document for the command of this step. `values` are its other fields."""
        stored = self.ledger.documents.put(self.patient_id, [text.encode()], media_type_announced="text/plain")
        return NewDocument(sha256=stored.sha256, size_bytes=stored.size_bytes, media_type=stored.media_type, **values)

    def _today(self) -> date:
        return self.at.astimezone(self.ledger.zone).date()

    def digest_seen(self, number: int) -> str:
        """The digest of the assessment of request `number` that the person who decides sees."""
        history = self.ledger.history(self.patient_id)
        request = history.request(self.request_id(number))
        return request_assessment(history, request, self._today()).digest


@dataclass(frozen=True, slots=True)
class StoryStep:
    """One command of a story. `command` builds it when the step is recorded."""

    at: datetime
    actor: Actor
    command: Callable[[StepContext], Command]
    imported_from: ImportedFrom | None = None


class Story:
    """The steps of one patient, in the order of time. Each method adds what one person did, and returns the story.

    `now` is the time at which the demo is created. No step is later.
    """

    def __init__(self, person: SyntheticPatient, now: datetime, zone: ZoneInfo) -> None:
        self.person = person
        self.now = now
        self.zone = zone
        self.today = now.astimezone(zone).date()
        self.steps: list[StoryStep] = []
        self._at = now
        self._requests = 0
        self._doses = 0
        self._source: str | None = None

    # -- time ---------------------------------------------------------------------------------

    def ago(self, days: int) -> date:
        """The day that is this many days before today."""
        return self.today - timedelta(days=days)

    def year(self, ago: int) -> str:
        """The year that is this many years before the current one."""
        return str(self.today.year - ago)

    def on(self, day: date) -> Story:
        """Sets the day of the steps that follow. They begin in the morning, and must be later than the last step."""
        at = datetime.combine(day, MORNING, self.zone) + timedelta(minutes=self.person.number % 30)
        assert not self.steps or at > self.steps[-1].at, "a story must go forward in time"
        self._at = at
        return self

    @property
    def day(self) -> date:
        return self._at.date()

    def imported(self, source: str) -> Story:
        """Marks the steps that follow as imported from another record: they are recorded after they happened."""
        self._source = source
        return self

    # -- commands -----------------------------------------------------------------------------

    def opens(self, same_as: SyntheticPatient | None = None) -> Story:
        """Opens the history. With `same_as`, the name and birth date are that patient's, and the member ID is new."""
        person = same_as or self.person
        command = OpenHistory(member=self.person.member, name=person.name, birth_date=person.birth_date)
        return self._does(self.person.office, lambda _: command)

    def reports_treatment(self, *courses: ReportedCourse, source: TreatmentSource, reference: str) -> Story:
        command = ReportPriorTreatment(source=source, reference=reference, courses=courses)
        return self._does(self.person.reviewer, lambda _: command)

    def requests(self, statement: Statement, doses_given_before: int = 0, **more: Any) -> Story:
        """The prescriber's office submits a request, with an infusion planned in two weeks unless `more` differs.

        If `doses_given_before` is not 0, the request is retrospective for that many of the doses on record.
        """
        self._requests += 1
        person, planned = self.person, self.day + timedelta(days=14)
        values = {
            "line_of_business": person.one_of(LINES_OF_BUSINESS),
            "prescriber": person.prescriber,
            "planned_first_infusion_on": planned,
            "statement": statement,
        } | more

        def command(context: StepContext) -> Command:
            dose_ids = tuple(context.dose_id(number) for number in range(1, doses_given_before + 1))
            return SubmitRequest.model_validate(values | {"retrospective_for": dose_ids})

        return self._does(person.office, command)

    def requests_first_course(self, **changes: Any) -> Story:
        return self.requests(self.first_course_statement(**changes))

    def requests_later_course(self, days: int = 3, **changes: Any) -> Story:
        return self.requests(self.later_course_statement(days, **changes))

    def approves(self, by: Actor | None = None, **values: Any) -> Story:
        number = self._requests
        return self._does(
            by or self.person.reviewer,
            lambda context: ApproveCourse(
                request_id=context.request_id(number), assessment_digest=context.digest_seen(number), **values
            ),
        )

    def denies(self, *citing: str, rationale: str) -> Story:
        number = self._requests
        return self._does(
            MEDICAL_DIRECTOR,
            lambda context: DenyRequest(
                request_id=context.request_id(number),
                assessment_digest=context.digest_seen(number),
                citing=citing,
                rationale=rationale,
            ),
        )

    def refers(self, rationale: str) -> Story:
        number = self._requests
        return self._does(
            self.person.reviewer,
            lambda context: ReferRequest(
                request_id=context.request_id(number),
                assessment_digest=context.digest_seen(number),
                rationale=rationale,
            ),
        )

    def is_given(self, doses: int, mg: float = 12.0) -> Story:
        """Records doses on this day and the days after it. The infusion center reports each dose on its day."""
        for number in range(doses):
            if number:
                self.on(self.day + timedelta(days=1))
            self._doses += 1
            command = RecordDose(
                on=self.day,
                mg=mg,
                site=self.person.one_of(SITES),
                source="infusion_centre",
                source_reference=f"INFUSION-{self.person.number}-{self._doses}",
            )
            self._does(INFUSION_CENTER, _always(command))
        return self

    def is_claimed(self, on: date) -> Story:
        """Records the dose of a claim for an infusion on that day."""
        self._doses += 1
        command = RecordDose(
            on=on, mg=12.0, source="claim", source_reference=f"CLAIM-{self.person.number}-{self._doses}"
        )
        return self._does(CLAIMS, lambda _: command)

    def voids_dose(self, number: int, reason: str) -> Story:
        return self._does(
            self.person.reviewer, lambda context: VoidDose(dose_id=context.dose_id(number), reason=reason)
        )

    def confirms_duplicate(self, number: int, reason: str) -> Story:
        return self._does(
            self.person.reviewer, lambda context: ConfirmDuplicate(dose_id=context.dose_id(number), reason=reason)
        )

    def closes_course(self, number: int, reason: str) -> Story:
        return self._does(MEDICAL_DIRECTOR, lambda _: CloseCourse(course=number, reason=reason))

    # -- statements ---------------------------------------------------------------------------

    def first_course_statement(self, **changes: Any) -> Statement:
        """A statement that meets 1.A, with the changes."""
        values: dict[str, Any] = {
            "diagnosis": "multiple_sclerosis",
            "ms_form": "relapsing_remitting",
            "received_lemtrada": False,
            "agents": self.person.failed_agents(self.today.year - 3),
            "agents_list_is_complete": True,
            "hiv_infection": False,
            "rems_enrolled": True,
            "requested_dosing": dosing(5),
        }
        return Statement(**values | changes)

    def later_course_statement(self, days: int = 3, **changes: Any) -> Statement:
        """A statement that meets what a statement can meet of 1.B, with the changes."""
        values: dict[str, Any] = {
            "received_lemtrada": True,
            "response": {"objective_measure": True, "symptom": True},
            "requested_dosing": dosing(days),
        }
        return self.first_course_statement(**values | changes)

    # -- any other command --------------------------------------------------------------------

    def does(self, actor: Actor, command: Callable[[StepContext], Command]) -> Story:
        """Adds any other command of `actor`. `command` builds it when the step is recorded."""
        return self._does(actor, command)

    def _does(self, actor: Actor, command: Callable[[StepContext], Command]) -> Story:
        imported_from = None
        if self._source is not None:
            actor, imported_from = IMPORT, ImportedFrom(source=self._source, reference=f"LINE-{len(self.steps) + 1}")
        self.steps.append(StoryStep(min(self._at, self.now), actor, command, imported_from))
        self._at += BETWEEN_STEPS
        return self


def _always(command: Command) -> Callable[[StepContext], Command]:
    return lambda _: command


def dosing(days: int, mg: float = 12.0) -> RequestedDosing:
    return RequestedDosing(mg_per_day=mg, consecutive_days=days, route="intravenous")
