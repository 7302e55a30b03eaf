"""How a patient's story is told: what happened on which day, done by whom, as ordinary commands.

A story is only written down here. `demo` tells all stories together in the order of time, with
the ledger's clock set to each step, so that the log looks as if it had been kept day by day.
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
    INFUSION_CENTRE,
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
class Turn:
    """What a step sees when its turn has come: the ledger as it is by then."""

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
        """Of the assessment that an extension of the approval of request `number` is decided from."""
        history = self.ledger.history(self.patient_id)
        return assessment_to_extend(history, self.request_id(number), self._today()).digest

    def stored(self, text: str, **values: Any) -> NewDocument:
        """A plain text whose bytes are stored now, to be named by the command of this step."""
        stored = self.ledger.documents.put(self.patient_id, [text.encode()], media_type_announced="text/plain")
        return NewDocument(sha256=stored.sha256, size_bytes=stored.size_bytes, media_type=stored.media_type, **values)

    def _today(self) -> date:
        return self.at.astimezone(self.ledger.zone).date()

    def digest_seen(self, number: int) -> str:
        """The digest of the assessment that the person deciding looks at, of request `number`."""
        history = self.ledger.history(self.patient_id)
        request = history.request(self.request_id(number))
        return request_assessment(history, request, self._today()).digest


@dataclass(frozen=True, slots=True)
class StoryStep:
    at: datetime
    actor: Actor
    command: Callable[[Turn], Command]
    imported_from: ImportedFrom | None = None


class Story:
    """The steps of one patient, written in the order of time; each method is one thing that somebody did.

    `now` is the moment at which the demo is made: no step lies after it.
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

    # -- when ---------------------------------------------------------------------------------

    def ago(self, days: int) -> date:
        return self.today - timedelta(days=days)

    def year(self, ago: int) -> str:
        return str(self.today.year - ago)

    def on(self, day: date) -> Story:
        """What follows is done on this day, from the morning on."""
        at = datetime.combine(day, MORNING, self.zone) + timedelta(minutes=self.person.number % 30)
        assert not self.steps or at > self.steps[-1].at, "a story must go forward in time"
        self._at = at
        return self

    @property
    def day(self) -> date:
        return self._at.date()

    def imported(self, source: str) -> Story:
        """What follows comes from another record: recorded on its day here, and happened before."""
        self._source = source
        return self

    # -- what ---------------------------------------------------------------------------------

    def opens(self, same_as: SyntheticPatient | None = None) -> Story:
        """`same_as`: the number is her own, and the person another one's."""
        person = same_as or self.person
        command = OpenHistory(member=self.person.member, name=person.name, birth_date=person.birth_date)
        return self._does(self.person.office, lambda _: command)

    def reports_treatment(self, *courses: ReportedCourse, source: TreatmentSource, reference: str) -> Story:
        command = ReportPriorTreatment(source=source, reference=reference, courses=courses)
        return self._does(self.person.reviewer, lambda _: command)

    def requests(self, statement: Statement, doses_given_before: int = 0, **more: Any) -> Story:
        """The prescriber's office asks; the planned infusion is two weeks away unless `more` says otherwise.

        `doses_given_before`: so many of the doses on record are asked for afterwards.
        """
        self._requests += 1
        person, planned = self.person, self.day + timedelta(days=14)
        values = {
            "line_of_business": person.one_of(LINES_OF_BUSINESS),
            "prescriber": person.prescriber,
            "planned_first_infusion_on": planned,
            "statement": statement,
        } | more

        def command(turn: Turn) -> Command:
            named = tuple(turn.dose_id(number) for number in range(1, doses_given_before + 1))
            received_at = {"received_at": turn.at - FROM_RECEIPT_TO_ENTRY}
            return SubmitRequest.model_validate(received_at | values | {"retrospective_for": named})

        return self._does(person.office, command)

    def requests_first_course(self, **changes: Any) -> Story:
        return self.requests(self.first_course_statement(**changes))

    def requests_later_course(self, days: int = 3, **changes: Any) -> Story:
        return self.requests(self.later_course_statement(days, **changes))

    def approves(self, by: Actor | None = None, **values: Any) -> Story:
        number = self._requests
        return self._does(
            by or self.person.reviewer,
            lambda turn: ApproveCourse(
                request_id=turn.request_id(number), assessment_digest=turn.digest_seen(number), **values
            ),
        )

    def denies(self, *citing: str, rationale: str) -> Story:
        number = self._requests
        return self._does(
            MEDICAL_DIRECTOR,
            lambda turn: DenyRequest(
                request_id=turn.request_id(number),
                assessment_digest=turn.digest_seen(number),
                citing=citing,
                rationale=rationale,
            ),
        )

    def refers(self, rationale: str) -> Story:
        number = self._requests
        return self._does(
            self.person.reviewer,
            lambda turn: ReferRequest(
                request_id=turn.request_id(number), assessment_digest=turn.digest_seen(number), rationale=rationale
            ),
        )

    def is_given(self, doses: int, mg: float = 12.0) -> Story:
        """Doses on this day and the following ones; the infusion centre reports each on its day."""
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
            self._does(INFUSION_CENTRE, _known(command))
        return self

    def is_claimed(self, on: date) -> Story:
        """A claim arrives for an infusion of that day."""
        self._doses += 1
        command = RecordDose(
            on=on, mg=12.0, source="claim", source_reference=f"CLAIM-{self.person.number}-{self._doses}"
        )
        return self._does(CLAIMS, lambda _: command)

    def voids_dose(self, number: int, reason: str) -> Story:
        return self._does(self.person.reviewer, lambda turn: VoidDose(dose_id=turn.dose_id(number), reason=reason))

    def confirms_duplicate(self, number: int, reason: str) -> Story:
        return self._does(
            self.person.reviewer, lambda turn: ConfirmDuplicate(dose_id=turn.dose_id(number), reason=reason)
        )

    def closes_course(self, number: int, reason: str) -> Story:
        return self._does(MEDICAL_DIRECTOR, lambda _: CloseCourse(course=number, reason=reason))

    # -- what is stated -----------------------------------------------------------------------

    def first_course_statement(self, **changes: Any) -> Statement:
        """A statement that meets 1.A, but for the changes."""
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
        """A statement that meets 1.B as far as a statement can, but for the changes."""
        values: dict[str, Any] = {
            "received_lemtrada": True,
            "response": {"objective_measure": True, "symptom": True},
            "requested_dosing": dosing(days),
        }
        return self.first_course_statement(**values | changes)

    # -- the plumbing -------------------------------------------------------------------------

    def does(self, actor: Actor, command: Callable[[Turn], Command]) -> Story:
        """Anything else that somebody did; the command is made when its turn has come."""
        return self._does(actor, command)

    def _does(self, actor: Actor, command: Callable[[Turn], Command]) -> Story:
        imported_from = None
        if self._source is not None:
            actor, imported_from = IMPORT, ImportedFrom(source=self._source, reference=f"LINE-{len(self.steps) + 1}")
        self.steps.append(StoryStep(min(self._at, self.now), actor, command, imported_from))
        self._at += BETWEEN_STEPS
        return self


def _known(command: Command) -> Callable[[Turn], Command]:
    return lambda _: command


def dosing(days: int, mg: float = 12.0) -> RequestedDosing:
    return RequestedDosing(mg_per_day=mg, consecutive_days=days, route="intravenous")
