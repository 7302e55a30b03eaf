"""Patients of a real ledger with random events: requests, questions, appeals, doses, midnights."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from domain.commands.patient import OpenHistory
from domain.errors import LedgerError
from domain.ledger.application import Ledger
from tests.clock import Clock
from tests.story import (
    MEETS_A,
    MEETS_B,
    NEUROLOGIST,
    NURSE,
    PHYSICIAN,
    Scenario,
    Step,
    appeals,
    approved,
    approved_by_clinician,
    closed,
    denied,
    dose,
    opened,
    patient,
    referred,
    reported,
    requests,
    submitted,
    voided,
)

LINES: Final = ("commercial", "commercial", "medicare_advantage", "medicaid")
SECOND_NURSE: Final = NURSE.model_copy(update={"id": "s.nurse", "name": "Sven Nurse"})
OFTEN: Final = [timedelta(minutes=1), timedelta(hours=5), timedelta(hours=19), timedelta(days=1), timedelta(days=4)]
RARELY: Final = [timedelta(days=16), timedelta(days=47), timedelta(days=366)]


class OnLedger(Scenario):
    """A scenario whose steps are commands to a ledger, at its clock's moment."""

    def __init__(self, ledger: Ledger, number: int) -> None:
        super().__init__()
        self.ledger = ledger
        self.number = number

    @property
    def patient_id(self) -> UUID:
        return self.known.patient_id

    def _do(self, step: Step) -> None:
        self.today = self.ledger.today()
        command = step.make(self)
        if isinstance(command, OpenHistory):
            member = command.member.model_copy(update={"member_id": f"M-{self.number}"})
            outcome = self.ledger.open_history(command.model_copy(update={"member": member}), step.actor)
        else:
            outcome = self.ledger.execute(self.patient_id, command, step.actor)
        self.history = outcome.history


@dataclass
class Lively:
    """`step` moves the clock on and does one thing to one of the patients; what is refused leaves nothing behind."""

    ledger: Ledger
    clock: Clock
    seed: int
    patients_max: int = 4
    told: list[OnLedger] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def step(self) -> None:
        self.clock.advance(self.random.choice(OFTEN if self.random.random() < 0.9 else RARELY))
        if not self.told or (len(self.told) < self.patients_max and self.random.random() < 0.15):
            self.told.append(OnLedger(self.ledger, len(self.told)))
            self.told[-1].and_given(opened(self.random.choice(["1988-05-17", "2009", "2009-08", None])))
        told = self.random.choice(self.told)
        # Some of it is refused, for it meets a history that it does not suit; enough is not.
        with suppress(LedgerError, IndexError):
            told.and_given(*self.random.choice(what_may_come(told))(told))


# -- what differs from time to time -----------------------------------------------------------


def _request(told: OnLedger) -> list[Step]:
    chance = random.Random(f"{told.number} {told.known.version}")
    statement: dict[str, Any] = dict(chance.choice([MEETS_A, MEETS_A, MEETS_B]))
    for name in chance.sample(sorted(statement), chance.choice([0, 0, 1, 2])):
        del statement[name]
    if chance.random() < 0.3:
        stop = (told.ledger.today() + timedelta(days=chance.randint(-40, 90))).isoformat()[:7]
        statement["agents"] = [{"product": "Ocrevus", "outcome": "inadequate_efficacy", "stopped_on": stop}]
    if chance.random() < 0.3:
        statement["diagnosis"] = "other"
    received = told.ledger.now() - timedelta(hours=chance.choice([0, 3, 30]))
    values = {"line_of_business": chance.choice(LINES), "urgency": chance.choice(["standard", "standard", "urgent"])}
    return [submitted(statement, received_at=received.isoformat(), **values)]


def _dose(told: OnLedger) -> list[Step]:
    return [dose(told.ledger.today().isoformat())]


def _course_elsewhere(told: OnLedger) -> list[Step]:
    last = told.ledger.today() - timedelta(days=300 + 20 * (told.known.version % 5))
    return [reported({"doses_given": 5, "last_dose_on": last.isoformat()[: 10 - 3 * (told.known.version % 2)]})]


def _denial(told: OnLedger) -> list[Step]:
    """Of whatever is open, by what may speak against it; in most cases something does not, and it is refused."""
    return [denied(("1", "1", "NR.5", "1.B.iv")[told.known.version % 4])]


def _appeal(told: OnLedger) -> list[Step]:
    return [appeals.appealed(received_at=told.ledger.now().isoformat())]


def _of_appeal(told: OnLedger) -> list[Step]:
    last = appeals.overturned() if told.known.version % 3 == 0 else appeals.upheld("1")
    return [appeals.appeal_assigned(NEUROLOGIST), last]


def _assigned(told: OnLedger) -> list[Step]:
    return [requests.assigned((NURSE, SECOND_NURSE, PHYSICIAN)[told.known.version % 3])]


Act = Callable[[OnLedger], list[Step]]

ALWAYS: Final[list[Act]] = [
    _dose,
    _dose,
    _course_elsewhere,
    lambda told: [voided(len(told.known.doses))],
    lambda told: [patient.agent_stopped("Gilenya", told.ledger.today().isoformat())],
    lambda _: [patient.demographics_corrected(birth_date="1990")],
    lambda _: [closed(1)],
]
WHEN_CLOSED: Final[list[Act]] = [_request, _request, _request, _request, lambda _: [requests.reopened()]]
WHEN_OPEN: Final[list[Act]] = [
    _assigned,
    _assigned,
    *[_denial] * 6,
    *[lambda _: [requests.information_requested()]] * 3,
    *[lambda _: [requests.information_requested(extend={"notice": "Information is missing."})]] * 6,
    lambda _: [requests.supplied({"hiv_infection": False, "ms_form": "relapsing_remitting"})],
    lambda _: [requests.supplied({"agents_list_is_complete": True})],
    lambda _: [requests.released()],
    lambda _: [requests.withdrawn()],
    lambda told: [requests.expedited(told.ledger.now().isoformat())],
    lambda _: [requests.clock_extended()],
    lambda told: [requests.planned((told.ledger.today() + timedelta(days=20)).isoformat())],
    lambda _: [approved()],
    lambda _: [approved_by_clinician()],
    *[lambda _: [referred(rationale="It is unusual.")]] * 3,
    _request,
]
WHEN_DENIED: Final[list[Act]] = [*[_appeal] * 12]
WHEN_APPEALED: Final[list[Act]] = [*[_of_appeal] * 8, lambda _: [appeals.appeal_withdrawn()]]
WHEN_UPHELD: Final[list[Act]] = [*[lambda _: [appeals.handed_on()]] * 8, lambda _: [appeals.answered("upheld")]]


def what_may_come(told: OnLedger) -> list[Act]:
    last = told.known.requests[-1] if told.known.requests else None
    appeal = told.known.appeals[-1] if told.known.appeals else None
    found = [*ALWAYS, *(WHEN_OPEN if last is not None and last.is_open else WHEN_CLOSED)]
    if last is not None and last.status == "denied":
        found += WHEN_DENIED
    if appeal is not None:
        found += WHEN_APPEALED if appeal.is_open else WHEN_UPHELD
    return found
